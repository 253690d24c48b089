"""Telepathy: train and evaluate bridges between two frozen language models.

Everything that touches torch lives here. The package writes raw runs; `analysis/` reads them.
"""
