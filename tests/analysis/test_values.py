import re

import pytest

from analysis import values
from analysis.prose import FRAGMENTS
from analysis.values import USE, check, macros, registry
from telepathy.errors import UserError


@pytest.fixture(scope="module")
def found(study):
    return registry(study)


def test_every_cell_and_comparison_has_values(study, found):
    assert found["main.task_0.bridge.accuracy"].n == 40
    assert found["main.task_0.bridge.accuracy"].runs == ["task_0_bridge_0"]
    assert found["main.task_0.bridge_vs_majority.verdict"].value in ("above", "below", "no evidence")
    for value in found.values():
        assert value.text
        assert value.function.startswith("analysis.")


def test_macros_are_escaped_and_one_a_line(found):
    text = macros(found)
    assert text.count(r"\expandafter\def\csname result@") == len(found)
    assert not re.search(r"(?<!\\)[%_&]", text.split("\n", 4)[4].replace("result@", "").replace("_", ""))


def test_an_unknown_id_is_refused_with_file_and_line(found, tmp_path):
    (tmp_path / "a.tex").write_text("good \\result{plan.runs}\n% \\result{in.a.comment}\nbad \\result{main.nope}\n")
    with pytest.raises(UserError, match=r"a\.tex:3: no value has the id main\.nope"):
        check(found, [tmp_path])


def test_unused_values_are_listed(found, tmp_path):
    (tmp_path / "a.tex").write_text("\\result{plan.runs}")
    unused = check(found, [tmp_path])
    assert "plan.runs" not in unused
    assert "plan.preset" in unused


def test_generated_sentences_use_known_ids_and_computed_verdicts(study, found):
    for name, compose in FRAGMENTS.items():
        for used in USE.findall(compose(study)):
            assert used in found, name
    results = FRAGMENTS["results"](study)
    for c in study.comparisons_of("main"):
        opening = {
            "above": "is above ",
            "below": "is below ",
            "no evidence": "no evidence of a difference from ",
        }
        sentence = next(s for s in results.split(". ") if f"{study.comparison_id(c)}.difference" in s)
        assert opening[c["verdict"]] in sentence


def test_the_same_id_twice_is_refused(study, monkeypatch):
    monkeypatch.setattr(values, "_plan_values", lambda s: [values.Value("x", 1, "1", "", "analysis")] * 2)
    with pytest.raises(UserError, match="made twice"):
        registry(study)
