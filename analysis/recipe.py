"""Sentences and formulas that describe the leading bridge's recipe, one for each kind of part in use."""

from typing import Any

from analysis import formats
from analysis.study import Study
from analysis.value import Value
from telepathy.config.parts import TERMS

AFFINE = (
    "an affine map whose statistics are measured once on training rows. With $\\mu_s,\\sigma_s$ the mean "
    "and standard deviation of the sender's pooled states, and $\\mu_r,\\sigma_r$ those of the receiver's "
    "embeddings of the same texts, \\begin{equation} \\hat H = "
    "\\frac{H-\\mu_s}{\\sigma_s}\\,\\sigma_r+\\mu_r . \\end{equation} Where the two widths differ, the "
    "receiver's side is one number each, the root mean square over dimensions"
)
NORMALIZERS = {
    "identity": "the identity, $\\hat H=H$",
    "none": "the identity, $\\hat H=H$",
    "layer_norm": (
        "a layer normalization of each token's state, without parameters. In small models the state of the "
        "first token can be many times larger than all others, and would saturate the resampler's attention "
        "if tokens were not scaled one by one"
    ),
    "fixed": AFFINE,
    "learnable": AFFINE + "; the statistics are then trained, with one scalar gain",
    "learnable_clamped": AFFINE + "; the statistics are then trained, with deviations kept positive",
}
OUTPUTS = {
    "rms_fixed": (
        "divides each soft token by its root mean square and multiplies it with that of the receiver's embeddings",
        "Z_k = s_0\\,x_k\\Big/\\sqrt{\\tfrac{1}{d_r}\\textstyle\\sum_j x_{kj}^2+\\varepsilon}",
    ),
    "none": ("passes the resampler's vectors on unchanged", "Z_k = x_k"),
    "scale": ("multiplies each soft token with one learned scalar", "Z_k = s\\,x_k"),
    "tanh_scale": ("bounds each entry and multiplies it with one learned scalar", "Z_k = s\\,\\tanh x_k"),
    "ln_tanh_scale": (
        "normalizes each soft token, bounds its entries and multiplies them with one learned scalar",
        "Z_k = |s|\\,\\tanh\\mathrm{LN}(x_k)",
    ),
    "rms_scale": (
        "divides each soft token by its root mean square and multiplies it with one learned scalar",
        "Z_k = s\\,x_k\\Big/\\sqrt{\\tfrac{1}{d_r}\\textstyle\\sum_j x_{kj}^2+\\varepsilon}",
    ),
}
LATENTS = "$K$ learned latents, width \\result{lead.width}, depth \\result{lead.depth} and \\result{lead.heads} heads"
BODIES = {
    "perceiver": (
        "a perceiver \\citep{jaegle2021perceiver} with " + LATENTS + ". Each layer attends from the latents "
        "to $\\hat H$, then among the latents, then applies a feed-forward part, each with a residual connection and "
        "layer normalization of the latents. Padding is masked. Nothing tells it where in the text a state stands, "
        "apart from what the sender has written into the state itself"
    ),
    "small_perceiver": (
        "a small perceiver with " + LATENTS + ", without feed-forward parts and without a mask of the padding"
    ),
    "recurrent_perceiver": (
        "a perceiver with " + LATENTS + " that works in rounds: each round makes a share of the soft tokens "
        "and attends to those of the round before"
    ),
    "iterated": ("a perceiver with " + LATENTS + " whose layers are applied again and again, starting from noise"),
    "linear": "one linear map of the mean state, repeated for each soft token",
    "mlp": "two hidden layers on the mean state, with one output for each soft token",
    "mean_pool": "the mean state, repeated for each soft token, with nothing to train",
    "last_token": "the state of the last token, repeated for each soft token, with nothing to train",
    "flow_pooled": (
        "a rectified flow from noise to embeddings of a text, whose blocks see the source through cross-attention "
        "and through one pooled vector"
    ),
    "flow_cross": (
        "a rectified flow from noise to embeddings of a text, whose blocks see the source through cross-attention alone"
    ),
    "flow_hybrid": (
        "a rectified flow from noise to embeddings of a text, whose blocks see the source through cross-attention "
        "and through a vector that a learned query reads from it"
    ),
}
BOTTLENECKS = {
    "vq": "Its vectors are then replaced by the nearest of a learned set of codes",
    "fsq": "Its vectors are then rounded to a grid of a few levels on each of a few learned axes",
}
LOSSES = {
    "lm": ("\\mathcal{L}_{\\mathrm{lm}}", "is the receiver's cross-entropy on the target tokens"),
    "recon_cos": (
        "\\mathcal{L}_{\\mathrm{rec}}",
        "asks the mean soft token to keep the direction of the mean source state, as one minus their cosine (through "
        "a fixed random map where the widths differ)",
    ),
    "infonce": (
        "\\mathcal{L}_{\\mathrm{nce}}",
        "contrasts the mean soft token of an item with those of the other items in the batch",
    ),
    "anchor_mse": (
        "\\mathcal{L}_{\\mathrm{mse}}",
        "is the squared distance of the mean soft token from the mean embedding of a text",
    ),
    "anchor_cos": (
        "\\mathcal{L}_{\\mathrm{cos}}",
        "is one minus the cosine of the mean soft token and the mean embedding of a text",
    ),
    "recon_mse": (
        "\\mathcal{L}_{\\mathrm{head}}",
        "is the squared error of a head that reads the mean source state from the body's output",
    ),
    "bow": (
        "\\mathcal{L}_{\\mathrm{bow}}",
        "is the error of a head that reads the set of the input's tokens from the body's output",
    ),
    "flow": ("\\mathcal{L}_{\\mathrm{flow}}", "is the squared error of a flow's velocity"),
    "vq": ("\\mathcal{L}_{\\mathrm{vq}}", "is the codebook's error with its commitment part"),
    "entropy": ("\\mathcal{L}_{\\mathrm{ent}}", "is minus the entropy of the codes' usage, as a share of its maximum"),
    "div_count": (
        "\\mathcal{L}_{\\mathrm{cnt}}",
        "is minus the logarithm of the share of distinct codes, a count without a gradient",
    ),
    "div_codes": ("\\mathcal{L}_{\\mathrm{code}}", "is the mean cosine of different code vectors"),
    "div_var": ("\\mathcal{L}_{\\mathrm{var}}", "is minus the logarithm of the variance of the codes' entries"),
    "batch_div": (
        "\\mathcal{L}_{\\mathrm{div}}",
        "is a penalty on soft tokens that are alike for different items of a batch $B$, \\begin{equation} "
        "\\mathcal{L}_{\\mathrm{div}} = \\operatorname*{mean}_{a\\neq b\\in B}\\ "
        "\\cos\\bigl(\\operatorname{vec}Z_a,\\operatorname{vec}Z_b\\bigr) . \\end{equation} It works against the "
        "failure that is most typical of such systems: one soft prompt for all inputs, which a strong receiver turns "
        "into a fluent answer that has nothing to do with the text",
    ),
}


def normalizer(study: Study) -> str:
    """What the normalizers of all trained methods do, the leading one first."""
    sentences = []
    for method, recipes in _recipes(study).items():
        kinds = list(dict.fromkeys(recipe["normalizer"] for recipe in recipes))
        found = formats.series([NORMALIZERS.get(kind, formats.latex(kind)) for kind in kinds], "or")
        sentences.append(f"For \\method{{{formats.latex(study.method(method))}}} it is {found}.")
    return " ".join(sentences) or "No method of this preset has one."


def output(study: Study) -> str:
    """What the leading bridge's output stage does, with its formula."""
    recipes = _recipes(study).get(study.lead or "", [])
    kinds = list(dict.fromkeys(recipe["output"] for recipe in recipes))
    if not kinds:
        return "No method of this preset has one."
    parts = [OUTPUTS.get(kind, (formats.latex(kind), formats.latex(kind))) for kind in kinds]
    start = ""
    if any(kind not in ("none", "rms_fixed") for kind in kinds) and all(r.get("output_gain", 1) == 1 for r in recipes):
        start = (
            " The scalar starts at $s_0=\\operatorname{median}_v\\,\\mathrm{rms}(E_v)$, the median over the "
            "rows of the receiver's embedding table $E$."
        )
    title = formats.latex(study.method(study.lead or ""))
    formulas = ",\\quad ".join(formula for _, formula in parts)
    doing = formats.series([text for text, _ in parts], "or")
    return f"The stage of \\method{{{title}}} {doing}: \\begin{{equation}} {formulas} . \\end{{equation}}{start}"


def body(study: Study) -> str:
    """What the leading bridge's body does, and its bottleneck."""
    recipes = _recipes(study).get(study.lead or "", [])
    kinds = list(dict.fromkeys(recipe["body"]["kind"] for recipe in recipes))
    if not kinds:
        return "No method of this preset has one."
    bottlenecks = dict.fromkeys(r["bottleneck"]["kind"] for r in recipes if r.get("bottleneck"))
    title = formats.latex(study.method(study.lead or ""))
    found = formats.series([BODIES.get(kind, formats.latex(kind)) for kind in kinds], "or")
    sentences = [f"The one of \\method{{{title}}} is {found}."]
    sentences += [f"{BOTTLENECKS.get(kind, formats.latex(kind))}." for kind in bottlenecks]
    return " ".join(sentences)


def loss(study: Study) -> str:
    """The weighted loss of each trained method outside the series, and what its terms are."""
    lines, used = [], set()
    for method, recipes in _recipes(study).items():
        for i, weights in enumerate(_distinct(recipes)):
            used |= set(weights)
            terms = [_term(name, weight, _weight_id(method, i, name)) for name, weight in weights.items()]
            title = formats.latex(study.method(method))
            lines.append(f"\\text{{\\method{{{title}}}:}}\\quad & \\mathcal{{L}} = {' + '.join(terms)}")
    if not lines:
        return "No method of this preset is trained."
    about = [f"${symbol}$ {text}" for name, (symbol, text) in LOSSES.items() if name in used]
    formulas = "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}"
    return f"{formulas}\n" + " ".join(
        f"Here {text}." if i == 0 else f"The term {text}." for i, text in enumerate(about)
    )


def loss_values(study: Study) -> list[Value]:
    """The weights of the loss terms of each trained method outside the series."""
    where = "analysis.recipe.loss_values"
    return [
        Value(_weight_id(method, i, name), weight, formats.number(weight), "", where)
        for method, recipes in _recipes(study).items()
        for i, weights in enumerate(_distinct(recipes))
        for name, weight in weights.items()
    ]


def _weight_id(method: str, i: int, term: str) -> str:
    return f"loss.{method}.{i + 1}.{term}"


def _distinct(recipes: list[dict[str, Any]]) -> list[dict[str, float]]:
    """Weights of a method's terms; several where its tasks differ."""
    return list({str(_weights(recipe)): _weights(recipe) for recipe in recipes}.values())


def _weights(recipe: dict[str, Any]) -> dict[str, float]:
    """Terms with a weight above 0; what else the section holds are settings."""
    losses = recipe["losses"]
    return {name: losses[name] for name in TERMS if losses.get(name)}


def _term(name: str, weight: float, value: str) -> str:
    symbol, _ = LOSSES[name]
    return symbol if weight == 1 else f"\\result{{{value}}}\\,{symbol}"


def _recipes(study: Study) -> dict[str, list[dict[str, Any]]]:
    """Recipes of the trained runs by method, the leading method first; the phases are described elsewhere."""
    found: dict[str, list[dict[str, Any]]] = {study.lead: []} if study.lead else {}
    for run in study.described:
        content = study.plan["runs"][run]
        found.setdefault(content["method"], []).append(content["spec"]["recipe"])
    return found
