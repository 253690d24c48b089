rule prepare_data:
    input:
        spec=ancient(f"{CACHE}/plan/data/{{key}}.json"),
        code=stamp(CODE, "telepathy.data.prepare"),
    output:
        f"{CACHE}/data/{{key}}/task.json",
    log:
        f"{CACHE}/logs/data/{{key}}.log",
    priority: 1000000
    resources:
        mem_mb=lambda wildcards, attempt: attempt * COST.data(wildcards.key).memory_mb,
        runtime=lambda wildcards, attempt: attempt * COST.data(wildcards.key).minutes,
    params:
        out=subpath(output[0], parent=True),
    message:
        f"Prepare data {{wildcards.key}}{ASKS}"
    shell:
        "python -m telepathy.data.prepare --spec {input.spec} --out {params.out} 2> {log}"
