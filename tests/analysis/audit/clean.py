"""Twenty foreign results as careful people write them: no finding above a note is right here."""

from typing import Any

from planted import LABELS, outputs, rows

Files = dict[str, Any]
SEEDS = [91.2, 92.4, 90.8, 93.0, 91.6, 92.1]
CLEAN: list[Files] = [
    {"results.json": {"accuracy": 0.915, "correct": 183, "total": 200}},
    {
        "r.json": {
            "results": {
                "sst2": {
                    "bridge": {"accuracy": 91.5, "correct": 183, "total": 200},
                    "relay": {"accuracy": 71.0, "correct": 142, "total": 200},
                },
                "agnews": {"bridge": {"accuracy": 90.7, "correct": 6893, "total": 7600}},
            }
        }
    },
    {
        "eval.json": {
            "config": {"lr": 1e-4, "batch_size": 16, "seed": 42},
            "final_results": {"accuracy": 97.5, "correct": 195, "total": 200},
            "training_log": [
                {"step": 200, "accuracy": 86.0, "correct": 43, "total": 50},
                {"step": 400, "accuracy": 100.0, "correct": 50, "total": 50},
            ],
        }
    },
    {"i.json": {"acc": 0.945, "num_samples": 200, "ci_95": [0.9042, 0.9690]}},
    {"i.json": {"accuracy": 88.9, "n": 1000, "ci": {"lower": 86.8, "upper": 90.7}, "confidence_level": 0.95}},
    {"m.json": {"bridge": {"accuracies": SEEDS, "mean": 91.85, "std": 0.8093}}},
    {
        "m.json": {
            "runs": [{"seed": 1, "acc": 0.91}, {"seed": 2, "acc": 0.95}, {"seed": 3, "acc": 0.9}],
            "acc_mean": 0.92,
            "acc_std": 0.026458,
        }
    },
    {"d.json": {"accuracy": 0.75, "total": 40, "num_classes": 4, "details": rows(40, 10)}},
    {
        "s.json": {
            "bridge": {"details": rows(30, 4)},
            "relay": {"details": rows(30, 9, 1)},
            "mcnemar": {"comparison": "bridge vs relay", "p_value": 0.18, "significant": False},
        }
    },
    {
        "c.json": {
            "accuracy": 0.81,
            "n_samples": 100,
            "per_class": {"pos": {"correct": 40, "total": 50}, "neg": {"correct": 41, "total": 50}},
            "confusion_matrix": [[40, 10], [9, 41]],
        }
    },
    {
        "c.json": {
            "accuracy": 0.85,
            "neg": {"precision": 0.9, "recall": 0.8, "f1-score": 0.85, "support": 50},
            "pos": {"precision": 0.8, "recall": 0.9, "f1-score": 0.85, "support": 50},
            "macro avg": {"recall": 0.85, "support": 100},
        }
    },
    {
        "lm_eval.json": {
            "results": {
                "boolq": {"acc,none": 0.842, "acc_stderr,none": 0.0064},
                "arc_easy": {"acc,none": 0.79, "acc_norm,none": 0.77},
            },
            "configs": {"boolq": {"num_fewshot": 0}},
            "n-samples": {"boolq": {"original": 3270, "effective": 3270}},
        }
    },
    {"metrics.json": {"accuracy": 0.75}, "predictions.jsonl": rows(40, 10, id="idx", gold="label", pred="prediction")},
    {
        "sweep.json": {
            "meta": {"soft_tokens": 8},
            "experiments": {
                f"latents_{k}": {
                    "accuracy": 90.0 + k / 16,
                    "config": {"num_latents": k, "depth": 2},
                    "train_losses": [1.0 + k / 1000, 0.51234 + k / 997, 0.3 + k / 991],
                }
                for k in (4, 8, 16, 32)
            },
        }
    },
    {
        "t.json": {
            "bridge": {"throughput": 7.37, "latency_per_sample_ms": 135.66, "batch_size": 1},
            "relay": {"throughput": 16.0, "latency_s": 0.5, "batch_size": 8, "num_samples": 160, "wall_time_s": 10.0},
        }
    },
    {
        "p.json": {
            "correction": "holm",
            "comparisons": [
                {
                    "a": "x",
                    "b": "y",
                    "n_seeds": 8,
                    "p_value": 0.001,
                    "p_holm": 0.002,
                    "significant": True,
                    "cohens_d": 1.4,
                },
                {
                    "a": "x",
                    "b": "z",
                    "n_seeds": 8,
                    "p_value": 0.2,
                    "p_holm": 0.2,
                    "significant": False,
                    "cohens_d": 0.3,
                },
            ],
        }
    },
    {
        "gsm.json": {
            "num_samples": 500,
            "accuracy": 2.0,
            "correct": 10,
            "total": 500,
            "by_magnitude": {
                "small": {"correct": 0, "total": 99, "accuracy": 0.0},
                "medium": {"correct": 7, "total": 249, "accuracy": 2.8112449799196786},
                "large": {"correct": 3, "total": 152, "accuracy": 1.9736842105263157},
            },
            "samples": outputs(20),
        }
    },
    {
        "train.jsonl": [{"text": f"train text {i}", "label": LABELS[i % 4]} for i in range(30)],
        "test.jsonl": [{"text": f"test text {i}", "label": LABELS[i * 7 % 4]} for i in range(20)],
    },
    {
        "seed_1/r.json": {"seed": 1, "task": "trec", "accuracy": 0.8, "predictions": rows(50, 10, 1)},
        "seed_2/r.json": {"seed": 2, "task": "trec", "accuracy": 0.82, "predictions": rows(50, 9, 2)},
    },
    {
        "run_info.json": {
            "run_info": {"model": "m", "seed": 0},
            "train_info": {"accelerator_memory": 1234, "train_time": 88.2},
            "metrics": {"test_accuracy": 0.4886, "num_test": 1319, "train_loss": 0.61},
        }
    },
    {
        "k.json": {
            "task": "sst2",
            "methods": [
                {"method": "bridge", "accuracy_pct": 94.72, "correct": 826, "n": 872},
                {"method": "majority", "accuracy_pct": 50.92, "correct": 444, "n": 872},
                {"method": "zero_shot", "accuracy_pct": 89.56, "correct": 781, "n": 872},
            ],
        }
    },
]
