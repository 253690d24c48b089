# Everything from here on reads raw runs only, and takes seconds.
RUNS = [f"{OUT}/{run.folder}" for run in PLAN.runs.values()]
TRAINED = [f"{OUT}/{PLAN.runs[run].folder}/train.jsonl" for run in PLAN.ids("trained")]
PLANNED = f"{OUT}/plan/overview.json"
COMPARED = f"{OUT}/statistics/comparisons.json"
PHASED = f"{OUT}/statistics/phases.json"
RAW = ["run.json", "rows.jsonl.gz"]
RECORDS, LOGS = f"{OUT}/statistics/records.json", f"{OUT}/statistics/logs.json"
# Files of other rules are named by path: `rules.x.output` in a rule that reads every run makes Snakemake compare each
# with each.
PROSE = f"{OUT}/text"
VALUES = [f"{OUT}/values.json", f"{OUT}/values.tex"]
CLAIMS = "paper/claims.yaml"
# All numbers that documents report.
LEDGER = [
    CLAIMS,
    *sorted(p.as_posix() for p in Path("paper/documents").rglob("*.yaml")),
]


# What reads all runs waits for these two: thousands of edges of the graph instead of tens of thousands.
rule index:
    input:
        expand("{run}/{file}", run=RUNS, file=[*RAW, "environment.json"]),
        TRAINED,
        plan=PLANNED,
        code=sources("analysis.index"),
    output:
        records=RECORDS,
        logs=LOGS,
    log:
        f"{OUT}/logs/index.log",
    localrule: True
    message:
        "List the files of all runs"
    shell:
        "python -m analysis.index --plan {input.plan} --records {output.records} --logs {output.logs} 2> {log}"


rule compare:
    input:
        plan=PLANNED,
        records=RECORDS,
        logs=LOGS,
        code=sources("analysis.comparisons"),
    output:
        COMPARED,
    log:
        f"{OUT}/logs/compare.log",
    localrule: True
    message:
        "Pair rows, test differences"
    shell:
        "python -m analysis.comparisons --plan {input.plan} --out {output} 2> {log}"


rule phases:
    input:
        plan=PLANNED,
        comparisons=COMPARED,
        records=RECORDS,
        logs=LOGS,
        claims=CLAIMS,
        code=sources("analysis.phases"),
    output:
        PHASED,
    log:
        f"{OUT}/logs/phases.log",
    localrule: True
    message:
        "Test the phases against their controls"
    shell:
        "python -m analysis.phases --plan {input.plan} --comparisons {input.comparisons} --claims {input.claims}"
        " --out {output} 2> {log}"


rule prose:
    input:
        plan=PLANNED,
        comparisons=COMPARED,
        phases=PHASED,
        logs=LOGS,
        ledger=LEDGER,
        code=sources("analysis.prose"),
    output:
        directory(f"{OUT}/text"),
    log:
        f"{OUT}/logs/prose.log",
    localrule: True
    message:
        "Write the sentences that depend on results"
    shell:
        "python -m analysis.prose --plan {input.plan} --comparisons {input.comparisons} --phases {input.phases}"
        " --out {output} 2> {log}"


rule values:
    input:
        plan=PLANNED,
        comparisons=COMPARED,
        phases=PHASED,
        logs=LOGS,
        paper=PAPER,
        text=PROSE,
        code=sources("analysis.values"),
    output:
        report(
            f"{OUT}/values.json",
            caption="../report/values.rst",
            category="Values",
            labels={"file": "values.json", "shows": "Every number of the paper."},
        ),
        f"{OUT}/values.tex",
    log:
        f"{OUT}/logs/values.log",
    localrule: True
    params:
        out=lambda wildcards, output: output[0].removesuffix(".json"),
    message:
        "Register every number of the paper"
    shell:
        "python -m analysis.values --plan {input.plan} --comparisons {input.comparisons} --phases {input.phases}"
        " --out {params.out} --paper paper {input.text} > {log} 2>&1"
