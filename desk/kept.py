"""Answers that wait, because a night holds the warehouse: none is lost, each is entered once."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from config import Settings
from config.language import _
from desk.answers import Answer, Cell, Entered, Pair, Release, enter
from warehouse import WarehouseLockedError

logger = logging.getLogger(__name__)
FOLDER: Final = "answers"
REFUSED: Final = "refused"
REFUSED_DAYS: Final = 14  # so long the page tells what could not be entered, as the lists do
_FILE: Final[TypeAdapter[list[Answer]]] = TypeAdapter(list[Answer])
_ONE: Final[TypeAdapter[Answer]] = TypeAdapter(Answer)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of answers; `is_kept`: they wait until the warehouse is free."""

    entered: Entered
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class Late:
    """An answer that was kept and could not be entered later; `name` is that of its file."""

    name: str
    answer: Release | Pair | Cell
    problem: str


def answer(settings: Settings, answers: Sequence[Release | Pair | Cell]) -> Outcome:
    """Enter answers now; or keep them where another process holds the warehouse.

    Raises:
        ConfigurationError: `config/proposals.yml` is wrong.

    """
    try:
        take_kept(settings)
        return Outcome(enter(settings, answers))
    except WarehouseLockedError:
        _write(_folder(settings) / f"{_stamp()}.json", _FILE.dump_json(list(answers)))
        return Outcome(Entered(0, ()), is_kept=True)


def take_kept(settings: Settings) -> int:
    """Enter the answers that waited, the oldest first; return how many are new.

    What cannot be entered is told on the page, to the one who said it. A file that cannot be read
    stays, and the log says so.

    Raises:
        ConfigurationError: `config/proposals.yml` is wrong; the answers wait on.
        warehouse.WarehouseLockedError: another process holds the warehouse; the answers wait on.

    """
    new = 0
    for path, answers in _files(settings):
        done = enter(settings, answers)
        for one, problem in done.refused:
            logger.warning("%s: %s: %s", one.person, one.about, problem)
            late = _folder(settings) / REFUSED / f"{_stamp()}.json"
            _write(late, problem.encode() + b"\n" + _ONE.dump_json(one))
        path.unlink(missing_ok=True)
        new += done.new
    return new


def read_kept(settings: Settings) -> list[Release | Pair | Cell]:
    """Return the answers that wait, the oldest first."""
    return [one for _path, answers in _files(settings) for one in answers]


def read_late(settings: Settings, person: str) -> list[Late]:
    """Return what of somebody's kept answers could not be entered; forget what is old."""
    found = []
    folder = _folder(settings) / REFUSED
    oldest = datetime.now(UTC) - timedelta(days=REFUSED_DAYS)
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        if datetime.fromtimestamp(path.stat().st_mtime, UTC) < oldest:
            path.unlink(missing_ok=True)
            continue
        problem, _line, said = path.read_text(encoding="utf-8").partition("\n")
        one = _ONE.validate_json(said)
        if one.person == person:
            found.append(Late(path.stem, one, problem))
    return found


def forget_late(settings: Settings, person: str) -> None:
    """Forget what could not be entered of somebody's answers: it has been read."""
    for one in read_late(settings, person):
        (_folder(settings) / REFUSED / f"{one.name}.json").unlink(missing_ok=True)


def _folder(settings: Settings) -> Path:
    return settings.home / FOLDER


def _files(settings: Settings) -> Iterator[tuple[Path, list[Release | Pair | Cell]]]:
    folder = _folder(settings)
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            yield path, list(_read(path))
        except FileNotFoundError:  # another process has just entered it
            continue
        except ValidationError:
            told = _("{path} cannot be read as answers of the page; please look at it.")
            logger.exception("%s", told.format(path=path))


def _read(path: Path) -> Iterable[Release | Pair | Cell]:
    return _FILE.validate_json(path.read_bytes())


def _stamp() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:6]}"


def _write(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_bytes(content)
    fresh.replace(path)
