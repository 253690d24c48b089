import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.audit import foreign, keys
from analysis.audit.finding import Severity, findings
from analysis.audit.model import Document
from analysis.audit.naming import of_name
from analysis.audit.numbers import number, share
from analysis.audit.rows import norm
from analysis.audit.rules import every


def kinds(content: object) -> dict[str, Severity]:
    found = findings(foreign.read([Document("f.json", content)]), every())
    return {one.kind: one.severity for one in reversed(found)}


@given(st.integers(5, 95), st.floats(0.3, 3.0))
def test_a_half_width_is_judged_against_wilson_s(correct, factor):
    reference = stats.binomtest(correct, 100).proportion_ci(0.95, "wilson")
    middle, half = (reference.low + reference.high) / 2, (reference.high - reference.low) / 2 * factor
    found = kinds({"accuracy": correct / 100, "n": 100, "ci": [middle - half, middle + half]})
    if abs(abs(factor - 1) - 0.25) > 0.01:
        assert ("interval_width" in found) == (abs(factor - 1) > 0.25)


@given(st.lists(st.floats(0.5, 0.99), min_size=3, max_size=8, unique=True))
def test_the_sample_s_deviation_passes_and_the_population_s_does_not(values):
    for ddof, kind in ((1, None), (0, "population_deviation")):
        content = {"values": values, "mean": float(np.mean(values)), "std": float(np.std(values, ddof=ddof))}
        found = kinds(content).keys() & {"population_deviation", "deviation_of_seeds", "mean_of_seeds"}
        if np.std(values) > 1e-4:
            assert found == ({kind} if kind else set())


@given(st.integers(1, 2000), st.data(), st.sampled_from([(1, 4), (100, 2), (100, 1), (100, 13)]))
def test_an_accuracy_may_be_rounded_but_not_be_of_another_count(n, data, written):
    correct = data.draw(st.integers(0, n))
    scale, digits = written
    content = {"accuracy": round(scale * correct / n, digits), "correct": correct, "total": n}
    assert "accuracy_counts" not in kinds(content)
    wrong = correct + max(1, n // 50) * 2
    if wrong <= n and digits > 1:
        assert "accuracy_counts" in kinds(content | {"correct": wrong})


@pytest.mark.parametrize(
    ("ps", "severity"), [([0.001, 0.5], Severity.WARNING), ([0.03, 0.04], Severity.ERROR), ([0.03], None)]
)
def test_claims_that_fall_to_holm_are_errors(ps, severity):
    content = [{"p": p, "significant": p < 0.05} for p in ps]
    assert kinds(content).get("uncorrected_family") == severity


def test_severity_of_a_mismatch_grows_with_a_test():
    content = {"bridge": {"acc": 0.9, "n": 200}, "relay": {"acc": 0.8, "n": 100}}
    assert kinds(content)["n_mismatch"] == Severity.WARNING
    assert kinds(content | {"bridge_vs_relay": {"p_value": 0.2}})["n_mismatch"] == Severity.ERROR


def test_seeds_that_a_test_on_rows_does_not_need():
    claim = {"seeds": [1, 2, 3], "p_value": 0.01, "significant": True}
    assert "few_seeds" in kinds({"t_test": claim})
    assert "few_seeds" not in kinds({"mcnemar": {key: claim[key] for key in ("p_value", "significant")}})
    assert "few_seeds" not in kinds({"t_test": claim | {"seeds": [1, 2, 3, 4, 5, 6]}})
    assert "few_seeds" not in kinds({"t_test": claim | {"significant": False}})


def test_one_configuration_under_several_names_is_a_note():
    config = {"dim": 512, "heads": 8, "lr": 1e-4}
    content = {name: {"accuracy": value, "config": config} for name, value in (("wide", 0.85), ("tall", 0.945))}
    assert kinds(content)["repeated_configuration"] == Severity.NOTE


def test_all_answers_unread_is_an_error_unless_it_is_said():
    rows = [{"id": i, "gold": str(i), "prediction": None} for i in range(10)]
    assert kinds({"accuracy": 0.0, "rows": rows})["unparsed_answers"] == Severity.ERROR
    assert kinds({"accuracy": 0.0, "unparsed": 10, "rows": rows})["unparsed_answers"] == Severity.WARNING


def test_names():
    assert of_name("bridge_sst2_seed42") == of_name("bridge-sst2-seed_42")
    assert (of_name("trec").task, of_name("validation").task, of_name("456").seed) == ("trec", "validation", "456")
    assert of_name("results_20251215_221831") == of_name("results")
    assert keys.plain("evalAccuracy") == keys.plain("eval-accuracy") == "eval_accuracy"
    assert keys.plain("acc,none") == "acc"


@pytest.mark.parametrize(
    ("value", "fraction"), [(91.5, 0.915), (0.915, 0.915), ("91.5%", 0.915), ("0.5%", 0.005), (0, 0.0), (1.0, 1.0)]
)
def test_shares(value, fraction):
    found = share(value)
    assert found is not None
    assert found.value == pytest.approx(fraction)


def test_one_percent_is_told_from_all_by_the_counts():
    assert share(1.0, None, 2, 200).value == 0.01
    assert share(1.0, None, 200, 200).value == 1.0
    assert share(101) is None
    assert number(True) is None
    assert number(10**400) is None
    assert (norm(" 18.0 "), norm("1,200"), norm("[None]"), norm("Positive")) == ("18", "1200", None, "positive")
