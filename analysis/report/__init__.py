"""The HTML report: an overview and one page for each phase, readable without a network."""
