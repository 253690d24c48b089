import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis import statistics
from analysis.statistics import Interval, PairedTable


def arrays(b: int, c: int, n: int):
    """Correctness of two methods with `b` and `c` discordant rows of `n`."""
    first, second = np.ones(n, dtype=bool), np.ones(n, dtype=bool)
    second[:b] = False
    first[b : b + c] = False
    return first, second


def paired(n=300, seed=1):
    rng = np.random.default_rng(seed)
    first = rng.random(n) < 0.8
    return first, np.where(rng.random(n) < 0.2, ~first, first)


def of_scipy(first, second, resamples, seed):
    return stats.bootstrap(
        (first.astype(float), second.astype(float)),
        lambda a, b, axis: np.mean(a - b, axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=resamples,
        rng=np.random.default_rng(seed),
    ).confidence_interval


def test_paired_bootstrap_agrees_with_scipy_on_two_paired_samples():
    first, second = paired()
    found = statistics.paired_bootstrap(first, second, 0.95, 4000, np.random.default_rng(0))
    reference = of_scipy(first, second, 4000, 5)
    assert found.low == pytest.approx(reference.low, abs=0.008)
    assert found.high == pytest.approx(reference.high, abs=0.008)
    again = statistics.paired_bootstrap(first, second, 0.95, 4000, np.random.default_rng(0))
    assert again == found


@pytest.mark.parametrize(("b", "c", "n"), [(3, 20, 80), (9, 1, 60), (30, 30, 100), (2, 2, 50), (0, 6, 40)])
def test_skewed_tables_get_the_interval_of_scipy_within_monte_carlo_error(b, c, n):
    first, second = arrays(b, c, n)
    ours = [statistics.paired_bootstrap(first, second, 0.95, 3000, np.random.default_rng(i)) for i in range(6)]
    theirs = [of_scipy(first, second, 3000, 100 + i) for i in range(6)]
    for end in ("low", "high"):
        mine, other = ([getattr(x, end) for x in found] for found in (ours, theirs))
        # Ends lie on a grid of 1/n: one step is the least that two sets of draws can differ by.
        assert np.mean(mine) == pytest.approx(np.mean(other), abs=max(0.6 / n, 3 * np.std([*mine, *other]) / 6**0.5))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 60))
def test_acceleration_in_closed_form_is_that_of_the_jackknife(b, c, ties):
    """Given scipy's own function the counted draws, both intervals are the same to the last digits."""
    n = b + c + ties
    assume(n > 1 and n not in (b, c, ties))
    first, second = arrays(b, c, n)
    difference = first.astype(float) - second
    sums = np.random.default_rng(4).multinomial(n, [b / n, c / n, ties / n], size=400)
    drawn = stats.bootstrap((difference,), np.mean, n_resamples=2, method="percentile")
    drawn.bootstrap_distribution = (sums[:, 0] - sums[:, 1]) / n
    reference = stats.bootstrap(
        (difference,), np.mean, n_resamples=0, method="BCa", bootstrap_result=drawn
    ).confidence_interval
    found = statistics.paired_bootstrap(first, second, 0.95, 400, np.random.default_rng(4))
    if np.isfinite([reference.low, reference.high]).all():
        assert (found.low, found.high) == pytest.approx((reference.low, reference.high), abs=1e-9)
    else:
        assert found == Interval(None, None)


@pytest.mark.parametrize(
    ("n", "rate", "difference"),
    [(100, 0.15, 0.05), (100, 0.2, 0.0), (300, 0.1, 0.05), (300, 0.2, 0.1), (1000, 0.05, 0.03), (1000, 0.3, 0.1)],
)
def test_intervals_hold_the_truth_as_often_as_they_say(n, rate, difference):
    rng = np.random.default_rng(0)
    counts = rng.multinomial(n, [(rate + difference) / 2, (rate - difference) / 2, 1 - rate], size=10_000)
    tables, times = np.unique(counts[:, :2], axis=0, return_counts=True)
    held = 0
    for (b, c), often in zip(tables.tolist(), times, strict=True):
        found = statistics.paired_bootstrap(*arrays(b, c, n), 0.95, 2000, np.random.default_rng([b, c]))
        held += often * (found.low <= difference <= found.high)
    assert 0.94 <= held / 10_000 <= 0.96


def test_few_discordant_rows_are_held_less_often_as_the_docstring_says():
    rng = np.random.default_rng(0)
    counts = rng.multinomial(100, [0.025, 0.025, 0.95], size=2000)
    tables, times = np.unique(counts[:, :2], axis=0, return_counts=True)
    held = {"bca": 0, "score": 0}
    for (b, c), often in zip(tables.tolist(), times, strict=True):
        bca = statistics.paired_bootstrap(*arrays(b, c, 100), 0.95, 1000, np.random.default_rng([b, c]))
        score = statistics.score_interval(PairedTable(b, c), 100, 0.95)
        held["bca"] += often * (bca.low is not None and bca.low <= 0 <= bca.high)
        held["score"] += often * (score.low <= 0 <= score.high)
    assert 0.87 <= held["bca"] / 2000 <= 0.93
    assert held["score"] / 2000 >= 0.94


@pytest.mark.parametrize(("first", "second"), [([1, 0, 1], [1, 0, 1]), ([1, 1], [0, 0]), ([1], [0]), ([0.5], [0.2])])
def test_bootstrap_of_equal_differences_is_undefined_not_exact(first, second):
    assert statistics.paired_bootstrap(first, second, 0.95, 100, np.random.default_rng(0)) == Interval(None, None)
    assert statistics.paired_test(first, second, 100, np.random.default_rng(0)) is None


def test_other_than_binary_values_go_through_scipy():
    rng = np.random.default_rng(7)
    first, second = rng.random(120), rng.random(120)
    found = statistics.paired_bootstrap(first, second, 0.9, 3000, np.random.default_rng(0))
    reference = stats.bootstrap((first - second,), np.mean, confidence_level=0.9, n_resamples=3000, rng=rng)
    assert found.low == pytest.approx(reference.confidence_interval.low, abs=0.01)
    assert found.high == pytest.approx(reference.confidence_interval.high, abs=0.01)
    t = statistics.paired_test(first, second + 0.1, 4000, np.random.default_rng(0))
    assert t == pytest.approx(stats.ttest_rel(first, second + 0.1).pvalue, abs=0.02)


def test_clusters_of_one_row_are_no_clusters():
    first, second = paired()
    plain = statistics.paired_bootstrap(first, second, 0.95, 4000, np.random.default_rng(0))
    clustered = statistics.paired_bootstrap(first, second, 0.95, 4000, np.random.default_rng(0), np.arange(300))
    assert (clustered.low, clustered.high) == pytest.approx((plain.low, plain.high), abs=0.008)
    p, q = (statistics.paired_test(first, second, 4000, np.random.default_rng(0), c) for c in (None, np.arange(300)))
    assert p == pytest.approx(q, abs=0.03)


def test_rows_that_repeat_each_other_add_no_evidence():
    """Four copies of each row: without clusters the interval halves, with clusters it is that of the rows."""
    first, second = paired()
    alone = statistics.paired_bootstrap(first, second, 0.95, 4000, np.random.default_rng(0))
    copies, rows = (np.tile(first, 4), np.tile(second, 4)), np.tile(np.arange(300), 4)
    naive = statistics.paired_bootstrap(*copies, 0.95, 4000, np.random.default_rng(0))
    clustered = statistics.paired_bootstrap(*copies, 0.95, 4000, np.random.default_rng(0), rows)
    assert (clustered.low, clustered.high) == pytest.approx((alone.low, alone.high), abs=0.008)
    assert naive.high - naive.low == pytest.approx((alone.high - alone.low) / 2, rel=0.1)
    p, q = (
        statistics.paired_test(first, second, 4000, np.random.default_rng(0)),
        statistics.paired_test(*copies, 4000, np.random.default_rng(0), rows),
    )
    assert p == pytest.approx(q, abs=0.03)


def test_clusters_of_unequal_size_are_weighed_by_their_rows():
    rng = np.random.default_rng(0)
    sizes = rng.integers(1, 9, 60)
    clusters = np.repeat(np.arange(60), sizes)
    first, second = rng.random(sizes.sum()) < 0.7, rng.random(sizes.sum()) < 0.5
    found = statistics.paired_bootstrap(first, second, 0.95, 5000, np.random.default_rng(0), clusters)
    means = []
    for _ in range(5000):
        rows = np.concatenate([np.flatnonzero(clusters == k) for k in rng.integers(0, 60, 60)])
        means.append(np.mean(first[rows].astype(float) - second[rows]))
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])), abs=0.012)


def test_clusters_that_are_all_the_same_or_do_not_fit():
    rng = np.random.default_rng(0)
    same = ([1, 0, 1, 0], [0, 0, 0, 0], 0.95, 100, rng)
    assert statistics.paired_bootstrap(*same, clusters=[0, 0, 1, 1]) == Interval(None, None)
    assert statistics.paired_test([1, 0, 1, 0], [0] * 4, 100, rng, [0, 0, 1, 1]) is None
    with pytest.raises(ValueError, match="each row needs a cluster"):
        statistics.paired_bootstrap(*same, clusters=[0, 1])


def test_centred_test_finds_a_gap_that_the_uncentred_one_missed():
    """35 points apart: the documents' test, which did not centre, gave p near 0.5."""
    first, second = arrays(80, 10, 200)
    p = statistics.paired_test(first, second, 2000, np.random.default_rng(0))
    assert p == 1 / 2001
    assert statistics.paired_test(second, first, 2000, np.random.default_rng(0)) == p


@pytest.mark.parametrize(("b", "c", "n"), [(30, 18, 200), (12, 5, 100), (40, 40, 300)])
def test_centred_test_is_near_the_mcnemar_test(b, c, n):
    p = statistics.paired_test(*arrays(b, c, n), 20_000, np.random.default_rng(0))
    z = (b - c) / (b + c - (b - c) ** 2 / n) ** 0.5
    assert p == pytest.approx(2 * stats.norm.sf(abs(z)), abs=0.05)
    assert statistics.paired_test(*arrays(b, c, n), 500, np.random.default_rng(1)) == statistics.paired_test(
        *arrays(b, c, n), 500, np.random.default_rng(1)
    )


def test_centred_test_keeps_its_level():
    rng = np.random.default_rng(0)
    counts = rng.multinomial(300, [0.08, 0.08, 0.84], size=1500)
    found = [
        statistics.paired_test(*arrays(b, c, 300), 400, np.random.default_rng(i)) < 0.05
        for i, (b, c, _) in enumerate(counts.tolist())
    ]
    assert np.mean(found) == pytest.approx(0.05, abs=0.015)


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
    monkeypatch.setattr("analysis.statistics.bootstrap.CHUNK", chunk)
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
    monkeypatch.setattr("analysis.statistics.bootstrap.CHUNK", chunk)
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
