"""From rows to tables: what of a file is a table, and what only stands around it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

from ingest import UnreadableFile
from ingest.reading import refusals
from ingest.reading.handover import Handover, collect
from ingest.reading.layout import Layout
from ingest.reading.tables import Table
from ingest.reading.text.text_rows import Record


class LayOut(Protocol):
    def __call__(self, text: str, *, is_sheet: bool = False) -> list[Table]: ...


@pytest.fixture
def lay_out(tmp_path: Path) -> LayOut:
    def run(text: str, *, is_sheet: bool = False) -> list[Table]:
        rows = [line.split(";") for line in text.strip("\n").split("\n")]
        if is_sheet:
            width = max(map(len, rows))
            rows = [[*row, *[""] * (width - len(row))] for row in rows]
        handover = Handover(tmp_path)
        layout = Layout(handover, "file.csv", is_sheet=is_sheet)
        for number, cells in enumerate(rows, start=1):
            layout.feed(Record(number, cells, ";".join(cells)))
        layout.finish()
        handover.finish()
        return collect(tmp_path)

    return run


def reject_reasons(table: Table) -> list[tuple[int, str]]:
    return [(reject.row_number, reject.reason_en) for reject in table.rejects]


@pytest.mark.parametrize("is_sheet", [False, True])
def test_second_table_after_a_blank_line_is_a_table_of_its_own(
    lay_out: LayOut, is_sheet: bool
) -> None:
    first, second = lay_out(
        "Nr;Name\n1;A\n2;B\n\nBestellungen\nNr;Datum;Betrag\n7;01.02.2025;12,50\n8;02.02.2025;1\n",
        is_sheet=is_sheet,
    )
    assert (first.columns, first.rows) == (["Nr", "Name"], [["1", "A"], ["2", "B"]])
    assert second.columns == ["Nr", "Datum", "Betrag"]
    assert second.rows == [["7", "01.02.2025", "12,50"], ["8", "02.02.2025", "1"]]
    assert second.row_numbers == [7, 8]
    assert second.name == ("file.csv (Bestellungen)" if is_sheet else "Bestellungen")
    assert (first.is_sheet, second.is_sheet) == (is_sheet, True)


def test_second_table_of_the_same_width_is_told_by_words_above_numbers(lay_out: LayOut) -> None:
    first, second = lay_out("Nr;Wert\n1;5\n2;6\n\nAchse;Spiel\n0,5;7\n0,7;8\n")
    assert first.rows == [["1", "5"], ["2", "6"]]
    assert (second.columns, second.row_count) == (["Achse", "Spiel"], 2)


def test_rows_after_a_blank_line_belong_to_the_table(lay_out: LayOut) -> None:
    (table,) = lay_out("Nr;Name;Ort\n1;A;Ulm\n\n\n2;B;Köln\n\n3;C;Bonn\n")
    assert [row[0] for row in table.rows] == ["1", "2", "3"] and not table.rejects


@pytest.mark.parametrize("total", ["Summe;;;30,00", "Gesamt:;;;30", ";Zwischensumme;;30,00 €",
                                   "Grand Total;;;30", "Anzahl: 2;;;"])  # fmt: skip
@pytest.mark.parametrize("is_sheet", [False, True])
def test_totals_are_no_rows(lay_out: LayOut, total: str, is_sheet: bool) -> None:
    (table,) = lay_out(
        f"Nr;Name;Ort;Betrag\n1;A;Ulm;10\n2;Total GmbH;Köln;20\n{total}\n", is_sheet=is_sheet
    )
    assert table.row_count == 2
    assert reject_reasons(table) == [(4, refusals.TOTAL.en)]


@pytest.mark.parametrize(
    "firm",
    [
        "Total Deutschland GmbH", "Saldo Consulting GmbH", "Count Basie GmbH", "Total SE",
        "Ergebnis Beratung AG", "Übertrag Logistik GmbH & Co. KG", "Anzahl Bau OHG", "Total S.A.",
        "Summe e.K.", "TOTAL ENERGIES SE", "Gesamt Handel a.s.", "Total Oil Ltd.",
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_sheet", [True, False])
def test_a_firm_is_no_total(lay_out: LayOut, firm: str, is_sheet: bool) -> None:
    two, three = (
        f"Kunde;Umsatz\nA GmbH;10\n{firm};20\n",
        f"Kunde;Ort;Umsatz\nA;Ulm;10\n{firm};;20\n",
    )
    for text in (two, three):
        (table,) = lay_out(text, is_sheet=is_sheet)
        assert table.rows[1][0] == firm and table.rejects == []


@pytest.mark.parametrize("firm", ["Total Energies", "Saldo Mare", "Total Fitness Hannover"])
@pytest.mark.parametrize("is_sheet", [True, False])
def test_a_firm_without_a_legal_form_is_kept_and_told(
    lay_out: LayOut, firm: str, is_sheet: bool
) -> None:
    (table,) = lay_out(f"Kunde;Umsatz\nA GmbH;10\n{firm};98000\nB GmbH;5\n", is_sheet=is_sheet)
    assert table.rows[1] == [firm, "98000"] and table.rejects == []
    assert table.notes == [refusals.sounds_like_total(3, firm)]


@pytest.mark.parametrize(
    ("header", "total"),
    [("Kunde;Umsatz", "Total netto;15"), ("Kunde;Umsatz", "Total Kunden;15"),
     ("Kunde;Umsatz", "Total March;15"), ("Region;Umsatz", "Total Energies;15"),
     ("Kunde;Umsatz", "Total;15"), ("Kunde;Umsatz", "Summe Energies;15"),
     ("Kunde;Umsatz", "Sum: Energies;15"), ("Kunde;Umsatz", "Total B GmbH;15")],
)  # fmt: skip
def test_what_says_of_what_it_is_the_total_is_one(lay_out: LayOut, header: str, total: str) -> None:
    (table,) = lay_out(f"{header}\nA GmbH;10\nB GmbH;5\n{total}\n")
    assert reject_reasons(table) == [(4, refusals.TOTAL.en)]


def test_a_firm_called_total_may_come_twice(lay_out: LayOut) -> None:
    rows = "Total Deutschland GmbH;10\nTotal Deutschland GmbH;5\nTotal Energies;7\nTotal Energies;8"
    (table,) = lay_out(f"Kunde;Umsatz\nA GmbH;1\n{rows}\n")
    assert table.row_count == 5 and table.rejects == []


@pytest.mark.parametrize(
    "total",
    ["Total 30 kg;;5", "Summe Sa;;5", "SUMME KG;;30", "Nord AG Ergebnis;;30", "Summe Nord AG;;30",
     "Total: Nord AG;;30", "Zwischensumme Süd GmbH;;30"],
)  # fmt: skip
def test_subtotals_of_firms_are_totals(lay_out: LayOut, total: str) -> None:
    above = "Kunde: Süd GmbH;;\nNord AG;1;10\nNord AG;2;20"
    (table,) = lay_out(f"Kunde;Auftrag;Wert\n{above}\n{total}\n")
    assert reject_reasons(table) == [(5, refusals.TOTAL.en)]


def test_a_customer_called_total_is_no_total(lay_out: LayOut) -> None:
    (table,) = lay_out("Name;Ort;Betrag\nTotal;Berlin;5\nSumme & Söhne;Ulm;6\nTotal;Ulm;7\n")
    assert table.row_count == 3


def test_header_on_every_page_is_no_row(lay_out: LayOut) -> None:
    (table,) = lay_out("Nr;Name\n1;A\n2;B\n\nNr;Name\n3;C\nNr;Name\n4;D\n")
    assert [row[0] for row in table.rows] == ["1", "2", "3", "4"]
    assert reject_reasons(table) == [(5, refusals.HEADER_AGAIN.en), (7, refusals.HEADER_AGAIN.en)]


def test_footnotes_are_no_rows(lay_out: LayOut) -> None:
    (table,) = lay_out(
        "Nr;Name;Ort\n1;A;Ulm\n2;B;\nErstellt am 1.2.2025;;\n\nAlle Angaben ohne Gewähr;;\n"
    )
    assert table.row_count == 2
    assert {reason for _, reason in reject_reasons(table)} == {refusals.FOOTNOTE.en}


def test_preamble_is_told(lay_out: LayOut) -> None:
    (table,) = lay_out("Kundenliste\nStand;1.2.2025\n\nNr;Name;Ort\n1;A;Ulm\n2;B;Köln\n")
    assert table.columns == ["Nr", "Name", "Ort"]
    assert table.notes == [refusals.rows_above(2)]


def test_header_one_cell_short_is_refused_unless_the_rows_are_numbered(lay_out: LayOut) -> None:
    with pytest.raises(UnreadableFile, match=r"2 Spalten.*3 Felder"):
        lay_out("Name;Ort\nA;Ulm;x\nB;Köln;y\n")


def test_row_numbers_without_a_name_are_a_column(lay_out: LayOut) -> None:
    (table,) = lay_out("Name;Ort\n1;A;Ulm\n2;B;Köln\n3;C;Bonn\n")
    assert table.columns == ["column_1", "Name", "Ort"]
    assert table.rows[0] == ["1", "A", "Ulm"]


def test_table_without_header_says_so_and_loses_no_row(lay_out: LayOut) -> None:
    (table,) = lay_out("A-1;Müller;12,50\nA-2;Meier;3,00\nA-3;Otto;1,00\n")
    assert (table.row_count, table.notes) == (3, [refusals.NO_HEADER])


def test_header_that_only_its_place_tells_is_noted(lay_out: LayOut) -> None:
    (table,) = lay_out("Foo;Bar\nx;y\nz;w\n")
    assert table.notes == [refusals.UNCERTAIN_HEADER]


def test_rows_shorter_than_the_header_are_set_aside_not_shifted(lay_out: LayOut) -> None:
    (table,) = lay_out("Name;Ort;Land\nA;Ulm\nB;Köln\nC;Bonn\n")
    assert table.columns == ["Name", "Ort", "Land"]
    assert (table.row_count, table.reject_count) == (0, 3)


def test_a_row_of_words_after_a_blank_line_stays_a_row(lay_out: LayOut) -> None:
    (table,) = lay_out("Name;Ort;Umsatz\nA;Ulm;5\nB;Köln;6\n\nMeier;Ulm;n/a\nC;Bonn;7\nD;Kiel;8\n")
    assert [row[0] for row in table.rows] == ["A", "B", "Meier", "C", "D"]


def test_rows_with_a_surplus_cell_make_no_table(lay_out: LayOut) -> None:
    """Three rows with an unquoted delimiter, and a good one of words behind them."""
    (table,) = lay_out(
        "Name;Straße;PLZ;Tel\nA;Weg 1;10115;030-1\nB;Weg 2;20095;030-2\n"
        "C;Rue; 3;75001;01-3\nD;Rue; 4;75002;01-4\nE;Circus;EC2 5NT;keins\nF;Weg 5;30159;030-5\n"
    )
    assert [row[0] for row in table.rows] == ["A", "B", "E", "F"]
    assert [reject.row_number for reject in table.rejects] == [4, 5]


def test_rows_that_may_be_titles_of_groups_are_noted(lay_out: LayOut) -> None:
    rows = "".join(f"{n};Firma {n};Ulm\n" for n in range(8))
    (table,) = lay_out(f"Nr;Name;Ort\nNord;;\n{rows}")
    assert table.row_count == 9
    assert table.notes == [refusals.lone_rows(1)]
