"""What to run for each claim: the experiments and the phases of this build, their commands, and how long they take."""

from typing import Any

from analysis import formats
from analysis.study import Study
from analysis.tables._common import Group, Table, Text, stage
from telepathy.estimate import PROCESSES, Times, clock, read_times, run_seconds

DATA = ["kind", "claim", "question", "runs", "trained", "seconds", "unmeasured", "command", "shown"]


def build(study: Study, times: Times | None = None) -> Table:
    """Groups: experiments, phases; the CSV has the questions, the commands and what shows the answer.

    Args:
        study: with its comparisons and, if it has a series, the statistics of the phases.
        times: measured seconds by kind of work; those of the project if None.
    """
    times = read_times() if times is None else times
    entries = [_experiment(study, name, times) for name in study.plan["experiments"]]
    entries += [_phase(study, phase, times) for phase in dict.fromkeys(entry["phase"] for entry in study.entries)]
    titles = {"experiment": "Experiments", "phase": "Phases, each with the variants that ran"}
    groups = [
        Group(title, [_row(entry) for entry in entries if entry["kind"] == kind])
        for kind, title in titles.items()
        if any(entry["kind"] == kind for entry in entries)
    ]
    return Table(
        columns=["Claim", "Runs", "Trained", "Time", "Settings"],
        align="@{}lrrrl@{}",
        groups=groups,
        notes=[_notes(study)],
        data=[["" if entry[key] is None else entry[key] for key in DATA] for entry in entries],
        data_columns=DATA,
        long=True,
    )


def _experiment(study: Study, name: str, times: Times) -> dict[str, Any]:
    content = study.plan["experiments"][name]
    runs = dict.fromkeys(cell["run"] for cell in study.plan["cells"] if cell["experiment"] == name)
    return {
        "kind": "experiment",
        "claim": content["title"],
        "question": content["question"],
        "command": _command(study, f"only={name}"),
        "settings": f"only={name}",
        "shown": " ".join(f"tables/{table}" for table in content["tables"]),
    } | _cost(study, list(runs), times)


def _phase(study: Study, phase: str, times: Times) -> dict[str, Any]:
    content = study.plan["phases"][phase]
    found = [entry for entry in study.entries if entry["phase"] == phase]
    names = dict.fromkeys(phase if e["variant"] == "plain" else f"{phase}.{e['variant']}" for e in found)
    setting = f"only={study.series} 'experiments={{{study.series}: {{phases: [{', '.join(names)}]}}}}'"
    return {
        "kind": "phase",
        "claim": f"{phase}: {content['title']}",
        "question": content["hypothesis"],
        "command": _command(study, setting),
        "settings": f"only={study.series}",
        "shown": f"tables/phases report/phases/{phase}.html",
    } | _cost(study, [entry["run"] for entry in found], times)


def _cost(study: Study, runs: list[str], times: Times) -> dict[str, Any]:
    """How many runs, how many are trained, and how long they take, as far as their kinds of work were measured."""
    known = [study.plan["runs"][run] for run in runs]
    took = [run_seconds(run["spec"], study.plan["tasks"][run["task"]]["rows"], times) for run in known]
    return {
        "runs": len(runs),
        "trained": sum(bool(run["spec"]["recipe"].get("training")) for run in known),
        "seconds": round(sum(one or 0.0 for one in took) / PROCESSES) if any(took) else None,
        "unmeasured": sum(one is None for one in took),
    }


def _command(study: Study, settings: str) -> str:
    return f"snakemake --cores {PROCESSES} --config preset={study.plan['preset']} {settings}"


def _row(entry: dict[str, Any]) -> list[str | Text]:
    time = formats.MISSING if entry["seconds"] is None else clock(entry["seconds"])
    if entry["unmeasured"] and entry["seconds"] is not None:
        time += " and more"
    settings = str(entry["settings"])
    return [
        str(entry["claim"]),
        formats.count(entry["runs"]),
        formats.count(entry["trained"]),
        time,
        Text(settings, rf"\texttt{{{formats.latex(settings)}}}"),
    ]


def _notes(study: Study) -> str:
    # Two hyphens would be set as a dash.
    command = formats.latex(_command(study, "only=...")).replace("--", "-{}-")
    one = formats.latex("experiments={series: {phases: [p07]}}".replace("series", study.series or "series", 1))
    return (
        f"\\texttt{{{command}}} with the settings makes the runs of one claim, and the paper of them alone; for one "
        f"phase add \\texttt{{'{one}'}}. Runs that claims share are made once. Time: computing on "
        f"{formats.count(PROCESSES)} CPU cores by measured step times, without preparation; --: the models were not "
        "measured. The CSV file has whole commands."
    )


if __name__ == "__main__":
    stage("artifact", __doc__, build, phases=True)
