"""All raw runs that the paper was built from, with what identifies them."""

from typing import Any

from analysis import formats
from analysis.study import Study
from analysis.tables._common import Group, Table, Text, stage


def build(study: Study) -> Table:
    """One row for each run, grouped by task, in the order in which the paper first uses them."""
    cells = {cell["run"]: cell for cell in reversed(study.cells)}
    rows: dict[str, list[list[str | Text]]] = {}
    for run in dict.fromkeys(cell["run"] for cell in study.cells):
        content = study.plan["runs"][run]
        rows.setdefault(content["task"], []).append(_row(study, run, content, cells[run]))
    return Table(
        columns=["Run", "Method", "Seed", "Steps", "Batch", "Layer", "Soft tokens", "n", "Rows (sha256)"],
        align="@{}lp{0.26\\linewidth}rrrrrrl@{}",
        groups=[Group(study.task(task), found) for task, found in rows.items()],
        notes=[
            "The run id is the hash of everything that changes the run's rows; the last column starts the "
            "sha256 of its archived rows. A dash: the setting does not exist for this method."
        ],
        long=True,
    )


def _row(study: Study, run: str, content: dict[str, Any], cell: dict[str, Any]) -> list[str | Text]:
    spec = content["spec"]
    recipe, training = spec["recipe"], spec["recipe"].get("training", {})
    batch = training["batch"] * training.get("accumulation", 1) if training else None
    sha = study.comparisons["rows"][run]["sha256"]
    settings = (
        spec.get("seed"),
        training.get("steps"),
        batch,
        recipe.get("layer"),
        recipe.get("soft_tokens"),
    )
    return [
        Text(run, rf"\runid{{{formats.latex(run)}}}"),
        study.label(cell, seed=False),
        *(formats.MISSING if value is None else formats.count(value) for value in settings),
        formats.count(cell["n"]),
        Text(sha, rf"\texttt{{{sha[:12]}}}"),
    ]


if __name__ == "__main__":
    stage("runs", __doc__, build)
