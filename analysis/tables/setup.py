"""What the preset uses: tasks with rows, labels and licence; models with depth, width and licence."""

from analysis import formats
from analysis.study import Study
from analysis.tables._common import Group, Table, stage


def build(study: Study) -> Table:
    """Two groups in one tabular; for a model the columns hold depth and width."""
    tasks = []
    for name in dict.fromkeys(cell["task"] for cell in study.plan["cells"]):
        task = study.plan["tasks"][name]
        rows = (formats.count(task["rows"][split]) for split in ("train", "validation", "test"))
        labels = str(len(task["labels"])) if task["labels"] else "open"
        tasks.append([task["title"], " / ".join(rows), labels, task["license"]])
    models = [
        [model["title"], formats.count(model["depth"]), formats.count(model["width"]), model["license"]]
        for _, model in sorted(study.plan["models"].items())
    ]
    return Table(
        columns=["Task", "Train / validation / test", "Labels", "Licence"],
        align="@{}lrrl@{}",
        groups=[Group("", tasks), Group("Model: blocks, width, licence", models)],
    )


if __name__ == "__main__":
    stage("setup", __doc__, build)
