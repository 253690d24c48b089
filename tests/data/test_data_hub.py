"""Every declared hub task over a local folder whose files have the shape of the real ones."""

import json
import re

import pytest
import yaml

from telepathy.config.load import FOLDER
from telepathy.data.prepare import prepare, write
from telepathy.data.rows import read_split
from telepathy.data.spec import DataSpec

ROWS = {"train": 12, "validation": 6, "test": 10}
WORDS = ["amber", "birch", "cedar", "dune", "ember", "fjord", "grove", "heath", "inlet", "jetty"]
BANKING = yaml.safe_load((FOLDER / "tasks.yaml").read_text())["banking77"]["labels"]


def sentence(n):
    return f"{WORDS[n % 10]} {WORDS[n // 10 % 10]} number {n}"


def options(n, number, numbered=False):
    keys = [str(i + 1) if numbered else "ABCDE"[i] for i in range(number)]
    return {"label": keys, "text": [f"{word} {n}" for word in WORDS[:number]]}


def arc(n):
    numbered, number = n % 4 == 0, 3 + n % 3
    choices = options(n, number, numbered)
    return {
        "id": f"q{n}",
        "question": sentence(n),
        "choices": choices,
        "answerKey": choices["label"][n % number],
    }


def banking(n):
    names = [value[0] if isinstance(value, list) else value for value in BANKING.values()]
    return {"text": sentence(n), "label": n % 77, "label_text": names[n % 77]}


TREC = ["ABBR", "ENTY", "DESC", "HUM", "LOC", "NUM"]
SHAPES = {
    # task: file format, folder, split that is tested, a row
    "sst2": (
        "parquet",
        "data",
        "validation",
        lambda n: {"idx": n, "sentence": sentence(n) + " ", "label": n % 2},
    ),
    "ag_news": ("parquet", "data", "test", lambda n: {"text": sentence(n) + " x" * 300, "label": n % 4}),
    "trec": (
        "jsonl",
        "",
        "test",
        lambda n: {
            "text": sentence(n),
            "label": n % 50,
            "label_coarse": n % 6,
            "label_coarse_original": TREC[n % 6],
        },
    ),
    "banking77": ("jsonl", "", "test", banking),
    "gsm8k": (
        "parquet",
        "main",
        "test",
        lambda n: {
            "question": sentence(n),
            "answer": f"She has {n}+1=<<{n}+1={n + 1}>>{n + 1}.\n#### {n + 1:,}",
        },
    ),
    "boolq": (
        "parquet",
        "data",
        "validation",
        lambda n: {"question": f"is {sentence(n)}", "answer": n % 3 == 0, "passage": "long " * 400},
    ),
    "piqa": (
        "parquet",
        "",
        "validation",
        lambda n: {"goal": sentence(n), "sol1": f"push {n}", "sol2": f"pull {n}", "label": n % 2},
    ),
    "commonsense_qa": (
        "parquet",
        "data",
        "validation",
        lambda n: {"question": sentence(n), "choices": options(n, 5), "answerKey": "ABCDE"[n % 5]},
    ),
    "arc_easy": ("parquet", "ARC-Easy", "test", arc),
}


def publish(folder, task):
    """Write a repository of the task's shape, with splits and configurations that must not be read."""
    import pyarrow
    from pyarrow import parquet

    form, sub, tested, row = SHAPES[task]
    splits = {"train": [row(n) for n in range(154)], tested: [row(n) for n in range(1000, 1154)]}
    if tested == "validation" and task != "boolq":
        key = "answerKey" if "answerKey" in splits["train"][0] else "label"
        splits["test"] = [row(n) | {key: "" if key == "answerKey" else -1} for n in range(2000, 2030)]
    if sub in ("main", "ARC-Easy"):
        (folder / "another").mkdir(parents=True)
        parquet.write_table(pyarrow.table({"x": [1]}), folder / "another" / "train-00000-of-00001.parquet")
    (folder / sub).mkdir(parents=True, exist_ok=True)
    for split, rows in splits.items():
        name = f"piqa_{split}" if task == "piqa" else f"{split}-00000-of-00001"
        if form == "parquet":
            parquet.write_table(pyarrow.Table.from_pylist(rows), folder / sub / f"{name}.parquet")
        else:
            (folder / sub / f"{split}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    return folder


@pytest.fixture
def run(planned, tmp_path):
    def make(task):
        repo = publish(tmp_path / "repo", task)
        spec = planned(task, ROWS | ({"train": 120, "test": 77} if task == "banking77" else {}), repo=str(repo))
        chosen, account = prepare(DataSpec.model_validate(spec))
        write(tmp_path / "out", chosen, account)
        return {split: read_split(tmp_path / "out", split) for split in ("train", "validation", "test")}, account

    return make


@pytest.mark.parametrize("task", SHAPES)
def test_declared_task(run, task):
    items, account = run(task)
    tested = SHAPES[task][2]
    assert account["source"]["folder"] == "repo"
    assert account["read"] == {"train": 154, tested: 154}
    assert all(item.id.startswith(f"{tested}:") for item in items["test"])
    assert all(item.id.startswith("train:") for item in items["train"] + items["validation"])
    assert len(items["validation"]) == 6
    assert account["empty"] == account["duplicates"] == account["conflicting"] == 0
    if task != "gsm8k":
        assert sum(account["labels"]["test"].values()) == len(items["test"])
    row = SHAPES[task][3]
    for item in items["test"]:
        source = row(1000 + int(item.id.split(":")[1]))
        CHECKS[task](item, source)


def check_choices(item, source):
    first, *lines = item.text.split("\n")
    assert first == source["question"]
    assert [line[3:] for line in lines] == source["choices"]["text"]
    assert [line[:3] for line in lines] == [f"{letter}) " for letter in "ABCDE"[: len(lines)]]
    assert (
        lines["ABCDE".index(item.gold)][3:]
        == source["choices"]["text"][source["choices"]["label"].index(source["answerKey"])]
    )


def check_gsm8k(item, source):
    assert item.target == source["answer"]
    assert item.gold == re.search(r"#### (.*)", source["answer"])[1].replace(",", "")


def check_boolq(item, source):
    assert item.text.startswith(source["question"] + "?\nPassage: long")
    assert len(item.text) <= 1000
    assert item.gold == ("yes" if source["answer"] else "no")


def check_trec(item, source):
    names = ["abbreviation", "entity", "description", "human", "location", "number"]
    assert item.gold == names[source["label_coarse"]]


def check_ag_news(item, source):
    assert len(item.text) <= 256
    assert item.gold == ["world", "sports", "business", "science"][source["label"]]


def check_piqa(item, source):
    assert item.text == f"{source['goal']}\nA) {source['sol1']}\nB) {source['sol2']}"
    assert item.gold == "AB"[source["label"]]


def check_sst2(item, source):
    assert item.text == source["sentence"].strip()
    assert item.gold == ["negative", "positive"][source["label"]]


def check_banking77(item, source):
    assert item.gold == list(BANKING)[source["label"]]
    assert item.gold == source["label_text"].lower().rstrip("?").replace("_", " ")


CHECKS = {
    "sst2": check_sst2,
    "ag_news": check_ag_news,
    "trec": check_trec,
    "banking77": check_banking77,
    "gsm8k": check_gsm8k,
    "boolq": check_boolq,
    "piqa": check_piqa,
    "commonsense_qa": check_choices,
    "arc_easy": check_choices,
}


def test_every_hub_task_is_tested():
    declared = yaml.safe_load((FOLDER / "tasks.yaml").read_text())
    assert {name for name, task in declared.items() if task["data"]["kind"] == "hub"} == set(SHAPES)
    assert len(BANKING) == 77
