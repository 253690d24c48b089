import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.multitest import multipletests

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


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_exact_test_of_statsmodels(b, c):
    p = statistics.mcnemar(PairedTable(b, c))
    expected = reference_mcnemar([[5, b], [c, 7]], exact=True).pvalue if b + c else 1.0
    assert p == pytest.approx(min(1.0, expected))
    assert 0 < p <= 1
    assert p == statistics.mcnemar(PairedTable(c, b))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_by_its_definition(p_values):
    order = np.argsort(p_values, kind="stable")
    running, expected = 0.0, [0.0] * len(p_values)
    for rank, index in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        expected[index] = running
    assert statistics.holm(p_values) == pytest.approx(expected)


def test_holm_is_that_of_statsmodels():
    p_values = np.random.default_rng(0).random(30) ** 3
    assert statistics.holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]), rel=1e-12)


def test_holm_of_an_empty_family():
    assert statistics.holm([]) == []


def _paired(n=300, seed=1):
    rng = np.random.default_rng(seed)
    first = rng.random(n) < 0.8
    return first, np.where(rng.random(n) < 0.2, ~first, first)


def test_paired_bootstrap_agrees_with_scipy_on_two_paired_samples():
    first, second = _paired()
    found = statistics.paired_bootstrap(first, second, 0.95, 4000, np.random.default_rng(0))
    reference = stats.bootstrap(
        (first.astype(float), second.astype(float)),
        lambda a, b, axis: np.mean(a - b, axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=4000,
        rng=np.random.default_rng(5),
    ).confidence_interval
    assert found.low == pytest.approx(reference.low, abs=0.008)
    assert found.high == pytest.approx(reference.high, abs=0.008)
    again = statistics.paired_bootstrap(first, second, 0.95, 4000, np.random.default_rng(0))
    assert again == found


@pytest.mark.parametrize(("first", "second"), [([1, 0, 1], [1, 0, 1]), ([1, 1], [0, 0]), ([1], [0])])
def test_bootstrap_of_equal_differences_is_undefined_not_exact(first, second):
    assert statistics.paired_bootstrap(first, second, 0.95, 100, np.random.default_rng(0)) == Interval(None, None)


def test_unpaired_arrays_are_refused():
    for first, second in (([1, 0], [1]), ([], [])):
        with pytest.raises(ValueError, match="paired arrays"):
            statistics.paired_table(first, second)


def test_paired_table_and_effect_size():
    assert statistics.paired_table([1, 1, 0, 0, 1], [1, 0, 1, 1, 1]) == PairedTable(b=1, c=2)
    assert statistics.effect_size([1, 1, 0], [1, 0, 0]) == pytest.approx((1 / 3) / np.std([0, 1, 0], ddof=1))
    assert statistics.effect_size([1, 0], [1, 0]) is None
    assert statistics.effect_size([1], [0]) is None


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


def _slow_hierarchy(values, confidence, resamples, rng):
    """The hierarchical bootstrap as a plain loop over the same draws."""
    runs, n = values.shape
    drawn = rng.integers(0, runs, (resamples, runs))
    means = []
    for picked in drawn:
        rows = rng.integers(0, n, n)
        means.append(np.mean([[values[run][row] for row in rows] for run in picked]))
    return np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])


@pytest.mark.parametrize("chunk", [50, 1_000_000])
def test_hierarchical_bootstrap_is_the_plain_loop_however_it_is_cut(monkeypatch, chunk):
    monkeypatch.setattr(statistics, "CHUNK", chunk)
    values = np.random.default_rng(3).random((4, 25)) < 0.7
    found = statistics.hierarchical_bootstrap(values, 0.9, 300, np.random.default_rng(1))
    low, high = _slow_hierarchy(values, 0.9, 300, np.random.default_rng(1))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_hierarchical_bootstrap_of_one_run_is_a_bootstrap_over_rows():
    row = (np.random.default_rng(0).random(200) < 0.6).astype(float)
    found = statistics.hierarchical_bootstrap(row[None], 0.95, 6000, np.random.default_rng(0))
    reference = stats.bootstrap((row,), np.mean, method="percentile", n_resamples=6000, rng=np.random.default_rng(9))
    assert found.low == pytest.approx(reference.confidence_interval.low, abs=0.01)
    assert found.high == pytest.approx(reference.confidence_interval.high, abs=0.01)


def test_hierarchical_bootstrap_knows_of_the_spread_between_runs():
    steady = np.tile(np.arange(100) < 60, (4, 1))
    apart = np.stack([np.arange(100) < right for right in (30, 50, 70, 90)])
    narrow, wide = (
        statistics.hierarchical_bootstrap(values, 0.95, 2000, np.random.default_rng(0)) for values in (steady, apart)
    )
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_bootstraps_refuse_and_leave_undefined():
    rng = np.random.default_rng(0)
    assert statistics.hierarchical_bootstrap(np.ones((3, 5)), 0.95, 100, rng) == Interval(None, None)
    assert statistics.excess_over_best(np.ones(5), np.zeros((2, 5)), 0.95, 100, rng) == Interval(None, None)
    for values in (np.ones(3), np.ones((0, 3)), np.ones((2, 0))):
        with pytest.raises(ValueError, match="runs by rows"):
            statistics.hierarchical_bootstrap(values, 0.95, 100, rng)
    for others in (np.ones((2, 4)), np.ones(5), np.ones((0, 5))):
        with pytest.raises(ValueError, match="one accuracy against several"):
            statistics.excess_over_best(np.ones(5), others, 0.95, 100, rng)


@pytest.mark.parametrize("chunk", [50, 1_000_000])
def test_excess_over_best_picks_the_best_anew_in_each_resample(monkeypatch, chunk):
    monkeypatch.setattr(statistics, "CHUNK", chunk)
    rng = np.random.default_rng(2)
    first, others = rng.random(30) < 0.7, rng.random((3, 30)) < 0.6
    found = statistics.excess_over_best(first, others, 0.9, 200, np.random.default_rng(1))
    again, differences = np.random.default_rng(1), []
    for _ in range(200):
        rows = again.integers(0, 30, 30)
        differences.append(np.mean(first[rows]) - max(np.mean(one[rows]) for one in others))
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(differences, [0.05, 0.95])))
    alone = statistics.excess_over_best(first, others[:1], 0.9, 2000, np.random.default_rng(1))
    assert alone.low >= found.low - 0.02  # the best of several is never worse than one of them


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.floats(0, 1), min_size=1, max_size=4), min_size=1, max_size=5))
def test_pooled_deviation_is_the_root_of_the_residual_mean_square(groups):
    found = statistics.pooled_deviation(groups)
    freedom = sum(len(group) - 1 for group in groups)
    if freedom == 0:
        assert found is None
    else:
        squares = sum(np.var(group, ddof=1) * (len(group) - 1) for group in groups if len(group) > 1)
        assert found == pytest.approx(np.sqrt(squares / freedom), abs=1e-12)


def test_pooled_deviation_of_one_group_is_its_own():
    assert statistics.pooled_deviation([[0.7, 0.8, 0.75]]) == pytest.approx(np.std([0.7, 0.8, 0.75], ddof=1))
    assert statistics.pooled_deviation([[0.7], [0.8, 0.9]]) == pytest.approx(np.std([0.8, 0.9], ddof=1))


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
