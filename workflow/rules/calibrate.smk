def calibration_needs(wildcards):
    """The receiver, the raw texts and their stored states."""
    spec = PLAN.calibrations[wildcards.key]
    return [
        f"{CACHE}/models/{spec['receiver']}/model.json",
        f"{CACHE}/data/{spec['data']}/task.json",
        f"{CACHE}/states/{spec['states']}/layer-{spec['layer']:02d}.json",
    ]


rule calibrate:
    input:
        calibration_needs,
        spec=ancient(f"{CACHE}/plan/calibrations/{{key}}.json"),
        code=sources("telepathy.calibrate"),
    output:
        f"{CACHE}/calibrations/{{key}}/statistics.safetensors",
        f"{CACHE}/calibrations/{{key}}/calibration.json",
    log:
        f"{CACHE}/logs/calibrations/{{key}}.log",
    threads: 2
    resources:
        mem_mb=lambda wildcards, attempt: 8000 * attempt,
        runtime=lambda wildcards, attempt: 30 * attempt,
        gpu=PLAN.config.gpus,
    params:
        out=subpath(output[0], parent=True),
    message:
        "Calibrate {wildcards.key}"
    shell:
        "{PYTHON} -m telepathy.calibrate --spec {input.spec} --cache {CACHE} --out {params.out} 2> {log}"
