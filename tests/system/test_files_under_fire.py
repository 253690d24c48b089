"""Full disks, read-only folders, no memory, two writers at once: a clear error or the right result, nothing lost."""

import json
import shutil
import subprocess
import sys
import time

import pytest
from helpers import ROOT, command, one_clear_line
from safetensors import safe_open
from small_disk import SmallDisk, contents
from test_smoke import copy_project

from telepathy import evaluate, train

pytestmark = pytest.mark.slow
ONE_PAGE = 4096
NO_SPACE = ("no space left on its disk", "free some and run again")


@pytest.fixture
def disk(tmp_path):
    """Make disks of a few bytes; they go when the test ends."""
    made = []

    def make(size: int) -> SmallDisk:
        made.append(SmallDisk(tmp_path / f"disk{len(made)}", size))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def trained(world, tmp_path_factory):
    """A trained and evaluated run on a disk with room: what all others must come to."""
    folder = tmp_path_factory.mktemp("trained")
    spec = json.loads(world.spec_file("toy_sentiment", "bridge").read_text())
    train.run(spec, world.cache, folder / "checkpoints", folder / "out")
    evaluate.run(spec, world.cache, folder / "out")
    return folder / "out"


def store_of(world):
    return next(key for key, spec in world.plan.states.items() if len(spec["layers"]) > 1)


def stage_words(world, stage, out):
    """The command line of a stage, and the folder that holds its right result."""
    plan = world.cache / "plan"
    if stage == "data":
        key = sorted(world.plan.data)[0]
        words = ["telepathy.data.prepare", "--spec", plan / "data" / f"{key}.json", "--out", out]
    elif stage == "models":
        key = sorted(world.plan.models)[0]
        words = ["telepathy.models.prepare", "--spec", plan / "models" / f"{key}.json", "--out", out]
    else:
        key = store_of(world)
        words = ["telepathy.encode", "--spec", plan / "states" / f"{key}.json", "--cache", world.cache, "--out", out]
        words += ["--layers", *world.plan.states[key]["layers"]]
    return words, world.cache / stage / key


def pages(files) -> int:
    return sum(-(-len(content) // ONE_PAGE) * ONE_PAGE for content in files.values())


@pytest.mark.parametrize("stage", ["data", "models", "states"])
def test_full_disk_then_space(world, disk, stage):
    """Full when half is written: one line, only whole files; with space, the same bytes as if nothing had been."""
    small = disk(ONE_PAGE)
    words, right = stage_words(world, stage, small.inside / "out")
    wanted = contents(right)
    small.remount(f"size={pages(wanted) // 2}")
    one_clear_line(small.stage(*words), str(small.inside / "out"), *NO_SPACE)
    left = {name.removeprefix("out/"): content for name, content in small.files().items()}
    assert left.items() < wanted.items()
    small.remount("size=64m")
    done = small.stage(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert contents(small.outside / "out") == wanted


def test_full_disk_at_evaluation(world, disk, trained):
    kept = {name: (trained / name).read_bytes() for name in ("weights.safetensors", "training.json")}
    small = disk(pages(kept) + ONE_PAGE)
    (small.outside / "out").mkdir()
    for name, content in kept.items():
        (small.outside / "out" / name).write_bytes(content)
    words = ["telepathy.evaluate", "--spec", world.spec_file("toy_sentiment", "bridge"), "--cache", world.cache]
    words += ["--out", small.inside / "out"]
    one_clear_line(small.stage(*words), str(small.inside / "out"), *NO_SPACE)
    assert not (small.outside / "out" / "run.json").exists()
    small.remount("size=64m")
    assert small.stage(*words).returncode == 0
    for name in ("rows.jsonl.gz", "run.json"):
        assert (small.outside / "out" / name).read_bytes() == (trained / name).read_bytes()


EACH_STEP = """
import telepathy.training.loop as loop, telepathy.train as train
from telepathy.errors import run_stage
loop.CHECKPOINT_SECONDS = 0.0
run_stage(train.main)
"""


def test_a_checkpoint_that_cannot_be_written(world, disk, trained):
    """Training stops at once, in one line; the checkpoint before it is whole, and training goes on from there."""
    small = disk(ONE_PAGE)
    spec = world.spec_file("toy_sentiment", "bridge")
    words = [sys.executable, "-c", EACH_STEP, "--spec", spec, "--cache", world.cache]
    words += ["--checkpoints", small.inside / "checkpoints", "--out", small.inside / "out"]
    name = f"{json.loads(spec.read_text())['id']}.safetensors"
    one_clear_line(small.run(*words), str(small.inside / "checkpoints" / name), *NO_SPACE)
    assert list(small.files()) == ["out/history.jsonl"]
    (small.outside / "out" / "history.jsonl").unlink()
    with pytest.raises(OSError, match="No space left"):
        (small.outside / "ballast").write_bytes(bytes(2 * ONE_PAGE))
    one_clear_line(small.run(*words), str(small.inside / "out" / "history.jsonl"), *NO_SPACE)
    (small.outside / "ballast").unlink()
    (small.outside / "out" / "history.jsonl").unlink()
    # Room for one checkpoint, not for the next one beside it.
    small.remount(f"size={3 * (trained / 'weights.safetensors').stat().st_size + 32 * ONE_PAGE}")
    one_clear_line(small.run(*words), name, *NO_SPACE)
    with safe_open(small.outside / "checkpoints" / name, "pt") as file:
        step = int(file.metadata()["step"])
    assert 1 <= step < world.spec("toy_sentiment", "bridge")["recipe"]["training"]["steps"]
    assert list(small.files()) == [f"checkpoints/{name}", "out/history.jsonl"]
    small.remount("size=64m")
    resumed = small.run(*words)
    assert resumed.returncode == 0, resumed.stderr
    weights = (small.outside / "out" / "weights.safetensors").read_bytes()
    assert weights == (trained / "weights.safetensors").read_bytes()
    assert len((small.outside / "out" / "train.jsonl").read_text().splitlines()) > step


def test_a_log_on_the_full_disk(world, disk):
    """Where not even the error fits into the log, it goes to standard output."""
    small = disk(ONE_PAGE)
    words, _ = stage_words(world, "data", small.inside / "out")
    (small.outside / "ballast").write_bytes(bytes(ONE_PAGE))
    done = small.stage(*words, stderr=small.inside / "log")
    assert done.returncode == 2
    assert done.stdout.startswith("error: ")
    assert "no space left" in done.stdout


@pytest.mark.parametrize("stage", ["data", "models"])
def test_read_only(world, disk, stage):
    small = disk(1 << 20)
    words, right = stage_words(world, stage, small.inside / "out")
    small.remount("ro")
    one_clear_line(small.stage(*words), str(small.inside / "out"), "read-only", "another folder")
    small.remount("rw")
    assert small.stage(*words).returncode == 0
    assert contents(small.outside / "out") == contents(right)


def test_a_limit_on_the_size_of_files(world, tmp_path):
    """Needs no right to mount, unlike the others."""
    words, _ = stage_words(world, "data", tmp_path / "out")
    limited = ["bash", "-c", 'ulimit -f 4; exec "$@"', "_", sys.executable, "-m", *map(str, words)]
    done = subprocess.run(limited, cwd=ROOT, capture_output=True, text=True, check=False)
    one_clear_line(done, str(tmp_path / "out"), "files may not grow so large here", "ulimit")
    assert contents(tmp_path / "out") == {}
    assert command(*words).returncode == 0


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("import torch; torch.empty(1 << 50)", ["memory: used up (", "tried to allocate", "mem_mb"]),
        ("bytearray(1 << 60)", ["memory: used up; ask for more"]),
        ("import torch; raise torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2.00 GiB.\\nGPU 0 ...')",
         ["memory of the GPU: used up (CUDA out of memory. Tried to allocate 2.00 GiB.)", "hardware.checkpointing"]),
    ],
)  # fmt: skip
def test_no_memory(code, wanted):
    script = f"from telepathy.errors import run_stage\ndef main():\n    {code}\nrun_stage(main)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    one_clear_line(done, *wanted)


def test_a_bug_keeps_its_traceback():
    script = "from telepathy.errors import run_stage\nrun_stage(lambda: open('/no/such/file'))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def start(*words):
    return subprocess.Popen(
        [sys.executable, "-m", *map(str, words)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("stage", ["data", "models", "states"])
def test_three_writers_at_once(world, tmp_path, stage):
    """The first is killed in the middle, as a lost node would be; two more do the work in turns."""
    words, right = stage_words(world, stage, tmp_path / "out")
    writers = [start(*words) for _ in range(3)]
    lock = tmp_path / ".out.lock"
    while not lock.exists():
        time.sleep(0.01)
    writers[0].kill()
    for one in writers[1:]:
        _, said = one.communicate()
        assert one.returncode == 0, said
        assert all("another process is writing it" in line for line in said.splitlines())
    writers[0].communicate()
    assert contents(tmp_path / "out") == contents(right)
    assert {path.name for path in tmp_path.iterdir()} == {"out", lock.name}


def test_two_layers_of_one_store_at_once(world, tmp_path):
    words, right = stage_words(world, "states", tmp_path / "out")
    words = words[: words.index("--layers") + 1]
    layers = world.plan.states[store_of(world)]["layers"][:2]
    writers = [start(*words, layer) for layer in layers]
    assert [one.wait() for one in writers] == [0] * len(layers)
    for one in writers:
        one.communicate()
    found, wanted = contents(tmp_path / "out"), contents(right)
    assert set(found) == {"rows.json"} | {name for name in wanted for n in layers if name.startswith(f"layer-{n:02d}")}
    assert found.items() <= wanted.items()


def test_stale_shards_are_written_again(world, tmp_path):
    """A shard of the same shape but of other texts is no saved work."""
    words, right = stage_words(world, "states", tmp_path / "out")
    shutil.copytree(right, tmp_path / "out")
    spec = json.loads(words[2].read_text())
    spec["prompt"] = spec["prompt"].swapcase().replace("{TEXT}", "{text}")
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    words[2] = tmp_path / "spec.json"
    assert command(*words).returncode == 0
    before, after = contents(right), contents(tmp_path / "out")
    shards = [name for name in before if name.endswith(".safetensors")]
    assert before.keys() == after.keys()
    assert before["rows.json"] == after["rows.json"]
    assert all(before[name] != after[name] and len(before[name]) == len(after[name]) for name in shards)


@pytest.mark.parametrize("state", ["ro", "full"])
def test_snakemake_in_a_folder_that_cannot_be_written(disk, state):
    """One line before anything is started, not a traceback from the midst of Snakemake."""
    small = disk(64 << 20)
    copy_project(small.outside / "project")
    if state == "full":
        with pytest.raises(OSError, match="No space left"):
            (small.outside / "ballast").write_bytes(bytes(64 << 20))
    else:
        small.remount("ro")
    folder = small.inside / "project"
    words = [sys.executable, "-m", "snakemake", "--cores", "1", "--config", "preset=smoke"]
    done = small.run(*words, cwd=folder)
    assert done.returncode != 0
    lines = done.stderr.strip().splitlines()
    assert lines[-1].startswith(f"error: {folder}: {'its file system is read-only' if state == 'ro' else 'no space'}")
    assert "Traceback" not in done.stderr


def test_two_snakemakes_in_one_folder(tmp_path):
    """The second ends in Snakemake's own message; the first goes on as if nothing had been."""
    folder = copy_project(tmp_path / "project")
    words = ["snakemake", "--cores", "1", "--config", "preset=smoke", "--"]
    planned = subprocess.run(
        [sys.executable, "-m", *words[:-1], "-n", "--quiet", "all"], cwd=folder, capture_output=True, check=False
    )
    assert planned.returncode == 0
    target = next((folder / "results/cache/plan/models").glob("*.json"))
    words += [f"results/cache/models/{target.stem}/model.json"]
    first = subprocess.Popen(
        [sys.executable, "-m", *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    locks = folder / ".snakemake" / "locks"
    while first.poll() is None and not (locks.is_dir() and any(locks.iterdir())):
        time.sleep(0.05)
    second = command(*words, cwd=folder)
    shown, _ = first.communicate()
    assert second.returncode == 1
    assert second.stderr.count("Directory cannot be locked") == 1
    assert "Traceback" not in second.stderr
    assert first.returncode == 0, shown
    assert (folder / words[-1]).exists()
    assert not locks.exists() or not any(locks.iterdir())
