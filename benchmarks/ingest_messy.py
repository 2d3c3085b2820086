"""Every file that broke somebody's reader: read, or refused for a reason that a person understands.

`python -m benchmarks.ingest_messy [FOLDER …] [--language en]` prints a line per file, the totals
and the slowest file. Exit code 1 if a file crashed the reader or took more than 10 s.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

from config import PROJECT_ROOT
from ingest import UnreadableFile, read_file

SHARED = PROJECT_ROOT.parent / "shared" / "data"
LIMIT_SECONDS = 10.0
NOT_DATA = ("license", "readme")
Language = Literal["de", "en"]


@dataclass(frozen=True)
class Reading:
    """What became of a file; `text` is why it was refused, or how the reader crashed."""

    path: Path
    outcome: Literal["read", "refused", "crashed"]
    seconds: float
    tables: int = 0
    rows: int = 0
    rejects: int = 0
    text: str = ""

    @property
    def is_failure(self) -> bool:
        """Whether it breaks the promise."""
        return self.outcome == "crashed" or self.seconds > LIMIT_SECONDS


def read(path: Path, language: Language) -> Reading:
    start = time.perf_counter()
    try:
        tables = read_file(path)
    except UnreadableFile as error:
        reason = error.reason_de if language == "de" else error.reason_en
        return Reading(path, "refused", time.perf_counter() - start, text=reason)
    except Exception as error:
        return Reading(path, "crashed", time.perf_counter() - start, text=repr(error))
    seconds = time.perf_counter() - start
    rows = sum(table.row_count for table in tables)
    rejects = sum(len(table.rejects) for table in tables)
    return Reading(path, "read", seconds, len(tables), rows, rejects)


def files_below(folders: Iterable[Path]) -> list[Path]:
    """Return all data files, sorted."""
    paths = (path for folder in folders for path in folder.rglob("*"))
    return sorted(p for p in paths if p.is_file() and p.stem.lower() not in NOT_DATA)


def files_table(readings: list[Reading]) -> Table:
    table = Table("file", "outcome", "tables", "rows", "rejects", "s", "reason")
    for one in readings:
        counts = (one.tables, one.rows, one.rejects) if one.outcome == "read" else ("", "", "")
        name = str(one.path.relative_to(SHARED) if one.path.is_relative_to(SHARED) else one.path)
        style = "bold red" if one.is_failure else None
        cells = [name, one.outcome, *map(str, counts), f"{one.seconds:.1f}", one.text]
        table.add_row(*cells, style=style)
    return table


def totals_table(readings: list[Reading]) -> Table:
    table = Table("files", "outcome", "reason", title="In all")
    counts = Counter((one.outcome, one.text) for one in readings)
    for outcome, total in Counter(one.outcome for one in readings).most_common():
        table.add_row(str(total), outcome, style="bold")
        for (of, text), count in counts.most_common():
            if of == outcome and text:
                table.add_row(str(count), "", text)
    return table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folders", nargs="*", type=Path, help="default: all messy_* of shared")
    parser.add_argument("--language", choices=("de", "en"), default="de")
    arguments = parser.parse_args()
    folders = arguments.folders or sorted(SHARED.glob("messy_*"))
    paths = files_below(folders)
    if not paths:
        print(f"No files below {', '.join(map(str, folders)) or SHARED}.", file=sys.stderr)
        return 1
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # each read is a process of its own
        readings = list(pool.map(lambda path: read(path, arguments.language), paths))
    console = Console(width=None if sys.stdout.isatty() else 200)
    console.print(files_table(readings))
    console.print(totals_table(readings))
    slowest = max(readings, key=lambda one: one.seconds)
    print(f"{len(readings)} files; slowest: {slowest.path.name}, {slowest.seconds:.1f} s")
    return int(any(one.is_failure for one in readings))


if __name__ == "__main__":
    sys.exit(main())
