"""`reifegrad start DIR`: from a folder of unknown files to a home ready for its first night.

Nothing of it is final: what was understood stands in the company's own config folder, where people
change it; the next start keeps their changes and adds what is new.
"""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from config import PROJECT_ROOT, ConfigurationError, Settings
from config.folders import SETTINGS_FILE, read_env
from config.language import Language, _

if TYPE_CHECKING:
    from ingest.loading.inbox_run import Progress
    from ingest.loading.loads import Load
    from ingest.suggesting.folder import FolderFile, FolderSuggestion
    from ingest.suggesting.preview import Preview

SAMPLE_CONFIG: Final = PROJECT_ROOT / "config"
PARTIAL: Final = ".partial"

SETTINGS: Final = """\
# The settings of this company; docs/reference/settings.md lists all of them. A variable of the same
# name in the environment wins. No secrets here: they lie in secrets.env in the home, for its owner
# only.
REIFEGRAD_LANGUAGE={language}
REIFEGRAD_COMPANY={company}
REIFEGRAD_TIMEZONE={timezone}
"""
CRM: Final = """\
# Where the scores go each night. `excel`: there is no CRM, they become a list in outbox/ in the
# home. docs/how-to/crm.md says what to write for a CRM.
connector: excel
"""


@dataclass(frozen=True, slots=True)
class Start:
    """What a start found and wrote.

    `added`: names of the sources written into `sources.yml`; `copied`: names of the files that are
    new or changed in the inbox.
    """

    settings: Settings
    suggestion: FolderSuggestion
    added: tuple[str, ...]
    copied: tuple[str, ...]
    loads: tuple[Load, ...]
    previews: tuple[Preview, ...]

    @property
    def refused(self) -> list[FolderFile]:
        """The files that hold no table or can't be read."""
        return [file for file in self.suggestion.files if file.problem is not None]


def start(
    settings: Settings, folder: Path, company: str, progress: Progress | None = None
) -> Start:
    """Understand the files of a folder, write the company's config, load the files into `raw`.

    Files are copied into the inbox, never moved. What cannot be read is left where it is and told.

    Args:
        settings: of the home; its config may be missing yet.
        folder: with the company's files.
        company: the firm's name, for a home that has none yet.
        progress: told while files are loaded.

    Raises:
        ConfigurationError: the home holds another company's data, no file can be taken, or the
            company's own `sources.yml` is wrong. Nothing was written.
        SuggestionError: the proposals can't stand beside what is in `sources.yml`.

    """
    from ingest.loading.inbox_run import load_inbox
    from ingest.suggesting.folder import suggest_folder
    from ingest.suggesting.one_file import append_sources
    from ingest.suggesting.preview import preview

    own = own_settings(settings, folder)
    suggestion = suggest_folder(own, folder)
    if not suggestion.taken:
        raise ConfigurationError(_nothing_taken(suggestion, folder, settings.language))
    own.config.mkdir(parents=True, exist_ok=True)
    _write(own.config / "crm.yml", CRM)
    _write(own.config / "privacy.yml", (SAMPLE_CONFIG / "privacy.yml").read_text(encoding="utf-8"))
    if suggestion.proposals:
        append_sources(own, suggestion.proposals, settings.language)
    named = SETTINGS.format(language=settings.language, company=company, timezone=settings.timezone)
    _write(own.config / SETTINGS_FILE, named)  # last: with it the folder is the company's own
    copied = tuple(_copy(suggestion.taken, folder, own.inbox))
    loads = tuple(load_inbox(own, progress))
    return Start(
        settings=own.model_copy(update={"company": known_company(own) or company}),
        suggestion=suggestion,
        added=tuple(proposal.name for proposal in suggestion.proposals),
        copied=copied,
        loads=loads,
        previews=tuple(preview(own)),
    )


def own_settings(settings: Settings, folder: Path) -> Settings:
    """Return the settings with the company's own config folder, which may be missing yet.

    Raises:
        ConfigurationError: `folder` is no folder or holds the home, or the home belongs to another
            company: it was filled by the config of the sample company.

    """
    if not folder.is_dir():
        raise ConfigurationError(_("{folder} is no folder.").format(folder=folder))
    inside = settings.home.resolve().is_relative_to(folder.resolve())
    if inside and folder.resolve() != settings.inbox.resolve():
        message = _("{folder} holds the home {home}: name the folder that only has the files.")
        raise ConfigurationError(message.format(folder=folder, home=settings.home))
    if settings.config.resolve() != SAMPLE_CONFIG.resolve():
        return settings
    if _holds_rows(settings):
        message = _(
            "{home} holds the data of {company} already. Give your company a home of its own:"
            " REIFEGRAD_HOME=/path/to/new/folder reifegrad start {folder}"
        )
        raise ConfigurationError(
            message.format(home=settings.home, company=settings.company, folder=folder)
        )
    return settings.model_copy(update={"config": settings.home / "config"})


def known_company(settings: Settings) -> str | None:
    """Return the firm's name that the company's own settings hold, if there are any yet."""
    if settings.config.resolve() == SAMPLE_CONFIG.resolve():
        return None
    return read_env(settings.config / SETTINGS_FILE).get("company")


def _holds_rows(settings: Settings) -> bool:
    """Tell whether rows were ever loaded; a look, or a refused file, makes the home nobody's."""
    if not settings.warehouse.exists():
        return False
    from warehouse import open_warehouse

    with open_warehouse(settings) as connection:
        loaded = connection.table("ops.loads").filter("rows_loaded > 0")
        return loaded.limit(1).fetchone() is not None


def _nothing_taken(suggestion: FolderSuggestion, folder: Path, language: Language) -> str:
    if not suggestion.files:
        return _("{folder} holds no files.").format(folder=folder)
    first = suggestion.files[0]
    reason = getattr(first.problem, language)
    message = _("No file of {folder} holds a table. {file}: {reason}")
    return message.format(folder=folder, file=first.name, reason=reason)


def _write(path: Path, text: str) -> None:
    """Write a file whole, unless it is there: what people changed stays."""
    if not path.exists():
        fresh = path.with_name(path.name + PARTIAL)
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)


def _copy(files: Iterable[FolderFile], folder: Path, inbox: Path) -> Iterable[str]:
    """Copy files into the inbox with their times, whole or not at all; give those that changed."""
    if folder.resolve() == inbox.resolve():
        return
    for file in files:
        target = inbox / file.name
        if target.exists() and filecmp.cmp(file.path, target, shallow=False):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}{PARTIAL}")
        shutil.copyfile(file.path, fresh)
        times = file.path.stat()
        os.utime(fresh, ns=(times.st_atime_ns, times.st_mtime_ns))
        fresh.replace(target)
        yield file.name
