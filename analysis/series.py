"""The series of phases in the paper: its values, and the sentences that follow its computed verdicts."""

from typing import Any

from analysis import formats
from analysis.claims import ABSENT, AGREES, DIFFERS, OPEN, UNCONTROLLED
from analysis.phases import CONTRADICTED, SUPPORTED, UNDECIDED, UNTESTED, order
from analysis.study import Study
from analysis.value import Value

Entry = dict[str, Any]
WHERE = "analysis.phases.evaluate"
METRICS = {
    "accuracy": "accuracy",
    "partial_v1": "share of partial answers",
    "partial_v2": "share of partial answers",
    "entities": "transfer of entities",
}
"""What a test is about, in words."""
REPORTED = METRICS | {
    "failed_v1": "share of failed answers",
    "failed_v2": "share of failed answers",
    "entities_v10": "transfer of entities",
    "entities_v12": "transfer of entities",
    "distinct": "share of distinct outputs",
}
TITLES = {
    "accuracy": "accuracy",
    "partial_v1": "partial answers, first definition",
    "failed_v1": "failed answers, first definition",
    "partial_v2": "partial answers, second definition",
    "failed_v2": "failed answers, second definition",
    "entities": "entities",
    "entities.numbers": "numbers",
    "entities.names": "names",
    "entities.things": "things",
    "entities_v10": "entities as in phases 10 and 11",
    "entities_v12": "entities as in phases 12 to 15",
}
VARIANTS = {"repaired": "Repaired", "recorded": "Recorded", "plain": "Result"}
CLAIMS = 3
"""Reported numbers that a paragraph repeats; the table and the report have all."""


def suffix(study: Study, entry: Entry) -> str:
    """Pair and seed of an entry, where the series has more than one: `.seed1`."""
    return study.suffix(entry | {"experiment": study.series})


def entry_id(study: Study, entry: Entry) -> str:
    """Id of an entry's values, such as `phase.p07.recorded`."""
    return f"phase.{entry['phase']}.{entry['variant']}{suffix(study, entry)}"


def label(study: Study, entry: Entry) -> str:
    """What tells an entry from the others of its phase: variant, pair and seed where they vary; may be empty."""
    extra = [part.replace("seed", "seed ") for part in suffix(study, entry).split(".") if part]
    return ", ".join(([] if entry["variant"] == "plain" else [entry["variant"]]) + extra)


def tested(study: Study) -> list[Entry]:
    """Entries that have a verdict."""
    return [entry for entry in study.entries if entry["verdict"] != UNTESTED]


def series_values(study: Study) -> list[Value]:
    """Counts that every preset has, then the values of each entry, of the defects' costs, of the reported numbers."""
    verdicts = [entry["verdict"] for entry in tested(study)]
    runs = list(dict.fromkeys(entry["run"] for entry in study.entries))
    counts = {
        "phases": (len({entry["phase"] for entry in study.entries}), "phases"),
        "entries": (len(study.entries), "runs of phases"),
        "family": (len(verdicts), "tests"),
        "supported": (verdicts.count(SUPPORTED), "tests"),
        "contradicted": (verdicts.count(CONTRADICTED), "tests"),
        "undecided": (verdicts.count(UNDECIDED), "tests"),
    }
    results = [claim["result"] for claim in study.phases.get("claims", [])]
    counts["reported"] = (len(results), "reported numbers")
    for key, result in (("agree", AGREES), ("differ", DIFFERS), ("open", OPEN), ("absent", ABSENT)):
        counts[f"reported_{key}"] = (results.count(result), "reported numbers")
    values = [Value(f"series.{key}", n, formats.count(n), unit, WHERE, runs) for key, (n, unit) in counts.items()]
    relevance = study.phases.get("statistics", {}).get("relevance")
    values.append(Value("series.relevance", relevance, formats.points(relevance, sign=False), "points", WHERE))
    for phase in dict.fromkeys(entry["phase"] for entry in study.entries):
        values += _phase_values(phase, study.plan["phases"][phase])
    for entry in study.entries:
        values += _entry_values(study, entry)
    for cost in study.phases.get("costs", []):
        values += _cost_values(study, cost)
    for claim in study.phases.get("claims", []):
        values += _claim_values(claim)
    return values


def tally(study: Study, short: bool = False) -> str:
    """How many tests of the series came out which way; with `short` nothing for a preset without a series."""
    if not tested(study):
        return "" if short else "No phase of the series is run in this preset, so there is nothing to report here."
    start = "Of the" if short else "This preset runs \\result{series.phases} phases. Of their"
    return (
        f"{start} \\result{{series.family}} tests of the series of phases, one for each phase and variant, "
        "\\result{series.supported} support the phase's hypothesis and \\result{series.contradicted} contradict it; "
        "in \\result{series.undecided} there is no evidence either way."
    )


def prose(study: Study) -> str:
    """A paragraph for each phase that ran, after a tally of the tests."""
    paragraphs = [tally(study)]
    for phase in order(study.plan, study.series):
        entries = [entry for entry in study.entries if entry["phase"] == phase]
        if entries:
            paragraphs.append(_paragraph(study, phase, entries))
    if not paragraphs[1:]:
        return paragraphs[0]
    if missing := absent(study):
        names = formats.series([formats.latex(phase) for phase in missing])
        paragraphs.append(f"\\paragraph{{Not rebuilt here.}} This preset does not run {names}.")
    if study.phases.get("claims"):
        paragraphs.append(_reported(study.phases["claims"]))
    return "\n\n".join(paragraphs)


def _reported(compared: list[dict[str, Any]]) -> str:
    """How many reported numbers agree with what was rebuilt."""
    return (
        "\\paragraph{Reported and rebuilt.} The documents report \\result{series.reported} numbers of these phases "
        f"({formats.latex(compared[0]['setting'])}). Within their uncertainty \\result{{series.reported_agree}} agree "
        "with what was rebuilt and \\result{series.reported_differ} differ; \\result{series.reported_open} have no "
        "interval to judge by, and \\result{series.reported_absent} are not rebuilt here. Agreement of two rates that "
        "are near zero says little."
    )


def absent(study: Study) -> list[str]:
    """Phases that the plan or a reported number names and this preset does not run."""
    ran = {entry["phase"] for entry in study.entries}
    named = [*order(study.plan, study.series), *(claim["phase"] for claim in study.phases.get("claims", []))]
    return [phase for phase in dict.fromkeys(named) if phase not in ran]


def _paragraph(study: Study, phase: str, entries: list[Entry]) -> str:
    content = study.plan["phases"][phase]
    heading = f"\\result{{phase.{phase}.title}} ({formats.latex(phase)}; {formats.latex(study.task(content['task']))})"
    sentences = [f"\\emph{{\\result{{phase.{phase}.hypothesis}}}}"]
    places: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        places.setdefault((entry["variant"], entry["pair"]), []).append(entry)
    sentences += [_outcome(study, same[0]) if len(same) == 1 else _seeds(study, same) for same in places.values()]
    sentences += _costs(study, phase)
    sentences.append(_documents(study, phase, content))
    return f"\\paragraph{{{heading}.}} {' '.join(filter(None, sentences))}"


def _outcome(study: Study, entry: Entry) -> str:
    name, test = entry_id(study, entry), entry["test"]
    place = suffix(study, entry).strip(".").replace(".", ", ")
    start = VARIANTS[entry["variant"]] + (f" ({formats.latex(place)})" if place else "")
    text = f"{start}: \\result{{{name}.accuracy}} of \\result{{{name}.n}} rows right"
    if test is None:
        return f"{text}; the phase is about time, and nothing is tested."
    if test["metric"] != "accuracy":
        text += f"; {METRICS[test['metric']]} \\result{{{name}.test.own}}"
    control = "control" if test["against"] == "shuffled" else f"phase {formats.latex(test['against'])}"
    numbers = f"\\result{{{name}.test.difference}} points, \\result{{{name}.test.interval}}, \\result{{{name}.test.p}}"
    flags = " All outputs are the same." if entry["constant"] else ""
    return f"{text}, {control} \\result{{{name}.test.control}} ({numbers}): {_verdict(study, name, entry)}{flags}"


def _seeds(study: Study, entries: list[Entry]) -> str:
    """What a variant did in each of its seeds: numbers in the order of the seeds, the verdict once if all share it."""

    def each(key: str) -> str:
        return formats.series([f"\\result{{{entry_id(study, entry)}.{key}}}" for entry in entries])

    first, tests = entries[0], [entry["test"] for entry in entries]
    several = study.series is not None and len(study.plan["experiments"][study.series]["pairs"]) > 1
    place = f" ({formats.latex(first['pair'])})" if several else ""
    name = entry_id(study, first)
    text = f"{VARIANTS[first['variant']]}{place}, seed by seed: {each('accuracy')} of \\result{{{name}.n}} rows right"
    if any(test is None for test in tests):
        return f"{text}; the phase is about time, and nothing is tested."
    if first["test"]["metric"] != "accuracy":
        text += f"; {METRICS[first['test']['metric']]} {each('test.own')}"
    control = (
        "control" if first["test"]["against"] == "shuffled" else f"phase {formats.latex(first['test']['against'])}"
    )
    text += f", {control} {each('test.control')} ({each('test.difference')} points): "
    shared = len({entry["verdict"] for entry in entries}) == 1
    text += f"\\emph{{\\result{{{name}.verdict}}}} in every seed." if shared else f"{each('verdict')}."
    same = [entry for entry in entries if entry["constant"]]
    return text + (f" All outputs are the same{'' if len(same) == len(entries) else ' in some seed'}." if same else "")


def _verdict(study: Study, name: str, entry: Entry) -> str:
    test, word = entry["test"], f"\\result{{{name}.verdict}}"
    if entry["verdict"] == SUPPORTED:
        return f"\\emph{{{word}}}."
    if entry["verdict"] == CONTRADICTED:
        below = test["p_holm"] < study.phases["statistics"]["alpha"] and test["difference"] < 0
        why = "it is below the control" if below else "the whole interval lies under the smallest effect of interest"
        return f"\\emph{{{word}}}, as {why}."
    if test["detectable"] is None:
        return f"\\emph{{{word}}}, and none could have been found."
    return f"\\emph{{{word}}}; \\result{{{name}.detectable}} points could have been found."


def _costs(study: Study, phase: str) -> list[str]:
    """One sentence for each pair of variants; of several seeds the differences alone."""
    own = [cost for cost in study.phases["costs"] if cost["phase"] == phase]
    if len({cost["seed"] for cost in own}) > 1:
        listed: dict[tuple[str, str], list[str]] = {}
        for cost in own:
            key = (cost["pair"], cost["metric"])
            listed.setdefault(key, []).append(f"\\result{{{cost_id(study, cost)}.difference}}")
        return [
            f"Seed by seed, the defects cost {formats.series(numbers)} points in {_the(metric)}"
            + ("" if metric == "accuracy" else " beyond its control")
            + "."
            for (_, metric), numbers in listed.items()
        ]
    found: dict[str, list[str]] = {}
    for cost in own:
        name = cost_id(study, cost)
        numbers = f"\\result{{{name}.interval}}, unadjusted \\result{{{name}.p}}"
        beyond = "" if cost["metric"] == "accuracy" else " beyond its control"
        text = f"\\result{{{name}.difference}} points in {_the(cost['metric'])}{beyond} ({numbers})"
        found.setdefault(suffix(study, cost), []).append(text)
    return [f"The defects cost {formats.series(texts)}." for texts in found.values()]


def _documents(study: Study, phase: str, content: dict[str, Any]) -> str:
    """What the documents concluded and reported, and how it compares."""
    known = {claim["id"]: claim for claim in study.phases.get("claims", []) if claim["metric"] in REPORTED}
    claims = [known[name] for name in content["claims"] if name in known][:CLAIMS]
    text = f"The documents concluded: \\result{{phase.{phase}.reading}}"
    if not claims:
        return text
    found = [f"{REPORTED[claim['metric']]} \\result{{claim.{claim['id']}.reported}}" for claim in claims]
    control = "; without a control" if any(claim["metric"].startswith(UNCONTROLLED) for claim in claims) else ""
    return f"{text} They report: {formats.series(found)} ({claims[0]['setting']}{control})."


def _the(metric: str) -> str:
    return METRICS[metric] if metric == "accuracy" else f"the {METRICS[metric]}"


def _phase_values(phase: str, content: dict[str, Any]) -> list[Value]:
    """What the configuration says of a phase; its words may hold numbers of the documents."""
    where = "analysis.series.series_values"
    keys = ("title", "hypothesis", "reading")
    return [Value(f"phase.{phase}.{key}", content[key], content[key], "", where) for key in keys]


def _entry_values(study: Study, entry: Entry) -> list[Value]:
    name, metrics, test = entry_id(study, entry), entry["metrics"], entry["test"]

    def made(key: str, value: Any, text: str, unit: str = "") -> Value:
        return Value(f"{name}.{key}", value, text, unit, WHERE, [entry["run"]], entry["n"])

    def rate(key: str, value: float | None) -> Value:
        return made(key, value, formats.percent(value), "percent")

    def span(key: str, low: float | None, high: float | None) -> Value:
        return made(key, [low, high], formats.interval(low, high, sign=True), "points")

    accuracy = metrics["accuracy"]
    values = [
        made("n", entry["n"], formats.count(entry["n"]), "rows"),
        rate("accuracy", entry["accuracy"]),
        made("interval", [entry["low"], entry["high"]], formats.interval(entry["low"], entry["high"]), "percent"),
        rate("control", accuracy["control"]),
        made("difference", accuracy["difference"], formats.points(accuracy["difference"]), "points"),
        span("difference_interval", accuracy["low"], accuracy["high"]),
        made("p", accuracy["p"], formats.p_statement(accuracy["p"])),
        made("unparsed", entry["unparsed"], formats.count(entry["unparsed"]), "rows"),
        made("distinct", entry["distinct"], formats.count(entry["distinct"]), "outputs"),
        made("verdict", entry["verdict"], entry["verdict"]),
    ]
    if "entities" in metrics:
        found = metrics["entities"]
        values += [rate("entities", found["own"]), rate("entities_control", found["control"])]
    if test is not None:
        values += [
            rate("test.own", test["own"]),
            rate("test.control", test["control"]),
            made("test.difference", test["difference"], formats.points(test["difference"]), "points"),
            span("test.interval", test["low"], test["high"]),
            made("test.p", test["p_holm"], formats.p_statement(test["p_holm"])),
            made("detectable", test["detectable"], formats.points(test["detectable"], sign=False), "points"),
        ]
    return values


def cost_id(study: Study, cost: Entry) -> str:
    """Id of what a defect cost in a metric, such as `phase.p07.cost.accuracy`."""
    return f"phase.{cost['phase']}.cost{suffix(study, cost)}.{cost['metric']}"


def _cost_values(study: Study, cost: Entry) -> list[Value]:
    name, where = cost_id(study, cost), "analysis.phases.paired"
    rest = (where, cost["runs"], cost["n"])
    difference, bounds = cost["difference"], [cost["low"], cost["high"]]
    return [
        Value(f"{name}.difference", difference, formats.points(difference), "points", *rest),
        Value(f"{name}.interval", bounds, formats.interval(*bounds, sign=True), "points", *rest),
        Value(f"{name}.p", cost["p"], formats.p_statement(cost["p"]), "", *rest),
    ]


def _claim_values(claim: dict[str, Any]) -> list[Value]:
    where = "analysis.claims.compare"
    return [
        Value(f"claim.{claim['id']}.reported", claim["number"], claim_text(claim, "number"), claim["unit"], where),
        Value(f"claim.{claim['id']}.rebuilt", claim["rebuilt"], claim_text(claim, "rebuilt"), claim["unit"], where),
        Value(f"claim.{claim['id']}.result", claim["result"], claim["result"], "", where),
    ]


def claim_text(claim: dict[str, Any], key: str) -> str:
    """A reported (`number`) or rebuilt number as text."""
    value = claim[key]
    if value is None:
        return formats.MISSING
    return formats.percent(value) if claim["unit"] == "percent" else formats.number(value)
