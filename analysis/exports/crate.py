"""Describe a build as a Provenance Run Crate 0.5 (Workflow Run RO-Crate, on RO-Crate 1.1).

Its root is `results/<preset>`. The Snakefile, of which a copy lies in the crate, is the workflow. Each raw run and each
file of the analysis is the result of an action, whose instrument is the stage that made it. What is not known is left
out: builds carry no times, so actions have none, and the crate's date is that of the release in CITATION.cff.
"""

from typing import Any

from rocrate.model.entity import Entity
from rocrate.rocrate import ROCrate

from analysis.exports.actions import Actions
from analysis.exports.facts import Facts
from analysis.exports.files import derived_files, plan_file, raw_files, workflow_files
from analysis.exports.graph import Graph, compact, local

VERSION = "1.1"
"""Of RO-Crate: the one that the profiles below build on."""
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
# RO-Crate 1.1 has no term for a checksum; this one is of the Workflow Run profiles.
TERMS = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}
NUMBERS = (bool, int, float)


def describe(facts: Facts) -> dict[str, Any]:
    """The crate's metadata.

    Args:
        facts: the build; a copy of the workflow must lie in its results.

    Returns:
        JSON-LD; the same build gives the same.

    Raises:
        UserError: a file or a run is missing or damaged, or runs disagree on what they were made from.
    """
    graph = Graph(ROCrate(version=VERSION), facts)
    graph.crate.metadata.extra_terms = TERMS
    _root(graph)
    workflow = _workflow(graph)
    plan = graph.file(plan_file())
    given = _parameters(graph, workflow, plan)
    Actions(graph, workflow).add_all(given, raw_files(facts), derived_files(facts))
    return graph.crate.metadata.generate()


def _root(graph: Graph) -> None:
    """What the crate is, who made it, and which profiles it follows."""
    root, facts = graph.crate.root_dataset, graph.facts
    root["name"] = f"{facts.citation.title} (build `{facts.preset}`)"
    root["description"] = (
        f"{facts.plan['title']}: raw runs, statistics, tables, figures and values of one build, with what each was "
        "made from. Weights, data and stored states lie outside and are named by their sha256."
    )
    root["datePublished"] = facts.citation.date
    authors = [graph.add(local("author", name), "Organization", {"name": name}) for name in facts.citation.authors]
    root["author"] = root["publisher"] = compact(authors)
    url = f"https://spdx.org/licenses/{facts.citation.license}"
    root["license"] = graph.add(url, "CreativeWork", {"name": facts.citation.license, "identifier": url})
    root["conformsTo"] = [
        graph.add(url, "CreativeWork", {"name": name, "version": url.rpartition("/")[2]})
        for url, name in PROFILES.items()
    ]


def _workflow(graph: Graph) -> Entity:
    """The copy of the Snakefile as the main entity, its rules beside it."""
    root, citation = graph.crate.root_dataset, graph.facts.citation
    main, *rules = workflow_files(graph.facts)
    properties = {
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
        "name": main.title,
        "description": "A copy, to be read; it runs inside the project, which has the stages that it calls.",
        "version": citation.version,
        "conformsTo": graph.add(BIOSCHEMAS, "CreativeWork", {"name": "Bioschemas ComputationalWorkflow"}),
        "license": root["license"],
        "creator": root["author"],
        "encodingFormat": main.media_type,
        "sha256": graph.facts.sha256(main.name),
        "contentSize": str(graph.facts.path(main.name).stat().st_size),
    }
    workflow = graph.crate.add_workflow(dest_path=main.name, properties=properties, main=True, lang="snakemake")
    for rule in rules:
        graph.file(rule)
    return workflow


def _parameters(graph: Graph, workflow: Entity, plan: Entity) -> list[Entity]:
    """What the build was asked for: the preset, its statistics, rows and seeds; all else is in the plan."""
    content = graph.facts.plan
    asked: dict[str, Any] = {"preset": graph.facts.preset}
    asked |= {f"statistics.{key}": value for key, value in content["statistics"].items()}
    for task, described in content["tasks"].items():
        asked |= {f"rows.{task}.{split}": count for split, count in described["rows"].items()}
    for name, experiment in content["experiments"].items():
        asked[f"seeds.{name}"] = " ".join(map(str, experiment["seeds"]))
    given, formal = [], []
    for name, value in asked.items():
        if value is None or isinstance(value, list | dict):
            continue
        formal.append(graph.add(local("parameter", name), "FormalParameter", _formal(name, value)))
        pair = {"name": name, "value": str(value), "exampleOfWork": formal[-1]}
        given.append(graph.add(local("value", name), "PropertyValue", pair))
        formal[-1]["workExample"] = given[-1]
    formal.append(graph.add(local("parameter", "plan"), "FormalParameter", {"name": "plan", "additionalType": "File"}))
    formal[-1]["workExample"], plan["exampleOfWork"] = plan, formal[-1]
    workflow["input"] = compact(formal)
    return [plan, *given]


def _formal(name: str, value: Any) -> dict[str, str]:
    return {"name": name, "additionalType": "Number" if isinstance(value, NUMBERS) else "Text"}
