"""Methods: a bridge with its training as data, and the baselines. Free of torch, so that planning can read it."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from telepathy.config.base import Fraction, Layer, Strict
from telepathy.config.parts import VQ, Body, Bottleneck, Losses, Perceiver, RecurrentPerceiver


class Calibration(Strict):
    """Statistics of the sender's states and the receiver's embeddings, from training rows."""

    rows: int = Field(default=500, gt=1)
    level: Literal["pooled", "token"] = "pooled"


Piece = Literal["bos", "primer", "soft", "answer_bos", "target", "eos"]
"""`answer_bos` is a second beginning token: the target's first token, which the receiver must predict (1-9)."""


class Shown(Strict):
    """What evaluation puts before the target, where it differs from training (a recorded defect)."""

    layout: list[Piece] | None = None
    primer: str | None = None


class Search(Strict):
    """Choose the learning rate on validation rows: short trainings first, then one in full with the best."""

    lr: list[Annotated[float, Field(gt=0)]] = Field(min_length=2, description="The grid; replaces `lr`.")
    share: Fraction = Field(default=0.25, description="Share of the steps that each candidate gets.")


class Training(Strict):
    """Optimiser, schedule and budget of one run."""

    steps: int = Field(ge=0, description="0: evaluate at initialisation.")
    batch: int = Field(default=16, gt=0, description="Rows a step and accumulation part.")
    accumulation: int = Field(default=1, gt=0)
    lr: float = Field(default=2e-4, gt=0)
    weight_decay: float = Field(default=0.01, ge=0)
    clip: float = Field(default=1.0, gt=0, description="Gradient-norm bound.")
    warmup: int = Field(default=0, ge=0, description="Steps of linear warm-up.")
    schedule: Literal["constant", "cosine"] = "constant"
    validations: int = Field(default=2, ge=0, description="How often validation rows are scored, evenly spaced.")
    max_target_tokens: int = Field(default=96, gt=0)
    weights: Literal["float32", "bfloat16"] = Field(
        default="float32", description="Arithmetic of the trained weights; bfloat16 loses small updates."
    )
    ema: float | None = Field(default=None, gt=0, lt=1, description="Decay of averaged weights, used at evaluation.")
    mask_padding: bool = Field(default=True, description="Leave padding out of the loss and of attention.")
    search: Search | None = Field(default=None, description="How to choose the learning rate; absent: `lr` as given.")
    rows: int | None = Field(default=None, gt=0, description="Training rows used, stratified; all if absent.")
    broken: Literal["sources", "labels"] | None = Field(
        default=None,
        description="A control: each step gives every row another row's `sources`, or `labels` are permuted once.",
    )

    @model_validator(mode="after")
    def _warmup_fits(self) -> "Training":
        if self.warmup > self.steps:
            raise ValueError(f"warmup {self.warmup} is longer than steps {self.steps}")
        return self


class Bridge(Strict):
    """A bridge and how it is trained: normalizer -> body -> bottleneck -> output stage."""

    kind: Literal["bridge"]
    layer: Layer = Field(description="Source layer: fraction of the sender's depth, or index.")
    soft_tokens: int = Field(gt=0)
    normalizer: Literal["fixed", "learnable", "learnable_clamped", "layer_norm", "identity", "none"] = "identity"
    calibration: Calibration | None = None
    body: Body = Perceiver()
    bottleneck: Bottleneck | None = None
    output: Literal["none", "ln_tanh_scale", "tanh_scale", "scale", "rms_scale", "rms_fixed"] = "rms_scale"
    output_gain: float = Field(
        default=1.0, gt=0, description="Start of the output scale, in units of the receiver's embedding RMS."
    )
    losses: Losses = Losses()
    target: Literal["answer", "question_answer", "final", "label_text"] = Field(
        default="answer",
        description="Text target: the worked answer, question and answer, or the final answer alone. A label is "
        "trained on the label set; `label_text` trains on its text over the whole vocabulary instead.",
    )
    layout: list[Piece] = Field(default=["bos", "primer", "soft", "target", "eos"])
    primer: str | None = Field(default=None, description="Replaces the task's primer.")
    sender_prompt: str | None = Field(default=None, description="Replaces the task's prompt for the sender.")
    evaluation: Shown | None = None
    match: str | None = Field(
        default=None,
        description="A bridge method: the body's width is chosen to have as many trained parameters as that one.",
    )
    training: Training

    @model_validator(mode="after")
    def _consistent(self) -> "Bridge":
        needs = self.normalizer in ("fixed", "learnable", "learnable_clamped")
        if needs and self.calibration is None:
            raise ValueError(f"normalizer {self.normalizer} needs a `calibration` section")
        if not needs and self.calibration is not None:
            raise ValueError(f"normalizer {self.normalizer} uses no statistics; remove `calibration`")
        for piece in ("soft", "target"):
            if self.layout.count(piece) != 1:
                raise ValueError(f"layout must contain `{piece}` exactly once")
        if self.layout.index("soft") > self.layout.index("target"):
            raise ValueError("layout must give the soft tokens before the target")
        if self.sender_prompt is not None and "{text}" not in self.sender_prompt:
            raise ValueError("`sender_prompt` must contain {text}")
        if "eos" in self.layout[: self.layout.index("target")]:
            raise ValueError("layout must give eos after the target")
        if "answer_bos" in self.layout and self.layout.index("answer_bos") != self.layout.index("target") - 1:
            raise ValueError("layout must give answer_bos right before the target")
        shown = self.evaluation.layout if self.evaluation else None
        if shown is not None and (shown.count("soft") != 1 or {"target", "eos", "answer_bos"} & set(shown)):
            raise ValueError("evaluation.layout holds what stands before the target: bos, primer, and soft once")
        flows = self.body.kind.startswith("flow_")
        if flows != bool(self.losses.flow):
            raise ValueError("a flow body needs a `flow` loss, and no other body can have one")
        if isinstance(self.bottleneck, VQ) != bool(self.losses.vq):
            raise ValueError("a vq bottleneck needs a `vq` loss, and nothing else can have one")
        coded = {"entropy", "div_count", "div_codes", "div_var"} & set(self.losses.weights)
        if coded and self.bottleneck is None:
            raise ValueError(f"loss {sorted(coded)[0]} needs a bottleneck")
        rounds = self.body.rounds if isinstance(self.body, RecurrentPerceiver) else 1
        if self.soft_tokens % rounds:
            raise ValueError(f"soft_tokens {self.soft_tokens} is not a multiple of the body's {rounds} rounds")
        return self


Answer = Literal["scored", "written"]
"""How a label is read off: the label of the highest score, or greedy text and the one parser (closed label sets)."""

Reader = Literal["sender", "receiver"]


class ZeroShot(Strict):
    """One model reads the text itself and answers; no training."""

    kind: Literal["zero_shot"]
    reader: Reader
    calibrated: bool = Field(
        default=False, description="Contextual calibration with a content-free text (Zhao et al. 2021)."
    )
    answer: Answer = "scored"

    @model_validator(mode="after")
    def _calibrates_scores(self) -> "ZeroShot":
        if self.calibrated and self.answer == "written":
            raise ValueError("only scored answers can be calibrated")
        return self


class FewShot(Strict):
    """One model reads solved training rows, drawn by the run's seed, and then the text (Brown et al. 2020)."""

    kind: Literal["few_shot"]
    reader: Reader
    shots: int = Field(default=2, gt=0, description="Rows of each class.")
    max_tokens: int | None = Field(
        default=None, gt=0, description="Longest shown row, its text is cut; the task's own limit if absent."
    )


class LinearProbe(Strict):
    """Logistic regression on the sender's stored states; layer and C are chosen on validation rows."""

    kind: Literal["linear_probe"]
    layers: list[Layer] = Field(min_length=1)
    pooling: Literal["last", "mean"] = "last"
    strengths: list[float] = Field(default=[0.0001, 0.001, 0.01, 0.1, 1.0], min_length=1)


class RidgeMap(Strict):
    """Ridge regression from a state to the receiver's mean embedding of the label text; one soft token."""

    kind: Literal["ridge_map"]
    layer: Layer
    pooling: Literal["last", "mean"] = "last"
    strengths: list[float] = Field(
        default=[0.1, 1.0, 10.0, 100.0, 1000.0], min_length=1, description="Candidates; chosen on validation rows."
    )


class LogitEnsemble(Strict):
    """Mean of both models' label scores, the sender's share chosen on validation rows."""

    kind: Literal["logit_ensemble"]
    shares: list[Annotated[float, Field(ge=0, le=1)]] = Field(default=[0.1, 0.3, 0.5, 0.7, 0.9], min_length=1)
    calibrated: bool = True


class PrunedText(Strict):
    """The receiver reads as many tokens of the text as a bridge has soft tokens."""

    kind: Literal["pruned_text"]
    like: str = Field(description="The bridge method whose number of soft tokens is the budget.")
    criterion: Literal["surprisal", "first"] = Field(
        default="surprisal",
        description="Keep the words that the sender expects least (Jiang et al. 2023, LLMLingua), or the first ones.",
    )
    calibrated: bool = True
    tokens: int | None = Field(default=None, description="Filled in by the plan.")


class Majority(Strict):
    """Always the most frequent training label."""

    kind: Literal["majority"]


class TextRelay(Strict):
    """The sender writes about the text, the receiver answers from what it wrote."""

    kind: Literal["text_relay"]
    prompt: str = Field(
        default="Summarize this in one sentence:\n\n{text}\n\nSummary:",
        description="What the sender reads; {labels} stands for the class names.",
    )
    max_new_tokens: int = Field(default=50, gt=0)
    answer: Answer = "scored"


class PromptTuning(Strict):
    """Soft prompt for the receiver (Lester et al. 2021), by peft; without the text it can only learn one class."""

    kind: Literal["prompt_tuning"]
    text: bool = Field(default=True, description="False: the receiver sees the soft prompt and the primer alone.")
    soft_tokens: int = Field(default=8, gt=0)
    training: Training


class LoRA(Strict):
    """Low-rank adaptation of the receiver, which reads the text (Hu et al. 2022), by peft; loss on the label only."""

    kind: Literal["lora"]
    rank: int = Field(default=8, gt=0)
    alpha: float = Field(default=16, gt=0)
    dropout: float = Field(default=0.05, ge=0, lt=1)
    modules: list[str] = Field(default=["q_proj", "v_proj"], min_length=1)
    training: Training


class Control(Strict):
    """A trained bridge whose soft tokens are replaced before the receiver reads them."""

    kind: Literal["control"]
    bridge: str = Field(description="The bridge method whose trained run is used.")
    soft: Literal["zero", "mean", "random", "shuffled"] = Field(
        description="Zeros; their mean over training rows; noise of the same RMS; those of another test row."
    )


class Transfer(Strict):
    """A bridge trained on one task, scored on another (made by experiments with `transfer`)."""

    kind: Literal["transfer"]
    bridge: str
    trained_on: str


class Latency(Strict):
    """Time of one item through bridge, text relay and the receiver alone (phases 26 and 27)."""

    kind: Literal["latency"]
    bridge: str = Field(description="The bridge method whose trained run is timed.")
    items: int = Field(default=50, gt=0)
    warmup: int = Field(default=5, ge=0)
    relay: TextRelay = TextRelay(kind="text_relay")


Recipe = Annotated[
    Bridge | PromptTuning | LoRA | ZeroShot | FewShot | TextRelay | PrunedText | LogitEnsemble | LinearProbe | RidgeMap
    | Majority | Control | Latency,
    Field(discriminator="kind"),
]  # fmt: skip

TRAINED = ("bridge", "prompt_tuning", "lora")
"""Kinds of recipes that a training stage runs before the evaluation."""

DEPENDENT = ("control", "transfer", "latency")
"""Kinds that use another run's trained bridge."""


class Method(Strict):
    """A named recipe with what a reader must know of it."""

    title: str
    about: str = Field(description="One sentence: what it does or which hypothesis it tests.")
    targets: list[Literal["labels", "answer"]] = Field(default=["labels", "answer"])
    recipe: Recipe
