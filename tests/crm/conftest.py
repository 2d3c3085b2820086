"""A home of its own for each test, with the two tables that the push reads."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from config import PROJECT_ROOT, Settings
from crm import Score
from warehouse import open_warehouse

NIGHT = date(2026, 11, 22)
REASONS = "Seit 143 Tagen keine Bestellung.\nZwei Reklamationen in 90 Tagen."


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "config").mkdir()
    text = (PROJECT_ROOT / "config" / "crm.yml").read_text(encoding="utf-8")
    text = text.replace("batch_size: 200", "batch_size: 5").replace("attempts: 5", "attempts: 2")
    (tmp_path / "config" / "crm.yml").write_text(text, encoding="utf-8")
    return Settings(home=tmp_path / "home", config=tmp_path / "config", lock_wait_seconds=20)


@pytest.fixture(scope="session")
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def score() -> Callable[..., Score]:
    """Return a function that makes a score of so many points."""

    def make(points: int, scored_on: date = NIGHT, reasons: str = REASONS) -> Score:
        band = "high" if points >= 67 else "medium" if points >= 34 else "low"
        return Score(points=points, band=band, reasons=reasons, scored_on=scored_on)

    return make


@pytest.fixture
def read_ledger(settings: Settings) -> Callable[..., list[tuple[Any, ...]]]:
    """Return a function that reads columns of the ledger, oldest row first."""

    def read(columns: str = "action, target, key") -> list[tuple[Any, ...]]:
        with open_warehouse(settings) as warehouse:
            return warehouse.execute(
                f"select {columns} from ops.push_ledger order by pushed_at, key"
            ).fetchall()

    return read


@pytest.fixture
def show(settings: Settings) -> Any:
    """Return a function that fills what tonight's CRM should show."""

    def fill(
        parties: dict[str, Score | None], opportunities: dict[str, Score | None] | None = None
    ) -> None:
        with open_warehouse(settings) as warehouse:
            warehouse.execute("create schema if not exists sync")
            _fill(
                warehouse, "parties", PARTY, [(key, *_party(key), s) for key, s in parties.items()]
            )
            rows = [
                (key, f"C{key[1:]}", f"Getriebe für {key}", 1234.5, date(2026, 10, 1), *PERSON, s)
                for key, s in (opportunities or {}).items()
            ]
            _fill(warehouse, "opportunities", OPPORTUNITY, rows)

    return fill


PARTY = (
    "key text, customer_no text, name text, street text, postcode text, city text,"
    " country_code text, email text, phone text"
)
OPPORTUNITY = (
    "key text, customer_key text, title text, amount double, created_on date,"
    " stage text, owner text, contact_email text, contact_name text"
)
PERSON = ("Angebot", "Petra Blum", "einkauf@mueller.example", "Jan Roth")
SCORE = "points integer, band text, reasons text, scored_on date"


def _party(key: str) -> tuple[str, ...]:
    return (
        f"1{key[1:]}",
        f"Müller & Söhne {key}",
        "Hauptstraße 1",
        "50667",
        "Köln",
        "DE",
        f"{key}@mueller.example".lower(),
        "+49 221 12345",
    )


def _fill(
    warehouse: duckdb.DuckDBPyConnection, name: str, columns: str, rows: Iterable[tuple[Any, ...]]
) -> None:
    warehouse.execute(f"create or replace table sync.sync_tryton__{name} ({columns}, {SCORE})")
    warehouse.begin()
    for *master, value in rows:
        values = [*master, *(value.model_dump().values() if value else [None] * 4)]
        marks = ", ".join("?" * len(values))
        warehouse.execute(f"insert into sync.sync_tryton__{name} values ({marks})", values)
    warehouse.commit()
