"""`read_file`: any file to tables, read in a process of its own so that no file harms ours."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from ingest.reading import refusals
from ingest.reading.handover import collect
from ingest.reading.refusals import UnreadableFile
from ingest.reading.tables import Table
from ingest.reading.worker import NO_SPACE_LEFT

# A file is refused beyond these: a hostile one must not take the worker or the night with it.
MEMORY_LIMIT_BYTES = 1 << 30
CPU_SECONDS_PER_FILE = 8
CPU_SECONDS_PER_MEGABYTE = 2
# Elapsed time may be a multiple of CPU time on a busy machine before a read counts as hanging.
ELAPSED_PER_CPU_SECOND = 5

PROJECT_ROOT = Path(__file__).resolve().parents[2]


def read_file(path: Path | str) -> list[Table]:
    """Read a file as the tables that it holds, every cell as text.

    Reads CSV and its relatives, columns of a fixed width, Excel (xlsx, xlsm, xlsb, xls),
    OpenDocument, web pages, XML, dBase, JSON, JSON Lines, Parquet, vCards and mails with their
    attachments, each also inside zip and gzip.

    Raises:
        UnreadableFile: the file cannot be read; the reason is one for a salesperson.
        OSError: there is no such file, or no space for temporary files.

    """
    path = Path(path)
    seconds = CPU_SECONDS_PER_FILE + CPU_SECONDS_PER_MEGABYTE * path.stat().st_size // 1_000_000
    with tempfile.TemporaryDirectory(prefix="reifegrad-read-") as folder:
        try:
            process = subprocess.run(
                # Without site and with our module path it starts in half the time.
                [sys.executable, "-S", "-m", "ingest.reading.worker", str(path.absolute()), folder,
                 str(MEMORY_LIMIT_BYTES), str(seconds)],
                cwd=PROJECT_ROOT,
                env=os.environ
                | {
                    "PYTHONPATH": os.pathsep.join([str(PROJECT_ROOT), *filter(None, sys.path)]),
                    "ARROW_DEFAULT_MEMORY_POOL": "system",  # the others reserve beyond the limit
                },
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=seconds * ELAPSED_PER_CPU_SECOND,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise UnreadableFile(refusals.TOO_DEMANDING) from None
        if process.returncode != 0:
            detail = process.stderr.decode(errors="replace")[-500:]
            raise _error_of_end(process.returncode) from RuntimeError(detail)
        return collect(Path(folder))


def _error_of_end(returncode: int) -> Exception:
    """Judge how the process ended: a signal means a limit, or memory that it did not get."""
    if returncode == NO_SPACE_LEFT:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), tempfile.gettempdir())
    return UnreadableFile(refusals.TOO_DEMANDING if returncode < 0 else refusals.FAULT)
