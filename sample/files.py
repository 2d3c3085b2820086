"""Text files and what they hold that is no record."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

Value = str | int | float | date | None  # of one cell; a datetime is a date


@dataclass(frozen=True)
class Broken:
    """A line of the file that is no record: text for CSV and JSON Lines, cells for a sheet."""

    defect: str
    content: str | Sequence[Any]


@dataclass(frozen=True)
class Defect:
    """Where a broken line ended up; `row_number` counts the file's lines from 1."""

    file: str
    sheet: str
    row_number: int
    defect: str
    text: str


@dataclass(frozen=True)
class Written:
    """One file (or sheet of it): its rows, the broken ones included."""

    file: str
    sheet: str
    rows: int
    defects: Sequence[Defect] = ()


def write_csv(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[Any] | Broken],
    *,
    encoding: str = "cp1252",
    delimiter: str = ";",
) -> Written:
    """Write a CSV with CRLF, as programs on Windows do."""
    defects, line = [], 1
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\r\n")
        writer.writerow(header)
        for line, row in enumerate(rows, 2):
            if isinstance(row, Broken):
                file.write(f"{row.content}\r\n")
                defects.append(Defect(path.name, "", line, row.defect, str(row.content)))
            else:
                writer.writerow(row)
    return Written(path.name, "", line - 1, defects)


def write_json_lines(path: Path, rows: Iterable[Mapping[str, Any] | Broken]) -> Written:
    """Write one JSON object per line."""
    defects, line = [], 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line, row in enumerate(rows, 1):
            if isinstance(row, Broken):
                file.write(f"{row.content}\n")
                defects.append(Defect(path.name, "", line, row.defect, str(row.content)))
            else:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return Written(path.name, "", line, defects)


def dotted(day: date | None) -> str:
    """Write a date as dd.mm.yyyy; nothing for None."""
    return day.strftime("%d.%m.%Y") if day else ""
