"""Open Packaging Conventions: the zip archive that xlsx and xlsb are, and how its parts refer."""

from __future__ import annotations

import io
import posixpath
import zipfile
from pathlib import Path
from typing import cast
from xml.etree import ElementTree

# What the parts may measure that are read whole: names and places of sheets.
MAX_INDEX_BYTES = 16 << 20
BUFFER_BYTES = 1 << 18


class Package:
    """The parts of a workbook.

    Names are taken as in a relation: some programs write backslashes, or other capitals.

    Raises:
        KeyError: a part is missing.
        xml.etree.ElementTree.ParseError: a part is no XML.

    """

    def __init__(self, path: Path) -> None:
        self._archive = zipfile.ZipFile(path)
        self._members = {_normal(info.filename): info for info in self._archive.infolist()}

    def open(self, part: str) -> io.BufferedReader:
        """Open a part for reading."""
        unpacked = cast("zipfile.ZipExtFile", self._archive.open(self._members[part]))
        return io.BufferedReader(unpacked, BUFFER_BYTES)  # whose small reads are quick

    def content(self, part: str) -> bytes:
        """Return a small part as it is."""
        with self.open(part) as file:
            return file.read(MAX_INDEX_BYTES)

    def xml(self, part: str) -> ElementTree.Element:
        """Return a small part that is XML."""
        # Expat itself refuses entities that grow beyond measure.
        return ElementTree.fromstring(self.content(part))  # noqa: S314

    def related(self, part: str, kind: str) -> dict[str, str]:
        """Return the parts that a part refers to, by the id of the relation."""
        folder, name = posixpath.split(part)
        relations = self.xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        return {
            relation.get("Id", ""): _normal(
                posixpath.normpath(
                    posixpath.join(folder, relation.get("Target", "").replace("\\", "/"))
                )
            )
            for relation in relations
            if relation.get("Type", "").endswith(kind)
        }


def _normal(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()
