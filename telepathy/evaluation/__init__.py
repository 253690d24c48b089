"""From a method's output to the rows of a raw run."""
