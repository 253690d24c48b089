# Runs that use the trained bridge of another one.
def used(wildcards):
    """Folder of the trained run that a run depends on."""
    return f"{OUT}/{PLAN.runs[PLAN.runs[wildcards.run].uses].folder}"


rule latency:
    input:
        lambda wildcards: [f"{CACHE}/{name}" for name in PLAN.needs(wildcards.run)],
        weights=lambda wildcards: f"{used(wildcards)}/weights.safetensors",
        spec=ancient(f"{OUT}/plan/runs/{{run}}.json"),
        code=stamp(CODE, "telepathy.latency"),
    output:
        record=f"{OUT}/runs/{{task}}/{{method}}/{{run}}/run.json",
        rows=f"{OUT}/runs/{{task}}/{{method}}/{{run}}/rows.jsonl.gz",
        environment=f"{OUT}/runs/{{task}}/{{method}}/{{run}}/environment.json",
    log:
        f"{OUT}/logs/latency/{{task}}-{{method}}-{{run}}.log",
    wildcard_constraints:
        run="|".join(PLAN.ids("latency")) or "none",
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
        bridge=lambda wildcards: used(wildcards),
    message:
        f"Time {{wildcards.method}} on {{wildcards.task}} ({{wildcards.run}}){ASKS_GPU}"
    shell:
        "python -m telepathy.latency --spec {input.spec} --cache results/cache --bridge {params.bridge}"
        " --out {params.out} 2> {log}"


rule reuse:
    input:
        lambda wildcards: [f"{CACHE}/{name}" for name in PLAN.needs(wildcards.run)],
        weights=lambda wildcards: f"{used(wildcards)}/weights.safetensors",
        spec=ancient(f"{OUT}/plan/runs/{{run}}.json"),
        code=stamp(CODE, "telepathy.reuse"),
    output:
        record=f"{OUT}/runs/{{task}}/{{method}}/{{run}}/run.json",
        rows=f"{OUT}/runs/{{task}}/{{method}}/{{run}}/rows.jsonl.gz",
        environment=f"{OUT}/runs/{{task}}/{{method}}/{{run}}/environment.json",
    log:
        f"{OUT}/logs/reuse/{{task}}-{{method}}-{{run}}.log",
    wildcard_constraints:
        run="|".join(PLAN.ids("reuse")) or "none",
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
        bridge=lambda wildcards: used(wildcards),
    message:
        f"Score {{wildcards.method}} on {{wildcards.task}} ({{wildcards.run}}){ASKS_GPU}"
    shell:
        "python -m telepathy.reuse --spec {input.spec} --cache results/cache --bridge {params.bridge}"
        " --out {params.out} 2> {log}"
