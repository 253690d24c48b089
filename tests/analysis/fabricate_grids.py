"""More experiments for the fabricated plan: one of each kind that the analysis knows."""

from typing import Any

from fabricate import add_experiment, described

BETTER_OF = ["receiver_calibrated", "sender_calibrated"]
MORE = {
    "receiver_calibrated": "zero_shot",
    "sender_calibrated": "zero_shot",
    "linear_probe": "linear_probe",
    "prompt_tuning": "prompt_tuning",
    "constant_class": "prompt_tuning",
    "zero_tokens": "control",
    "mean_tokens": "control",
    "random_tokens": "control",
    "shuffled_tokens": "control",
    "untrained_bridge": "bridge",
    "shuffled_sources": "bridge",
    "permuted_labels": "bridge",
    "bridge_searched": "bridge",
    "variant_linear": "bridge",
    "variant_mlp": "bridge",
    "prompt_tuning_searched": "prompt_tuning",
    "lora_searched": "lora",
}
CONTROLS = ["zero_tokens", "mean_tokens", "random_tokens", "shuffled_tokens"]
CONTROLS += ["untrained_bridge", "shuffled_sources", "permuted_labels", "constant_class", "majority"]
VARIANTS = ["bridge_searched", "variant_linear", "variant_mlp", "prompt_tuning_searched", "lora_searched"]


def add_methods(plan: dict[str, Any]) -> None:
    """Add the methods of all grids."""
    plan["methods"] |= {name: described(name, kind) for name, kind in MORE.items()}


def add_grids(plan: dict[str, Any], tasks: list[str], seeds: list[int]) -> None:
    """Add the experiments, in the order of the configuration.

    Args:
        plan: changed in place; has their methods already.
        tasks: closed tasks of the plan.
        seeds: seeds of the controls; the others have two or three.
    """
    plan["pairs"] |= {"q": {"sender": "r", "receiver": "s"}, "same": {"sender": "r", "receiver": "r"}}
    sweep = {"methods": ["bridge"], "tasks": tasks[:1], "reference": "bridge", "tables": ["sweeps"]}
    sweep |= {"figures": ["sweeps"], "question": "Which setting matters?"}
    experiments: dict[str, dict[str, Any]] = {
        "controls": {
            "title": "Controls",
            "question": "Is the sender's text essential?",
            "methods": ["bridge", *CONTROLS],
            "tasks": tasks,
            "seeds": seeds,
            "reference": "bridge",
            "null": "majority",
            "tables": ["controls", "differences"],
            "figures": ["controls", "differences"],
        },
        "variants": {
            "title": "Bridge variants",
            "question": "Does it matter how the bridge is built?",
            "methods": VARIANTS,
            "tasks": tasks[:1],
            "seeds": [0, 1],
            "reference": "bridge_searched",
            "tables": ["variants", "differences"],
            "figures": ["variants", "differences"],
        },
        "tokens": sweep | {"title": "Soft tokens", "seeds": [0, 1, 2], "vary": {"soft_tokens": [2, 4, 8]}},
        "design": sweep
        | {"title": "Design", "seeds": [0, 1], "vary": {"body.depth": [1, 2], "training.lr": [0.001, 0.01]}},
        "transfer": {
            "title": "Transfer",
            "question": "Does it carry over?",
            "methods": ["bridge"],
            "tasks": tasks[:2],
            "seeds": [0, 1],
            "transfer": True,
            "reference": "bridge",
            "tables": ["transfer"],
            "figures": ["transfer"],
        },
        "directions": {
            "title": "Directions",
            "question": "Does it matter which model sends?",
            "methods": ["bridge"],
            "tasks": tasks[:1],
            "pairs": ["p", "q", "same"],
            "seeds": [0, 1],
            "across": "pairs",
            "tables": ["pairs"],
            "figures": ["pairs"],
        },
    }
    for name, content in experiments.items():
        add_experiment(plan, name, content)
