"""JSON Lines, and JSON files that hold a list of records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ingest import reasons
from ingest.encoding import find_encoding
from ingest.handover import Handover
from ingest.reasons import UnreadableFile


def read_json(path: Path, handover: Handover) -> None:
    """Read a JSON file: one list of records, or an object whose only list of records is read.

    Row numbers count the records from 1.

    Raises:
        UnreadableFile: the file is not JSON or holds no list of records.

    """
    text = path.read_text(encoding=find_encoding(path))
    try:
        content = _decode(text)
    except ValueError:
        raise UnreadableFile(reasons.DAMAGED) from None
    lists = [content] if isinstance(content, list) else []
    if isinstance(content, dict):
        lists = [value for value in content.values() if _are_records(value)]
    if len(lists) != 1 or not _are_records(lists[0]):
        raise UnreadableFile(reasons.NOT_JSON)
    rows = [flatten(record) for record in lists[0]]
    builder = handover.table(path.name, column_names(rows))
    for number, row in enumerate(rows, start=1):
        builder.add(number, [row.get(name or "") for name in builder.header])


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
        elif isinstance(value, _WrittenFloat):
            cells[name] = value.text
        else:
            cells[name] = json.dumps(value, ensure_ascii=False)
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
    return json.loads(text, parse_float=_WrittenFloat)


class _WrittenFloat(float):
    """A number with the text that the file has for it: `1.50` must not become `1.5`."""

    def __new__(cls, text: str) -> _WrittenFloat:
        number = super().__new__(cls, text)
        number.text = text
        return number

    text: str


def _are_records(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value) and value != []
