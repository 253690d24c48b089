"""Real weights: the bridge memorises a batch, and the quick preset's main claim holds from its rows."""

import json
from pathlib import Path

import pytest
import torch
from helpers import ROOT

from telepathy.assemble import assemble
from telepathy.config import load
from telepathy.data.rows import read_split
from telepathy.planner import make_plan

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
CACHE = ROOT / "results" / "cache"
QUICK = ROOT / "results" / "quick"


def quick_run(task: str, method: str):
    run = next(run for run in make_plan(load("quick")).runs.values() if (run.task, run.method) == (task, method))
    needed = [CACHE / name for name in make_plan(load("quick")).needs(run.id)]
    if not all(path.exists() for path in needed):
        pytest.skip("needs the prepared models and states of `make paper`")
    return run


@pytest.mark.parametrize(("task", "method", "tokens"), [("rotten_tomatoes", "bridge", 0), ("word_problems", "p01", 12)])
def test_one_batch_of_eight_is_memorised(task, method, tokens):
    run = quick_run(task, method)
    spec = run.spec | {"id": run.id}
    if tokens:
        # The label recipe's normalizer and bounded output; phase 1's own are judged in the paper, not here.
        spec["recipe"] = spec["recipe"] | {"normalizer": "layer_norm", "calibration": None, "output": "rms_scale"}
        spec.pop("calibration")
    bridge, objective = assemble(spec, CACHE)
    if tokens:
        objective.recipe.training.__dict__["max_target_tokens"] = tokens
    batch = read_split(CACHE / "data" / spec["data"], "train")[:8]
    optimizer = torch.optim.AdamW(bridge.parameters(), lr=5e-4, weight_decay=0)
    losses = []
    for _ in range(400):
        term = objective.terms(bridge, batch)[0]["lm"]
        optimizer.zero_grad()
        term.backward()
        torch.nn.utils.clip_grad_norm_(bridge.parameters(), 1.0)
        optimizer.step()
        losses.append(term.item())
        if losses[-1] < 0.04:
            break
    assert losses[-1] < 0.05, losses[::20]


def test_the_bridge_beats_the_receivers_zero_shot_on_rotten_tomatoes():
    """Exact McNemar, Holm-adjusted, from rows."""
    path = QUICK / "statistics" / "comparisons.json"
    if not path.exists():
        pytest.skip("needs `make paper`")
    found = [
        one
        for one in json.loads(Path(path).read_text())["comparisons"]
        if one["task"] == "rotten_tomatoes" and one["method"] == "receiver_zero_shot" and one["experiment"] == "main"
    ]
    assert len(found) == 1
    assert found[0]["n"] >= 300
    assert found[0]["difference"] > 0
    assert found[0]["p_holm"] < 0.05
