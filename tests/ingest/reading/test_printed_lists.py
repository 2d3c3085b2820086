"""Lists made for printing: columns of a fixed width, SAP's bars, rare delimiters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest import Table, UnreadableFile
from ingest.reading import refusals

Read = Callable[[Path], list[Table]]

FIXED = """Umsatzliste Vertrieb

KdNr   Name                     PLZ   Ort            Umsatz
1001   Brandner GmbH            01067 Dresden      1.234,56
1002   Müller & Söhne KG        53111 Bonn           890,00
1003   Okeler AG                      Ulm              1,00
"""


def read_text(read: Read, path: Path, text: str) -> Table:
    path.write_text(text, encoding="utf-8")
    (table,) = read(path)
    return table


def test_columns_of_a_fixed_width(tmp_path: Path, read: Read) -> None:
    table = read_text(read, tmp_path / "a.txt", FIXED)
    assert table.columns == ["KdNr", "Name", "PLZ", "Ort", "Umsatz"]
    assert table.rows == [
        ["1001", "Brandner GmbH", "01067", "Dresden", "1.234,56"],
        ["1002", "Müller & Söhne KG", "53111", "Bonn", "890,00"],
        ["1003", "Okeler AG", None, "Ulm", "1,00"],
    ]
    assert table.row_numbers == [4, 5, 6]


def test_a_row_over_the_borders_goes_to_quarantine_a_total_too(tmp_path: Path, read: Read) -> None:
    rows = FIXED + FIXED.splitlines()[3].join(["", "\n"]) * 120
    wide = "1004   Ein viel zu langer Name einer Firma 12345 Ulm         3,00\n"
    total = "Summe                                              2.125,56\n"
    table = read_text(read, tmp_path / "a.txt", rows + wide + total)
    assert table.row_count == 123
    assert [(r.row_number, r.reason) for r in table.rejects] == [
        (127, refusals.CROSSED_BORDER.de),
        (128, refusals.TOTAL.de),
    ]


def test_a_drawn_line_shows_the_columns(tmp_path: Path, read: Read) -> None:
    """As the command lines of databases print; here names are longer than their columns' rows."""
    text = (
        "Lieferant Nr Bez  Menge\n------------ ---- -----\n"
        "12 Nord GmbH ab   1\n13 Sued KG   c d      2\n"
    )
    table = read_text(read, tmp_path / "a.txt", text)
    assert table.columns == ["Lieferant Nr", "Bez", "Menge"]
    assert table.rows == [["12 Nord GmbH", "ab", "1"], ["13 Sued KG", "c d", "2"]]


@pytest.mark.parametrize(
    "text",
    [
        "Name; Ort; PLZ\nA  GmbH; Ulm; 1\nB  GmbH; Bonn; 2\n",
        "Name,Ort,Umsatz\nA  B,C  D,5\nE  F,G  H,6\n",
    ],
)
def test_delimited_text_with_blanks_is_not_of_fixed_width(
    tmp_path: Path, read: Read, text: str
) -> None:
    table = read_text(read, tmp_path / "a.txt", text)
    assert (len(table.columns), table.row_count) == (3, 2)


RULE = "-" * 62 + "\n"
SAP = (
    "01.02.2025           Debitoren-Einzelposten            1\r\nBuchungskreis 1000\r\n"
    f"{RULE}|Debitor   |Belegnr   |Belegdatum|  Betrag in HW |Text       |\n{RULE}"
    "|0000100001|1800000001|05.01.2025|      1.234,56 |Rechnung   |\n"
    f"|0000100001|1800000002|07.01.2025|        890,00-|Gutschrift |\n{RULE}"
)


def test_a_list_of_sap_with_two_lines_of_titles(tmp_path: Path, read: Read) -> None:
    table = read_text(read, tmp_path / "a.txt", SAP)
    assert table.columns == ["Debitor", "Belegnr", "Belegdatum", "Betrag in HW", "Text"]
    rows = [[(cell or "").strip() for cell in row] for row in table.rows]
    assert rows[1] == ["0000100001", "1800000002", "07.01.2025", "890,00-", "Gutschrift"]
    assert table.row_count == 2


TWO_LINES = (
    f"{RULE}|Kunde     |Name 1              |Ort   |\n|  Beleg   |  Datum       |  Betrag |\n{RULE}"
    "|0000100001|Brandner GmbH       |Köln  |\n|  90000001|  05.01.2025  |  1.234,56 |\n"
    f"|0000100002|Lindthal KG         |Bonn  |\n|  90000002|  06.01.2025  |    890,00-|\n{RULE}"
)


def test_records_of_two_lines_are_refused_by_name(tmp_path: Path, read: Read) -> None:
    (tmp_path / "a.txt").write_text(TWO_LINES, encoding="utf-8")
    with pytest.raises(UnreadableFile) as caught:
        read(tmp_path / "a.txt")
    assert caught.value.reason == refusals.TWO_LINE_RECORDS


def test_a_header_of_two_lines_above_records_of_one_is_read(tmp_path: Path, read: Read) -> None:
    text = (
        f"{RULE}|Beleg-    |Beleg-    |Betrag |\n|nummer    |datum     |EUR    |\n{RULE}"
        "|1800000001|05.01.2025| 100,00|\n|1800000002|06.01.2025| 200,00|\n"
        f"|1800000003|07.01.2025| 300,00|\n|1800000004|08.01.2025| 400,00|\n{RULE}"
    )
    table = read_text(read, tmp_path / "a.txt", text)
    assert ["1800000004", "08.01.2025", " 400,00"] in [row[-3:] for row in table.rows]


@pytest.mark.parametrize("delimiter", ["~", "^", "#"])
def test_rare_delimiters(tmp_path: Path, read: Read, delimiter: str) -> None:
    rows = [["KdNr", "Firma", "Umsatz"], ["1", "Brandner, Ulm", "1.234,56"], ["2", "B", "3,00"]]
    text = "".join(delimiter.join(row) + "\n" for row in rows)
    table = read_text(read, tmp_path / "a.csv", text)
    assert [table.columns, *table.rows] == rows
