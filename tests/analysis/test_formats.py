import pytest

from analysis import formats


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (formats.percent(0.8125), "81.3%"),
        (formats.percent(0.9304), "93.0%"),
        (formats.percent(None), "–"),
        (formats.points(-0.04), "−4.0"),
        (formats.points(0.3825), "+38.3"),
        (formats.points(-0.0001), "0.0"),
        (formats.interval(0.1234, 0.5), "[12.3, 50.0]"),
        (formats.interval(-0.1, 0.2, sign=True), "[−10.0, +20.0]"),
        (formats.interval(None, None), "–"),
        (formats.p_value(0.00099), "< 0.001"),
        (formats.p_statement(0.012), "p = 0.012"),
        (formats.p_statement(1e-9), "p < 0.001"),
        (formats.count(12000), "12,000"),
        (formats.number(0.00012), "0.00012"),
        (formats.number(1.0), "1"),
        (formats.number(1234.5, 6), "1,234.5"),
        (formats.number(0.0), "0"),
        (formats.decimal(-1.756), "−1.76"),
        (formats.series(["a", "b", "c"]), "a, b and c"),
        (formats.series([]), ""),
    ],
)
def test_texts(text, expected):
    assert text == expected


def test_latex_escapes_everything():
    assert formats.latex("a_b & 5% #1 {x} $") == r"a\_b \& 5\% \#1 \{x\} \$"
    assert formats.latex("p < 0.001") == r"$p$ $<$ 0.001"
    assert formats.latex("−4.0") == "$-$4.0"
