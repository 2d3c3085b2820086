from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest import UnreadableFile
from ingest.reading import refusals
from ingest.reading.handover import Handover, collect
from ingest.reading.header_row import is_blank
from ingest.reading.hygiene import clean_text
from ingest.reading.tables import Table
from ingest.reading.text import csv_files
from ingest.reading.text.csv_files import parse_regular
from ingest.reading.text.csv_files import read_csv as read_csv_into
from ingest.reading.text.delimiters import DELIMITERS, find_dialect
from ingest.reading.text.encoding import find_encoding
from ingest.reading.text.text_rows import Dialect, Splitter


def write(tmp_path: Path, content: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "file.csv"
    path.write_bytes(content.encode(encoding))
    return path


def read_csv(path: Path) -> list[Table]:
    with tempfile.TemporaryDirectory() as folder:
        handover = Handover(Path(folder))
        read_csv_into(path, handover)
        handover.finish()
        return collect(Path(folder))


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_encodings_and_delimiters(tmp_path: Path, encoding: str, delimiter: str) -> None:
    lines = [["Name", "Straße"], ["Müller & Söhne", "Hauptstraße 5"], ["Café", "Öl-Allee 1"]]
    path = write(tmp_path, "\r\n".join(delimiter.join(line) for line in lines) + "\r\n", encoding)
    (table,) = read_csv(path)
    assert [table.columns, *table.rows] == lines
    assert table.row_numbers == [2, 3]
    assert table.rejects == []


def test_cp1252_euro_and_undefined_bytes_are_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"a;b\n5 \x80;x\n")
    assert find_encoding(path) == "cp1252"
    assert read_csv(path)[0].rows == [["5 €", "x"]]


def test_quoted_line_breaks_and_doubled_quotes(tmp_path: Path) -> None:
    path = write(tmp_path, 'a;b\n1;"zwei\r\nZeilen; ""hier"""\n2;x\n')
    (table,) = read_csv(path)
    assert table.rows == [["1", 'zwei\r\nZeilen; "hier"'], ["2", "x"]]


def test_quotes_escaped_by_a_backslash(tmp_path: Path) -> None:
    path = write(tmp_path, 'a,b\n1,"der \\"Große\\", ja"\n2,x\n')
    assert read_csv(path)[0].rows == [["1", 'der "Große", ja'], ["2", "x"]]


def test_a_backslash_that_escapes_nothing_is_text(tmp_path: Path) -> None:
    """In a file whose marks are doubled it escapes nothing, in others only marks."""
    path = write(tmp_path, 'a,b\n1,"8\\\'9"" length"\n2,"C:\\temp"\n3,"x, ""y"""\n')
    assert [row[1] for row in read_csv(path)[0].rows] == ["8\\'9\" length", "C:\\temp", 'x, "y"']
    path = write(tmp_path, 'a,b\n1,"der \\"Große\\", C:\\temp"\n2,"x\\\\y"\n')
    assert [row[1] for row in read_csv(path)[0].rows] == ['der "Große", C:\\temp', "x\\y"]


def test_a_delimiter_lost_before_a_quoted_cell_costs_one_row(tmp_path: Path) -> None:
    """Split at the one in the text, the row has as many cells as the header by chance."""
    lost = '2,$33.83"Organic Oxford Shirt, Plaid",5'
    inches = '4,1/2"-Muffe,3/4",7'
    other = '3,"x, ""y""","z, 5",8'
    path = write(tmp_path, f"id,price,name,size\n1,$3.10,Shirt,4\n{lost}\n{other}\n{inches}\n")
    (table,) = read_csv(path)
    assert [row[0] for row in table.rows] == ["1", "3", "4"]
    assert table.rows[2][1:3] == ['1/2"-Muffe', '3/4"']
    assert [(r.raw_text, r.reason) for r in table.rejects] == [(lost, refusals.QUOTE.de)]


@pytest.mark.parametrize("header", ['Kunde,"Firma,Ort', 'Kunde,"Firma" neu,Ort', 'X,"Y,Z'])
def test_a_damaged_header_is_told(tmp_path: Path, header: str) -> None:
    (table,) = read_csv(write(tmp_path, f"{header}\nA1,Brandner,Ulm\nA2,Lindthal,Bonn\n"))
    assert table.columns == ["column_1", "column_2", "column_3"]
    assert table.rows == [["A1", "Brandner", "Ulm"], ["A2", "Lindthal", "Bonn"]]
    assert [reject.raw_text for reject in table.rejects] == [header]
    assert table.notes == [refusals.damaged_header(1)]


def test_a_damaged_title_is_no_damaged_header(tmp_path: Path) -> None:
    text = 'Liste, "Kunden, neu\nKunde,Firma,Ort\nA1,Brandner,Ulm\nA2,Lindthal,Bonn\n'
    (table,) = read_csv(write(tmp_path, text))
    assert table.columns == ["Kunde", "Firma", "Ort"]


def test_short_and_long_rows_are_rejected_with_their_text(tmp_path: Path) -> None:
    path = write(tmp_path, "a;b;c\n1;2;3\n1;2\n\n1;2;3;4\n5;6;7\n")
    (table,) = read_csv(path)
    assert table.rows == [["1", "2", "3"], ["5", "6", "7"]]
    assert [(r.row_number, r.raw_text) for r in table.rejects] == [(3, "1;2"), (5, "1;2;3;4")]
    assert "2 statt 3" in table.rejects[0].reason and "2 cells" in table.rejects[0].reason_en
    assert table.row_numbers == [2, 6]


def test_trailing_delimiters_make_no_column(tmp_path: Path) -> None:
    (table,) = read_csv(write(tmp_path, "a;b;\n1;2;\n3;4;\n"))
    assert (table.columns, table.rows) == (["a", "b"], [["1", "2"], ["3", "4"]])
    (table,) = read_csv(write(tmp_path, "a;b;c\n1;2;3;\n4;5;6;\n"))
    assert (table.columns, table.rows[1]) == (["a", "b", "c"], ["4", "5", "6"])


def test_an_unquoted_delimiter_before_an_empty_last_cell_is_seen(tmp_path: Path) -> None:
    """Cut to the header's width this row would fit, with each cell in the wrong column."""
    (table,) = read_csv(write(tmp_path, "Name;Ort;Sperre\nA;Ulm;\nB; alt;Bonn;\nC;Köln;x\n"))
    assert table.rows == [["A", "Ulm", None], ["C", "Köln", "x"]]
    assert [r.raw_text for r in table.rejects] == ["B; alt;Bonn;"]


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    body = "".join(f"{n};x\n" for n in range(3000))
    path = write(tmp_path, 'a;b\n1;"offen\n' + body)
    (table,) = read_csv(path)
    assert len(table.rows) == 3000
    assert [(r.row_number, r.raw_text) for r in table.rejects] == [(2, '1;"offen')]


def test_a_misplaced_quote_costs_one_row(tmp_path: Path) -> None:
    (table,) = read_csv(write(tmp_path, 'a;b\n1;"x" y\n2;"z"\n'))
    assert table.rows == [["2", "z"]] and len(table.rejects) == 1


def test_text_is_kept_exactly(tmp_path: Path) -> None:
    (table,) = read_csv(write(tmp_path, 'a;b\n 007 ;1.234,50\n"";NULL\n'))
    assert table.rows == [[" 007 ", "1.234,50"], [None, "NULL"]]


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\x00\x01\x02\x00abc\x00\x00\x07" * 9])
def test_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile) as caught:
        read_csv(path)
    assert caught.value.reason_de and caught.value.reason_en


def test_commas_in_numbers_do_not_make_a_dialect() -> None:
    text = "Name;Umsatz;Menge\nA;1,5;2,5\nB;2,5;3,5\nC;3;4\n"
    assert find_dialect(text) == (Dialect(";"), 3)


def test_the_line_of_names_tells_the_delimiter_from_one_in_text() -> None:
    text = "Kennung,Bezeichnung,Bemerkung\nA1,rot; matt,neu; prüfen\nA2,blau; matt,alt; prüfen\n"
    assert find_dialect(text) == (Dialect(","), 3)


@pytest.mark.parametrize("title", ["Umsatz, Stand heute", "Umsatz 1,5 Mio"])
def test_a_title_is_no_line_of_names(title: str) -> None:
    text = f"{title}\nKunde;Umsatz\n" + "".join(f"Firma {n};{n},50\n" for n in range(9))
    assert find_dialect(text) == (Dialect(";"), 2)


cells = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)


@given(
    rows=st.lists(
        # A blank row is none, and what stands alone below one is a note.
        st.lists(cells, min_size=3, max_size=3).filter(lambda row: not is_blank(row)),
        min_size=1,
        max_size=8,
    ),
    delimiter=st.sampled_from(DELIMITERS),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_written_is_read_back(
    tmp_path: Path, rows: list[list[str]], delimiter: str, end: str, encoding: str
) -> None:
    """Law: write any table fully quoted below a header of names, read it back, equal.

    But for what hygiene takes off, the same for every kind of file (test_hygiene.py).
    """
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["Kennung", "Bezeichnung", "Bemerkung"])
    writer.writerows(rows)
    (table,) = read_csv(write(tmp_path, file.getvalue(), encoding))
    filled = [[clean_text(cell) or None for cell in row] for row in rows]
    assert table.columns == ["Kennung", "Bezeichnung", "Bemerkung"]
    assert table.rows == filled
    assert table.rejects == []


words = st.text(alphabet="abcdefghij äöüßé-.&", min_size=1, max_size=9).filter(str.strip)
marks = st.sampled_from(["", ", ", "; ", "|", "\t", " 'x'", '"', ' "y" ', "\n", "\r\n", "'"])
business_cells = st.tuples(words, marks, words).map("".join)


@given(
    rows=st.lists(st.lists(business_cells, min_size=3, max_size=3), min_size=2, max_size=9),
    delimiter=st.sampled_from(DELIMITERS),
    quote=st.sampled_from(['"', "'"]),
    is_escaped=st.booleans(),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"]),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_dialect_and_encoding_is_recognised(
    tmp_path: Path,
    rows: list[list[str]],
    delimiter: str,
    quote: str,
    is_escaped: bool,
    quoting: Literal[0, 1, 2, 3],
    end: str,
    encoding: str,
) -> None:
    """Law: business text in any dialect and encoding comes back, or its row is set aside."""
    file = io.StringIO()
    writer = csv.writer(
        file,
        delimiter=delimiter,
        quotechar=quote,
        doublequote=not is_escaped,
        escapechar="\\" if is_escaped else None,
        quoting=quoting,
        lineterminator=end,
    )
    writer.writerow(["Kennung", "Bezeichnung", "Bemerkung"])
    writer.writerows(rows)
    (table,) = read_csv(write(tmp_path, file.getvalue(), encoding))
    assert table.columns == ["Kennung", "Bezeichnung", "Bemerkung"]
    numbers = dict(enumerate(rows, start=2))
    for number, row in zip(table.row_numbers, table.rows, strict=True):
        assert row == numbers.pop(number)
    assert sorted(numbers) == [reject.row_number for reject in table.rejects]


@st.composite
def delimited_text(draw: st.DrawFn) -> str:
    """Lines that are regular, and others that are not."""
    cell = st.sampled_from(
        ["", "a", "Müller", '"b"', '"c;d"', '"e""f"', '"g\nh"', '3/4"', '""', " "]
    )
    rows = draw(st.lists(st.lists(cell, min_size=3, max_size=3), min_size=1, max_size=8))
    odd = draw(
        st.lists(st.sampled_from(["", "x;y", 'x;"y;z', "Summe;;5", "k;l;m;n", "Nr;Name;Ort"]))
    )
    lines = draw(st.permutations([";".join(row) for row in rows] + odd[:2]))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    return "".join(line + end for line in lines)


@given(text=delimited_text())
@settings(max_examples=200)
def test_arrow_and_row_by_row_give_the_same(text: str) -> None:
    """Law: what Arrow takes at once is what splitting row by row gives."""
    columns = parse_regular(text.encode(), Dialect(";"), 3)
    if columns is None:
        return
    rows = [list(row) for row in zip(*(c.to_pylist() for c in columns), strict=True)]
    split = [
        r for r in Splitter(Dialect(";"), 3).split(text, is_last=True) if not isinstance(r, str)
    ]
    assert rows == [[cell or None for cell in row.cells or [""] * 3] for row in split]


@pytest.mark.parametrize("piece", [64, 256, 1 << 20])
def test_pieces_make_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    """Rows that span pieces, bad rows and totals come out alike however the file is cut."""
    body = "".join(
        f'{n};"Müller {n}";Ort\n' if n % 7 else f'{n};"zwei\nZeilen; {n}";Ort\n' for n in range(400)
    )
    text = "Nr;Name;Ort\n" + body + '17;"offen;x\n\n400;Meier;Ulm\n1;2\nSumme;;5\n'
    monkeypatch.setattr(csv_files, "PIECE_BYTES", piece)
    monkeypatch.setattr(csv_files, "SMALL_PIECE", min(piece, 128))
    (table,) = read_csv(write(tmp_path, text))
    assert table.row_count == 401
    assert table.rows[14] == ["14", "zwei\nZeilen; 14", "Ort"]
    assert [r.row_number for r in table.rejects] == [402, 405, 406]
    assert table.row_numbers[-1] == 404


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("sep=;\nNr;Name\n1;A, B\n", [["1", "A, B"]]),
        ('"Nr;""Name"""\n"1;""A; B"""\n"2;C"\n', [["1", "A; B"], ["2", "C"]]),
        ('Nr;Name;Ort\n1;A;B\n"2;""C; D"";E"\n', [["1", "A", "B"], ["2", "C; D", "E"]]),
        ("Nr;Name\n1;'A; B'\n2;'C''D'\n", [["1", "A; B"], ["2", "C'D"]]),
        ('Nr, Name\n1, "A, B"\n2, "C"\n', [["1", "A, B"], ["2", "C"]]),
        ("Nr;Name\r1;A\r2;B\r", [["1", "A"], ["2", "B"]]),
        ("Nr;Name\n1;A\n2;B\n\x1a", [["1", "A"], ["2", "B"]]),
        ("Nr;Name\n1;A\n2;B\n" + "\0" * 500, [["1", "A"], ["2", "B"]]),
    ],
    ids=["sep", "wrapped", "one_wrapped", "single", "spaces", "mac", "dos_end", "zeros"],
)
def test_what_programs_write(tmp_path: Path, text: str, rows: list[list[str]]) -> None:
    (table,) = read_csv(write(tmp_path, text))
    assert (table.rows, table.reject_count) == (rows, 0)
    assert table.columns[:2] == ["Nr", "Name"]


def test_null_characters_cost_their_row(tmp_path: Path) -> None:
    (table,) = read_csv(write(tmp_path, "Nr;Name\n" + "1;A\n" * 99 + "2;B\0C\n"))
    assert (table.row_count, table.reject_count) == (99, 1)


def test_the_end_of_a_cell_with_line_breaks_is_no_row_of_its_own(tmp_path: Path) -> None:
    rows = "".join(f"Firma {n};Ort {n};{n}\n" for n in range(20))
    broken = 'Alpha;"Ulm\nzweite Zeile\nvierte Zeile";1;\n'  # a delimiter too many
    (table,) = read_csv(write(tmp_path, "Name;Ort;Menge\n" + rows + broken + rows))
    assert table.row_count == 40
    assert [reject.row_number for reject in table.rejects] == [22, 23, 24]


def test_one_lost_quotation_mark_does_not_swallow_rows(tmp_path: Path) -> None:
    """The opening mark in row 3 meets the next one rows later; what is between must not be lost."""
    text = 'Nr;Name;Ort\n1;"A";Ulm\n2;B;"Köln\n3;C;Bonn\n4;D;"";x\n5;"E";Kiel\n'
    (table,) = read_csv(write(tmp_path, text))
    assert [row[0] for row in table.rows] == ["1", "3", "5"]
    assert [r.raw_text for r in table.rejects] == ['2;B;"Köln', '4;D;"";x']
