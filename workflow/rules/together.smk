# Runs of one task and pair share a process, which loads each model once. One thread each: two such processes on two
# cores do more than one with two threads, and the bytes do not depend on the number of cores.
TRAINED_FILES = ["bridge.safetensors", "train.jsonl", "gradients.json"]
RUN_FILES = ["run.json", "rows.jsonl.gz", "environment.json"]

for GROUP, IDS in PLAN.groups().items():
    USED = [PLAN.runs[run].uses for run in IDS if PLAN.runs[run].uses]

    rule:
        name:
            f"runs_{GROUP}".replace("-", "_")
        input:
            sorted({f"{CACHE}/{name}" for run in IDS for name in PLAN.needs(run)}),
            [f"{OUT}/{PLAN.runs[run].folder}/bridge.safetensors" for run in USED],
            ancient([f"{OUT}/plan/runs/{run}.json" for run in IDS]),
            code=sources("telepathy.runs"),
        output:
            [
                f"{OUT}/{PLAN.runs[run].folder}/{name}"
                for run in IDS
                for name in RUN_FILES
                + (TRAINED_FILES if run in PLAN.ids(trained=True) else [])
            ],
        log:
            f"{OUT}/logs/runs/{GROUP}.log",
        threads: 1
        resources:
            mem_mb=lambda wildcards, attempt: 8000 * attempt,
            runtime=lambda wildcards, attempt: 480 * attempt,
            gpu=PLAN.config.gpus,
        params:
            ids=" ".join(IDS),
            out=OUT,
        message:
            f"Runs {GROUP} ({len(IDS)})"
        shell:
            "python -m telepathy.runs --ids {params.ids} --results {params.out} --cache results/cache 2> {log}"
