"""What people answer on the day's list, and how a list is known again."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from openpyxl import Workbook, load_workbook

from ingest.loading.inbox import inbox_paths
from nights.building import build, take_decisions
from report.calls import write_call_lists
from report.calls.answers import read_answers
from report.words import Words
from tests.report.call_company import (
    FEEDBACK,
    answer,
    ask,
    customers,
    folder,
    later,
    names,
    open_list,
)
from tests.workbooks.saving import KINDS, save_as
from workbooks.call_list import FEEDBACKS, KEYS, is_call_list


def test_feedback_from_the_list_pauses_the_customer_and_becomes_an_interaction(settings):
    write_call_lists(settings)
    path = folder(settings) / "Anna Berger.xlsx"
    answer(
        path,
        {"Bau Süd": ("angerufen", None), "Chemie West": ("Hinweis stimmt nicht", "Firma ist zu")},
    )
    write_call_lists(settings)
    assert names(path) == ["=SUM(1;2)"]
    # the customer rests on every list, with all that is known of it
    assert names(folder(settings) / "Bodo Klein.xlsx") == ["Druck Ost"]
    said = {(kind, note) for kind, note, *_ in ask(settings, FEEDBACK)}
    assert said == {("called", None), ("wrong", "Firma ist zu")}
    build(settings)
    (found,) = ask(
        settings,
        "select customer_id, detail from marts.interactions"
        " where kind = 'score_feedback' and detail = 'called'",
    )
    assert found == (customers(settings)[2], "called")
    # two weeks later it is there again, and says so; what was called wrong still rests
    after = later(settings, 15)
    build(after)
    write_call_lists(after)
    assert names(path) == ["Bau Süd", "=SUM(1;2)"]
    assert "Rückmeldung" in open_list(path)[1][0]["Zuletzt"]


def test_a_list_may_be_renamed_sorted_anew_and_dropped_into_the_inbox(settings):
    write_call_lists(settings)
    dropped = settings.inbox / "sub" / "liste von gestern (2).xlsx"
    dropped.parent.mkdir()
    shutil.copy2(folder(settings) / "Anna Berger.xlsx", dropped)
    answer(dropped, {"Bau Süd": ("CALLED", "nächste Woche")})  # in the other language, by hand
    book = load_workbook(dropped)
    sheet = book.worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4, max_row=6)]
    for place, row in enumerate(reversed(rows), start=4):
        for column, value in enumerate(row, start=1):
            sheet.cell(place, column).value = value
    sheet.insert_rows(1)
    at = dropped.stat().st_mtime
    book.save(dropped)
    os.utime(dropped, (at, at))
    assert inbox_paths(settings.inbox) == []  # read here, not as a source
    take_decisions(settings)
    assert [row[:2] for row in ask(settings, FEEDBACK)] == [("called", "nächste Woche")]
    before = ask(settings, FEEDBACK)
    dropped.touch()
    take_decisions(settings)
    assert ask(settings, FEEDBACK) == before  # the same word again, even from a newer file
    write_call_lists(settings)
    assert "Bau Süd" not in names(folder(settings) / "Anna Berger.xlsx")


def test_a_newer_word_replaces_the_older_one_and_an_older_file_changes_nothing(settings):
    write_call_lists(settings)
    path = folder(settings) / "Bodo Klein.xlsx"
    for name, hours, kind in (("a.xlsx", 2, "jetzt nicht"), ("b.xlsx", 1, "angerufen")):
        shutil.copy2(path, settings.inbox / name)
        answer(settings.inbox / name, {"Druck Ost": (kind, None)}, hours)
    take_decisions(settings)
    assert [row[0] for row in ask(settings, FEEDBACK)] == ["not_now"]
    take_decisions(settings)
    assert [row[0] for row in ask(settings, FEEDBACK)] == ["not_now"]


def test_what_can_not_be_taken_over_is_told_on_the_next_list_and_in_quarantine(settings, caplog):
    write_call_lists(settings)
    path = folder(settings) / "Anna Berger.xlsx"
    answer(path, {"Bau Süd": ("rief zurück", None), "Chemie West": (None, "im Urlaub")})
    done = write_call_lists(settings)
    assert [len(one.refused) for one in done.answered if one.path == path] == [2]
    assert names(path)[:2] == ["Bau Süd", "Chemie West"]  # not answered, so still there
    sheet, _ = open_list(path)
    told = [str(cell.value) for cell in sheet["A"] if str(cell.value).startswith("Nicht über")]
    assert told == [
        "Nicht übernommen aus Anna Berger.xlsx: Zeile 4: „rief zurück“ ist keine der Rückmeldungen"
        " zur Auswahl.",
        "Nicht übernommen aus Anna Berger.xlsx: Zeile 5: eine Notiz ohne Rückmeldung („im"
        " Urlaub“); bitte auch eine Rückmeldung wählen.",
    ]
    assert "rief zurück" in caplog.text
    assert ask(settings, "select count(*) from ops.quarantine") == [(2,)]
    write_call_lists(settings)  # once is enough
    assert ask(settings, "select count(*) from ops.quarantine") == [(0,)]


@pytest.mark.parametrize("damage", ["keys", "content"])
def test_a_list_that_can_not_be_read_is_told_and_the_night_goes_on(settings, caplog, damage):
    write_call_lists(settings)
    dropped = settings.inbox / "kaputt.xlsx"
    shutil.copy2(folder(settings) / "Anna Berger.xlsx", dropped)
    if damage == "keys":
        book = load_workbook(dropped)
        book.worksheets[0].delete_cols(14)
        book.save(dropped)
    else:
        content = dropped.read_bytes()
        start = content.index(b"xl/worksheets/sheet1.xml") + 60
        dropped.write_bytes(content[:start] + b"x" * 200 + content[start + 200 :])
    assert is_call_list(dropped)
    write_call_lists(settings)
    assert "kaputt.xlsx" in caplog.text
    assert names(folder(settings) / "Anna Berger.xlsx")[0] == "Bau Süd"


def test_no_other_workbook_is_taken_for_a_list(settings):
    other = settings.inbox / "Anna Berger.xlsx"
    Workbook().save(other)
    (settings.inbox / "text.xlsx").write_text("no workbook")
    (settings.inbox / "gone.xlsx").symlink_to(settings.inbox / "nowhere")
    assert not is_call_list(other)
    assert len(inbox_paths(settings.inbox)) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_saved_in_another_format_is_read_as_well(settings, kind):
    write_call_lists(settings)
    dropped = settings.inbox / "Liste.xlsx"
    shutil.copy2(folder(settings) / "Anna Berger.xlsx", dropped)
    answer(dropped, {"Bau Süd": ("angerufen", "geht; Ö, ß")})
    save_as(dropped, kind)
    dropped.unlink()
    assert inbox_paths(settings.inbox) == []  # read here, not as a source
    take_decisions(settings)
    assert [row[:2] for row in ask(settings, FEEDBACK)] == [("called", "geht; Ö, ß")]


@pytest.mark.parametrize(
    "text",
    [
        "Kunde;Rückmeldung;Schlüssel\nBau Süd;gut;4711\n",
        "Kunde;Notiz\nBau Süd;churn:C1:2026-03-02\n",
        "Rückmeldung;Schlüssel\n",
        "",
    ],
)
def test_no_other_text_is_taken_for_a_list(settings, text):
    other = settings.inbox / "Anna Berger.csv"
    other.write_text(text, encoding="utf-8")
    assert not is_call_list(other)
    assert inbox_paths(settings.inbox) == [other]


def test_a_list_as_text_is_known_by_the_headings_that_lists_have():
    for name, known in (("calls_feedback", FEEDBACKS), ("calls_key", KEYS)):
        assert {Words(language)(name) for language in ("de", "en")} == set(known)


def test_what_libreoffice_makes_of_a_list_is_known_again(settings, tmp_path):
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not installed")
    write_call_lists(settings)
    path = folder(settings) / "Anna Berger.xlsx"
    answer(path, {"Bau Süd": ("angerufen", "geht; Ö, ß")})
    for kind in ("ods", "csv"):
        home = f"-env:UserInstallation=file://{tmp_path / 'office'}"
        command = [
            office,
            home,
            "--headless",
            "--convert-to",
            kind,
            "--outdir",
            str(tmp_path),
            path,
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        saved = tmp_path / f"Anna Berger.{kind}"
        assert is_call_list(saved)
        found = [(one.feedback, one.note) for one in read_answers(saved)]
        assert found == [("angerufen", "geht; Ö, ß")]
