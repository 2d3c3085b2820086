"""dBase tables, as old ERP programs keep them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import dbf
import pytest

from ingest import Table, UnreadableFile, read_file
from ingest.reading import refusals

Read = Callable[[Path], list[Table]]
ROW = ("00123", "Müller", 12.5, dt.date(2025, 1, 2), True)


def write(path: Path, codepage: str, fields: str = "", version: str = "db3") -> Path:
    fields = "nr C(6); name C(20); umsatz N(10,2); seit D; aktiv L" + fields
    table = dbf.Table(str(path), fields, codepage=codepage, dbf_type=version)
    table.open(dbf.READ_WRITE)
    table.append(ROW)
    table.append(("2", "B", None, None, None))
    table.append(("3", "alt", None, None, None))
    with table[2] as record:
        dbf.delete(record)
    table.close()
    return path


@pytest.mark.parametrize("codepage", ["cp1252", "cp850"])
def test_a_table_of_dbase(tmp_path: Path, codepage: str) -> None:
    (table,) = read_file(write(tmp_path / "kunden.dbf", codepage))
    assert table.columns == ["NR", "NAME", "UMSATZ", "SEIT", "AKTIV"]
    assert table.rows == [
        ["00123", "Müller", "12.5", "2025-01-02", "true"],
        ["2", "B", None, None, None],
    ]
    assert [(r.row_number, r.reason) for r in table.rejects] == [(3, refusals.DELETED.de)]
    assert table.notes == []


@pytest.mark.parametrize("codepage", ["cp1252", "cp850"])
def test_a_table_that_names_no_encoding(tmp_path: Path, read: Read, codepage: str) -> None:
    path = write(tmp_path / "kunden.dbf", codepage)
    content = bytearray(path.read_bytes())
    content[29] = 0
    path.write_bytes(content)
    (table,) = read(path)
    assert table.rows[0][1] == "Müller"
    assert table.notes == [refusals.guessed_encoding(codepage)]


def test_memo_fields_are_noted_damage_is_refused(tmp_path: Path, read: Read) -> None:
    path = write(tmp_path / "kunden.dbf", "cp1252", "; notiz M")
    (tmp_path / "kunden.dbt").unlink()
    (table,) = read(path)
    assert table.rows[0][:2] == ["00123", "Müller"]
    assert table.notes == [refusals.MEMO_FIELDS]
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(UnreadableFile):
        read(path)
