"""Verdicts on reported numbers follow this build's data, and its setting."""

import csv
import io
import json
from dataclasses import replace

import pytest
from test_documents import number

from analysis import documents
from analysis.claim_values import KEYS, claim_values
from analysis.claims import ABSENT, AGREES, DIFFERS, OPEN, OTHER, SAME, Rebuilt, agreement
from analysis.documents import Conflict, Kind, Ledger, Rebuild, Source
from analysis.documents_prose import prose
from analysis.study import Study
from analysis.tables import claims as claims_table
from analysis.tables import contradictions
from analysis.tables._common import to_csv, to_latex
from analysis.values import USE
from analysis.verdicts import CONTRADICTORY, VERDICTS, interval, judge, stand_ins

BRIDGE, OTHER_METHOD = "e.d.m.accuracy.a", "receiver_zero_shot"


def ledger(*numbers, **more) -> Ledger:
    """A ledger with a mapping of the number `a` to the main bridge."""
    rebuild = Rebuild(**({"experiment": "main", "task": "task_0", "method": "bridge", "claims": [BRIDGE]} | more))
    kinds, conflicts = {"k": Kind(title="K", about="Some.")}, {"c": Conflict(kind="k", title="a question", one=True)}
    return Ledger(list(numbers), {"d": Source(name="d.txt", about="A talk.")}, kinds, conflicts, [rebuild])


def in_paper(study: Study) -> Study:
    return replace(study, plan=study.plan | {"preset": "paper"})


def bridge(study: Study) -> dict:
    return next(g for g in study.groups if (g["experiment"], g["task"], g["method"]) == ("main", "task_0", "bridge"))


def test_verdicts_follow_the_data_on_the_same_models_and_data(study):
    paper, value = in_paper(study), 100 * bridge(study)["accuracy"]
    (near,) = judge(paper, ledger(number(value=value)))
    assert (near.verdict, near.setting, near.cell) == (AGREES, SAME, "main.task_0.bridge")
    assert near.found.value == bridge(study)["accuracy"]
    far = number(value=1.0, n=200, correct=2)
    assert judge(paper, ledger(far))[0].verdict == DIFFERS
    # The same report, and other rows of ours: the verdict flips.
    groups = [g | {"accuracy": 0.01, "low": 0.0, "high": 0.05} for g in study.groups]
    flipped = replace(paper, comparisons=study.comparisons | {"groups": groups})
    assert judge(flipped, ledger(far))[0].verdict == AGREES
    assert judge(flipped, ledger(number(value=value)))[0].verdict == DIFFERS


def test_other_models_or_data_judge_nothing_but_stand_beside(study):
    (one,) = judge(study, ledger(number(value=1.0)))
    assert (one.verdict, one.setting) == (ABSENT, OTHER)
    assert one.found.value == bridge(study)["accuracy"]
    assert judge(in_paper(study), ledger(number(value=1.0), same=False))[0].verdict == ABSENT
    (missing,) = judge(in_paper(study), ledger(number(value=1.0), experiment="nowhere"))
    assert (missing.verdict, missing.found) == (ABSENT, None)


def test_what_is_not_judged_can_still_be_contradictory(study):
    pair = [number(value=50.0, conflict="c"), number("b", 60.0, conflict="c"), number("free")]
    assert [one.verdict for one in judge(study, ledger(*pair))] == [CONTRADICTORY, CONTRADICTORY, ABSENT]
    same = [one.model_copy(update={"value": 50.0}) for one in pair]
    assert [one.verdict for one in judge(study, ledger(*same))] == [ABSENT] * 3
    # On the same models and data, a measured value decides, whatever documents say.
    verdicts = [one.verdict for one in judge(in_paper(study), ledger(*pair))]
    assert verdicts[0] in (AGREES, DIFFERS)
    assert verdicts[1] == CONTRADICTORY
    assert judge(study, ledger(number(evidence="contradicted")))[0].verdict == CONTRADICTORY


def test_a_stand_in_is_the_task_of_a_role(study):
    plan = study.plan | {"phases": {"p": {"role": "sst2", "task": "task_0"}, "q": {"role": "open", "task": "open"}}}
    swapped = replace(study, plan=plan)
    assert stand_ins(swapped) == {"sst2": "task_0"}
    mapped = ledger(number(), task="sst2")
    assert judge(swapped, mapped)[0].cell == "main.task_0.bridge"
    assert judge(study, mapped)[0].found is None
    # Not even preset `paper` has the data then.
    assert judge(in_paper(swapped), mapped)[0].setting == OTHER


def test_differences_are_those_to_the_reference(study):
    mapped = ledger(number(value=30.0, unit="pp"), method=OTHER_METHOD, quantity="difference")
    (one,) = judge(in_paper(study), mapped)
    (comparison,) = [c for c in study.comparisons_of("main", "task_0") if c["method"] == OTHER_METHOD]
    assert (one.found.value, one.unit) == (comparison["difference"], "pp")
    assert (one.found.low, one.found.high) == (comparison["low"], comparison["high"])
    assert judge(study, ledger(number(), quantity="difference"))[0].found is None  # the reference itself


def test_pairs_are_known_by_their_relation(study):
    turned = {
        "p": study.plan["pairs"]["p"],
        "x": {"sender": "r", "receiver": "s"},
        "y": {"sender": "s", "receiver": "s"},
    }
    groups = [g | {"pair": "x", "accuracy": 0.25} for g in study.groups] + study.groups
    both = Study(study.plan | {"pairs": turned}, study.results, study.comparisons | {"groups": groups})
    assert judge(both, ledger(number()))[0].found.value == bridge(study)["accuracy"]
    assert judge(both, ledger(number(), pair="reverse"))[0].found.value == 0.25
    assert judge(both, ledger(number(), pair="sender_twice"))[0].found is None


def test_claims_of_phases_come_from_the_series(series):
    judged = {one.number.id: one for one in judge(series, documents.load())}
    one, claim = judged["phase01.gsm8k.bridge.accuracy"], series.phases["claims"][0]
    assert claim["id"] == one.number.id
    assert (one.found.value, one.cell, one.verdict) == (claim["rebuilt"], "phase.p01.recorded", ABSENT)
    absent = series.phases | {"claims": [c | {"rebuilt": None} for c in series.phases["claims"]]}
    mapped = ledger(
        number(id=one.number.id, experiment="phase01", dataset="gsm8k", method="bridge"), claims=[one.number.id]
    )
    assert judge(replace(series, phases=absent), mapped)[0].cell == "main.task_0.bridge"
    phases = series.phases | {"claims": [c | {"setting": SAME} for c in series.phases["claims"]]}
    same = {one.number.id: one.verdict for one in judge(replace(series, phases=phases), documents.load())}
    assert same[claim["id"]] == claim["result"]


def test_intervals_are_printed_ones_or_of_rows():
    from statsmodels.stats.proportion import proportion_confint

    counted = interval(number(value=12.5, n=40, correct=5), 0.95)
    assert counted == pytest.approx(proportion_confint(5, 40, 0.05, "wilson"))
    assert interval(number(value=12.5, n=40), 0.95) == counted
    assert interval(number(uncertainty={"low": 40.0, "high": 60.0}, n=3), 0.95) == (0.4, 0.6)
    assert interval(number(), 0.95) is None
    mean = number(id="e.d.m.accuracy_mean", metric="accuracy_mean", n=40)
    assert interval(mean, 0.95) is None  # over trainings, not over rows
    assert interval(number(value=3.0, unit="pp", n=40), 0.95) is None


def test_agreement_is_overlap():
    found = Rebuilt("x", 0.5, 0.4, 0.6)
    assert agreement(0.7, (0.55, 0.8), found) == AGREES
    assert agreement(0.7, (0.61, 0.8), found) == DIFFERS
    assert (agreement(0.6, None, found), agreement(0.61, None, found)) == (AGREES, DIFFERS)
    assert agreement(0.7, (0.5, 0.8), Rebuilt("x", 0.5)) == AGREES
    assert agreement(0.5, None, Rebuilt("x", 0.5)) == OPEN


def test_values_count_what_the_verdicts_say(study):
    found = {value.id: value for value in claim_values(study)}
    judged = judge(study, documents.load())
    assert found["documents.all"].value == len(judged) == sum(found[f"documents.{key}"].value for key in KEYS.values())
    assert set(KEYS) == set(VERDICTS)
    assert found["documents.agree"].value == found["documents.differ"].value == 0
    evidence = sum(found[f"documents.{key}"].value for key in ("raw", "stated", "contradicted"))
    assert evidence == len(judged)
    kinds = documents.load().kinds
    assert sum(found[f"documents.kind.{k}"].value for k in kinds) == found["documents.disagreeing"].value
    planted = ledger(number(value=50.0, conflict="c"), number("b", 60.0, conflict="c"))
    small = {value.id: value.text for value in claim_values(study, planted)}
    assert (small["documents.disagreeing"], small["documents.kind.k"], small["documents.contradictory"]) == (
        "1",
        "1",
        "2",
    )
    assert (small["documents.question.c.low"], small["documents.question.c.high"]) == ("50%", "60%")
    agreed = ledger(number(value=50.0, conflict="c"), number("b", 50.0, conflict="c"))
    assert {v.id: v.text for v in claim_values(study, agreed)}["documents.disagreeing"] == "0"


@pytest.mark.parametrize("preset", ["tiny", "paper"])
def test_sentences_use_known_ids_and_type_no_number(study, preset):
    from analysis.literals import literals, mask, parse

    one = replace(study, plan=study.plan | {"preset": preset})
    text = prose(one)
    known = {value.id for value in claim_values(one)}
    assert set(USE.findall(text)) <= known
    source = "\\begin{document}\n" + text + "\n\\end{document}\n"
    assert list(literals(mask(source, parse(source)))) == []
    assert ("judges none" in text) == (preset == "tiny")
    assert "documents.agree}" in prose(in_paper(study))


def test_a_planted_contradiction_reaches_sentences_and_table(study):
    pair = [number(value=50.0, conflict="c"), number("b", 60.0, conflict="c")]
    assert "a question (from" in prose(study, ledger(*pair))
    made = contradictions.build(study, ledger(*pair))
    assert [group.heading for group in made.groups] == ["K"]
    assert "50\\%; 60\\%" in to_latex(made, "x")
    same = ledger(pair[0], number("b", 50.0, conflict="c"))
    assert "a question" not in prose(study, same)
    made = contradictions.build(study, same)
    assert made.groups == []
    assert [row["disagree"] for row in csv.DictReader(io.StringIO(to_csv(made)))] == ["False"]


def test_tables_hold_every_number_and_print_the_headline(study):
    made = claims_table.build(study)
    rows = list(csv.DictReader(io.StringIO(to_csv(made))))
    numbers = documents.load().numbers
    assert [row["id"] for row in rows] == [one.id for one in numbers]
    assert sum(len(group.rows) for group in made.groups) == sum(one.level == "headline" for one in numbers)
    assert {row["verdict"] for row in rows} <= set(VERDICTS)
    one = next(row for row in rows if row["id"] == "main_results.sst2.bridge.accuracy_mean.k32")
    assert json.loads(one["value"]) == 93.7
    assert made.long
    groups = contradictions.build(study)
    assert sum(len(g.rows) for g in groups.groups) == sum(g.disagree for g in documents.load().groups)


def test_the_printed_table_marks_another_setting(study):
    (group,) = claims_table.build(study, ledger(number())).groups
    assert group.rows[0][4].plain.endswith("‡")
    assert group.rows[0][5] == "not rebuilt"
    (group,) = claims_table.build(in_paper(study), ledger(number())).groups
    assert "‡" not in group.rows[0][4].plain
    assert group.rows[0][5] in (AGREES, DIFFERS)
