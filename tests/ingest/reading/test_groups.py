"""Lists grouped for people: blank cells that mean "as above", titles of groups."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest import Table
from ingest.reading import refusals

Read = Callable[[Path], list[Table]]

SUBTOTALS = """Umsatzliste 2024;;;
;;;
Vertreter;Kunde;Monat;Umsatz
Kolb;Brandner GmbH;Januar;1.200,00
;;Februar;800,00
;Summe Brandner GmbH;;2.000,00
;Lindthal KG;Januar;300,00
;Summe Lindthal KG;;300,00
Summe Kolb;;;2.300,00
;Ohne Vertreter AG;März;10,00
Weber;;Januar;50,00
Summe Weber;;;50,00
Gesamtsumme;;;2.350,00
"""


def read_text(read: Read, path: Path, text: str) -> Table:
    path.write_text(text, encoding="utf-8")
    (table,) = read(path)
    return table


def test_cells_as_above_are_filled_where_subtotals_name_the_group(
    tmp_path: Path, read: Read
) -> None:
    table = read_text(read, tmp_path / "a.csv", SUBTOTALS)
    assert table.rows == [
        ["Kolb", "Brandner GmbH", "Januar", "1.200,00"],
        ["Kolb", "Brandner GmbH", "Februar", "800,00"],
        ["Kolb", "Lindthal KG", "Januar", "300,00"],
        [None, "Ohne Vertreter AG", "März", "10,00"],  # its group has ended
        ["Weber", None, "Januar", "50,00"],  # a customer of Kolb's is none of Weber's
    ]
    assert [reject.row_number for reject in table.rejects] == [6, 8, 9, 12, 13]
    assert refusals.filled_groups(2, ["Vertreter", "Kunde"]) in table.notes


def test_groups_of_a_large_file_are_filled_to_its_end(tmp_path: Path, read: Read) -> None:
    groups = [
        f"V{n};Kunde {n};1\n" + f";Firma {n};2\n" * 9 + f"V{n} Ergebnis;;19\n" for n in range(3000)
    ]
    table = read_text(read, tmp_path / "a.csv", "Vertreter;Kunde;Umsatz\n" + "".join(groups))
    assert (table.row_count, table.reject_count) == (30_000, 3000)
    assert table.rows[-1] == ["V2999", "Firma 2999", "2"]
    assert all(row[0] for row in table.rows)


@pytest.mark.parametrize(
    ("first_column", "is_told"),
    [
        (["A1", "", "", "A2", "", "A3", ""], True),
        (["Herr", "", "Frau", "", "Herr", "", ""], False),  # values that come again
        (["A1", "A2", "A3", "A4", "", "A6", "A7"], False),  # one is missing
        (["", "", "A1", "", "A2", "", ""], False),  # nothing above the first
    ],
)
def test_blank_cells_below_a_value_are_told(
    tmp_path: Path, read: Read, first_column: list[str], is_told: bool
) -> None:
    lines = [f"{cell};Firma {n};{n}" for n, cell in enumerate(first_column)]
    table = read_text(read, tmp_path / "a.csv", "\n".join(["Gruppe;Kunde;Umsatz", *lines]))
    assert [row[0] or "" for row in table.rows] == first_column
    assert (refusals.blank_below("Gruppe") in table.notes) is is_told


@pytest.mark.parametrize(
    ("titles", "told"), [(["Nord", "Süd", "West"], 3), (["Nord", "Süd Müller", "Nur Name"] * 3, 0)]
)
def test_titles_of_small_groups_are_told_sparse_rows_are_not(
    tmp_path: Path, read: Read, titles: list[str], told: int
) -> None:
    rows = "Firma A;Ulm;1\nFirma B;Bonn;2\n"
    groups = [f"{title};;\n{rows}" for title in titles] if told else [f"{t};;\n" for t in titles]
    table = read_text(
        read, tmp_path / "a.csv", "Name;Ort;Umsatz\n" + rows * 6 + "".join(groups) + rows
    )
    assert (refusals.lone_rows(told) in table.notes) is bool(told)
    assert bool(told) or not any("erste Spalte" in note.de for note in table.notes)
