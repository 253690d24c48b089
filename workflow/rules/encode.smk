# One rule for each hidden-state store, since its outputs are the layers that the plan asks of it. Asking for one
# more layer runs the store's job again, which adds that layer and leaves the others as they are.
for STORE, SPEC in PLAN.states.items():
    ASKED = COST.store(STORE)

    rule:
        name:
            f"encode_{STORE}".replace("-", "_")
        input:
            spec=ancient(f"{CACHE}/plan/states/{STORE}.json"),
            model=f"{CACHE}/models/{SPEC['model']}/model.json",
            data=f"{CACHE}/data/{SPEC['data']}/task.json",
            code=stamp(CODE, "telepathy.encode"),
        output:
            [
                f"{CACHE}/states/{STORE}/layer-{layer:02d}.json"
                for layer in SPEC["layers"]
            ],
        log:
            f"{CACHE}/logs/states/{STORE}.log",
        # Before any run: most runs wait for stored states. One thread, so that the bytes do not depend on the cores.
        priority: 1000000
        threads: 1
        resources:
            mem_mb=lambda wildcards, attempt, asked=ASKED: attempt * asked.memory_mb,
            runtime=lambda wildcards, attempt, asked=ASKED: attempt * asked.minutes,
            gpu=HARDWARE.by_gpus(HARDWARE.one_copy),
            gres=HARDWARE.by_gres(HARDWARE.one_copy),
        params:
            layers=" ".join(map(str, SPEC["layers"])),
            out=subpath(output[0], parent=True),
        message:
            f"Encode {STORE}, layers {' '.join(map(str, SPEC['layers']))}{ASKS_GPU}"
        shell:
            "python -m telepathy.encode --spec {input.spec} --layers {params.layers} --cache results/cache"
            " --out {params.out} 2> {log}"
