import csv
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fabricate import fabricate, tiny_plan

from analysis.comparisons import compare
from analysis.prose import FRAGMENTS
from analysis.study import Study, read_study
from analysis.values import registry

ROOT = Path(__file__).parents[2]
MODULES = [
    f"analysis.{kind}.{path.stem}"
    for kind in ("tables", "figures")
    for path in sorted((ROOT / "analysis" / kind).glob("[a-z]*.py"))
]
FIGURES = [name for name in MODULES if ".figures." in name]
TABLES = [name for name in MODULES if ".tables." in name]


def whole(path: Path) -> Study:
    study = read_study(path)
    return Study(study.plan, study.results, compare(study))


def render(name: str, study: Study, out: Path) -> Path:
    """Run a table's or figure's build in this process, as its command line would."""
    module = importlib.import_module(name)
    if name in TABLES:
        from analysis.tables._common import to_csv, to_latex

        table = module.build(study)
        out.with_suffix(".csv").write_text(to_csv(table))
        out.with_suffix(".tex").write_text(to_latex(table, name))
    else:
        import matplotlib.pyplot as plt

        from analysis.figures._common import STYLE, save

        with plt.style.context(["default", str(STYLE)]):
            save(*module.draw(study), out)
            plt.close("all")
    return out


@pytest.mark.parametrize("name", ["analysis.tables.main", "analysis.figures.accuracy"])
def test_command_line_writes_the_files(made, tmp_path, name):
    out = tmp_path / "deep" / "thing"
    arguments = ["--plan", made / "plan" / "overview.json", "--out", out]
    arguments += ["--comparisons", made / "statistics" / "comparisons.json"]
    subprocess.run([sys.executable, "-m", name, *map(str, arguments)], check=True, cwd=ROOT)
    endings = {".csv", ".tex"} if name in TABLES else {".csv", ".pdf", ".png"}
    assert {path.suffix for path in out.parent.iterdir()} == endings


@pytest.mark.parametrize("name", FIGURES)
def test_figures_have_the_same_bytes_every_time(study, tmp_path, name):
    outs = [render(name, study, tmp_path / x) for x in ("a", "b")]
    for ending in (".pdf", ".png", ".csv"):
        first, second = (out.with_suffix(ending).read_bytes() for out in outs)
        assert first == second
        assert first


def test_figure_bytes_do_not_depend_on_the_process(made, tmp_path):
    for x, seed in (("a", "1"), ("b", "2")):
        arguments = ["--plan", made / "plan" / "overview.json", "--out", tmp_path / x]
        arguments += ["--comparisons", made / "statistics" / "comparisons.json"]
        command = [sys.executable, "-m", "analysis.figures.differences", *map(str, arguments)]
        subprocess.run(command, check=True, cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": seed})
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    assert b"Type 3" not in (tmp_path / "a.pdf").read_bytes()


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_whole_and_deterministic(study, tmp_path, name):
    outs = [render(name, study, tmp_path / x) for x in ("a", "b")]
    assert outs[0].with_suffix(".tex").read_bytes() == outs[1].with_suffix(".tex").read_bytes()
    text = outs[0].with_suffix(".tex").read_text()
    body = [line for line in text.splitlines() if line.endswith(r"\\") and "multicolumn" not in line]
    assert len({line.count(" & ") for line in body}) == 1
    assert "Task 0 & more" not in text
    rows = list(csv.reader(outs[0].with_suffix(".csv").open()))
    assert len({len(row) for row in rows}) == 1


def test_main_table_prints_what_the_values_print(study, tmp_path):
    text = render("analysis.tables.main", study, tmp_path / "main").with_suffix(".csv").read_text()
    values = registry(study)
    rows = {(r["experiment"], r["task"], r["method"]): r for r in csv.DictReader(text.splitlines())}
    for cell in study.cells:
        row = rows[cell["experiment"], cell["task"], cell["method"]]
        value = values[f"{study.cell_id(cell)}.accuracy"]
        assert float(row["accuracy"]) == value.value
        latex = (tmp_path / "main.tex").read_text()
        assert value.text.replace("%", r"\%") in latex


@pytest.mark.parametrize("shape", [{"tasks": 1}, {"tasks": 3, "seeds": 3}, {"grids": True, "seeds": 2}])
def test_any_number_of_tasks_and_seeds(tmp_path, shape):
    study = whole(fabricate(tiny_plan(**shape), tmp_path))
    for name in MODULES:
        render(name, study, tmp_path / "out")
    for compose in FRAGMENTS.values():
        assert compose(study)


@pytest.mark.parametrize("content", [None, "", '{"step": 1, "validation_accuracy": 0.5, "validation_n": 4}\n'])
def test_missing_empty_and_lossless_training_logs(tmp_path, content):
    study = whole(fabricate(tiny_plan(1), tmp_path))
    for run in study.trained:
        log = study.results / study.plan["runs"][run]["folder"] / "train.jsonl"
        log.unlink() if content is None else log.write_text(content)
    render("analysis.figures.training_curves", study, tmp_path / "out")
    assert "holds no loss" in FRAGMENTS["training"](study)
    registry(study)


def test_a_plan_without_trained_runs_or_comparisons(tmp_path):
    plan = tiny_plan(1)
    plan["experiments"] = {"main": plan["experiments"]["main"] | {"reference": None}}
    plan["cells"] = [c for c in plan["cells"] if c["experiment"] == "main" and c["method"] != "bridge"]
    plan["runs"] = {c["run"]: plan["runs"][c["run"]] for c in plan["cells"]}
    study = whole(fabricate(plan, tmp_path))
    for name in MODULES:
        render(name, study, tmp_path / "out")
    for compose in FRAGMENTS.values():
        assert compose(study)
    assert registry(study)["lead.layer"].text == "none"


def test_every_kind_of_part_has_a_sentence():
    from typing import get_args

    from analysis import recipe
    from telepathy.config import parts
    from telepathy.config.methods import Bridge

    def kinds(union) -> set[str]:
        return {get_args(part.model_fields["kind"].annotation)[0] for part in get_args(get_args(union)[0])}

    assert set(recipe.NORMALIZERS) >= set(get_args(Bridge.model_fields["normalizer"].annotation))
    assert set(recipe.OUTPUTS) >= set(get_args(Bridge.model_fields["output"].annotation))
    assert set(recipe.LOSSES) == set(parts.TERMS)
    assert set(recipe.BODIES) == kinds(parts.Body)
    assert set(recipe.BOTTLENECKS) == kinds(parts.Bottleneck)


def test_the_environment_names_no_kernel_and_no_host(study, tmp_path):
    text = render("analysis.tables.environment", study, tmp_path / "x").with_suffix(".csv").read_text()
    assert "Linux x86_64, glibc2.36" in text
    assert "6.1.0" not in text
