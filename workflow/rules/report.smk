# Seconds of a training step differ between builds: no rule reads the report.
rule report:
    input:
        plan=PLANNED,
        comparisons=COMPARED,
        phases=PHASED,
        claims=CLAIMS,
        records=RECORDS,
        logs=LOGS,
        values=f"{OUT}/values.json",
        tables=expand(f"{OUT}/tables/{{name}}.csv", name=TABLES),
        figures=expand(f"{OUT}/figures/{{name}}.png", name=FIGURES),
        templates=sorted(
            path.as_posix() for path in Path("analysis/report/templates").glob("*.*")
        ),
        code=sources("analysis.report.__main__"),
    output:
        index=f"{OUT}/report/index.html",
        pages=expand(
            f"{OUT}/report/{{page}}.html",
            page=["values", "runs", "tables", "figures", "code"],
        ),
        folders=[
            directory(f"{OUT}/report/{part}")
            for part in ("phases", "values", "runs", "tables", "figures")
        ],
    log:
        f"{OUT}/logs/report.log",
    localrule: True
    params:
        out=subpath(output.index, parent=True),
    message:
        "Write the HTML report"
    shell:
        "mkdir -p {output.folders} && python -m analysis.report --plan {input.plan} --comparisons {input.comparisons}"
        " --phases {input.phases} --claims {input.claims} --values {input.values} --tables {input.tables}"
        " --figures {input.figures} --out {params.out} 2> {log}"
