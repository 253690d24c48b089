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
}
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


def tiny_plan(tasks: int = 2, seeds: int = 1, phases: bool = False) -> dict[str, Any]:
    """A plan like `telepathy.plan.overview` makes, small: label tasks `task_0`.., one open task, maybe a series."""
    names = [f"task_{i}" for i in range(tasks)]
    methods = {"bridge": "bridge", "receiver_zero_shot": "zero_shot", "majority": "majority"}
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
        "methods": {m: {"title": m.replace("_", " "), "about": f"About {m}.", "kind": k} for m, k in methods.items()},
        "experiments": {
            "main": {
                "title": "Main",
                "methods": list(methods),
                "tasks": names,
                "pairs": ["p"],
                "seeds": list(range(seeds)),
                "reference": "bridge",
            }
        },
        "cells": [],
        "runs": {},
    }
    plan["tasks"]["open"] = plan["tasks"][names[0]] | {"title": "Open", "labels": []}
    plan["experiments"]["text"] = plan["experiments"]["main"] | {"tasks": ["open"], "title": "Open answers"}
    for experiment, content in plan["experiments"].items():
        for task in content["tasks"]:
            for method in content["methods"]:
                for seed in content["seeds"]:
                    if method == "majority" and task == "open":
                        continue
                    run = f"{task}_{method}" + (f"_{seed}" if method == "bridge" else "")
                    plan["cells"].append(
                        {
                            "experiment": experiment,
                            "task": task,
                            "method": method,
                            "pair": "p",
                            "seed": seed,
                            "run": run,
                        }
                    )
                    spec: dict[str, Any] = {
                        "recipe": {"kind": methods[method]},
                        "models": {},
                        "task": {"labels": plan["tasks"][task]["labels"]},
                    }
                    if method == "bridge":
                        spec["models"] = {"sender": "s-1", "receiver": "r-1"}
                        spec["seed"] = seed
                        spec["recipe"] |= {
                            "layer": 3,
                            "soft_tokens": 4,
                            "normalizer": "identity",
                            "output": "rms_scale",
                            "losses": {"lm": 1.0, "recon_cos": 0.0, "batch_div": 0.1},
                            "body": {"kind": "perceiver", "width": None, "heads": 4, "depth": 1},
                            "layout": ["bos", "primer", "soft", "target", "eos"],
                            "training": {"steps": 30, "batch": 8, "accumulation": 1, "lr": 1e-3, "warmup": 0}
                            | {"weight_decay": 0.01, "clip": 1.0, "schedule": "constant", "validations": 2},
                        }
                    plan["runs"][run] = {
                        "folder": f"runs/{task}/{method}/{run}",
                        "task": task,
                        "method": method,
                        "spec": spec,
                    }
    if phases:
        _add_series(plan)
    return plan


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
    plan["experiments"]["series"] = {
        "title": "The series",
        "methods": [],
        "tasks": [],
        "phases": True,
        "pairs": ["p"],
        "seeds": [0],
        "reference": None,
    }
    for phase, content in plan["phases"].items():
        task = content["task"]
        kind = {"p21_sender": "zero_shot", "p26": "latency"}.get(phase, "bridge")
        for variant in content["variants"]:
            method = variant["method"] = phase + ("_recorded" if variant["name"] == "recorded" else "")
            plan["methods"][method] = {"title": f"{phase} {variant['name']}", "about": "About.", "kind": kind}
            run = f"{task}_{method}"
            cell = {"experiment": "series", "task": task, "method": method, "pair": "p", "seed": 0, "run": run}
            plan["cells"].append(cell)
            spec = {"recipe": {"kind": kind}, "models": {}, "task": {"labels": plan["tasks"][task]["labels"]}}
            if kind == "bridge":
                spec = bridge | {"task": spec["task"], "recipe": bridge["recipe"] | {"bottleneck": None}}
            plan["runs"][run] = {"folder": f"runs/{task}/{method}/{run}", "task": task, "method": method, "spec": spec}


def fabricate(plan: dict[str, Any], results: Path, seed: int = 0) -> Path:
    """Write `plan/overview.json` and every run of the plan below `results`; return the plan's path."""
    path = results / "plan" / "overview.json"
    write_json(path, plan)
    for order, content in enumerate(plan["runs"].values()):
        rng = np.random.default_rng([seed, order])
        task = plan["tasks"][content["task"]]
        shared = np.random.default_rng([seed, list(plan["tasks"]).index(content["task"]), 7])
        rows = _rows(task, content, rng, shared)
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
        if content["spec"]["recipe"]["kind"] == "bridge":
            record["resolved"] = {"source_layer": 3, "soft_tokens": 4, "parameters": 1234}
            record["diagnostics"] = DIAGNOSTICS
        write_run(folder, record, rows, environment)
        if content["spec"]["recipe"]["kind"] == "bridge":
            (folder / "train.jsonl").write_text(_log(content["spec"]["recipe"], rng))
    return path


def _rows(task: dict[str, Any], content: dict[str, Any], rng: Any, shared: Any) -> list[Row]:
    n, labels = task["rows"]["test"], task["labels"]
    gold = shared.choice(labels, n) if labels else shared.integers(1, 999, n).astype(str)
    difficulty = shared.random(n)
    skill = SKILL.get(content["method"], 0.5)
    rows = []
    for i in range(n):
        mixed = 0.6 * difficulty[i] + 0.4 * rng.random()
        right = mixed < skill
        wrong = rng.choice([x for x in labels if x != gold[i]]) if labels else str(int(gold[i]) + 1)
        prediction: str | None = str(gold[i]) if right else str(wrong)
        if content["method"] == "majority":
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
                scores=dict.fromkeys(labels, -0.5) if labels else None,
                output=None if labels else _output(content["method"], prediction if parsed else None, i, rng),
                source=None if labels else f"{NAMES[i % 5]} has {i} {THINGS[i % 3]}. How many are left?",
                entities=None if labels else {"numbers": [str(i)], "names": [NAMES[i % 5]], "things": [THINGS[i % 3]]},
            )
        )
    return rows


def _output(method: str, prediction: str | None, i: int, rng: Any) -> str:
    text = f"The answer is {prediction}" if prediction is not None else "no idea"
    if method in CARRIES and rng.random() < CARRIES[method]:
        return f"{NAMES[i % 5]} has {i} {THINGS[i % 3]}. {text}"
    return text


def _log(recipe: dict[str, Any], rng: Any) -> str:
    steps = recipe["training"]["steps"]
    terms = [name for name, weight in recipe["losses"].items() if weight]
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
