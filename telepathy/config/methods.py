"""Methods: a bridge with its training as data, and the baselines. Free of torch, so that planning can read it."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from telepathy.config.base import Layer, Strict
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


class Training(Strict):
    """Optimiser, schedule and budget of one run."""

    steps: int = Field(gt=0)
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


class ZeroShot(Strict):
    """One model reads the text itself and answers; no training."""

    kind: Literal["zero_shot"]
    reader: Literal["sender", "receiver"]
    calibrated: bool = Field(
        default=False, description="Contextual calibration with a content-free text (Zhao et al. 2021)."
    )


class LinearProbe(Strict):
    """Logistic regression on the sender's stored states; its C is chosen on validation rows."""

    kind: Literal["linear_probe"]
    layer: Layer
    pooling: Literal["last", "mean"] = "last"
    strengths: list[float] = Field(default=[0.0001, 0.001, 0.01, 0.1, 1.0], min_length=1)


class Majority(Strict):
    """Always the most frequent training label."""

    kind: Literal["majority"]


class TextRelay(Strict):
    """The sender writes a summary of the text, the receiver answers from the summary."""

    kind: Literal["text_relay"]
    prompt: str = Field(
        default="Summarize this in one sentence:\n\n{text}\n\nSummary:", description="What the sender reads."
    )
    max_new_tokens: int = Field(default=50, gt=0)


class Latency(Strict):
    """Time of one item through bridge, text relay and the receiver alone (phases 26 and 27)."""

    kind: Literal["latency"]
    bridge: str = Field(description="The bridge method whose trained run is timed.")
    items: int = Field(default=50, gt=0)
    warmup: int = Field(default=5, ge=0)
    relay: TextRelay = TextRelay(kind="text_relay")


Recipe = Annotated[Bridge | ZeroShot | LinearProbe | Majority | TextRelay | Latency, Field(discriminator="kind")]


class Method(Strict):
    """A named recipe with what a reader must know of it."""

    title: str
    about: str = Field(description="One sentence: what it does or which hypothesis it tests.")
    targets: list[Literal["labels", "answer"]] = Field(default=["labels", "answer"])
    recipe: Recipe
