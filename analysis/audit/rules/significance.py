"""Claims of significance: p-values, corrections, effect sizes, seeds."""

import math
from collections.abc import Iterator

from analysis import statistics
from analysis.audit import keys
from analysis.audit.finding import Hit, Severity, rule
from analysis.audit.model import Audit, Result, Test

ALPHA = 0.05
FEWEST = 6
"""Seeds below which a spread over seeds only describes."""
ABSURD = 10.0


@rule(
    "p_out_of_range",
    Severity.ERROR,
    "A probability lies from 0 to 1: the formula is wrong, so every conclusion from it falls; use a tested library.",
)
def p_out_of_range(audit: Audit) -> Iterator[Hit]:
    """A p-value is below 0, above 1 or not a number."""
    for one in audit.tests:
        for p in (one.p, one.corrected):
            if p is not None and not -1e-12 <= p <= 1 + 1e-9:
                yield Hit(one.place, f"p = {p:g}", {"p": p})


@rule(
    "effect_size",
    Severity.ERROR,
    "Such an effect comes from a deviation of (almost) zero, as of repeated deterministic runs: leave it undefined.",
)
def effect_size(audit: Audit) -> Iterator[Hit]:
    """A standardised effect is infinite, not a number or above 10; or a test compares sides without any spread."""
    for one in audit.tests:
        if one.effect is not None and not abs(one.effect) <= ABSURD:
            yield Hit(one.place, f"effect size {one.effect:g}", {"effect": one.effect})
        elif one.zero_spread and one.p is not None and not one.kind & keys.listed("paired_rows"):
            what = f"a test (p = {one.p:g}) of values that do not vary"
            yield Hit(one.place, what, {"p": one.p, "values": [list(side) for side in one.sides]})


@rule(
    "few_seeds",
    Severity.WARNING,
    "With fewer than 6 seeds a spread only describes: run more seeds, or test on paired rows and say so.",
)
def few_seeds(audit: Audit) -> Iterator[Hit]:
    """Significance is claimed across fewer than 6 seeds, with no test on rows."""
    for one in audit.tests:
        over_rows = one.kind & (
            keys.listed("paired_rows") | {"bootstrap", "permutation", "binomial", "rows", "examples"}
        )
        if one.seeds is None or one.seeds >= FEWEST or (over_rows and not one.kind & {"seed", "seeds"}):
            continue
        if _claimed(one):
            evidence = {"seeds": one.seeds, "p": one.p, "significant": one.significant}
            yield Hit(one.place, f"a claim of significance from {one.seeds} seeds{_p(one)}", evidence)


@rule(
    "uncorrected_family",
    Severity.WARNING,
    "Of many tests some succeed by chance: declare the family and correct it (Holm), and keep both p-values.",
)
def uncorrected_family(audit: Audit) -> Iterator[Hit]:
    """Several p-values, of which some are called significant, and no correction for their number anywhere."""
    for file, family in _families(audit).items():
        raw = [one for one in family if one.p is not None]
        corrected = any(one.corrected is not None or one.significant_corrected is not None for one in family)
        told = any(one.correction and one.correction not in ("none", "false", "no", "null") for one in family)
        if len(raw) < 2 or corrected or told:
            continue
        flagged = [one for one in raw if one.significant]
        claimed = flagged or [one for one in raw if one.significant is None and one.p is not None and one.p < ALPHA]
        if not claimed:
            continue
        ps = [one.p for one in raw if one.p is not None]
        if not all(0 <= p <= 1 for p in ps):
            continue
        adjusted = dict(zip(map(id, raw), statistics.holm(ps), strict=True))
        lost = [one for one in claimed if adjusted[id(one)] >= ALPHA]
        evidence = {"p": ps, "holm": list(adjusted.values()), "claimed": len(claimed), "lost": len(lost), "file": file}
        what = (
            f"{len(ps)} p-values without correction; {len(claimed)} below {ALPHA:g}, {len(lost)} of them not after Holm"
        )
        severity = Severity.ERROR if lost and flagged else None if flagged or lost else Severity.NOTE
        yield Hit(claimed[0].place, what, evidence, severity)


@rule(
    "correction_not_applied",
    Severity.ERROR,
    "The correction that is named was not made: compute the corrected values from all p-values of the family.",
)
def correction_not_applied(audit: Audit) -> Iterator[Hit]:
    """Corrected p-values are below the raw ones, or all the same as them in a family of several."""
    for family in _families(audit).values():
        both = [one for one in family if one.p is not None and one.corrected is not None]
        for one in both:
            if one.p is not None and one.corrected is not None and one.corrected < one.p * (1 - 1e-6) - 1e-12:
                what = f"corrected p = {one.corrected:g} is below the raw one, {one.p:g}"
                yield Hit(one.place, what, {"p": one.p, "corrected": one.corrected})
        small = [one for one in both if one.p is not None and one.p < 0.5]
        if len(both) >= 2 and small and all(math.isclose(one.p or 0, one.corrected or 0, rel_tol=1e-6) for one in both):
            what = f"{len(both)} corrected p-values are the raw ones"
            yield Hit(both[0].place, what, {"p": [one.p for one in both], "corrected": [one.corrected for one in both]})


@rule(
    "significance_contradicts_p",
    Severity.ERROR,
    "The flag and the p-value say different things: derive the flag from the corrected p-value.",
)
def significance_contradicts_p(audit: Audit) -> Iterator[Hit]:
    """A result is called significant at p of 0.1 or more, as no usual level allows."""
    for one in audit.tests:
        if one.p is None or not 0 <= one.p <= 1:
            continue
        if one.significant and one.p >= 2 * ALPHA:
            yield Hit(one.place, f"called significant at p = {one.p:g}", {"p": one.p, "significant": True})


@rule(
    "unpaired_comparison",
    Severity.WARNING,
    "A paired test needs both methods on the same rows: store every row with its id, and pair by id.",
)
def unpaired_comparison(audit: Audit) -> Iterator[Hit]:
    """A paired test is reported, but the rows are not there, or its two sides are of unequal length or other rows."""
    for one in audit.tests:
        paired = one.kind & keys.listed("paired")
        if not paired:
            continue
        if len(one.sides) == 2 and len(one.sides[0]) != len(one.sides[1]):
            sizes = [len(side) for side in one.sides]
            what = f"a paired test of {sizes[0]} and {sizes[1]} values"
            yield Hit(one.place, what, {"sizes": sizes}, Severity.ERROR)
        elif not one.sides and not _has_rows(audit, one):
            sides = " and ".join(one.methods) or "its sides"
            what = f"a paired test ({', '.join(sorted(paired))}) without the rows of {sides}"
            yield Hit(one.place, what, {"methods": list(one.methods), "p": one.p})


def _has_rows(audit: Audit, test: Test) -> bool:
    if test.rows is not None or test.place.file in audit.paired:
        return test.rows is not False
    there = [one for one in audit.results if one.whole is not None]
    if not test.methods:
        return len(there) >= 2 or (bool(there) and bool(test.kind & {"seeds"}))
    return all(any(_is(one, name) for one in there) for name in test.methods)


def _is(result: Result, name: str) -> bool:
    mine, other = set(keys.words(result.method)), set(keys.words(name))
    return bool(mine and other) and (mine <= other or other <= mine)


def _families(audit: Audit) -> dict[str, list[Test]]:
    found: dict[str, list[Test]] = {}
    for one in audit.tests:
        found.setdefault(one.place.file, []).append(one)
    return found


def _claimed(one: Test) -> bool:
    if one.significant is not None or one.significant_corrected is not None:
        return bool(one.significant or one.significant_corrected)
    p = one.corrected if one.corrected is not None else one.p
    return p is not None and p < ALPHA


def _p(one: Test) -> str:
    return "" if one.p is None else f" (p = {one.p:g})"
