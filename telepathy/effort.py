"""What a run has its models do: which sequences they read and write, from its specification alone."""

from dataclasses import dataclass
from math import ceil
from typing import Any

from telepathy.config.methods import Bridge
from telepathy.config.sizes import parameters
from telepathy.machine import GB, Passes, Size, label_nodes
from telepathy.plan import Plan, Spec

BATCH_ROWS = 32
"""Rows of a batch in evaluation."""
PRIMER, LABEL = 8, 3
"""Tokens around the soft tokens, a beginning token and a primer; and those of a label."""
SHORT_ANSWER = 10
"""Tokens of a written answer to a closed label set."""
ITERATIONS = 300
"""Of a logistic regression until it stands still."""


@dataclass(frozen=True)
class Shape:
    """What a receiver reads of a row, and what is trained.

    Attributes:
        length: tokens of the sequence, target included.
        target: tokens that are scored over the whole vocabulary; 0 for labels.
        soft_tokens: of them, K.
        trained: parameters.
        depth: layers of the bridge.
    """

    length: int
    target: int = 0
    soft_tokens: int = 0
    trained: int = 0
    depth: int = 0


def shape(spec: Spec, tokens: int, widths: dict[str, int], depth: int) -> Shape:
    """The shape of a run.

    Args:
        spec: of the run.
        tokens: of a text with its prompt.
        widths: of its models by role.
        depth: of the receiver.
    """
    recipe = spec.get("bridge", spec)["recipe"]
    match recipe["kind"]:
        case "bridge":
            return _bridge(recipe, bool(spec["task"]["labels"]), widths)
        case "prompt_tuning":
            soft = recipe["soft_tokens"]
            return Shape(soft + (tokens if recipe["text"] else PRIMER), 0, soft, soft * widths["receiver"])
        case "lora":
            # Two low-rank factors for each adapted matrix; those of values are narrower, so this is the most.
            return Shape(tokens, trained=2 * depth * len(recipe["modules"]) * recipe["rank"] * widths["receiver"])
        case "pruned_text":
            return Shape(recipe["tokens"] + 2 * PRIMER)
        case "ridge_map":
            return Shape(1 + PRIMER)
        case "linear_probe" | "majority":
            return Shape(0)
    return Shape(tokens)


def _bridge(recipe: dict[str, Any], labels: bool, widths: dict[str, int]) -> Shape:
    body = Bridge.model_validate(recipe).body
    soft, most = recipe["soft_tokens"], recipe["training"]["max_target_tokens"]
    whole = {"answer": most, "question_answer": 2 * most, "final": LABEL, "label_text": LABEL}[recipe["target"]]
    target = 0 if labels and recipe["target"] != "label_text" else whole
    trained = parameters(body, soft, widths["sender"], widths["receiver"])
    layers = getattr(body, "depth", 1) * getattr(body, "rounds", 1)
    return Shape(soft + PRIMER + (target or LABEL), target, soft, trained, layers)


@dataclass(frozen=True)
class Effort:
    """Seconds of answering rows, and of fitting what is fitted without a GPU."""

    plan: Plan
    go: Passes

    def shape(self, run: str) -> Shape:
        """The shape of a planned run."""
        spec = self.plan.runs[run].spec
        models = {role: self.plan.models[key] for role, key in spec["models"].items()}
        widths = {role: model["width"] for role, model in models.items()}
        return shape(spec, self.tokens(run), widths, models["receiver"]["depth"] if "receiver" in models else 0)

    def tokens(self, run: str) -> int:
        """Tokens of a text of a run with its prompt."""
        return self.plan.config.tasks[self.plan.runs[run].task].planned_tokens

    def written(self, spec: Spec) -> int:
        """Tokens that the models of a run write for a row, at most."""
        recipe = spec["recipe"]
        most = recipe.get("max_new_tokens", 0)
        if recipe["kind"] == "latency":
            most = recipe["relay"]["max_new_tokens"]
        if not spec["task"]["labels"]:
            twice = spec.get("bridge", spec)["recipe"].get("target") == "question_answer"
            most = max(most, spec["task"]["max_new_tokens"] * (2 if twice else 1))
        return max(most, SHORT_ANSWER if recipe.get("answer") == "written" else 0)

    def beginning(self, run: str) -> int:
        """Tokens of solved rows that stand before each text."""
        recipe = self.plan.runs[run].spec["recipe"]
        if recipe["kind"] != "few_shot":
            return 0
        each = min(recipe["max_tokens"] or self.tokens(run), self.tokens(run)) + LABEL
        return len(self.plan.runs[run].spec["task"]["labels"]) * recipe["shots"] * each

    def answers(self, run: str, rows: float, models: dict[str, Size]) -> float:
        """Seconds of answering so many rows."""
        spec, tokens = self.plan.runs[run].spec, self.tokens(run)
        recipe, length, new = spec["recipe"], self.shape(run).length, self.written(spec)
        sender = models.get("sender")
        reader = models.get("receiver") or models.get("reader")
        seconds = self.go.read(sender, rows, tokens, BATCH_ROWS) if sender and "live" in spec else 0.0
        match recipe["kind"]:
            case "majority" | "linear_probe":
                return seconds
            case "latency":
                return seconds + self._latency(recipe, tokens, models)
            case "few_shot" if reader:
                before = self.beginning(run)
                first = self.go.one(reader, 1, before)
                each = self.go.one(reader, BATCH_ROWS, tokens, before)
                return first + label_nodes(spec["task"]["labels"]) * ceil(rows / BATCH_ROWS) * each
            case "logit_ensemble" if sender:
                seconds += label_nodes(spec["task"]["labels"]) * self.go.read(sender, rows, tokens, BATCH_ROWS)
            case "text_relay" if sender:
                seconds += self.go.write(sender, rows, tokens + PRIMER, recipe["max_new_tokens"], BATCH_ROWS)
                new, length = (SHORT_ANSWER, 2 * PRIMER + recipe["max_new_tokens"])
                new = spec["task"]["max_new_tokens"] if not spec["task"]["labels"] else new
            case "pruned_text" if sender:
                seconds += self.go.read(sender, rows, tokens, BATCH_ROWS) + self.go.head(sender, rows * tokens)
        if reader is None:
            return seconds
        if spec["task"]["labels"] and recipe.get("answer") != "written":
            return seconds + label_nodes(spec["task"]["labels"]) * self.go.read(reader, rows, length, BATCH_ROWS)
        return seconds + self.go.write(reader, rows, length, new, BATCH_ROWS)

    def fits(self, spec: Spec, rows: dict[str, int], width: int) -> tuple[float, float]:
        """Seconds and GB of host memory of a regression on states, on the CPU."""
        recipe = spec["recipe"]
        numbers = sum(rows.values()) * width
        if recipe["kind"] == "linear_probe":
            flop = 4 * rows["train"] * width * len(spec["task"]["labels"]) * ITERATIONS
            return flop * len(recipe["strengths"]) * len(recipe["layers"]) / self.go.machine.cpu_gflops / 1e9, (
                4 * 4 * numbers / GB
            )
        flop = 2 * rows["train"] * width**2
        # Features, labels' embeddings and their centred copies, in fp64.
        return flop * len(recipe["strengths"]) / self.go.machine.cpu_gflops / 1e9, 5 * 8 * numbers / GB

    def _latency(self, recipe: dict[str, Any], tokens: int, models: dict[str, Size]) -> float:
        """One item at a time: through the bridge, by the receiver alone, and by what the sender writes."""
        sender, receiver = models["sender"], models["receiver"]
        read = self.go.one(sender, 1, tokens) + 3 * self.go.one(receiver, 1, tokens)
        relay = self.go.write(sender, 1, tokens, recipe["relay"]["max_new_tokens"], 1)
        return (recipe["items"] + recipe["warmup"]) * (read + relay)
