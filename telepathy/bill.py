"""What a preset costs on a cluster, rule by rule, before anything runs:

    python -m telepathy.plan --preset paper --cost                       # jobs, GPU-hours, disk and memory of each rule
    python -m telepathy.plan --preset paper --cost --tflops 400 --bandwidth 2.5      # on faster GPUs
    python -m telepathy.plan --preset paper --cost --set 'hardware={store_gb: 300}'  # with less disk
    python -m telepathy.plan --preset paper --cost --json > cost.json

Times and memories are estimated from first principles, and every assumption is an option below. Without a GPU, measured
seconds a row (workflow/config/times.json) take their place where there are some, and the table says for how many jobs.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import yaml

from telepathy.config import load
from telepathy.config.load import presets
from telepathy.cost import MEMORY_SAFETY, SAFETY, Cost, Job
from telepathy.disk import GB
from telepathy.errors import fail
from telepathy.estimate import clock, read_times, summary
from telepathy.machine import Machine
from telepathy.plan import Plan, stage
from telepathy.planner import make_plan

SHOWN_GPUS = (1, 8, 32)


@dataclass(frozen=True)
class Line:
    """The jobs of a rule: sums of hours and disk, the most of all else."""

    rule: str
    jobs: int
    hours: float
    gpu_hours: float
    longest_minutes: float
    gpu_gb: float
    host_gb: float
    disk_gb: float
    measured: int


def lines(jobs: Sequence[Job]) -> list[Line]:
    """One line a rule, in the order of the graph."""
    return [
        Line(
            rule=rule,
            jobs=len(some),
            hours=sum(job.seconds for job in some) / 3600,
            gpu_hours=sum(job.seconds * job.gpus for job in some) / 3600,
            longest_minutes=max(job.seconds for job in some) / 60,
            gpu_gb=max(job.gpu_gb for job in some),
            host_gb=max(job.host_gb for job in some),
            disk_gb=sum(job.disk_gb for job in some),
            measured=sum(job.measured for job in some),
        )
        for rule in dict.fromkeys(job.rule for job in jobs)
        if (some := [job for job in jobs if job.rule == rule])
    ]


def longest_chain(plan: Plan, cost: Cost) -> float:
    """Seconds of the longest chain of jobs that wait for each other: model, states, statistics, training, its uses."""
    first = {f"models/{key}": cost.model(key).seconds for key in plan.models}
    first |= {f"data/{key}": cost.data(key).seconds for key in plan.data}
    for key, spec in plan.states.items():
        before = max(first[f"models/{spec['model']}"], first[f"data/{spec['data']}"])
        first[f"states/{key}"] = before + cost.store(key).seconds

    def ready(files: list[str]) -> float:
        return max(first["/".join(name.split("/")[:2])] for name in files)

    for key in plan.calibrations:
        first[f"calibrations/{key}"] = ready(plan.calibration_needs(key)) + cost.calibration(key).seconds
    done: dict[str, float] = {}
    for name, run in plan.runs.items():
        # A run that uses another one is planned after it.
        start = max(ready(plan.needs(name)), done.get(run.uses or "", 0.0))
        trained = cost.train(name).seconds if stage(run) == "trained" else 0.0
        done[name] = start + trained + cost.evaluate(name).seconds
    return max(done.values(), default=0.0)


def bill(plan: Plan, cost: Cost) -> dict[str, Any]:
    """All that is known of a preset's cost, for a table or for another program."""
    jobs = list(cost.jobs())
    longest = max(jobs, key=lambda job: job.seconds)
    chain, total = longest_chain(plan, cost), sum(job.seconds for job in jobs)
    copies = max(1, plan.config.hardware.gpus)
    return {
        "preset": plan.config.preset,
        "estimated": True,
        "rules": [asdict(line) for line in lines(jobs)],
        "total": asdict(next(iter(lines([Job(**vars(job) | {"rule": "total"}) for job in jobs])))),
        "longest": {"rule": longest.rule, "name": longest.name, "minutes": longest.seconds / 60},
        "longest_chain_hours": chain / 3600,
        "wall_hours": {n: max(chain, total / max(1, n // copies)) / 3600 for n in SHOWN_GPUS},
        "stores": {
            "written_gb": sum(plan.store_sizes()[key] for key in plan.states) / GB,
            "not_written_gb": sum(plan.store_sizes()[key] for key in plan.live) / GB,
            "not_written": sorted(plan.live),
            "budget_gb": plan.config.hardware.store_gb,
        },
        "models": {key: asdict(cost.size(key)) for key in plan.models},
        "parameters_not_given": sorted(
            key for key in plan.models if plan.config.models[key.rpartition("-")[0]].parameters is None
        ),
        "assumptions": asdict(cost.machine),
    }


def table(found: dict[str, Any], gpus: int) -> Iterator[str]:
    """The same for a person."""
    unit = "GPU-hours" if gpus else "hours"
    yield f"{'rule':<14}{'jobs':>6}{unit:>11}{'longest':>13}{'GPU GB':>8}{'host GB':>9}{'disk GB':>9}"
    for line in [*found["rules"], found["total"]]:
        hours = line["gpu_hours"] if gpus else line["hours"]
        longest = clock(60 * line["longest_minutes"])
        sizes = f"{line['gpu_gb']:>8.1f}{line['host_gb']:>9.1f}{line['disk_gb']:>9.1f}"
        yield f"{line['rule']:<14}{line['jobs']:>6}{hours:>11.1f}{longest:>13}{sizes}"
    total, longest = found["total"], found["longest"]
    yield ""
    if total["measured"]:
        yield f"times of {total['measured']} jobs by measured seconds a row; all else is estimated"
    else:
        yield "all estimated, nothing measured"
    yield f"jobs ask a cluster for {SAFETY:g} times that time and {MEMORY_SAFETY:g} times that host memory"
    yield f"longest job: {longest['rule']} {longest['name']}, {clock(60 * longest['minutes'])}"
    walls = [f"{clock(3600 * hours)} on {n}" for n, hours in found["wall_hours"].items()]
    yield f"at least {', '.join(walls)} {'GPUs' if gpus else 'pairs of cores'}, waiting in queues not counted"
    stores = found["stores"]
    budget = "no limit" if stores["budget_gb"] is None else f"of {stores['budget_gb']:g} GB allowed (hardware.store_gb)"
    yield f"hidden states: {stores['written_gb']:.1f} GB, {budget}"
    if stores["not_written"]:
        yield (
            f"not written, computed as needed: {', '.join(stores['not_written'])} ({stores['not_written_gb']:.1f} GB)"
        )
    for key in found["parameters_not_given"]:
        yield f"{key}: parameters not given in models.yaml, taken as {found['models'][key]['parameters']:,}"


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m telepathy.plan", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", default="quick", help=f"one of: {', '.join(presets())}")
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="overrides, as after --config")
    parser.add_argument("--cost", action="store_true", help="a table of what each rule costs; else only the runs")
    parser.add_argument("--json", action="store_true", help="the costs as JSON, with all assumptions")
    assumed = parser.add_argument_group("assumptions")
    for one in fields(Machine):
        name = f"--{one.name.replace('_', '-')}"
        text = f"{one.metadata['help']}; default {one.default:g}, or that of two cores where the preset has no GPU"
        assumed.add_argument(name, type=float, metavar="X", help=text)
    return parser


def overrides(words: Sequence[str]) -> dict[str, Any]:
    """Overrides given as KEY=VALUE, the value in YAML."""
    found: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise fail("--set", f"`{word}` is no KEY=VALUE", "write for example --set 'hardware={gpus: 2}'")
        try:
            found[key] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise fail("--set", f"`{value}` is not readable as YAML", "mend it") from None
    return found


def main() -> None:
    """Command line."""
    options = arguments().parse_args()
    plan = make_plan(load(options.preset, overrides(options.set)))
    if not (options.cost or options.json):
        print("\n".join(summary(plan, read_times())))
        return
    assumed = {one.name: value for one in fields(Machine) if (value := getattr(options, one.name)) is not None}
    wrong = next((name for name, value in assumed.items() if value <= 0), None)
    if wrong:
        raise fail(f"--{wrong.replace('_', '-')}", f"{assumed[wrong]:g} is not above 0", "give a positive number")
    cost = Cost(plan)
    if assumed:
        cost = Cost(plan, Machine(**asdict(cost.machine) | assumed))
    found = bill(plan, cost)
    if options.json:
        print(json.dumps(found, indent=1, sort_keys=True))
    else:
        print("\n".join([*summary(plan, read_times())[:1], "", *table(found, plan.config.hardware.gpus)]))
