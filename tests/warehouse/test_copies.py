"""What analysts get beside the DuckDB file: Parquet and Excel, of the same night, as limited."""

from __future__ import annotations

import shutil
import zipfile
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from openpyxl import load_workbook

from config import ConfigurationError, Settings, read_yaml
from warehouse import open_warehouse, publish
from warehouse.catalogue import read_marts
from warehouse.copies import sizes
from warehouse.spreadsheet import TEXTS

NIGHT = date(2025, 12, 31)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    with open_warehouse(settings) as connection:
        connection.execute(
            "create table marts.customer_360 as select * from (values"
            " ('C1', '=cmd|calc!A1', 'Anna Öz', '0711 1', 12.5::double, date '2025-03-04',"
            "  timestamp '2025-07-01 22:30', 40, 'medium', ['b', 'c'], ['x'], ['vat_id'], true),"
            " ('C2', 'Zahn' || chr(7) || 'rad', 'Anna Öz', null, null, null, null, 90,"
            "  'high', [], [], [], false)"
            ") as t(customer_id, name, account_manager, phone, net_amount_12_months, last_order_on,"
            " last_interaction_at, churn_points, churn_band, churn_reasons_de, churn_reasons_en,"
            " missing_attributes, has_newsletter_opt_in)"
        )
        connection.execute("create table marts.leads as select 'a@b.de' as contact_email")
    return settings.model_copy(update={"as_of": NIGHT})


def rows(settings: Settings, table: str, columns: str = "*") -> list[tuple[object, ...]]:
    path = settings.published.parent / "parquet" / f"{table}.parquet"
    return duckdb.sql(f"select {columns} from read_parquet('{path}')").fetchall()


def test_every_table_is_a_parquet_file_with_the_same_content(settings: Settings) -> None:
    publish(settings)
    folder = settings.published.parent / "parquet"
    assert {path.name for path in folder.iterdir()} == {
        *("customer_360.parquet", "leads.parquet", "version.parquet")
    }
    with duckdb.connect(str(settings.published), read_only=True) as connection:
        for path in folder.iterdir():
            told = connection.sql(f"from {path.stem}").fetchall()
            assert duckdb.sql(f"from read_parquet('{path}')").fetchall() == told
            metadata = dict(
                duckdb.sql(f"select key, value from parquet_kv_metadata('{path}')").fetchall()
            )
            assert metadata[b"night"] == b"2025-12-31"


def test_lists_are_there_as_one_text_too(settings: Settings) -> None:
    publish(settings)
    texts = "churn_reasons_de, churn_reasons_de_text, missing_attributes_text"
    assert rows(settings, "customer_360", texts) == [
        (["b", "c"], "b; c", "vat_id"),
        ([], None, None),
    ]


def test_no_file_holds_what_the_rules_hide(settings: Settings) -> None:
    publish(settings)
    seen = 0
    for path in settings.published.parent.glob("nights/*/**/*"):
        if path.is_file():
            seen += 1
            stored = path.read_bytes()
            if path.suffix == ".xlsx":
                with zipfile.ZipFile(path) as book:
                    stored = b"".join(book.read(name) for name in book.namelist())
            for secret in ("Anna Öz", "0711 1", "a@b.de"):
                assert secret.encode() not in stored, path
    assert seen == 5
    ((phone, manager),) = set(rows(settings, "customer_360", "phone, account_manager"))
    assert phone is None
    assert len(str(manager)) == 16


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_excel_file_has_headings_dates_and_no_formulas(
    settings: Settings, language: str
) -> None:
    publish(settings.model_copy(update={"language": language}))
    book = load_workbook(settings.published.parent / "customer_360.xlsx")
    customers, about = book.worksheets
    heading = {cell.value: cell.column - 1 for cell in customers[1]}
    high, medium = (list(row) for row in customers.iter_rows(min_row=2))
    names = {
        "de": (
            "Firma",
            "Letzter Auftrag",
            "Umsatz netto 12 Monate",
            "Letzter Kontakt",
            "Gründe (+ erhöht das Risiko, − senkt es)",
        ),
        "en": (
            "Company",
            "Last order",
            "Net turnover 12 months",
            "Last interaction",
            "Reasons (+ raises the risk, − lowers it)",
        ),
    }[language]
    name, ordered, amount, contact, reasons = (medium[heading[text]] for text in names)
    assert (name.value, name.data_type, name.quotePrefix) == ("=cmd|calc!A1", "s", True)
    assert high[heading[names[0]]].value == "Zahnrad"
    assert (ordered.value, ordered.is_date) == (datetime.fromisoformat("2025-03-04"), True)
    assert amount.value == 12.5
    assert contact.value == datetime.fromisoformat("2025-07-02T00:30")  # Europe/Berlin
    assert reasons.value == ("b; c" if language == "de" else "x")
    shown = [cell.value for cell in medium]
    assert ("mittel" if language == "de" else "medium") in shown
    assert ("ja" if language == "de" else "yes") in shown
    assert not {"Telefon", "Phone"} & heading.keys()
    assert {"Betreuer (Pseudonym)", "Account manager (pseudonym)"} & heading.keys()
    assert customers.freeze_panes == "C2"
    assert customers.auto_filter.ref.endswith(f"{customers.max_row}")
    assert customers.column_dimensions["B"].width > 30
    assert "phone" in [row[1].value for row in about.iter_rows()]


def test_every_column_of_customer_360_has_a_heading_of_its_own() -> None:
    headings = read_yaml(TEXTS)["columns"]
    columns = {column.name for column in read_marts()["customer_360"].columns}
    assert {name.removesuffix("_de").removesuffix("_en") for name in columns} <= headings.keys()
    for language in ("de", "en"):
        texts = [text[language] for text in headings.values()]
        assert len(set(texts)) == len(texts)


def test_all_files_change_in_one_step_and_the_night_before_stays_readable(
    settings: Settings,
) -> None:
    publish(settings)
    folder = settings.published.parent
    first = (folder / "current").resolve()
    with open_warehouse(settings) as connection:
        connection.execute("update marts.customer_360 set net_amount_12_months = 99")
    publish(settings)
    second = (folder / "current").resolve()
    assert first != second
    for name in ("warehouse.duckdb", "parquet", "customer_360.xlsx"):
        assert (folder / name).resolve() == second / name
        assert (first / name).exists()
    publish(settings)
    assert first.exists()  # a night publishes twice
    publish(settings)
    assert not first.exists()
    kept = sorted((folder / "nights").iterdir())
    assert (len(kept), kept[0], kept[-1]) == (3, second, (folder / "current").resolve())
    size = sizes(folder)
    assert min(size.values()) > 0
    assert sum(size.values()) == sum(
        file.stat().st_size for file in (folder / "nights").rglob("*") if file.is_file()
    )


def test_a_failure_on_the_way_leaves_yesterdays_files(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(settings)
    before = (settings.published.parent / "current").resolve()
    monkeypatch.setattr("warehouse.spreadsheet.ROWS_OF_A_SHEET", 1)
    with pytest.raises(ConfigurationError, match="more than a sheet"):
        publish(settings)
    assert (settings.published.parent / "current").resolve() == before
    assert list((settings.published.parent / "nights").iterdir()) == [before]


def test_the_file_of_an_older_version_is_replaced_and_a_missing_mart_is_not_kept(
    settings: Settings,
) -> None:
    publish(settings)
    folder = settings.published.parent
    plain = folder / "plain.duckdb"
    shutil.copyfile(settings.published, plain)
    plain.replace(settings.published)  # a plain file, as versions before this one wrote it
    with open_warehouse(settings) as connection:
        connection.execute("drop table marts.customer_360")
    publish(settings)
    assert settings.published.is_symlink()
    assert Path("parquet/leads.parquet").name in {p.name for p in (folder / "parquet").iterdir()}
    assert not (folder / "customer_360.xlsx").exists()
    assert not (folder / "parquet" / "customer_360.parquet").exists()
