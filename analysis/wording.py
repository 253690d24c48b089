"""What the sentences on results share: names for LaTeX, and verdicts over the seeds of a task and method."""

from collections.abc import Iterable
from dataclasses import dataclass

from analysis import formats
from analysis.study import PLACE, Cell, Comparison, Group, Study

ABOVE, BELOW, OPEN, MIXED = "above", "below", "no evidence", "mixed"
SIDES = {
    ABOVE: "the whole interval lies above chance",
    BELOW: "the whole interval lies below chance",
    OPEN: "the interval includes chance",
}


@dataclass(frozen=True)
class Outcome:
    """The comparisons of one method, task and pair with the reference: one for each seed.

    Attributes:
        name: the method for LaTeX, with its pair where there are several.
        comparisons: one or more.
        verdict: that of all seeds, or "mixed" where they differ.
    """

    name: str
    comparisons: list[Comparison]
    verdict: str

    @property
    def method(self) -> str:
        """Name of the method that the reference is compared with."""
        return str(self.comparisons[0]["method"])


def outcomes(study: Study, comparisons: Iterable[Comparison]) -> list[Outcome]:
    """Comparisons of a task by method, pair, setting and source of a transfer, in their order."""
    found: dict[tuple[object, ...], list[Comparison]] = {}
    for c in comparisons:
        found.setdefault(tuple(c[key] for key in PLACE), []).append(c)
    return [Outcome(name(study, same[0]), same, overall(same)) for same in found.values()]


def overall(comparisons: list[Comparison]) -> str:
    """The verdict that all comparisons share; "mixed" if they do not."""
    verdicts = {str(c["verdict"]) for c in comparisons}
    return verdicts.pop() if len(verdicts) == 1 else MIXED


def name(study: Study, found: Cell | Comparison | Group) -> str:
    """A method for LaTeX, with pair, setting and training task where they vary."""
    return f"\\method{{{formats.latex(study.label(found, seed=False))}}}"


def method(study: Study, key: str) -> str:
    """A method for LaTeX."""
    return f"\\method{{{formats.latex(study.method(key))}}}"


def task(study: Study, key: str) -> str:
    """A task for LaTeX."""
    return formats.latex(study.task(key))


def models(study: Study, pair: str) -> str:
    """A pair's models for LaTeX: `A to B`, or `A with itself`."""
    content = study.plan["pairs"][pair]
    sender, receiver = (formats.latex(study.model(content[role])) for role in ("sender", "receiver"))
    return f"{sender} with itself" if content["sender"] == content["receiver"] else f"{sender} to {receiver}"


def by_verdict(study: Study, found: list[Outcome]) -> list[str]:
    """A sentence for each verdict that occurs, on the reference as "it"; what methods share is said once."""
    openings = {ABOVE: "It is above ", BELOW: "It is below ", OPEN: "There is no evidence of a difference from "}
    sentences = []
    for verdict, opening in openings.items():
        same = [outcome for outcome in found if outcome.verdict == verdict]
        if same:
            sentences.append(f"{opening}{_listed(study, same)}.")
    mixed: dict[tuple[int, int, int], list[Outcome]] = {}
    for outcome in found:
        if outcome.verdict == MIXED:
            verdicts = [c["verdict"] for c in outcome.comparisons]
            mixed.setdefault((verdicts.count(ABOVE), verdicts.count(BELOW), len(verdicts)), []).append(outcome)
    sentences += [f"Seeds do not agree on {_listed(study, same)}: {_counts(study, same)}." for same in mixed.values()]
    return sentences


def _listed(study: Study, found: list[Outcome]) -> str:
    """Methods with their differences in points; those of one seed with their p, once for all that print the same."""
    if any(len(outcome.comparisons) > 1 for outcome in found):
        items = [(outcome, f"{_mean_id(study, outcome)}.mean_difference") for outcome in found]
        unit = " points on average"
        return formats.series([f"{o.name} (\\result{{{key}}}{'' if i else unit})" for i, (o, key) in enumerate(items)])
    same: dict[str, list[Outcome]] = {}
    for outcome in found:
        same.setdefault(formats.p_statement(outcome.comparisons[0]["p_holm"]), []).append(outcome)
    texts = []
    for outcomes_of_p in same.values():
        for i, outcome in enumerate(outcomes_of_p):
            key = study.comparison_id(outcome.comparisons[0])
            unit = "" if texts else " points"
            last = i == len(outcomes_of_p) - 1
            each = "each " if i else ""
            p = f"; {each}\\result{{{key}.p}}" if last else ""
            texts.append(f"{outcome.name} (\\result{{{key}.difference}}{unit}{p})")
    return formats.series(texts)


def _counts(study: Study, found: list[Outcome]) -> str:
    """In how many seeds the reference is above, and below, for methods that have the same counts."""
    group = _mean_id(study, found[0])
    verdicts = {c["verdict"] for c in found[0].comparisons}
    counts = [f"{word} in \\result{{{group}.reference_{word}}}" for word in (ABOVE, BELOW) if word in verdicts]
    return f"it is {formats.series(counts)} of \\result{{{group}.reference_compared}} seeds"


def _mean_id(study: Study, outcome: Outcome) -> str:
    return study.cell_id({key: outcome.comparisons[0][key] for key in PLACE})


def mean(study: Study, group: Group) -> str:
    """A group's accuracy with its interval, and its spread over seeds if there are several."""
    where = study.cell_id(group)
    if len(group["runs"]) == 1:
        return f"\\result{{{where}.mean}} (\\result{{{where}.mean_interval}})"
    spread = f"standard deviation \\result{{{where}.sd}} over \\result{{{where}.seeds}} seeds"
    return f"\\result{{{where}.mean}} ({spread}, \\result{{{where}.mean_interval}})"


def title(study: Study, experiment: str) -> str:
    """An experiment's heading and its question, for the start of a paragraph."""
    content = study.plan["experiments"][experiment]
    question = formats.latex(content["question"])
    return f"\\paragraph{{{formats.latex(content['title'])}.}} " + (f"\\emph{{{question}}}" if question else "")
