"""What the command line prints: lines, JSON, tables, and a bar while the inbox is read."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from crm.records import Target
    from crm.writing import Progress as PushProgress
    from ingest.loading.inbox_run import Progress as Tell


def say(line: str) -> None:
    """Print a line."""
    typer.echo(line)


def say_json(content: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Print JSON, readable."""
    say(json.dumps(content, ensure_ascii=False, indent=2))


def show(*renderables: Any) -> None:  # noqa: ANN401 - rich has no common base
    """Print tables and the like."""
    from reifegrad.terminal.overview_tables import console

    for renderable in renderables:
        console().print(renderable)


@contextmanager
def progress_bar() -> Iterator[Tell]:
    """Give what tells the bar: a file's name, the bytes before it and of all.

    Lines printed meanwhile stand above the bar; it goes when all files are read.
    """
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

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


@contextmanager
def push_progress() -> Iterator[PushProgress]:
    """Give what tells the bar of a push: the target, how many records are written and of all.

    Beside the bar stand the records per second and the time left.
    """
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    from config.language import _
    from reifegrad.terminal.overview_tables import target_name

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(_("{rate}/s").format(rate=round(task.speed or 0)))

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, transient=True, disable=not sys.stdout.isatty()) as bar:
        task = bar.add_task("", total=None, visible=False)

        def tell(target: Target, done: int, count: int) -> None:
            bar.update(
                task, description=target_name(target), completed=done, total=count,
                visible=done < count,
            )  # fmt: skip

        yield tell
