"""The to-do list: from the records that lack something to the stage that rises."""

from __future__ import annotations

import os
import shutil
from datetime import date
from pathlib import Path

import pytest
import yaml
from openpyxl import load_workbook

from config import Settings
from expectations import assess
from report import take_corrections, write_report, write_to_do
from report.gaps import Line
from report.to_do import make_book
from report.words import Words
from tests.report.to_do_company import FIRMS, USE_CASES, fill, make_home, night, read, use_case
from warehouse import open_warehouse
from workbooks.style import LINE_POINTS


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return make_home(tmp_path_factory.mktemp("to_do"))


def test_from_the_list_through_filled_cells_to_a_higher_stage(built):
    path = built.review / "to_do.xlsx"
    header, rows = read(path, "Kunden")
    assert header == [
        "Name", "Postleitzahl", "Ort", "Branche (bitte ausfüllen)",
        "Beschäftigte (bitte ausfüllen)", "Hilft für Stufe", "Aufträge", "Schlüssel",
    ]  # fmt: skip
    # Each customer once: first who lacks most, of these who ordered most.
    assert [row[0] for row in rows][:3] == ["Chemie West", "Antrieb Nord", "Bau Süd"]
    assert len(rows) == len({row[0] for row in rows}) == 5
    assert rows[0][3:5] == [None, None]
    assert rows[0][6:] == [3, "erp:2"]
    assert {row[0] for row in read(path, "Leads")[1]} == {"Anfrage"}
    assert {row[0] for row in read(path, "Tickets")[1]} == {"Lager heiß"}
    # All that comes from one company is one line; at a free mail service each person is one.
    assert [(row[0], row[6]) for row in read(path, "Kontakte")[1]] == [
        ("neu.example", 2), ("x@web.de", 1)
    ]  # fmt: skip
    overview = read(path, "Übersicht")[1]
    # Seven columns in eight expectations: each column is said once, what helps most uses first.
    assert [row[0] for row in overview] == list(range(1, 8))
    assert overview[0][1:] == [
        "Bei 3 von 5 fehlt es; 3 reichen.", "Hilft: Ansprache, Ansprache.", "unter einer Stunde",
        "Kunden",
    ]  # fmt: skip

    # Nothing filled in, nothing changes; nor by the list's being read again.
    with open_warehouse(built) as connection:
        assert [one.values for one in take_corrections(connection, built)] == [0]
        customer_id = connection.execute(
            "select customer_id from marts.customer_records where record_id = 'erp:4'"
        ).fetchone()[0]

    offered = {cell.value for row in load_workbook(path)["_"].iter_rows() for cell in row}
    assert f"Eisen Mitte, Mitte ({customer_id})" in offered

    cells: dict[tuple[str, str, str], object] = {
        ("Kunden", name, "Branche"): "Handel" for name in FIRMS[:3]
    }
    cells |= {("Kunden", name, "Beschäftigte"): 10 + n for n, name in enumerate(FIRMS)}
    cells[("Leads", "Anfrage", "Abgeschlossen am")] = "01.02.2026"
    cells[("Ansprechpartner", "Öz", "Funktion")] = "Einkauf"
    for title, name in (
        ("Tickets", "Lager heiß"), ("Kontakte", "neu.example"), ("Kontakte", "x@web.de"),
        ("Aufträge", "9"),
    ):  # fmt: skip
        cells[(title, name, "Kundennummer")] = f"Eisen Mitte, Mitte ({customer_id})"
    fill(path, cells)
    assert night(built) == {"outreach": 1, "ranking": 1, "tying": 1}
    with open_warehouse(built) as connection:
        assert connection.execute(
            "select industry, employees from marts.customers order by name"
        ).fetchall() == [
            ("Handel", 10), ("Handel", 11), ("Handel", 12), ("Maschinenbau", 13),
            ("Maschinenbau", 14),
        ]  # fmt: skip
        assert connection.execute("select closed_on from marts.leads").fetchall() == [
            (date(2026, 2, 1),)
        ]
        for mart, rows in (("tickets", 1), ("interactions", 3)):
            assert (
                connection.execute(f"select customer_id from marts.{mart}").fetchall()
                == [(customer_id,)] * rows
            )
        for mart in ("orders", "order_lines"):
            assert connection.execute(
                f"select distinct customer_id from marts.{mart} where order_id = 'o:9'"
            ).fetchall() == [(customer_id,)]
        assert connection.execute("select role from marts.contacts").fetchall() == [("Einkauf",)]
        assert connection.execute(
            "select distinct source, file from marts.customer_attributes"
            " where attribute = 'employees' and is_chosen"
        ).fetchall() == [("corrections", "to_do.xlsx")]
        assert connection.execute(
            "select rows_found, rows_loaded, rows_quarantined from ops.loads"
            " where source = 'corrections'"
        ).fetchall() == [(14, 14, 0)]
    assert load_workbook(path).sheetnames == ["Übersicht", "_"]
    assert "Dafür reichen die Daten: Regeln." in write_report(built).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, built: Settings) -> Settings:
    """The marts of `built` with no industry, size or ticket's customer, and the list for them."""
    settings = built.model_copy(update={"home": tmp_path_factory.mktemp("measured")})
    with open_warehouse(settings) as connection:
        connection.execute(f"attach '{built.warehouse}' as built (read_only)")
        for (table,) in connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where database_name ="
            " 'built' and (schema_name = 'marts' or table_name = 'free_mail_domains')"
        ).fetchall():
            connection.execute(f"create schema if not exists {table.split('.')[0]}")
            connection.execute(f"create table {table} as from built.{table}")
        connection.execute("update marts.customers set industry = null, employees = null")
        connection.execute("update marts.tickets set customer_id = null")
    assess(settings)
    write_to_do(settings)
    return settings


@pytest.fixture
def home(tmp_path: Path, measured: Settings) -> Settings:
    settings = measured.model_copy(update={"home": tmp_path})
    shutil.copy(measured.warehouse, settings.warehouse)
    shutil.copytree(measured.review, settings.review)
    settings.inbox.mkdir()
    return settings


def test_what_fits_no_cell_comes_back_with_its_reason_beside_it(home, caplog):
    path = home.review / "to_do.xlsx"
    fill(
        path, {("Kunden", "Bau Süd", "Beschäftigte"): "viele", ("Kunden", "Bau Süd", "Bra"): "Bau"}
    )
    for nth in range(3):  # night after night the same, and nothing is counted twice
        assert write_to_do(home) == path
        header, rows = read(path, "Kunden")
        row = dict(zip(header, rows[0], strict=True))
        assert row["Name"] == "Bau Süd"
        assert row["Beschäftigte (bitte ausfüllen)"] == "viele"
        assert row["Nicht übernommen, weil"] == "„viele“ ist keine ganze Zahl."
        assert not row["Branche (bitte ausfüllen)"]
        sheet = load_workbook(path)["Kunden"]
        cells = {str(cell.value).split()[0]: cell.column for cell in sheet[1]}
        assert sheet.cell(2, cells["Beschäftigte"]).fill.fgColor.rgb[2:] == "FBE0D6", nth
        later = path.stat().st_mtime + 86400 * (nth + 1)
        os.utime(path, (later, later))
    with open_warehouse(home) as connection:
        assert connection.execute("select column_name, value from ops.corrections").fetchall() == [
            ("industry", "Bau")
        ]
        ((raw, de, en),) = connection.execute(
            "select raw_text, reason_de, reason_en from ops.quarantine"
        ).fetchall()
        assert raw == "viele"
        assert "„viele“ ist keine ganze Zahl" in de
        assert "no whole number" in en
        assert connection.execute(
            "select rows_found, rows_loaded, rows_quarantined from ops.loads"
        ).fetchall() == [(2, 1, 1)]
        assert connection.execute("select taken, refused from ops.receipts").fetchall() == [(1, 1)]
    assert caplog.text.count("keine ganze Zahl") == 1  # said once; it stands in each list
    said = "Aus Ihrer To-do-Liste (Nacht zum 02.03.2026): 1 Angabe übernommen, 1 abgelehnt."
    assert read(path, "Übersicht")[1][-1][1].startswith(said)
    assert said in write_report(home).read_text(encoding="utf-8")
    fill(path, {("Kunden", "Bau Süd", "Beschäftigte"): None})
    assert write_to_do(home) == path
    with open_warehouse(home) as connection:
        for table in ("quarantine", "refused_cells"):
            assert connection.execute(f"select count(*) from ops.{table}").fetchone() == (0,)
    # What is filled in is no gap any more, although the marts do not know it yet.
    sheet = load_workbook(path)["Kunden"]
    (row,) = [row for row in sheet.iter_rows(min_row=2) if row[0].value == "Bau Süd"]
    assert [cell.fill.fgColor.rgb[2:] for cell in row[3:5]] == ["E4E7EB", "FFF8E1"]


def test_a_refused_cell_of_a_copy_in_the_inbox_is_settled_by_the_next_list(home):
    path = home.review / "to_do.xlsx"
    copy = home.inbox / "to_do (1).xlsx"
    shutil.copy(path, copy)
    fill(copy, {("Kunden", "Bau Süd", "Beschäftigte"): "viele"})
    assert write_to_do(home) == path
    assert write_to_do(home) == path  # what came back from the copy is not refused a second time
    with open_warehouse(home) as connection:
        assert connection.execute("select file from ops.quarantine").fetchall() == [(copy.name,)]
    fill(path, {("Kunden", "Bau Süd", "Beschäftigte"): 40}, hours=9)
    assert write_to_do(home) == path
    assert corrections(home) == [("erp:1", "employees", "40")]
    assert write_to_do(home) == path
    with open_warehouse(home) as connection:
        for table in ("quarantine", "refused_cells"):
            assert connection.execute(f"select count(*) from ops.{table}").fetchone() == (0,)
    assert "Nicht übernommen, weil" not in read(path, "Kunden")[0]


def test_the_receipt_tells_the_stages_that_the_filled_cells_moved(home):
    with open_warehouse(home) as connection:
        connection.execute("update ops.maturity_stages set stage = 0, measured_stage = 0")
    fill(home.review / "to_do.xlsx", {("Kunden", "Bau Süd", "Branche"): "Bau"})
    with open_warehouse(home) as connection:
        take_corrections(connection, home)
        connection.execute("update ops.maturity_stages set stage = 1, measured_stage = 1")
        take_corrections(connection, home)
    page = write_report(home).read_text(encoding="utf-8")
    # Two uses read the industry; that the third one moved has another cause.
    assert "1 Angabe übernommen, Ansprache 0 → 1, Ansprache 0 → 1." in page
    assert "1 value taken over, Outreach 0 → 1, Outreach 0 → 1." in page
    assert "abgelehnt" not in page


def test_gaps_that_hold_up_no_stage_can_be_filled_too(home):
    for name in USE_CASES:
        case = use_case(("customers.industry",))
        case["stages"][1]["expectations"][0]["mostly"] = 0.2
        folder = home.home / "expectations"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.yml").write_text(yaml.safe_dump(case))
    with open_warehouse(home) as connection:
        connection.execute(
            "update marts.customers set industry = case when name = 'Bau Süd' then 'Bau' end"
        )
    settings = home.model_copy(update={"expectations": home.home / "expectations"})
    assert {found.stage for found in assess(settings)} == {1}
    path = write_to_do(settings)
    header, rows = read(path, "Kunden")
    assert len(rows) == 4
    assert rows[0][header.index("Hilft für Stufe")] == "macht genauer: Ansprache"
    assert read(path, "Übersicht")[1][0][1].startswith("Übrige Lücken")


def test_a_list_in_the_inbox_counts_and_the_newer_word_holds(home):
    path = home.review / "to_do.xlsx"
    older, newer = home.inbox / "to_do (1).xlsx", home.inbox / "anna" / "To_Do.xlsx"
    newer.parent.mkdir()
    for copy in (older, newer):
        copy.write_bytes(path.read_bytes())
    fill(older, {("Kunden", "Bau Süd", "Branche"): "Bau", ("Kunden", "Druck Ost", "Bra"): "Druck"})
    fill(newer, {("Kunden", "Bau Süd", "Branche"): "Tiefbau"}, hours=2)
    for _ in range(2):  # a second time changes nothing
        with open_warehouse(home) as connection:
            take_corrections(connection, home)
            assert connection.execute(
                "select record_id, value from ops.corrections order by 1"
            ).fetchall() == [("erp:1", "Tiefbau"), ("erp:3", "Druck")]
            assert connection.execute("select count(*) from ops.loads").fetchone() == (2,)


def test_a_file_that_is_no_workbook_is_told_and_stays(home, caplog):
    path = home.review / "to_do.xlsx"
    path.write_bytes(b"PK no zip")
    assert write_to_do(home) is None
    assert path.read_bytes() == b"PK no zip"
    assert "lässt sich nicht lesen" in caplog.text


def corrections(home: Settings) -> list[tuple[str, str, str]]:
    with open_warehouse(home) as connection:
        return connection.execute(
            "select record_id, column_name, value from ops.corrections order by all"
        ).fetchall()


def test_what_was_refused_is_taken_over_once_it_fits(home):
    ticket = ("Tickets", "Lager heiß", "Kundennummer")
    path = home.review / "to_do.xlsx"
    fill(path, {ticket: "C0123456789", ("Kunden", "Bau Süd", "Branche"): "Bau"})
    assert write_to_do(home) == path
    assert corrections(home) == [("erp:1", "industry", "Bau")]
    with open_warehouse(home) as connection:
        connection.execute(
            "update marts.customer_records set customer_id = 'C0123456789'"
            " where record_id = 'erp:4'; delete from ops.corrections"
        )
    assert write_to_do(home) == path
    # What was taken over before is not said again: its row may have been deleted on purpose.
    assert corrections(home) == [("t:1", "customer_id", "erp:4")]
    with open_warehouse(home) as connection:
        assert connection.execute("select count(*) from ops.quarantine").fetchone() == (0,)


def test_a_customer_that_merged_since_does_not_hold_up_the_list(home):
    with open_warehouse(home) as connection:
        (customer_id,) = connection.execute(
            "select customer_id from marts.customer_records where record_id = 'erp:4'"
        ).fetchone()
    path = home.review / "to_do.xlsx"
    fill(path, {("Tickets", "Lager heiß", "Kundennummer"): customer_id})
    with open_warehouse(home) as connection:
        assert take_corrections(connection, home)[0].values == 1
        connection.execute("delete from marts.customer_records where record_id = 'erp:4'")
    assert write_to_do(home) == path


def test_a_list_is_read_before_the_first_build(home, tmp_path):
    path = home.review / "to_do.xlsx"
    fill(path, {("Tickets", "Lager heiß", "Kundennummer"): "C0123456789"})
    empty = home.model_copy(update={"home": tmp_path / "new"})
    shutil.copytree(home.review, empty.review)
    with open_warehouse(empty) as connection:
        (taken,) = take_corrections(connection, empty)
    assert taken.refused == ("Tickets, Zeile 2: Den Kunden „C0123456789“ gibt es nicht.",)


def test_two_words_about_one_field_in_one_list_are_told(home):
    path = home.review / "to_do.xlsx"
    book = load_workbook(path)
    sheet = book["Kunden"]
    bau = next(row for row in sheet.iter_rows(min_row=2) if row[0].value == "Bau Süd")
    bau[3].value = "Bau"
    sheet.append([cell.value for cell in bau])
    sheet.cell(sheet.max_row, 4).value = "Tiefbau"
    book.save(path)
    assert write_to_do(home) is None
    assert corrections(home) == [("erp:1", "industry", "Bau")]
    with open_warehouse(home) as connection:
        ((said,),) = connection.execute("select reason_de from ops.quarantine").fetchall()
    assert said == (
        f"Kunden, Zeile 7, Branche: „Tiefbau“ widerspricht Zeile {bau[0].row} mit demselben"
        " Datensatz."
    )


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("heading", "„Bau“ steht in einer Spalte, die nicht zur Liste gehört („Branchen“)"),
        ("keys", "Dem Blatt Kunden fehlt die Spalte „Schlüssel“"),
        ("title", "Das Blatt „Meine Kunden“ gehört nicht zur Liste"),
    ],
)
def test_what_was_filled_in_beside_the_list_is_told_and_stays(home, caplog, spoil, said):
    path = home.review / "to_do.xlsx"
    fill(path, {("Kunden", "Bau Süd", "Branche"): "Bau"})
    book = load_workbook(path)
    sheet = book["Kunden"]
    if spoil == "heading":
        sheet["D1"] = "Branchen"
    elif spoil == "keys":
        sheet.delete_cols(8)
    else:
        sheet.title = "Meine Kunden"
    book.save(path)
    content = path.read_bytes()
    assert write_to_do(home) is None
    assert path.read_bytes() == content
    assert [said in record.message for record in caplog.records].count(True) == 1
    assert "\n" not in caplog.records[0].message


def test_an_emptied_sheet_and_a_line_above_the_headings_are_no_trouble(home):
    path = home.review / "to_do.xlsx"
    fill(path, {("Kunden", "Bau Süd", "Branche"): "Bau"})
    book = load_workbook(path)
    book["Tickets"].delete_rows(1, 9)
    book["Kunden"].insert_rows(1)
    book["Kunden"]["A1"] = "Bitte bis Freitag"
    book.save(path)
    later = path.stat().st_mtime + 7200
    os.utime(path, (later, later))
    assert write_to_do(home) == path
    assert corrections(home) == [("erp:1", "industry", "Bau")]


def test_a_list_of_the_inbox_counts_however_its_name_is_written(home):
    path = home.review / "to_do.xlsx"
    fill(path, {("Kunden", "Bau Süd", "Branche"): "Bau"})
    path.rename(home.inbox / "TO_DO.XLSX")
    with open_warehouse(home) as connection:
        take_corrections(connection, home)
    assert corrections(home) == [("erp:1", "industry", "Bau")]


def test_spreadsheets_keep_what_is_typed(home):
    sheet = load_workbook(home.review / "to_do.xlsx")["Kunden"]
    formats = {str(cell.value).split()[0]: sheet.cell(2, cell.column).number_format
               for cell in sheet[1]}  # fmt: skip
    assert formats["Branche"] == "@"
    assert formats["Beschäftigte"] == "General"


def test_a_hidden_key_makes_no_row_higher():
    line = Line("T1", record="service_tickets:T-2026-000123", name="Mangel", shown=("2026-11-30",))
    line.keeps["category"].add("Sentiment")
    book = make_book(Words("en"), ([], {}, ""), {"tickets": {"T1": line}}, {})
    assert book["Tickets"].row_dimensions[2].height == LINE_POINTS + 4
