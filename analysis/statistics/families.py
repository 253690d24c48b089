"""Several tests at once: p-values adjusted within a declared family, in the given order. Empty families stay empty."""

from collections.abc import Sequence

from statsmodels.stats.multitest import multipletests


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm-adjusted p-values (Holm 1979): the chance of any false finding in the family stays below the level.

    Raises:
        ValueError: a p-value outside [0, 1].
    """
    return _adjusted(p_values, "holm")


def bonferroni(p_values: Sequence[float]) -> list[float]:
    """Bonferroni-adjusted p-values, `min(1, m p)`; never smaller than Holm's, which control the same.

    Raises:
        ValueError: a p-value outside [0, 1].
    """
    return _adjusted(p_values, "bonferroni")


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted for the false discovery rate (Benjamini and Hochberg 1995); for exploratory sweeps only.

    Raises:
        ValueError: a p-value outside [0, 1].
    """
    return _adjusted(p_values, "fdr_bh")


def _adjusted(p_values: Sequence[float], method: str) -> list[float]:
    # `not 0 <= p <= 1` also catches NaN.
    if wrong := [p for p in p_values if not 0 <= p <= 1]:
        raise ValueError(f"{wrong[0]} is no p-value")
    return [float(p) for p in multipletests(p_values, method=method)[1]] if len(p_values) else []
