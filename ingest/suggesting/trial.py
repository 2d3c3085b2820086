"""A rehearsal: the proposals for a folder, its files loaded by them in a place that is thrown away.

So the preview shows what the night would make of the files, with the night's own code.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config import Settings
from ingest.loading.inbox_run import Progress, load_inbox
from ingest.loading.loads import Load
from ingest.mapping.sources import SOURCES_FILE
from ingest.suggesting.folder import FolderSuggestion, suggest_folder
from ingest.suggesting.one_file import LOCK_WAIT_SECONDS, append_sources
from ingest.suggesting.preview import Preview, preview
from warehouse import WarehouseLockedError, open_warehouse


@dataclass(frozen=True, slots=True)
class Trial:
    """What is proposed for a folder, and what became of its files when loaded that way."""

    suggestion: FolderSuggestion
    loads: tuple[Load, ...]
    previews: tuple[Preview, ...]


def try_out(settings: Settings, folder: Path, progress: Progress | None = None) -> Trial:
    """Propose sources for a folder and load its files by them, beside what the warehouse holds.

    Nothing is written but in a folder that is gone afterwards: it takes as much space as the files,
    twice, and the warehouse.

    Args:
        settings: say where `sources.yml` and the warehouse are.
        folder: with the files, in the inbox or anywhere else.
        progress: told while files are loaded.

    Raises:
        ConfigurationError: `sources.yml` is wrong.
        SuggestionError: the proposals can't stand beside what is in `sources.yml`.

    """
    suggestion = suggest_folder(settings, folder)
    if not suggestion.proposals:
        return Trial(suggestion, (), ())
    with _rehearsal(settings) as there:
        append_sources(there, suggestion.proposals, settings.language)
        for file in suggestion.taken:
            target = there.inbox / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file.path, target)
        loads = tuple(load_inbox(there, progress))
        names = [proposal.name for proposal in suggestion.proposals]
        return Trial(suggestion, loads, tuple(preview(there, names)))


@contextlib.contextmanager
def _rehearsal(settings: Settings) -> Iterator[Settings]:
    """Give the settings of a home with the same sources and records, and no files."""
    beside = settings.home if settings.home.is_dir() else None
    with tempfile.TemporaryDirectory(prefix=".rehearsal-", dir=beside) as place:
        home, config = Path(place) / "home", Path(place) / "config"
        home.mkdir()
        config.mkdir()
        if (settings.config / SOURCES_FILE).exists():
            shutil.copyfile(settings.config / SOURCES_FILE, config / SOURCES_FILE)
        there = settings.model_copy(update={"home": home, "config": config})
        if settings.warehouse.exists():
            _copy_warehouse(settings, there)
        yield there


def _copy_warehouse(settings: Settings, there: Settings) -> None:
    """Copy the records that files may refer to, unless the warehouse is in use just now."""
    impatient = settings.model_copy(update={"lock_wait_seconds": LOCK_WAIT_SECONDS})
    with contextlib.suppress(WarehouseLockedError), open_warehouse(impatient) as connection:
        connection.execute("checkpoint")
        shutil.copyfile(settings.warehouse, there.warehouse)
