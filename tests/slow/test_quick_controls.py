"""What `quick` must show on real weights: controls at chance, receivers that learned, a probe anyone can repeat."""

import json

import numpy as np
import pytest
from helpers import ROOT
from sklearn.linear_model import LogisticRegression

from telepathy.data.rows import read_split
from telepathy.record import read_run
from telepathy.store import LayerStore

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
QUICK, CACHE = ROOT / "results" / "quick", ROOT / "results" / "cache"
CONTROLS = ["zero_tokens", "mean_tokens", "random_tokens", "shuffled_tokens"]


@pytest.fixture(scope="module")
def compared() -> dict:
    path = QUICK / "statistics" / "comparisons.json"
    if not path.exists():
        pytest.skip("needs `make paper`")
    return json.loads(path.read_text())


def one(entries: list, **wanted) -> dict:
    (found,) = [entry for entry in entries if all(entry[key] == value for key, value in wanted.items())]
    return found


@pytest.mark.parametrize("control", CONTROLS)
def test_the_sender_is_essential_on_rotten_tomatoes(compared, control):
    """The bridge is above each control (exact McNemar, Holm), and the control is not above chance or a constant."""
    place = {"experiment": "controls", "task": "rotten_tomatoes", "method": control}
    against = one(compared["comparisons"], against="reference", **place)
    assert against["difference"] > 0
    assert against["p_holm"] < 0.05
    cell = one(compared["cells"], **place)
    null = one(compared["comparisons"], against="null", **place)
    assert cell["against_chance"] == "no evidence" or null["verdict"] == "no evidence"


@pytest.mark.parametrize("task", ["rotten_tomatoes", "bbc_news"])
@pytest.mark.parametrize("method", ["prompt_tuning", "lora"])
def test_training_the_receiver_reaches_its_calibrated_zero_shot(compared, task, method):
    cells = [cell for cell in compared["cells"] if cell["experiment"] == "main" and cell["task"] == task]
    assert one(cells, method=method)["accuracy"] >= one(cells, method="receiver_calibrated")["accuracy"]


@pytest.mark.parametrize("task", ["rotten_tomatoes", "bbc_news"])
def test_the_probe_is_what_scikit_learn_gives_by_hand(compared, task):
    cell = one(compared["cells"], experiment="main", task=task, method="linear_probe")
    raw = read_run(QUICK / "runs" / task / "linear_probe" / cell["run"])
    spec, chosen = raw.record["spec"], raw.record["resolved"]
    if not (CACHE / "states" / spec["states"]).exists():
        pytest.skip("needs the stored states of `make paper`")
    store = LayerStore(CACHE / "states" / spec["states"], chosen["layer"])

    def last_states(split: str) -> tuple[np.ndarray, list[str]]:
        items = read_split(CACHE / "data" / spec["data"], split)
        return np.stack([store[item.text_sha256][-1].float().numpy() for item in items]), [item.gold for item in items]

    x, y = last_states("train")
    mean, deviation = x.mean(0), x.std(0)
    model = LogisticRegression(C=chosen["strength"], max_iter=2000).fit((x - mean) / deviation, y)
    x_test, _ = last_states("test")
    by_hand = model.predict((x_test - mean) / deviation).tolist()
    assert sum(a == row.prediction for a, row in zip(by_hand, raw.rows, strict=True)) >= len(raw.rows) - 1
