"""Methods without a bridge, on the same rows, prompts and parser."""
