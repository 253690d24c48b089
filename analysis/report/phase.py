"""What the page of a phase shows: its outcome by variant, metrics beside controls, diagnostics, sample outputs."""

import json
from typing import Any

from markupsafe import Markup

from analysis import formats
from analysis.phases import UNTESTED
from analysis.report import curves
from analysis.report.links import Links
from analysis.series import TITLES, claim_text, cost_id, entry_id, label
from analysis.study import Study
from analysis.tables.phases import losses
from analysis.tables.speed import plain_perceiver, row_ratio, seconds_per_step
from telepathy.files import read_json
from telepathy.record import MADE_BY, RawRun, Row

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
REGISTERED = {
    "accuracy": {
        "own": "accuracy",
        "control": "control",
        "difference": "difference",
        "interval": "difference_interval",
    },
    "entities": {"own": "entities", "control": "entities_control"},
}
"""Ends of the ids of those metrics that are registered."""
Context = dict[str, Any]


def page(links: Links, phase: str, compared: list[dict[str, Any]]) -> Context:
    """One phase: what it tests, what it changes, and how its variants came out, side by side."""
    study = links.study
    content = study.plan["phases"][phase]
    entries = [entry for entry in study.entries if entry["phase"] == phase]
    runs = {entry["run"]: study.read(entry["run"]) for entry in entries}
    parent = content["parent"]
    return {
        "title": f"{phase}: {content['title']}",
        "phase": phase,
        "content": content,
        "task": study.task(content["task"]),
        "parent": parent,
        "parent_shown": parent in {entry["phase"] for entry in study.entries},
        "difference": [(key, _json(old), _json(new)) for key, old, new in content["difference"]],
        "variants": [_variant(links, entry, runs[entry["run"]]) for entry in entries],
        "metrics": _metrics(links, entries),
        "diagnostics": _diagnostics(entries),
        "costs": [_cost(links, cost) for cost in study.phases["costs"] if cost["phase"] == phase],
        "samples": _samples(study, entries, runs),
        "claims": [claim(links, one) for one in compared],
        "settings": study.phases["statistics"],
    }


def _variant(links: Links, entry: dict[str, Any], raw: RawRun) -> Context:
    study, name = links.study, entry_id(links.study, entry)
    seconds, reference = seconds_per_step(study, entry), plain_perceiver(study, entry)
    base = seconds_per_step(study, reference) if reference else None
    test = entry["test"]
    facts = [
        ("run", links.run(entry["run"])),
        ("task", study.task(entry["task"])),
        ("soft tokens", _number(entry["soft_tokens"])),
        ("source layer", _number(entry["layer"])),
        ("steps", _number(entry["steps"])),
        ("rows a step", _number(entry["batch"])),
        ("parameters", _number(entry["parameters"])),
        ("seconds a step", formats.number(seconds) if seconds else formats.MISSING),
        ("time of a row, in plain perceivers", formats.decimal(row_ratio(entry, seconds, reference, base))),
        ("unparsed answers", _of(links, name, "unparsed", entry)),
        ("distinct outputs", _of(links, name, "distinct", entry)),
        ("last losses", losses(entry) or formats.MISSING),
    ]
    facts += [(f"latency: {key}", _json(value)) for key, value in sorted(_latency(raw).items())]
    return {
        "name": label(study, entry) or "the only variant",
        "id": name,
        "facts": facts,
        "accuracy": links.value(f"{name}.accuracy", formats.percent(entry["accuracy"])),
        "interval": links.value(f"{name}.interval", formats.interval(entry["low"], entry["high"])),
        "verdict": entry["verdict"],
        "verdict_link": links.value(f"{name}.verdict", entry["verdict"]),
        "test": None if test is None else _test(links, name, test),
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


def _of(links: Links, name: str, key: str, entry: dict[str, Any]) -> Markup:
    part, whole = (links.value(f"{name}.{end}", formats.count(entry[end])) for end in (key, "n"))
    return Markup("{} of {}").format(part, whole)


def _test(links: Links, name: str, test: dict[str, Any]) -> Context:
    wanted = test["wanted"]
    return {
        "metric": TITLES[test["metric"]],
        "against": "the shuffled source" if test["against"] == "shuffled" else f"phase {test['against']}",
        "fallback": (wanted["metric"], wanted["against"]) != (test["metric"], test["against"]),
        "wanted": f"{TITLES[wanted['metric']]} against {wanted['against']}",
        "own": links.value(f"{name}.test.own", formats.percent(test["own"])),
        "control": links.value(f"{name}.test.control", formats.percent(test["control"])),
        "difference": links.value(f"{name}.test.difference", formats.points(test["difference"])),
        "interval": links.value(f"{name}.test.interval", formats.interval(test["low"], test["high"], sign=True)),
        "p": formats.p_value(test["p"]),
        "p_holm": links.value(f"{name}.test.p", formats.p_value(test["p_holm"])),
        "detectable": links.value(f"{name}.detectable", formats.points(test["detectable"], sign=False)),
    }


def _metrics(links: Links, entries: list[dict[str, Any]]) -> list[tuple[str, list[Context]]]:
    """Each metric that some variant has: own, control and difference by variant."""
    found = []
    for metric, title in TITLES.items():
        if any(metric in entry["metrics"] for entry in entries):
            found.append((title, [_transfer(links, entry, metric) for entry in entries]))
    return found


def _transfer(links: Links, entry: dict[str, Any], metric: str) -> Context:
    found = entry["metrics"].get(metric) or dict.fromkeys(("own", "control", "difference", "low", "high"))
    ids = {key: f"{entry_id(links.study, entry)}.{end}" for key, end in REGISTERED.get(metric, {}).items()}
    shown = {
        "own": formats.percent(found["own"]),
        "control": formats.percent(found["control"]),
        "difference": formats.points(found["difference"]),
        "interval": formats.interval(found["low"], found["high"], sign=True),
    }
    return {key: links.value(ids.get(key, ""), text) for key, text in shown.items()}


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


def _cost(links: Links, cost: dict[str, Any]) -> Context:
    name = cost_id(links.study, cost)
    return {
        "metric": TITLES[cost["metric"]] + ("" if cost["metric"] == "accuracy" else " beyond its control"),
        "difference": links.value(f"{name}.difference", formats.points(cost["difference"])),
        "interval": links.value(f"{name}.interval", formats.interval(cost["low"], cost["high"], sign=True)),
        "p": links.value(f"{name}.p", formats.p_value(cost["p"])),
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


def claim(links: Links, found: dict[str, Any]) -> Context:
    """A reported number with what this build has beside it."""
    kept = ("id", "phase", "metric", "evidence", "setting", "remark", "variant")
    name = f"claim.{found['id']}"
    return {key: found[key] for key in kept} | {
        "reported": links.value(f"{name}.reported", claim_text(found, "number")),
        "interval": formats.interval(found["low"], found["high"]),
        "rebuilt": links.value(f"{name}.rebuilt", claim_text(found, "rebuilt")),
        "rebuilt_interval": formats.interval(found["rebuilt_low"], found["rebuilt_high"]),
        "result": links.value(f"{name}.result", found["result"]),
    }


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
