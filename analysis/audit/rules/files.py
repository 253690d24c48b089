"""Files that tell nothing, or are damaged."""

from collections.abc import Iterator

from analysis.audit.finding import Hit, Place, Severity, rule
from analysis.audit.model import Audit


@rule(
    "not_understood", Severity.NOTE, "No rule looks at this file: if it holds results, add its key names to keys.yaml."
)
def not_understood(audit: Audit) -> Iterator[Hit]:
    """A file in which nothing has a known name, or that is not JSON."""
    for file, reason in audit.strangers.items():
        yield Hit(Place(file), f"not understood: {reason}", {"reason": reason})


@rule("unreadable_run", Severity.ERROR, "A number that rests on this run cannot be rebuilt: make the run again.")
def unreadable_run(audit: Audit) -> Iterator[Hit]:
    """A raw run (or statistics of runs) that is damaged, or contradicts itself."""
    for file, reason in audit.damaged.items():
        yield Hit(Place(file), reason, {"reason": reason})
