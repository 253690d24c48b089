# With more GPUs than one copy of the models takes, several processes train a run together (torchrun).
PROCESSES = HARDWARE.processes
STAGE = (
    "telepathy.train"
    if PROCESSES == 1
    else f"telepathy.launch {PROCESSES} telepathy.train"
)


# Checkpoints lie outside the declared outputs, which Snakemake deletes before it starts a job again.
rule train:
    input:
        lambda wildcards: [f"{CACHE}/{name}" for name in PLAN.needs(wildcards.run)],
        spec=ancient(f"{OUT}/plan/runs/{{run}}.json"),
        code=stamp(CODE, "telepathy.train"),
    output:
        weights=f"{OUT}/runs/{{task}}/{{method}}/{{run}}/weights.safetensors",
        log=f"{OUT}/runs/{{task}}/{{method}}/{{run}}/train.jsonl",
        notes=f"{OUT}/runs/{{task}}/{{method}}/{{run}}/training.json",
    log:
        f"{OUT}/logs/train/{{task}}-{{method}}-{{run}}.log",
    threads: 2
    resources:
        mem_mb=lambda wildcards, attempt: attempt * COST.train(wildcards.run).memory_mb,
        runtime=lambda wildcards, attempt: attempt * COST.train(wildcards.run).minutes,
        gpu=HARDWARE.by_gpus(HARDWARE.gpus),
        gres=HARDWARE.by_gres(HARDWARE.gpus),
    params:
        out=subpath(output.weights, parent=True),
        checkpoints=f"{OUT}/checkpoints",
        stage=STAGE,
        memory="--checkpointing" if HARDWARE.checkpointing else "",
    message:
        f"Train {{wildcards.method}} on {{wildcards.task}} ({{wildcards.run}}){ASKS_GPU}"
    shell:
        "python -m {params.stage} --spec {input.spec} --cache results/cache --checkpoints {params.checkpoints}"
        " --out {params.out} {params.memory} 2> {log}"
