"""The walk over imports: what an edit must rebuild, and what it must not."""

import json
import re

from helpers import ROOT

from telepathy.sources import modules, sources, stamp


def test_training_depends_on_the_bridge_but_not_on_baselines():
    found = sources("telepathy.train")
    assert {"telepathy/train.py", "telepathy/bridge/perceiver.py", "telepathy/losses/__init__.py"} <= set(found)
    assert not any("baselines" in path for path in found)


def test_a_figure_depends_on_itself_and_not_on_other_figures():
    for name in modules("analysis/figures"):
        others = {f"analysis/figures/{other}.py" for other in modules("analysis/figures")} - {
            f"analysis/figures/{name}.py"
        }
        assert not others & set(sources(f"analysis.figures.{name}"))


def test_every_own_import_is_followed():
    """Each `from telepathy...` line in a source is itself among the sources."""
    found = set(sources("telepathy.evaluate"))
    for path in found:
        for module in re.findall(r"^from (telepathy[\w.]*) import", (ROOT / path).read_text(), re.MULTILINE):
            stem = module.replace(".", "/")
            assert f"{stem}.py" in found or f"{stem}/__init__.py" in found


def test_a_stamp_changes_with_its_sources_alone(tmp_path):
    path = tmp_path / "telepathy.record.json"
    assert stamp(tmp_path, "telepathy.record") == path.as_posix()
    before = path.stat().st_mtime_ns, path.read_bytes()
    assert stamp(tmp_path, "telepathy.record") == path.as_posix()
    assert (path.stat().st_mtime_ns, path.read_bytes()) == before
    assert set(json.loads(before[1])) == set(sources("telepathy.record"))
    for damaged in (before[1].replace(b'": "', b'": "0'), b"{"):
        path.write_bytes(damaged)
        stamp(tmp_path, "telepathy.record")
        assert path.read_bytes() == before[1]
