"""XML of ERP systems and shops: elements that repeat become rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ingest.reading import refusals
from ingest.reading.handover import Handover
from ingest.reading.json_files import column_names, flatten
from ingest.reading.refusals import OtherKindError, UnreadableFile

# From the root down to an element, by names without their namespaces.
Place = tuple[str, ...]
# Drawings, documents and settings are XML too, and hold no records.
_NO_DATA = frozenset(("svg", "wordDocument", "plist", "xsl", "stylesheet", "schema", "package"))


def read_xml(path: Path, handover: Handover) -> None:
    """Read each kind of repeated element as a table; within a record, repeated ones stay a list.

    Row numbers count the records from 1. What stands outside of records is noted.

    Raises:
        UnreadableFile: the XML is damaged or no element with content of its own repeats.

    """
    try:
        places, outside = _places(path)
        if not places:
            raise OtherKindError(refusals.MARKUP)
        for place in places:
            columns = column_names(flatten(record) for record in _records(path, place))
            name = path.name if len(places) == 1 else place[-1]
            builder = handover.table(name, columns, is_sheet=len(places) > 1)
            for number, record in enumerate(_records(path, place), start=1):
                row = flatten(record)
                builder.add(number, [row.get(column or "") for column in columns])
    except (ElementTree.ParseError, ValueError) as error:
        raise UnreadableFile(refusals.DAMAGED) from error
    if outside:
        handover.note(refusals.outside_records(outside))


def _places(path: Path) -> tuple[list[Place], list[str]]:
    """Return the outermost places whose elements repeat and hold others, and what is outside."""
    most: Counter[Place] = Counter()  # how many of the place stand in one element
    holding: set[Place] = set()  # with elements or attributes
    values: dict[Place, None] = {}
    names: list[str] = []
    counts: list[Counter[str]] = [Counter()]
    for event, element in _events(path):
        if event == "start":
            name = _local(element.tag)
            if not names and name in _NO_DATA:
                return [], []
            counts[-1][name] += 1
            place = (*names, name)
            most[place] = max(most[place], counts[-1][name])
            if element.attrib:
                holding.add(place)
            if names:
                holding.add(tuple(names))
            names.append(name)
            counts.append(Counter())
        else:
            if (element.text or "").strip() or element.attrib:
                values[tuple(names)] = None
            names.pop()
            counts.pop()
            element.clear()
    repeated = [place for place in most if most[place] > 1 and place in holding]
    if not repeated:  # a file of a single record
        repeated = [place for place in most if len(place) == 2 and place in holding]
    outermost = [
        place for place in repeated if not any(place[:n] in repeated for n in range(1, len(place)))
    ]
    outside = [
        ".".join(place[1:])
        for place in values
        if len(place) > 1 and not any(place[: len(record)] == record for record in outermost)
    ]
    return outermost, outside


def _records(path: Path, place: Place) -> Iterator[dict[str, Any]]:
    names: list[str] = []
    for event, element in _events(path):
        if event == "start":
            names.append(_local(element.tag))
            continue
        if tuple(names) == place:
            content = _content(element)
            yield content if isinstance(content, dict) else {place[-1]: content}
        names.pop()
        if tuple(names[: len(place)]) != place:  # those within a record are still needed
            element.clear()


def _events(path: Path) -> Iterator[tuple[str, ElementTree.Element]]:
    # Expat itself refuses entities that grow beyond measure, and loads nothing from outside.
    return ElementTree.iterparse(path, events=("start", "end"))  # noqa: S314


def _content(element: ElementTree.Element) -> dict[str, Any] | str:
    """Return an element as JSON would have it: attributes and elements by name, or its text."""
    content: dict[str, Any] = {_local(name): value for name, value in element.attrib.items()}
    text = (element.text or "").strip()
    for child in element:
        name, value = _local(child.tag), _content(child)
        if name not in content:
            content[name] = value
        elif isinstance(content[name], list):
            content[name].append(value)
        else:
            content[name] = [content[name], value]
    if not content:
        return text
    return content | ({"text": text} if text else {})


def _local(name: str) -> str:
    return name.rpartition("}")[2]
