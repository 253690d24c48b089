rule literals:
    input:
        PAPER,
        text=PROSE,
        code=sources("analysis.literals"),
    output:
        touch(f"{OUT}/latex/literals.ok"),
    log:
        f"{OUT}/logs/literals.log",
    localrule: True
    message:
        "Look for typed results in paper/ and in the generated sentences"
    shell:
        "python -m analysis.literals paper --text {input.text} > {log} 2>&1 || (cat {log} >&2; exit 1)"


# First the gate: every value is made again from the rows, and must be what the tables and sentences were made from. The
# date that LaTeX sees is fixed, so that the same inputs give the same PDF.
rule pdf:
    input:
        PAPER,
        f"{OUT}/latex/literals.ok",
        PROSE,
        VALUES,
        expand(f"{OUT}/tables/{{name}}.tex", name=TABLES),
        expand(f"{OUT}/figures/{{name}}.pdf", name=FIGURES),
        RECORDS,
        plan=PLANNED,
        comparisons=COMPARED,
        phases=PHASED,
        values=f"{OUT}/values.json",
        shown=[
            *expand(f"{OUT}/tables/{{name}}.csv", name=TABLES),
            *expand(f"{OUT}/figures/{{name}}.csv", name=FIGURES),
        ],
        code=sources("analysis.latexlog", "analysis.pdfcheck", "analysis.verify"),
    output:
        pdf=report(
            f"{OUT}/paper.pdf",
            caption="../report/paper.rst",
            category="Paper",
            labels={"file": "paper.pdf", "shows": "The article."},
        ),
        verified=f"{OUT}/verified.json",
    log:
        f"{OUT}/logs/paper.log",
    localrule: True
    params:
        results=lambda wildcards, output: Path(output.pdf).parent.resolve(),
        # Seconds a step are never the same, so the paper does not print them.
        tables=[f"{OUT}/tables/{name}.tex" for name in TABLES if name != "speed"],
    message:
        "Make every value again, typeset the paper"
    shell:
        "(python -m analysis.verify --plan {input.plan} --comparisons {input.comparisons} --phases {input.phases}"
        " --values {input.values} --shown {input.shown} --out {output.verified} > {log} 2>&1"
        " || (cat {log} >&2; exit 1))"
        " && cd paper && export TEXINPUTS=.:{params.results}: SOURCE_DATE_EPOCH=1700000000 FORCE_SOURCE_DATE=1"
        " && latexmk -pdf -g -interaction=nonstopmode -halt-on-error -outdir={params.results}/latex main.tex"
        " >> ../{log} 2>&1 && cd .. && python -m analysis.latexlog {params.results}/latex/main.log --overfull 15 >> {log} 2>&1"
        " && python -m analysis.pdfcheck {params.results}/latex/main.pdf {params.tables} >> {log} 2>&1"
        " && cp {params.results}/latex/main.pdf {output.pdf}"
