"""The measurement of the paper's shapes runs through, on models a 64th as wide."""

import json
import subprocess
import sys

import pytest
from helpers import ROOT

pytestmark = pytest.mark.slow


def test_scaled_down_shapes_are_measured(tmp_path):
    words = [sys.executable, ROOT / "benchmarks" / "true_shape.py", "--scale", "64", "--folder", tmp_path]
    done = subprocess.run(
        [*words, "--checkpointing"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["checkpointing"]
    for method in ("bridge", "p17"):
        assert found[f"train_{method}"]["seconds_a_step"] > 0
        assert found[f"train_{method}"]["seconds_a_step_for_live_states"] > 0
    assert all(found["latency"][way]["median_ms"] > 0 for way in ("bridge", "receiver", "relay"))
    assert not list(tmp_path.iterdir())
