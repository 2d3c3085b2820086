"""JSON Lines, and JSON files that hold a list of records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import ijson

from ingest.reading import refusals
from ingest.reading.handover import Handover
from ingest.reading.refusals import UnreadableFile
from ingest.reading.text.encoding import doubt, find_encoding, read_utf8

PIECE_BYTES = 1 << 16
LINES_SUFFIXES = (".jsonl", ".ndjson")


def read_json(path: Path, handover: Handover) -> None:
    """Read a file of JSON records: a list, an object with lists in it, or one record per line.

    Raises:
        UnreadableFile: the file is not JSON or holds no records.

    """
    encoding = find_encoding(path)
    if _has_lines(path, encoding):
        _read_lines(path, encoding, handover)
    else:
        _read_document(path, encoding, handover)
    if note := doubt(encoding):
        handover.note(note)


def _has_lines(path: Path, encoding: str) -> bool:
    """Whether each line is a record: the name says so, or the first of several is one."""
    texts = (text for _, text, _ in _lines(path, encoding))
    first, second = next(texts, ""), next(texts, None)
    if path.suffix.lower() in LINES_SUFFIXES:
        return not first.startswith("[")
    if second is None or not first.endswith("}"):
        return False
    try:
        return isinstance(_decode(first), dict)
    except ValueError:
        return False


def _read_document(path: Path, encoding: str, handover: Handover) -> None:
    """Read each list of records as a table; if there are several, by the names of the lists.

    Row numbers count the records from 1. The file is read several times and never held in
    memory, since a column may first appear in its last record.
    """
    try:
        places = list(dict.fromkeys(_lists_of_records(path, encoding)))
        for place in places:
            rows = (flatten(record) for record in _records(path, encoding, place))
            columns = column_names(rows)
            name = path.name if len(places) == 1 else place.removesuffix(".item")
            builder = handover.table(name, columns, is_sheet=len(places) > 1)
            for number, record in enumerate(_records(path, encoding, place), start=1):
                row = flatten(record)
                builder.add(number, [row.get(name or "") for name in columns])
    except ijson.JSONError:
        raise UnreadableFile(refusals.DAMAGED) from None
    if not places:
        raise UnreadableFile(refusals.NOT_JSON)


def _lists_of_records(path: Path, encoding: str) -> Iterator[str]:
    """Yield where in the file there are lists of records that stand in no other list."""
    begun = None
    for prefix, event, _ in ijson.parse(_stream(path, encoding)):
        if begun is not None and event == "start_map":
            yield f"{begun}.item".lstrip(".")
        is_in_list = "item" in prefix.split(".")
        begun = prefix if event == "start_array" and not is_in_list else None


def _records(path: Path, encoding: str, place: str) -> Iterator[dict[str, Any]]:
    for record in ijson.items(_stream(path, encoding), place):
        if not isinstance(record, dict):
            raise UnreadableFile(refusals.NOT_JSON)
        yield record


def _stream(path: Path, encoding: str) -> Any:  # noqa: ANN401 - ijson has no types
    return ijson.from_iter(read_utf8(path, encoding, PIECE_BYTES))


def _read_lines(path: Path, encoding: str, handover: Handover) -> None:
    """Read one record per line; row numbers are those of the lines.

    A line that is no record is rejected. The file is read twice, since a column may first
    appear in its last line.
    """
    columns = column_names(row for _, _, row in _lines(path, encoding) if row)
    if not columns:
        raise UnreadableFile(refusals.NOT_JSON)
    builder = handover.table(path.name, columns)
    for number, text, row in _lines(path, encoding):
        if row is None:
            builder.reject(number, text, refusals.BROKEN_JSON_LINE)
        else:
            builder.add(number, [row.get(name or "") for name in columns])


def flatten(record: dict[str, Any]) -> dict[str, str | None]:
    """Turn a record into text cells; nested objects become dotted names, lists stay JSON.

    >>> flatten({"id": 1, "address": {"city": "Köln"}, "tags": ["a"], "is_open": True})
    {'id': '1', 'address.city': 'Köln', 'tags': '["a"]', 'is_open': 'true'}
    """
    cells: dict[str, str | None] = {}
    for name, value in record.items():
        if isinstance(value, dict) and value:
            cells |= {f"{name}.{inner}": cell for inner, cell in flatten(value).items()}
        elif value is None or isinstance(value, str):
            cells[name] = value
        elif isinstance(value, Decimal):
            cells[name] = str(value)
        else:
            cells[name] = json.dumps(value, ensure_ascii=False, default=float)
    return cells


def column_names(rows: Iterable[dict[str, str | None]]) -> list[str | None]:
    """Return all names in the order in which they first appear."""
    return list(dict.fromkeys(name for row in rows for name in row))


def _lines(path: Path, encoding: str) -> Iterator[tuple[int, str, dict[str, str | None] | None]]:
    with path.open(encoding=encoding, newline="\n") as file:
        for number, line in enumerate(file, start=1):
            text = line.strip()
            if text:
                try:
                    record = _decode(text)
                except ValueError:
                    record = None
                yield number, text, flatten(record) if isinstance(record, dict) else None


def _decode(text: str) -> Any:  # noqa: ANN401 - JSON is of any type
    # Decimal keeps what the file has: `1.50` must not become `1.5`.
    return json.loads(text, parse_float=Decimal)
