"""`snakemake --lint`, with the one finding filtered that does not apply here.

The linter wants a conda environment or container in every rule. All rules share one locked
environment, so that wish is left out; anything else fails.
"""

import re
import subprocess
import sys

ALLOWED = ("Specify a conda environment or container for each rule.",)
HEAD = re.compile(r"^Lints for (?:rule|snakefile) (.+):$")


def main() -> None:
    """Run the linter; print and count what is left."""
    run = subprocess.run(
        [sys.executable, "-m", "snakemake", "--lint", "--config", "preset=smoke"],
        capture_output=True,
        text=True,
    )
    text = run.stderr + run.stdout
    if "Traceback" in text or ("Lints for" not in text and run.returncode):
        sys.exit(text)
    where, left = "", []
    for line in text.splitlines():
        if head := HEAD.match(line.strip()):
            where = head[1]
        elif match := re.match(r"^\s+\* (.+?):$", line):
            finding = match[1]
            if not any(allowed.rstrip(".") in finding for allowed in ALLOWED):
                left.append(f"{where}: {finding}")
    print(*left, sep="\n", end="\n" if left else "")
    if left:
        sys.exit(f"lint: {len(left)} findings of snakemake --lint")


if __name__ == "__main__":
    main()
