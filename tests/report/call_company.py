"""A small company with scores, its lists of the day, and a person who fills them in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from config import PROJECT_ROOT, Settings
from nights.building import build
from tests.warehouse.conftest import fill_raw
from warehouse import open_warehouse

NIGHT = date(2026, 3, 2)
FEEDBACK = "select kind, note, said_at, source from ops.score_feedback order by entity_id"
HEADER = 3
# number, name, account manager: as two programs write them, and one whom nobody looks after
FIRMS = (
    (1, "=SUM(1;2)", "Anna Berger"),
    (2, "Bau Süd", "ANNA BERGER"),
    (3, "Chemie West", "Anna Berger"),
    (4, "Druck Ost", "Bodo Klein"),
    (5, "Eisen Mitte", None),
    (6, "Feder Nord", "Anna Berger"),
    (7, "Guss Alt", "Anna Berger"),
)
# number: probability, band, turnover of 12 months
CHURN = {
    1: (0.9, "high", 300.0),
    2: (0.4, "medium", 90_000.0),
    3: (0.6, "high", 20_000.0),
    4: (0.5, "high", 10_000.0),
    5: (0.5, "high", 8_000.0),
    6: (0.1, "low", 900_000.0),
    7: (0.8, "high", 500_000.0),  # objected to profiling
}
LEAD = (0.5, "high", 30_000.0)


def make_home(folder: Path) -> Settings:
    """Seven customers, one open lead, a night; the scores are put in by hand."""
    settings = Settings(
        home=folder / "home", config=folder / "config", as_of=NIGHT, language="de", company="Probe"
    )
    settings.inbox.mkdir(parents=True)
    settings.config.mkdir()
    for name in ("sources.yml", "golden_record.yml", "crm.yml", "lists.yml", "privacy.yml"):
        (settings.config / name).write_bytes((PROJECT_ROOT / "config" / name).read_bytes())
    fill(settings)
    build(settings)
    put_scores(settings)
    return settings


def fill(
    settings: Settings, orders: Mapping[int, str] | None = None, outcome: str = "open"
) -> None:
    """Fill the raw views; `orders` adds an order on a day to a customer."""
    fill_raw(
        settings,
        companies=[
            {"record_id": f"erp:{n}", "name": name, "city": "Köln", "postcode": "50667",
             "customer_no": str(10_000 + n), "phone": "0221 1", "account_manager": manager}
            for n, name, manager in FIRMS
        ],
        contacts=[
            {"record_id": "k:1", "company": "erp:2", "given_name": "Öz", "family_name": "Kaya",
             "role": "Einkauf", "phone": "+49 221 4711", "email": "oez@bau.example"},
            {"record_id": "k:2", "company": "erp:2", "family_name": "Gegangen", "phone": "1",
             "left_on": "2025-01-01"},
        ],
        order_lines=[
            {"record_id": f"o:{n}-{number}|1", "company": f"erp:{n}", "order_no": f"{n}-{number}",
             "sku": "1", "ordered_on": day, "net_amount": "10", "quantity": "1"}
            for n, *_ in FIRMS
            for number, day in enumerate(("2025-10-01", "2025-11-01", "2025-12-01"))
        ] + [
            {"record_id": f"o:x{n}|1", "company": f"erp:{n}", "order_no": f"x{n}", "sku": "1",
             "ordered_on": day, "net_amount": "10", "quantity": "1"}
            for n, day in (orders or {}).items()
        ],
        leads=[
            {"record_id": "l:1", "company": "erp:3", "title": "Getriebe", "outcome": outcome,
             "amount": "30000", "created_on": "2026-02-01", "owner": "Bodo Klein",
             "closed_on": None if outcome == "open" else "2026-03-20"},
        ],
        tickets=[{"record_id": "t:1", "company": "erp:2", "subject": "Lager heiß",
                  "opened_at": "2026-02-20 08:00:00"}],
        interactions=[{"record_id": "n:1", "company": "erp:2", "kind": "fair_visit",
                       "occurred_at": "2026-02-10 10:00:00"}],
        consents=[{"record_id": "w:1", "company": "erp:7", "purpose": "profiling",
                   "is_granted": "false", "decided_on": "2026-01-01"}],
    )  # fmt: skip


def customers(settings: Settings) -> dict[int, str]:
    """Return the customer's id by the firm's number."""
    with open_warehouse(settings) as connection:
        return customers_of(connection)


def customers_of(connection: Any) -> dict[int, str]:
    """Return the customer's id by the firm's number, with the warehouse open."""
    return dict(
        connection.execute(
            "select split_part(record_id, ':', 2)::int, customer_id from marts.customer_records"
        ).fetchall()
    )


def put_scores(settings: Settings, method: str = "model", amounts: bool = True) -> None:
    """Put the scores of the night into the warehouse, as the station does."""
    ids = customers(settings)
    with open_warehouse(settings) as connection:
        connection.execute("delete from ops.scores")
        for n, (chance, band, amount) in CHURN.items():
            _put(connection, "churn", "customer", ids[n], (chance, band, amount), (method, amounts))
        _put(connection, "lead", "lead", "l:1", LEAD, (method, amounts))


def _put(
    connection: Any, score: str, entity: str, entity_id: str, said: tuple[float, str, float],
    how: tuple[str, bool],
) -> None:  # fmt: skip
    (chance, band, amount), (method, amounts) = said, how
    is_model = method == "model"
    connection.execute(
        "insert into ops.scores (score, entity, entity_id, customer_id, night, stage, method,"
        " probability, points, band, reasons_de, reasons_en, as_of, amount, expected_amount)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            score, entity, entity_id, entity_id, NIGHT, 3 if is_model else 1, method,
            chance if is_model else None, round(100 * chance), band,
            ["+ Seit 90 Tagen nichts", "+ Wenig Interesse", "+ Beschwerde", "− Groß"],
            ["+ Nothing for 90 days", "+ Little interest", "+ Complaint", "− Large"],
            NIGHT - timedelta(days=1), amount if amounts else None,
            amount * chance if amounts and is_model else None,
        ],
    )  # fmt: skip


def change_lists(settings: Settings, **changes: Any) -> None:
    """Change values of `lists.yml`."""
    path = settings.config / "lists.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8")) | changes
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


def open_list(path: Path) -> tuple[Worksheet, list[dict[str, Any]]]:
    """Open a list; its rows by heading."""
    sheet = load_workbook(path).worksheets[0]
    header = [cell.value for cell in sheet[HEADER]]
    rows = []
    for row in sheet.iter_rows(min_row=HEADER + 1, values_only=True):
        if row[len(header) - 1] is None:
            break
        rows.append(dict(zip(header, row, strict=False)))
    return sheet, rows


def names(path: Path) -> list[str]:
    """Return the customers on a list in their order."""
    return [row["Kunde"].split("\n")[0] for row in open_list(path)[1]]


def answer(path: Path, said: Mapping[str, tuple[str | None, str | None]], hours: float = 1) -> None:
    """Fill in feedback and note by customer, so many hours into the day of the list."""
    book = load_workbook(path)
    sheet = book.worksheets[0]
    places = {cell.value: cell.column for cell in sheet[HEADER]}
    for row in range(HEADER + 1, sheet.max_row + 1):
        name = str(sheet.cell(row, places["Kunde"]).value or "").split("\n")[0]
        if name in said:
            feedback, note = said[name]
            sheet.cell(row, places["Rückmeldung"]).value = feedback
            sheet.cell(row, places["Notiz"]).value = note
    book.save(path)
    at = (datetime.combine(NIGHT, time(8), UTC) + timedelta(hours=hours)).timestamp()
    os.utime(path, (at, at))


def later(settings: Settings, days: int) -> Settings:
    return settings.model_copy(update={"as_of": NIGHT + timedelta(days=days)})


def ask(settings: Settings, sql: str) -> list[tuple]:
    with open_warehouse(settings) as connection:
        return connection.execute(sql).fetchall()


def folder(settings: Settings) -> Path:
    return settings.outbox / "tagesliste"
