# Everything from here on reads raw runs only, and takes seconds.
RUNS = [f"{OUT}/{run.folder}" for run in PLAN.runs.values()]
TRAINED = [
    f"{OUT}/{PLAN.runs[run].folder}/train.jsonl" for run in PLAN.ids(trained=True)
]
PLANNED = f"{OUT}/plan/overview.json"
COMPARED = f"{OUT}/statistics/comparisons.json"


rule compare:
    input:
        plan=PLANNED,
        records=expand("{run}/{file}", run=RUNS, file=["run.json", "rows.jsonl.gz"]),
        logs=TRAINED,
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


rule prose:
    input:
        plan=PLANNED,
        comparisons=COMPARED,
        logs=TRAINED,
        code=sources("analysis.prose"),
    output:
        directory(f"{OUT}/text"),
    log:
        f"{OUT}/logs/prose.log",
    localrule: True
    message:
        "Write the sentences that depend on results"
    shell:
        "python -m analysis.prose --plan {input.plan} --comparisons {input.comparisons} --out {output} 2> {log}"


rule values:
    input:
        plan=PLANNED,
        comparisons=COMPARED,
        logs=TRAINED,
        paper=PAPER,
        text=rules.prose.output,
        code=sources("analysis.values"),
    output:
        f"{OUT}/values.json",
        f"{OUT}/values.tex",
    log:
        f"{OUT}/logs/values.log",
    localrule: True
    params:
        out=lambda wildcards, output: output[0].removesuffix(".json"),
    message:
        "Register every number of the paper"
    shell:
        "python -m analysis.values --plan {input.plan} --comparisons {input.comparisons} --out {params.out}"
        " --paper paper {input.text} > {log} 2>&1"
