"""The station: take what people answered, write tonight's lists, keep what was shown."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from config import Settings
from config.language import _
from ml import read_specs, score_texts
from ml.feedback import forget_hints
from report.calls.answers import Answered, folders, lists_folder, take_feedback
from report.calls.book import make_book
from report.calls.cells import Teller, title_of
from report.calls.rows import CallList, read_lists
from report.calls.settings import ListConfig, is_built, keep_rules, load_lists
from report.words import Words
from warehouse import open_warehouse
from workbooks.call_list import is_call_list
from workbooks.style import save

if TYPE_CHECKING:
    import duckdb

logger = logging.getLogger(__name__)
LONGEST_NAME: Final = 80  # characters of a file's name: a drive's path has an end
# What Windows allows in no file name; and its devices, which no file may be called.
FORBIDDEN: Final = re.compile(r'[\\/:*?"<>|\x00-\x1f]')
DEVICES: Final = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)")


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one list.

    `path` is None in a dry run. `problem` says why a file could not be written; the old one stays.
    """

    found: CallList
    title: str
    path: Path | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Lists:
    """What the station did: the lists, what people had answered, files of who has none any more.

    `homeless`: open leads with a score whose customer nobody knows; they stand on no list.
    """

    written: tuple[Written, ...]
    answered: tuple[Answered, ...] = ()
    removed: tuple[Path, ...] = ()
    homeless: int = 0


def write_call_lists(settings: Settings, *, dry_run: bool = False) -> Lists:
    """Write the list of each account manager, once what people filled in is taken over.

    Args:
        settings: where the lists go, and the night.
        dry_run: write nothing, neither files nor what was shown.

    Raises:
        ConfigurationError: `lists.yml` is wrong; yesterday's lists stay.
        WarehouseLockedError: another process holds the warehouse.

    """
    config = load_lists(settings)
    with open_warehouse(settings) as connection:
        if not is_built(connection):
            return Lists(())
        if dry_run:
            found = _find(connection, settings, config)
            return Lists(tuple(_as_written(found, settings)))
        before = {path: _stamp(path) for path in _ours(settings)}
        answered = tuple(take_feedback(connection, settings, config))
        keep_rules(connection, config)
        forget_hints(connection, settings.night - timedelta(days=config.keep_days))
        found = _find(connection, settings, config)
        homeless = _count_homeless(connection, config)
        written = tuple(_write_all(settings, config, found, (answered, before)))
        _keep_shown(connection, settings, found)
    stale = set(before) - {one.path for one in written}
    removed = tuple(sorted(path for path in stale if _remove(path, before[path])))
    return Lists(written, answered, removed, homeless)


def _find(
    connection: duckdb.DuckDBPyConnection, settings: Settings, config: ListConfig
) -> list[CallList]:
    """Read tonight's lists, and an empty one for whoever has customers but no hint tonight."""
    found = read_lists(connection, settings, config)
    names = connection.execute(
        "select min(name) from (select coalesce(other.name, trim(known.written)) as name from ("
        " select account_manager as written from marts.customers union"
        " select owner from marts.leads where outcome = 'open') as known"
        " left join ops.call_list_names as other on lower(trim(known.written)) = other.written)"
        " where name is not null group by lower(name) order by 1"
    ).fetchall()
    there = {(one.manager or "").casefold() for one in found}
    # of others a file is only renewed: a column of chance words makes no five hundred lists
    known = {path.stem.casefold() for path in _ours(settings)}
    idle = [name for (name,) in names if name.casefold() not in there]
    empty = [CallList(name, ()) for name in idle if file_stem(name).casefold() in known]
    managers = [one for one in found if one.manager is not None]
    rest = [one for one in found if one.manager is None]
    return [*sorted([*managers, *empty], key=lambda one: str(one.manager).casefold()), *rest]


def _as_written(found: Sequence[CallList], settings: Settings) -> Iterable[Written]:
    words = Words(settings.language)
    for one in found:
        yield Written(one, title_of(one, words, is_only=len(found) == 1), None)


def _write_all(
    settings: Settings,
    config: ListConfig,
    found: Sequence[CallList],
    last: tuple[Sequence[Answered], dict[Path, tuple[int, int] | None]],
) -> Iterable[Written]:
    answered, before = last
    words = Words(settings.language)
    teller = Teller(words, score_texts(settings), config)
    folder = lists_folder(settings)
    refused = {one.path: one.refused for one in answered}
    taken: set[str] = set()
    for one in _as_written(found, settings):
        path = folder / name_file(one.found, words, taken, is_only=len(found) == 1)
        if _stamp(path) != before.get(path):
            problem = _("{file} is being filled in; it stays until the next list.")
            yield Written(one.found, one.title, path, problem.format(file=path.name))
            continue
        told = [
            words("calls_refused", file=path.name, said=refusal.said(words.language))
            for refusal in refused.get(path, ())
        ]
        book = make_book(one.found, teller, one.title, (settings.company, settings.night), told)
        try:
            save(book, path)
        except OSError as error:
            problem = _("{file} can't be written: {reason}. Close it where it is open.")
            told_why = problem.format(file=path, reason=error.strerror)
            yield Written(one.found, one.title, path, told_why)
            continue
        yield Written(one.found, one.title, path)


def name_file(found: CallList, words: Words, taken: set[str], *, is_only: bool) -> str:
    """Name the file after the account manager; of two names that look alike one gets a number.

    `taken` are the names given so far.
    """
    nobody = words("calls_file_all" if is_only else "calls_file_nobody")
    stem = first = file_stem(found.manager) if found.manager else nobody
    count = 1
    while stem.casefold() in taken:
        count += 1
        stem = f"{first} ({count})"
    taken.add(stem.casefold())
    return f"{stem}.xlsx"


def file_stem(name: str) -> str:
    """Make of a name what every system allows as the name of a file."""
    stem = FORBIDDEN.sub("_", unicodedata.normalize("NFC", name)).strip(" .")[:LONGEST_NAME]
    return f"_{stem}" if not stem or DEVICES.fullmatch(stem) else stem


def _ours(settings: Settings) -> list[Path]:
    return [
        path
        for folder in folders(settings)
        if folder.is_dir()
        for path in folder.iterdir()
        if not path.name.startswith((".", "~$")) and is_call_list(path)
    ]


def _stamp(path: Path) -> tuple[int, int] | None:
    if not path.exists():
        return None
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def _remove(path: Path, before: tuple[int, int] | None) -> bool:
    """Remove the list of who has none any more, unless somebody fills it in right now."""
    if _stamp(path) != before:
        return False
    try:
        path.unlink()
    except OSError as error:
        logger.warning("%s: %s", path, error.strerror)
        return False
    return True


def _count_homeless(connection: duckdb.DuckDBPyConnection, config: ListConfig) -> int:
    (count,) = connection.execute(
        "select count(*) from marts.scores where entity = 'lead' and customer_id is null"
        " and list_contains($scores, score) and list_contains($bands, band)",
        {"scores": list(config.scores), "bands": list(config.bands)},
    ).fetchone() or (0,)
    return int(count)


def _keep_shown(
    connection: duckdb.DuckDBPyConnection, settings: Settings, found: Iterable[CallList]
) -> None:
    """Keep which hints stood on a list tonight; a second list of the night replaces the first."""
    horizons = {
        spec.name: spec.snapshots.horizon_days if spec.snapshots else None
        for spec in read_specs(settings).readable
    }
    rows = [
        [
            settings.night, call["score"], call["entity"], call["entity_id"], call["customer_id"],
            call["points"], call["band"], call["method"], call["model_version"],
            call["probability"], call["amount"], call["expected_amount"],
            horizons.get(call["score"]),
        ]
        for one in found
        for call in one.calls
    ]  # fmt: skip
    connection.begin()
    connection.execute("delete from ops.shown_hints where night = ?", [settings.night])
    if rows:
        connection.executemany(f"insert into ops.shown_hints values ({', '.join('?' * 13)})", rows)
    connection.commit()
