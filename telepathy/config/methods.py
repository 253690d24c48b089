"""Methods: the bridge's parts and its training as data, and the baselines.

A part's class lives in `telepathy/bridge/` and takes its section from here; this module stays free of torch so
that planning can read it. Section and symbol names follow the specification of the original research.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from telepathy.config.base import Layer, Strict


class Perceiver(Strict):
    """Perceiver resampler (Jaegle et al. 2021; Alayrac et al. 2022)."""

    kind: Literal["perceiver"] = "perceiver"
    width: int | None = Field(default=None, gt=0, description="Inner width; the receiver's width if absent.")
    heads: int = Field(default=8, gt=0)
    depth: int = Field(default=2, gt=0)

    @model_validator(mode="after")
    def _heads_divide(self) -> "Perceiver":
        if self.width is not None and self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of heads {self.heads}")
        return self


class Calibration(Strict):
    """Statistics of the sender's states and the receiver's embeddings, from training rows."""

    rows: int = Field(default=500, gt=1)
    level: Literal["pooled", "token"] = "pooled"


class Losses(Strict):
    """Weights of the loss terms; 0 leaves a term out."""

    lm: float = Field(default=1.0, ge=0, description="Receiver cross-entropy over the target.")
    recon_cos: float = Field(default=0.0, ge=0, description="Direction of the mean soft token vs the source mean.")
    batch_div: float = Field(default=0.0, ge=0, description="Similarity of different items' soft tokens.")

    @model_validator(mode="after")
    def _any(self) -> "Losses":
        if not any(self.model_dump().values()):
            raise ValueError("at least one loss weight must be above 0")
        return self


Piece = Literal["bos", "primer", "soft", "target", "eos"]


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

    @model_validator(mode="after")
    def _warmup_fits(self) -> "Training":
        if self.warmup > self.steps:
            raise ValueError(f"warmup {self.warmup} is longer than steps {self.steps}")
        return self


class Bridge(Strict):
    """A bridge and how it is trained: normalizer -> body -> output stage."""

    kind: Literal["bridge"]
    layer: Layer = Field(description="Source layer: fraction of the sender's depth, or index.")
    soft_tokens: int = Field(gt=0)
    normalizer: Literal["fixed", "learnable", "learnable_clamped", "layer_norm", "identity", "none"] = "identity"
    calibration: Calibration | None = None
    body: Perceiver = Perceiver()
    output: Literal["none", "ln_tanh_scale", "tanh_scale", "scale", "rms_scale"] = "rms_scale"
    output_init: float | None = Field(
        default=None, gt=0, description="Start of the output scale; the receiver's embedding RMS if absent."
    )
    losses: Losses = Losses()
    layout: list[Piece] = Field(default=["bos", "primer", "soft", "target", "eos"])
    primer: str | None = Field(default=None, description="Replaces the task's primer.")
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
        if "eos" in self.layout[: self.layout.index("target")]:
            raise ValueError("layout must give eos after the target")
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


Recipe = Annotated[Bridge | ZeroShot | LinearProbe | Majority, Field(discriminator="kind")]


class Method(Strict):
    """A named recipe with what a reader must know of it."""

    title: str
    about: str = Field(description="One sentence: what it does or which hypothesis it tests.")
    targets: list[Literal["labels", "answer"]] = Field(default=["labels", "answer"])
    recipe: Recipe
