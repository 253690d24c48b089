"""One file for each table: `python -m analysis.tables.<name>` writes <out>.csv and <out>.tex (booktabs)."""
