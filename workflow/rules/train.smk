# Checkpoints lie outside the declared outputs, which Snakemake deletes before it starts a job again.
rule train:
    input:
        lambda wildcards: [f"{CACHE}/{name}" for name in PLAN.needs(wildcards.run)],
        spec=ancient(f"{OUT}/plan/runs/{{run}}.json"),
        code=sources("telepathy.train"),
    output:
        weights=f"{OUT}/runs/{{task}}/{{method}}/{{run}}/weights.safetensors",
        log=f"{OUT}/runs/{{task}}/{{method}}/{{run}}/train.jsonl",
        notes=f"{OUT}/runs/{{task}}/{{method}}/{{run}}/training.json",
    log:
        f"{OUT}/logs/train/{{task}}-{{method}}-{{run}}.log",
    threads: 2
    resources:
        mem_mb=lambda wildcards, attempt: 8000 * attempt,
        runtime=lambda wildcards, attempt: 240 * attempt,
        gpu=PLAN.config.hardware.gpus,
    params:
        out=subpath(output.weights, parent=True),
        checkpoints=f"{OUT}/checkpoints",
    message:
        "Train {wildcards.method} on {wildcards.task} ({wildcards.run})"
    shell:
        "python -m telepathy.train --spec {input.spec} --cache results/cache --checkpoints {params.checkpoints}"
        " --out {params.out} 2> {log}"
