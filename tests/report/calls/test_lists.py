"""The day's list: who stands on it in which order, and how it looks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from openpyxl import Workbook, load_workbook

from config import ConfigurationError
from report.calls import write_call_lists
from report.calls.settings import load_lists
from report.calls.station import file_stem
from tests.report.call_company import (
    CHURN,
    answer,
    ask,
    change_lists,
    customers_of,
    folder,
    names,
    open_list,
    put_scores,
)
from warehouse import open_warehouse
from workbooks.call_list import MARK


def test_each_account_manager_has_a_list_by_expected_worth(settings):
    done = write_call_lists(settings)
    assert [one.title for one in done.written] == [
        "Tagesliste: Anna Berger", "Tagesliste: Bodo Klein", "Tagesliste: Kunden ohne Zuständigen"
    ]  # fmt: skip
    # 36,000 and 12,000 at stake before the most probable of all, worth 300 a year; nobody who is
    # unlikely to leave, nobody who objected, however much is at stake
    assert names(folder(settings) / "Anna Berger.xlsx") == ["Bau Süd", "Chemie West", "=SUM(1;2)"]
    # churn and leads on one list; the lead is its owner's, the customer its account manager's
    assert names(folder(settings) / "Bodo Klein.xlsx") == ["Chemie West", "Druck Ost"]
    assert names(folder(settings) / "ohne Zuständigen.xlsx") == ["Eisen Mitte"]


def test_a_row_says_whom_to_call_and_why(settings):
    write_call_lists(settings)
    _, (row, *_) = open_list(folder(settings) / "Anna Berger.xlsx")
    assert row["Kunden-Nr."] == "10002"
    assert row["Kunde"] == "Bau Süd\n50667 Köln"
    assert row["Ansprechpartner, Telefon"] == "Öz Kaya\nEinkauf\n+49 221 4711"  # not who has left
    assert row["Hinweis"] == "Abwanderungsrisiko\n40 Punkte (mittel)"
    assert row["Gründe"] == "+ Seit 90 Tagen nichts\n+ Wenig Interesse\n− Groß"
    assert (row["Es geht um €"], row["davon erwartet €"]) == (90_000, 36_000)
    assert row["Zuletzt"] == (
        "Bestellung 01.12.2025, vor 90 Tagen, üblich alle 30 Tage\nKontakt 10.02.2026: Messebesuch"
    )
    assert row["Offen"] == "1 Ticket"
    assert row["Vorschlag"].startswith("Vor dem Anruf den Stand der offenen Tickets holen (1)")
    _, (lead, *_) = open_list(folder(settings) / "Bodo Klein.xlsx")
    assert lead["Hinweis"] == "Abschlusswahrscheinlichkeit\n50 Punkte (hoch)\n„Getriebe“"
    assert lead["Offen"] == "1 Angebot (30.000 €)"
    assert (
        lead["Vorschlag"]
        == "„Getriebe“: nach dem Termin der Entscheidung fragen und was noch fehlt"
    )


def test_the_list_is_one_page_of_a4_with_a_choice_and_no_cell_is_a_formula(settings):
    write_call_lists(settings)
    sheet, rows = open_list(folder(settings) / "Anna Berger.xlsx")
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 1)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.freeze_panes == "D4"
    assert sheet.auto_filter.ref == f"A3:N{3 + len(rows)}"
    (choice,) = sheet.data_validations.dataValidation
    assert choice.formula1 == f"'{MARK}'!$A$1:$A$6"
    assert str(choice.sqref) == f"L4:L{3 + len(rows)}"
    values = load_workbook(folder(settings) / "Anna Berger.xlsx")[MARK]
    assert values.sheet_state == "hidden"
    assert [cell.value for cell in values["A"]] == [
        "angerufen", "nicht erreicht", "jetzt nicht", "zurückgewonnen / Auftrag", "verloren",
        "Hinweis stimmt nicht",
    ]  # fmt: skip
    assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert "=SUM(1;2)\n50667 Köln" in [row["Kunde"] for row in rows]
    assert sheet.column_dimensions["N"].hidden
    assert oct((folder(settings) / "Anna Berger.xlsx").stat().st_mode)[-3:] == "600"


def test_no_more_rows_than_set_and_a_name_written_otherwise_is_one_person(settings):
    change_lists(settings, rows_per_person=2, names={"bodo klein": "Anna Berger"})
    done = write_call_lists(settings)
    assert names(folder(settings) / "Anna Berger.xlsx") == ["Bau Süd", "Chemie West"]
    assert done.written[0].found.candidates == 4  # Chemie West once, though lead and customer
    assert not (folder(settings) / "Bodo Klein.xlsx").exists()
    sheet, _ = open_list(folder(settings) / "Anna Berger.xlsx")
    assert sheet["A2"].value == "Probe · 02.03.2026 · 2 von 4 Kunden mit einem Hinweis"


def test_points_of_rules_order_the_list_and_it_says_so(settings):
    put_scores(settings, method="rules")
    write_call_lists(settings)
    assert names(folder(settings) / "Anna Berger.xlsx") == ["Bau Süd", "Chemie West", "=SUM(1;2)"]
    sheet, rows = open_list(folder(settings) / "Anna Berger.xlsx")
    assert "davon erwartet €" not in rows[0]  # points of rules are no probability
    told = [cell.value for cell in sheet["A"] if cell.value]
    assert any("Regeln" in str(text) and "Betrag × Punkte / 100" in str(text) for text in told)
    put_scores(settings, method="rules", amounts=False)
    write_call_lists(settings)  # without any amount by points alone
    assert names(folder(settings) / "Anna Berger.xlsx") == ["=SUM(1;2)", "Chemie West", "Bau Süd"]


def test_where_a_score_names_no_worth_turnover_counts_and_else_the_median(settings):
    with open_warehouse(settings) as connection:
        connection.execute("update ops.scores set amount = null, expected_amount = null")
        ids = customers_of(connection)
        for number, turnover in ((1, 400.0), (2, 70_000.0), (3, -5.0)):
            connection.execute(
                "update intermediate.int_customers_summarised set net_amount_12_months = ?"
                " where customer_id = ?",
                [turnover, ids[number]],
            )
    write_call_lists(settings)
    rows = open_list(folder(settings) / "Anna Berger.xlsx")[1]
    assert [(row["Kunde"].split("\n")[0], row["Es geht um €"]) for row in rows] == [
        ("Bau Süd", 70_000), ("=SUM(1;2)", 400), ("Chemie West", -5)
    ]  # fmt: skip
    assert rows[0]["davon erwartet €"] == 28_000
    with open_warehouse(settings) as connection:
        connection.execute(
            "update intermediate.int_customers_summarised set net_amount_12_months = null"
            " where customer_id = ?",
            [ids[1]],
        )
        connection.execute("update ops.scores set amount = 20000 where entity_id = ?", [ids[3]])
    write_call_lists(settings)
    rows = open_list(folder(settings) / "Anna Berger.xlsx")[1]
    # of 30, 30, 20,000 and 70,000 the median is 10,015: times 0.9 less than 20,000 times 0.6
    assert [(row["Kunde"].split("\n")[0], row["Es geht um €"]) for row in rows] == [
        ("Bau Süd", 70_000), ("Chemie West", 20_000), ("=SUM(1;2)", None)
    ]  # fmt: skip


def test_in_english(settings):
    write_call_lists(settings.model_copy(update={"language": "en"}))
    english = settings.outbox / "call_lists" / "Anna Berger.xlsx"
    _, rows = open_list(english)
    assert rows[0]["Reasons"] == "+ Nothing for 90 days\n+ Little interest\n− Large"
    assert rows[0]["Hint"] == "Churn risk\n40 points (medium)"
    write_call_lists(settings)  # one list per person, in the language in use
    assert not english.exists()


def test_whoever_has_no_customers_any_more_loses_the_list_and_own_files_stay(settings):
    write_call_lists(settings)
    own = folder(settings) / "Notizen.xlsx"
    Workbook().save(own)
    answer(folder(settings) / "Bodo Klein.xlsx", {"Druck Ost": ("angerufen", None)})
    change_lists(settings, names={"Bodo Klein": "Carla Neu"})
    done = write_call_lists(settings)
    assert [path.name for path in done.removed] == ["Bodo Klein.xlsx"]
    assert own.is_file()
    # what stood on it was taken over before
    assert names(folder(settings) / "Carla Neu.xlsx") == ["Chemie West"]


def test_an_account_manager_without_hints_reads_that_there_are_none(settings):
    write_call_lists(settings)
    path = folder(settings) / "Bodo Klein.xlsx"
    answer(path, dict.fromkeys(("Druck Ost", "Chemie West"), ("jetzt nicht", None)))
    write_call_lists(settings)
    sheet, rows = open_list(path)
    assert rows == []
    assert sheet["A2"].value == (
        "Probe · 02.03.2026 · Heute kein Hinweis: niemand ist auffällig, oder Ihre Rückmeldungen"
        " gelten noch."
    )


def test_a_list_that_is_being_saved_stays(settings, monkeypatch):
    write_call_lists(settings)
    path = folder(settings) / "Anna Berger.xlsx"
    take = call_company_take(path)
    monkeypatch.setattr("report.calls.station.take_feedback", take)
    done = write_call_lists(settings)
    assert [one.problem for one in done.written if one.problem] == [
        "Anna Berger.xlsx is being filled in; it stays until the next list."
    ]
    assert open_list(path)[1][0]["Rückmeldung"] == "angerufen"


def call_company_take(path):
    """Save an answer right after the lists were read."""
    from report.calls.answers import take_feedback

    def take(connection, settings, config):
        taken = take_feedback(connection, settings, config)
        answer(path, {"Bau Süd": ("angerufen", None)})
        return taken

    return take


def test_a_dry_run_writes_nothing(settings):
    done = write_call_lists(settings, dry_run=True)
    assert [(one.title, len(one.found.calls), one.path) for one in done.written] == [
        ("Tagesliste: Anna Berger", 3, None),
        ("Tagesliste: Bodo Klein", 2, None),
        ("Tagesliste: Kunden ohne Zuständigen", 1, None),
    ]
    assert not settings.outbox.exists()
    assert ask(settings, "select count(*) from ops.shown_hints") == [(0,)]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"rows_per_person": 0}, "rows_per_person: Input should be greater than or equal to 1"),
        ({"bands": ["huge"]}, "bands.0: Input should be 'high', 'medium' or 'low'"),
        ({"feedback": {}}, "feedback: called, not_reached, not_now, won_back, lost, wrong is miss"),
        ({"mail": {"connection": "smtp"}}, "mail: a sender is missing"),
        ({"mail": {"to": {"Anna": "anna"}}}, "mail.to.Anna.0: String should match pattern"),
        ({"rows": 3}, "rows: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_value_is_named_with_its_file(settings, change, told):
    change_lists(settings, **change)
    with pytest.raises(ConfigurationError) as error:
        load_lists(settings)
    assert str(error.value).startswith(f"{settings.config / 'lists.yml'}: {told}")


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ({"when": "opentickets > 0", "de": "a", "en": "b"}, "next_steps.0.when: Binder Error"),
        ({"de": "{telefon}", "en": "b"}, "next_steps.0.de: there is no column telefon"),
        ({"de": "{", "en": "b"}, "next_steps.0.de: "),
    ],
)
def test_a_wrong_next_step_is_named_and_the_old_lists_stay(settings, step, told):
    write_call_lists(settings)
    before = (folder(settings) / "Anna Berger.xlsx").read_bytes()
    change_lists(settings, next_steps=[step])
    with pytest.raises(ConfigurationError) as error:
        write_call_lists(settings)
    assert str(error.value).startswith(f"{settings.config / 'lists.yml'}: {told}")
    assert (folder(settings) / "Anna Berger.xlsx").read_bytes() == before


def test_a_next_step_names_nothing_that_is_not_known(settings):
    steps = [
        {"de": "{contact_name} anrufen", "en": "call {contact_name}"},
        {"de": "{amount:€} am {last_order_on:day}", "en": "{amount:€} on {last_order_on:day}"},
    ]
    change_lists(settings, next_steps=steps)
    write_call_lists(settings)
    found = open_list(folder(settings) / "Anna Berger.xlsx")[1]
    assert [row["Vorschlag"] for row in found] == [
        "Öz Kaya anrufen", "20.000 € am 01.12.2025", "300 € am 01.12.2025"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Müller/Süd: *?", "Müller_Süd_ __"),
        ("..", "_"),
        ("con", "_con"),
        ("a\u0308" * 90, "ä" * 80),
    ],
)
def test_a_name_makes_a_file_name_that_every_system_allows(name, stem):
    assert file_stem(name) == stem


def test_the_firms_with_a_hint_are_all_accounted_for(settings):
    done = write_call_lists(settings)
    listed = {call["name"] for one in done.written for call in one.found.calls}
    assert len(listed) == len(CHURN) - 2  # all but who is unlikely to leave and who objected
    assert replace(done.written[0].found, calls=()).candidates == 0
