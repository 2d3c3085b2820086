"""Filled lists as other programs save them."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

KINDS = (".ods", ".csv, German Excel", ".csv, UTF-8", ".csv, LibreOffice", ".txt, Unicode text")


def save_as(path: Path, kind: str) -> Path:
    """Save a list as another program would: the first sheet as text, or OpenDocument with all."""
    saved = path.with_name(f"{path.stem} neu{kind[:4]}")
    book = load_workbook(path)
    if kind == ".ods":
        with zipfile.ZipFile(saved, "w") as file:
            file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            file.writestr("META-INF/manifest.xml", MANIFEST)
            sheets = "".join(
                f'<table:table table:name="{sheet.title}">{_ods_rows(sheet)}</table:table>'
                for sheet in book.worksheets
            )
            file.writestr("content.xml", CONTENT.format(sheets=sheets))
        return saved
    delimiter, encoding = {
        ".csv, German Excel": (";", "cp1252"),
        ".csv, UTF-8": (";", "utf-8-sig"),
        ".csv, LibreOffice": (",", "utf-8"),
        ".txt, Unicode text": ("\t", "utf-16"),
    }[kind]
    with saved.open("w", encoding=encoding, errors="replace", newline="") as file:
        rows = csv.writer(file, delimiter=delimiter)
        rows.writerows(book.worksheets[0].iter_rows(values_only=True))
    return saved


def _ods_rows(sheet: Worksheet) -> str:
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    empty = "<table:table-cell/>"
    return "".join(
        "<table:table-row>"
        + "".join(empty if v is None else cell.format(escape(str(v))) for v in row)
        + "</table:table-row>"
        for row in sheet.iter_rows(values_only=True)
    )


NAMES = "urn:oasis:names:tc:opendocument:xmlns"
MANIFEST = f"""<manifest:manifest xmlns:manifest="{NAMES}:manifest:1.0">
<manifest:file-entry manifest:full-path="/"
 manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>"""
CONTENT = f"""<office:document-content xmlns:office="{NAMES}:office:1.0"
 xmlns:table="{NAMES}:table:1.0" xmlns:text="{NAMES}:text:1.0"><office:body>
<office:spreadsheet>{{sheets}}</office:spreadsheet></office:body></office:document-content>"""
