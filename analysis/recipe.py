"""Sentences and formulas that describe the leading bridge's recipe, one for each kind of part in use."""

from typing import Any

from analysis import formats
from analysis.study import Study

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
LOSSES = {
    "lm": "\\mathcal{L}_{\\mathrm{lm}}",
    "recon_cos": "\\mathcal{L}_{\\mathrm{rec}}",
    "batch_div": "\\mathcal{L}_{\\mathrm{div}}",
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
    if any(kind != "none" for kind in kinds) and all(recipe.get("output_init") is None for recipe in recipes):
        start = (
            " The scalar starts at $s_0=\\operatorname{median}_v\\,\\mathrm{rms}(E_v)$, the median over the "
            "rows of the receiver's embedding table $E$."
        )
    title = formats.latex(study.method(study.lead or ""))
    formulas = ",\\quad ".join(formula for _, formula in parts)
    doing = formats.series([text for text, _ in parts], "or")
    return f"The stage of \\method{{{title}}} {doing}: \\begin{{equation}} {formulas} . \\end{{equation}}{start}"


def loss(study: Study) -> str:
    """The weighted loss of each trained method."""
    lines = []
    for method, recipes in _recipes(study).items():
        for losses in {str(recipe["losses"]): recipe["losses"] for recipe in recipes}.values():
            terms = [_term(name, losses[name]) for name in sorted(losses, key=_order) if losses[name]]
            title = formats.latex(study.method(method))
            lines.append(f"\\text{{\\method{{{title}}}:}}\\quad & \\mathcal{{L}} = {' + '.join(terms)}")
    if not lines:
        return "No method of this preset is trained."
    return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}"


def _term(name: str, weight: float) -> str:
    symbol = LOSSES.get(name, f"\\mathcal{{L}}_{{\\mathrm{{{formats.latex(name)}}}}}")
    return symbol if weight == 1 else f"{formats.number(weight)}\\,{symbol}"


def _order(name: str) -> tuple[int, str]:
    known = list(LOSSES)
    return (known.index(name) if name in known else len(known), name)


def _recipes(study: Study) -> dict[str, list[dict[str, Any]]]:
    """Recipes of the trained runs by method, the leading method first."""
    found: dict[str, list[dict[str, Any]]] = {study.lead: []} if study.lead else {}
    for run in study.trained:
        content = study.plan["runs"][run]
        found.setdefault(content["method"], []).append(content["spec"]["recipe"])
    return found
