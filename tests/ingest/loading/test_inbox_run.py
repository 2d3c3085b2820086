"""The station on tiny real files: once, whole or not at all."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

import openpyxl
import pytest

from config import PROJECT_ROOT, ConfigurationError, Settings
from ingest import Load, ingest_inbox
from ingest.loading import raw
from tests.ingest.conftest import Drop, Query, Write

TICKS = itertools.count()

SOURCES = """
sources:
  customers:
    files: "kunden*"
    kind: snapshot
    maps:
      company: {key: [Nr], columns: {name: Name}}
  orders:
    files: "auftraege*.csv"
    kind: events
    locale: de
    maps:
      order_line:
        key: [Auftrag, Pos]
        columns: {net_amount: Wert, ordered_on: Datum}
"""
ORDERS = "Auftrag;Pos;Wert;Datum\nA1;1;1.234,50;31.12.2025\nA1;2;5;01.02.2025\n"


@pytest.fixture(autouse=True)
def sources(write_sources: Write) -> None:
    write_sources(SOURCES)


def statuses(loads: list[Load]) -> list[tuple[str, str]]:
    return [(load.file, load.status) for load in loads]


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    os.utime(path, (1_750_000_000 + next(TICKS),) * 2)  # no fresh file, and none like the last


def test_rows_arrive_as_text_with_where_they_come_from(
    settings: Settings, drop: Drop, query: Query
) -> None:
    path = drop("auftraege_01.csv", ORDERS)
    told: list[Load] = []
    (load,) = ingest_inbox(settings, told.append)
    assert told == [load]
    assert (load.rows_found, load.rows_loaded, load.rows_quarantined) == (2, 2, 0)
    rows = query(
        'select "Auftrag", "Pos", "Wert", _file, _sheet, _row_number, _load_id from raw.orders'
    )
    assert rows == [
        ("A1", "1", "1.234,50", "auftraege_01.csv", None, 2, load.load_id),
        ("A1", "2", "5", "auftraege_01.csv", None, 3, load.load_id),
    ]
    (archived,) = [p for p in settings.archive.rglob("*") if p.is_file()]
    assert archived.read_bytes() == path.read_bytes()
    assert (
        archived.relative_to(settings.archive).as_posix() == f"{load.sha256[:2]}/{load.sha256}.csv"
    )
    assert query("select status, rows_found from ops.loads") == [("loaded", 2)]


def test_the_same_again_changes_nothing(settings: Settings, drop: Drop, query: Query) -> None:
    drop("auftraege_01.csv", ORDERS)
    ingest_inbox(settings)
    before = query("from raw.orders"), query("from ops.loads"), query("from ops.source_files")
    assert statuses(ingest_inbox(settings)) == [("auftraege_01.csv", "unchanged")]
    assert before == (
        query("from raw.orders"), query("from ops.loads"), query("from ops.source_files")
    )  # fmt: skip


def test_events_add_up_and_a_changed_file_replaces_its_own_rows(
    settings: Settings, drop: Drop, query: Query
) -> None:
    drop("auftraege_01.csv", ORDERS)
    drop("auftraege_02.csv", "Auftrag;Pos;Wert;Datum;Neu\nA2;1;7;03.02.2025;x\n")
    ingest_inbox(settings)
    drop("auftraege_01.csv", ORDERS + "A1;3;9;05.02.2025\n")
    loads = ingest_inbox(settings)
    assert statuses(loads) == [("auftraege_01.csv", "loaded"), ("auftraege_02.csv", "unchanged")]
    rows = query('select "Auftrag", "Pos", "Neu" from raw.orders order by all')
    assert rows == [("A1", "1", None), ("A1", "2", None), ("A1", "3", None), ("A2", "1", "x")]


def test_a_snapshot_has_one_file_in_force_the_newest(
    settings: Settings, drop: Drop, query: Query
) -> None:
    drop("kunden_neu.csv", "Nr;Name\n1;Neu\n", age_days=1)
    drop("kunden_alt.csv", "Nr;Name\n1;Alt\n2;Alt\n", age_days=9)
    ingest_inbox(settings)
    assert query('select "Name" from raw.customers') == [("Neu",)]
    again = ingest_inbox(settings)
    assert statuses(again) == [("kunden_neu.csv", "unchanged"), ("kunden_alt.csv", "superseded")]
    drop("kunden_alt.csv", "Nr;Name\n1;Jetzt neuer\n", age_days=0)
    ingest_inbox(settings)
    assert query('select "Name" from raw.customers') == [("Jetzt neuer",)]


def test_rows_without_key_wait_in_quarantine_until_mended(
    settings: Settings, drop: Drop, query: Query
) -> None:
    drop("auftraege_01.csv", ORDERS + "A2; ;5;01.02.2025\nA3;1\n")
    (load,) = ingest_inbox(settings)
    assert (load.rows_found, load.rows_loaded, load.rows_quarantined) == (4, 2, 2)
    waiting = query("select row_number, raw_text, reason_de, reason_en from ops.quarantine")
    assert sorted(waiting)[0][:2] == (4, "A2; ;5;01.02.2025")
    assert "Auftrag, Pos" in str(sorted(waiting)[0][2]) and "empty" in str(sorted(waiting)[0][3])
    assert sorted(waiting)[1][:2] == (5, "A3;1")
    drop("auftraege_01.csv", ORDERS + "A2;1;5;01.02.2025\nA3;1;2;01.02.2025\n")
    ingest_inbox(settings)
    assert query("from ops.quarantine") == []
    assert query("select count(*) from raw.orders") == [(4,)]


def test_a_mended_mapping_frees_rows_from_quarantine(
    settings: Settings, drop: Drop, query: Query, write_sources: Write
) -> None:
    drop("auftraege_01.csv", ORDERS + "A2;;5;01.02.2025\n")
    ingest_inbox(settings)
    assert query("select count(*) from ops.quarantine") == [(1,)]
    write_sources(SOURCES.replace("[Auftrag, Pos]", "[Auftrag, _row_number]"))
    assert statuses(ingest_inbox(settings)) == [("auftraege_01.csv", "loaded")]
    assert query("from ops.quarantine") == []
    assert query("select record_id from raw.order_lines order by 1")[0] == ("orders:A1|2",)


def test_one_column_for_two_things_is_told_and_loaded(
    settings: Settings, drop: Drop, query: Query, write_sources: Write
) -> None:
    also = "unit_price: WERT, is_cancelled: {column: Wert, values: {storno: ja}}"
    write_sources(SOURCES.replace("ordered_on: Datum", f"ordered_on: Datum, {also}"))
    drop("auftraege_01.csv", ORDERS)
    (load,) = ingest_inbox(settings)
    assert load.status == "loaded" and "Wert" in load.notes_de[0]
    assert "“Wert” → net_amount, unit_price" in load.notes_en[0]
    assert query("select count(*) from raw.order_lines") == [(2,)]


def test_lost_columns_fail_the_file_and_yesterday_stays(
    settings: Settings, drop: Drop, query: Query
) -> None:
    drop("kunden.csv", "Nr;Name\n1;Gestern\n")
    drop("auftraege_01.csv", ORDERS)
    ingest_inbox(settings)
    drop("kunden.csv", "Nummer;Name\n1;Heute\n")
    drop("auftraege_01.csv", ORDERS.replace("A1", "A7"))
    loads = ingest_inbox(settings)
    assert statuses(loads) == [("auftraege_01.csv", "loaded"), ("kunden.csv", "failed")]
    assert "Nr" in (loads[1].reason_de or "") and "Nummer, Name" in (loads[1].reason_en or "")
    assert query('select "Name" from raw.customers') == [("Gestern",)]


def test_what_cannot_be_loaded_is_recorded_once_and_stops_nothing(
    settings: Settings, drop: Drop, query: Query
) -> None:
    drop("a_unbekannt.csv", "x;y\n1;2\n")
    drop("auftraege_01.csv", ORDERS)
    drop("kunden.csv", b"%PDF-1.7")
    drop("~$kunden.xlsx", b"lock")
    drop(".versteckt", b"x")
    for _ in range(2):
        loads = ingest_inbox(settings)
        assert [load.file for load in loads if load.status == "failed"] == [
            "a_unbekannt.csv",
            "kunden.csv",
        ]
    failed = query(
        "select file, source, reason_de from ops.loads where status = 'failed' order by 1"
    )
    assert [(file, source) for file, source, _ in failed] == [
        ("a_unbekannt.csv", None),
        ("kunden.csv", "customers"),
    ]
    assert "keine Quelle" in str(failed[0][2]) and "PDF" in str(failed[1][2])
    assert not list(settings.archive.glob(".*"))


def test_sheets_of_another_kind_are_told_not_loaded(settings: Settings, query: Query) -> None:
    path = settings.inbox / "kunden.xlsx"
    workbook(path, {"Nord": [["Nr", "Name"], [1, "A"]], "Süd": [["nr", "Name"], [2, "B"]],
                    "Legende": [["Kürzel", "Bedeutung"], ["A", "Stammkunde"]]})  # fmt: skip
    loads = ingest_inbox(settings)
    assert [(load.sheet, load.status, load.rows_loaded) for load in loads] == [
        ("Nord", "loaded", 1),
        ("Süd", "loaded", 1),
        ("Legende", "skipped", 0),
    ]
    assert query("select record_id, name from raw.companies order by 1") == [
        ("customers:1", "A"),
        ("customers:2", "B"),
    ]
    workbook(path, {"Nord": [["Nr", "Name"], [1, "A"]], "Süd": [["Nr", "Nachname"], [2, "B"]]})
    (load,) = ingest_inbox(settings)
    assert load.status == "failed" and "Name" in (load.reason_de or "")
    assert query("select count(*) from raw.customers") == [(2,)]


def test_one_file_feeds_several_sources(
    settings: Settings, write_sources: Write, query: Query
) -> None:
    write_sources("""
        sources:
          deals:
            files: "crm.xlsx"
            sheet: "Deals"
            kind: snapshot
            maps: {lead: {key: [ID], columns: {title: Titel}}}
          stages:
            files: "crm.xlsx"
            sheet: "Phasen"
            kind: snapshot
            maps:
              lead_stage:
                key: [ID, Phase]
                columns: {lead: {column: ID, source: deals}, stage: Phase}
    """)
    workbook(settings.inbox / "crm.xlsx", {
        "Deals": [["ID", "Titel"], ["D1", "Getriebe"]],
        "Phasen": [["ID", "Phase"], ["D1", "Angebot"], ["D1", "Abschluss"]],
    })  # fmt: skip
    assert [load.rows_loaded for load in ingest_inbox(settings)] == [1, 2]
    assert query("select lead from raw.lead_stages") == [("deals:D1",), ("deals:D1",)]


@pytest.mark.parametrize(
    "point", ["ingest.loading.taking._put_in_force", "ingest.loading.taking.refresh_views"]
)
def test_killed_in_the_middle_and_run_again_gives_the_same(
    settings: Settings, drop: Drop, query: Query, point: str
) -> None:
    drop("auftraege_01.csv", ORDERS)
    ingest_inbox(settings)
    before = query("from raw.orders")
    drop("auftraege_01.csv", ORDERS.replace("A1", "A9"))
    module, name = point.rsplit(".", 1)
    program = (
        f"import os, signal, {module} as m\n"
        f"m.{name} = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from pathlib import Path\nfrom config import Settings\nfrom ingest import ingest_inbox\n"
        f"home = Path({str(settings.home)!r})\n"
        "ingest_inbox(Settings(home=home, config=home / 'config'))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=PROJECT_ROOT, check=False)
    assert ended.returncode == -9
    assert query("from raw.orders") == before
    assert query("select count(*) from ops.loads") == [(1,)]
    ingest_inbox(settings)
    assert query('select distinct "Auftrag" from raw.orders') == [("A9",)]
    assert query("select status from ops.loads") == [("loaded",), ("loaded",)]
    assert query("select record_id from raw.order_lines order by 1")[0] == ("orders:A9|1",)
    assert not list(settings.archive.glob(".*"))


def test_a_load_that_loses_a_row_is_undone_whole(
    settings: Settings, drop: Drop, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop("auftraege_01.csv", ORDERS)
    ingest_inbox(settings)
    before = query("from raw.orders")
    monkeypatch.setattr(raw, "_quarantine_rejects", lambda *_: None)  # sabotage
    drop("auftraege_01.csv", ORDERS + "A3;1\n")
    (load,) = ingest_inbox(settings)
    assert load.status == "failed" and "Von 3 Zeilen kamen 2 an" in (load.reason_de or "")
    assert query("from raw.orders") == before
    monkeypatch.undo()
    assert statuses(ingest_inbox(settings)) == [("auftraege_01.csv", "loaded")]


def test_a_wrong_mapping_stops_before_anything_is_touched(
    settings: Settings, drop: Drop, write_sources: Write
) -> None:
    write_sources("sources: {x: {}}")
    drop("kunden.csv", "Nr;Name\n1;A\n")
    with pytest.raises(ConfigurationError):
        ingest_inbox(settings)
    assert not settings.warehouse.exists()


@pytest.mark.shared
def test_real_files_account_for_every_row(
    settings: Settings, shared: Path, drop: Drop, write_sources: Write, query: Query
) -> None:
    write_sources("""
        sources:
          salvirt:
            files: "salvirt*.csv"
            kind: snapshot
            maps:
              lead:
                key: [_row_number]
                columns:
                  outcome: {column: Status, values: {Won: won, Lost: lost}, otherwise: open}
                attributes: [Comp_size]
          northwind:
            files: "orders.csv"
            kind: events
            locale: en
            maps:
              order_line: {key: [orderID], columns: {ordered_on: orderDate, net_amount: freight}}
    """)
    drop("salvirt.csv", (shared / "b2b_salvirt" / "Salvirt_B2B_ML_dataset.csv").read_bytes())
    drop("orders.csv", (shared / "northwind" / "orders.csv").read_bytes())
    assert [(load.file, load.rows_found) for load in ingest_inbox(settings)] == [
        ("orders.csv", 830),
        ("salvirt.csv", 448),
    ]
    outcomes = query("select outcome, count(*) from raw.leads group by 1 order by 1")
    assert outcomes == [("lost", 221), ("won", 227)]
    assert query("select any_value(formats) from raw.order_lines") == [
        ({"net_amount": "point", "ordered_on": "ymd"},)
    ]


def test_a_mail_is_an_interaction_and_its_attachment_a_list(
    settings: Settings, write_sources: Write, drop: Drop, query: Query
) -> None:
    write_sources(
        """
        sources:
          mails:
            files: "*.eml"
            sheet: mail
            kind: events
            maps:
              interaction:
                key: [message_id]
                columns: {email: from, occurred_at: date, detail: subject}
          attached_orders:
            files: "*.eml"
            sheet: "auftraege*.csv"
            kind: events
            locale: de
            maps:
              order_line: {key: [Auftrag, Pos], columns: {net_amount: Wert, ordered_on: Datum}}
        """
    )
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@b.example", "c@d.example", "Bestellung"
    message["Date"], message["Message-ID"] = "Tue, 07 Jan 2025 09:30:00 +0100", "<1@b.example>"
    message.set_content("Anbei unsere Bestellung.")
    message.add_attachment(ORDERS.encode(), "text", "csv", filename="auftraege_07.csv")
    drop("bestellung.eml", message.as_bytes())
    loads = ingest_inbox(settings)
    assert [(load.source, load.status, load.rows_loaded) for load in loads] == [
        ("mails", "loaded", 1),
        ("attached_orders", "loaded", 2),
    ]
    assert query("select email, detail from raw.interactions") == [("a@b.example", "Bestellung")]
    assert query("select count(*) from raw.order_lines") == [(2,)]
