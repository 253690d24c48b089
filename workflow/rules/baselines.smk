rule baseline:
    input:
        lambda wildcards: [f"{CACHE}/{name}" for name in PLAN.needs(wildcards.run)],
        spec=ancient(f"{OUT}/plan/runs/{{run}}.json"),
        code=stamp(CODE, "telepathy.baselines.run"),
    output:
        record=f"{OUT}/runs/{{task}}/{{method}}/{{run}}/run.json",
        rows=f"{OUT}/runs/{{task}}/{{method}}/{{run}}/rows.jsonl.gz",
        environment=f"{OUT}/runs/{{task}}/{{method}}/{{run}}/environment.json",
    log:
        f"{OUT}/logs/baseline/{{task}}-{{method}}-{{run}}.log",
    wildcard_constraints:
        run="|".join(PLAN.ids("baseline")) or "none",
    threads: 2
    resources:
        mem_mb=lambda wildcards, attempt: attempt
        * COST.evaluate(wildcards.run).memory_mb,
        runtime=lambda wildcards, attempt: attempt
        * COST.evaluate(wildcards.run).minutes,
        gpu=HARDWARE.by_gpus(HARDWARE.one_copy),
        gres=HARDWARE.by_gres(HARDWARE.one_copy),
    params:
        out=subpath(output.record, parent=True),
    message:
        f"Run {{wildcards.method}} on {{wildcards.task}} ({{wildcards.run}}){ASKS_GPU}"
    shell:
        "python -m telepathy.baselines.run --spec {input.spec} --cache results/cache --out {params.out} 2> {log}"
