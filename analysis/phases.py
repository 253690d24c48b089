"""Raw runs of the series -> for each phase and variant: metrics beside their controls, a test, a computed verdict.

Every phase has one test, of the metric that its hypothesis is about, and all tests are one Holm family. The verdict
is *supported* if the metric is above its control, *contradicted* if it is below, or if the whole interval of the
effect lies under the smallest effect of interest, and *no evidence* otherwise, with what could have been found.
"""

import math
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis import claims, generative, statistics
from analysis.comparisons import pair
from analysis.generative import Draws, Transfer
from analysis.study import Cell, Study, add_inputs, parser, read_study
from telepathy.errors import run_stage
from telepathy.files import digest, write_json
from telepathy.record import RawRun

EXAMPLE = (
    "python -m analysis.phases --plan results/quick/plan/overview.json "
    "--comparisons results/quick/statistics/comparisons.json --out results/quick/statistics/phases.json"
)
SUPPORTED, CONTRADICTED, UNDECIDED, UNTESTED = "supported", "contradicted", "no evidence", "not tested"
RELEVANCE = 0.1
LAST = 10
"""Logged steps whose mean counts as the last loss."""
Entry = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """Numbers of the statistics section that the tests of the series need."""

    confidence: float
    alpha: float
    power: float
    relevance: float
    resamples: int
    permutations: int
    seed: int

    def draw(self, *runs: str) -> np.random.Generator:
        """A generator that depends on the preset's seed and the named runs alone."""
        return np.random.default_rng([self.seed, int(digest(list(runs)), 16)])


@dataclass(frozen=True)
class Measured:
    """A phase's run as its tests need it.

    Attributes:
        own: metric -> the items' scores and weights, each `[n]`.
        beyond: metric -> the same scores minus those with all other outputs, `[n]`.
    """

    cell: Cell
    raw: RawRun
    own: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]
    beyond: dict[str, NDArray[np.float64]]
    transfers: dict[str, Transfer]

    @cached_property
    def order(self) -> dict[str, int]:
        """Row id -> place."""
        return {row.id: i for i, row in enumerate(self.raw.rows)}


def main() -> None:
    """Command line of the stage."""
    arguments = parser(__doc__, EXAMPLE)
    add_inputs(arguments)
    arguments.add_argument(
        "--claims", type=Path, default=claims.FILE, metavar="YAML", help="reported numbers (default: paper/claims.yaml)"
    )
    arguments.add_argument("--out", type=Path, required=True, metavar="JSON", help="file to write")
    options = arguments.parse_args()
    study = read_study(options.plan, options.comparisons, options.results)
    write_json(options.out, evaluate(study, claims.load(options.claims)))


def evaluate(study: Study, reported: list[claims.Claim] | None = None) -> dict[str, Any]:
    """Entries, costs of the defects and comparisons with reported numbers, for all phases that ran.

    Raises:
        UserError: a run is missing, variants of a phase were not scored on the same rows, or a phase names a claim
            that does not exist.
    """
    places = _places(study)
    settings = _settings(study, len(places))
    measured: dict[tuple[str, str, str, int], Measured] = {}
    entries = []
    for phase, variant, cell in places:
        one = _measure(study.read(cell["run"]), cell, settings)
        measured[phase, variant, cell["pair"], cell["seed"]] = one
        entries.append(_entry(study, phase, variant, one, settings))
    tested = [entry for entry in entries if entry["kind"] != "latency"]
    for entry in tested:
        entry["test"] = _test(study, entry, measured, settings)
    for entry, p in zip(tested, statistics.holm([e["test"]["p"] for e in tested]), strict=True):
        _decide(entry, p, len(tested), settings)
    found = {
        "preset": study.plan["preset"],
        "statistics": asdict(settings),
        "family": len(tested),
        "entries": entries,
        "costs": _costs(study, measured, settings),
    }
    return found | {"claims": claims.compare(study.plan, entries, reported or [], settings.confidence)}


def verdict(effect: float, high: float | None, p_holm: float, alpha: float, relevance: float) -> str:
    """The word that a test earns.

    Args:
        effect: metric minus control.
        high: upper end of the effect's interval, None if it has none.
        p_holm: adjusted p-value.
        alpha: level of the family.
        relevance: smallest effect of interest.
    """
    if p_holm < alpha and effect != 0:
        return SUPPORTED if effect > 0 else CONTRADICTED
    if high is not None and high < relevance:
        return CONTRADICTED
    return UNDECIDED


def order(plan: dict[str, Any], series: str | None) -> list[str]:
    """Ids of the phases in the order of the series (JSON objects have none): that of their cells, then the rest."""
    methods = [cell["method"] for cell in plan["cells"] if cell["experiment"] == series]
    places = {method: place for place, method in reversed(list(enumerate(methods)))}
    phases = plan.get("phases") or {}
    last = len(methods)
    return sorted(phases, key=lambda p: min(places.get(v["method"], last) for v in phases[p]["variants"]))


def _settings(study: Study, tests: int) -> Settings:
    """Enough re-pairings that the smallest p-value survives the adjustment of the whole family."""
    given = study.comparisons["statistics"]
    needed = math.ceil(2 * max(1, tests) / given["alpha"])
    return Settings(
        confidence=given["confidence"],
        alpha=given["alpha"],
        power=given["power"],
        relevance=study.plan["statistics"].get("relevance", RELEVANCE),
        resamples=given["resamples"],
        permutations=max(given["resamples"], needed),
        seed=given["seed"],
    )


def _places(study: Study) -> list[tuple[str, str, Cell]]:
    """Phase, variant and cell of everything that ran; a run that several seeds share counts once."""
    cells = study.cells_of(study.series) if study.series is not None else []
    found = []
    for phase in order(study.plan, study.series):
        for variant in study.plan["phases"][phase]["variants"]:
            own = [cell for cell in cells if cell["method"] == variant["method"]]
            first = {cell["run"]: cell for cell in reversed(own)}
            found += [(phase, variant["name"], first[run]) for run in dict.fromkeys(cell["run"] for cell in own)]
    return found


def _measure(raw: RawRun, cell: Cell, settings: Settings) -> Measured:
    draws = Draws(len(raw.rows), settings.permutations, settings.resamples, settings.draw(cell["run"]))
    own, beyond, transfers = {}, {}, {}
    for name, scores in generative.score(raw.rows):
        own[name], beyond[name] = (scores.own, scores.weights), scores.own - scores.others
        found = generative.transfer(scores, draws, settings.confidence)
        if found is not None:
            transfers[name] = found
    return Measured(cell, raw, own, beyond, transfers)


def _entry(study: Study, phase: str, variant: str, one: Measured, settings: Settings) -> Entry:
    cell, record = one.cell, one.raw.record
    spec = study.plan["runs"][cell["run"]]["spec"]
    recipe, resolved = spec["recipe"], record.get("resolved") or {}
    training = recipe.get("training") or {}
    kept = ("task", "pair", "seed", "run", "method", "n", "correct", "accuracy", "low", "high", "unparsed", "chance")
    distinct = generative.distinct(one.raw.rows)
    return {
        **{key: cell[key] for key in kept},
        "phase": phase,
        "variant": variant,
        "title": study.plan["phases"][phase]["title"],
        "kind": recipe["kind"],
        "soft_tokens": _first(resolved.get("soft_tokens"), recipe.get("soft_tokens")),
        "layer": _first(resolved.get("source_layer"), recipe.get("layer")),
        "steps": training.get("steps"),
        "batch": training["batch"] * training.get("accumulation", 1) if training else None,
        "parameters": resolved.get("parameters"),
        "metrics": {name: asdict(found) for name, found in one.transfers.items()},
        "distinct": distinct,
        "distinct_share": distinct / cell["n"],
        "losses": last_losses(one.raw.training),
        "diagnostics": record.get("diagnostics"),
        "constant": cell["constant"],
        "below_chance": cell["below_chance"],
        "test": None,
        "verdict": UNTESTED,
    }


def last_losses(log: list[dict[str, Any]]) -> dict[str, float | None]:
    """Each loss term, unweighted: mean over the last logged steps; None if one of them is not finite."""
    logged = [line["terms"] for line in log if line.get("terms")]
    found: dict[str, float | None] = {}
    for term in sorted({term for terms in logged for term in terms}, key=lambda t: (t != "lm", t)):
        values = [terms[term] for terms in logged if term in terms][-LAST:]
        fine = all(isinstance(value, int | float) and math.isfinite(value) for value in values)
        found[term] = sum(values) / len(values) if fine else None
    return found


def _test(study: Study, entry: Entry, measured: dict[tuple[str, str, str, int], Measured], settings: Settings) -> Entry:
    """The phase's test; one that this preset cannot make falls back to accuracy, or to the shuffled source."""
    wanted = study.plan["phases"][entry["phase"]]["test"]
    one = measured[entry["phase"], entry["variant"], entry["pair"], entry["seed"]]
    metric = wanted["metric"] if wanted["metric"] in one.transfers else "accuracy"
    other = _against(measured, wanted["against"], entry)
    if other is not None and metric not in other.transfers:
        other = None
    start = {"metric": metric, "wanted": {"metric": wanted["metric"], "against": wanted["against"]}}
    if other is not None:
        found = paired(one, other, metric, settings)
        return start | {"against": wanted["against"], "control": found["second"], "own": found["first"]} | found
    shuffled = one.transfers[metric]
    return start | {
        "against": "shuffled",
        "own": shuffled.own,
        "control": shuffled.control,
        "difference": shuffled.difference or 0.0,
        "low": shuffled.low,
        "high": shuffled.high,
        "p": shuffled.p,
        "deviation": shuffled.deviation,
    }


def _against(measured: dict[tuple[str, str, str, int], Measured], phase: str, entry: Entry) -> Measured | None:
    """The other phase's run: its same variant, else its repaired or only one, on the same task; None if none ran."""
    for variant in (entry["variant"], "repaired", "plain", "recorded"):
        found = measured.get((phase, variant, entry["pair"], entry["seed"]))
        if found is not None and found.cell["task"] == entry["task"]:
            return found
    return None


def _decide(entry: Entry, p_holm: float, family: int, settings: Settings) -> None:
    """Add the adjusted p-value, what could have been found, and the verdict."""
    test = entry["test"]
    strict = settings.alpha / family
    if "discordant" in test:
        found = statistics.detectable_difference(entry["n"], test["discordant"] / entry["n"], strict, settings.power)
    else:
        found = generative.detectable(test["deviation"], strict, settings.power)
    test |= {"p_holm": p_holm, "detectable": found}
    entry["verdict"] = verdict(test["difference"], test["high"], p_holm, settings.alpha, settings.relevance)


def paired(first: Measured, second: Measured, metric: str, settings: Settings, beyond: bool = False) -> dict[str, Any]:
    """First minus second on the same rows: exact McNemar for 0/1 scores, else a sign-flip test.

    `beyond` compares what each metric is above its own shuffled-source control: a constant output shares words with
    every question, and has transferred none.

    Raises:
        UserError: the runs were not scored on the same rows.
    """
    pair(first.raw, second.raw)
    values, weights = first.own[metric]
    others = second.own[metric][0]
    if beyond:
        values, others = first.beyond[metric], second.beyond[metric]
    others = others[[second.order[row.id] for row in first.raw.rows]]
    differences, rng = values - others, settings.draw(first.cell["run"], second.cell["run"])
    bounds = generative.ratio_interval(
        differences, weights, Draws(len(values), 1, settings.resamples, rng), settings.confidence
    )
    total = float(weights.sum())
    found: dict[str, Any] = {
        "metric": metric,
        "runs": [first.cell["run"], second.cell["run"]],
        "n": len(values),
        "first": float(values.sum()) / total,
        "second": float(others.sum()) / total,
        "difference": float(differences.sum()) / total,
        "low": bounds.low,
        "high": bounds.high,
    }
    if set(np.unique(values)) | set(np.unique(others)) <= {0.0, 1.0} and (weights == 1).all():
        table = statistics.paired_table(values, others)
        return found | {"b": table.b, "c": table.c, "discordant": table.discordant, "p": statistics.mcnemar(table)}
    spread = float(np.std(differences - found["difference"] * weights, ddof=1)) if len(values) > 1 else 0.0
    return found | {
        "p": generative.sign_flip_p(differences, settings.permutations, rng),
        "deviation": spread * math.sqrt(len(values)) / total,
    }


def _costs(study: Study, measured: dict[tuple[str, str, str, int], Measured], settings: Settings) -> list[Entry]:
    """What the defects cost: repaired minus recorded on the same rows, in accuracy and in the phase's own metric."""
    found = []
    for (phase, variant, *place), one in measured.items():
        other = measured.get((phase, "recorded", *place))
        if variant != "repaired" or other is None:
            continue
        wanted = study.plan["phases"][phase]["test"]["metric"]
        metrics = dict.fromkeys(
            ["accuracy", wanted] if wanted in one.transfers and wanted in other.transfers else ["accuracy"]
        )
        for metric in metrics:
            cost = paired(one, other, metric, settings, beyond=metric != "accuracy")
            found.append({"phase": phase, "task": one.cell["task"], "pair": place[0], "seed": place[1]} | cost)
    return found


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


if __name__ == "__main__":
    run_stage(main)
