"""One file for each figure: `python -m analysis.figures.<name>` writes <out>.pdf, <out>.png and <out>.csv."""
