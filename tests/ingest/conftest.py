"""A home of its own per test, and the inbox's files written by the tests themselves."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import duckdb
import pytest

from config import PROJECT_ROOT, Settings
from ingest import Table
from ingest.reading.handover import Handover, collect
from ingest.reading.worker import read_here

SHARED = PROJECT_ROOT.parent / "shared" / "data"
Write = Callable[[str], None]
Drop = Callable[..., Path]
Query = Callable[[str], list[tuple[Any, ...]]]
ORDERS_SOURCES = """
sources:
  orders:
    files: "auftraege*.csv"
    kind: events
    locale: de
    maps:
      order_line: {key: [Nr], columns: {net_amount: Wert}}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "config").mkdir()
    (tmp_path / "inbox").mkdir()
    return Settings(home=tmp_path, config=tmp_path / "config")


@pytest.fixture
def write_sources(settings: Settings) -> Write:
    def write(text: str) -> None:
        (settings.config / "sources.yml").write_text(dedent(text), encoding="utf-8")

    return write


@pytest.fixture
def drop(settings: Settings) -> Drop:
    """Put a file into the inbox; `age_days` makes it look that much older."""

    def put(name: str, content: str | bytes, age_days: float = 0) -> Path:
        path = settings.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else dedent(content).encode()
        path.write_bytes(data)
        modified = 1_750_000_000 - age_days * 86_400
        os.utime(path, (modified, modified))
        return path

    return put


@pytest.fixture
def query(settings: Settings) -> Query:
    def ask(sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    return ask


@pytest.fixture
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the real data sets are not beside the project")
    return SHARED


@pytest.fixture
def read(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], list[Table]]:
    """Read in this process: quicker than `read_file`, which does the same in one of its own."""

    def read_in_process(path: Path) -> list[Table]:
        folder = tmp_path_factory.mktemp("read")
        handover = Handover(folder)
        read_here(path, handover)
        handover.finish()
        return collect(folder)

    return read_in_process
