"""Which stores are left unwritten under a disk budget, and what their runs ask for instead."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telepathy.config import load
from telepathy.disk import GB, beyond, store_bytes
from telepathy.files import digest, read_json
from telepathy.overview import write_plan
from telepathy.plan import Plan
from telepathy.planner import make_plan

SIZES = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(1, 100).map(lambda size: size * GB))


def plan_of(store_gb: float | None = None, preset: str = "smoke") -> Plan:
    return make_plan(load(preset, {"hardware": {"store_gb": store_gb}}))


@pytest.fixture(scope="module")
def stored() -> Plan:
    return plan_of()


@given(SIZES, st.floats(0.1, 400))
def test_the_rest_fits_and_giving_up_one_less_would_not(sizes, budget):
    given_up = beyond(sizes, budget)
    kept = sum(size for key, size in sizes.items() if key not in given_up)
    assert kept <= budget * GB
    if given_up:
        # The last to go was the smallest of them, the last name among equals.
        last = max(given_up, key=lambda key: (-sizes[key], key))
        assert kept + sizes[last] > budget * GB
        assert all(sizes[key] <= sizes[last] for key in sizes.keys() - given_up)


@given(SIZES)
def test_without_a_budget_all_are_written(sizes):
    assert beyond(sizes, None) == frozenset()


@settings(max_examples=25, deadline=None)
@given(share=st.floats(0.001, 1.2))
def test_a_plan_keeps_to_its_budget(share):
    stored = plan_of()
    sizes = stored.store_sizes()
    budget = share * sum(sizes.values()) / GB
    plan = plan_of(budget)
    assert sum(sizes[key] for key in plan.states) <= budget * GB
    assert plan.states | plan.live == stored.states
    assert len(plan.cells) == len(stored.cells)
    for run in plan.runs.values():
        assert run.id == digest(run.spec)
        assert ("live" in run.spec) == (run.spec.get("states") in plan.live)


def test_a_budget_that_suffices_changes_nothing(stored):
    plan = plan_of(2 * sum(stored.store_sizes().values()) / GB)
    assert (plan.runs, plan.states, plan.calibrations) == (stored.runs, stored.states, stored.calibrations)
    assert not plan.live


def test_runs_of_stored_states_keep_their_ids(stored):
    sizes = stored.store_sizes()
    largest = max(sizes, key=lambda key: sizes[key])
    plan = plan_of((sum(sizes.values()) - 1) / GB)
    assert set(plan.live) == {largest}

    def touched(run) -> bool:
        specs = [run.spec, run.spec.get("bridge", {})]
        made_from = {stored.calibrations[spec["calibration"]]["states"] for spec in specs if "calibration" in spec}
        return largest in made_from | {spec.get("states") for spec in specs}

    kept = {name for name, run in stored.runs.items() if not touched(run)}
    assert kept
    assert kept == stored.runs.keys() & plan.runs.keys()


def test_live_runs_ask_for_the_sender_and_stored_ones_for_its_states(stored):
    plan = plan_of(1e-9)
    assert not plan.states
    assert set(plan.live) == set(stored.states)
    kinds = set()
    for run in plan.runs.values():
        needs = plan.needs(run.id)
        assert not any(name.startswith("states/") for name in needs)
        if "states" in run.spec:
            kinds.add(run.spec["recipe"]["kind"])
            assert f"models/{run.spec['models']['sender']}/model.json" in needs
            assert plan.live[run.spec["states"]]["model"] == run.spec["models"]["sender"]
    assert {"bridge", "control", "transfer", "latency", "linear_probe", "ridge_map"} <= kinds
    for key, spec in plan.calibrations.items():
        assert spec["live"] is True
        assert f"models/{plan.live[spec['states']]['model']}/model.json" in plan.calibration_needs(key)
    for key in stored.calibrations:
        assert any(name.startswith("states/") for name in stored.calibration_needs(key))


def test_unwritten_stores_are_described_for_those_that_compute_them(tmp_path):
    plan = plan_of(1e-9)
    write_plan(plan, tmp_path)
    for key, spec in plan.live.items():
        found = read_json(tmp_path / "cache" / "plan" / "states" / f"{key}.json", "-")
        assert found == {name: spec[name] for name in ("model", "data", "prompt", "max_tokens", "compute", "take")}


def test_planning_facts_of_a_model_or_task_change_no_identity(stored):
    facts = {"models": {"tiny_llama": {"parameters": 5, "vocabulary": 7}}}
    tasks = {"tasks": {name: {"mean_tokens": 3} for name in load("smoke").use}}
    changed = make_plan(load("smoke", facts | tasks))
    assert changed.runs.keys() == stored.runs.keys()
    assert changed.store_sizes() != stored.store_sizes()


def test_the_paper_fits_its_budget_by_estimate():
    plan = make_plan(load("paper"))
    assert plan.live == {}
    assert sum(plan.store_sizes().values()) <= plan.config.hardware.store_gb * GB
    assert store_bytes(10, 20, 3, 4096) == 10 * 20 * 3 * 4096 * 2
