"""Where the runs were made: versions, platform, device, arithmetic. Nothing that differs between builds."""

from typing import Any

from analysis import formats
from analysis.study import Study
from analysis.tables._common import Group, Table, stage
from telepathy.files import read_json
from telepathy.record import MADE_BY

FACTS = {
    "python": "Python",
    "platform": "Platform",
    "device": "Device",
    "compute": "Arithmetic of the frozen models",
    "threads": "Threads",
}


def build(study: Study) -> Table:
    """One row for each fact; where runs differ, every value with the number of runs that have it."""
    runs = list(dict.fromkeys(cell["run"] for cell in study.plan["cells"]))
    found: list[dict[str, Any]] = []
    for run in runs:
        environment = read_json(study.results / study.plan["runs"][run]["folder"] / "environment.json", MADE_BY)
        found.append(environment if isinstance(environment, dict) else {})
    for environment in found:
        environment["platform"] = system(environment.get("platform"))
    facts = [[title, _values([e.get(key) for e in found])] for key, title in FACTS.items()]
    packages = sorted({name for environment in found for name in environment.get("packages", {})})
    versions = [[name, _values([e.get("packages", {}).get(name) for e in found])] for name in packages]
    return Table(
        columns=["Fact", f"Value in the {formats.count(len(runs))} runs"],
        align=r"@{}lp{0.6\linewidth}@{}",
        groups=[Group("", facts), Group("Packages", versions)] if versions else [Group("", facts)],
    )


def system(platform: str | None) -> str | None:
    """System, processor and C library of a platform string; the kernel's release is left out.

    `Linux-6.1.0-18-amd64-x86_64-with-glibc2.36` -> `Linux x86_64, glibc2.36`.
    """
    if not platform:
        return None
    front, _, library = platform.partition("-with-")
    parts = front.split("-")
    return f"{parts[0]} {parts[-1]}" + (f", {library}" if library else "")


def _values(values: list[Any]) -> str:
    """The distinct values, most frequent first; a run that does not say counts for nothing."""
    counts: dict[str, int] = {}
    for value in values:
        if value is not None:
            counts[str(value)] = counts.get(str(value), 0) + 1
    if len(counts) <= 1:
        return next(iter(counts), "not recorded")
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return "; ".join(f"{value} ({count} runs)" for value, count in ordered)


if __name__ == "__main__":
    stage("environment", __doc__, build)
