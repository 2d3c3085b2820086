"""The folder for analysts: all files of a night are replaced in one step.

    published/
      nights/<when>/        one night: warehouse.duckdb, parquet/, customer_360.xlsx
      current               a link to the newest of them; turning it is the one atomic step
      warehouse.duckdb, parquet, customer_360.xlsx      links through `current`

A rename replaces one file only, and a non-empty folder can't be renamed over: hence the link. A
night publishes twice, after the audit and with the scores; the two copies before stay, so that
whoever opened last night's through the link can finish reading it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

DATABASE: Final = "warehouse.duckdb"
PARQUET: Final = "parquet"
WORKBOOK: Final = "customer_360.xlsx"
CURRENT: Final = "current"
NIGHTS: Final = "nights"
UNFINISHED: Final = ".new"
KEPT = 3  # the current one and the two before


@contextmanager
def next_copy(folder: Path, published_at: datetime) -> Iterator[Path]:
    """Yield an empty folder to fill; without an error it becomes the current copy.

    Only one process may be in here at a time (the lock on the warehouse sees to it).

    Args:
        folder: `published/`.
        published_at: when, in UTC; names the night's folder.

    """
    nights = folder / NIGHTS
    nights.mkdir(parents=True, exist_ok=True)
    for leftover in nights.glob(f"*{UNFINISHED}"):
        shutil.rmtree(leftover)
    done = nights / f"{published_at:%Y-%m-%dT%H%M%S.%f}Z"
    fresh = done.with_name(done.name + UNFINISHED)
    fresh.mkdir()
    try:
        yield fresh
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    fresh.rename(done)
    current = folder / CURRENT
    _link(current, Path(NIGHTS, done.name))
    for name in (DATABASE, PARQUET, WORKBOOK):
        if (done / name).exists():
            _link(folder / name, Path(CURRENT, name))
        else:  # a file that this night lacks must not remain from last night
            (folder / name).unlink(missing_ok=True)
    for old in sorted(nights.iterdir())[:-KEPT]:  # their names sort by time
        shutil.rmtree(old)


def sizes(folder: Path) -> dict[str, int]:
    """Count the bytes of the current copy, and of the earlier copies kept beside it."""
    current = (folder / CURRENT).resolve()
    size = {name: _bytes(current / name) for name in (DATABASE, PARQUET, WORKBOOK)}
    return size | {"earlier": _bytes(folder / NIGHTS) - sum(size.values())}


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    fresh = link.with_name(f".{link.name}{UNFINISHED}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def _bytes(path: Path) -> int:
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.stat().st_size if path.is_file() else 0
