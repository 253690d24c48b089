"""Describe the rows of a build in Croissant 1.1 (MLCommons): files, fields, runs, licences, citation."""

from typing import Any

import pyarrow as pa

from analysis.exports.facts import ROWS, Facts
from analysis.exports.rows import Column, columns

FORMAT = "http://mlcommons.org/croissant/1.1"
TABLE = "rows.parquet"
# The context of Croissant 1.1, word for word; mlcroissant warns of any other.
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
TYPES = {pa.string(): "sc:Text", pa.bool_(): "sc:Boolean"}
RUN_COLUMNS = {
    "run": ("sc:Text", "id of the run"),
    "task": ("sc:Text", "name of the task"),
    "method": ("sc:Text", "name of the method"),
    "kind": ("sc:Text", "kind of recipe that the run follows"),
    "path": ("sc:Text", "its raw rows, relative to this file"),
    "sha256": ("sc:Text", "sha256 of the raw rows' file"),
    "rows": ("sc:Integer", "how many rows it has"),
}


def describe(facts: Facts) -> dict[str, Any]:
    """The Croissant description of a build whose table of rows is written.

    Args:
        facts: the build; `rows.parquet` must lie in its results.

    Returns:
        JSON-LD.

    Raises:
        UserError: a file or a run is missing.
    """
    citation, preset = facts.citation, facts.preset
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": FORMAT,
        "name": f"telepathy-rows-{preset}",
        "description": (
            f"Outcomes on test rows, one for each row, method and task, of the build `{preset}` "
            f"({facts.plan['title']}). All numbers of its paper are computed from them. {_sources(facts)}"
        ),
        "license": [f"https://spdx.org/licenses/{citation.license}"],
        "creator": [{"@type": "sc:Organization", "name": name} for name in citation.authors],
        "citeAs": citation.text,
        "datePublished": citation.date,
        "version": citation.version,
        "keywords": ["language models", "soft tokens", "evaluation", "per-example predictions"],
        "distribution": [_table_file(facts), _raw_files(facts)],
        "recordSet": [_rows(), _runs(facts)],
    }


def _sources(facts: Facts) -> str:
    """Which licences the texts come with that some rows quote."""
    used = {run.task for run in facts.runs}
    told = [f"{task['title']}: {task['license']}" for name, task in facts.plan["tasks"].items() if name in used]
    return f"Texts that rows quote keep the licence of their data set ({'; '.join(told)})."


def _table_file(facts: Facts) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": TABLE,
        "name": TABLE,
        "description": "All rows of all runs as one typed table, made from the raw rows.",
        "contentUrl": TABLE,
        "contentSize": f"{facts.path(TABLE).stat().st_size} B",
        "encodingFormat": "application/x-parquet",
        "sha256": facts.sha256(TABLE),
    }


def _raw_files(facts: Facts) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": "raw-rows",
        "name": "raw-rows",
        "description": (
            "The raw rows: runs/<task>/<method>/<run>, a gzipped file of JSON lines for each run, whose sha256 is in "
            "the record set `runs`. Readers that guess types take answers such as 007 for numbers."
        ),
        "encodingFormat": "application/jsonlines",
        "includes": f"runs/*/*/*/{ROWS}",
    }


def _rows() -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": "rows",
        "name": "rows",
        "description": "One record for each test row of each run. It is right if it is parsed and predicts the gold.",
        "key": [{"@id": "rows/run"}, {"@id": "rows/id"}],
        "field": [_field(column) for column in columns()],
    }


def _field(column: Column) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"rows/{column.name}",
        "name": column.name,
        "description": column.description,
        "dataType": TYPES[column.type],
        "source": {"fileObject": {"@id": TABLE}, "extract": {"column": column.name}},
    }


def _runs(facts: Facts) -> dict[str, Any]:
    records = []
    for run in facts.runs:
        path = f"{run.folder}/{ROWS}"
        place = {"run": run.id, "task": run.task, "method": run.method, "kind": run.kind}
        records.append(place | {"path": path, "sha256": facts.sha256(path), "rows": run.rows})
    fields = [
        {"@type": "cr:Field", "@id": f"runs/{name}", "name": name, "description": text, "dataType": kind}
        for name, (kind, text) in RUN_COLUMNS.items()
    ]
    return {
        "@type": "cr:RecordSet",
        "@id": "runs",
        "name": "runs",
        "description": "The raw runs that the rows come from.",
        "key": {"@id": "runs/run"},
        "field": fields,
        "data": [{f"runs/{name}": value for name, value in record.items()} for record in records],
    }
