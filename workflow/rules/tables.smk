rule table:
    input:
        plan=PLANNED,
        comparisons=COMPARED,
        environments=branch(
            lambda wildcards: wildcards.name == "environment",
            then=expand("{run}/environment.json", run=RUNS),
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
    message:
        "Table {wildcards.name}"
    shell:
        "python -m analysis.tables.{wildcards.name} --plan {input.plan} --comparisons {input.comparisons}"
        " --out {params.out} 2> {log}"
