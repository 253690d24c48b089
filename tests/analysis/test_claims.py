import re
from pathlib import Path

import pytest
import yaml

from analysis import claims
from analysis.claims import Claim, load
from telepathy.config.phases import expand
from telepathy.errors import UserError

GOOD = "{id: a.b, phase: p01, metric: accuracy, value: 5, unit: percent, n: 20, correct: 1, evidence: raw}"


def entry(**more) -> dict:
    start = {"phase": "p01", "variant": "recorded", "n": 200, "accuracy": 0.05, "low": 0.02, "high": 0.09}
    return start | {"distinct_share": 0.5, "losses": {"lm": 0.7}, "diagnostics": None, "metrics": {}} | more


def claim(**more) -> Claim:
    start = {"id": "a", "phase": "p01", "metric": "accuracy", "value": 5.0, "unit": "percent", "evidence": "raw"}
    return Claim(**(start | more))


def compared(one: Claim, entries: list[dict], preset: str = "quick") -> dict:
    return claims.compare({"preset": preset, "phases": {}}, entries, [one], 0.95)[0]


def test_the_real_file_is_valid_and_of_outcomes_only():
    found = load()
    assert len(found) > 100
    allowed = (
        r"accuracy|distinct|digit_accuracy|(partial|failed)_v[12]|entities_v1[02](\.\w+)?|(loss|codes|latency)\..+"
    )
    assert all(re.fullmatch(allowed, one.metric) for one in found)
    assert all(one.correct is None or abs(one.number - one.correct / one.n) < 0.006 for one in found)


def test_claims_and_the_catalogue_of_phases_know_each_other():
    catalogue = Path(__file__).parents[2] / "workflow" / "config" / "phases.yaml"
    phases = expand(yaml.safe_load(catalogue.read_text(encoding="utf-8")))
    found = load()
    assert {one.phase for one in found} <= {name for name, content in phases.items() if not content.get("abstract")}
    named = {name for content in phases.values() for name in content.get("claims", [])}
    assert named <= {one.id for one in found}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[]", "no list `claims`"),
        ("claims: [{id: x}]", "x: phase"),
        (f"claims: [{GOOD}, {GOOD}]", "a.b stands there twice"),
        (f"claims: [{GOOD.replace('percent', 'percent, extra: 1')}]", "a.b: extra"),
        (f"claims: [{GOOD.replace('correct: 1', 'correct: 21')}]", "correct needs an n"),
        (f"claims: [{GOOD.replace('value: 5', 'value: 500')}]", "between 0 and 100"),
        (f"claims: [{GOOD.replace('value: 5', 'value: .nan')}]", "not a finite number"),
        (f"claims: [{GOOD.replace('raw', 'rumour')}]", "a.b: evidence"),
        ("claims: [5]", "entry 1"),
        ("claims: [", "not readable as YAML"),
    ],
)
def test_bad_files_give_one_line(tmp_path, content, words):
    path = tmp_path / "claims.yaml"
    path.write_text(content)
    with pytest.raises(UserError, match=re.escape(words)):
        load(path)
    with pytest.raises(UserError, match="no such file"):
        load(tmp_path / "none.yaml")


def test_agreement_is_by_interval_and_names_the_setting():
    found = compared(claim(n=20, correct=1), [entry()])
    assert (found["result"], found["setting"]) == ("agrees", "other models and data")
    assert compared(claim(n=20, correct=1), [entry()], "paper")["setting"] == "same models and data"
    assert compared(claim(value=90.0, n=200, correct=180), [entry()])["result"] == "differs"
    assert compared(claim(value=8.0), [entry()])["result"] == "agrees"  # no n: the number inside our interval
    assert compared(claim(value=20.0), [entry()])["result"] == "differs"
    assert compared(claim(phase="p02"), [entry()])["result"] == "not rebuilt here"


def test_what_has_no_interval_is_not_judged():
    found = compared(claim(metric="loss.lm", value=0.77, unit="loss"), [entry()])
    assert (found["rebuilt"], found["result"]) == (0.7, "no interval")
    assert compared(claim(metric="loss.vq", value=7, unit="loss"), [entry()])["result"] == "not rebuilt here"
    assert compared(claim(metric="distinct", n=20, correct=1), [entry()])["result"] == "no interval"
    codes = entry(diagnostics={"codes": {"perplexity": 3.0}})
    assert compared(claim(metric="codes.perplexity", unit="codes"), [codes])["rebuilt"] == 3.0


def test_reports_are_compared_with_the_recorded_variant():
    entries = [entry(variant="repaired", accuracy=0.9), entry()]
    assert compared(claim(), entries)["variant"] == "recorded"
    assert compared(claim(), entries[:1])["variant"] == "repaired"


def test_shared_words_come_with_the_remark_on_the_missing_control():
    assert "without a control" in claim(metric="partial_v1").remark
    assert claim().remark == ""


def test_a_phase_that_names_no_claim_of_the_file_is_an_error_with_a_hint():
    plan = {"preset": "quick", "phases": {"p01": {"claims": ["phase01.accuracy_"]}}}
    with pytest.raises(UserError, match=r"phases\.p01\.claims.*perhaps phase01\.accuracy is meant"):
        claims.compare(plan, [], [claim(id="phase01.accuracy")], 0.95)
