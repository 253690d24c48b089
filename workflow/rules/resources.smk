# What runs took, on which nodes, after how many starts. Never the input of a number, and another file each time.
rule resources:
    input:
        plan=PLANNED,
        environments=LOGS,
        code=sources("analysis.resources"),
    output:
        f"{OUT}/resources.csv",
    log:
        f"{OUT}/logs/resources.log",
    localrule: True
    message:
        "List what the runs took"
    shell:
        "python -m analysis.resources --plan {input.plan} --out {output} 2> {log}"
