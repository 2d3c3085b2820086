"""Filled lists of the day, read back: where they lie or from the inbox, under any name."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from config import Settings
from ingest.loading.file_names import leads_out
from ml.feedback import LIST, Feedback, FeedbackKind, is_known, record_feedback
from report.calls.book import FEEDBACK, KEY, NOTE
from report.calls.settings import ListConfig, is_built
from report.words import LANGUAGES, Language, Words
from workbooks.call_list import is_call_list
from workbooks.filled import read_sheets

if TYPE_CHECKING:
    import duckdb

SOURCE: Final = "call_list"  # in quarantine
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What stands in one row of a filled list."""

    row: int
    key: str
    feedback: str
    note: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that can't be taken over: what stands there, and the name of the text that says why."""

    row: int
    value: str
    problem: str

    def said(self, language: Language) -> str:
        """Say it."""
        return Words(language)(self.problem, row=self.row, value=self.value[:80])


@dataclass(frozen=True, slots=True)
class Answered:
    """What was taken over from a list: how many answers are new, and what was refused."""

    path: Path
    taken: int
    refused: tuple[Refusal, ...]


class LayoutError(Exception):
    """The list has no column of keys."""


def folders(settings: Settings) -> list[Path]:
    """Return where lists lie, in each language."""
    return [settings.outbox / Words(language)("calls_folder") for language in LANGUAGES]


def lists_folder(settings: Settings) -> Path:
    """Return where the lists lie, in the set language."""
    return settings.outbox / Words(settings.language)("calls_folder")


def filled_lists(settings: Settings) -> list[Path]:
    """Return the lists where they were written, and those that people dropped into the inbox."""
    places = [(folder, False) for folder in folders(settings)] + [(settings.inbox, True)]
    return sorted(
        path
        for folder, is_deep in places
        if folder.is_dir()
        for path in (folder.rglob("*") if is_deep else folder.iterdir())
        if not path.name.startswith((".", "~$"))
        and not leads_out(path, folder)  # ingest tells of such links
        and path.is_file()
        and is_call_list(path)
    )


def take_feedback(
    connection: duckdb.DuckDBPyConnection, settings: Settings, config: ListConfig
) -> list[Answered]:
    """Take over what people filled in in lists; a second time changes nothing.

    An answer has the time of its file. What can't be taken over goes to quarantine with its reason.
    How much was taken over from which file is kept nowhere: a file is a colleague.
    """
    if not is_built(connection):
        return []
    answered = [_take(connection, path, settings, config) for path in filled_lists(settings)]
    # What was refused goes with its list: it may be people's own words.
    connection.execute(
        "delete from ops.quarantine where source = ? and not list_contains(?::varchar[], file)",
        [SOURCE, [_file_of(settings, one.path) for one in answered]],
    )
    return answered


def _take(
    connection: duckdb.DuckDBPyConnection, path: Path, settings: Settings, config: ListConfig
) -> Answered:
    at = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
    said: list[Feedback] = []
    refused: list[Refusal] = []
    try:
        for answer in read_answers(path):
            found = _judge(connection, answer, at, config)
            (said if isinstance(found, Feedback) else refused).append(found)  # type: ignore[arg-type]
    except LayoutError:
        refused.append(Refusal(0, path.name, "calls_no_keys"))
    except Exception as error:  # openpyxl and calamine raise whatever their parsers do
        refused.append(Refusal(0, f"{type(error).__name__}: {error}", "calls_unreadable"))
    connection.begin()
    taken = record_feedback(connection, said)
    if _keep_refused(connection, settings, path, refused):
        for one in refused:
            logger.warning("%s: %s", path.name, one.said(settings.language))
    connection.commit()
    return Answered(path, taken, tuple(refused))


def read_answers(path: Path) -> Iterator[Answer]:
    """Read the rows with an answer, wherever people moved rows and columns, in either language.

    Raises:
        LayoutError: no sheet has the column of keys.

    """
    has_keys = False
    for sheet in read_sheets(path):
        rows = enumerate(sheet, start=1)
        places: dict[str, int] = {}
        for _number, row in rows:
            places = _places(row)
            if KEY in places:
                has_keys = True
                break
        for number, row in rows:
            key, feedback, note = (_text(row, places.get(name)) for name in (KEY, FEEDBACK, NOTE))
            if feedback or (note and key):  # below the table stand notes without a key
                yield Answer(number, key, feedback, note)
    if not has_keys:
        raise LayoutError(path.name)


def _places(row: Sequence[Any]) -> dict[str, int]:
    headings = {
        Words(language)(name): name for language in LANGUAGES for name in (KEY, FEEDBACK, NOTE)
    }
    return {
        headings[str(cell).strip()]: place
        for place, cell in enumerate(row)
        if cell is not None and str(cell).strip() in headings
    }


def _text(row: Sequence[Any], place: int | None) -> str:
    value = row[place] if place is not None and place < len(row) else None
    return "" if value is None else " ".join(str(value).split())


def _judge(
    connection: duckdb.DuckDBPyConnection, answer: Answer, at: datetime, config: ListConfig
) -> Feedback | Refusal:
    if not answer.feedback:
        return Refusal(answer.row, answer.note, "calls_only_note")
    kind = _kind(answer.feedback, config)
    if kind is None:
        return Refusal(answer.row, answer.feedback, "calls_no_choice")
    score, _sep, rest = answer.key.partition(":")
    entity_id, _sep, night = rest.rpartition(":")
    for entity in ("customer", "lead"):
        if (about := _day(night)) and entity_id and is_known(connection, entity, entity_id):
            return Feedback(
                score=score,
                entity="lead" if entity == "lead" else "customer",
                entity_id=entity_id,
                kind=kind,
                said_at=at,
                source=LIST,
                note=answer.note or None,
                about=about,
            )
    return Refusal(answer.row, answer.key, "calls_no_record")


def _kind(text: str, config: ListConfig) -> FeedbackKind | None:
    """Find the kind that people chose, in either language, in the words of the list."""
    for kind, choice in config.feedback.items():
        if text.casefold() in (choice.de.casefold(), choice.en.casefold(), kind):
            return kind
    return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _file_of(settings: Settings, path: Path) -> str:
    below = settings.inbox if path.is_relative_to(settings.inbox) else settings.outbox
    return path.relative_to(below).as_posix()


def _keep_refused(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    path: Path,
    refused: Iterable[Refusal],
) -> bool:
    """Put what was refused into quarantine; tells whether it is other than it was."""
    file, now = _file_of(settings, path), datetime.now(UTC).replace(tzinfo=None)
    rows = [(one.row, one.value, one.said("de"), one.said("en")) for one in refused]
    before = connection.execute(
        "select row_number, raw_text, reason_de, reason_en from ops.quarantine"
        " where source = ? and file = ? order by all",
        [SOURCE, file],
    ).fetchall()
    if sorted(rows) == before:
        return False
    connection.execute("delete from ops.quarantine where source = ? and file = ?", [SOURCE, file])
    load_id = uuid.uuid4().hex
    for number, value, de, en in rows:
        connection.execute(
            "insert into ops.quarantine (load_id, source, file, row_number, raw_text, reason_de,"
            " reason_en, quarantined_at) values (?, ?, ?, ?, ?, ?, ?, ?)",
            [load_id, SOURCE, file, number, value, de, en, now],
        )
    return bool(rows)
