"""Reported numbers and the files that should give them (with `--claims`)."""

from collections.abc import Iterator

from analysis.audit import claims
from analysis.audit.finding import Hit, Place, Severity, rule
from analysis.audit.model import Audit, Claim


@rule(
    "claim_unsupported",
    Severity.ERROR,
    "A number without a file cannot be checked: give the file that it comes from, or take it out of the text.",
)
def claim_unsupported(audit: Audit) -> Iterator[Hit]:
    """A reported number stands in no file, or not where the claim says."""
    known = claims.numbers(audit) if audit.claims else []
    for claim in audit.claims or []:
        place = Place(audit.claims_file, (claim.id,))
        evidence = {"value": claim.value, "file": claim.file, "key": claim.key}
        severity = Severity.WARNING if claim.stated else None
        if (
            claim.correct is not None
            and claim.n
            and not claims.matches(claim, claim.correct / claim.n)
            and claim.percent
        ):
            what = f"{claim.value:g} is not {claim.correct:g} of {claim.n}"
            yield Hit(place, what, evidence | {"correct": claim.correct, "n": claim.n})
        if claim.file and claim.key:
            there, number = claims.at(audit, claim)
            if not there:
                yield Hit(place, f"{claim.file} is not in the folder", evidence, severity)
            elif number is None:
                yield Hit(place, f"{claim.file} has no number at {claim.key}", evidence, severity)
            elif not claims.matches(claim, number.value):
                what = f"{claim.value:g} is reported, {claim.file} says {number.value:g}"
                yield Hit(place, what, evidence | {"found": number.value}, severity)
        elif not _found(claim, known):
            yield Hit(place, f"no file gives {claim.value:g}", evidence, severity)


@rule(
    "claim_n",
    Severity.ERROR,
    "The reported number of rows decides how sure the number is: report the n that was evaluated.",
)
def claim_n(audit: Audit) -> Iterator[Hit]:
    """The number is in a file, but was measured on another number of rows than the text says."""
    known = claims.numbers(audit) if audit.claims else []
    for claim in audit.claims or []:
        if claim.file and claim.key:
            number = claims.at(audit, claim)[1]
            found = [] if number is None or not claims.matches(claim, number.value) else [number]
        else:
            found = _found(claim, known)
        sizes = {number.n for number in found if number.n is not None}
        if claim.n is not None and sizes and claim.n not in sizes:
            what = (
                f"{claim.value:g} is reported for n = {claim.n}, the file has n = {', '.join(map(str, sorted(sizes)))}"
            )
            evidence = {"reported": claim.n, "found": sorted(sizes), "file": str(found[0].place)}
            yield Hit(Place(audit.claims_file, (claim.id,)), what, evidence)


@rule(
    "unclaimed_file",
    Severity.NOTE,
    "Results that no claim uses may be the ones that did not fit: report them, or say why they are left out.",
)
def unclaimed_file(audit: Audit) -> Iterator[Hit]:
    """A file with results gives no reported number."""
    if audit.claims is None:
        return
    known, used = claims.numbers(audit), set()
    for claim in audit.claims:
        found = [claims.at(audit, claim)[1]] if claim.file and claim.key else _found(claim, known)
        used |= {number.place.file for number in found if number is not None}
        used |= {one.file for one in audit.documents if claim.file and claims.same_file(one.file, claim.file)}
    files = dict.fromkeys(one.place.file for one in (*audit.results, *audit.spreads, *audit.tests))
    for file in files:
        if file not in used:
            yield Hit(Place(file), "no claim uses this file")


def _found(claim: Claim, known: list[claims.Number]) -> list[claims.Number]:
    found = [number for number in known if claims.matches(claim, number.value)]
    if claim.file:
        found = [number for number in found if claims.same_file(number.place.file, claim.file)]
    return found
