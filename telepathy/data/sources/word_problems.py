"""Word problems of one to three steps with worked answers in the style of GSM8K, and what each one speaks of.

A template is data: a question, the numbers to draw, and steps. A step is a sentence with one operation; its
result has a name that later steps use. So the worked answer cannot disagree with the question.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import add, floordiv, mul, sub
from typing import Any


def wordlist(text: str) -> list[str]:
    """The words of a text, in order."""
    return text.split()


NAMES = wordlist(
    """
    Ada Ali Amir Anna Ben Carla Chen Clara David Diego Elena Emma Farid Felix Fiona Gina Hana Hugo
    Ines Ivan James Jonas Julia Kai Lara Leo Lina Lucas Maria Maya Mia Milan Nadia Nina Noah Omar
    Oscar Paula Priya Rosa Ruth Sam Sara Sofia Tariq Tom Vera Victor Wei Yusuf Zoe
    """
)
THINGS = wordlist(
    """
    apples balloons beads books bottles bricks buttons cakes candles cards chairs coins cookies cups
    eggs flowers hats kites lamps lemons magnets marbles masks muffins mugs notebooks oranges pears
    pencils pens photos plates posters puzzles ribbons ropes shells spoons stamps stickers stones
    tickets tiles towels toys vases whistles
    """
)
HOLDERS = wordlist("bags baskets boxes crates drawers jars packs shelves trays tubs")
PLACES = wordlist("bakery bookshop factory farm garden kitchen market museum school workshop")
OPERATIONS = {"+": add, "-": sub, "*": mul, "/": floordiv}
FEWEST = 2  # below, plurals would be wrong
MOST = 99_999
SHARE_LARGE = 0.15

Step = tuple[str, str, str, str]  # sentence with {=}, left operand, operation, right operand


@dataclass(frozen=True)
class Template:
    """One kind of problem.

    Attributes:
        question: what is asked; `{a}` to `{d}` are numbers, the rest are words (`{N}` and `{M}` two names).
        draw: number -> (lowest, highest); an entry that the question does not show is a hidden part.
        steps: the worked answer; the n-th step's result is called `r<n>`.
        derive: number -> (left, operation, right), for numbers that must fit, such as a dividend.
        large: factor on the ranges of the numbers named in it, in a share of the problems.
    """

    question: str
    draw: dict[str, tuple[int, int]]
    steps: tuple[Step, ...]
    derive: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    large: dict[str, int] = field(default_factory=dict)


TEMPLATES = (
    Template(
        "{N} has {a} {things}. {N} buys {b} more. How many {things} does {N} have now?",
        {"a": (3, 80), "b": (2, 60)},
        (("{N} has {=} {things} now.", "a", "+", "b"),),
        large={"a": 40, "b": 30},
    ),
    Template(
        "There are {a} {things} in the {place}. {N} takes {b} of them away. How many {things} are left?",
        {"a": (12, 99), "b": (2, 60)},
        (("{=} {things} are left.", "a", "-", "b"),),
        large={"a": 60, "b": 20},
    ),
    Template(
        "{N} fills {a} {holders} with {b} {things} each. How many {things} does {N} need?",
        {"a": (2, 15), "b": (3, 20)},
        (("{N} needs {=} {things}.", "a", "*", "b"),),
        large={"b": 12},
    ),
    Template(
        "{N} shares {a} {things} equally among {b} friends. How many {things} does each friend get?",
        {"b": (2, 12), "q": (2, 20)},
        (("Each friend gets {=} {things}.", "a", "/", "b"),),
        derive={"a": ("b", "*", "q")},
        large={"q": 15},
    ),
    Template(
        "{N} collected {a} {things} and {M} collected {b}. How many more {things} did {N} collect than {M}?",
        {"a": (20, 120), "b": (3, 80)},
        (("{N} collected {=} more {things}.", "a", "-", "b"),),
        large={"a": 30, "b": 10},
    ),
    Template(
        "At the {place}, {N} sees {a} {holders}. In each of them lie {b} {things}, and {c} more {things} "
        "lie on the table. How many {things} are there in all?",
        {"a": (2, 12), "b": (3, 15), "c": (2, 40)},
        (
            ("The {holders} hold {=} {things}.", "a", "*", "b"),
            ("With those on the table there are {=} {things}.", "r1", "+", "c"),
        ),
        large={"b": 20, "c": 20},
    ),
    Template(
        "{N} pays with {a} dollars for {b} {things} that cost {c} dollars each. How many dollars does {N} get back?",
        {"b": (2, 9), "c": (2, 12), "q": (2, 50)},
        (
            ("The {things} cost {=} dollars.", "b", "*", "c"),
            ("{N} gets {=} dollars back.", "a", "-", "r1"),
        ),
        derive={"p": ("b", "*", "c"), "a": ("p", "+", "q")},
        large={"c": 25},
    ),
    Template(
        "{N} has {a} {things} and {M} has {b} times as many. How many {things} do they have together?",
        {"a": (3, 40), "b": (2, 6)},
        (
            ("{M} has {=} {things}.", "a", "*", "b"),
            ("Together they have {=} {things}.", "a", "+", "r1"),
        ),
        large={"a": 25},
    ),
    Template(
        "{N} brings {a} {things} and {M} brings {b}. They put all of them into {c} {holders}, the same "
        "number in each. How many {things} are in each of the {holders}?",
        {"c": (2, 9), "q": (4, 25), "a": (2, 60)},
        (
            ("There are {=} {things}.", "a", "+", "b"),
            ("Each gets {=} {things}.", "r1", "/", "c"),
        ),
        derive={"s": ("c", "*", "q"), "b": ("s", "-", "a")},
    ),
    Template(
        "A book has {a} pages. {N} reads {b} pages a day for {c} days. How many pages are left?",
        {"a": (90, 400), "b": (5, 30), "c": (2, 12)},
        (
            ("{N} reads {=} pages.", "b", "*", "c"),
            ("{=} pages are left.", "a", "-", "r1"),
        ),
        large={"a": 5, "b": 3},
    ),
    Template(
        "{N} drives {a} kilometres an hour for {b} hours, rests, and drives {c} kilometres more. How "
        "many kilometres does {N} drive?",
        {"a": (30, 110), "b": (2, 9), "c": (5, 90)},
        (
            ("In the first part {N} drives {=} kilometres.", "a", "*", "b"),
            ("In all {N} drives {=} kilometres.", "r1", "+", "c"),
        ),
    ),
    Template(
        "A {place} makes {a} {things} a day. After {b} days, {N} packs them into {holders} of {c}. How "
        "many {holders} does {N} fill?",
        {"b": (2, 12), "c": (2, 10), "q": (2, 12)},
        (
            ("The {place} makes {=} {things}.", "a", "*", "b"),
            ("{N} fills {=} {holders}.", "r1", "/", "c"),
        ),
        derive={"a": ("c", "*", "q")},
        large={"q": 15},
    ),
    Template(
        "Every day {N} makes {a} {things}. In {b} days {N} keeps {c} of them and sells the rest for {d} "
        "dollars each. How many dollars does {N} earn?",
        {"a": (4, 25), "b": (2, 9), "c": (2, 30), "d": (2, 9)},
        (
            ("{N} makes {=} {things}.", "a", "*", "b"),
            ("{N} sells {=} {things}.", "r1", "-", "c"),
            ("{N} earns {=} dollars.", "r2", "*", "d"),
        ),
        large={"a": 6},
    ),
    Template(
        "{N} works {a} hours a day for {b} days and is paid {c} dollars an hour. {N} then spends {d} "
        "dollars on {things}. How many dollars are left?",
        {"a": (2, 9), "b": (2, 20), "c": (8, 30), "d": (5, 90)},
        (
            ("{N} works {=} hours.", "a", "*", "b"),
            ("{N} is paid {=} dollars.", "r1", "*", "c"),
            ("{=} dollars are left.", "r2", "-", "d"),
        ),
    ),
    Template(
        "{a} adults and {b} children visit a {place} with {N}, who pays for all of them: {c} dollars for "
        "each adult and {d} dollars for each child. How many dollars does {N} pay?",
        {"a": (2, 12), "b": (2, 25), "c": (6, 25), "d": (2, 12)},
        (
            ("The adults cost {=} dollars.", "a", "*", "c"),
            ("The children cost {=} dollars.", "b", "*", "d"),
            ("{N} pays {=} dollars.", "r1", "+", "r2"),
        ),
        large={"b": 8},
    ),
    Template(
        "{N} buys {a} {holders} of {b} {things}, gives {c} {things} to {M}, and shares the others "
        "equally among {d} classes of a school. How many {things} does each class get?",
        {"a": (2, 10), "b": (4, 20), "d": (2, 6), "q": (2, 25)},
        (
            ("{N} buys {=} {things}.", "a", "*", "b"),
            ("{=} {things} are for the classes.", "r1", "-", "c"),
            ("Each class gets {=} {things}.", "r2", "/", "d"),
        ),
        derive={"t": ("a", "*", "b"), "s": ("d", "*", "q"), "c": ("t", "-", "s")},
    ),
    Template(
        "{N} had {a} {things}, lost {b} and found {c} again. Then {M} gave {N} {d} more. How many "
        "{things} does {N} have in the end?",
        {"a": (30, 120), "b": (6, 28), "c": (2, 5), "d": (2, 40)},
        (
            ("After the loss {N} had {=} {things}.", "a", "-", "b"),
            ("Then {N} had {=} {things}.", "r1", "+", "c"),
            ("In the end {N} has {=} {things}.", "r2", "+", "d"),
        ),
        large={"a": 30, "d": 20},
    ),
    Template(
        "Last week the {place} sold {a} {things}; this week it sold {b} times as many. {N} carried {c} "
        "of this week's {things} and {M} carried the others. How many did {M} carry?",
        {"a": (8, 60), "b": (2, 6), "c": (3, 90)},
        (
            ("This week the {place} sold {=} {things}.", "a", "*", "b"),
            ("{M} carried {=} {things}.", "r1", "-", "c"),
        ),
        large={"a": 15, "c": 5},
    ),
)


def word_problems(rng: random.Random) -> Iterator[dict[str, Any]]:
    """Problems without end, none twice: columns `question`, `answer` and `entities`."""
    seen: set[str] = set()
    while True:
        problem = _problem(rng.choice(TEMPLATES), rng)
        if problem is not None and problem["question"] not in seen:
            seen.add(problem["question"])
            yield problem


def _problem(template: Template, rng: random.Random) -> dict[str, Any] | None:
    """Draw one problem; None where a number would not be sensible."""
    first, second = rng.sample(NAMES, 2)
    words = {
        "N": first,
        "M": second,
        "things": rng.choice(THINGS),
        "holders": rng.choice(HOLDERS),
        "place": rng.choice(PLACES),
    }
    large = rng.random() < SHARE_LARGE
    values: dict[str, int] = {}
    for name, (low, high) in template.draw.items():
        factor = template.large.get(name, 1) if large else 1
        values[name] = rng.randint(low * factor, high * factor)
    for name, (left, operation, right) in template.derive.items():
        values[name] = OPERATIONS[operation](values[left], values[right])
    lines = []
    for number, (sentence, left, operation, right) in enumerate(template.steps, start=1):
        result = OPERATIONS[operation](values[left], values[right])
        values[f"r{number}"] = result
        sum_ = f"{values[left]:,} {operation} {values[right]:,} = {result:,}"
        lines.append(sentence.replace("{=}", sum_).format_map(words))
    if any(value < FEWEST or value > MOST for value in values.values()):
        return None
    shown = re.findall(r"{(\w+)}", template.question)
    spoken = {name: f"{value:,}" for name, value in values.items()} | words
    return {
        "question": template.question.format_map(spoken),
        "answer": "\n".join([*lines, f"#### {values[f'r{len(template.steps)}']}"]),
        "entities": {
            "numbers": sorted({str(values[name]) for name in shown if name in values}, key=int),
            "names": sorted({words[name] for name in shown if name in ("N", "M")}),
            "things": sorted({words[name] for name in shown if name in ("things", "holders", "place")}),
        },
    }
