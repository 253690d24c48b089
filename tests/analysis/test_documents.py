"""The ledger of reported numbers: that it is whole, and that what it says of contradictions is computed."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from analysis import claims, documents
from analysis.documents import FOLDER, Group, Ledger, Number, Rebuild, load
from telepathy.config import load as load_config
from telepathy.errors import UserError
from telepathy.overview import overview
from telepathy.planner import make_plan

CONFLICTS = "kinds: {k: {title: K, about: Some.}}\nconflicts: {c: {kind: k, title: a question, one: true}}\n"
SOURCES = "sources: {d: {name: d.txt, about: A talk.}}\n"
ONE = {"experiment": "e", "dataset": "d", "method": "m", "metric": "accuracy", "unit": "percent", "evidence": "raw"}


def number(name: str = "a", value: float | str = 50.0, **more) -> Number:
    return Number(
        **(ONE | {"id": f"e.d.m.accuracy.{name}", "level": "headline", "value": value, "documents": ["d"]} | more)
    )


def written(folder: Path, numbers: list[Number], conflicts: str = CONFLICTS, rebuilds: str = "rebuilds: []") -> Path:
    """A ledger's folder with these numbers."""
    (folder / "numbers").mkdir()
    (folder / "sources.yaml").write_text(SOURCES)
    (folder / "conflicts.yaml").write_text(conflicts)
    (folder / "rebuilds.yaml").write_text(rebuilds)
    content = {"numbers": [one.model_dump(exclude_none=True) for one in numbers]}
    (folder / "numbers" / "all.yaml").write_text(yaml.safe_dump(content))
    return folder


def test_the_real_ledger_is_whole():
    ledger = load()
    assert len(ledger.numbers) == len({one.id for one in ledger.numbers}) == 1097
    assert {one.evidence for one in ledger.numbers} == {"raw", "stated", "contradicted"}
    assert {name for one in ledger.numbers for name in one.documents} == set(ledger.sources)
    assert {group.kind for group in ledger.groups} == set(ledger.kinds)
    titles = [group.title for group in ledger.groups]
    assert len(set(titles)) == len(titles) > 90
    assert all(len(group.numbers) >= 2 for group in ledger.groups)


def test_counted_hits_are_the_reported_shares():
    counted = [one for one in load().numbers if one.correct is not None]
    assert len(counted) > 100
    for one in counted:
        assert abs(one.number - one.correct / one.n) < 0.006, one.id


def test_titles_and_kinds_hold_no_result():
    ledger = load()
    texts = [group.title for group in ledger.groups]
    texts += [text for kind in ledger.kinds.values() for text in (kind.title, kind.about)]
    for text in texts:
        assert not re.search(r"\d[.,]\d|\d%|\b\d{3,}\b|percent", text), text
        assert len(text) <= 60 or "." in text


def test_the_ledger_names_no_machine():
    for path in FOLDER.rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"/(?:work|home|root|Users|projects)/|\.\./", text), path
        assert all(len(line) <= 120 for line in text.splitlines()), path


def test_claims_of_phases_are_numbers_of_the_ledger():
    known = {one.id: one for one in load().numbers}
    for claim in claims.load():
        one = known[claim.id]
        assert (claim.evidence, claim.n or one.n) == (one.evidence, one.n or claim.n), claim.id
        # paper/claims.yaml counts as the analysis of the series does: shares of distinct outputs as percentages.
        values = {one.value, 100 * one.value, 100 * one.value / (claim.n or 1)}
        assert any(claim.value == pytest.approx(value) for value in values), claim.id


def test_every_rebuild_is_a_cell_of_preset_paper():
    plan = overview(make_plan(load_config("paper", {})))
    cells = {(c["experiment"], c["task"], c["method"], c["setting"]) for c in plan["cells"] if c["trained_on"] is None}
    known = {one.id: one for one in load().numbers}
    for rebuild in load().rebuilds:
        assert (rebuild.experiment, rebuild.task, rebuild.method, rebuild.setting) in cells, rebuild
        units = {known[name].unit for name in rebuild.claims}
        assert units == {"percent" if rebuild.quantity == "accuracy" else "pp"}, rebuild


def test_a_planted_contradiction_is_a_group_by_itself(tmp_path):
    same = [number("a", conflict="c"), number("b", conflict="c"), number("free")]
    ledger = Ledger(same, {}, {}, load(written(tmp_path, same)).conflicts, [])
    (agreed,) = ledger.groups
    assert (agreed.disagree, agreed.values, ledger.contradictory) == (False, ["50%"], set())
    planted = replace(ledger, numbers=[*same, number("planted", 91.5, conflict="c", documents=["other"])])
    (group,) = planted.groups
    assert group.disagree
    assert group.values == ["50%", "91.5%"]
    assert group.span == (50, 91.5)
    assert group.documents == ["d", "other"]
    assert planted.contradictory == {one.id for one in group.numbers}


def test_a_run_file_with_another_value_is_a_contradiction_too():
    ledger = Ledger([number(evidence="contradicted"), number("b")], {}, {}, {}, [])
    assert ledger.contradictory == {"e.d.m.accuracy.a"}


@pytest.mark.parametrize(
    "more",
    [{"value": 51.0}, {"bound": "<"}, {"uncertainty": {"std": 0.8}}, {"uncertainty": {"low": 40.0, "high": 60.0}}],
)
def test_what_makes_two_entries_differ(more):
    assert Group("c", "k", "t", True, [number("a"), number("b", **more)]).disagree
    assert not Group("c", "k", "t", True, [number("a", **more), number("b", **more)]).disagree


def test_a_range_needs_one_quantity_in_one_unit():
    values = [number("a", 3.0), number("b", 12.0)]
    assert Group("c", "k", "t", True, values).span == (3, 12)
    assert Group("c", "k", "t", False, values).span is None
    assert Group("c", "k", "t", True, [*values, number("c", 1.0, unit="ms")]).span is None
    assert Group("c", "k", "t", True, [*values, number("c", "none", unit="text")]).span is None


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"value": 93.7, "uncertainty": {"std": 0.8}}, "93.7% ± 0.8"),
        ({"value": 88.9, "uncertainty": {"low": 83.8, "high": 92.6}}, "88.9% [83.8, 92.6]"),
        ({"value": 1.0, "bound": "<"}, "< 1%"),
        ({"value": 70.0, "bound": "70-80"}, "70–80%"),
        ({"value": 24.4, "unit": "pp"}, "24.4 points"),
        ({"value": 537092097.0, "unit": "parameters"}, "537,092,097 params"),
        ({"value": 2.3e22, "unit": "codes"}, "2.3e22 codes"),
        ({"value": "none", "unit": "text"}, "none"),
    ],
)
def test_numbers_read_as_printed(more, text):
    assert number(**more).text == text


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"value": 101.0}, "between 0 and 100"),
        ({"id": "x.y"}, "does not start with e.d.m.accuracy"),
        ({"n": 5, "correct": 6}, "correct needs an n"),
        ({"correct": 6}, "correct needs an n"),
        ({"uncertainty": {"std": 1.0, "low": 0.0, "high": 1.0}}, "give std, or low"),
        ({"uncertainty": {"low": 2.0, "high": 1.0}}, "give std, or low"),
        ({"documents": []}, "at least 1 item"),
        ({"more": 1}, "Extra inputs"),
    ],
)
def test_entries_that_cannot_be_are_refused(more, words):
    with pytest.raises(ValueError, match=words):
        number(**more)


def test_a_bad_ledger_gives_one_line(tmp_path):
    def refused(name: str, words: str, numbers: list[Number], **more) -> None:
        folder = tmp_path / name
        folder.mkdir()
        with pytest.raises(UserError, match=words) as caught:
            load(written(folder, numbers, **more))
        assert "\n" not in str(caught.value)

    pair = [number("a", conflict="c"), number("b", 60.0, conflict="c")]
    refused("twice", "stands there twice", [*pair, pair[0]])
    refused("lonely", "c has fewer than two entries", pair[:1])
    refused("untitled", "unknown conflict, x", [*pair, number("z", conflict="x")])
    refused("rumour", "unknown document, nobody", [*pair, number("z", documents=["nobody"])])
    refused("kind", "unknown kind, z", pair, conflicts=CONFLICTS.replace("kind: k", "kind: z"))
    refused(
        "lost", "unknown claim, nope", pair, rebuilds="rebuilds: [{experiment: e, task: t, method: m, claims: [nope]}]"
    )
    same = "{experiment: e, task: t, method: m, claims: [e.d.m.accuracy.a]}"
    refused("both", "accuracy.a stands there twice", pair, rebuilds=f"rebuilds: [{same}, {same}]")
    refused("damaged", "not readable as YAML", pair, rebuilds="rebuilds: [")
    refused("shape", "no `rebuilds`", pair, rebuilds="[]")
    refused("none", "no reported number", [])
    with pytest.raises(UserError, match="no such file"):
        load(tmp_path / "absent")


def test_the_models_of_the_file_are_closed():
    with pytest.raises(ValueError, match="Extra inputs"):
        Rebuild(experiment="e", task="t", method="m", claims=["x"], typo=1)
    assert documents.Conflict(kind="k", title="t").one is False
