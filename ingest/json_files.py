"""JSON Lines, and JSON files that hold a list of records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import ijson

from ingest import reasons
from ingest.encoding import find_encoding, read_utf8
from ingest.handover import Handover
from ingest.reasons import UnreadableFile

PIECE_BYTES = 1 << 16


def read_json(path: Path, handover: Handover) -> None:
    """Read a JSON file: one list of records, or an object whose only list of records is read.

    Row numbers count the records from 1. The file is read several times and never held in
    memory, since a column may first appear in its last record.

    Raises:
        UnreadableFile: the file is not JSON or holds no list of records.

    """
    encoding = find_encoding(path)
    try:
        lists = list(_lists_of_records(path, encoding))
        if len(lists) != 1:
            raise UnreadableFile(reasons.NOT_JSON)
        columns = column_names(flatten(record) for record in _records(path, encoding, lists[0]))
        builder = handover.table(path.name, columns)
        for number, record in enumerate(_records(path, encoding, lists[0]), start=1):
            row = flatten(record)
            builder.add(number, [row.get(name or "") for name in columns])
    except ijson.JSONError:
        raise UnreadableFile(reasons.DAMAGED) from None


def _lists_of_records(path: Path, encoding: str) -> Iterator[str]:
    """Yield where in the file there are lists of records: everywhere, or one name down."""
    begun = None
    for prefix, event, _ in ijson.parse(_stream(path, encoding)):
        if begun is not None and event == "start_map":
            yield f"{begun}.item".lstrip(".")
        is_outermost = "." not in prefix and prefix != "item"
        begun = prefix if event == "start_array" and is_outermost else None


def _records(path: Path, encoding: str, place: str) -> Iterator[dict[str, Any]]:
    for record in ijson.items(_stream(path, encoding), place):
        if not isinstance(record, dict):
            raise UnreadableFile(reasons.NOT_JSON)
        yield record


def _stream(path: Path, encoding: str) -> Any:  # noqa: ANN401 - ijson has no types
    return ijson.from_iter(read_utf8(path, encoding, PIECE_BYTES))


def read_json_lines(path: Path, handover: Handover) -> None:
    """Read a file with one JSON record per line; row numbers are those of the lines.

    A line that is no record is rejected. The file is read twice, since a column may first
    appear in its last line.

    Raises:
        UnreadableFile: no line holds a record.

    """
    encoding = find_encoding(path)
    columns = column_names(row for _, _, row in _lines(path, encoding) if row)
    if not columns:
        raise UnreadableFile(reasons.NOT_JSON)
    builder = handover.table(path.name, columns)
    for number, text, row in _lines(path, encoding):
        if row is None:
            builder.reject(number, text, reasons.BROKEN_JSON_LINE)
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
