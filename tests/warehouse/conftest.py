"""A tiny home whose raw views are made by hand, and processes beside this one."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from config import PROJECT_ROOT, Settings
from warehouse import open_warehouse

ENTITIES: dict[str, dict[str, Any]] = yaml.safe_load(
    (PROJECT_ROOT / "vocabulary/entities.yml").read_text(encoding="utf-8")
)
COLUMNS = {entity["view"]: list(entity["columns"]) for entity in ENTITIES.values()}
LOADED_AT = datetime(2025, 12, 31, 2, tzinfo=UTC).replace(tzinfo=None)

Rows = Iterable[Mapping[str, Any]]
MakeHome = Callable[..., Settings]


def fill_raw(settings: Settings, **views: Rows) -> None:
    """Make every raw.<view> of the contract a table with the given rows.

    A row has `record_id` and canonical columns as text; optional `formats`, `attributes` and
    `night` (nights after the first load).
    """
    load_id = uuid4().hex  # never the same for other rows
    with open_warehouse(settings) as connection:
        for view, columns in COLUMNS.items():
            texts = ", ".join(f'"{column}" varchar' for column in columns)
            connection.execute(
                f"create or replace table raw.{view} (record_id varchar, source varchar,"
                " file varchar, row_number bigint, load_id varchar, loaded_at timestamp,"
                " version_at timestamp, modified_at timestamp, changed_at varchar,"
                f" formats map(varchar, varchar), attributes map(varchar, varchar), {texts})"
            )
            for number, row in enumerate(views.get(view, ()), start=1):
                unknown = set(row) - set(columns) - {"record_id", "formats", "attributes", "night"}
                assert not unknown, f"raw.{view} has no columns {unknown}"
                connection.execute(
                    f"insert into raw.{view} values (?, ?, ?, ?, ?, ?, ?, ?, null, ?, ?"
                    + ", ?" * len(columns)
                    + ")",
                    [
                        row["record_id"],
                        row["record_id"].split(":")[0],
                        "file.csv",
                        number,
                        load_id,
                        *[LOADED_AT + timedelta(days=row.get("night", 0))] * 3,
                        row.get("formats", {}),
                        row.get("attributes", {}),
                        *(row.get(column) for column in columns),
                    ],
                )


@contextmanager
def child(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run Python code in another process that says `ready` and is killed at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", lock_wait_seconds=0.5)
