# The raw runs of a preset as files that git can hold: `snakemake archive` packs them.
rule archive:
    input:
        RECORDS,
        LOGS,
        VALUES,
        PROSE,
        expand(f"{OUT}/tables/{{name}}.csv", name=TABLES),
        expand(f"{OUT}/figures/{{name}}.png", name=FIGURES),
        plan=PLANNED,
        code=sources("analysis.archive"),
    log:
        f"{OUT}/logs/archive.log",
    localrule: True
    params:
        preset=PLAN.config.preset,
    message:
        "Pack the raw runs"
    shell:
        "python -m analysis.archive pack --preset {params.preset} > {log} 2>&1 || (cat {log} >&2; exit 1)"
