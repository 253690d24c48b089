# Runs of one task and pair share a process, which loads each model once. One thread each: two such processes on two
# cores do more than one with two threads, and the bytes do not depend on the number of cores.
TRAINED_FILES = ["weights.safetensors", "train.jsonl", "training.json"]
RUN_FILES = ["run.json", "rows.jsonl.gz", "environment.json"]

# An edit of the bridge does not run the baselines again.
STAGES = {
    "baseline": ["telepathy.baselines.run"],
    "trained": ["telepathy.train", "telepathy.evaluate"],
    "latency": ["telepathy.latency"],
    "reuse": ["telepathy.reuse"],
}

for GROUP, IDS in PLAN.groups().items():
    ASKED = COST.group(IDS)
    USED = [PLAN.runs[run].uses for run in IDS if PLAN.runs[run].uses]

    rule:
        name:
            f"runs_{GROUP}".replace("-", "_")
        input:
            sorted({f"{CACHE}/{name}" for run in IDS for name in PLAN.needs(run)}),
            [f"{OUT}/{PLAN.runs[run].folder}/weights.safetensors" for run in USED],
            ancient([f"{OUT}/plan/runs/{run}.json" for run in IDS]),
            code=[stamp(CODE, *STAGES[GROUP.split("-")[-2]]), "telepathy/runs.py"],
        output:
            [
                f"{OUT}/{PLAN.runs[run].folder}/{name}"
                for run in IDS
                for name in RUN_FILES
                + (TRAINED_FILES if run in PLAN.ids("trained") else [])
            ],
        log:
            f"{OUT}/logs/runs/{GROUP}.log",
        # The longest first, so that no core waits for the last group.
        priority: 1 + round(ASKED.seconds)
        threads: 1
        resources:
            mem_mb=lambda wildcards, attempt, asked=ASKED: attempt * asked.memory_mb,
            runtime=lambda wildcards, attempt, asked=ASKED: attempt * asked.minutes,
            gpu=HARDWARE.by_gpus(HARDWARE.one_copy),
            gres=HARDWARE.by_gres(HARDWARE.one_copy),
        params:
            ids=" ".join(IDS),
            preset=PLAN.config.preset,
            memory="--checkpointing" if HARDWARE.checkpointing else "",
        message:
            f"Runs {GROUP} ({len(IDS)}){ASKS_GPU}"
        shell:
            "python -m telepathy.runs --preset {params.preset} --ids {params.ids} {params.memory} 2> {log}"
