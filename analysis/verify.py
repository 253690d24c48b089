"""The gate before the PDF: everything the paper shows, made again from the rows, must be what lies on disk.

Reads the raw runs, computes the comparisons, the statistics of the phases and every value again, and compares them with
the files that tables, figures and text were made from. Any difference stops the build and is named. What passes is
listed with its sha256: rows, statistics, values, tables, data of the figures.
"""

import math
from pathlib import Path
from typing import Any

from analysis import claims
from analysis.comparisons import compare
from analysis.phases import evaluate
from analysis.study import Study, add_inputs, parser, read_study
from analysis.values import registry
from telepathy.errors import UserError, run_stage
from telepathy.files import file_sha256, read_json, write_json

EXAMPLE = (
    "python -m analysis.verify --plan results/quick/plan/overview.json --comparisons "
    "results/quick/statistics/comparisons.json --phases results/quick/statistics/phases.json "
    "--values results/quick/values.json --out results/quick/verified.json"
)
MOST_SHOWN = 5
VOLATILE = ("speed", "environment")
"""Tables of times and hosts, which no build repeats."""


def main() -> None:
    """Command line of the stage."""
    arguments = parser(__doc__ or "", EXAMPLE)
    add_inputs(arguments, phases=True)
    arguments.add_argument("--values", type=Path, required=True, metavar="JSON", help="output of analysis.values")
    arguments.add_argument("--shown", type=Path, nargs="*", default=[], metavar="FILE", help="tables, figure data")
    arguments.add_argument("--out", type=Path, required=True, metavar="JSON", help="what was verified, with sha256")
    options = arguments.parse_args()
    study = read_study(options.plan, options.comparisons, options.results, options.phases)
    found = differences(study, read_json(options.values, "`python -m analysis.values`"))
    if found:
        more = f"; and {len(found) - MOST_SHOWN} more" if len(found) > MOST_SHOWN else ""
        raise UserError(f"not what the rows give: {'; '.join(found[:MOST_SHOWN])}{more}; delete them and build again")
    files = [options.comparisons, options.values, *([options.phases] if options.phases else []), *options.shown]
    home = options.out.parent
    listed = {path.relative_to(home).as_posix(): file_sha256(path) for path in files if path.stem not in VOLATILE}
    write_json(options.out, {"rows": study.comparisons["rows"], "files": dict(sorted(listed.items()))})


def recomputed(study: Study) -> Study:
    """The same study with comparisons and statistics of the phases made again from the raw runs."""
    fresh = Study(study.plan, study.results)
    fresh = Study(study.plan, study.results, compare(fresh))
    if study.series is None:
        return fresh
    return Study(study.plan, study.results, fresh.comparisons, evaluate(fresh, claims.load()))


def differences(study: Study, values: list[dict[str, Any]]) -> list[str]:
    """What differs between the files of a study and what its rows give, each in a few words."""
    fresh = recomputed(study)
    found = [f"comparisons.json {where}" for where in unlike(study.comparisons, fresh.comparisons)]
    found += [f"phases.json {where}" for where in unlike(study.phases, fresh.phases)]
    stored = {value["id"]: value for value in values}
    made = registry(fresh)
    for name in sorted(stored.keys() ^ made.keys()):
        found.append(f"value {name} {'is not made by anything' if name in stored else 'is missing'}")
    for name, value in made.items():
        if name in stored and (stored[name]["text"] != value.text or unlike(stored[name]["value"], value.value)):
            found.append(f"value {name} is {stored[name]['text']}, its rows give {value.text}")
    return found


def unlike(old: Any, new: Any, at: str = "") -> list[str]:
    """Places where two JSON contents differ; floats must be equal up to what their text loses."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted({str(key) for key in old} | {str(key) for key in new})
        first = {str(key): value for key, value in old.items()}
        second = {str(key): value for key, value in new.items()}
        return [place for key in keys for place in unlike(first.get(key), second.get(key), f"{at}.{key}".strip("."))]
    if isinstance(old, list | tuple) and isinstance(new, list | tuple):
        if len(old) != len(new):
            return [f"{at} has {len(old)} entries instead of {len(new)}"]
        return [place for i, (a, b) in enumerate(zip(old, new, strict=True)) for place in unlike(a, b, f"{at}[{i}]")]
    if isinstance(old, float) and isinstance(new, float) and math.isclose(old, new, rel_tol=1e-12, abs_tol=1e-15):
        return []
    return [] if old == new and isinstance(old, bool) == isinstance(new, bool) else [f"{at}: {old!r}, not {new!r}"]


if __name__ == "__main__":
    run_stage(main)
