"""The list of what runs took: one line a stage, from histories with kills, requeues and GPUs."""

import json

import pandas as pd
from helpers import command, one_clear_line


def build(tmp_path, environments):
    (tmp_path / "plan").mkdir()
    runs = {name: {"folder": f"runs/{name}", "task": "t", "method": "m", "spec": {"seed": 0}} for name in environments}
    (tmp_path / "plan" / "overview.json").write_text(json.dumps({"runs": runs}))
    for name, environment in environments.items():
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "environment.json").write_text(json.dumps(environment))
    out = tmp_path / "resources.csv"
    return command("analysis.resources", "--plan", tmp_path / "plan" / "overview.json", "--out", out), out


def test_every_stage_has_a_line(tmp_path):
    job = {"id": "7", "node": "g1", "partition": "gpu"}
    history = [
        {"stage": "train", "ended": "killed", "host": "a", "job": job},
        {"stage": "train", "ended": "Interrupted: stopped by SIGTERM", "wall_seconds": 10.0, "job": job},
        {"stage": "train", "ended": "finished", "wall_seconds": 5.5, "peak_host_mb": 900,
         "job": job | {"id": "8", "requeues": "1"}},
        {"stage": "evaluate", "ended": "writing", "host": "a"},
    ]  # fmt: skip
    gpu = {"device": "NVIDIA X", "wall_seconds": 3.0, "peak_memory_mb": 16000, "history": history}
    done, out = build(tmp_path, {"one": gpu, "old": {"device": "CPU x86_64", "wall_seconds": 2.0}})
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(out, dtype={"job": "string"})
    assert list(table.stage.fillna("")) == ["train", "evaluate", ""]
    train, evaluate, old = (table.iloc[row] for row in range(3))
    assert (train.starts, train.job, train.node, train.requeues) == (3, "8", "g1", 1)
    assert train.ended_before == "killed; Interrupted: stopped by SIGTERM"
    assert (train.wall_seconds, train.all_starts_seconds, train.peak_host_mb) == (5.5, 15.5, 900)
    assert (evaluate.wall_seconds, evaluate.peak_gpu_mb, evaluate.node) == (3.0, 16000, "a")
    assert old.wall_seconds == 2.0


def test_a_missing_environment_is_one_clear_line(tmp_path):
    done, out = build(tmp_path, {"one": {}})
    (tmp_path / "runs" / "one" / "environment.json").unlink()
    done = command("analysis.resources", "--plan", tmp_path / "plan" / "overview.json", "--out", out)
    one_clear_line(done, "environment.json: no such file")
