"""Audit of a folder of results, ours or another project's: what in it cannot be true, and what cannot be concluded."""
