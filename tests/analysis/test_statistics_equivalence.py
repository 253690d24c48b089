import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.weightstats import ttost_paired

from analysis import statistics
from analysis.statistics import PairedTable


def score_by_hand(b, c, n, delta):
    """The score statistic with its restricted likelihood maximised by a search instead of a formula."""

    def loss(share):
        cells = ((b, share + delta), (c, share), (n - b - c, 1 - 2 * share - delta))
        return -sum(count * math.log(max(p, 1e-300)) for count, p in cells if count)

    low, high = max(0.0, -delta), (1 - delta) / 2
    share = optimize.minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x
    return (b - c - n * delta) / math.sqrt(n * (2 * share + delta - delta**2))


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 200), st.floats(0.02, 0.4))
def test_p_value_is_that_of_the_searched_likelihood(b, c, ties, margin):
    n = b + c + ties
    found = statistics.equivalence(PairedTable(b, c), n, margin, 0.05, 0.8)
    expected = max(
        stats.norm.sf(score_by_hand(b, c, n, -margin)),
        stats.norm.cdf(score_by_hand(b, c, n, margin)),
    )
    assert found.p == pytest.approx(expected, abs=1e-4)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 200), st.floats(0.02, 0.4))
def test_equivalent_where_the_interval_lies_within_the_margins(b, c, ties, margin):
    n = b + c + ties
    assume(n > 0)
    found = statistics.equivalence(PairedTable(b, c), n, margin, 0.05, 0.8)
    assert -1 <= found.low <= found.difference <= found.high <= 1
    inside = max(-found.low, found.high) - margin
    if abs(inside) > 1e-6:
        assert found.equivalent == (inside < 0)
    turned = statistics.equivalence(PairedTable(c, b), n, margin, 0.05, 0.8)
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low), abs=1e-8)


@pytest.mark.parametrize(("b", "c", "n"), [(3, 1, 44), (0, 1, 44), (12, 5, 100), (30, 60, 400)])
def test_interval_ends_where_the_searched_score_reaches_the_quantile(b, c, n):
    found = statistics.score_interval(PairedTable(b, c), n, 0.95)
    for end, level in ((found.low, 1.959964), (found.high, -1.959964)):
        assert score_by_hand(b, c, n, end) == pytest.approx(level, abs=1e-4)


@pytest.mark.parametrize("n", [1, 7])
def test_interval_of_tables_at_the_ends_of_the_scale(n):
    all_first = statistics.score_interval(PairedTable(n, 0), n, 0.95)
    assert all_first.high == 1.0
    assert -1 < all_first.low < 1
    assert statistics.score_interval(PairedTable(0, n), n, 0.95).low == -1.0


def test_many_rows_agree_with_the_t_tests_of_statsmodels():
    first = np.r_[np.ones(160), np.zeros(140), np.ones(1700)]
    second = np.r_[np.zeros(160), np.ones(140), np.ones(1700)]
    for margin in (0.02, 0.03, 0.04):
        p, _, _ = ttost_paired(first, second, -margin, margin)
        found = statistics.equivalence(PairedTable(160, 140), 2000, margin, 0.05, 0.8)
        assert found.p == pytest.approx(p, abs=0.006)


def test_a_few_equal_rows_are_no_evidence_of_equivalence():
    few = statistics.equivalence(PairedTable(0, 0), 20, 0.05, 0.05, 0.8)
    assert not few.equivalent
    assert few.detectable_margin is None
    assert few.detectable_difference is None
    assert 0.05 < few.high == pytest.approx(-few.low)
    assert statistics.equivalence(PairedTable(0, 0), 400, 0.05, 0.05, 0.8).equivalent


@pytest.mark.parametrize(("n", "rate", "margin"), [(100, 0.1, 0.05), (100, 0.3, 0.15), (400, 0.1, 0.03)])
def test_methods_a_margin_apart_are_seldom_called_equivalent(n, rate, margin):
    """Exact error rate: all tables with their probabilities."""
    p, wrong = [(rate + margin) / 2, (rate - margin) / 2], 0.0
    for b in range(int(n * p[0] + 5 * math.sqrt(n * p[0])) + 1):
        for c in range(min(n - b, int(n * p[1] + 5 * math.sqrt(n * p[1]) + 3)) + 1):
            chance = stats.multinomial.pmf([b, c, n - b - c], n, [*p, 1 - sum(p)]) if _near(b, c, n, margin) else 0
            if chance > 1e-9 and statistics.equivalence(PairedTable(b, c), n, margin, 0.05, 0.8).equivalent:
                wrong += chance
    assert wrong <= 0.06


def _near(b, c, n, margin):
    return abs(b - c) < n * margin


@pytest.mark.parametrize(("n", "rate"), [(400, 0.2), (1000, 0.1)])
def test_detectable_margin_has_the_promised_power(n, rate):
    margin = statistics.detectable_margin(n, rate, 0.05, 0.8)
    counts = np.random.default_rng(0).multinomial(n, [rate / 2, rate / 2, 1 - rate], size=800)
    found = [statistics.equivalence(PairedTable(b, c), n, margin, 0.05, 0.8).equivalent for b, c, _ in counts.tolist()]
    assert np.mean(found) == pytest.approx(0.8, abs=0.05)
    assert statistics.detectable_margin(4, 1.0, 0.05, 0.8) is None


def test_outcome_says_what_could_have_been_found():
    found = statistics.equivalence(PairedTable(20, 20), 400, 0.05, 0.05, 0.8)
    assert found.difference == 0
    assert found.detectable_difference == statistics.detectable_difference(400, 0.1, 0.05, 0.8)
    assert found.detectable_margin == statistics.detectable_margin(400, 0.1, 0.05, 0.8)


@pytest.mark.parametrize(("b", "c", "n", "margin"), [(1, 1, 10, 0.0), (1, 1, 10, 1.0), (6, 6, 10, 0.1), (0, 0, 0, 0.1)])
def test_what_is_no_table_or_margin_is_refused(b, c, n, margin):
    with pytest.raises(ValueError, match=r"margin must lie|are no table"):
        statistics.equivalence(PairedTable(b, c), n, margin, 0.05, 0.8)
