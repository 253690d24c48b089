rule calibrate:
    input:
        lambda wildcards: [
            f"{CACHE}/{name}" for name in PLAN.calibration_needs(wildcards.key)
        ],
        spec=ancient(f"{CACHE}/plan/calibrations/{{key}}.json"),
        code=stamp(CODE, "telepathy.calibrate"),
    output:
        f"{CACHE}/calibrations/{{key}}/statistics.safetensors",
        f"{CACHE}/calibrations/{{key}}/calibration.json",
    log:
        f"{CACHE}/logs/calibrations/{{key}}.log",
    priority: 1000000
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: attempt
        * COST.calibration(wildcards.key).memory_mb,
        runtime=lambda wildcards, attempt: attempt
        * COST.calibration(wildcards.key).minutes,
        gpu=HARDWARE.by_gpus(HARDWARE.one_copy),
        gres=HARDWARE.by_gres(HARDWARE.one_copy),
    params:
        out=subpath(output[0], parent=True),
    message:
        f"Calibrate {{wildcards.key}}{ASKS_GPU}"
    shell:
        "python -m telepathy.calibrate --spec {input.spec} --cache results/cache --out {params.out} 2> {log}"
