import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import generative
from analysis.generative import Draws, Scores, score, transfer
from telepathy.record import Row


def row(i: int, source: str | None, output: str | None, gold: str = "1", prediction: str | None = "2", entities=None):
    return Row(f"r{i}", "t", "p", gold, prediction, prediction is not None, None, output, source, entities)


def draws(n: int, count: int = 500, seed: int = 0) -> Draws:
    return Draws(n, count, count, np.random.default_rng(seed))


WORDS = ["the", "Ada", "has", "12", "ducks", "3.5", "385,000", "Market", "a", "Eve", "eggs", "is", "how", "12,"]
texts = st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join)
answers = st.sampled_from(["1", "2", "3"])
items = st.lists(st.tuples(texts, texts, answers, st.none() | answers), min_size=2, max_size=6)


def brute(name: str, item: Row, output: Row) -> bool | int:
    """A metric of one item and one output, as its definition says it."""
    right = output.parsed and output.prediction == item.gold
    question, text = item.source.lower(), output.output.lower()
    v1 = any(word in text for word in question.split()[:5])
    v2 = len(set(question.split()[:10]) & set(text.split())) >= 2
    if name == "accuracy":
        return right
    if name.startswith(("partial", "failed")):
        shared = v1 if name.endswith("v1") else v2
        return not right and (shared if name.startswith("partial") else not shared)
    readers = generative.V10 if "v10" in name else generative.V12
    return sum(len(set(read(item.source)) & set(read(output.output))) for read in readers.values())


@settings(max_examples=60, deadline=None)
@given(items)
def test_every_metric_against_brute_force(content):
    rows = [row(i, *fields) for i, fields in enumerate(content)]
    found = dict(score(rows))
    names = ["accuracy", "partial_v1", "failed_v1", "partial_v2", "failed_v2", "entities_v10", "entities_v12"]
    for name in names:
        expected = [[brute(name, item, output) for output in rows] for item in rows]
        assert np.array_equal(found[name].table, np.array(expected, dtype=float)), name


@settings(max_examples=60, deadline=None)
@given(items)
def test_the_control_is_the_mean_over_all_other_outputs(content):
    rows = [row(i, *fields) for i, fields in enumerate(content)]
    n = len(rows)
    for name in ("accuracy", "partial_v2"):
        found = transfer(dict(score(rows))[name], draws(n, 20), 0.95)
        pairs = [brute(name, rows[i], rows[j]) for i in range(n) for j in range(n) if i != j]
        assert found.control == pytest.approx(sum(pairs) / len(pairs))
        assert found.own == pytest.approx(sum(brute(name, one, one) for one in rows) / n)
        assert found.difference == pytest.approx(found.own - found.control)


def test_constant_outputs_have_no_transfer_however_many_words_match():
    rows = [row(i, f"the {i} ducks of Ada", "the 3 ducks of Ada", str(i), "3") for i in range(20)]
    found = {name: transfer(scores, draws(20), 0.95) for name, scores in score(rows)}
    assert found["entities_v10"].own > 0.5
    for one in found.values():
        assert one is None or one.difference == pytest.approx(0)
        assert one is None or one.p == 1


def test_thousands_are_one_number():
    assert generative.numbers_v10("costs $385,000 and 12, 3") == ["385000", "12", "3"]
    assert generative.numbers_v12("1,234,567.5 or 1,23") == ["1234567.5", "1", "23"]
    assert generative.exact_words("It cost 385,000.") == " it cost 385000 "


def test_exact_entities_are_whole_words_and_phrases():
    entities = {"numbers": ["5", "1200"], "names": ["Ann"], "things": ["red kites"]}
    hit = row(0, "q", "Ann has 1,200 Red kites, 5.0 in all", entities=entities)
    miss = row(1, "q", "Anna has 15 red, kitesurfers and 12000", entities=entities)
    found = dict(score([hit, miss]))
    assert found["entities"].table.tolist() == [[4, 0], [4, 0]]
    assert found["entities"].weights.tolist() == [4, 4]
    assert found["entities.things"].table.tolist() == [[1, 0], [1, 0]]


def test_label_rows_have_accuracy_only():
    rows = [Row(f"r{i}", "t", "p", "yes", "no", True, {"yes": -1.0, "no": 0.0}) for i in range(3)]
    assert [name for name, _ in score(rows)] == ["accuracy"]
    assert generative.distinct(rows) == 1


def test_outputs_count_as_distinct_by_their_first_letters():
    assert generative.distinct([row(0, "q", "x" * 100 + "a"), row(1, "q", "x" * 100 + "b"), row(2, "q", "y")]) == 2


def test_the_permutation_test_is_calibrated_on_unrelated_outputs_and_finds_related_ones():
    rng, found = np.random.default_rng(1), []
    for trial in range(300):
        table = (rng.integers(0, 3, 25)[:, None] == rng.integers(0, 3, 25)[None, :]).astype(np.float32)
        found.append(generative.permutation_p(table, draws(25, 199, trial)))
    share = np.mean(np.array(found) <= 0.05)
    assert 0.01 <= share <= 0.085
    related = np.eye(25, dtype=np.float32)
    assert generative.permutation_p(related, draws(25, 199)) == pytest.approx(1 / 200)


def test_the_standard_error_is_that_of_the_permutations():
    rng = np.random.default_rng(3)
    table = rng.integers(0, 2, (30, 30)).astype(np.float32)
    found = transfer(Scores(table, np.ones(30)), draws(30, 100), 0.95)
    sums = [table[np.arange(30), rng.permutation(30)].sum() for _ in range(5000)]
    assert found.deviation == pytest.approx(np.std(sums) / 30 * 30 / 29, rel=0.05)
    assert generative.detectable(found.deviation, 0.05, 0.8) == pytest.approx(2.80 * found.deviation, rel=0.01)
    assert generative.detectable(0.0, 0.05, 0.8) is None


def test_intervals_cover_the_difference_and_admit_what_went_unseen():
    table = np.zeros((10, 10), dtype=np.float32)
    found = transfer(Scores(table, np.ones(10)), draws(10), 0.95)
    assert found.low < -0.2
    assert found.high > 0.2
    table[0, 5] = 1  # another output hits once; no own output does
    found = transfer(Scores(table, np.ones(10)), draws(10), 0.95)
    assert found.high > 0.2
    rng = np.random.default_rng(0)
    values, weights = rng.random(200), np.ones(200)
    bounds = generative.ratio_interval(values, weights, draws(200, 2000), 0.95)
    half = 1.96 * values.std() / np.sqrt(200)
    assert bounds.low == pytest.approx(values.mean() - half, abs=0.01)
    assert bounds.high == pytest.approx(values.mean() + half, abs=0.01)


def test_sign_flips():
    rng = np.random.default_rng(0)
    assert generative.sign_flip_p(np.ones(20), 999, rng) == pytest.approx(0.001)
    assert generative.sign_flip_p(np.array([1.0, -1.0] * 10), 999, rng) == 1


def test_a_single_row_and_a_metric_without_items():
    found = transfer(Scores(np.ones((1, 1), dtype=np.float32), np.ones(1)), draws(1, 10), 0.95)
    assert (found.own, found.control, found.p) == (1, None, 1)
    assert transfer(Scores(np.zeros((3, 3), dtype=np.float32), np.zeros(3)), draws(3, 10), 0.95) is None


def test_the_interval_resamples_items_with_their_outputs():
    """Against a plain loop over the same draws; and it covers zero about as often as it says."""
    rng = np.random.default_rng(4)
    table = rng.integers(0, 2, (12, 12)).astype(np.float32)
    weights = rng.integers(1, 4, 12).astype(float)
    table *= weights[:, None].astype(np.float32)
    drawn = draws(12, 10)
    found = transfer(Scores(table, weights), drawn, 0.9)
    differences = []
    for sample in np.concatenate(list(drawn.resampled())):
        own = sum(table[i, i] for i in sample) / sum(weights[i] for i in sample)
        pairs = [(i, j) for i in sample for j in sample if i != j]
        differences.append(own - sum(table[i, j] for i, j in pairs) / sum(weights[i] for i, _ in pairs))
    assert found.low == pytest.approx(np.quantile(differences, 0.05), abs=1e-6)
    assert found.high == pytest.approx(np.quantile(differences, 0.95), abs=1e-6)
    covered = 0
    for trial in range(200):
        answers, golds = rng.integers(0, 4, (2, 40))
        same = (golds[:, None] == answers[None, :]).astype(np.float32)
        one = transfer(Scores(same, np.ones(40)), Draws(40, 1, 300, np.random.default_rng(trial)), 0.95)
        covered += one.low <= 0 <= one.high
    assert 0.88 <= covered / 200 <= 0.995


def test_a_constant_output_is_never_beyond_its_control():
    """However many words it shares with the questions."""
    said = [{"numbers": [str(i)], "names": ["Ada"], "things": []} for i in range(6)]
    rows = [row(i, f"Ada has {i} ducks", "Ada has 3 ducks", entities=said[i]) for i in range(6)]
    for name, scores in score(rows):
        assert scores.own.sum() == pytest.approx(scores.others.sum()), name
    assert dict(score(rows))["entities"].own.sum() > 0
