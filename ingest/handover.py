"""How the reading process hands over what it read: Arrow files and a list of them in a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa

from ingest.reasons import Reason, UnreadableFile
from ingest.tables import Reject, Table

TABLES = "tables.json"
REFUSAL = "refusal.json"


def save(tables: list[Table], folder: Path) -> None:
    """Write tables into the folder."""
    index = []
    for number, table in enumerate(tables):
        with pa.ipc.new_file(folder / f"{number}.arrow", table.cells.schema) as writer:
            writer.write_table(table.cells)
        rejects = [[r.row_number, r.raw_text, r.reason_de, r.reason_en] for r in table.rejects]
        index.append({"name": table.name, "is_sheet": table.is_sheet, "rejects": rejects})
    (folder / TABLES).write_text(json.dumps(index), encoding="utf-8")


def save_refusal(reason: Reason, folder: Path) -> None:
    """Write into the folder why the file cannot be read."""
    (folder / REFUSAL).write_text(json.dumps([reason.de, reason.en]), encoding="utf-8")


def collect(folder: Path) -> list[Table]:
    """Take over what was saved; the folder may be deleted afterwards.

    Raises:
        UnreadableFile: a refusal was saved.

    """
    refusal = folder / REFUSAL
    if refusal.exists():
        raise UnreadableFile(Reason(*json.loads(refusal.read_text(encoding="utf-8"))))
    tables = []
    for number, entry in enumerate(json.loads((folder / TABLES).read_text(encoding="utf-8"))):
        # Mapped, not read: a file's pages stay valid after its name is gone.
        source = pa.memory_map(str(folder / f"{number}.arrow"))
        rejects = [Reject(*reject) for reject in entry["rejects"]]
        cells = pa.ipc.open_file(source).read_all()
        tables.append(Table(entry["name"], cells, rejects, entry["is_sheet"]))
    return tables
