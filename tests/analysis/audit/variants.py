"""More shapes of the planted defects and of clean results: one document `a` (and `b`) each."""

from typing import Any

from planted import LOSSES, rows

DEFECTS: list[tuple[str, dict[str, Any]]] = [
    ("n_mismatch", {"a": {"bridge": {"acc": 0.94, "n_eval": 872}, "baseline": {"acc": 0.8, "n_eval": 200}}}),
    (
        "n_mismatch",
        {
            "a": {
                "experiments": [
                    {"name": "bridge", "metrics": {"accuracy": 0.9, "num_samples": 200}},
                    {"name": "text", "metrics": {"accuracy": 0.8, "num_samples": 100}},
                ]
            }
        },
    ),
    ("few_seeds", {"a": {"significance": {"p": 0.001, "n_seeds": 3, "significant": True}}}),
    (
        "few_seeds",
        {
            "a": {
                "bridge": {"accuracies": [0.9, 0.91, 0.92]},
                "relay": {"accuracies": [0.7, 0.71, 0.72]},
                "t_test": {"p_value": 0.001, "significant": True},
            }
        },
    ),
    ("effect_size", {"a": {"comparison": {"cohens_d": "inf"}}}),
    ("effect_size", {"a": {"comparison": {"cohen_d": None, "effect_size": -321.0}}}),
    ("duplicate_run", {"a": {"seed": 1, "loss": LOSSES}, "b": {"seed": 2, "loss": LOSSES}}),
    (
        "duplicate_run",
        {
            "a": {"model": "x", "acc": 0.9, "history": {"loss": LOSSES}},
            "b": {"model": "y", "acc": 0.9, "history": {"loss": LOSSES}},
        },
    ),
    ("constant_predictions", {"a": {"preds": ["A"] * 20, "labels": ["A", "B", "C", "D"] * 5}}),
    ("below_chance", {"a": {"accuracy": 0.2, "n": 500, "labels": ["yes", "no"]}}),
    ("below_chance", {"a": {"task": "x", "chance": 0.25, "results": {"m": {"acc": 0.1, "total": 300}}}}),
    ("accuracy_counts", {"a": {"accuracy": "91.5%", "correct": 180, "total": 200}}),
    ("interval_width", {"a": {"accuracy": 0.9, "n": 100, "ci_half_width": 0.01}}),
    ("interval_width", {"a": {"accuracy": 0.889, "n_test": 1000, "confidence_interval": [0.845, 0.933]}}),
    ("mean_of_seeds", {"a": {"mean_accuracy": 91.0, "std_accuracy": 1, "accuracies": {"42": 90, "43": 93}}}),
    ("population_deviation", {"a": {"accuracy": {"mean": 0.9, "std": 0.0816, "values": [0.8, 0.9, 1.0]}}}),
    ("uncorrected_family", {"a": {"tests": {"a_vs_b": {"p": 0.03, "sig": True}, "a_vs_c": {"p": 0.04, "sig": True}}}}),
    (
        "uncorrected_family",
        {
            "a": [
                {"pair": "x", "pvalue": 0.03, "significant": "yes"},
                {"pair": "y", "pvalue": 0.04, "significant": "yes"},
            ]
        },
    ),
    (
        "class_coverage",
        {
            "a": {
                "labels": ["world", "sports", "business", "other"],
                "predictions": [r for r in rows(40, 5) if r["gold"] != "science"],
            }
        },
    ),
    (
        "identical_outputs",
        {
            "a": {
                "results": [
                    {"question": f"q{i}", "text": "To answer this I have to think.", "answer": str(i)}
                    for i in range(12)
                ]
            }
        },
    ),
    (
        "configuration_overridden",
        {
            "a": {
                "hyperparameters": {"soft_tokens": 8},
                "bridge": {"hyperparameters": {"soft_tokens": 4}, "accuracy": 0.5},
            }
        },
    ),
    ("configuration_overridden", {"a": {"config": {"soft_tokens": 8, "bridge": {"soft_tokens": 4}}, "accuracy": 0.5}}),
    ("configuration_overridden", {"a": {"declared": {"soft_tokens": 8}, "used": {"soft_tokens": 4}, "accuracy": 0.5}}),
    (
        "configuration_overridden",
        {
            "a": {
                "config": {"soft_tokens": 8, "lr": 1e-4},
                "run": {"config": {"soft_tokens": 8, "lr": 1e-3}, "accuracy": 0.5},
            }
        },
    ),
    ("timing_inconsistent", {"a": {"n": 1000, "latency_ms": 50, "throughput": 100}}),
    ("timing_inconsistent", {"a": {"total_time": 10, "num_examples": 1000, "latency_ms": 100}}),
    ("timing_inconsistent", {"a": {"benchmark": {"throughput": 50.0, "latency": {"mean_ms": 200}}}}),
    ("deterministic_spread", {"a": {"zero_shot": {"mean": 83.8, "std": 1.2, "seeds": [1, 2, 3]}}}),
    ("deterministic_spread", {"a": {"baselines": {"majority": {"accuracy": 50.9, "std": 0.4, "seeds": [1, 2, 3]}}}}),
    ("p_out_of_range", {"a": {"stat": {"p": -0.1, "t": 3}}}),
    ("p_out_of_range", {"a": {"mcnemar_p": 1.3}}),
    ("mixed_scale", {"a": {"accuracy": {"bridge": 91.5, "relay": 0.715}}}),
    ("mixed_scale", {"a": {"accuracy": 91.5, "test_accuracy": 0.915}}),
    ("mixed_scale", {"a": {"bridge_accuracy": 91.5, "relay_accuracy": 0.715}}),
    ("interval_beyond_range", {"a": {"accuracy": 98, "ci_lower": 94, "ci_upper": 102}}),
    ("interval_beyond_range", {"a": {"acc": 0.98, "n": 50, "margin_of_error": 0.04}}),
    ("test_in_training", {"a": {"train_texts": ["aa", "bb"], "test_texts": ["bb", "cc"]}}),
    (
        "test_in_training",
        {
            "a": {
                "train_examples": [{"question": "q1"}, {"question": "q2"}],
                "test_examples": [{"question": "q2"}, {"question": "q3"}],
            }
        },
    ),
    ("test_in_training", {"a": {"data": {"train": ["aa", "bb"], "test": ["bb", "cc"]}}}),
    (
        "duplicate_run",
        {
            "a": {
                "bridge": {"y_true": ["a", "b", "a", "b"] * 5, "y_pred": ["a", "b", "a", "a"] * 5},
                "relay": {"y_true": ["a", "b", "a", "b"] * 5, "y_pred": ["a", "b", "a", "a"] * 5},
            }
        },
    ),
    ("class_coverage", {"a": {"accuracy": 0.9, "n": 200, "class_counts": {"pos": 200, "neg": 0}}}),
    ("unpaired_comparison", {"a": {"paired_bootstrap": {"p_value": 0.01}}}),
    (
        "unpaired_comparison",
        {
            "a": {
                "bridge": {"accuracy": 0.9, "n": 200},
                "relay": {"accuracy": 0.8, "n": 200},
                "bridge_vs_relay": {"mcnemar_p": 0.01, "b": 20, "c": 5},
            }
        },
    ),
    (
        "different_rows",
        {"a": {"method": "m1", "examples": rows(20, 4)}, "b": {"method": "m2", "examples": rows(25, 4)[5:]}},
    ),
    ("unparsed_answers", {"a": {"outputs": ["", "", "", "", "", ""]}}),
    (
        "unparsed_answers",
        {
            "a": {
                "accuracy": 0.3,
                "samples": [
                    {"gold": "1", "prediction": None},
                    {"gold": "2", "prediction": "3"},
                    {"gold": "2", "prediction": ""},
                ],
            }
        },
    ),
    (
        "accuracy_parts",
        {"a": {"accuracy": 0.95, "confusion_matrix": {"a": {"a": 40, "b": 10}, "b": {"a": 5, "b": 45}}}},
    ),
    (
        "accuracy_parts",
        {
            "a": {
                "accuracy": 0.95,
                "per_class": {"pos": {"accuracy": 0.8, "support": 50}, "neg": {"accuracy": 0.9, "support": 50}},
            }
        },
    ),
    ("accuracy_parts", {"a": {"acc": 0.95, "total": 100, "class_counts": {"pos": 60, "neg": 50}}}),
    (
        "accuracy_samples",
        {
            "a": {
                "results": {
                    "bridge": {
                        "accuracy": 0.9,
                        "predictions": [{"pred": "a", "target": "b"}] * 10 + [{"pred": "a", "target": "a"}] * 10,
                    }
                }
            }
        },
    ),
]
CLEAN: list[dict[str, Any]] = [
    {
        "a": {
            "model": "bert-large",
            "task": "mnli",
            "eval_accuracy": 0.8632,
            "eval_loss": 0.41234567,
            "eval_samples": 9815,
            "epoch": 3.0,
            "train_loss": 0.3,
            "train_runtime": 1234.5,
            "train_samples_per_second": 95.4,
        }
    },
    {"a": {"easy": {"accuracy": 0.9, "n": 300}, "hard": {"accuracy": 0.6, "n": 120}}},
    {
        "a": {
            "train": {"accuracy": 0.99, "n": 5000},
            "validation": {"accuracy": 0.91, "n": 500},
            "test": {"accuracy": 0.9, "n": 1000},
        }
    },
    {
        "a": {
            "folds": [{"fold": i, "accuracy": a, "n": 100} for i, a in enumerate([0.9, 0.91, 0.89, 0.92, 0.88])],
            "mean_accuracy": 0.9,
            "std_accuracy": 0.0158,
        }
    },
    {"a": {"seeds": [1, 2, 3, 4, 5], "bridge": {"mean": 91.2, "std": 0.8}, "lora": {"mean": 90.1, "std": 1.1}}},
    {
        "a": {
            "bridge": {"accuracy": 0.9, "ci_95": [0.8509, 0.9345], "n": 200},
            "relay": {"accuracy": 0.7, "ci_95": [0.6331, 0.7592], "n": 200},
            "difference": {"value": 0.2, "ci_95": [0.12, 0.28], "p_value": 0.0001, "test": "paired bootstrap"},
            "per_example": {"bridge": rows(20, 2), "relay": rows(20, 6, 3)},
        }
    },
    {"a": {"method": "bridge", "accuracy": 0.5, "correct": 1, "total": 2}},
    {"a": {"accuracy": 1.0, "correct": 50, "total": 50}, "b": {"accuracy": 0.0, "correct": 0, "total": 50}},
    {
        "a": {
            "banking77": {
                "bridge": {"accuracy": 21.5, "correct": 43, "total": 200},
                "relay": {"accuracy": 1.0, "correct": 2, "total": 200},
            }
        }
    },
    {
        "a": {
            "random": {"accuracy": 0.5},
            "majority": {"accuracy": 0.51, "n": 872},
            "bridge": {"accuracy": 0.94, "n": 872},
        }
    },
    {
        "a": {
            "config": {"batch_size": 16, "lr": 1e-4, "eval": {"batch_size": 32}, "lora": {"lr": 5e-4, "rank": 8}},
            "accuracy": 0.8,
        }
    },
    {
        "a": {
            "config": {"lr": 1e-4, "rank": 8},
            "bridge": {"accuracy": 0.8, "config": {"lr": 2e-4}},
            "lora": {"accuracy": 0.81, "config": {"lr": 5e-4, "rank": 8}},
        }
    },
    {"a": {"latency": {"encode_ms": 16.9, "bridge_ms": 1.2, "decode_ms": 19.3, "total_ms": 37.4}, "throughput": 26.7}},
    {"a": {"num_samples": 100, "latency_ms": 50, "total_time_s": 5.6}},
    {
        "a": {
            "results": [{"dataset": "sst2", "model": "a", "seed": s, "acc": v} for s, v in ((1, 91.1), (2, 92.0))]
            + [{"dataset": "trec", "model": "a", "seed": s, "acc": v} for s, v in ((1, 81.1), (2, 82.0))]
        }
    },
    {
        "a": {
            "p_values": {"x_vs_y": 0.001, "x_vs_z": 0.3},
            "p_values_holm": {"x_vs_y": 0.002, "x_vs_z": 0.3},
            "significant_holm": {"x_vs_y": True, "x_vs_z": False},
        }
    },
    {
        "a": {
            "scores": [0.8, 0.85, 0.9, 0.82, 0.88, 0.86],
            "mean": 0.8517,
            "std": 0.0371,
            "min": 0.8,
            "max": 0.9,
            "n": 6,
        }
    },
    {"a": {"accuracy": {"sst2": 94.7, "agnews": 88.9, "trec": 94.5}}},
    {
        "a": {
            "metrics": {"accuracy": 0.86, "f1": 0.855, "precision": 0.87, "recall": 0.85, "auc": 0.93},
            "num_examples": 1000,
        }
    },
    {
        "a": {
            "samples": [
                {
                    "id": i,
                    "question": f"q{i}",
                    "prediction": str(i % 3),
                    "answer": str(i % 4),
                    "correct": i % 3 == i % 4,
                }
                for i in range(30)
            ]
        }
    },
    {
        "a": {
            "generation_config": {"temperature": 0.7, "top_p": 0.9, "top_k": 50},
            "accuracy": 0.4,
            "total": 164,
            "correct": 66,
        }
    },
    {
        "a": {
            "accuracy": 40.2,
            "total": 164,
            "correct": 66,
            "errors": [{"id": 1, "gold": "a", "pred": "b"}, {"id": 2, "gold": "b", "pred": "a"}],
        }
    },
    {
        "a": {
            "bridge": {"accuracy": 0.81, "seed": 1, "final_loss": 0.31234567},
            "bridge_again": {"accuracy": 0.82, "seed": 2, "final_loss": 0.31234999},
        }
    },
    {"a": {"leaderboard": [{"model": "gpt", "score": 88.1, "accuracy": 88.1}, {"model": "llama", "accuracy": 80.2}]}},
    {
        "a": {
            "timestamp": "2025",
            "args": {"k": 3},
            "best_acc": 91.2,
            "best_epoch": 3,
            "history": [{"epoch": 1, "val_acc": 0.8}, {"epoch": 2, "val_acc": 0.9}],
        }
    },
    {
        "a": {
            "text_relay": {"accuracy": 70.0, "correct": 140, "total": 200},
            "bridge": {"accuracy": 89.5, "correct": 179, "total": 200},
            "speedup": 22.4,
            "random_chance": 25.0,
        }
    },
    {
        "a": {
            "confusion_matrix": [[90, 10], [20, 80]],
            "accuracy": 0.85,
            "classes": ["neg", "pos"],
            "support": [100, 100],
        }
    },
    {"a": {"accuracy": 0.91, "ci_low": 0.8622, "ci_high": 0.9422, "n": 200, "confidence": 0.95}},
    {"a": {"accuracy": 98.0, "n": 50, "ci": [89.5, 99.65]}},
    {
        "a": {
            "accuracy": 0.9,
            "stderr": 0.0212,
            "n": 200,
            "per_subject": {"physics": {"acc": 0.8, "n": 100}, "law": {"acc": 1.0, "n": 100}},
        }
    },
    {
        "a": {
            "bridge_acc": 0.9,
            "relay_acc": 0.7,
            "n": 200,
            "p_value": 0.001,
            "mcnemar_b": 45,
            "mcnemar_c": 5,
            "examples": [{"id": i, "bridge": i % 10 != 0, "relay": i % 3 != 0} for i in range(200)],
        }
    },
    {"a": [{"instruction": f"do {i}", "input": "", "output": f"done with number {i} now"} for i in range(10)]},
]
