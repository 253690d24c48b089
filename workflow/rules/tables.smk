# Tables that read the statistics of the phases.
SERIES_TABLES = ("artifact", "phases", "speed", "claims")
# Tables that read the numbers of the documents.
LEDGER_TABLES = ("claims", "contradictions")


rule table:
    input:
        plan=PLANNED,
        comparisons=COMPARED,
        environments=branch(
            lambda wildcards: wildcards.name == "environment",
            then=[LOGS],
            otherwise=[],
        ),
        phases=branch(
            lambda wildcards: wildcards.name in SERIES_TABLES,
            then=[PHASED],
            otherwise=[],
        ),
        ledger=branch(
            lambda wildcards: wildcards.name in LEDGER_TABLES,
            then=LEDGER,
            otherwise=[],
        ),
        times=branch(
            lambda wildcards: wildcards.name == "artifact",
            then=["workflow/config/times.json"],
            otherwise=[],
        ),
        code=lambda wildcards: sources(f"analysis.tables.{wildcards.name}"),
    output:
        csv=report(
            f"{OUT}/tables/{{name}}.csv",
            caption="../report/table.rst",
            category="Tables",
            labels=lambda wildcards: {
                "table": wildcards.name.replace("_", " "),
                "shows": about("tables", wildcards.name),
            },
        ),
        tex=f"{OUT}/tables/{{name}}.tex",
    log:
        f"{OUT}/logs/tables/{{name}}.log",
    wildcard_constraints:
        name="|".join(TABLES),
    localrule: True
    params:
        out=f"{OUT}/tables/{{name}}",
        phases=lambda wildcards, input: (
            f"--phases {input.phases}" if input.phases else ""
        ),
    message:
        "Table {wildcards.name}"
    shell:
        "python -m analysis.tables.{wildcards.name} --plan {input.plan} --comparisons {input.comparisons}"
        " {params.phases} --out {params.out} 2> {log}"
