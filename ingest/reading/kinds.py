"""Kinds of file by their first bytes: those that are not read, with what to do, and dBase.

Told before the reader of delimited text sees them, which makes a table of anything.
"""

from __future__ import annotations

import re
import struct

from ingest.reading import refusals
from ingest.reading.refusals import Reason

_ARCHIVE = (
    "Bitte auspacken und die Dateien darin ablegen, oder als ZIP packen.",
    "Please unpack it and drop the files in it, or pack them as ZIP.",
)
_EXPORT = (
    "Bitte die Daten aus dem Programm, das sie führt, als Excel oder CSV exportieren.",
    "Please export the data as Excel or CSV from the program that keeps them.",
)
_SAVE_AS = (
    "Bitte in Excel oder LibreOffice öffnen, als xlsx speichern und neu ablegen.",
    "Please open it in Excel or LibreOffice, save it as xlsx and drop it anew.",
)
_NUMBERS = (
    "Bitte in Numbers über Ablage > Exportieren > Excel als xlsx sichern und neu ablegen.",
    "Please save it as xlsx in Numbers by File > Export To > Excel and drop it anew.",
)
_BANK = (
    "Bitte die Umsätze im Bankprogramm als CSV exportieren.",
    "Please export the entries as CSV from the banking program.",
)


def _is(kind_de: str, kind_en: str, what_to_do: tuple[str, str]) -> Reason:
    return refusals.is_a(kind_de, kind_en, *what_to_do)


NUMBERS = _is("eine Numbers-Datei von Apple", "an Apple Numbers file", _NUMBERS)
_IMAGE = _is("ein Bild", "an image", _EXPORT)
_ACCESS = _is(
    "eine Access-Datenbank",
    "an Access database",
    (
        "Bitte die Tabellen in Access über Externe Daten > Exportieren > Excel als xlsx ablegen.",
        "Please export its tables in Access by External Data > Export > Excel and drop the xlsx.",
    ),
)
# First bytes of binary kinds.
_BINARY = (
    (b"\x89PNG", _IMAGE),
    (b"\xff\xd8\xff", _IMAGE),
    (b"GIF8", _IMAGE),
    (b"II*\0", _IMAGE),
    (b"MM\0*", _IMAGE),
    (b"Rar!", _is("ein RAR-Archiv", "a RAR archive", _ARCHIVE)),
    (b"BZh", _is("ein bzip2-Archiv", "a bzip2 archive", _ARCHIVE)),
    (b"\xfd7zXZ", _is("ein xz-Archiv", "an xz archive", _ARCHIVE)),
    (b"\x28\xb5\x2f\xfd", _is("ein zstd-Archiv", "a zstd archive", _ARCHIVE)),
    (b"7z\xbc\xaf", _is("ein 7z-Archiv", "a 7z archive", _ARCHIVE)),
    (
        b"L\0\0\0\1\x14\2\0",
        _is(
            "eine Windows-Verknüpfung, nicht die Datei selbst",
            "a Windows shortcut, not the file itself",
            ("Bitte die Datei selbst kopieren.", "Please copy the file itself."),
        ),
    ),
    (b"SQLite format 3", _is("eine Datenbank", "a database", _EXPORT)),
    (b"\0\1\0\0Standard", _ACCESS),
    (b"!BDN", _is("ein Outlook-Postfach", "an Outlook mailbox", _EXPORT)),
    (b"\0\0\2\0\6\4\6\0", _is("eine Lotus-Tabelle", "a Lotus spreadsheet", _SAVE_AS)),
    (b"\0\0\x1a\0", _is("eine Lotus-Tabelle", "a Lotus spreadsheet", _SAVE_AS)),
)
# How text kinds begin. `ID;PLZ;Ort` is a header, so SYLK has to go on as one.
_TEXT = (
    (rb"%PDF", _is("ein PDF", "a PDF", _EXPORT)),
    (rb"ID;P[^\r\n]*\r?\n((P;[A-Z]|[FO];[A-Z]|[BC];[XYK])[^\r\n]*\r?\n){2}",
     _is("eine SYLK-Datei", "a SYLK file", _SAVE_AS)),
    (rb"TABLE\r?\n0,1\r?\n", _is("eine DIF-Datei", "a DIF file", _SAVE_AS)),
    (rb"\{\\rtf", _is("ein RTF-Dokument", "an RTF document", _EXPORT)),
    (rb"UNA.{6}\s*UNB|UNB\+UNO", _is("eine EDIFACT-Nachricht", "an EDIFACT message", _EXPORT)),
    (rb"ISA\*\d\d\*", _is("eine X12-Nachricht", "an X12 message", _EXPORT)),
    (rb"(\{1:[A-Z0-9]{5,}\}|:20:[^\r\n]*\r?\n(:21:[^\r\n]*\r?\n)?:25:)",
     _is("ein Kontoauszug (MT940)", "a bank statement (MT940)", _BANK)),
    (rb"!(Type|Account|Option):", _is("eine Quicken-Datei (QIF)", "a Quicken file (QIF)", _BANK)),
    (rb"(?i:BEGIN:VCALENDAR)",
     _is("ein Kalender (iCalendar)", "a calendar (iCalendar)", (
         "Termine werden nicht gelesen; bitte als Excel oder CSV exportieren.",
         "Appointments are not read; please export them as Excel or CSV."))),
)  # fmt: skip
_TEXT_KINDS = [(re.compile(pattern, re.DOTALL), reason) for pattern, reason in _TEXT]
_TAR = _is("ein tar-Archiv", "a tar archive", _ARCHIVE)


# The first byte of dBase III to 7 and FoxPro, with and without memo fields.
DBASE_VERSIONS = frozenset(b"\x03\x04\x30\x31\x32\x43\x83\x8b\x8c\xcb\xf5")
# Between the end of the fields and the records FoxPro keeps the name of its database.
FOXPRO_BYTES = 263


def find_unread_kind(start: bytes) -> Reason | None:
    """Return why a file is not read, by its first bytes (300 or more); None if it may be."""
    for magic, reason in _BINARY:
        if start.startswith(magic):
            return reason
    if start[257:262] == b"ustar":
        return _TAR
    text = plain_start(start)
    return next((reason for pattern, reason in _TEXT_KINDS if pattern.match(text)), None)


def plain_start(start: bytes) -> bytes:
    """Return first bytes without marks, blanks and the zeros of UTF-16."""
    return start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")


def is_dbase(start: bytes) -> bool:
    """Whether a file begins like a dBase table: version, date, and where its fields end."""
    if len(start) < 33 or start[0] not in DBASE_VERSIONS:
        return False
    month, day = start[2], start[3]
    header, record = struct.unpack_from("<HH", start, 8)
    ends = (header - 1, header - 1 - FOXPRO_BYTES)
    has_end = header > len(start) or any(0 < n < len(start) and start[n] == 0x0D for n in ends)
    return 1 <= month <= 12 and 1 <= day <= 31 and header >= 33 and record > 1 and has_end
