"""What runs were made from: weights, data, stored states, code. They lie outside the crate and are named by hashes."""

from collections.abc import Iterator

from rocrate.model.entity import Entity

from analysis.exports.facts import Run
from analysis.exports.graph import Graph, local
from telepathy.files import canonical

Preparation = tuple[str, tuple[str, ...], str, list[Entity], list[Entity]]
"""Stage, what names the action, its name for people, its objects, its results."""


class Inputs:
    """Adds inputs of runs to the graph, each once.

    Attributes:
        graph: the crate under way.
    """

    def __init__(self, graph: Graph):
        self.graph = graph
        self._runs = {canonical(run.spec): run for run in graph.facts.runs}
        self._prepared: dict[tuple[str, str], Preparation] = {}

    def of(self, run: Run) -> list[Entity]:
        """Everything that a run was given: weights, data, states, the bridge that it uses, code and commit."""
        found = [self._weights(run, role, key) for role, key in sorted(run.spec.get("models", {}).items())]
        if "data" in run.spec:
            found.append(self._data(run))
        if run.spec.get("states") and not run.spec.get("live"):
            found.append(self._states(run, list(found)))
        if run.spec.get("calibration"):
            found.append(self._calibration(run.spec["calibration"]))
        used = self._runs.get(canonical(run.spec["bridge"])) if run.spec.get("bridge") else None
        if used is not None:
            found += self.trained(used)
        if run.inputs.get("code"):
            found.append(self._fact("code", "sha256 of the stage's sources", run.inputs["code"]))
        if run.environment.get("commit"):
            found.append(self._fact("commit", "commit of our code", run.environment["commit"]))
        return list({entity.id: entity for entity in found}.values())

    def trained(self, run: Run) -> list[Entity]:
        """The weights that a run trained; archives leave the file out, the record keeps its sha256."""
        if not run.inputs.get("trained"):
            return []
        properties = {"name": f"Weights of {run.title}, run {run.id}", "sha256": run.inputs["trained"]}
        properties["license"] = self.graph.license(self.graph.facts.citation.license)
        return [self.graph.add(local("trained", run.id), "CreativeWork", properties)]

    def commits(self) -> list[Entity]:
        """The commits that the runs name."""
        return [self._fact("commit", "commit of our code", commit) for commit in self.graph.facts.commits]

    def preparations(self) -> Iterator[Preparation]:
        """The actions that made these inputs, to be asked for when all runs are added."""
        yield from (self._prepared[key] for key in sorted(self._prepared))

    def _weights(self, run: Run, role: str, key: str) -> Entity:
        model = self.graph.facts.plan["models"].get(key.rpartition("-")[0], {})
        hashes = run.inputs.get("weights", {}).get(role, {})
        return self._work("weights", key, model, hashes, "telepathy.models.prepare", "Prepare the model")

    def _data(self, run: Run) -> Entity:
        task, hashes = self.graph.facts.plan["tasks"].get(run.task, {}), run.inputs.get("data", {})
        return self._work("data", run.spec["data"], task, hashes, "telepathy.data.prepare", "Prepare the data")

    def _work(
        self, kind: str, key: str, described: dict[str, str], hashes: dict[str, str], stage: str, verb: str
    ) -> Entity:
        """Weights or data with their licence, each file by its sha256."""
        title = described.get("title", key)
        license_ = self.graph.license(described["license"]) if "license" in described else None
        parts = []
        for name, sha256 in sorted(hashes.items()):
            part = {"name": f"{name} of {title}", "sha256": sha256, "license": license_}
            parts.append(self.graph.add(local(kind, key, name), "CreativeWork", part))
        properties = {"name": title, "identifier": key, "license": license_, "hasPart": parts}
        work = self.graph.add(local(kind, key), "CreativeWork", properties)
        self._prepared.setdefault((stage, key), (stage, (key,), f"{verb} {title}", [], [work]))
        return work

    def _states(self, run: Run, made_from: list[Entity]) -> Entity:
        key, stage = run.spec["states"], "telepathy.encode"
        properties = {"name": f"Stored hidden states {key}", "identifier": key}
        states = self.graph.add(local("states", key), "CreativeWork", properties)
        data = [entity for entity in made_from if entity.id == local("data", run.spec.get("data", ""))]
        sender = [e for e in made_from if e.id == local("weights", run.spec["models"].get("sender", ""))]
        self._prepared.setdefault((stage, key), (stage, (key,), f"Store states {key}", [*sender, *data], [states]))
        return states

    def _calibration(self, key: str) -> Entity:
        stage, properties = "telepathy.calibrate", {"name": f"Statistics {key}", "identifier": key}
        statistics = self.graph.add(local("calibrations", key), "CreativeWork", properties)
        self._prepared.setdefault((stage, key), (stage, (key,), f"Calibrate {key}", [], [statistics]))
        return statistics

    def _fact(self, kind: str, name: str, value: str) -> Entity:
        return self.graph.add(local(kind, value), "PropertyValue", {"name": name, "value": value})
