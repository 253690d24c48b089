"""Foreign results with one planted defect each: kind, and files by name. Shapes, names and nesting vary on purpose."""

import json
import random
from pathlib import Path
from typing import Any

Files = dict[str, Any]
LABELS = ("world", "sports", "business", "science")


def written(folder: Path, files: Files) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = name.endswith(".jsonl")
        path.write_text("".join(json.dumps(one) + "\n" for one in content) if lines else json.dumps(content))
    return folder


def rows(n: int, wrong: int, seed: int = 0, labels: tuple[str, ...] = LABELS, **names: str) -> list[dict[str, Any]]:
    """Examples with `wrong` errors; `names` renames the fields id, gold and pred."""
    draw = random.Random(seed)
    order = random.Random(99)
    errors = set(draw.sample(range(n), wrong))
    found = []
    for i in range(n):
        gold = labels[order.randrange(len(labels))]
        other = draw.choice([label for label in labels if label != gold])
        entry = {"id": f"q{i}", "gold": gold, "pred": other if i in errors else gold}
        found.append({names.get(key, key): value for key, value in entry.items()})
    return found


def outputs(n: int, text: str | None = None) -> list[dict[str, Any]]:
    return [
        {
            "idx": i,
            "question": f"How much is {i} and {i}?",
            "answer": str(2 * i),
            "response": text or f"It is {2 * i}, I think.",
        }
        for i in range(n)
    ]


LOSSES = [0.91342, 0.71113, 0.51234, 0.33321]
DEFECTS: list[tuple[str, Files]] = [
    # What is compared
    (
        "n_mismatch",
        {
            "r.json": {
                "results": {
                    "sst2": {
                        "bridge": {"accuracy": 94.7, "correct": 826, "total": 872},
                        "text_relay": {"accuracy": 71.0, "correct": 142, "total": 200},
                    }
                }
            }
        },
    ),
    (
        "n_mismatch",
        {
            "a.json": {"method": "ours", "dataset": "trec", "testAcc": 0.9, "test_acc": 0.9, "num_examples": 500},
            "b.json": {"method": "lora", "dataset": "trec", "test_acc": 0.8, "num_examples": 100},
        },
    ),
    (
        "unpaired_comparison",
        {"stats.json": {"tests": [{"comparison": "bridge vs relay", "test": "McNemar", "p_value": 0.001}]}},
    ),
    (
        "unpaired_comparison",
        {
            "s.json": {
                "paired_t_test": {
                    "scores_a": [0.91, 0.92, 0.9, 0.93, 0.92, 0.91, 0.9],
                    "scores_b": [0.8, 0.81, 0.82, 0.8, 0.79, 0.8],
                    "pval": 0.01,
                }
            }
        },
    ),
    (
        "different_rows",
        {
            "x.json": {
                "models": {
                    "llama": {"details": rows(20, 4)},
                    "mistral": {"details": [one | {"id": "z" + one["id"]} for one in rows(20, 5, 1)]},
                }
            }
        },
    ),
    (
        "duplicate_run",
        {
            "l.json": {
                "experiments": {
                    "layer_8": {"acc": 0.88, "train_losses": LOSSES},
                    "layer_16": {"acc": 0.91, "train_losses": LOSSES},
                }
            }
        },
    ),
    (
        "duplicate_run",
        {
            "seed1/res.json": {"seed": 1, "accuracy": 0.8, "predictions": rows(50, 10)},
            "seed2/res.json": {"seed": 2, "accuracy": 0.8, "predictions": rows(50, 10)},
        },
    ),
    (
        "duplicate_run",
        {
            "d.json": [
                {"name": "k8", "config": {"latents": 8}, "final_loss": 0.264299899},
                {"name": "k16", "accuracy": 0.5, "config": {"latents": 16}, "final_loss": 0.264299899},
                {"name": "k8", "accuracy": 0.6, "final_loss": 0.264299899},
            ]
        },
    ),
    # Claims of significance
    ("few_seeds", {"t.json": {"meta": {"seeds": [42, 123, 456]}, "ttest": {"p_value": 0.003, "is_significant": True}}}),
    ("effect_size", {"e.json": {"comparison": {"a_vs_b": {"effectSize": 106.96, "note": "huge"}}}}),
    ("effect_size", {"e.json": {"stats": [{"cohens_d": float("-inf"), "p_val": 0.2}]}}),
    ("effect_size", {"e.json": {"welch": {"baseline_scores": [83.8, 83.8], "ours_scores": [94.1, 94.1], "p": 0.04}}}),
    (
        "uncorrected_family",
        {
            "p.json": {
                "sst2": {"p_value": 0.03, "significant": True},
                "agnews": {"p_value": 0.04, "significant": True},
                "trec": {"p_value": 0.2, "significant": False},
            }
        },
    ),
    ("uncorrected_family", {"p.json": {"p_values": {"a": 0.01, "b": 0.02, "c": 0.04}, "significant": True}}),
    (
        "correction_not_applied",
        {
            "p.json": {
                "correction": "bonferroni",
                "tests": [{"p": 0.01, "p_corrected": 0.01}, {"p": 0.03, "p_corrected": 0.03}],
            }
        },
    ),
    ("p_out_of_range", {"p.json": {"analysis": {"fisher": {"combined_p_value": 1.7}}}}),
    ("significance_contradicts_p", {"p.json": {"h1": {"pvalue": 0.34, "reject_null": True}}}),
    # Numbers and their rows
    ("accuracy_counts", {"c.json": {"final_results": {"accuracy": 92.0, "correct": 183, "total": 200}}}),
    ("accuracy_counts", {"c.json": {"eval": {"bridge_acc": 0.915, "bridge_correct": 210, "bridge_total": 200}}}),
    (
        "accuracy_parts",
        {
            "c.json": {
                "accuracy": 0.9,
                "n_samples": 100,
                "per_class": {"pos": {"correct": 40, "total": 50}, "neg": {"correct": 41, "total": 50}},
            }
        },
    ),
    ("accuracy_parts", {"c.json": {"metrics": {"acc": 95.0, "n": 100, "confusion_matrix": [[40, 10], [8, 42]]}}}),
    (
        "accuracy_parts",
        {
            "c.json": {
                "classification_report": {
                    "neg": {"recall": 0.8, "support": 50},
                    "pos": {"recall": 0.9, "support": 50},
                    "macro avg": {"recall": 0.85, "support": 100},
                },
                "accuracy": 0.93,
            }
        },
    ),
    ("accuracy_parts", {"c.json": {"overall_accuracy": 0.95, "class_accuracy": {"a": 0.8, "b": 0.9}}}),
    ("accuracy_samples", {"s.json": {"accuracy": 0.9, "total": 40, "details": rows(40, 10)}}),
    (
        "accuracy_samples",
        {
            "s.json": {
                "metrics": {"exact_match": 99.0, "total": 100},
                "samples": [one | {"is_correct": False} for one in rows(20, 20)],
            }
        },
    ),
    ("accuracy_samples", {"s.json": {"acc": 0.95, "y_true": ["a", "b"] * 10, "y_pred": ["a", "a"] * 10}}),
    ("marks_contradict_rows", {"s.json": {"rows": [one | {"correct": True} for one in rows(12, 3)]}}),
    ("mixed_scale", {"m.json": {"methods": {"bridge": {"accuracy": 91.5}, "relay": {"accuracy": 0.715}}}}),
    # Intervals
    ("interval_width", {"i.json": {"accuracy": 88.9, "n": 1000, "ci_95": [84.5, 93.3]}}),
    ("interval_width", {"i.json": {"acc": 0.945, "num_samples": 200, "wilson_ci": {"lower": 0.93, "upper": 0.96}}}),
    ("interval_excludes_value", {"i.json": {"accuracy": 0.9, "ci_low": 0.7, "ci_high": 0.8}}),
    ("interval_beyond_range", {"i.json": {"bridge": {"accuracy": {"mean": 97.5, "ci95": [92.9, 102.1]}}}}),
    # Seeds
    ("mean_of_seeds", {"m.json": {"bridge": {"accuracies": [91.0, 92.0, 93.0], "mean": 92.9, "std": 1.0}}}),
    (
        "mean_of_seeds",
        {
            "m.json": {
                "per_seed_results": {
                    "trec": {"1": {"bridge": {"accuracy": 90.0}}, "2": {"bridge": {"accuracy": 94.0}}}
                },
                "aggregated_results": {
                    "trec": {"bridge": {"accuracy_mean": 93.0, "accuracy_std": 2.828, "num_seeds": 2}}
                },
            }
        },
    ),
    ("population_deviation", {"m.json": {"scores": [91.0, 92.0, 93.0], "avg": 92.0, "stdev": 0.8165}}),
    (
        "population_deviation",
        {
            "m.json": {
                "runs": [{"seed": 1, "acc": 0.91}, {"seed": 2, "acc": 0.95}, {"seed": 3, "acc": 0.9}],
                "acc_mean": 0.92,
                "acc_std": 0.0216,
            }
        },
    ),
    ("deviation_of_seeds", {"m.json": {"values": [0.8, 0.9, 0.85], "mean": 0.85, "std": 0.2}}),
    (
        "deterministic_spread",
        {"z.json": {"mistral_zeroshot": {"accuracy_mean": 91.5, "accuracy_std": 0.0, "num_seeds": 3}}},
    ),
    (
        "deterministic_spread",
        {
            "z.json": {
                "majority_class": [{"seed": 1, "dataset": "x", "acc": 0.5}, {"seed": 2, "dataset": "x", "acc": 0.5}]
            }
        },
    ),
    # Rows
    (
        "constant_predictions",
        {
            "k.json": {
                "arc": {
                    "accuracy": 0.25,
                    "results": [{"qid": i, "predicted": "A", "answer": "ABCD"[i * 7 % 4]} for i in range(20)],
                }
            }
        },
    ),
    ("below_chance", {"b.json": {"num_classes": 2, "bridge": {"accuracy": 30.0, "correct": 60, "total": 200}}}),
    (
        "unparsed_answers",
        {
            "u.json": {
                "accuracy": 0.0,
                "total": 20,
                "samples": [{"id": i, "gold": str(i), "output": ""} for i in range(20)],
            }
        },
    ),
    ("unparsed_answers", {"u.json": {"acc": 0.5, "n": 100, "parse_failures": 30}}),
    (
        "class_coverage",
        {
            "v.json": {
                "num_classes": 2,
                "test": {
                    "accuracy": 0.9,
                    "examples": [
                        {"label": "neg", "prediction": "neg" if i else "pos", "text": f"t{i}"} for i in range(10)
                    ],
                },
            }
        },
    ),
    ("class_coverage", {"v.json": {"predictions": sorted(rows(40, 8), key=lambda one: one["gold"])}}),
    ("identical_outputs", {"g.json": {"samples": outputs(20, "The club has five students today.")}}),
    (
        "test_in_training",
        {
            "train.json": [{"text": f"a film {i}", "label": i % 2} for i in range(30)],
            "test.json": [{"text": f"a film {i}", "label": i % 2} for i in range(25, 40)],
        },
    ),
    ("test_in_training", {"split.json": {"splits": {"train_ids": ["a1", "a2", "a3"], "test_ids": ["a3", "a4"]}}}),
    # Settings and speed
    ("configuration_overridden", {"o.json": {"num_soft_tokens": 32, "accuracy": 0.94, "config": {"soft_tokens": 8}}}),
    (
        "configuration_overridden",
        {
            "o.json": {
                "config": {"soft_tokens": 8},
                "results": {"sst2": {"bridge": {"acc": 0.49, "config": {"soft_tokens": 4}}}},
            }
        },
    ),
    (
        "configuration_overridden",
        {"o.json": {"experiments": {"latents_16": {"accuracy": 0.9, "hparams": {"num_latents": 32}}}}},
    ),
    (
        "configuration_overridden",
        {
            "o.json": {
                "config": {"layer": 31, "optimizer": "adamw"},
                "actual_config": {"layer": 24, "optimizer": "adamw"},
                "accuracy": 0.9,
            }
        },
    ),
    (
        "timing_inconsistent",
        {"w.json": {"speed": {"throughput_samples_per_s": 105.7, "latency_per_sample_ms": 135.6, "batch_size": 1}}},
    ),
    ("timing_inconsistent", {"w.json": {"samples_per_second": 10.0, "wall_time_s": 5.0, "num_samples": 200}}),
    # Files
    ("not_understood", {"x.json": {"hello": ["world"]}, "y.json": {"accuracy": 0.5}}),
]
NOTES = {"not_understood"}
"""Kinds that are notes by nature."""
