"""What an error at one file means: its own outcome, or the end of the run."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from config import Settings
from ingest.loading import notices
from ingest.reading import refusals
from ingest.reading.refusals import Reason

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class DiskFullError(Exception):
    """There is no space left; the message says where and what to do."""


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


@contextmanager
def disk_full_named(settings: Settings) -> Iterator[None]:
    """Turn whatever a full disk makes the libraries raise into one line for a person.

    Raises:
        DiskFullError: there is no space left.

    """
    try:
        yield
    except (OSError, duckdb.Error) as error:
        if is_disk_full(error):
            raise DiskFullError(notices.disk_full(settings.home, settings.language)) from error
        raise
