"""What the report's pages show, as plain data for the templates, and their rendering."""

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from analysis import claims, formats
from analysis.phases import UNTESTED, order
from analysis.report import curves, grids
from analysis.series import TITLES, absent, claim_text, entry_id, label
from analysis.study import Study
from analysis.tables.phases import losses
from analysis.tables.speed import plain_perceiver, row_ratio, seconds_per_step
from telepathy.files import read_json
from telepathy.record import MADE_BY, RawRun, Row

TEMPLATES = Path(__file__).with_name("templates")
SAMPLES = 5
DIAGNOSTICS = {
    "soft_rms": "size of soft tokens (RMS)",
    "receiver_rms": "size of the receiver's embeddings (RMS)",
    "item_similarity": "mean cosine of different items' soft tokens",
    "token_similarity": "mean cosine among an item's soft tokens",
    "loss": "loss with own soft tokens",
    "loss_shuffled": "loss with another item's",
    "loss_zero": "loss with zeros",
    "loss_noise": "loss with noise of the same size",
    "rows": "rows of these losses",
}
Context = dict[str, Any]


def pages(study: Study, reported: list[claims.Claim]) -> dict[str, str]:
    """All pages by file name."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    confidence = study.comparisons["statistics"]["confidence"]
    compared = claims.compare(study.plan, study.entries, reported, confidence)
    shown = [phase for phase in order(study.plan, study.series) if phase not in absent(study)]
    overview = index(study, shown) | {"left": [_claim(claim) for claim in compared if claim["phase"] not in shown]}
    found = {"index.html": environment.get_template("index.html").render(overview)}
    for place, phase in enumerate(shown):
        content = phase_page(study, phase, [claim for claim in compared if _concerns(study, phase, claim)])
        content["before"] = shown[place - 1] if place else None
        content["after"] = shown[place + 1] if place + 1 < len(shown) else None
        found[f"phases/{phase}.html"] = environment.get_template("phase.html").render(content)
    return found


def index(study: Study, shown: list[str]) -> Context:
    """The overview: alarms, all other experiments with their questions, and the verdicts of the series."""
    rows = []
    for phase in shown:
        for entry in (entry for entry in study.entries if entry["phase"] == phase):
            rows.append(_overview(study, entry))
    return {
        "title": "Telepathy",
        "root": "",
        "preset": study.plan["preset"],
        "about": study.plan["title"],
        "rows": rows,
        "family": study.phases.get("family", 0),
        "absent": absent(study),
        "experiments": [grids.experiment(study, name) for name in study.grids],
        "alarms": grids.alarms(study),
    }


def phase_page(study: Study, phase: str, compared: list[dict[str, Any]]) -> Context:
    """One phase: what it tests, what it changes, and how its variants came out, side by side."""
    content = study.plan["phases"][phase]
    entries = [entry for entry in study.entries if entry["phase"] == phase]
    runs = {entry["run"]: study.read(entry["run"]) for entry in entries}
    parent = content["parent"]
    return {
        "title": f"{phase}: {content['title']}",
        "root": "../",
        "phase": phase,
        "content": content,
        "task": study.task(content["task"]),
        "parent": parent,
        "parent_shown": parent in {entry["phase"] for entry in study.entries},
        "difference": [(key, _json(old), _json(new)) for key, old, new in content["difference"]],
        "variants": [_variant(study, entry, runs[entry["run"]]) for entry in entries],
        "metrics": _metrics(entries),
        "diagnostics": _diagnostics(entries),
        "costs": [_cost(cost) for cost in study.phases["costs"] if cost["phase"] == phase],
        "samples": _samples(study, entries, runs),
        "claims": [_claim(claim) for claim in compared],
        "settings": study.phases["statistics"],
    }


def _overview(study: Study, entry: dict[str, Any]) -> Context:
    accuracy, entities, test = entry["metrics"]["accuracy"], entry["metrics"].get("entities"), entry["test"]
    return {
        "phase": entry["phase"],
        "title": entry["title"],
        "label": label(study, entry),
        "task": study.task(entry["task"]),
        "n": formats.count(entry["n"]),
        "accuracy": formats.percent(entry["accuracy"]),
        "interval": formats.interval(entry["low"], entry["high"]),
        "control": formats.percent(accuracy["control"]),
        "difference": formats.points(accuracy["difference"]),
        "entities": formats.percent(entities["own"]) if entities else "",
        "entities_control": formats.percent(entities["control"]) if entities else "",
        "distinct": formats.count(entry["distinct"]),
        "verdict": entry["verdict"],
        "detectable": formats.points(test["detectable"], sign=False) if test else "",
    }


def _variant(study: Study, entry: dict[str, Any], raw: RawRun) -> Context:
    seconds, reference = seconds_per_step(study, entry), plain_perceiver(study, entry)
    base = seconds_per_step(study, reference) if reference else None
    test = entry["test"]
    facts = [
        ("run", entry["run"]),
        ("task", study.task(entry["task"])),
        ("soft tokens", _number(entry["soft_tokens"])),
        ("source layer", _number(entry["layer"])),
        ("steps", _number(entry["steps"])),
        ("rows a step", _number(entry["batch"])),
        ("parameters", _number(entry["parameters"])),
        ("seconds a step", formats.number(seconds) if seconds else formats.MISSING),
        ("time of a row, in plain perceivers", formats.decimal(row_ratio(entry, seconds, reference, base))),
        ("unparsed answers", f"{formats.count(entry['unparsed'])} of {formats.count(entry['n'])}"),
        ("distinct outputs", f"{formats.count(entry['distinct'])} of {formats.count(entry['n'])}"),
        ("last losses", losses(entry) or formats.MISSING),
    ]
    facts += [(f"latency: {key}", _json(value)) for key, value in sorted(_latency(raw).items())]
    return {
        "name": label(study, entry) or "the only variant",
        "id": entry_id(study, entry),
        "facts": facts,
        "accuracy": formats.percent(entry["accuracy"]),
        "interval": formats.interval(entry["low"], entry["high"]),
        "verdict": entry["verdict"],
        "test": None if test is None else _test(test),
        "flags": [
            text
            for text, raised in (
                ("The same output for every row.", entry["constant"]),
                ("Below chance.", entry["below_chance"]),
            )
            if raised
        ],
        "curves": Markup(curves.svg(raw.training)),  # noqa: S704 - our own numbers, names escaped
        "tested": entry["verdict"] != UNTESTED,
    }


def _test(test: dict[str, Any]) -> Context:
    wanted = test["wanted"]
    return {
        "metric": TITLES[test["metric"]],
        "against": "the shuffled source" if test["against"] == "shuffled" else f"phase {test['against']}",
        "fallback": (wanted["metric"], wanted["against"]) != (test["metric"], test["against"]),
        "wanted": f"{TITLES[wanted['metric']]} against {wanted['against']}",
        "own": formats.percent(test["own"]),
        "control": formats.percent(test["control"]),
        "difference": formats.points(test["difference"]),
        "interval": formats.interval(test["low"], test["high"], sign=True),
        "p": formats.p_value(test["p"]),
        "p_holm": formats.p_value(test["p_holm"]),
        "detectable": formats.points(test["detectable"], sign=False),
    }


def _metrics(entries: list[dict[str, Any]]) -> list[tuple[str, list[Context]]]:
    """Each metric that some variant has: own, control and difference by variant."""
    found = []
    for metric, title in TITLES.items():
        if any(metric in entry["metrics"] for entry in entries):
            found.append((title, [_transfer(entry["metrics"].get(metric)) for entry in entries]))
    return found


def _transfer(found: dict[str, Any] | None) -> Context:
    found = found or dict.fromkeys(("own", "control", "difference", "low", "high"))
    return {
        "own": formats.percent(found["own"]),
        "control": formats.percent(found["control"]),
        "difference": formats.points(found["difference"]),
        "interval": formats.interval(found["low"], found["high"], sign=True),
    }


def _diagnostics(entries: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """Each diagnostic quantity that some variant has, by variant."""
    tables = [entry["diagnostics"] or {} for entry in entries]
    rows = [(title, [table.get(key) for table in tables]) for key, title in DIAGNOSTICS.items()]
    for part, title in (("codes", "codes: "), ("gradient_norms", "gradient norm of ")):
        keys = sorted({key for table in tables for key in table.get(part) or {}})
        rows += [
            (title + key.replace("_", " "), [(table.get(part) or {}).get(key) for table in tables]) for key in keys
        ]
    return [
        (title, [_number(value) for value in values]) for title, values in rows if any(v is not None for v in values)
    ]


def _cost(cost: dict[str, Any]) -> Context:
    return {
        "metric": TITLES[cost["metric"]] + ("" if cost["metric"] == "accuracy" else " beyond its control"),
        "difference": formats.points(cost["difference"]),
        "interval": formats.interval(cost["low"], cost["high"], sign=True),
        "p": formats.p_value(cost["p"]),
        "n": formats.count(cost["n"]),
    }


def _samples(study: Study, entries: list[dict[str, Any]], runs: dict[str, RawRun]) -> list[Context]:
    """Some rows, evenly spaced over the first variant's, with every variant's answer."""
    if not entries:
        return []
    rows = runs[entries[0]["run"]].rows
    count = min(SAMPLES, len(rows))
    picked = [rows[round(i * (len(rows) - 1) / max(1, count - 1))] for i in range(count)]
    answers = [(label(study, e) or "answer", {row.id: row for row in runs[e["run"]].rows}) for e in entries]
    return [
        {
            "id": row.id,
            "source": row.source,
            "gold": row.gold,
            "answers": [(name, _answer(found[row.id])) for name, found in answers if row.id in found],
        }
        for row in picked
    ]


def _answer(row: Row) -> Context:
    return {"output": row.output, "prediction": row.prediction, "parsed": row.parsed, "correct": row.correct}


def _claim(claim: dict[str, Any]) -> Context:
    kept = ("id", "phase", "metric", "evidence", "setting", "result", "remark", "variant")
    return {key: claim[key] for key in kept} | {
        "reported": claim_text(claim, "number"),
        "interval": formats.interval(claim["low"], claim["high"]),
        "rebuilt": claim_text(claim, "rebuilt"),
        "rebuilt_interval": formats.interval(claim["rebuilt_low"], claim["rebuilt_high"]),
    }


def _concerns(study: Study, phase: str, claim: dict[str, Any]) -> bool:
    return claim["phase"] == phase or claim["id"] in study.plan["phases"][phase]["claims"]


def _latency(raw: RawRun) -> dict[str, Any]:
    """What a latency run measured, from its record or its environment."""
    environment: Any = {}
    if (raw.folder / "environment.json").exists():
        environment = read_json(raw.folder / "environment.json", MADE_BY)
    found = raw.record.get("latency") or (environment or {}).get("latency")
    return found if isinstance(found, dict) else {}


def _number(value: Any) -> str:
    if value is None:
        return formats.MISSING
    if isinstance(value, int) or float(value).is_integer():
        return formats.count(int(value))
    return formats.number(value)


def _json(value: Any) -> str:
    return formats.MISSING if value is None else json.dumps(value, sort_keys=True, ensure_ascii=False)
