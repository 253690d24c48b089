"""What a comparison could have found, and how many rows it would need."""

import math

from scipy import optimize, stats
from statsmodels.stats.power import TTestIndPower


def detectable_difference(n: int, discordant_rate: float, alpha: float, power: float) -> float | None:
    """Minimum detectable difference of two paired proportions, two-sided, as a fraction.

    Solves the sample-size formula of Connor (1987, Biometrics 43:207-211; also Miettinen 1968) for d:
    `d * sqrt(n) = z(1 - alpha/2) * sqrt(r) + z(power) * sqrt(r - d^2)`, with r the discordant rate. A
    difference cannot exceed r, so there is no answer (None) if even d = r would be found too rarely.

    Args:
        n: number of pairs.
        discordant_rate: r, share of rows on which the methods differ in correctness, in [0, 1].
        alpha: two-sided level of the test.
        power: wanted probability of finding the difference.
    """
    if discordant_rate <= 0:
        return None
    z_alpha, z_power = stats.norm.ppf(1 - alpha / 2), stats.norm.ppf(power)

    def excess(d: float) -> float:
        return (
            d * math.sqrt(n)
            - z_alpha * math.sqrt(discordant_rate)
            - z_power * math.sqrt(max(0.0, discordant_rate - d * d))
        )

    if excess(discordant_rate) < 0:
        return None
    return float(optimize.brentq(excess, 0.0, discordant_rate))


def rows_needed(difference: float, discordant_rate: float, alpha: float, power: float) -> int:
    """Rows needed to find a difference of two paired proportions, two-sided: the inverse of `detectable_difference`.

    The formula (Connor 1987) is that of the normal approximation; the exact McNemar test finds a little less, so plan
    for a few rows more where discordant rows are few.

    Args:
        difference: wanted difference as a fraction; its sign does not matter.
        discordant_rate: share of rows on which the methods will differ in correctness, as in a pilot run.
        alpha: two-sided level; the level divided by the size of the family for a Bonferroni plan.
        power: wanted probability of finding the difference.

    Raises:
        ValueError: no difference, one above the discordant rate, or a rate above 1.
    """
    d = abs(difference)
    if not 0 < d <= discordant_rate <= 1:
        raise ValueError(f"a difference of {difference} cannot come from a share {discordant_rate} of discordant rows")
    z_alpha, z_power = stats.norm.ppf(1 - alpha / 2), stats.norm.ppf(power)
    root = z_alpha * math.sqrt(discordant_rate) + z_power * math.sqrt(discordant_rate - d * d)
    return math.ceil((root / d) ** 2)


def detectable_excess(n: int, constant: float, alpha: float, power: float) -> float | None:
    """Minimum excess of one proportion over a constant such as chance, found with `power`, as a fraction.

    Solves `d * sqrt(n) = z(1 - alpha/2) * sqrt(p0 q0) + z(power) * sqrt(p1 q1)` with `p1 = p0 + d`, the
    normal approximation of Fleiss, Levin and Paik (2003, chapter 2). None if even p1 = 1 is found too rarely.

    Args:
        n: number of rows.
        constant: p0, inside (0, 1).
        alpha: two-sided level.
        power: wanted power.
    """
    z_alpha, z_power = stats.norm.ppf(1 - alpha / 2), stats.norm.ppf(power)

    def excess(d: float) -> float:
        p = min(1.0, constant + d)
        return d * math.sqrt(n) - z_alpha * math.sqrt(constant * (1 - constant)) - z_power * math.sqrt(p * (1 - p))

    if excess(1 - constant) < 0:
        return None
    return float(optimize.brentq(excess, 0.0, 1 - constant))


def detectable_between_means(deviation: float, replicates: int, alpha: float, power: float) -> float | None:
    """Smallest difference of two means of `replicates` runs each that a two-sided t-test finds with `power`.

    Args:
        deviation: standard deviation between replicates.
        replicates: runs on each side.
        alpha: two-sided level.
        power: wanted power.

    Returns:
        The difference in units of `deviation`'s; None below two replicates or without any deviation to judge by.
    """
    if replicates < 2 or deviation <= 0:
        return None
    test = TTestIndPower()

    def missing(effect: float) -> float:
        # One tail at half the level: a finding in the wrong direction is no find, and its tail has no numbers far out.
        return float(test.power(effect, replicates, alpha / 2, alternative="larger")) - power

    high = 1.0
    while missing(high) < 0:
        high *= 1.5
    return float(optimize.brentq(missing, 1e-9, high)) * deviation
