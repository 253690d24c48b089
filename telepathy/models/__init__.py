"""Frozen language models: preparing them from four kinds of source, loading them, and running them."""
