"""A customer's id over the nights, through dbt: merged, split by a person, and a failed build."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest
from openpyxl import load_workbook

from config import Settings
from identity.review_list import ReviewRow, write_list
from nights.building import build
from tests.warehouse.conftest import fill_raw
from warehouse import BuildFailedError, open_warehouse

NORDWERK = {"record_id": "erp:1", "name": "Nordwerk Zahnrad GmbH", "vat_id": "DE136695976"}
FORMER = {"record_id": "alt:9", "name": "Nordwerk Getriebe"}
SAME_FIRM = FORMER | {"vat_id": "DE 136 695 976"}
PUMPS = {"record_id": "crm:7", "name": "Südhang Pumpen AG"}
NIGHTS = [date(2026, 1, day) for day in (1, 2, 3)]


def ids(settings: Settings) -> dict[str, str]:
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        return dict(
            connection.sql("select record_id, customer_id from marts.customer_records").fetchall()
        )


def changes(settings: Settings) -> list[tuple[date, str, str, str]]:
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        return connection.sql(
            "select night, old_id, new_id, kind from marts.customer_id_changes order by all"
        ).fetchall()


def state(settings: Settings) -> list[tuple[object, ...]]:
    with open_warehouse(settings) as connection:
        return connection.sql("from ops.customer_ids order by all").fetchall()


def test_three_nights(tmp_path: Path) -> None:
    first, second, third = (
        Settings(home=tmp_path / "home", language="en", as_of=night, lock_wait_seconds=5)
        for night in NIGHTS
    )
    fill_raw(first, companies=[NORDWERK, FORMER, PUMPS])
    build(first)
    before = ids(first)
    assert len(set(before.values())) == 3
    assert changes(first) == []

    fill_raw(second, companies=[NORDWERK, SAME_FIRM, PUMPS])
    with open_warehouse(second) as connection:
        connection.execute("alter table raw.tickets rename to gone")
    remembered = state(second)
    with pytest.raises(BuildFailedError):
        build(second)
    assert state(second) == remembered

    fill_raw(second, companies=[NORDWERK, SAME_FIRM, PUMPS])
    build(second)
    merged = ids(second)
    assert merged["crm:7"] == before["crm:7"]
    kept = min(before["erp:1"], before["alt:9"])  # both have one record and are equally old
    other = max(before["erp:1"], before["alt:9"])
    assert merged["erp:1"] == merged["alt:9"] == kept
    assert changes(second) == [(NIGHTS[1], other, kept, "merged")]
    remembered = state(second)
    build(second)
    assert (ids(second), state(second)) == (merged, remembered)
    assert changes(second) == [(NIGHTS[1], other, kept, "merged")]

    # the VAT id still says that they are one, a person knows better
    fill_raw(third, companies=[NORDWERK, SAME_FIRM])
    path = third.review / "identity_review.xlsx"
    row = ReviewRow("alt:9", "erp:1", [], [], 0.9, is_joined=True, evidence="", note="")
    write_list(path, [row], NIGHTS[1], "en")
    book = load_workbook(path)
    book.active["A2"] = "different"
    book.save(path)
    build(third)
    assert ids(third) == {record: before[record] for record in ("erp:1", "alt:9")}
    assert {change[1:] for change in changes(third) if change[0] == NIGHTS[2]} == {
        (kept, other, "split"),
        (other, other, "returned"),
        (before["crm:7"], None, "gone"),
    }
