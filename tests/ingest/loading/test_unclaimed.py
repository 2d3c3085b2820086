"""Files that no source wants: a person reads what they are and what to do."""

from __future__ import annotations

import pytest

from config import Settings
from ingest import Load, ingest_inbox
from ingest.loading import unclaimed
from tests.ingest.conftest import ORDERS_SOURCES, Drop, Write


@pytest.fixture(autouse=True)
def sources(write_sources: Write) -> None:
    write_sources(ORDERS_SOURCES)


def reasons(loads: list[Load]) -> dict[str, str]:
    return {load.file: load.reason_de or "" for load in loads}


def test_what_can_be_read_is_shown_and_what_cannot_says_why(settings: Settings, drop: Drop) -> None:
    drop("partner.csv", "KdNr;Name;Ort;PLZ;Tel;Fax\n1;Alpha;Ulm;89073;1;2\n2;Beta;Köln;50667;3;4\n")
    drop("Angebot.pdf", b"%PDF-1.7")
    drop("Kunden.lnk", b"L\0\0\0\1\x14\2\0" + bytes(40))
    drop("leer.csv", b"")
    said = reasons(ingest_inbox(settings))
    assert "2 Zeilen: KdNr, Name, Ort, PLZ, Tel …" in said["partner.csv"]
    assert "sources suggest" in said["partner.csv"]
    assert "ein PDF" in said["Angebot.pdf"] and "Quelle in sources.yml" not in said["Angebot.pdf"]
    assert "die Datei selbst kopieren" in said["Kunden.lnk"]
    assert "keine Daten" in said["leer.csv"]


def test_a_file_is_read_once_for_it(
    settings: Settings, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop("partner.csv", "KdNr;Name\n1;Alpha\n2;Beta\n")
    first = reasons(ingest_inbox(settings))
    with monkeypatch.context() as patched:
        patched.setattr(unclaimed, "read_file", None)
        assert reasons(ingest_inbox(settings)) == first
    drop("partner.csv", "KdNr;Name\n1;Alpha\n2;Beta\n3;Gamma\n")
    assert "3 Zeilen" in reasons(ingest_inbox(settings))["partner.csv"]


def test_what_windows_keeps_of_a_folder_is_no_file(settings: Settings, drop: Drop) -> None:
    drop("Thumbs.db", b"\xd0\xcf\x11\xe0" + bytes(600))
    drop("desktop.ini", "[.ShellClassInfo]\r\n")
    assert not ingest_inbox(settings)
