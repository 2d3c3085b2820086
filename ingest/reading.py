"""`read_file`: any file to tables, read in a process of its own so that no file harms ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa

from ingest import reasons
from ingest.reasons import Reason, UnreadableFile
from ingest.tables import Reject, Table

# A file is refused beyond these: a hostile one must not take the worker or the night with it.
MEMORY_LIMIT_BYTES = 3 << 30
CPU_SECONDS_PER_FILE = 8
CPU_SECONDS_PER_MEGABYTE = 2
# Elapsed time may be a multiple of CPU time on a busy machine before a read counts as hanging.
ELAPSED_PER_CPU_SECOND = 5

PROJECT_ROOT = Path(__file__).resolve().parent.parent


def read_file(path: Path | str) -> list[Table]:
    """Read a file as the tables that it holds, every cell as text.

    Reads CSV and its relatives, Excel (xlsx, xlsm, xlsb, xls), OpenDocument, JSON, JSON Lines.

    Raises:
        UnreadableFile: the file cannot be read; the reason is one for a salesperson.
        FileNotFoundError: there is no such file.

    """
    path = Path(path)
    seconds = CPU_SECONDS_PER_FILE + CPU_SECONDS_PER_MEGABYTE * path.stat().st_size // 1_000_000
    with tempfile.TemporaryDirectory(prefix="reifegrad-read-") as folder:
        try:
            process = subprocess.run(
                [sys.executable, "-m", "ingest.reader", str(path.absolute()), folder,
                 str(MEMORY_LIMIT_BYTES), str(seconds)],
                cwd=PROJECT_ROOT,
                env=os.environ | {"ARROW_DEFAULT_MEMORY_POOL": "system"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=seconds * ELAPSED_PER_CPU_SECOND,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise UnreadableFile(reasons.TOO_DEMANDING) from None
        if process.returncode != 0:
            detail = process.stderr.decode(errors="replace")[-500:]
            raise UnreadableFile(_reason_of_end(process.returncode)) from RuntimeError(detail)
        return _collect(Path(folder))


def save(tables: list[Table], folder: Path) -> None:
    """Write tables to where the reading process hands them over."""
    index = []
    for number, table in enumerate(tables):
        with pa.ipc.new_file(folder / f"{number}.arrow", table.cells.schema) as writer:
            writer.write_table(table.cells)
        rejects = [[r.row_number, r.raw_text, r.reason_de, r.reason_en] for r in table.rejects]
        index.append({"name": table.name, "is_sheet": table.is_sheet, "rejects": rejects})
    (folder / "tables.json").write_text(json.dumps(index), encoding="utf-8")


def save_refusal(reason: Reason, folder: Path) -> None:
    """Write why the file cannot be read to where the reading process hands over."""
    (folder / "refusal.json").write_text(json.dumps([reason.de, reason.en]), encoding="utf-8")


def _collect(folder: Path) -> list[Table]:
    refusal = folder / "refusal.json"
    if refusal.exists():
        raise UnreadableFile(Reason(*json.loads(refusal.read_text(encoding="utf-8"))))
    tables = []
    for number, entry in enumerate(json.loads((folder / "tables.json").read_text("utf-8"))):
        # Mapped, not read: the file's pages stay valid after its name is gone.
        source = pa.memory_map(str(folder / f"{number}.arrow"))
        rejects = [Reject(*reject) for reject in entry["rejects"]]
        cells = pa.ipc.open_file(source).read_all()
        tables.append(Table(entry["name"], cells, rejects, entry["is_sheet"]))
    return tables


def _reason_of_end(returncode: int) -> Reason:
    """Judge how the process ended: a signal means a limit, or memory that it did not get."""
    return reasons.TOO_DEMANDING if returncode < 0 else reasons.DAMAGED
