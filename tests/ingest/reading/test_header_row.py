from ingest.reading.header_row import find_header, modal_width
from ingest.reading.tables import unique_names


def test_header_is_the_first_full_row_of_names() -> None:
    header = find_header([["Name", "Umsatz"], ["Müller", "12,5"], ["Meier", "3"]], 2)
    assert header and header.cells == ("Name", "Umsatz") and header.first_data_row == 1


def test_notes_above_the_header_are_passed_over() -> None:
    rows = [
        ["Messe Hannover 2025", None, None, None],
        ["Stand:", "24.04.2025", None, None],
        [None, None, None, None],
        ["Firma", "Ort", "Datum", "Interesse"],
        ["Alpha GmbH", "Ulm", "22.04.2025", None],
        ["Beta AG", None, "23.04.2025", "Getriebe"],
    ]
    header = find_header(rows, 4)
    assert header and header.cells[0] == "Firma" and header.first_data_row == 4


def test_metadata_line_wider_than_the_table_is_no_header() -> None:
    rows = [
        ["EXTF", "700", "20", "Kontenbeschriftungen", "2", "", "XY"],
        ["Konto", "Kontenbeschriftung", "Sprach-ID"],
        ["400", "Betriebsausstattung", "de-DE"],
        ["1000", "Kasse", "de-DE"],
    ]
    header = find_header(rows, modal_width(rows))
    assert header and header.cells == ("Konto", "Kontenbeschriftung", "Sprach-ID")


def test_table_without_header_loses_no_row() -> None:
    rows = [["A-1", "Müller", "12,50"], ["A-2", "Meier", "3,00"], ["A-3", "Otto", "1,00"]]
    header = find_header(rows, 3)
    assert header and header.cells == (None, None, None) and header.first_data_row == 0


def test_years_may_be_column_names() -> None:
    header = find_header([["Kunde", "2023", "2024"], ["Müller", "100", "120,5"]], 3)
    assert header and header.first_data_row == 1


def test_header_alone_is_a_table_without_rows() -> None:
    header = find_header([["Name", "Ort"]], 2)
    assert header and header.cells == ("Name", "Ort") and header.first_data_row == 1


def test_nothing_has_no_header() -> None:
    assert find_header([["", None], [" "]], 2) is None


def test_names_are_unique_whatever_their_case_and_never_ours() -> None:
    names = unique_names(["Name", "NAME", None, " E-\nMail ", "_file", "Name_2"])
    assert names == ["Name", "NAME_2", "column_3", "E- Mail", "_file_5", "Name_2_6"]
