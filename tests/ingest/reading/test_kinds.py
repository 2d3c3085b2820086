"""Kinds of file that are not read are named by their first bytes, with what to do."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest import Table, UnreadableFile

Read = Callable[[Path], list[Table]]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "Bild"),
        (b'ID;PWXL;N;E\r\nP;PGeneral\r\nC;Y1;X1;K"Nr"\r\nE\r\n', "SYLK"),
        (b'TABLE\r\n0,1\r\n"EXCEL"\r\nVECTORS\r\n0,2\r\n', "DIF"),
        (b"{\\rtf1\\ansi Kunden}", "RTF"),
        (b"UNA:+.? '\r\nUNB+UNOC:3+4012345000009:14+", "EDIFACT"),
        (b"UNB+UNOA:1+SENDER+EMPF+250101:1200+1'", "EDIFACT"),
        (b":20:STARTUMS\r\n:25:50010517/1234567\r\n:28C:1/1\r\n", "MT940"),
        (b"{1:F01DEUTDEFFAXXX0000000000}{2:I940}", "MT940"),
        ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n".encode("utf-16"), "Kalender"),
        (b"\0\1\0\0Standard ACE DB\0", "Access"),
        (b"\0\1\0\0Standard Jet DB\0", "Access"),
        (b"!BDN\x12\x34", "Outlook-Postfach"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
    ],
)
def test_what_is_not_read_is_named(tmp_path: Path, read: Read, content: bytes, name: str) -> None:
    (tmp_path / "kunden.csv").write_bytes(content)
    with pytest.raises(UnreadableFile) as caught:
        read(tmp_path / "kunden.csv")
    assert name in caught.value.reason_de and "itte" in caught.value.reason_de
    assert "lease" in caught.value.reason_en


def test_numbers_of_apple_is_named(tmp_path: Path, read: Read) -> None:
    for part in ("Index/Document.iwa", "Metadata/BuildVersionHistory.plist"):
        with zipfile.ZipFile(tmp_path / "a.numbers", "w") as archive:
            archive.writestr(part, b"\0")
        with pytest.raises(UnreadableFile, match="Numbers über Ablage"):
            read(tmp_path / "a.numbers")


@pytest.mark.parametrize(
    "text", ["ID;PLZ;Ort\nC;50667;Köln\nF;01067;Dresden\n", "TABLE;Wert\nx;5\n", "UNA;Ort\na;b\n"]
)
def test_tables_that_begin_alike_are_read(tmp_path: Path, read: Read, text: str) -> None:
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    (table,) = read(tmp_path / "a.csv")
    assert table.columns == text.splitlines()[0].split(";")
    assert table.row_count == len(text.splitlines()) - 1
