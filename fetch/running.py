"""Fetching: entry by entry, each on its own, told with what came, since when and how long."""

from __future__ import annotations

import fcntl
import logging
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from config import ConfigurationError, Settings
from config.connections import Login, find_login
from config.language import _
from fetch.crm import CrmReader
from fetch.entries import FILE_NAME, CrmEntry, Entry, RestEntry, SqlEntry, load_entries
from fetch.errors import FetchRunningError
from fetch.parcels import Parcel, deliver, discard_leftovers
from fetch.problems import told
from fetch.state import State, folder, read_state, write_state

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one entry.

    `files`: places below the inbox of what came, or in a dry run would come. `rows`: of these,
    where they are known. `since`: the cursor, or the time of the last success, from which on was
    asked; None: from the beginning. `notes`: what is worth a look. `problem`: why it failed;
    `failing_since` the first of the tries that failed in a row, `fetched_at` the last that did not.
    """

    name: str
    kind: str
    status: Literal["new", "nothing", "failed"]
    files: tuple[str, ...] = ()
    rows: int | None = None
    since: str | None = None
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    problem: str | None = None
    failing_since: datetime | None = None
    fetched_at: datetime | None = None

    def to_json(self) -> dict[str, object]:
        """Return it as JSON can hold it."""
        return asdict(self) | {
            name: moment.isoformat() if (moment := getattr(self, name)) else None
            for name in ("failing_since", "fetched_at")
        }

    @property
    def is_warning(self) -> bool:
        """Whether a person should look."""
        return bool(self.problem or self.notes)


@dataclass(slots=True)
class _Tally:
    files: list[str] = field(default_factory=list)
    rows: int | None = None
    notes: list[str] = field(default_factory=list)

    def add(self, file: str, rows: int | None) -> None:
        self.files.append(file)
        if rows is not None:
            self.rows = (self.rows or 0) + rows


def fetch_all(
    settings: Settings,
    names: Sequence[str] = (),
    *,
    dry_run: bool = False,
    crm_reader: CrmReader | None = None,
    on_entry: Callable[[Fetched], None] | None = None,
) -> list[Fetched]:
    """Bring what is new at the sources of `fetch.yml` into the inbox.

    Each file comes whole or not at all, and what is remembered moves only when it lies there: a
    fetch that was killed and runs again ends as if it had not been. A source that fails is told
    and leaves the others alone.

    Args:
        settings: say where `fetch.yml`, the inbox and the home are.
        names: of entries; without any all of them.
        dry_run: read, but write nothing and move nothing at the sources.
        crm_reader: reads the objects of a CRM; entries of kind `crm` need it.
        on_entry: called with what became of each entry as soon as it is known.

    Raises:
        ConfigurationError: `fetch.yml` is wrong or has no entry of that name.
        FetchRunningError: another fetch of this home is at work.

    """
    entries = _chosen(load_entries(settings), names, settings)
    if not entries:
        return []
    results = []
    with _alone(settings):
        if not dry_run:
            settings.inbox.mkdir(parents=True, exist_ok=True)
            discard_leftovers(settings.inbox)
        for entry in entries:
            result = _fetch(settings, entry, dry_run, crm_reader)
            if result.problem:
                logger.warning("%s: %s", result.name, result.problem)
            results.append(result)
            if on_entry:
                on_entry(result)
    return results


def _fetch(
    settings: Settings, entry: Entry, dry_run: bool, crm_reader: CrmReader | None
) -> Fetched:
    began = time.monotonic()
    try:
        state = read_state(settings, entry.name)
    except ConfigurationError as error:  # the file stays as it is for a person to look at
        return Fetched(entry.name, entry.kind, "failed", problem=str(error))
    tally, login = _Tally(), None
    if state.fingerprint != entry.fingerprint:
        if state.fingerprint:
            tally.notes.append(_("The entry was changed: all of it is fetched anew."))
        state = State(number=state.number, fingerprint=entry.fingerprint, problem=state.problem,
                      failing_since=state.failing_since)  # fmt: skip
    since, problem = None, None
    try:
        login = find_login(settings, entry.connection) if entry.connection else None
        since = _since(settings, entry, state)
        for parcel in _parcels(entry, login, settings, state, crm_reader):
            state = _take(settings, entry, parcel, state, tally, dry_run)
    except Exception as error:  # a source's driver may raise anything; the others go on
        problem = told(error, entry.connection, login)
    now = datetime.now(UTC)
    failing = (state.failing_since or now) if problem else None
    if not dry_run:
        done = {"fetched_at": state.fetched_at if problem else now}
        state = state.model_copy(update={**done, "problem": problem, "failing_since": failing})
        try:
            write_state(settings, entry.name, state)
        except OSError as error:  # a full disk: what could not be noted is fetched again
            problem = problem or told(error, entry.connection, login)
    return Fetched(
        name=entry.name,
        kind=entry.kind,
        status="failed" if problem else "new" if tally.files else "nothing",
        files=tuple(tally.files),
        rows=tally.rows,
        since=since,
        seconds=time.monotonic() - began,
        notes=tuple(tally.notes),
        problem=problem,
        failing_since=failing,
        fetched_at=state.fetched_at if problem else now,
    )


def _take(
    settings: Settings, entry: Entry, parcel: Parcel, state: State, tally: _Tally, dry_run: bool
) -> State:
    """Bring one parcel into the inbox; returns what is to be remembered from now on."""
    rows: int | None = None
    if parcel.file is not None and not dry_run:
        rows = deliver(settings.inbox, parcel)
    elif parcel.has_rows:
        rows = _count(settings, parcel)
    if (note := parcel.note()) is not None:
        tally.notes.append(note)
    if rows == 0:
        return state
    if parcel.file is not None:
        tally.add(parcel.file, rows)
    if dry_run:
        return state
    state = parcel.state(state)
    write_state(settings, entry.name, state)
    parcel.done()
    return state


def _count(settings: Settings, parcel: Parcel) -> int | None:
    with tempfile.TemporaryDirectory(dir=folder(settings)) as place:
        return parcel.write(Path(place) / "counted")


def _parcels(
    entry: Entry,
    login: Login | None,
    settings: Settings,
    state: State,
    crm_reader: CrmReader | None,
) -> Iterator[Parcel]:
    if isinstance(entry, CrmEntry):
        from fetch import crm

        return crm.parcels(entry, settings, state, crm_reader)
    from fetch import folders, mailbox, rest, rows, sql

    if isinstance(entry, SqlEntry | RestEntry):
        rows.prepare_dlt(settings)
    kinds: Mapping[str, Callable[..., Iterator[Parcel]]] = {
        "sql": sql.parcels,
        "rest": rest.parcels,
        "folder": folders.parcels,
        "mailbox": mailbox.parcels,
    }
    return kinds[entry.kind](entry, login, state)


def _since(settings: Settings, entry: Entry, state: State) -> str | None:
    from fetch import rows

    if isinstance(entry, SqlEntry | RestEntry):
        return rows.since(entry, state) if entry.cursor else None
    if state.fetched_at is None:
        return None
    return f"{state.fetched_at.astimezone(ZoneInfo(settings.timezone)):%Y-%m-%d %H:%M}"


def _chosen(
    entries: Mapping[str, Entry], names: Collection[str], settings: Settings
) -> list[Entry]:
    for name in names:
        if name not in entries:
            near = get_close_matches(name, entries, n=1) or sorted(entries)[:5]
            message = _("{file} has no entry {name!r}; there is {names}.")
            raise ConfigurationError(
                message.format(
                    file=settings.config / FILE_NAME,
                    name=name,
                    names=", ".join(near) or _("none"),
                )
            )
    return [entry for entry in entries.values() if not names or entry.name in names]


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Hold the home's lock: two fetches at once would bring the same twice."""
    place = folder(settings)
    place.mkdir(parents=True, exist_ok=True)
    with (place / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FetchRunningError(
                _("Another fetch is at work in {home}: wait until it is done.").format(
                    home=settings.home
                )
            ) from None
        yield
