"""McNemar's test, families of tests, seeds, effect sizes."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.multitest import multipletests

from analysis import statistics
from analysis.statistics import PairedTable

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def test_paired_table_counts_the_discordant_rows():
    assert statistics.paired_table([1, 1, 0, 0, 1], [1, 0, 1, 1, 1]) == PairedTable(b=1, c=2)


def test_unpaired_arrays_are_refused():
    for first, second in (([1, 0], [1]), ([], [])):
        with pytest.raises(ValueError, match="paired arrays"):
            statistics.paired_table(first, second)


def test_mcnemar_is_the_exact_test_of_statsmodels_on_ten_thousand_tables():
    rng = np.random.default_rng(0)
    ends = rng.choice([3, 30, 300], 10_000)
    tables = np.column_stack([rng.integers(0, ends), rng.integers(0, ends)])
    found = np.array([statistics.mcnemar(PairedTable(b, c)) for b, c in tables.tolist()])
    # What statsmodels computes for exact=True, on all tables at once; its own answer on some of them.
    expected = np.minimum(1, 2 * stats.binom.cdf(tables.min(axis=1), tables.sum(axis=1), 0.5))
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert found.max() <= 1
    assert found.min() > 0
    for (b, c), p in zip(tables[:500].tolist(), found, strict=False):
        assert p == pytest.approx(reference_mcnemar([[5, b], [c, 7]], exact=True).pvalue)
        assert p == statistics.mcnemar(PairedTable(c, b))


@pytest.mark.parametrize(
    ("b", "c", "p"),
    [
        (10, 14, 0.541256),  # exact: 24 discordant rows
        (10, 15, stats.chi2.sf(16 / 25, 1)),  # chi-square from 25 on
        (80, 20, stats.chi2.sf(59**2 / 100, 1)),
        (0, 0, 1.0),
    ],
)
def test_the_rule_of_the_documents_turns_to_chi_square_at_25(b, c, p):
    assert statistics.mcnemar_documented(PairedTable(b, c)) == pytest.approx(p, rel=1e-5)


def test_pooled_tables_add_up():
    tables = [PairedTable(3, 1), PairedTable(5, 2), PairedTable(0, 0)]
    assert statistics.pool_tables(tables) == PairedTable(8, 3)
    with pytest.raises(ValueError, match="no tables"):
        statistics.pool_tables([])


@settings(max_examples=8, deadline=None)  # statsmodels' Holm collects garbage at each call
@given(P_VALUES)
def test_holm_and_bonferroni_by_their_definitions(p_values):
    order, m = np.argsort(p_values, kind="stable"), len(p_values)
    running, expected = 0.0, [0.0] * m
    for rank, index in enumerate(order):
        running = max(running, min(1.0, (m - rank) * p_values[index]))
        expected[index] = running
    assert statistics.holm(p_values) == pytest.approx(expected)
    assert statistics.bonferroni(p_values) == pytest.approx([min(1.0, m * p) for p in p_values])


@settings(max_examples=60, deadline=None)
@given(P_VALUES)
def test_benjamini_hochberg_by_its_definition(p_values):
    order, m = np.argsort(p_values, kind="stable"), len(p_values)
    smallest, expected = 1.0, [0.0] * m
    for rank in range(m, 0, -1):
        smallest = min(smallest, m * p_values[order[rank - 1]] / rank)
        expected[order[rank - 1]] = smallest
    assert statistics.benjamini_hochberg(p_values) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("adjust", "method"),
    [(statistics.holm, "holm"), (statistics.bonferroni, "bonferroni"), (statistics.benjamini_hochberg, "fdr_bh")],
)
def test_adjustments_are_those_of_statsmodels_and_refuse_what_is_no_p_value(adjust, method):
    p_values = (np.random.default_rng(0).random(30) ** 3).tolist()
    assert adjust(p_values) == pytest.approx(list(multipletests(p_values, method=method)[1]), rel=1e-12)
    assert adjust([]) == []
    for wrong in (1.5, -0.1, math.nan):
        with pytest.raises(ValueError, match="is no p-value"):
            adjust([0.2, wrong])


def test_false_discoveries_by_scipy_and_the_order_of_the_three():
    p_values = (np.random.default_rng(1).random(30) ** 4).tolist()
    found = statistics.benjamini_hochberg(p_values)
    assert found == pytest.approx(list(stats.false_discovery_control(p_values)))
    for q, h, b in zip(found, statistics.holm(p_values), statistics.bonferroni(p_values), strict=True):
        assert q <= h <= b


def test_paired_t_is_that_of_its_formula():
    first, second = {0: 0.80, 1: 0.84, 2: 0.79, 3: 0.85}, {3: 0.80, 0: 0.78, 1: 0.79, 2: 0.78}
    found = statistics.paired_t(first, second, 0.95)
    differences = np.array([first[seed] - second[seed] for seed in range(4)])
    error = differences.std(ddof=1) / 2
    assert found.t == pytest.approx(differences.mean() / error)
    assert found.df == 3
    assert found.p == pytest.approx(2 * stats.t.sf(found.t, 3))
    width = stats.t.ppf(0.975, 3) * error
    assert (found.low, found.high) == pytest.approx((differences.mean() - width, differences.mean() + width))
    assert found.descriptive
    many = dict(enumerate(np.random.default_rng(0).random((2, 6)).T))
    firsts, seconds = ({seed: float(pair[i]) for seed, pair in many.items()} for i in (0, 1))
    assert not statistics.paired_t(firsts, seconds, 0.95).descriptive


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ({0: 0.1, 1: 0.2, 2: 0.3}, {0: 0.1, 1: 0.2, 3: 0.3}, r"unmatched seed sets: \[2, 3\]"),
        ({0: 0.1, 1: 0.2}, {0: 0.2, 1: 0.5}, "needs 3 matched seeds, got 2"),
        ({0: 0.5, 1: 0.5, 2: 0.5}, {0: 0.1, 1: 0.2, 2: 0.3}, "the first side is the same"),
        ({0: 0.1, 1: 0.2, 2: 0.3}, {0: 0.5, 1: 0.5, 2: 0.5}, "the second side is the same"),
        ({0: 0.7, 1: 0.8, 2: 0.9}, {0: 0.6, 1: 0.7, 2: 0.8}, "the difference is the same"),  # equal but for rounding
    ],
)
def test_paired_t_refuses_what_it_cannot_judge(first, second, words):
    with pytest.raises(ValueError, match=words):
        statistics.paired_t(first, second, 0.95)


def test_cohen_d_of_pairs_and_of_groups():
    first, second = [0.8, 0.9, 0.7, 0.85], [0.7, 0.75, 0.72, 0.7]
    differences = np.subtract(first, second)
    assert statistics.cohen_d_paired(first, second) == pytest.approx(differences.mean() / differences.std(ddof=1))
    pooled = math.sqrt((np.var(first, ddof=1) + np.var(second, ddof=1)) / 2)
    assert statistics.cohen_d_pooled(first, second) == pytest.approx(differences.mean() / pooled)
    # The t statistic of independent groups is d / sqrt(1/n + 1/m).
    other = [0.7, 0.75, 0.72]
    t = stats.ttest_ind(first, other).statistic
    assert statistics.cohen_d_pooled(first, other) == pytest.approx(t * math.sqrt(1 / 4 + 1 / 3))


def test_cohen_d_is_refused_not_infinite():
    for first, second in (([1], [0]), ([1, 1], [0, 0]), ([0.8, 0.9], [0.7, 0.8])):
        with pytest.raises(ValueError, match="no effect size"):
            statistics.cohen_d_paired(first, second)
    for first, second in (([1], [0, 1]), ([1, 1], [0, 0])):
        with pytest.raises(ValueError, match="no effect size"):
            statistics.cohen_d_pooled(first, second)
    assert statistics.effect_size([1, 1, 0], [1, 0, 0]) == pytest.approx((1 / 3) / np.std([0, 1, 0], ddof=1))
    assert statistics.effect_size([1, 0], [1, 0]) is None
    assert statistics.effect_size([1], [0]) is None


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


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=6))
def test_fisher_by_its_formula(p_values):
    expected = stats.chi2.sf(-2 * sum(math.log(p) for p in p_values), 2 * len(p_values))
    assert statistics.fisher(p_values) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0.001, 1), st.sampled_from([-1, 1]), st.integers(1, 9)), min_size=1, max_size=6))
def test_stouffer_is_that_of_scipy_on_one_sided_p_values(tests):
    p_values, signs, weights = zip(*tests, strict=True)
    one_sided = [p / 2 if sign > 0 else 1 - p / 2 for p, sign in zip(p_values, signs, strict=True)]
    q = stats.combine_pvalues(one_sided, method="stouffer", weights=weights).pvalue
    assert statistics.stouffer(p_values, signs, weights) == pytest.approx(min(1, 2 * min(q, 1 - q)), abs=1e-9)


def test_opposite_findings_cancel_for_stouffer_alone():
    assert statistics.stouffer([1e-30, 1e-30], [0.2, -0.2]) == pytest.approx(1.0)
    assert statistics.fisher([1e-3, 1e-3]) < 1e-4
    assert statistics.stouffer([0.04, 1.0], [0.1, 0.0]) > 0.04
    assert statistics.stouffer([0.04], [-0.1]) == pytest.approx(0.04)


def test_combinations_refuse_what_does_not_fit():
    for p_values in ([], [0.0], [1.2], [math.nan]):
        with pytest.raises(ValueError, match="must lie in"):
            statistics.fisher(p_values)
        with pytest.raises(ValueError, match="must lie in"):
            statistics.stouffer(p_values, [1.0] * len(p_values))
    for differences, weights in (([1], None), ([1, 1], [1, 0]), ([1, 1], [1])):
        with pytest.raises(ValueError, match="needs a difference"):
            statistics.stouffer([0.1, 0.2], differences, weights)
