"""A mailing list in `outbox/`: a CSV file that every mailing tool reads, one row per mail."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

from config import Settings
from config.language import _
from proposals.channels.sending import ChannelDownError, Released, Sent

FOLDER: Final = "mailings"
COLUMNS: Final = (
    "proposal_id", "email", "subject", "body", "legal_basis", "released_by", "expires_on",
)  # fmt: skip
# A cell that begins so is a formula for spreadsheet programs.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class CsvLists:
    """Lists in `outbox/mailings/`; see `Sender`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def places(self, batch: Sequence[Released]) -> Mapping[str, str]:
        """See `Sender`: one file for all."""
        first = batch[0]
        ids = "".join(one.proposal_id for one in batch)
        part = hashlib.sha256(ids.encode()).hexdigest()[:6]
        name = f"{self._settings.night}_{first.use_case}_{first.action}_{part}.csv"
        place = (self._settings.outbox / FOLDER / name).relative_to(self._settings.home).as_posix()
        return dict.fromkeys((one.proposal_id for one in batch), place)

    def send(self, batch: Sequence[Released]) -> Sent:
        """See `Sender`: whole or not at all."""
        path = self._settings.home / str(batch[0].place)
        try:
            write_list(path, batch)
        except OSError as error:
            told = _("{path} cannot be written ({problem}). Nothing of it counts as sent.")
            problem = told.format(path=path, problem=error.strerror or error)
            # what stands in an older file of that name may have been fetched
            unsure = [one.proposal_id for one in batch] if path.is_file() else ()
            raise ChannelDownError(problem, unsure=unsure) from error
        return Sent([one.proposal_id for one in batch])

    def take_back(self, undone: Sequence[Released], kept: Sequence[Released]) -> Collection[str]:
        """See `Sender`: a list of which nobody is left goes; another one is written anew."""
        places = {one.place for one in kept}
        for place in {one.place for one in undone} - places:
            (self._settings.home / str(place)).unlink(missing_ok=True)
        return [one.proposal_id for one in undone]


def write_list(path: Path, released: Sequence[Released]) -> None:
    """Write the list, whole or not at all; the same proposals give the same file."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in sorted(released, key=lambda one: one.proposal_id):
        cells = (
            one.proposal_id, one.email, one.subject, one.body, one.legal_basis,
            ", ".join(one.released_by), one.expires_on.isoformat(),
        )  # fmt: skip
        writer.writerow([_safe(cell) for cell in cells])
    # with the mark: Excel reads UTF-8 only so
    write_whole(path, text.getvalue().encode("utf-8-sig"))


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)  # what a killed run left
    fresh.touch(mode=0o600)
    fresh.write_bytes(content)
    fresh.replace(path)


def _safe(cell: str | None) -> str:
    text = cell or ""
    return f"'{text}" if text.startswith(FORMULA) else text
