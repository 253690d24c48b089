"""Stage: latency of one item at a time: bridge, relay by text, receiver alone (phases 26 and 27).

    python -m telepathy.latency --spec results/quick/plan/runs/ID.json --cache results/cache \\
        --bridge results/quick/runs/TASK/METHOD/ID --out results/quick/runs/TASK/METHOD/ID

The rows are the bridge's answers on the timed items. Times go to `environment.json`, for they are never the same
twice. Unlike the record, which set one step of the receiver against generating fifty-five tokens, every way here
ends in the same scoring of the same labels, and the relay's writing is timed on its own.
"""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import fmean, median
from typing import Any

import torch

from telepathy.assemble import assemble_bridge
from telepathy.baselines.outcome import Outcome, write_outcome
from telepathy.bridge.bridge import load_weights
from telepathy.cli import stage_arguments
from telepathy.data.prompts import continuation, fit, reading
from telepathy.data.rows import Item, read_split
from telepathy.data.verbalizer import make_verbalizer
from telepathy.device import Stopwatch, pick_device
from telepathy.errors import fail, run_stage
from telepathy.evaluation.bridged import bridge_rows
from telepathy.files import read_json
from telepathy.history import recorded
from telepathy.models.frozen import frozen
from telepathy.receiver import decode, label_scores


def run(spec: dict[str, Any], cache: Path, bridge: Path, out: Path) -> None:
    """Answer, time, and write the raw run; `bridge` is the folder of the timed bridge's run."""
    watch = Stopwatch(pick_device(), None)
    with recorded(out, "latency"):
        write_outcome(_measure(spec, cache, bridge), spec, cache, out, watch, "telepathy.latency")


def _measure(spec: dict[str, Any], cache: Path, bridge_folder: Path) -> Outcome:
    """Answer and time the first test rows.

    Args:
        spec: the run's specification; `bridge` in it is that of the timed bridge.
        cache: models, data, states.
        bridge_folder: folder of the timed bridge's run.

    Raises:
        UserError: a task with open answers, which have no common last step to time.
    """
    task, recipe = spec["task"], spec["recipe"]
    if not task["labels"]:
        raise fail("methods", "latency needs a closed label set", "choose another task")
    bridge, objective = assemble_bridge(spec["bridge"], cache)
    load_weights(bridge, bridge_folder / "weights.safetensors")
    receiver, verbalizer = objective.receiver, objective.verbalizer
    sender = frozen(cache / "models" / spec["models"]["sender"], spec["compute"], pick_device())
    items = read_split(cache / "data" / spec["data"], "test")[: recipe["items"]]
    layer = spec["bridge"]["recipe"]["layer"]
    template = task["zero_shot_prompt"] or task["sender_prompt"]
    labels = {label: receiver.tokens(continuation(template, label)) for label in task["labels"]}
    plain = make_verbalizer(labels, receiver.tokenizer.eos_token_id)

    def by_bridge(item: Item) -> None:
        prompt = reading(sender, fit(sender, objective.sender_prompt, item.text, task["max_tokens"]))
        ids = torch.tensor([prompt], device=sender.device)
        mask = torch.ones_like(ids)
        states = sender.states(ids, mask, [layer])[layer].float().to(receiver.device)
        with objective.autocast():
            soft = bridge(states, mask.bool().to(receiver.device))
        label_scores(receiver, [objective.layout.prefix], verbalizer or plain, soft)

    def directly(item: Item, text: str | None = None) -> None:
        prompt = reading(receiver, fit(receiver, template, text or item.text, task["max_tokens"]))
        label_scores(receiver, [prompt], plain, None)

    def by_relay(item: Item) -> None:
        relay = recipe["relay"]
        prompt = reading(sender, fit(sender, relay["prompt"], item.text, task["max_tokens"]))
        directly(item, decode(sender, [prompt], None, relay["max_new_tokens"])[0])

    bridge.eval()
    ways = {"bridge": by_bridge, "receiver": directly, "relay": by_relay}
    with torch.no_grad():
        times = {name: timed(way, items, recipe["warmup"]) for name, way in ways.items()}
    rows = bridge_rows(bridge, objective, items)
    shown = {name: {"median_ms": median(found), "mean_ms": round(fmean(found), 3)} for name, found in times.items()}
    return Outcome(rows, receiver.device, receiver.dtype, volatile={"latency": shown, "milliseconds": times})


def timed(way: Callable[[Item], None], items: list[Item], warmup: int) -> list[float]:
    """Milliseconds of each item, one at a time, after `warmup` untimed ones."""
    for item in items[:warmup]:
        way(item)
    found = []
    for item in items:
        _wait()
        start = time.perf_counter()
        way(item)
        _wait()
        found.append(round(1000 * (time.perf_counter() - start), 3))
    return found


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def main() -> None:
    """Command line."""
    parser = stage_arguments(__doc__, "run", "the run's folder", "models, data, states, calibrations")
    parser.add_argument("--bridge", type=Path, required=True, help="folder of the trained run that is timed")
    options = parser.parse_args()
    run(read_json(options.spec, "`snakemake -n`"), options.cache, options.bridge, options.out)


if __name__ == "__main__":
    run_stage(main)
