"""Settings of the bridge's parts: bodies, bottlenecks, losses. A part's class lives in `telepathy/bridge/`.

Section and symbol names follow the specification of the original research. A width is a number of dimensions, or a
fraction of the receiver's width (so that a recipe carries over to another pair), or absent for the receiver's own;
the plan resolves it to a number before anything runs.
"""

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from telepathy.config.base import Strict

Width = Annotated[float, Field(gt=0, le=1)] | Annotated[int, Field(ge=1)]
"""Inner width: a float in (0, 1] is a fraction of the receiver's width, an integer a number of dimensions."""


class _Attending(Strict):
    """A body with attention; its width is a multiple of its heads once it is resolved."""

    width: Width | None = Field(default=None, description="Inner width; the receiver's width if absent.")
    heads: int = Field(default=8, gt=0)
    depth: int = Field(default=2, gt=0, description="Layers.")

    @model_validator(mode="after")
    def _heads_divide(self) -> "_Attending":
        if isinstance(self.width, int) and self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of heads {self.heads}")
        return self


class Perceiver(_Attending):
    """Perceiver resampler (Jaegle et al. 2021; Alayrac et al. 2022)."""

    kind: Literal["perceiver"] = "perceiver"


class SmallPerceiver(_Attending):
    """Cross-attention alone, without a padding mask (the record's ablation grids)."""

    kind: Literal["small_perceiver"]


class RecurrentPerceiver(_Attending):
    """Latent chain of thought: rounds of soft tokens, each reading the one before (phase 19)."""

    kind: Literal["recurrent_perceiver"]
    rounds: int = Field(default=4, gt=0, description="Rounds; soft_tokens is a multiple of it.")


class Iterated(_Attending):
    """The record's "diffusion transformer": the same layers applied again and again from noise, no flow."""

    kind: Literal["iterated"]
    rounds: int = Field(default=10, gt=0)
    noise: float = Field(default=0.1, ge=0, description="Standard deviation of the starting latents.")


class Linear(Strict):
    """Masked mean, one linear map, repeated for each soft token."""

    kind: Literal["linear"]
    each: bool = Field(default=False, description="An output of its own for each soft token, instead of repeats.")


class MLP(Strict):
    """Masked mean, two hidden GELU layers, one output for each soft token."""

    kind: Literal["mlp"]
    width: Width | None = None


class MeanPool(Strict):
    """Masked mean, repeated; nothing to train but the output scale."""

    kind: Literal["mean_pool"]


class LastToken(Strict):
    """The last token's state, repeated; nothing to train but the output scale ("identity" in the record)."""

    kind: Literal["last_token"]


class _Flow(_Attending):
    """Rectified flow from noise to embeddings (Liu et al. 2023); sampled by Euler steps from seeded noise."""

    dropout: float = Field(default=0.0, ge=0, lt=1)
    sampler_steps: int = Field(default=10, gt=0)
    target: Literal["answer_interpolated", "question_padded"] = Field(
        default="question_padded", description="x_1: embeddings resized to K by interpolation, or cut and padded."
    )
    scaled: bool = Field(
        default=True, description="x_1 in units of the receiver's embedding RMS, as the unit noise is; else raw."
    )
    learned_target: bool = Field(
        default=False, description="Train a map into the target itself, and leave the one back untrained (phase 13)."
    )
    shared_noise: bool = Field(
        default=True, description="The same start for every item, so that differences come from the input."
    )


class FlowPooled(_Flow):
    """Every block sees the source through cross-attention and a pooled vector (phase 12)."""

    kind: Literal["flow_pooled"]


class FlowCross(_Flow):
    """The source through cross-attention alone, modulation from the time alone (phase 13)."""

    kind: Literal["flow_cross"]


class FlowHybrid(_Flow):
    """Cross-attention, and a global vector that a learned query reads from the source (phase 14)."""

    kind: Literal["flow_hybrid"]


Body = Annotated[
    Perceiver | SmallPerceiver | RecurrentPerceiver | Iterated | Linear | MLP | MeanPool | LastToken
    | FlowPooled | FlowCross | FlowHybrid,
    Field(discriminator="kind"),
]  # fmt: skip

BODIES = get_args(get_args(Body)[0])
"""The classes of all bodies."""


class VQ(Strict):
    """Vector quantisation (van den Oord et al. 2017)."""

    kind: Literal["vq"]
    codes: int = Field(default=4096, gt=1)
    distance: Literal["l2", "cosine"] = "l2"
    init: Literal["uniform", "unit"] = "unit"
    pre_norm: bool = Field(default=False, description="LayerNorm before the quantiser.")
    commitment: float = Field(default=0.25, ge=0)
    own_length: bool = Field(
        default=True, description="cosine: give a code the length of its own vector; else the batch's mean length."
    )
    soft_usage: bool = Field(
        default=True,
        description="Measure usage for the entropy bonus on softmax(-distance/temperature); else by counting.",
    )
    temperature: float = Field(default=1.0, gt=0, description="Squared distances of unit vectors want about 0.02.")


class FSQ(Strict):
    """Finite scalar quantisation (Mentzer et al. 2024), in fp32."""

    kind: Literal["fsq"]
    levels: list[Annotated[int, Field(ge=3)]] = Field(min_length=1)


Bottleneck = Annotated[VQ | FSQ, Field(discriminator="kind")]


class FirstTokens(Strict):
    """Weigh the first target tokens more (phase 11)."""

    count: int = Field(default=10, gt=0)
    weight: float = Field(default=100.0, gt=0)


class Losses(Strict):
    """Weights of the loss terms; 0 leaves a term out. Below them, their settings."""

    lm: float = Field(default=1.0, ge=0, description="Receiver cross-entropy over the target.")
    recon_cos: float = Field(default=0.0, ge=0, description="Direction of the mean soft token vs the source mean.")
    infonce: float = Field(default=0.0, ge=0, description="Contrast of each item's mean soft token with the others'.")
    anchor_mse: float = Field(default=0.0, ge=0, description="Mean soft token vs mean embedding of a text, squared.")
    anchor_cos: float = Field(default=0.0, ge=0, description="Mean soft token vs mean embedding of a text, direction.")
    recon_mse: float = Field(default=0.0, ge=0, description="A head reads the source mean from the body's output.")
    bow: float = Field(default=0.0, ge=0, description="A head reads the set of input tokens from the body's output.")
    flow: float = Field(default=0.0, ge=0, description="Velocity error of a flow body.")
    vq: float = Field(default=0.0, ge=0, description="Codebook and commitment error of a VQ bottleneck.")
    entropy: float = Field(default=0.0, ge=0, description="Minus the entropy of code usage, as a share of its maximum.")
    div_count: float = Field(default=0.0, ge=0, description="-log of the share of distinct codes: no gradient.")
    div_codes: float = Field(default=0.0, ge=0, description="Mean cosine of different code vectors.")
    div_var: float = Field(default=0.0, ge=0, description="-log of the mean variance of code entries.")
    batch_div: float = Field(default=0.0, ge=0, description="Similarity of different items' soft tokens.")

    tau: float = Field(default=0.07, gt=0, description="Temperature of infonce.")
    anchor_to: Literal["answer", "question"] = Field(default="answer", description="Text of the anchor terms.")
    anchor_relative: bool = Field(
        default=True, description="anchor_mse in units of the receiver's embedding RMS; else raw, hardly a gradient."
    )
    first_tokens: FirstTokens | None = None

    @property
    def weights(self) -> dict[str, float]:
        """Terms with a weight above 0."""
        return {name: weight for name in TERMS if (weight := getattr(self, name))}

    @model_validator(mode="after")
    def _any(self) -> "Losses":
        if not self.weights:
            raise ValueError("at least one loss weight must be above 0")
        return self


TERMS = (
    "lm", "recon_cos", "infonce", "anchor_mse", "anchor_cos", "recon_mse", "bow", "flow", "vq", "entropy",
    "div_count", "div_codes", "div_var", "batch_div",
)  # fmt: skip
