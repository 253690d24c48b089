"""Which setting matters? Sentences on the sweeps, each with the difference that its grid could have shown."""

from typing import Any

from analysis import floats, formats
from analysis.settings import title as setting
from analysis.study import Group, Study
from analysis.wording import task, title

NONE = "This preset does not run the sweeps over settings of the bridge."
RULE = (
    "The same configuration gives another accuracy with another seed. The standard deviation between seeds, pooled "
    "over a grid, says how much; with it and the number of seeds, each grid has a smallest difference of two cells "
    "that would be found with a probability of \\result{plan.power}. Differences below it mean nothing. Those above it "
    "are descriptive: the largest of many is picked after the fact."
)
Sweep = list[Group]
Grid = dict[str, Any]


def sweeps(study: Study) -> str:
    """A list of grids for each experiment that varies settings, and their table and figure."""
    experiments = [e for e in study.shown_in("sweeps") if _grids(study, e)]
    if not experiments:
        return NONE
    paragraphs = [f"{floats.see(study, 'sweeps', 'sweeps')} {RULE}"]
    for experiment in experiments:
        items = [_grid(study, grid, sweep) for grid, sweep in _grids(study, experiment)]
        listed = "\n".join(f"\\item {item}" for item in items)
        paragraphs.append(f"{title(study, experiment)}\n\\begin{{itemize}}\n{listed}\n\\end{{itemize}}")
    brought = [floats.table(study, "sweeps")]
    brought += [floats.figure("sweeps")] if study.shown_in("sweeps", "figures") else []
    return "\n\n".join(filter(None, [*paragraphs, *brought]))


def _grids(study: Study, experiment: str) -> list[tuple[Grid, Sweep]]:
    """The grids of an experiment with the groups of their settings."""
    found = []
    for grid in study.comparisons["grids"]:
        if grid["experiment"] == experiment:
            sweep = [
                group
                for group in study.groups_of(experiment, grid["task"])
                if group["pair"] == grid["pair"] and (group["setting"] or "").startswith(f"{grid['key']}=")
            ]
            found.append((grid, sweep))
    return [(grid, sweep) for grid, sweep in found if sweep]


def _grid(study: Study, grid: Grid, sweep: Sweep) -> str:
    """Range of the means of one grid against what it could have shown."""
    where = study.grid_id(grid)
    several = len(study.plan["experiments"][grid["experiment"]]["pairs"]) > 1
    place = task(study, grid["task"]) + (f" ({formats.latex(grid['pair'])})" if several else "")
    heading = f"\\emph{{{formats.latex(setting(grid['key']))}}}, {place}:"
    worst, best = min(sweep, key=_accuracy), max(sweep, key=_accuracy)
    spread = best["accuracy"] - worst["accuracy"]
    if spread == 0:
        return f"{heading} every value gives \\result{{{study.cell_id(best)}.mean}}."
    text = (
        f"{heading} from \\result{{{study.cell_id(worst)}.mean}} at \\result{{{study.cell_id(worst)}.setting}} to "
        f"\\result{{{study.cell_id(best)}.mean}} at \\result{{{study.cell_id(best)}.setting}}."
    )
    if grid["detectable"] is not None:
        bound = (
            f"\\result{{{where}.detectable}} points (standard deviation between seeds \\result{{{where}.replicate_sd}})"
        )
        if spread < grid["detectable"]:
            return f"{text} No two values are as far apart as the detectable {bound}: the grid shows \\emph{{nothing}}."
        return f"{text} The extremes are further apart than the detectable {bound}."
    text += " Too few seeds to know how much a repetition moves it"
    if grid["detectable_rows"] is None:
        return f"{text}, so nothing can be said."
    bound = f"\\result{{{where}.detectable_rows}} points"
    if spread < grid["detectable_rows"]:
        return f"{text}; even from the rows alone {bound} would be needed: the grid shows \\emph{{nothing}}."
    return f"{text}; from the rows alone {bound} would be needed, which the extremes exceed."


def _accuracy(group: Group) -> float:
    return float(group["accuracy"])
