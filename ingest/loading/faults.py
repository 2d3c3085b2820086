"""What an error at one file means: its own outcome, or the end of the run."""

from __future__ import annotations

import errno
import os

import duckdb

from ingest.reading import refusals
from ingest.reading.refusals import Reason

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_disk_full(error: Exception) -> bool:
    """Whether an error is what a library makes of a full disk."""
    if not isinstance(error, (OSError, duckdb.Error)):
        return False
    is_known = getattr(error, "errno", None) in DISK_FULL
    return is_known or any(os.strerror(known) in str(error) for known in DISK_FULL)


def reason_of(error: Exception) -> Reason | None:
    """Say of an error at one file what to do.

    None for a full disk and a warehouse that is broken: those would befall every file.
    """
    if is_disk_full(error) or isinstance(error, duckdb.FatalException):
        return None
    if isinstance(error, (FileNotFoundError, PermissionError)):
        return refusals.NO_ACCESS
    if isinstance(error, (MemoryError, duckdb.OutOfMemoryException)):
        return refusals.TOO_DEMANDING
    return refusals.load_fault(type(error).__name__)
