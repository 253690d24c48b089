rule prepare_model:
    input:
        spec=ancient(f"{CACHE}/plan/models/{{key}}.json"),
        code=stamp(CODE, "telepathy.models.prepare"),
    output:
        f"{CACHE}/models/{{key}}/model.json",
    log:
        f"{CACHE}/logs/models/{{key}}.log",
    priority: 1000000
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: attempt * COST.model(wildcards.key).memory_mb,
        runtime=lambda wildcards, attempt: attempt * COST.model(wildcards.key).minutes,
    params:
        out=subpath(output[0], parent=True),
    message:
        f"Prepare model {{wildcards.key}}{ASKS}"
    shell:
        "python -m telepathy.models.prepare --spec {input.spec} --out {params.out} 2> {log}"
