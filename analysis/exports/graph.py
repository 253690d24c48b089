"""Entities of the crate's graph, each made once and found again by its id."""

from typing import Any
from urllib.parse import quote

from rocrate.model.contextentity import ContextEntity
from rocrate.model.entity import Entity
from rocrate.rocrate import ROCrate

from analysis.exports.facts import Facts
from analysis.exports.files import File
from telepathy.errors import fail


def local(*parts: str) -> str:
    """An id inside the crate, such as `#weights/gemma`, whatever characters the parts have."""
    return "#" + "/".join(quote(part, safe="") for part in parts)


def compact(value: Any) -> Any:
    """A list of one thing as that thing, which RO-Crate asks for."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


class Graph:
    """The crate under way.

    Attributes:
        crate: what is written.
        facts: the build that it describes.
    """

    def __init__(self, crate: ROCrate, facts: Facts):
        self.crate, self.facts = crate, facts
        self._files: dict[str, Entity] = {}

    def add(self, identifier: str, kind: str | list[str], properties: dict[str, Any]) -> Entity:
        """Add an entity; one that is there already must say the same.

        Args:
            identifier: from `local`, or an absolute URI.
            kind: its `@type`.
            properties: entities, lists of them, or plain values; None and empty ones are left out.

        Raises:
            UserError: two runs name the same thing with different content.
        """
        kept = {key: compact(value) for key, value in properties.items() if value not in (None, "", [])}
        fresh = ContextEntity(self.crate, identifier, properties={"@type": kind} | kept)
        present = self.crate.get(identifier)
        if present is None:
            return self.crate.add(fresh)
        if present.properties() != fresh.properties():
            what = f"two runs disagree on `{identifier}`"
            raise fail(self.facts.results, what, "make the runs again, all with the same weights and data")
        return present

    def file(self, file: File) -> Entity:
        """Add a file of the results, with its sha256 and size if a second build gives the same.

        Raises:
            UserError: it is not there.
        """
        if file.name in self._files:
            return self._files[file.name]
        path = self.facts.path(file.name)
        properties = {"name": file.title, "encodingFormat": file.media_type}
        if file.steady:
            properties |= {"sha256": self.facts.sha256(file.name), "contentSize": str(path.stat().st_size)}
        else:
            properties["description"] = "Holds seconds or a machine's name, so it differs between builds: no sha256."
        self._files[file.name] = self.crate.add_file(dest_path=file.name, properties=properties)
        return self._files[file.name]

    def folder(self, name: str, title: str, description: str, parts: list[Entity]) -> Entity:
        """Add a folder of the results with the files in it that the crate names."""
        properties = {"name": title, "description": description, "hasPart": compact(parts)}
        return self.crate.add_dataset(dest_path=name, properties=properties)

    def license(self, name: str) -> Entity:
        """Add a licence, as the catalogue names it."""
        return self.add(local("license", name), "CreativeWork", {"name": name})
