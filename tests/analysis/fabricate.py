"""Fabricated raw runs for tests: a plan in, folders of made-up rows out. Never used outside tests."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from telepathy.files import text_sha256, write_json
from telepathy.record import Row, write_run

SKILL = {
    "bridge": 0.8,
    "p01": 0.02,
    "receiver_zero_shot": 0.52,
    "receiver_calibrated": 0.7,
    "sender_zero_shot": 0.7,
    "sender_calibrated": 0.72,
    "linear_probe": 0.79,
    "p01_recorded": 0.01,
    "p16": 0.8,
    "p17": 0.95,
    "p17_recorded": 0.5,
    "p21_sender": 0.6,
    "prompt_tuning": 0.82,
    "prompt_tuning_searched": 0.83,
    "lora_searched": 0.88,
    "bridge_searched": 0.81,
    "variant_linear": 0.78,
    "variant_mlp": 0.76,
}
CONSTANTS = ("majority", "zero_tokens", "mean_tokens", "constant_class")
"""Methods that give the same answer for every row."""
TRAINED = ("bridge", "prompt_tuning", "lora")
CARRIES = {"p10": 0.6, "p10_recorded": 0.0}
"""Share of an item's entities that a phase's output repeats."""
NAMES, THINGS = ("Ada", "Ben", "Cleo", "Dan", "Eve"), ("apples", "red kites", "eggs")
DIAGNOSTICS = {
    "soft_rms": 0.01,
    "receiver_rms": 0.02,
    "item_similarity": 0.99,
    "token_similarity": None,
    "loss": 1.5,
    "loss_zero": 1.6,
    "loss_noise": 2.5,
    "loss_shuffled": 1.5,
    "rows": 16,
    "codes": None,
    "gradient_norms": {"lm": 0.5, "batch_div": 0.0},
}
LICENSES = {"license": "MIT (made here)"}


EMPTY = {
    "question": "",
    "methods": [],
    "tasks": [],
    "phases": False,
    "pairs": ["p"],
    "seeds": [0],
    "vary": {},
    "transfer": False,
    "reference": None,
    "null": None,
    "better_of": [],
    "across": "methods",
    "tables": [],
    "figures": [],
}
"""An experiment of `plan/overview.json` that asks for nothing."""
TRAINING = {"steps": 30, "batch": 8, "accumulation": 1, "lr": 1e-3, "warmup": 0, "weight_decay": 0.01, "clip": 1.0}
TRAINING |= {"schedule": "constant", "validations": 2, "search": None, "rows": None, "broken": None}
BRIDGE = {
    "kind": "bridge",
    "layer": 3,
    "soft_tokens": 4,
    "normalizer": "identity",
    "output": "rms_scale",
    "losses": {"lm": 1.0, "recon_cos": 0.0, "batch_div": 0.1},
    "body": {"kind": "perceiver", "width": None, "heads": 4, "depth": 1},
    "layout": ["bos", "primer", "soft", "target", "eos"],
    "training": TRAINING,
}
KINDS = {
    "bridge": "bridge",
    "receiver_zero_shot": "zero_shot",
    "majority": "majority",
}


def tiny_plan(tasks: int = 2, seeds: int = 1, phases: bool = False, grids: bool = False) -> dict[str, Any]:
    """A plan like `telepathy.overview.overview` makes, small: label tasks `task_0`.., one open task.

    Args:
        tasks: number of closed tasks.
        seeds: seeds of the main experiment.
        phases: whether to add a series of phases.
        grids: whether to add small controls, variants, sweeps, a transfer and an experiment across pairs.
    """
    names = [f"task_{i}" for i in range(tasks)]
    plan: dict[str, Any] = {
        "preset": "tiny",
        "title": "a test",
        "statistics": {"confidence": 0.95, "power": 0.8, "resamples": 200, "seed": 0},
        "models": {
            "s": {"title": "Send_er", "depth": 4, "width": 8, "source": "tiny", **LICENSES},
            "r": {"title": "Receiver", "depth": 3, "width": 8, "source": "tiny", **LICENSES},
        },
        "pairs": {"p": {"sender": "s", "receiver": "r"}},
        "tasks": {
            name: {
                "title": f"Task {i} & more",
                "labels": ["no", "yes"],
                "rows": {"train": 1000, "validation": 20, "test": 40},
                "data": f"{name}-x",
                **LICENSES,
            }
            for i, name in enumerate(names)
        },
        "methods": {m: described(m, k) for m, k in KINDS.items()},
        "experiments": {},
        "cells": [],
        "runs": {},
    }
    plan["tasks"]["open"] = plan["tasks"][names[0]] | {"title": "Open", "labels": []}
    main = {
        "title": "Main",
        "question": "Is it any good?",
        "methods": list(KINDS),
        "tasks": names,
        "seeds": list(range(seeds)),
        "reference": "bridge",
        "tables": ["main", "differences", "superadditivity"],
        "figures": ["accuracy", "differences"],
    }
    if grids:
        from fabricate_grids import BETTER_OF, add_grids, add_methods

        add_methods(plan)
        main |= {"methods": [*main["methods"], *BETTER_OF, "linear_probe", "prompt_tuning"], "better_of": BETTER_OF}
    add_experiment(plan, "main", main)
    add_experiment(plan, "text", main | {"tasks": ["open"], "title": "Open answers", "better_of": []})
    if grids:
        add_grids(plan, names, list(range(seeds)))
    if phases:
        _add_series(plan)
    return plan


def described(name: str, kind: str) -> dict[str, Any]:
    """A method of the plan."""
    return {"title": name.replace("_", " "), "about": f"About {name}.", "kind": kind}


def add_experiment(plan: dict[str, Any], name: str, content: dict[str, Any]) -> None:
    """Add an experiment with its cells and runs, as `telepathy.plan` orders them."""
    content = EMPTY | content
    plan["experiments"][name] = content
    for task in content["tasks"]:
        for method in content["methods"]:
            if task == "open" and method not in ("bridge", "receiver_zero_shot"):
                continue
            for pair in content["pairs"]:
                for seed in content["seeds"]:
                    _fill(plan, name, task, method, pair, seed)


def _fill(plan: dict[str, Any], experiment: str, task: str, method: str, pair: str, seed: int) -> None:
    content = plan["experiments"][experiment]
    places: list[tuple[str | None, str | None]] = [(None, None)]
    places += [(f"{key}={value}", None) for key, values in content["vary"].items() for value in values]
    places += [(None, other) for other in content["tasks"] if content["transfer"] and other != task]
    for setting, trained_on in places:
        cell = {"experiment": experiment, "task": task, "method": method, "pair": pair, "seed": seed}
        run = _run(plan, task, method, pair, seed, setting, trained_on)
        plan["cells"].append(cell | {"run": run, "setting": setting, "trained_on": trained_on})


def _run(
    plan: dict[str, Any], task: str, method: str, pair: str, seed: int, setting: str | None, trained_on: str | None
) -> str:
    """Plan a run, if it is not there yet: like a hash, its id tells runs apart that differ in what they do."""
    kind = plan["methods"][method]["kind"]
    recipe: dict[str, Any] = {"kind": kind}
    if kind == "bridge":
        recipe = json.loads(json.dumps(BRIDGE))
        if setting is not None:
            key, value = setting.split("=")
            *path, last = key.split(".")
            part = recipe
            for step in path:
                part = part[step]
            part[last] = json.loads(value)
    elif kind in ("prompt_tuning", "lora"):
        recipe |= {"text": method != "constant_class", "soft_tokens": 4} if kind == "prompt_tuning" else {"rank": 2}
        recipe["training"] = dict(TRAINING)
    elif kind == "control":
        recipe |= {"bridge": "bridge", "soft": method.removesuffix("_tokens")}
    if method == "untrained_bridge":
        recipe["training"] |= {"steps": 0, "validations": 0}
    if method in ("shuffled_sources", "permuted_labels"):
        recipe["training"]["broken"] = method.split("_")[1]
    if method.startswith("variant_"):
        recipe["body"] = {"kind": method.removeprefix("variant_")}
    if method.endswith("_searched") or method.startswith("variant_"):
        recipe["training"] = recipe["training"] | {"search": {"lr": [0.0003, 0.003], "share": 0.25}}
    if trained_on is not None:
        recipe = {"kind": "transfer", "bridge": method, "trained_on": trained_on}
    base = setting is None or recipe == BRIDGE
    seeded = kind in ("bridge", "prompt_tuning", "lora", "control")
    run = f"{task}_{method}" + (f"_{seed}" if seeded else "") + (f"_{pair}" if pair != "p" else "")
    run += "" if base else f"_{setting}".replace("=", "-")
    run += f"_from_{trained_on}" if trained_on is not None else ""
    spec: dict[str, Any] = {"recipe": recipe, "models": {}, "task": {"labels": plan["tasks"][task]["labels"]}}
    if seeded:
        spec |= {"models": {"sender": "s-1", "receiver": "r-1"}, "seed": seed}
    place = {"folder": f"runs/{task}/{method}/{run}", "task": task, "method": method}
    plan["runs"].setdefault(run, place | {"spec": spec})
    return run


def _phase(task: str, variants: tuple[str, ...], metric: str, against: str = "shuffled", **more: Any) -> dict[str, Any]:
    return {
        "title": f"A title & {metric}",
        "hypothesis": "It works on 100% of <items>.",
        "reading": "It did not work.",
        "parent": None,
        "task": task,
        "claims": [],
        "test": {"metric": metric, "against": against},
        "defects": ["Something was wrong & small."] if "recorded" in variants else [],
        "variants": [{"name": name, "method": ""} for name in variants],
        "difference": [],
    } | more


def _add_series(plan: dict[str, Any]) -> None:
    """Six phases: open and closed tasks, one and two variants, a bridge, a text baseline and a latency run."""
    two, one = ("repaired", "recorded"), ("plain",)
    plan["phases"] = {
        "p01": _phase("open", two, "partial_v1", claims=["phase01.gsm8k.bridge.accuracy"]),
        "p10": _phase(
            "open", two, "entities", parent="p01", difference=[["recipe.losses.lm", 1.0, 0.5], ["recipe.x", None, [1]]]
        ),
        "p16": _phase("task_0", one, "accuracy"),
        "p17": _phase("task_0", two, "accuracy", "p16", parent="p16"),
        "p21_sender": _phase("task_0", one, "accuracy"),
        "p26": _phase("task_0", one, "accuracy"),
    }
    bridge = next(run["spec"] for run in plan["runs"].values() if run["method"] == "bridge")
    add_experiment(plan, "series", {"title": "The series", "phases": True, "tables": ["phases"], "figures": ["phases"]})
    for phase, content in plan["phases"].items():
        task = content["task"]
        kind = {"p21_sender": "zero_shot", "p26": "latency"}.get(phase, "bridge")
        for variant in content["variants"]:
            method = variant["method"] = phase + ("_recorded" if variant["name"] == "recorded" else "")
            plan["methods"][method] = {"title": f"{phase} {variant['name']}", "about": "About.", "kind": kind}
            run = f"{task}_{method}"
            cell = {"experiment": "series", "task": task, "method": method, "pair": "p", "seed": 0, "run": run}
            plan["cells"].append(cell | {"setting": None, "trained_on": None})
            spec = {"recipe": {"kind": kind}, "models": {}, "task": {"labels": plan["tasks"][task]["labels"]}}
            if kind == "bridge":
                recipe = bridge["recipe"] | {"bottleneck": None, "primer": method}  # all differ in something
                spec = bridge | {"task": spec["task"], "recipe": recipe}
            plan["runs"][run] = {"folder": f"runs/{task}/{method}/{run}", "task": task, "method": method, "spec": spec}


def fabricate(plan: dict[str, Any], results: Path, seed: int = 0) -> Path:
    """Write `plan/overview.json` and every run of the plan below `results`; return the plan's path."""
    path = results / "plan" / "overview.json"
    write_json(path, plan)
    for order, content in enumerate(plan["runs"].values()):
        rng = np.random.default_rng([seed, order])
        task = plan["tasks"][content["task"]]
        shared = np.random.default_rng([seed, list(plan["tasks"]).index(content["task"]), 7])
        rows = _rows(task, content, rng, shared, score=-0.5 - 0.001 * order)
        environment = {
            "python": "3.11.2",
            "platform": "Linux-6.1.0-18-amd64-x86_64-with-glibc2.36",
            "device": "cpu (2 threads)",
            "packages": {"torch": "2.13.0", "transformers": "5.0.0", "numpy": "2.4.6"},
            "wall_seconds": float(order),
            "peak_memory_mb": 900,
            "threads": 2,
            "compute": "bfloat16",
        }
        folder = results / content["folder"]
        record = {"spec": content["spec"], "resolved": {}, "inputs": {}}
        record["inputs"]["overlap"] = {"test": len(rows), "near": 2 if content["task"] == "task_1" else 0}
        recipe = content["spec"]["recipe"]
        if recipe["kind"] in TRAINED:
            record["resolved"] = {"parameters": 1234 + 100 * len(content["method"])} | _searched(recipe)
        if recipe["kind"] == "bridge":
            record["resolved"] |= {"source_layer": 3, "soft_tokens": recipe["soft_tokens"], "parameters": 1234}
            record["diagnostics"] = DIAGNOSTICS
        write_run(folder, record, rows, environment)
        if recipe["kind"] in TRAINED:
            (folder / "train.jsonl").write_text(_log(recipe, rng))
    return path


def _searched(recipe: dict[str, Any]) -> dict[str, Any]:
    search = recipe["training"].get("search")
    if search is None:
        return {"search": None}
    tried = [{"lr": lr, "validation_accuracy": 0.5 + 50 * lr, "validation_loss": 0.6} for lr in search["lr"]]
    return {"search": {"candidates": tried, "lr": search["lr"][-1]}}


def _rows(task: dict[str, Any], content: dict[str, Any], rng: Any, shared: Any, score: float) -> list[Row]:
    n, labels = task["rows"]["test"], task["labels"]
    gold = shared.choice(labels, n) if labels else shared.integers(1, 999, n).astype(str)
    difficulty = shared.random(n)
    skill = _skill(content, rng)
    rows = []
    for i in range(n):
        mixed = 0.6 * difficulty[i] + 0.4 * rng.random()
        right = mixed < skill
        wrong = rng.choice([x for x in labels if x != gold[i]]) if labels else str(int(gold[i]) + 1)
        prediction: str | None = str(gold[i]) if right else str(wrong)
        if content["method"] in CONSTANTS:
            prediction = labels[0]
        parsed = bool(labels) or rng.random() > 0.06
        rows.append(
            Row(
                id=f"r{i}",
                text=text_sha256(f"{task['title']} {i}"),
                prompt=text_sha256(f"{content['method']} {i}"),
                gold=str(gold[i]),
                prediction=prediction if parsed else None,
                parsed=parsed,
                scores=dict.fromkeys(labels, score) if labels else None,
                output=None if labels else _output(content["method"], prediction if parsed else None, i, rng),
                source=None if labels else f"{NAMES[i % 5]} has {i} {THINGS[i % 3]}. How many are left?",
                entities=None if labels else {"numbers": [str(i)], "names": [NAMES[i % 5]], "things": [THINGS[i % 3]]},
            )
        )
    return rows


def _skill(content: dict[str, Any], rng: Any) -> float:
    """How good a run is: that of its method, moved by its settings and, from the second seed on, by its seed."""
    spec, skill = content["spec"], SKILL.get(content["method"], 0.5)
    recipe = spec["recipe"]
    if recipe["kind"] == "transfer":
        skill = 0.6
    if recipe["kind"] == "bridge":
        skill += 0.04 * (recipe["soft_tokens"] - 4) / 4 - 0.2 * (recipe["training"]["lr"] > 0.005)
    return skill + (0.03 * rng.normal() if spec.get("seed") else 0.0)


def _output(method: str, prediction: str | None, i: int, rng: Any) -> str:
    text = f"The answer is {prediction}" if prediction is not None else "no idea"
    if method in CARRIES and rng.random() < CARRIES[method]:
        return f"{NAMES[i % 5]} has {i} {THINGS[i % 3]}. {text}"
    return text


def _log(recipe: dict[str, Any], rng: Any) -> str:
    steps = recipe["training"]["steps"]
    terms = [name for name, weight in recipe.get("losses", {"lm": 1.0}).items() if weight]
    lines = []
    for step in range(1, steps + 1):
        fall = float(np.exp(-3 * step / steps))
        values = {t: round(0.4 + (1.5 if t == "lm" else 0.3) * fall + 0.05 * rng.normal(), 5) for t in terms}
        lines.append(
            {
                "step": step,
                "loss": sum(values.values()),
                "terms": values,
                "grad_norm": 1.0,
                "lr": 1e-3,
                "soft_rms": 0.01,
                "receiver_rms": 0.01,
                "examples_per_second": 12.0,
            }
        )
        if step in (steps // 2, steps):
            lines.append({"step": step, "validation_accuracy": 0.5 + 0.3 * step / steps, "validation_n": 20})
    return "".join(json.dumps(line) + "\n" for line in lines)
