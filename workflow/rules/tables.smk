# Tables that read the statistics of the phases.
SERIES_TABLES = ("phases", "speed", "claims")
# Tables that read the numbers of the documents.
LEDGER_TABLES = ("claims", "contradictions")


rule table:
    input:
        plan=PLANNED,
        comparisons=COMPARED,
        environments=branch(
            lambda wildcards: wildcards.name == "environment",
            then=expand("{run}/environment.json", run=RUNS),
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
        code=lambda wildcards: sources(f"analysis.tables.{wildcards.name}"),
    output:
        csv=f"{OUT}/tables/{{name}}.csv",
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
