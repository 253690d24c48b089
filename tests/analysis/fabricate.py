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
}
LICENSES = {"license": "MIT (made here)"}


def tiny_plan(tasks: int = 2, seeds: int = 1) -> dict[str, Any]:
    """A plan like `telepathy.plan.overview` makes, small: label tasks `task_0`.. and one open task."""
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
    return plan


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
        write_run(folder, {"spec": content["spec"], "resolved": {}, "inputs": {}}, rows, environment)
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
                output=None if labels else f"The answer is {prediction}" if parsed else "no idea",
            )
        )
    return rows


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
