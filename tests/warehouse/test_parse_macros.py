"""The typing macros, rendered by Jinja and run by DuckDB without starting dbt."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import duckdb
import jinja2
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from config import PROJECT_ROOT

VARIABLES = yaml.safe_load(
    (PROJECT_ROOT / "dbt_project/dbt_project.yml").read_text(encoding="utf-8")
)["vars"]
MACROS = jinja2.Environment().from_string(
    "".join(
        (PROJECT_ROOT / "dbt_project/macros" / name).read_text(encoding="utf-8")
        for name in ("vocabulary.sql", "parse.sql")
    ),
    globals={"env_var": lambda _name, default: default, "var": VARIABLES.get},
)
CONNECTION = duckdb.connect()
CONNECTION.execute("set timezone = 'UTC'")


def reader(macro: str, *arguments: str, column: str = "cell") -> Callable[..., Any]:
    sql = (
        f"select {getattr(MACROS.module, macro)(column, *arguments)}"
        f" from (select ?::text as {column})"
    )
    with_format = sql.replace(f"as {column})", f"as {column}, ?::text as format)")

    def read(cell: str | None, *format_: str) -> Any:
        statement = with_format if arguments else sql
        (value,) = CONNECTION.execute(statement, [cell, *format_]).fetchone() or (None,)
        return value

    return read


number = reader("parse_number", "format")
at = datetime.fromisoformat  # times without a zone, as DuckDB gives them
day = reader("parse_date", "format")
moment = reader("parse_timestamp", "format")
boolean = reader("parse_boolean")
text = reader("parse_text")


@pytest.mark.parametrize(
    "cell",
    [
        *("k. A.", "k.A.", "K A", "ka", "k/A", "keine Angabe", "Keine Angaben"),
        *("n/a", "N.A.", "#N/A", "NA", "#NV", "n. v.", "not available", "none", "NULL", "(null)"),
        *("-", "--", " – ", "...", "…", "???", "./.", "*", "_", "=", "xxx", "XX", "x x x"),
        *("00", "0000", "00000", "00 00 00", "00.00.0000", "+00 000 000", "xxx@xxx.xx"),
        *("unbekannt", "UNBEKANNT!", "noch unbekannt", "[nicht bekannt]", "nicht verfügbar"),
        *("wird nachgereicht", "unknown", "tbd", "inconnu", "non renseigné", "sconosciuto"),
        *("desconocida", "onbekend", "brak danych", "neuvedeno", "neznámé"),
    ],
)
def test_a_placeholder_says_nothing(cell):
    assert text(cell) is None
    (named,) = CONNECTION.execute(
        f"select {MACROS.module.placeholders(['cell', 'other'])}"
        " from (select ?::text as cell, 'Kiel' as other)",
        [cell],
    ).fetchone()
    assert named == ["cell"]


@pytest.mark.parametrize(
    "cell",
    [
        *("Kaan", "Nagel & Co", "Unbekannt Verlag GmbH", "Keine 7", "Leer", "Xaver", "x", "X GmbH"),
        *("0", "0100", "10000", "A-000", "0 00 1", "/", "👍", "Ω", "日本", "C++", "No"),
        *("Norwegen", "Test", "offen", "a.k.a.", "NAS", "Nullpunkt", "-5", "naïve", "Na gut"),
    ],
)
def test_what_says_something_stays(cell):
    assert text(f" {cell} ") == cell


@pytest.mark.parametrize(
    ("column", "cell"),
    [("family_name", "Null"), ("country", "NA"), ("account_manager", "KA"), ("given_name", "Nil")],
)
def test_names_and_initials_are_no_placeholders_where_people_stand(column, cell):
    of_column = reader("parse_text", column=column)
    assert of_column(cell) == cell
    assert of_column("k. A.") is None
    assert of_column("n/a") is None
    assert of_column("?") is None


def test_text_and_its_absence():
    assert [text(cell) for cell in (None, "", "  ", " Kiel ")] == [None, None, None, "Kiel"]


@pytest.mark.parametrize(
    ("cell", "format_", "value"),
    [
        ("1.234,56 €", "comma", 1234.56),
        ("EUR 1.234,56", "comma", 1234.56),
        ("€1,234.56", "point", 1234.56),
        ("(12,50)", "comma", -12.5),
        ("(12.50 €)", "point", -12.5),
        ("12,50-", "comma", -12.5),
        ("- 12,50 EUR", "comma", -12.5),
        ("\u22121.000", "comma", -1000),
        ("99,-", "comma", 99),
        ("1.299,-- €", "comma", 1299),
        ("CHF 1'234.50", "point", 1234.5),
        ("1 234,5", "comma", 1234.5),
        ("1\u202f234\u00a0€", "comma", 1234),
        (",5", "comma", 0.5),
        ("1.5E+3", "point", 1500),
        ("007", "comma", 7),
        ("0", "point", 0),
        ("12,5 %", "comma", 0.125),
        ("-12.5%", "point", -0.125),
        # a unit goes
        ("12 kg", "comma", 12),
        ("12,5 m²", "comma", 12.5),
        ("1.250 Stk.", "comma", 1250),
        ("1.250 Stk.", "point", 1.25),
        ("99,- Stück", "comma", 99),
        # the side of an account: credit is negative
        ("100,00 S", "comma", 100),
        ("1.250,00 H", "comma", -1250),
        ("50,00 € H", "comma", -50),
        ("50.00 Cr", "point", -50),
        ("50.00 DR", "point", 50),
        # blanks of any kind
        ("1.899,00\u2003€", "comma", 1899),
        ("1\u2009899,00\t€", "comma", 1899),
        ("1\u3000899", "comma", 1899),
        # a cell that only the other format explains is read by it
        ("1.5", "comma", 1.5),
        ("0.125", "comma", 0.125),
        ("1234.5", "comma", 1234.5),
        ("1,5", "point", 1.5),
        ("1.234,50", "point", 1234.5),
        # one that both explain follows the column's
        ("1.234", "comma", 1234),
        ("1.234", "point", 1.234),
        ("1.234", "mixed", None),
        ("1,234", "mixed", None),
        ("1.234,5", "mixed", 1234.5),
        ("1234.5", "mixed", 1234.5),
        ("1234", "mixed", 1234),
        # unreadable rather than silently another number
        ("1.23.456", "comma", None),
        ("3 Mio", "comma", None),
        ("5 T€", "comma", None),
        ("12 H", "comma", None),
        ("12 Kisten", "comma", None),
        ("10-49", "comma", None),
        ("--5", "comma", None),
        ("nan", "point", None),
        ("inf", "point", None),
        ("1_000", "point", None),
        ("-", "comma", None),
        ("", "comma", None),
        (None, "comma", None),
    ],
)
def test_numbers(cell: str | None, format_: str, value: float | None) -> None:
    assert number(cell, format_) == value


@given(st.integers(-(10**12), 10**12), st.booleans(), st.sampled_from(["", " €", " EUR"]))
def test_numbers_written_in_german_or_english_come_back(
    cents: int, german: bool, unit: str
) -> None:
    text = f"{cents / 100:,.2f}"
    if german:
        text = text.translate(str.maketrans(",.", ".,"))
    assert math.isclose(number(text + unit, "comma" if german else "point"), cents / 100)


@given(
    st.integers(1, 10**10),
    st.integers(0, 4),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["comma", "point", "mixed"]),
)
def test_a_number_is_read_right_unless_it_is_open_and_the_column_says_otherwise(
    digits: int, decimals: int, grouped: bool, german: bool, format_: str
) -> None:
    """Law: only what both ways of writing explain can depend on the column's format."""
    value = digits / 10**decimals
    text = f"{value:{',' if grouped else ''}.{decimals}f}"
    is_open = re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", text)
    if german:
        text = text.translate(str.maketrans(",.", ".,"))
    read = number(text, format_)
    if is_open and format_ == "mixed":
        assert read is None
    elif not is_open or (format_ == "comma") == german:
        assert math.isclose(read, value)


@pytest.mark.parametrize(
    ("cell", "format_", "value"),
    [
        ("31.12.2025", "dmy", date(2025, 12, 31)),
        ("31.12.25", "dmy", date(2025, 12, 31)),
        ("1. 2. 2025", "dmy", date(2025, 2, 1)),
        ("01/02/2025", "dmy", date(2025, 2, 1)),
        ("01/02/2025", "mdy", date(2025, 1, 2)),
        ("1-2-69", "dmy", date(1969, 2, 1)),
        ("2025-12-31", "dmy", date(2025, 12, 31)),
        ("2025-12-31T08:15:00Z", "ymd", date(2025, 12, 31)),
        ("31.12.2025 00:00:00", "dmy", date(2025, 12, 31)),
        ("25-12-31", "ymd", date(2025, 12, 31)),
        ("20251231", "ymd", date(2025, 12, 31)),
        ("31122025", "dmy", date(2025, 12, 31)),
        ("20251231", "dmy", date(2025, 12, 31)),
        ("19102010", "dmy", date(2010, 10, 19)),
        ("2025-03-04", "mdy", date(2025, 3, 4)),
        ("03/04/2025", "mixed", None),
        ("04/04/2025", "mixed", date(2025, 4, 4)),
        ("31.12.2025", "mixed", date(2025, 12, 31)),
        ("12/31/2025", "mixed", date(2025, 12, 31)),
        ("46022", "dmy", date(2025, 12, 31)),
        ("46022.75", "ymd", date(2025, 12, 31)),
        ("5. Januar 2025", "mdy", date(2025, 1, 5)),
        ("5. Januar 2025", "mixed", date(2025, 1, 5)),
        ("1. März 2025", "dmy", date(2025, 3, 1)),
        ("7. Maerz 2025", "dmy", date(2025, 3, 7)),
        ("3. Jän. 2025", "dmy", date(2025, 1, 3)),
        ("05-JAN-2025", "ymd", date(2025, 1, 5)),
        ("05-DEC-99", "dmy", date(1999, 12, 5)),
        ("05-MAY-25 10:00:00", "mdy", date(2025, 5, 5)),
        ("May 5, 2025", "dmy", date(2025, 5, 5)),
        ("Sunday, January 5th, 2025", "dmy", date(2025, 1, 5)),
        ("Mo, 06.01.2025", "dmy", date(2025, 1, 6)),
        ("Mo. 06.01.25", "dmy", date(2025, 1, 6)),
        ("Montag, 6. Januar 2025, 14:30 Uhr", "dmy", date(2025, 1, 6)),
        ("Mon 01/06/2025", "mdy", date(2025, 1, 6)),
        ("05.01.2025, 14:30", "dmy", date(2025, 1, 5)),
        ("05.01.2025\u00a014:30", "dmy", date(2025, 1, 5)),
        ("1736087400", "dmy", date(2025, 1, 5)),
        ("1736087400000", "mdy", date(2025, 1, 5)),
        # 23:30 UTC is the next day in Berlin, midnight of UTC the day that it says
        ("1736119800", "dmy", date(2025, 1, 6)),
        ("1736035200000", "dmy", date(2025, 1, 5)),
        ("31. Februar 2025", "dmy", None),
        ("5. Markt 2025", "dmy", None),
        ("Januar 2025", "dmy", None),
        ("31.02.2025", "dmy", None),
        ("12.31.2025", "dmy", None),
        ("00.00.0000", "dmy", None),
        ("KW 12", "dmy", None),
        ("31.12.2025 oder später", "dmy", None),
        ("", "dmy", None),
        (None, "dmy", None),
    ],
)
def test_dates(cell: str | None, format_: str, value: date | None) -> None:
    assert day(cell, format_) == value


@given(
    st.dates(date(1970, 1, 1), date(2068, 12, 31)),
    st.sampled_from(
        [("%d.%m.%Y", "dmy"), ("%d.%m.%y", "dmy"), ("%m/%d/%Y", "mdy"), ("%Y-%m-%d", "ymd")]
    ),
)
def test_dates_written_in_any_format_come_back(value: date, style: tuple[str, str]) -> None:
    assert day(value.strftime(style[0]), style[1]) == value


@pytest.mark.parametrize(
    ("cell", "format_", "value"),
    [
        ("2025-07-01T10:00:00Z", "ymd", at("2025-07-01 10:00:00")),
        ("2025-07-01T10:00:00.250Z", "ymd", at("2025-07-01 10:00:00.250000")),
        ("2025-07-01 10:00:00+02:00", "ymd", at("2025-07-01 08:00:00")),
        ("2025-07-01T10:00", "ymd", at("2025-07-01 08:00:00")),
        ("01.07.2025 10:00", "dmy", at("2025-07-01 08:00:00")),
        ("01.12.25 9:05:30", "dmy", at("2025-12-01 08:05:30")),
        ("01.12.2025 14:05 Uhr", "dmy", at("2025-12-01 13:05:00")),
        ("12/01/2025 02:05 PM", "mdy", at("2025-12-01 13:05:00")),
        ("01.12.2025", "dmy", at("2025-12-01 00:00:00")),
        ("45992.5", "ymd", at("2025-12-01 11:00:00")),
        ("01.12.2025, 14:05", "dmy", at("2025-12-01 13:05:00")),
        ("01.12.2025,14:05", "dmy", at("2025-12-01 13:05:00")),
        ("01.12.2025 um 14:05 Uhr", "dmy", at("2025-12-01 13:05:00")),
        ("Mo, 1. Dezember 2025, 14:05 Uhr", "dmy", at("2025-12-01 13:05:00")),
        ("01-DEC-2025 02:05 PM", "dmy", at("2025-12-01 13:05:00")),
        ("1764594300", "dmy", at("2025-12-01 13:05:00")),
        ("1764594300250", "dmy", at("2025-12-01 13:05:00.250000")),
        ("01.12.2025 25:99", "dmy", None),
        ("gestern", "dmy", None),
        (None, "dmy", None),
    ],
)
def test_timestamps_come_out_in_utc(cell: str | None, format_: str, value: datetime | None) -> None:
    assert moment(cell, format_) == value


@pytest.mark.parametrize(
    ("cells", "value"),
    [
        (["ja", "X", "wahr", "TRUE", "1", " Yes ", "J"], True),
        (["nein", "falsch", "FALSE", "0", "no", "n"], False),
        (["vielleicht", "2", "", None], None),
    ],
)
def test_booleans(cells: list[str | None], value: bool | None) -> None:
    assert [boolean(cell) for cell in cells] == [value] * len(cells)
