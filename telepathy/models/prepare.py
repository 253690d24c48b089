"""Stage: bring a frozen model into a folder that loads fast, and write down what it is.

    python -m telepathy.models.prepare --spec results/cache/plan/models/KEY.json --out results/cache/models/KEY

Whatever the source (wheel, tiny, local, hub), the result is `model.json`: where the safetensors folder is, the
sha256 of each file in it, and the facts that the configuration promised, checked.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from telepathy.cli import stage_arguments
from telepathy.errors import fail, naming, run_stage
from telepathy.files import file_sha256, read_json, write_json
from telepathy.locks import only_writer
from telepathy.progress import quiet_libraries


def prepare(spec: dict[str, Any], out: Path) -> None:
    """Prepare one model below `out`; `out/model.json` is written last. A whole one is left alone: it may be in use.

    Raises:
        UserError: whatever is wrong with the source, or a `depth` or `width` that the weights contradict.
    """
    quiet_libraries()
    with only_writer(out), naming(out):
        if not _whole(out, spec):
            _prepare(spec, out)


def _whole(out: Path, spec: dict[str, Any]) -> bool:
    """Whether another process has just prepared this very model."""
    try:
        facts = json.loads((out / "model.json").read_text(encoding="utf-8"))
        folder = out / facts["folder"]
        return facts["source"] == spec and all(
            file_sha256(folder / name) == sha256 for name, sha256 in facts["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _prepare(spec: dict[str, Any], out: Path) -> None:
    source = spec["source"]
    if source in ("wheel", "tiny", "random"):
        from telepathy.models import tiny, wheel

        building = out.with_name(f".{out.name}.part")
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir()
        try:
            {"wheel": wheel.convert, "tiny": tiny.build, "random": tiny.describe}[source](spec, building)
            shutil.rmtree(out, ignore_errors=True)
            building.rename(out)
        finally:
            shutil.rmtree(building, ignore_errors=True)
        folder, shown = out, "."
    else:
        from telepathy.models import hub

        folder = hub.fetch(spec) if source == "hub" else hub.check_local(spec)
        shown = str(folder)
    files = {
        path.name: file_sha256(path)
        for path in sorted(folder.iterdir())
        if path.suffix in (".safetensors", ".json", ".model", ".txt") and path.name != "model.json"
    }
    write_json(out / "model.json", {"folder": shown, "files": files, "source": spec} | _facts(folder, spec))


def _facts(folder: Path, spec: dict[str, Any]) -> dict[str, Any]:
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(folder).get_text_config()
    facts = {"depth": config.num_hidden_layers, "width": config.hidden_size}
    for key, value in facts.items():
        if spec[key] != value:
            raise fail(folder, f"{key} is {value}, the configuration says {spec[key]}", f"correct `{key}`")
    return facts | {"vocabulary": config.vocab_size, "model_type": config.model_type}


def main() -> None:
    """Command line."""
    parser = stage_arguments(__doc__, "model", "folder to write")
    options = parser.parse_args()
    prepare(read_json(options.spec, "`snakemake -n`"), options.out)


if __name__ == "__main__":
    run_stage(main)
