import io
import sys

import pytest
from rich.console import Console

from analysis import show
from telepathy.errors import UserError


def shown(series, view, *arguments, width: int = 120) -> str:
    out = io.StringIO()
    view(series, *arguments, Console(file=out, width=width, highlight=False))
    return out.getvalue()


def test_the_series_lists_every_entry(series):
    for width in (80, 140):
        text = shown(series, show.series, width=width)
        for entry in series.entries:
            assert entry["phase"] in text
            assert entry["verdict"] in text


def test_one_phase(series):
    text = shown(series, show.phase, "p10")
    for words in ("100% of <items>", "repaired", "recorded", "The defects cost", "entities", "other models and data"):
        assert words in text


def test_an_unknown_phase_gets_close_matches(series):
    with pytest.raises(UserError, match="no such phase; perhaps p17"):
        shown(series, show.phase, "p1_7")


def test_a_phase_of_another_preset_is_known(series):
    with pytest.raises(UserError, match="p02: this preset does not run it; choose one of p01, p10"):
        shown(series, show.phase, "p02")


def test_a_preset_without_phases(study):
    assert "runs no phase" in shown(study, show.series)
    with pytest.raises(UserError, match="this preset has none"):
        shown(study, show.phase, "p01")


def test_command_line_finds_the_newest_results(made_series, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["show", "phases"])
    with pytest.raises(UserError, match="no preset with statistics of phases"):
        show.main()
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "other").symlink_to(made_series)
    show.main()
    assert "p10" in capsys.readouterr().out
    assert show.newest(show.RESULTS).name == "other"
    (tmp_path / "results" / "quick").symlink_to(made_series)
    assert show.newest(show.RESULTS).name == "quick"
