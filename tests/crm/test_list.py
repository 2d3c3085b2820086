"""A night without a CRM: the scores as a workbook, kept in the ledger like those of any CRM."""

from __future__ import annotations

import json
import re
import stat
from datetime import date, timedelta
from typing import Any, Literal

import pytest
from openpyxl import load_workbook

from config import read_yaml
from config.language import _, use_language
from crm import (
    CrmError,
    GuardError,
    count_actions,
    list_book,
    list_path,
    load_config,
    push,
    to_json,
)
from crm.list_book import TITLES
from reifegrad.services import processes
from report.words import FILE as REPORT
from warehouse import open_warehouse
from warehouse.spreadsheet import TEXTS as CUSTOMER_360
from workbooks.style import LINE_POINTS, count_lines

NIGHT = date(2026, 11, 22)
CUSTOMERS = (
    "key text, customer_no text, name text, postcode text, city text, account_manager text,"
    " points integer, band text, reasons text, scored_on date, amount double,"
    " expected_amount double, method text"
)
LEADS = (
    "key text, customer_key text, customer_no text, title text, amount double, name text,"
    " postcode text, city text, account_manager text, points integer, band text, reasons text,"
    " scored_on date, expected_amount double, method text"
)


@pytest.fixture
def settings(settings):
    use_language("de")
    (settings.config / "crm.yml").write_text("connector: excel\n", encoding="utf-8")
    return settings


@pytest.fixture
def show(settings):
    """Return a function that fills the views of a night: points per key."""

    def fill(
        customers: dict[str, int], leads: dict[str, int] | None = None, night=NIGHT, number=None,
        turnovers: dict[str, float] | None = None, method="rules",
    ) -> None:  # fmt: skip
        with open_warehouse(settings) as warehouse:
            warehouse.execute("create schema if not exists sync")
            warehouse.execute(f"create or replace table sync.sync_excel__customers ({CUSTOMERS})")
            warehouse.execute(f"create or replace table sync.sync_excel__leads ({LEADS})")
            for key, points in customers.items():
                warehouse.execute(
                    f"insert into sync.sync_excel__customers values ({'?, ' * 12}?)",
                    [
                        key,
                        number,
                        f"=SUM({key})",
                        "50667",
                        "Köln",
                        "-Öz",
                        *said(points),
                        night,
                        *at_stake((turnovers or {}).get(key), points, method),
                        method,
                    ],
                )
            for key, points in (leads or {}).items():
                warehouse.execute(
                    f"insert into sync.sync_excel__leads values ({'?, ' * 14}?)",
                    [
                        key,
                        "C1",
                        number,
                        "Getriebe",
                        1234.5,
                        "Müller",
                        None,
                        "Köln",
                        None,
                        *said(points),
                        night,
                        at_stake(1234.5, points, method)[1],
                        method,
                    ],
                )

    return fill


def said(points: int) -> list[Any]:
    band = "high" if points >= 67 else "medium" if points >= 34 else "low"
    return [points, band, f"{points} reasons\n@second"]


def at_stake(amount: float | None, points: int, method: str) -> tuple[float | None, float | None]:
    expected = amount * points / 100 if amount is not None and method == "model" else None
    return amount, expected


def cells(settings, sheet: str) -> list[tuple[Any, ...]]:
    book = load_workbook(list_path(settings))
    return [tuple(cell.value for cell in row) for row in book[sheet].iter_rows()]


def actions(settings, **how: Any) -> dict[str, int]:
    return count_actions(push(settings, **how))["parties"]


def test_one_line_of_configuration_is_enough_and_starts_no_crm(settings):
    assert not load_config(settings).has_crm
    assert [service.name for service in processes.all_services(settings)] == ["airflow", "mlflow"]


def test_amounts_at_stake_stand_beside_the_points_and_may_order_the_list(settings, show):
    turnovers = {"C1": 900_000.0, "C2": 1_000.4, "C3": None}
    show({"C1": 10, "C2": 80, "C3": 50}, {"L1": 70}, turnovers=turnovers, method="model")
    push(settings)
    header, *rows = cells(settings, "Kunden")
    assert header[6:8] == ("Umsatz in 12 Monaten", "Gefährdeter Umsatz")
    assert [(row[0], row[6], row[7]) for row in rows] == [
        ("C2", 1_000, 800), ("C3", None, None), ("C1", 900_000, 90_000),
    ]  # fmt: skip
    assert "Erwarteter Auftragswert" in cells(settings, "Chancen")[0]
    (settings.config / "crm.yml").write_text("connector: excel\nlist_order: amount\n")
    push(settings)
    assert [row[0] for row in cells(settings, "Kunden")[1:]] == ["C1", "C2", "C3"]


@pytest.mark.parametrize("method", ["model", "rules"])
def test_the_list_says_what_points_mean_and_that_those_of_rules_are_no_probability(
    settings, show, method
):
    show({"C1": 61}, turnovers={"C1": 100.0}, method=method)
    push(settings)
    notes = " ".join(str(row[0]) for row in cells(settings, "Erläuterung"))
    assert (bool(re.search(r"Von 100 Kunden mit \d+ Punkten haben", notes))) == (method == "model")
    assert ("Punkte nach Regeln" in notes) == (method == "rules")
    assert ("Gefährdeter Umsatz" in cells(settings, "Kunden")[0]) == (method == "model")


def test_the_list_shows_most_points_first_with_reasons_and_dates(settings, show):
    show({"C1": 10, "C2": 80, "C3": 50}, {"L1": 70})
    assert actions(settings)["create"] == 3
    header, *rows = cells(settings, "Kunden")
    assert header[4:8] == ("Risiko (0–100)", "Stufe", "Gründe", "Stand")
    assert [(row[0], row[4], row[5]) for row in rows] == [
        ("C2", 80, "hoch"), ("C3", 50, "mittel"), ("C1", 10, "niedrig"),
    ]  # fmt: skip
    assert rows[0][2] == "50667 Köln"
    assert rows[0][6] == "80 reasons\n@second"
    assert [moment.date() for moment in rows[0][7:9]] == [NIGHT, NIGHT + timedelta(days=7)]
    (_, lead) = cells(settings, "Chancen")
    assert lead[:3] == ("Müller", "Getriebe", 1234.5)


def test_the_list_is_english_where_the_setting_says_so_and_the_german_one_goes(settings, show):
    show({"C1": 80})
    push(settings)
    use_language("en")
    english = settings.model_copy(update={"language": "en"})
    assert actions(english)["skip"] == 1
    assert [path.name for path in settings.outbox.iterdir()] == ["scores.xlsx"]
    assert cells(english, "Customers")[1][5] == "high"


def test_the_number_of_the_erp_comes_first_where_there_is_one(settings, show):
    show({"C1": 80}, {"L1": 50}, number="10023")
    push(settings)
    header, row = cells(settings, "Kunden")
    assert (header[0], row[0], header[-1], row[-1]) == ("Kundennr.", "10023", "Kennung", "C1")
    assert cells(settings, "Chancen")[1][0] == "10023"


def test_no_cell_is_a_formula_and_only_the_owner_reads_the_file(settings, show):
    show({"C1": 80}, {"L1": 50})
    push(settings)
    book = load_workbook(list_path(settings))
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    assert book["Kunden"]["B2"].value == "=SUM(C1)"
    assert stat.S_IMODE(list_path(settings).stat().st_mode) == 0o600


def test_it_prints_on_a4_and_its_header_stays(settings, show):
    show({"C1": 80})
    push(settings)
    sheet = load_workbook(list_path(settings))["Kunden"]
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref == "A1:I2"


def test_changes_against_the_last_night_are_counted_and_kept(settings, show, read_ledger):
    show({"C1": 10, "C2": 80})
    push(settings)
    show({"C1": 40, "C3": 20}, night=NIGHT + timedelta(days=1))
    rows = json.loads(to_json(push(settings, dry_run=True)))["parties"]
    assert {row["key"]: row["action"] for row in rows} == {
        "C1": "change", "C2": "clear", "C3": "create",
    }  # fmt: skip
    assert [row[0] for row in cells(settings, "Kunden")[1:]] == ["C2", "C1"]  # nothing written
    assert actions(settings) == {"create": 1, "change": 1, "clear": 1, "skip": 0, "conflict": 0}
    assert read_ledger("action, key")[2:] == [("change", "C1"), ("clear", "C2"), ("create", "C3")]
    show({"C1": 40, "C2": 60, "C3": 20})  # who comes again is no record that a person deleted
    assert actions(settings) == {"create": 1, "change": 0, "clear": 0, "skip": 2, "conflict": 0}
    assert len(cells(settings, "Kunden")) == 4


def test_a_night_that_changes_nothing_renews_the_date_and_adds_nothing(settings, show, read_ledger):
    show({"C1": 10})
    push(settings)
    before = read_ledger()
    show({"C1": 10}, night=NIGHT + timedelta(days=1))
    assert actions(settings)["skip"] == 1
    assert read_ledger() == before
    assert cells(settings, "Kunden")[1][7].date() == NIGHT + timedelta(days=1)


def test_a_deleted_list_is_made_anew(settings, show):
    show({"C1": 10})
    push(settings)
    list_path(settings).unlink()
    assert actions(settings)["create"] == 1
    assert list_path(settings).is_file()


@pytest.mark.parametrize("is_renamed", [False, True])
def test_a_kill_leaves_the_old_list_whole_and_the_next_night_mends_it(
    settings, show, read_ledger, monkeypatch, is_renamed
):
    """Killed before or after the new list got its name, the ledger says what the list shows."""
    show({"C1": 10})
    push(settings)

    class KilledError(BaseException):
        pass

    write = list_book.write_book

    def killed(*arguments: Any) -> None:
        if is_renamed:
            write(*arguments)
        raise KilledError

    show({"C1": 90})
    monkeypatch.setattr(list_book, "write_book", killed)
    with pytest.raises(KilledError):
        push(settings)
    assert cells(settings, "Kunden")[1][4] == (90 if is_renamed else 10)
    monkeypatch.undo()
    assert actions(settings)["skip" if is_renamed else "change"] == 1
    assert [row[0] for row in read_ledger("action")] == ["create", "change"]
    assert cells(settings, "Kunden")[1][4] == 90


def test_the_guard_keeps_the_old_list(settings, show):
    show({f"C{number}": 80 for number in range(30)})
    push(settings)
    show({})
    with pytest.raises(GuardError, match=r"30 (of|von) 30"):
        push(settings)
    assert len(cells(settings, "Kunden")) == 31
    assert actions(settings, force=True)["clear"] == 30
    assert cells(settings, "Kunden")[1][1] == "Kein Kunde hat eine Bewertung."


def test_a_list_that_somebody_spoilt_is_replaced(settings, show):
    show({"C1": 10})
    push(settings)
    list_path(settings).write_bytes(b"no workbook")
    push(settings)
    assert cells(settings, "Kunden")[1][0] == "C1"


def test_what_cannot_be_written_is_one_line(settings, show):
    show({"C1": 10})
    settings.outbox.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(CrmError, match="lässt sich nicht schreiben"):
        push(settings)


def test_without_a_build_it_says_what_to_do(settings):
    with pytest.raises(CrmError, match="reifegrad build"):
        push(settings)


def test_rows_are_as_high_as_their_reasons_and_no_name_is_cut(settings, show):
    show({"C1": 80}, {"L1": 50})
    push(settings)
    sheet = load_workbook(list_path(settings))["Kunden"]
    assert sheet.row_dimensions[2].height == 2 * LINE_POINTS + 4  # of the two reasons
    columns = {cell.value: sheet.column_dimensions[cell.column_letter] for cell in sheet[1]}
    assert count_lines("Schorrlgruber Lebensmitteltechnik GmbH", columns["Kunde"].width) == 1
    assert count_lines("Risiko (0–100)", columns["Risiko (0–100)"].width) == 1


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_list_names_columns_as_the_workbook_of_customers_and_the_report_do(
    language: Literal["de", "en"],
) -> None:
    use_language(language)
    headings = read_yaml(CUSTOMER_360)["columns"]
    report = read_yaml(REPORT)["columns"]
    for title, column in {"place": "city", "account_manager": "account_manager"}.items():
        assert _(TITLES[title]) == headings[column][language]
        assert _(TITLES[title]).casefold() == report[column][language].casefold()
