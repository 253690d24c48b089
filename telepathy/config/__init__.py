"""Configuration: pydantic models of every section, and loading with errors that name file, key and fix.

Neither torch nor pandas is imported here: the Snakefile reads this at every start.
"""

from telepathy.config.load import load, presets
from telepathy.config.preset import Config

__all__ = ["Config", "load", "presets"]
