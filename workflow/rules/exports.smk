# The build in the words of others: Croissant for the rows, a Workflow Run RO-Crate for the whole. Neither has a time.
RULES = sorted(path.as_posix() for path in Path("workflow/rules").glob("*.smk"))


rule croissant:
    input:
        plan=PLANNED,
        records=RECORDS,
        citation="CITATION.cff",
        code=sources("analysis.exports.__main__"),
    output:
        f"{OUT}/croissant.json",
        f"{OUT}/rows.parquet",
    log:
        f"{OUT}/logs/croissant.log",
    localrule: True
    message:
        "Put all rows into one table"
    shell:
        "python -m analysis.exports croissant --plan {input.plan} 2> {log} || (cat {log} >&2; exit 1)"


# Last of all, since it names every file of the build.
rule crate:
    input:
        f"{OUT}/croissant.json",
        f"{OUT}/rows.parquet",
        PROSE,
        VALUES,
        expand(f"{OUT}/tables/{{name}}.{{ending}}", name=TABLES, ending=["csv", "tex"]),
        expand(
            f"{OUT}/figures/{{name}}.{{ending}}",
            name=FIGURES,
            ending=["csv", "pdf", "png"],
        ),
        [f"{OUT}/paper.pdf", f"{OUT}/verified.json"] if LATEX else [],
        LOGS,
        plan=PLANNED,
        comparisons=COMPARED,
        phases=PHASED,
        report=f"{OUT}/report/index.html",
        records=RECORDS,
        workflow=["Snakefile", *RULES],
        citation="CITATION.cff",
        code=sources("analysis.exports.__main__"),
    output:
        f"{OUT}/ro-crate-metadata.json",
        f"{OUT}/Snakefile",
        [f"{OUT}/{name}" for name in RULES],
    log:
        f"{OUT}/logs/crate.log",
    localrule: True
    message:
        "Describe the build"
    shell:
        "python -m analysis.exports crate --plan {input.plan} 2> {log} || (cat {log} >&2; exit 1)"
