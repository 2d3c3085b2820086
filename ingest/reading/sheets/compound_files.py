"""Compound files, the container of xls and of other documents of its time."""

from __future__ import annotations

from pathlib import Path

import olefile

from ingest.reading import refusals
from ingest.reading.refusals import OtherKindError, UnreadableFile
from ingest.reading.sheets.xls_cells import is_encrypted

# By the name of a stream: what a document is that is no workbook.
_OTHER_DOCUMENTS = {
    "WordDocument": ("ein Word-Dokument", "a Word document"),
    "PowerPoint Document": ("eine Präsentation", "a presentation"),
}


def refuse_other_documents(path: Path) -> None:
    """Say what a compound file is that is no readable workbook.

    Raises:
        UnreadableFile: it is a document of another kind, or has a password.
        Exception: of many kinds, where the file is damaged.

    """
    with olefile.OleFileIO(str(path)) as container:
        streams = {entry[-1] for entry in container.listdir()}
    for name, kind in _OTHER_DOCUMENTS.items():
        if name in streams:
            raise OtherKindError(refusals.is_a(*kind))
    if "EncryptedPackage" in streams or is_encrypted(path):
        raise UnreadableFile(refusals.ENCRYPTED)
