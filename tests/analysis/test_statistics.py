import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis import statistics
from analysis.statistics import Interval, PairedTable


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    [
        (826, 872, 93.04, 96.02),
        (889, 1000, 86.80, 90.70),
        (189, 200, 90.42, 96.90),
        (43, 200, 16.37, 27.70),
        (142, 200, 64.36, 76.85),
        (129, 200, 57.65, 70.80),
        (116, 200, 51.07, 64.63),
        (2, 200, 0.27, 3.57),
    ],
)
def test_wilson_check_values(correct, n, low, high):
    found = statistics.wilson(correct, n, 0.95)
    assert (round(100 * found.low, 2), round(100 * found.high, 2)) == (low, high)


def test_wilson_edges_and_refusals():
    assert statistics.wilson(0, 20, 0.95).low == 0
    assert statistics.wilson(20, 20, 0.95).high == 1
    for correct, n in ((1, 0), (-1, 5), (6, 5)):
        with pytest.raises(ValueError, match="no proportion"):
            statistics.wilson(correct, n, 0.95)


def test_detectable_difference_has_the_promised_power():
    n, rate, alpha, power = 400, 0.2, 0.05, 0.8
    d = statistics.detectable_difference(n, rate, alpha, power)
    rng = np.random.default_rng(0)
    counts = rng.multinomial(n, [(rate + d) / 2, (rate - d) / 2, 1 - rate], size=600)
    found = [statistics.mcnemar(PairedTable(int(b), int(c))) < alpha for b, c, _ in counts]
    assert np.mean(found) == pytest.approx(power, abs=0.06)


def test_detectable_difference_where_there_is_none():
    assert statistics.detectable_difference(400, 0.0, 0.05, 0.8) is None
    assert statistics.detectable_difference(10, 0.1, 0.05, 0.8) is None
    small = statistics.detectable_difference(4000, 0.2, 0.05, 0.8)
    assert small < statistics.detectable_difference(400, 0.2, 0.05, 0.8)


def test_detectable_excess_over_chance():
    d = statistics.detectable_excess(400, 0.5, 0.05, 0.8)
    rng = np.random.default_rng(0)
    correct = rng.binomial(400, 0.5 + d, size=400)
    found = [statistics.wilson(int(k), 400, 0.95).low > 0.5 for k in correct]
    assert np.mean(found) == pytest.approx(0.8, abs=0.07)
    assert statistics.detectable_excess(2, 0.5, 0.05, 0.8) is None


def test_side_of_a_constant():
    assert statistics.side(Interval(0.6, 0.8), 0.5) == "above"
    assert statistics.side(Interval(0.2, 0.4), 0.5) == "below"
    assert statistics.side(Interval(0.4, 0.6), 0.5) == "no evidence"
    assert statistics.side(Interval(None, None), 0.5) == "no evidence"


@pytest.mark.parametrize("replicates", [2, 3, 6])
def test_detectable_between_means_has_the_promised_power(replicates):
    d = statistics.detectable_between_means(0.02, replicates, 0.05, 0.8)
    rng = np.random.default_rng(0)
    one, other = rng.normal(0.5, 0.02, (2, 4000, replicates))
    found = stats.ttest_ind(one + d, other, axis=1).pvalue < 0.05
    assert np.mean(found) == pytest.approx(0.8, abs=0.03)
    assert statistics.detectable_between_means(0.04, replicates, 0.05, 0.8) == pytest.approx(2 * d)


def test_detectable_between_means_at_strict_levels_and_where_there_is_none():
    assert statistics.detectable_between_means(1.0, 2, 0.001, 0.9) > 10
    assert statistics.detectable_between_means(0.02, 1, 0.05, 0.8) is None
    assert statistics.detectable_between_means(0.0, 5, 0.05, 0.8) is None


@settings(max_examples=60, deadline=None)
@given(st.floats(0.02, 0.9), st.floats(0.05, 1.0), st.floats(0.001, 0.2), st.floats(0.5, 0.95))
def test_rows_needed_are_the_fewest_that_find_the_difference(rate, share, alpha, power):
    wanted = rate * share
    n = statistics.rows_needed(wanted, rate, alpha, power)
    assert statistics.detectable_difference(n, rate, alpha, power) <= wanted + 1e-9
    fewer = statistics.detectable_difference(n - 1, rate, alpha, power) if n > 1 else None
    assert fewer is None or fewer > wanted - 1e-9
    assert statistics.rows_needed(-wanted, rate, alpha, power) == n


def test_rows_needed_by_hand():
    # (1.959964 sqrt(0.2) + 0.841621 sqrt(0.2 - 0.0025))^2 / 0.0025 = 625.8
    assert statistics.rows_needed(0.05, 0.2, 0.05, 0.8) == 626


def test_rows_needed_have_the_promised_power():
    n = statistics.rows_needed(0.06, 0.2, 0.05, 0.9)
    counts = np.random.default_rng(0).multinomial(n, [0.13, 0.07, 0.8], size=1500)
    found = [statistics.mcnemar(PairedTable(b, c)) < 0.05 for b, c, _ in counts.tolist()]
    assert np.mean(found) == pytest.approx(0.9, abs=0.04)


@pytest.mark.parametrize(("difference", "rate"), [(0.0, 0.2), (0.3, 0.2), (0.1, 1.2), (0.1, 0.0)])
def test_rows_needed_refuse_what_cannot_be(difference, rate):
    with pytest.raises(ValueError, match="discordant rows"):
        statistics.rows_needed(difference, rate, 0.05, 0.8)
