"""The smoke paper through sbatch to the PDF, beside a local build: the same bytes. `make test-slurm` runs this."""

import os
import shutil

import pytest
from builds import HERE, PROFILES, Build, copy_project
from cluster import Cluster, Job

SAME = ("runs/**/rows.jsonl.gz", "runs/**/run.json", "tables/**/*", "text/**/*", "statistics/*", "values.*",
        "figures/*", "verified.json", "rows.parquet", "croissant.json", "ro-crate-metadata.json")  # fmt: skip
HOLD_TIMES = ("speed.csv", "speed.tex", "logs.json")
"""What differs between any two builds: seconds a step; the hashes of logs, which hold times and hosts."""


@pytest.fixture(scope="module")
def both(base, cluster):
    """Both builds at the same time."""
    there = Build(copy_project(base / "cluster-build"), cluster.environment, *PROFILES)
    here = Build(copy_project(base / "local-build"), dict(os.environ), *HERE)
    try:
        here.finish()
        there.finish()
        yield here, there
    finally:
        for build in (here, there):
            build.end()


@pytest.mark.timeout(1800)
def test_the_paper_comes_out_of_the_cluster(both, cluster: Cluster):
    here, there = both
    if shutil.which("latexmk"):
        assert (there.out / "paper.pdf").read_bytes().startswith(b"%PDF")
        assert (there.out / "paper.pdf").read_bytes() == (here.out / "paper.pdf").read_bytes()
    jobs = own(cluster)
    assert len(jobs) > 20
    # A machine that stands still for some seconds may lose a job, which the profile then sends again. Its story is
    # told; two are a fault.
    failed = [job for job in jobs if job.state != "COMPLETED"]
    for job in failed:
        print(job, cluster.story(job), sep="\n")
        (log,) = (there.project / "results" / "slurm-logs").rglob(f"{job.id}.log")
        print(log.read_text())
    assert {job.rule for job in failed} <= {job.rule for job in jobs if job.state == "COMPLETED"}
    assert len(failed) <= 1, failed


def test_both_builds_give_the_same_bytes(both):
    here, there = both
    compared = 0
    for pattern in SAME:
        names = [
            sorted(path.relative_to(build.out) for path in build.out.glob(pattern) if path.is_file()) for build in both
        ]
        assert names[0] == names[1] != []
        for name in names[0]:
            if name.name not in HOLD_TIMES:
                assert (here.out / name).read_bytes() == (there.out / name).read_bytes(), name
                compared += 1
    assert compared > 300


def test_each_job_left_its_log_in_one_place(both, cluster: Cluster):
    _, there = both
    logs = {path.stem for path in (there.project / "results" / "slurm-logs").rglob("*.log")}
    assert logs == {job.id for job in own(cluster)}


def test_jobs_have_names_that_a_person_recognises(both, cluster: Cluster):
    names = dict(line.split() for line in cluster.ask("squeue", "-h", "--states=all", "-o", "%i %.9j").splitlines())
    assert {names[job.id] for job in own(cluster)} == {"telepathy"}


def own(cluster: Cluster) -> list[Job]:
    """The jobs of the build, which carry their rule's name; other checks on the same cluster have theirs."""
    return [job for job in cluster.jobs() if job.rule.startswith("rule_")]
