rule baseline:
    input:
        lambda wildcards: [f"{CACHE}/{name}" for name in PLAN.needs(wildcards.run)],
        lambda wildcards: (
            f"{OUT}/{PLAN.runs[PLAN.runs[wildcards.run].uses].folder}/bridge.safetensors"
            if PLAN.runs[wildcards.run].uses
            else []
        ),
        spec=ancient(f"{OUT}/plan/runs/{{run}}.json"),
        code=sources("telepathy.baselines.run"),
    output:
        record=f"{OUT}/runs/{{task}}/{{method}}/{{run}}/run.json",
        rows=f"{OUT}/runs/{{task}}/{{method}}/{{run}}/rows.jsonl.gz",
        environment=f"{OUT}/runs/{{task}}/{{method}}/{{run}}/environment.json",
    log:
        f"{OUT}/logs/baseline/{{task}}-{{method}}-{{run}}.log",
    wildcard_constraints:
        run="|".join(PLAN.ids(trained=False)) or "none",
    threads: 2
    resources:
        mem_mb=lambda wildcards, attempt: 8000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
        gpu=PLAN.config.gpus,
    params:
        out=subpath(output.record, parent=True),
        bridge=lambda wildcards: (
            f"--bridge {OUT}/{PLAN.runs[PLAN.runs[wildcards.run].uses].folder}"
            if PLAN.runs[wildcards.run].uses
            else ""
        ),
    message:
        "Run {wildcards.method} on {wildcards.task} ({wildcards.run})"
    shell:
        "python -m telepathy.baselines.run --spec {input.spec} --cache results/cache --out {params.out}"
        " {params.bridge} 2> {log}"
