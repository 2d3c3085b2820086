"""From when rows are: by what a file says of itself, not by when it was read."""

from __future__ import annotations

import io
import os
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest

from config import Settings
from ingest import ingest_inbox
from ingest.loading.versions import Version, stated_at, version_of
from tests.ingest.conftest import ORDERS_SOURCES, Drop, Query, Write

WRITTEN = datetime.fromisoformat("2026-11-30T17:00:00")
NIGHT = datetime.fromisoformat("2026-02-01T02:00:00")


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("auftraege_2026-01-31.csv", "2026-01-31T23:59:59"),
        ("auftraege_20260131.csv", "2026-01-31T23:59:59"),
        ("Kunden 31.01.2026.xlsx", "2026-01-31T23:59:59"),
        ("k_31012026.csv", "2026-01-31T23:59:59"),
        ("k_31.1.26.csv", "2026-01-31T23:59:59"),
        ("k_01-31-2026.csv", "2026-01-31T23:59:59"),
        ("31. Januar 2026.csv", "2026-01-31T23:59:59"),
        ("SAP_2026-01-31T14-05-09.csv", "2026-01-31T14:05:09"),
        ("export_20260131140509.csv", "2026-01-31T14:05:09"),
        ("2025-01-01_2025-12-31.csv", "2025-12-31T23:59:59"),
        ("a_2026-01_korrektur_2026-03-02.csv", "2026-03-02T23:59:59"),
        ("a_2026_stand_2026-02-10.csv", "2026-02-10T23:59:59"),
        ("a_202601.csv", "2026-01-31T23:59:59"),
        ("a_01.2026.csv", "2026-01-31T23:59:59"),
        ("a_2026-01_2.csv", "2026-01-31T23:59:59"),
        ("März 2025.xlsx", "2025-03-31T23:59:59"),
        ("auftraege_Januar.csv", "2026-01-31T23:59:59"),
        ("auftraege_Dezember.csv", "2025-12-31T23:59:59"),
        ("2025/Januar.csv", "2025-01-31T23:59:59"),
        ("2026-01/auftraege.csv", "2026-01-31T23:59:59"),
        ("KW05-2026.csv", "2026-02-01T23:59:59"),
        ("Q1_2026.csv", "2026-03-31T23:59:59"),
        ("1.Quartal 2025.csv", "2025-03-31T23:59:59"),
        ("auftraege_2025.csv", "2025-12-31T23:59:59"),
        ("auftraege_2026.csv", "2026-11-30T17:00:00"),  # not later than it was written
        ("preise_2027.csv", "2027-01-01T00:00:00"),
    ],
)
def test_dates_in_names(name: str, end: str) -> None:
    assert stated_at(name, WRITTEN) == datetime.fromisoformat(end)


@pytest.mark.parametrize(
    "name",
    ["kunden.csv", "1_kunden.csv", "kunden_1001-2000.csv", "Marlene.xlsx", "export_1717171717.csv",
     "kunde_12345678.csv", "a_20261301.csv", "kunden_2030.csv", "umai.csv"],
)  # fmt: skip
def test_no_date_where_a_name_has_none(name: str) -> None:
    assert stated_at(name, WRITTEN) is None


def test_sheets_and_packed_files_speak_for_themselves() -> None:
    """A sheet by its name, in the year of its workbook; a packed file by its own time."""
    december = version_of("auftraege_2025.xlsx", WRITTEN, "Dezember")
    assert december.at == datetime.fromisoformat("2025-12-31T23:59:59")
    packed = datetime.fromisoformat("2026-01-03T08:00:00")
    assert version_of("export.zip", WRITTEN, "orders.csv", packed) == Version(packed, packed)
    assert version_of("export.zip", WRITTEN) == Version(WRITTEN, WRITTEN)


def newest(query: Query) -> list[tuple[Any, ...]]:
    return query(
        'select "Nr", arg_max("Wert", (_version_at, _modified_at, _file, _row_number))'
        " from raw.orders group by 1 order by 1"
    )


@pytest.mark.parametrize("order", [("Januar", "Februar"), ("Februar", "Januar")])
def test_the_newer_export_wins_in_whatever_order_they_come(
    settings: Settings, drop: Drop, query: Query, write_sources: Write, order: tuple[str, str]
) -> None:
    """Also where their times were lost, and after reading the archive anew."""
    write_sources(ORDERS_SOURCES)
    rows = {"Januar": "Nr;Wert\nA1;100\nA2;70\n", "Februar": "Nr;Wert\nA2;75\nA3;10\n"}
    for age, month in enumerate(order):
        drop(f"auftraege_{month}.csv", rows[month], age_days=-age)
        ingest_inbox(settings)
    right = [("A1", "100"), ("A2", "75"), ("A3", "10")]
    assert newest(query) == right
    versions = "select _file, _version_at, _modified_at from raw.orders order by all"
    before = query(versions)
    for path in settings.inbox.iterdir():
        path.unlink()
    write_sources(ORDERS_SOURCES.replace("Wert", "WERT"))
    assert {load.status for load in ingest_inbox(settings)} >= {"loaded"}
    assert (newest(query), query(versions)) == (right, before)


def test_a_copy_of_the_inbox_without_its_times_makes_nothing_newer(
    settings: Settings, drop: Drop, query: Query, write_sources: Write
) -> None:
    write_sources(ORDERS_SOURCES)
    drop("auftraege_b.csv", "Nr;Wert\nA1;old\n", age_days=9)
    drop("auftraege_a.csv", "Nr;Wert\nA1;new\n", age_days=1)
    ingest_inbox(settings)
    for n, path in enumerate(sorted(settings.inbox.iterdir())):
        os.utime(path, (1_760_000_000 + n,) * 2)
    write_sources(ORDERS_SOURCES.replace("Wert", "WERT"))
    ingest_inbox(settings)
    assert newest(query) == [("A1", "new")]


def test_packed_exports_are_as_new_as_the_archive_says(
    settings: Settings, drop: Drop, query: Query, write_sources: Write
) -> None:
    """Two exports in one zip, the newer one first; times of the archive are the company's."""
    write_sources(ORDERS_SOURCES.replace("*.csv", "*"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, day, value in [("b.csv", 28, "new"), ("c.csv", 3, "old")]:
            member = zipfile.ZipInfo(name, (2026, 1, day, 12, 0, 0))
            archive.writestr(member, f"Nr;Wert\nA1;{value}\nA2;{value}\n")
    drop("auftraege.zip", packed.getvalue(), age_days=-400)
    ingest_inbox(settings)
    assert newest(query) == [("A1", "new"), ("A2", "new")]
    assert query("select distinct _version_at from raw.orders order by 1") == [
        (datetime.fromisoformat("2026-01-03T11:00:00"),),
        (datetime.fromisoformat("2026-01-28T11:00:00"),),
    ]


def test_a_column_of_the_last_change_reaches_the_views(
    settings: Settings, drop: Drop, query: Query, write_sources: Write
) -> None:
    source = ORDERS_SOURCES.replace("    maps:", "    changed: Geändert am\n    maps:")
    write_sources(source)
    drop("auftraege_1.csv", "Nr;Wert;Geändert am\nA1;70;05.01.2026\n")
    ingest_inbox(settings)
    assert query("select changed_at, formats['changed_at'] from raw.order_lines") == [
        ("05.01.2026", "dmy")
    ]
    drop("auftraege_2.csv", "Nr;Wert\nA1;70\n")
    (lost, *_) = [load for load in ingest_inbox(settings) if load.file == "auftraege_2.csv"]
    assert lost.status == "failed" and "Geändert am" in (lost.reason_de or "")


def test_times_are_kept_in_utc(
    settings: Settings, drop: Drop, query: Query, write_sources: Write
) -> None:
    write_sources(ORDERS_SOURCES)
    path = drop("auftraege.csv", "Nr;Wert\nA1;70\n")
    os.utime(path, (NIGHT.replace(tzinfo=UTC).timestamp(),) * 2)
    ingest_inbox(settings)
    assert query("select _version_at, _modified_at from raw.orders") == [(NIGHT, NIGHT)]
