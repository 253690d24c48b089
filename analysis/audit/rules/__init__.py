"""The rules: every `Rule` in a module of this package is applied, so a new one touches one file."""

import importlib
import pkgutil

from analysis.audit.finding import Rule


def every() -> list[Rule]:
    """All rules, in the order of their modules and then of their kinds."""
    found = []
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        content = vars(importlib.import_module(f"{__name__}.{module.name}"))
        found += sorted((value for value in content.values() if isinstance(value, Rule)), key=lambda one: one.kind)
    return found
