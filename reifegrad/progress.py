"""How far the reading of the inbox is, as a bar on a terminal and not at all elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from ingest.loading import Progress as Tell


@contextmanager
def progress_bar() -> Iterator[Tell]:
    """Give what tells the bar: a file's name, the bytes before it and of all.

    Lines printed meanwhile stand above the bar; it goes when all files are read.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, transient=True, disable=not sys.stdout.isatty()) as bar:
        task = bar.add_task("", total=None, visible=False)

        def tell(file: str, done: int, total: int) -> None:
            is_done = done >= total
            bar.update(task, description=file, completed=done, total=total, visible=not is_done)

        yield tell
