"""The review list: written, filled by people, read back, never overwritten unread."""

import os
from datetime import UTC, date, datetime, timedelta

import pytest
from openpyxl import load_workbook

from config import Settings
from config.language import use_language
from identity import memory
from identity.doubts import rules
from identity.review_list import NAMES, VERDICTS
from identity.reviewing import renew_list, take_lists
from warehouse import open_warehouse

NIGHT = date(2026, 1, 5)
NOON = datetime(2026, 1, 6, 12, tzinfo=UTC)
RECORDS = [
    ("crm:1", "Mueller Antriebstechnik", "Hauptstr. 12", "70173", "Stuttgart", "0711 1234560"),
    ("erp:1", "Müller Antriebstechnik GmbH & Co. KG", "Hauptstraße 12", "70174", "Stuttgart", None),
    ("erp:2", "Kraft & Söhne OHG", "Werkstraße 3", "89073", "Ulm", "0731 44550"),
    ("erp:3", "Kraft Verwaltung", None, None, "Ulm", "0731 44551"),
]
EVIDENCE = ("Name fast gleich (+6,2), Ort gleich (+2,1)", "Name almost the same (+6.2)")


@pytest.fixture
def connection(tmp_path):
    """A warehouse as a build leaves it: four records, two doubts."""
    with open_warehouse(Settings(home=tmp_path)) as connection:
        connection.execute("create schema intermediate")
        connection.execute(
            "create table intermediate.int_company_records (record_id varchar, name varchar,"
            " street varchar, postcode varchar, city varchar, phone varchar, country varchar,"
            " email varchar, website varchar, vat_id varchar, registration_no varchar)"
        )
        connection.executemany(
            "insert into intermediate.int_company_records (record_id, name, street, postcode, city,"
            " phone) values (?, ?, ?, ?, ?, ?)",
            RECORDS,
        )
        connection.execute(
            "create table intermediate.int_companies_resolved as select record_id,"
            " 'C' || record_id as customer_id, 1.0 as probability, case record_id"
            " when 'crm:1' then [{'record_id': 'erp:1', 'probability': 0.6, 'evidence_de': $de,"
            " 'evidence_en': $en}] when 'erp:2' then [{'record_id': 'erp:3', 'probability': 0.5,"
            " 'evidence_de': $de, 'evidence_en': $en}] end as doubts"
            " from intermediate.int_company_records",
            dict(zip(("de", "en"), EVIDENCE, strict=True)),
        )
        connection.execute(
            "create table intermediate.int_persons_resolved"
            " (record_id varchar, person_id varchar, contact_id varchar)"
        )
        connection.execute(
            "create table intermediate.int_customer_ids_changed as from ops.customer_id_changes"
        )
        connection.execute(
            "create table intermediate.int_order_lines_linked as select 'erp:3' as"
            " company_record_id, unnest(range(20)) as order_id"
        )
        yield connection


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "review"


def end_of_build(connection, folder, language="de"):
    use_language(language)
    memory.remember_customers(connection, NIGHT)
    renew_list(connection, folder, NIGHT)


def listed(path):
    header, *rows = load_workbook(path).active.iter_rows(values_only=True)
    return header, rows


def fill(path, entries, days=0):
    book = load_workbook(path)
    for cell, value in entries.items():
        book.active[cell] = value
    book.properties.lastModifiedBy = "Anna"
    book.save(path)
    saved = (NOON + timedelta(days=days)).timestamp()
    os.utime(path, (saved, saved))


def said(connection):
    return [made[:3] for made in memory.read_decisions(connection)]


def test_the_list_shows_both_records_line_by_line_what_matters_most_first(connection, folder):
    end_of_build(connection, folder)
    header, rows = listed(folder / "identitaet_pruefen.xlsx")
    assert header[0] == "Entscheidung"
    assert [row[-2:] for row in rows] == [("erp:2", "erp:3"), ("crm:1", "erp:1")]
    _, a, b, probability, state, evidence, note, *_ = rows[1]
    assert a.splitlines() == [
        "Mueller Antriebstechnik", "Hauptstr. 12", "70173 Stuttgart", "0711 1234560",
    ]  # fmt: skip
    assert len(b.splitlines()) == len(a.splitlines())
    assert b.endswith("–")
    assert (probability, state, note) == (0.6, "zwei Kunden", None)
    assert evidence.splitlines() == ["Name fast gleich (+6,2)", "Ort gleich (+2,1)"]
    end_of_build(connection, folder, "en")
    assert listed(folder / "identity_review.xlsx")[0][0] == "Decision"


def test_names_that_no_workbook_holds_or_takes_for_formulas(connection, folder):
    connection.execute(
        "update intermediate.int_company_records set name = case record_id when 'erp:2' then"
        " 'Kraft' || chr(1) || ' OHG' when 'erp:3' then '=1+1 Verwaltung' else name end"
    )
    end_of_build(connection, folder)
    sheet = load_workbook(folder / "identitaet_pruefen.xlsx").active
    assert sheet["B2"].value.startswith("Kraft OHG")
    assert sheet["C2"].value.startswith("=1+1 Verwaltung")
    assert sheet["C2"].data_type == "s"


@pytest.mark.parametrize(
    ("language", "max_kept", "told"),
    [
        ("de", 10, "Weitere fragliche Paare: 1. Sie folgen, wenn über diese entschieden ist."),
        ("de", 2, "Weitere fragliche Paare: mindestens 1. Sie folgen, wenn über diese"),
        ("en", 2, "Further pairs in doubt: at least 1. They follow when these are decided."),
    ],
)
def test_no_more_is_asked_than_somebody_answers_and_the_rest_is_told(
    connection, folder, monkeypatch, caplog, language, max_kept, told
):
    monkeypatch.setitem(rules(), "max_asked", 1)
    monkeypatch.setitem(rules(), "max_kept", max_kept)
    with caplog.at_level("INFO"):
        end_of_build(connection, folder, language)
    path = folder / NAMES[language]
    asked, note = listed(path)[1]
    assert asked[-2:] == ("erp:2", "erp:3")
    assert note[1].startswith(told)
    assert f"{path.name}: " in caplog.text
    assert told in caplog.text
    assert take_lists(connection, folder)[path.name] == (0, [])
    fill(path, {"A2": "gleich"})
    end_of_build(connection, folder, language)  # reads it
    end_of_build(connection, folder, language)
    assert [row[-2:] for row in listed(path)[1]] == [("crm:1", "erp:1")]


@pytest.mark.parametrize(
    ("language", "offered", "asked", "state"),
    [
        ("de", "gleich,verschieden", "Ein Kunde oder zwei?", "zwei Kunden"),
        ("en", "same,different", "One customer or two?", "two customers"),
    ],
)
def test_decisions_can_be_chosen_in_the_sheet(connection, folder, language, offered, asked, state):
    end_of_build(connection, folder, language)
    sheet = load_workbook(folder / NAMES[language]).active
    (choice,) = sheet.data_validations.dataValidation
    assert choice.formula1 == f'"{offered}"'
    assert [VERDICTS[word] for word in offered.split(",")] == ["same", "different"]
    assert choice.promptTitle == asked
    assert {row[4] for row in listed(folder / NAMES[language])[1]} == {state}
    assert str(choice.sqref) == "A2:A3"
    assert sheet.freeze_panes == "B2"


def test_what_is_filled_in_is_taken_over_once_and_leaves_the_list(connection, folder):
    path = folder / "identitaet_pruefen.xlsx"
    end_of_build(connection, folder)
    fill(path, {"A2": "verschieden", "A3": " Gleich "})
    assert take_lists(connection, folder)[path.name] == (2, [])
    assert take_lists(connection, folder)[path.name] == (0, [])
    assert said(connection) == [("crm:1", "erp:1", "same"), ("erp:2", "erp:3", "different")]
    assert connection.sql("select distinct decided_by from ops.identity_decisions").fetchall() == [
        ("Anna",)
    ]
    end_of_build(connection, folder)
    assert listed(path)[1] == []


def test_what_is_filled_in_while_the_night_runs_is_read_before_the_list_is_written(
    connection, folder
):
    path = folder / "identitaet_pruefen.xlsx"
    end_of_build(connection, folder)
    fill(path, {"A2": "verschieden"})
    end_of_build(connection, folder)
    assert said(connection) == [("erp:2", "erp:3", "different")]
    end_of_build(connection, folder)
    assert [row[-2:] for row in listed(path)[1]] == [("crm:1", "erp:1")]


def test_what_was_taken_back_stays_so_although_the_list_still_says_it(connection, folder):
    path = folder / "identitaet_pruefen.xlsx"
    end_of_build(connection, folder)
    fill(path, {"A2": "gleich"})
    take_lists(connection, folder)
    memory.undo(connection, ("erp:2", "erp:3"), (NOON + timedelta(hours=1)).replace(tzinfo=None))
    assert take_lists(connection, folder)[path.name].decisions == 0
    assert said(connection) == []


@pytest.mark.parametrize(
    ("entries", "decisions", "problem"),
    [
        ({"A2": "gleich", "A3": "vielleicht"}, 1, "Zeile 3: „vielleicht“ heißt weder"),
        ({"A2": "gleich", "A3": "gleich", "I3": None}, 1, "Zeile 3: der Schlüssel"),
        ({"A2": "gleich", "A3": "gleich", "I3": "erp:404"}, 1, "crm:1 und erp:404: einen davon"),
        ({"A2": "gleich", "A1": "Meinung"}, 0, "Spalten Entscheidung, Schlüssel A"),
    ],
)
def test_a_list_wrongly_filled_is_told_and_stays(
    connection, folder, caplog, entries, decisions, problem
):
    path = folder / "identitaet_pruefen.xlsx"
    end_of_build(connection, folder)
    fill(path, entries)
    filled = path.read_bytes()
    found = take_lists(connection, folder)[path.name]
    assert found.decisions == len(said(connection)) == decisions
    assert len(found.problems) == 1
    assert problem in found.problems[0]
    assert "\n" not in found.problems[0]
    end_of_build(connection, folder)
    assert path.read_bytes() == filled
    assert "bleibt stehen" in caplog.text
    assert problem not in caplog.text  # told once, where the lists are taken over before a build


def test_a_file_that_is_no_workbook_is_told_and_stays(connection, folder):
    path = folder / "identitaet_pruefen.xlsx"
    folder.mkdir()
    path.write_bytes(b"PK no zip")
    end_of_build(connection, folder)
    assert path.read_bytes() == b"PK no zip"


def test_a_contradiction_is_listed_first_with_all_that_belongs_to_it(connection, folder):
    end_of_build(connection, folder)
    at = NOON.replace(tzinfo=None)
    for minute, (a, b, verdict) in enumerate(
        [
            ("crm:1", "erp:1", "same"),
            ("erp:1", "erp:2", "same"),
            ("crm:1", "erp:2", "different"),
        ]
    ):
        memory.decide(connection, (a, b), verdict, "Anna", at + timedelta(minutes=minute))
    end_of_build(connection, folder)
    rows = listed(folder / "identitaet_pruefen.xlsx")[1]
    assert [row[-2:] for row in rows[:3]] == [
        ("crm:1", "erp:1"),
        ("crm:1", "erp:2"),
        ("erp:1", "erp:2"),
    ]
    note = "crm:1 ≠ erp:2, aber crm:1 = erp:1 und erp:1 = erp:2"
    assert [(row[6] or "").split(": ", 1)[-1] for row in rows] == [note, note, note, ""]


def test_nothing_to_review_writes_no_list(connection, folder):
    connection.execute("update intermediate.int_companies_resolved set doubts = null")
    end_of_build(connection, folder)
    assert not folder.exists()
