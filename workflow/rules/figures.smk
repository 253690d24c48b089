rule figure:
    input:
        plan=PLANNED,
        comparisons=COMPARED,
        logs=branch(
            lambda wildcards: wildcards.name == "training_curves",
            then=[LOGS],
            otherwise=[],
        ),
        phases=branch(
            lambda wildcards: wildcards.name == "phases",
            then=[PHASED],
            otherwise=[],
        ),
        style="analysis/figures/style.mplstyle",
        code=lambda wildcards: sources(f"analysis.figures.{wildcards.name}"),
    output:
        pdf=f"{OUT}/figures/{{name}}.pdf",
        png=report(
            f"{OUT}/figures/{{name}}.png",
            caption="../report/figure.rst",
            category="Figures",
            labels=lambda wildcards: {
                "figure": wildcards.name.replace("_", " "),
                "shows": about("figures", wildcards.name),
            },
        ),
        csv=f"{OUT}/figures/{{name}}.csv",
    log:
        f"{OUT}/logs/figures/{{name}}.log",
    wildcard_constraints:
        name="|".join(FIGURES),
    localrule: True
    params:
        out=f"{OUT}/figures/{{name}}",
        phases=lambda wildcards, input: (
            f"--phases {input.phases}" if input.phases else ""
        ),
    message:
        "Figure {wildcards.name}"
    shell:
        "python -m analysis.figures.{wildcards.name} --plan {input.plan} --comparisons {input.comparisons}"
        " {params.phases} --out {params.out} 2> {log}"
