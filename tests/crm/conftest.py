"""A home of its own for each test, with the two tables that the push reads."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from config import Settings
from crm import Score
from warehouse import open_warehouse

NIGHT = date(2026, 11, 22)
# An embedded CRM that starts empty; few records a call, so that there are several.
CRM = """
connector: tryton
create: {parties: true, opportunities: true}
batch_size: 5
attempts: 2
"""
REASONS = "Seit 143 Tagen keine Bestellung.\nZwei Reklamationen in 90 Tagen."


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "crm.yml").write_text(CRM, encoding="utf-8")
    folders = {"home": tmp_path / "home", "config": tmp_path / "config"}
    return Settings(**folders, as_of=NIGHT, lock_wait_seconds=20)


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
                (
                    *(key, [key], f"C{key[1:]}", f"1{key[1:]}", f"Getriebe für {key}", 1234.5),
                    *(date(2026, 10, 1), *PERSON, False, s),
                )
                for key, s in (opportunities or {}).items()
            ]
            _fill(warehouse, "opportunities", OPPORTUNITY, rows)

    return fill


PARTY = (
    "key text, record_ids text[], customer_no text, name text, street text, postcode text,"
    " city text, country_code text, email text, phone text, website text, vat_id text,"
    " has_objected boolean"
)
OPPORTUNITY = (
    "key text, record_ids text[], customer_key text, customer_no text, title text, amount double,"
    " created_on date, lead_stage text, owner text, contact_email text, contact_name text,"
    " has_objected boolean"
)
PERSON = ("Angebot", "Petra Blum", "einkauf@mueller.example", "Jan Roth")
SCORE = (
    "points integer, band text, reasons text, scored_on date, stage integer, method text,"
    " model_version text, expected_amount double"
)


def _party(key: str) -> tuple[Any, ...]:
    return (
        [f"crm_companies:{key}"],
        f"1{key[1:]}",
        f"Müller & Söhne {key}",
        "Hauptstraße 1",
        "50667",
        "Köln",
        "DE",
        f"{key}@mueller.example".lower(),
        "+49 221 12345",
        f"{key}.example".lower(),
        f"DE{key}",
        False,
    )


def _fill(
    warehouse: duckdb.DuckDBPyConnection, name: str, columns: str, rows: Iterable[tuple[Any, ...]]
) -> None:
    warehouse.execute(f"create or replace table sync.sync_crm__{name} ({columns}, {SCORE})")
    warehouse.begin()
    for *master, value in rows:
        own = [value.points, value.band, value.reasons, value.scored_on] if value else [None] * 4
        values = [*master, *own, 3 if value else None, "model" if value else None, None, None]
        marks = ", ".join("?" * len(values))
        warehouse.execute(f"insert into sync.sync_crm__{name} values ({marks})", values)
    warehouse.commit()
