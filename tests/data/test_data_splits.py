"""Properties of the splits, over rows with repeated, conflicting and differently spelt texts."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from telepathy.config.tasks import Rows
from telepathy.data.rows import make_item
from telepathy.data.splits import apportion, choose, key

POOL = st.lists(
    st.tuples(st.integers(0, 120), st.sampled_from("abc"), st.sampled_from(["{}", " {} ", "{}\n"])),
    min_size=40,
    max_size=160,
)


def items(rows, split="all"):
    return [
        make_item(f"{split}:{n}", spelling.format(f"Text {number}" if n % 2 else f"TEXT  {number}"), label)
        for n, (number, label, spelling) in enumerate(rows)
    ]


def clean(number, labels="abc", split="all"):
    return [make_item(f"{split}:{n}", f"{split} text {n}", labels[n % len(labels)]) for n in range(number)]


def texts(chosen, split):
    return [key(item.text) for item in chosen.splits[split]]


def usable(rows):
    labels: dict[int, set[str]] = {}
    for number, label, _ in rows:
        labels.setdefault(number, set()).add(label)
    return {number: next(iter(found)) for number, found in labels.items() if len(found) == 1}


def test_equal_texts_are_one_text():
    rows = [
        ("Same  text", "a"),
        ("same text ", "a"),
        ("Other", "a"),
        ("other", "b"),
        ("fine", "b"),
        ("ok", "a"),
    ]
    pool = [make_item(f"all:{n}", *row) for n, row in enumerate(rows)]
    chosen = choose(pool, None, Rows(train=1, validation=1, test=1), True)
    assert chosen.counts.duplicates == 1
    assert chosen.counts.conflicting == 2
    assert chosen.available == {"all": 3}
    kept = {item.id for split in chosen.splits.values() for item in split}
    assert kept == {"all:0", "all:4", "all:5"}


@settings(max_examples=60, deadline=None)
@given(POOL, st.data())
def test_disjoint_unique_stratified(rows, data):
    good = usable(rows)
    if len(good) < 6:
        return
    test = data.draw(st.integers(1, len(good) - 2))
    validation = data.draw(st.integers(1, len(good) - test - 1))
    train = data.draw(st.integers(1, len(good) - test - validation))
    chosen = choose(items(rows), None, Rows(train=train, validation=validation, test=test), True)
    every = texts(chosen, "train") + texts(chosen, "validation") + texts(chosen, "test")
    assert len(every) == len(set(every)) == train + validation + test
    assert set(every) <= {f"text {number}" for number in good}
    assert chosen.counts.duplicates + chosen.counts.conflicting == len(rows) - len(good)
    shares = Counter(good.values())
    got = Counter(item.gold for item in chosen.splits["test"])
    for label, size in shares.items():
        assert abs(got[label] - test * size / len(good)) < 1


@settings(max_examples=40, deadline=None)
@given(POOL, st.randoms(use_true_random=False))
def test_row_order_does_not_matter(rows, rng):
    third = max(len(usable(rows)) // 3, 1)
    if len(usable(rows)) < 3:
        return
    sizes = Rows(train=third, validation=third, test=third)
    shuffled = list(rows)
    rng.shuffle(shuffled)
    first, second = choose(items(rows), None, sizes, True), choose(items(shuffled), None, sizes, True)
    for split in first.splits:
        assert texts(first, split) == texts(second, split)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 120), st.integers(1, 120), st.integers(1, 60), st.booleans())
def test_more_training_rows_change_nothing_else(one, other, test, official):
    train, own = clean(300), clean(90, split="test") if official else None
    results = [choose(train, own, Rows(train=n, validation=40, test=test), True) for n in (one, other)]
    assert results[0].splits["test"] == results[1].splits["test"]
    assert results[0].splits["validation"] == results[1].splits["validation"]


def test_more_validation_rows_keep_the_test():
    few, many = (choose(clean(300), None, Rows(train=50, validation=n, test=60), True) for n in (10, 100))
    assert few.splits["test"] == many.splits["test"]


def test_without_labels_more_rows_contain_fewer():
    def ids(split, **rows):
        sizes = {"train": 20, "validation": 10, "test": 30} | rows
        return {item.id for item in choose(clean(300), None, Rows(**sizes), False).splits[split]}

    assert ids("train") < ids("train", train=90)
    assert ids("test") < ids("test", test=90)
    assert ids("train") == ids("train", validation=50)


def test_official_test_texts_never_train():
    train = [*clean(50), make_item("train:x", "TEST text 3", "a"), make_item("train:y", "test  text 4", "c")]
    test = clean(30, split="test")
    chosen = choose(train, test, Rows(train=40, validation=10, test=5), True)
    assert chosen.counts.in_test == 2
    assert chosen.available == {"train": 50, "test": 30}
    used = {item.id for item in chosen.splits["train"] + chosen.splits["validation"]}
    assert not {"train:x", "train:y"} & used
    assert all(item.id.startswith("test:") for item in chosen.splits["test"])


def test_never_the_first_rows():
    chosen = choose(clean(1000), None, Rows(train=100, validation=50, test=100), False)
    places = [int(item.id.split(":")[1]) for item in chosen.splits["test"]]
    assert 400 < sum(places) / len(places) < 600
    assert places != sorted(places)


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 50), min_size=1), st.data())
def test_apportion_keeps_quota(sizes, data):
    total = sum(sizes.values())
    if not total:
        return
    number = data.draw(st.integers(0, total))
    seats = apportion(sizes, number)
    assert sum(seats.values()) == number
    for name, size in sizes.items():
        assert seats[name] <= size
        assert abs(seats[name] - number * size / total) < 1


def test_labels_are_mixed_in_the_files():
    chosen = choose(clean(600, "ab"), None, Rows(train=200, validation=50, test=100), True)
    head = Counter(item.gold for item in chosen.splits["train"][:100])
    assert min(head["a"], head["b"]) > 25
