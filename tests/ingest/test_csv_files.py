from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest import UnreadableFile
from ingest.csv_files import read_csv as read_csv_into
from ingest.dialect import DELIMITERS, find_dialect
from ingest.encoding import find_encoding
from ingest.handover import Handover, collect
from ingest.header import is_blank
from ingest.records import Dialect
from ingest.tables import Table


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
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_is_written_is_read_back(
    tmp_path: Path, rows: list[list[str]], delimiter: str, end: str, encoding: str
) -> None:
    """Law: write any table fully quoted below a header of names, read it back, equal."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["Kennung", "Bezeichnung", "Bemerkung"])
    writer.writerows(rows)
    (table,) = read_csv(write(tmp_path, file.getvalue(), encoding))
    filled = [[cell or None for cell in row] for row in rows]
    assert table.columns == ["Kennung", "Bezeichnung", "Bemerkung"]
    assert table.rows == filled
    assert table.rejects == []
