"""The configured phases, as lists for parametrised tests."""

from telepathy.config import load
from telepathy.config.phases import variants
from telepathy.planner import make_plan

CONFIG = load("smoke")
VARIANTS = {one.method: one for name, phase in CONFIG.phases.items() for one in variants(name, phase)}
RECIPES = {method: CONFIG.methods[method].recipe for method in VARIANTS}
TASK = {cell.method: cell.task for cell in make_plan(CONFIG).cells if cell.experiment == "series"}
BRIDGES = [(TASK[method], method) for method, recipe in RECIPES.items() if recipe.kind == "bridge"]
DEFECTS = {
    method: {key for key, sentence in CONFIG.phases[one.phase].recorded.defects.items() if sentence}
    for method, one in VARIANTS.items()
    if one.name == "recorded"
}
