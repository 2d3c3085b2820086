"""What the tests of the desk share: a firm with proposals, doubts and gaps, and its pages."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from config import Settings
from config.language import use_language
from desk.app import Person, make_app
from proposals import propose
from report.gaps import Empty, Gap, Line, keep_lines
from tests.proposals.small_firm import NIGHT, Firm
from warehouse import open_warehouse

# What a customer's name may hold: the web's marks, a formula, a quote.
EVIL = """<script>alert(1)</script>"'&=HYPERLINK("http://evil.example")"""
OURS = {"origin": "http://testserver", "sec-fetch-site": "same-origin"}
RECORDS = (("erp:1", "Antrieb Nord GmbH", "Kiel"), ("crm:7", EVIL, "Kiel"))
HOLD = (
    "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True);"
    " sys.stdin.readline()"
)


@pytest.fixture(autouse=True)
def _german():
    use_language("de")


@pytest.fixture
def firm(tmp_path) -> Firm:
    firm = Firm(tmp_path / "firm")
    fill(firm)
    return firm


def fill(firm: Firm) -> None:
    """Three proposals, two records in doubt, a customer without an industry and a size."""
    firm.customer("C1", "C2", "C3")
    firm.sql("update marts.customers set name = ? where customer_id = 'C3'", (EVIL,))
    propose(firm.settings)
    with open_warehouse(firm.settings) as connection:
        connection.execute("create schema if not exists intermediate")
        connection.execute(
            "create table intermediate.int_company_records (record_id varchar, name varchar,"
            " street varchar, postcode varchar, city varchar, phone varchar, country varchar,"
            " email varchar, website varchar, vat_id varchar, registration_no varchar);"
            "create table intermediate.int_order_lines_linked (company_record_id varchar,"
            " order_id varchar);"
            "create table marts.customer_records (record_id varchar, customer_id varchar);"
            "insert into marts.customer_records values ('erp:1', 'C1'), ('crm:7', 'C3');"
            "alter table marts.leads add column lead_source varchar;"
            "alter table marts.customers add column city varchar;"
            "alter table marts.customers add column industry varchar"
        )
        for record in RECORDS:
            connection.execute(
                "insert into intermediate.int_company_records (record_id, name, city)"
                " values (?, ?, ?)", record,
            )  # fmt: skip
            connection.execute(
                "insert into ops.customer_ids values (?, 'C' || ?, ?, null)",
                [record[0], record[0], NIGHT],
            )
        connection.execute(
            "insert into ops.identity_review by name select ?::date as night, 'crm:7' as record_a,"
            " 'erp:1' as record_b, 0.6 as probability, false as is_joined,"
            " 'Ort gleich (+2,1)' as evidence_de, 'City same (+2.1)' as evidence_en", [NIGHT],
        )  # fmt: skip
    line = Line("C1", record="erp:1", name=EVIL, shown=("24103", "Kiel"), worth=3)
    line.helps["industry"].add("Ansprache 1")
    line.helps["employees"].add("Ansprache 1")
    keep_lines(firm.settings, {"customers": {"C1": line}})


@pytest.fixture
def who() -> dict[str, object]:
    """Who is logged in; a test changes it."""
    return {"name": "Anna Berg", "may_decide": True}


@pytest.fixture
def client(firm, who, monkeypatch):
    from starlette.testclient import TestClient

    set_up(firm.settings, monkeypatch)
    return TestClient(make_app(lambda: Person(**who)), headers=OURS)


def set_up(settings: Settings, monkeypatch) -> None:
    """Let the pages find this home."""
    for name in ("home", "proposals", "config", "as_of"):
        monkeypatch.setenv(f"REIFEGRAD_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("REIFEGRAD_LOCK_WAIT_SECONDS", "0")
    monkeypatch.setattr("desk.questions.PATIENCE", 0)
    monkeypatch.setattr("desk.view.PATIENCE", 0)


@contextmanager
def a_night(settings: Settings) -> Iterator[None]:
    """Hold the warehouse in another process, as a night does."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(settings.warehouse)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as night:  # fmt: skip
        assert night.stdout.readline() == "held\n"
        yield
        night.communicate("done\n")


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


__all__ = ["EVIL", "OURS", "Empty", "Gap", "a_night", "fill", "now", "set_up"]
