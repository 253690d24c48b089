# Seconds of a training step differ between builds: no rule reads the report.
rule report:
    input:
        plan=PLANNED,
        comparisons=COMPARED,
        phases=PHASED,
        claims=CLAIMS,
        records=expand("{run}/{file}", run=RUNS, file=["run.json", "rows.jsonl.gz"]),
        logs=TRAINED,
        templates=sorted(
            path.as_posix() for path in Path("analysis/report/templates").glob("*.*")
        ),
        code=sources("analysis.report.__main__"),
    output:
        index=f"{OUT}/report/index.html",
        phases=directory(f"{OUT}/report/phases"),
    log:
        f"{OUT}/logs/report.log",
    localrule: True
    params:
        out=subpath(output.index, parent=True),
    message:
        "Write the HTML report"
    shell:
        "mkdir -p {output.phases} && python -m analysis.report --plan {input.plan} --comparisons {input.comparisons}"
        " --phases {input.phases} --claims {input.claims} --out {params.out} 2> {log}"
