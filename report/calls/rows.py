"""Tonight's rows of `marts.call_list`, each with its proposed next step."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from config import ConfigurationError, Settings
from config.language import _
from ml.reasons.wording import number
from report.calls.settings import ListConfig, NextStep, lists_path
from report.words import LANGUAGES, Language, Words

if TYPE_CHECKING:
    import duckdb

FOR, AGAINST = "+", "−"
REASONS: Final = 3  # what is read before a call; all of them stand beside the score


@dataclass(frozen=True, slots=True)
class Call:
    """One row: the columns of `marts.call_list` by name, and per language the next step."""

    facts: Mapping[str, Any]
    next_step: Mapping[Language, str]

    def __getitem__(self, column: str) -> Any:  # noqa: ANN401 - as the column's type is
        return self.facts[column]

    @property
    def key(self) -> str:
        """What a filled list is read back by: score, entity and the night of the list."""
        return f"{self['score']}:{self['entity_id']}:{self['night']:%Y-%m-%d}"

    def reasons(self, language: Language) -> list[str]:
        """Choose the weightiest reasons: of three one against the points, if there is one."""
        said: list[str] = list(self[f"reasons_{language}"] or [])
        against = [text for text in said if text.startswith(AGAINST)][:1]
        rest = [text for text in said if not text.startswith(AGAINST)]
        return [*rest[: REASONS - len(against)], *against]


@dataclass(frozen=True, slots=True)
class CallList:
    """The list of one account manager; None: of the customers without one."""

    manager: str | None
    calls: tuple[Call, ...]

    @property
    def candidates(self) -> int:
        """How many customers would stand on it if it had no limit."""
        return int(self.calls[0]["candidates"]) if self.calls else 0


def read_lists(
    connection: duckdb.DuckDBPyConnection, settings: Settings, config: ListConfig
) -> list[CallList]:
    """Read tonight's lists by account manager, the list of customers without one last.

    Raises:
        ConfigurationError: a next step of `lists.yml` is no SQL over the columns, or names one
            that is not there; the message names the file and the place.

    """
    columns = [row[0] for row in connection.execute("describe marts.call_list").fetchall()]
    _check(connection, settings, config.next_steps, columns)
    conditions = ", ".join(f"coalesce(({step.when})::boolean, false)" for step in config.next_steps)
    found = connection.execute(
        f"select * replace ($night::date as night), [{conditions}] as due from marts.call_list"
        " order by account_manager nulls last, rank",
        {"night": settings.night},
    ).fetchall()
    calls = [_call(dict(zip(columns, row, strict=False)), row[-1], config) for row in found]
    return [
        CallList(manager, tuple(rows))
        for manager, rows in groupby(calls, key=lambda call: call["account_manager"])
    ]


def _call(facts: dict[str, Any], due: Sequence[bool], config: ListConfig) -> Call:
    steps = [step for step, is_due in zip(config.next_steps, due, strict=True) if is_due]
    return Call(facts, {language: _say_first(steps, facts, language) for language in LANGUAGES})


def _say_first(steps: Sequence[NextStep], facts: Mapping[str, Any], language: Language) -> str:
    """Say the first step whose text names nothing unknown; empty if there is none."""
    speaker = _Speaker(language)
    for step in steps:
        text = getattr(step, language)
        if all(facts[name] is not None for name in _named(text)):
            return speaker.vformat(text, (), facts)
    return ""


class _Speaker(string.Formatter):
    """Writes `{amount:€}`, `{last_order_on:day}`, `{usual_gap_days:0}` as the language does."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401
        if isinstance(value, date):
            return Words(self._language).day(value)
        if isinstance(value, int | float):
            return number(value, self._language, format_spec)
        return str(value)


def _named(text: str) -> set[str]:
    return {name for _text, name, _form, _as in string.Formatter().parse(text) if name}


def _check(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    steps: Sequence[NextStep],
    columns: Sequence[str],
) -> None:
    import duckdb

    path = lists_path(settings)
    for place, step in enumerate(steps):
        try:
            connection.execute(f"select ({step.when})::boolean from marts.call_list limit 0")
        except duckdb.Error as error:
            told = str(error).splitlines()[0]
            raise ConfigurationError(f"{path}: next_steps.{place}.when: {told}") from error
        for language in LANGUAGES:
            try:
                unknown = _named(getattr(step, language)) - set(columns)
            except ValueError as error:
                raise ConfigurationError(
                    f"{path}: next_steps.{place}.{language}: {error}."
                ) from error
            if unknown:
                told = _("{file}: next_steps.{place}.{language}: there is no column {column}.")
                raise ConfigurationError(
                    told.format(file=path, place=place, language=language, column=min(unknown))
                )
