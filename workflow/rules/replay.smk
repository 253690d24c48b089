# Instead of training: put the archived raw runs back, each file checked against the manifest. Needs no model, no data
# and no network.
rule replay:
    input:
        plan=ancient(f"{OUT}/plan/overview.json"),
        manifest=f"results/archive/{PLAN.config.preset}/manifest.json",
        code=sources("analysis.archive"),
    output:
        expand(
            "{run}/{file}",
            run=RUNS,
            file=["run.json", "rows.jsonl.gz", "environment.json"],
        ),
        TRAINED,
    log:
        f"{OUT}/logs/replay.log",
    localrule: True
    params:
        preset=PLAN.config.preset,
    message:
        "Put the archived runs back"
    shell:
        "python -m analysis.archive restore --preset {params.preset} > {log} 2>&1 || (cat {log} >&2; exit 1)"
