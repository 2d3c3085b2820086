"""A small company with gaps, its night, and a person who fills in cells of the to-do list."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import yaml
from openpyxl import load_workbook

from config import Settings
from expectations import assess
from nights.building import build
from report import write_to_do
from tests.warehouse.conftest import fill_raw

NIGHT = date(2026, 3, 2)
FIRMS = ["Antrieb Nord", "Bau Süd", "Chemie West", "Druck Ost", "Eisen Mitte"]
USE_CASES = {
    "outreach": ("customers.industry", "customers.employees"),
    "ranking": ("customers.industry", "leads.closed_on", "tickets.customer_id"),
    "tying": ("orders.customer_id", "contacts.role", "interactions.customer_id"),
}


def use_case(fields: tuple[str, ...]) -> dict[str, object]:
    return {
        "title_de": "Ansprache",
        "title_en": "Outreach",
        "decision_de": "Wen?",
        "decision_en": "Whom?",
        "stages": {
            1: {
                "description_de": "Regeln.",
                "description_en": "Rules.",
                "expectations": [
                    {
                        "name": field.replace(".", "_"),
                        "type": "complete",
                        "mart": field.split(".")[0],
                        "where": "outcome <> 'open'" if field == "leads.closed_on" else None,
                        "id": f"{field.split('.')[0][:-1]}_id",
                        "column": field.split(".")[1],
                        "reason": "a test",
                        "todo_de": "Bei {unmet} von {total} fehlt es; {to_next} reichen.",
                        "todo_en": "{unmet} of {total} lack it; {to_next} are enough.",
                    }
                    for field in fields
                ],
            }
        },
    }


def make_home(folder: Path) -> Settings:
    """Five customers, three of them without industry, none with a size; a night later."""
    (folder / "expectations").mkdir()
    for name, fields in USE_CASES.items():
        (folder / "expectations" / f"{name}.yml").write_text(yaml.safe_dump(use_case(fields)))
    settings = Settings(
        home=folder / "home", as_of=NIGHT, expectations=folder / "expectations", language="de"
    )
    settings.inbox.mkdir(parents=True)
    fill_raw(
        settings,
        companies=[
            {
                "record_id": f"erp:{n}",
                "name": name,
                "city": name.split()[1],
                "industry": "Maschinenbau" if n > 2 else None,
            }
            for n, name in enumerate(FIRMS)
        ],
        order_lines=[
            {"record_id": f"o:{n}|1", "company": "erp:2", "order_no": str(n), "sku": "1",
             "ordered_on": "2026-01-05", "net_amount": "10", "quantity": "1"}
            for n in range(3)
        ] + [
            {"record_id": f"o:9|{n}", "company": None, "order_no": "9", "sku": "1",
             "ordered_on": "2026-01-05", "net_amount": "10", "quantity": "1"}
            for n in range(2)
        ],
        contacts=[{"record_id": "k:1", "company": "erp:3", "family_name": "Öz"}],
        interactions=[
            {"record_id": f"n:{n}", "email": email, "kind": "email_open",
             "occurred_at": "2026-02-01"}
            for n, email in enumerate(["A@neu.example", "b@neu.example", "x@web.de"])
        ],
        leads=[
            {"record_id": "l:1", "company": "erp:0", "title": "Anfrage", "outcome": "won",
             "created_on": "2026-01-05"},
        ],
        tickets=[{"record_id": "t:1", "email": "jemand@web.de", "subject": "Lager heiß"}],
    )  # fmt: skip
    night(settings)
    return settings


def night(settings: Settings) -> dict[str, int]:
    build(settings)
    stages = {found.use_case: found.stage for found in assess(settings)}
    write_to_do(settings)
    return stages


def read(path: Path, title: str) -> tuple[list[str], list[list[object]]]:
    header, *rows = load_workbook(path)[title].iter_rows(values_only=True)
    return list(header), [list(row) for row in rows]


def fill(path: Path, cells: dict[tuple[str, str, str], object], hours: int = 1) -> None:
    """Fill cells given as (sheet, first column of the row, beginning of the heading)."""
    book = load_workbook(path)
    for (title, name, heading), value in cells.items():
        sheet = book[title]
        (column,) = [c.column for c in sheet[1] if str(c.value).startswith(heading)]
        (row,) = [c[0].row for c in sheet.iter_rows(min_row=2) if c[0].value == name]
        sheet.cell(row, column).value = value
    book.save(path)
    later = path.stat().st_mtime + timedelta(hours=hours).total_seconds()
    os.utime(path, (later, later))
