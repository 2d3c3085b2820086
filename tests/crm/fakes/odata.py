"""The part of OData's $filter, $orderby and keys in parentheses that a connector needs.

Written from "Filter rows" of Microsoft's Dataverse Web API documentation and OData 4.0 (part 2).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
TOKEN = re.compile(
    rf"""\s*(?:
      (?P<string>'(?:[^']|'')*')
    | (?P<guid>{GUID})
    | (?P<moment>\d{{4}}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<name>[A-Za-z_][A-Za-z0-9_.]*)
    | (?P<sign>[(),=\[\]])
    )""",
    re.VERBOSE,
)
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "gt": lambda left, right: None not in (left, right) and left > right,
    "ge": lambda left, right: None not in (left, right) and left >= right,
    "lt": lambda left, right: None not in (left, right) and left < right,
    "le": lambda left, right: None not in (left, right) and left <= right,
}
TEXTS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda left, right: right in left,
    "startswith": lambda left, right: left.startswith(right),
    "endswith": lambda left, right: left.endswith(right),
}
IN = "microsoft.dynamics.crm.in"


class ODataError(Exception):
    """The expression can't be read."""


@dataclass(frozen=True)
class Test:
    """A comparison, a text function or `in`; values are folded, so that case does not matter."""

    name: str
    word: str
    value: Any


@dataclass(frozen=True)
class Both:
    """`and` or `or` of several conditions; `not` of one."""

    word: str
    parts: tuple[Any, ...]


Condition = Test | Both


def parse_filter(text: str) -> Condition:
    """Read a $filter.

    Raises:
        ODataError: it can't be read.

    """
    parser = _Parser(text)
    condition = parser.either()
    if parser.at < len(parser.tokens):
        raise ODataError(f"Syntax error at '{parser.tokens[parser.at][1]}' in '{text}'.")
    return condition


def parse_key(text: str) -> dict[str, Any] | str:
    """Read what stands in parentheses behind an entity set: a GUID or `name='value',…`."""
    if re.fullmatch(GUID, text):
        return text.lower()
    pairs = re.findall(r"([A-Za-z_]\w*)=('(?:[^']|'')*'|[^,]+)(?:,|$)", text)
    if not pairs:
        raise ODataError("Bad Request - Error in query syntax.")
    return {
        name: value[1:-1].replace("''", "'") if value.startswith("'") else _number(value)
        for name, value in pairs
    }


def matches(condition: Condition | None, value: Callable[[str], Any]) -> bool:
    """Tell whether a row meets the condition; `value` returns the row's value by name."""
    if condition is None:
        return True
    if isinstance(condition, Both):
        answers = (matches(part, value) for part in condition.parts)
        if condition.word == "not":
            return not next(answers)
        return all(answers) if condition.word == "and" else any(answers)
    found = fold(value(condition.name))
    if condition.word == "in":
        return found in condition.value
    if condition.word in TEXTS:
        return isinstance(found, str) and TEXTS[condition.word](found, condition.value)
    return COMPARISONS[condition.word](found, condition.value)


def names(condition: Condition | None) -> list[str]:
    """Return the properties that a condition names."""
    if isinstance(condition, Both):
        return [name for part in condition.parts for name in names(part)]
    return [condition.name] if condition else []


def wanted(condition: Condition | None, name: str) -> list[Any] | None:
    """Return the values that the property must be one of, if the condition says so."""
    if isinstance(condition, Both):
        found = [wanted(part, name) for part in condition.parts]
        if condition.word == "and":
            return next((values for values in found if values is not None), None)
        if condition.word == "or" and None not in found:
            return [value for values in found for value in values or []]
        return None
    if condition and condition.name == name and condition.value is not None:
        if condition.word == "in":
            return list(condition.value)
        return [condition.value] if condition.word == "eq" else None
    return None


def fold(value: Any) -> Any:
    """SQL Server's usual collation does not tell upper from lower case."""
    return value.casefold() if isinstance(value, str) else value


def _number(text: str) -> float | int:
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        raise ODataError("Bad Request - Error in query syntax.") from None


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.tokens: list[tuple[str, str]] = []
        position, text = 0, text.rstrip()
        while position < len(text):
            found = TOKEN.match(text, position)
            if not found:
                raise ODataError(f"Syntax error at position {position} in '{text}'.")
            kind = str(found.lastgroup)
            self.tokens.append((kind, found.group(kind)))
            position = found.end()

    def either(self) -> Condition:
        parts = [self._all()]
        while self._try("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Both("or", tuple(parts))

    def _all(self) -> Condition:
        parts = [self._one()]
        while self._try("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Both("and", tuple(parts))

    def _one(self) -> Condition:
        if self._try("not"):
            return Both("not", (self._one(),))
        if self._try("("):
            inner = self.either()
            self._word(")")
            return inner
        name = self._next("name")
        if name.lower() == IN:
            return self._in()
        if name in TEXTS:
            self._word("(")
            column = self._next("name")
            self._word(",")
            value = self._value()
            self._word(")")
            return Test(column, name, value)
        word = self._next("name")
        if word not in COMPARISONS:
            raise ODataError(f"Syntax error at '{word}' in '{self.text}'.")
        return Test(name, word, self._value())

    def _in(self) -> Test:
        """Microsoft.Dynamics.CRM.In(PropertyName='x',PropertyValues=['a','b'])."""
        self._word("(")
        self._word("propertyname")
        self._word("=")
        name = self._next("string")[1:-1]
        self._word(",")
        self._word("propertyvalues")
        self._word("=")
        self._word("[")
        values = [self._value()]
        while self._try(","):
            values.append(self._value())
        self._word("]")
        self._word(")")
        return Test(name, "in", frozenset(values))

    def _value(self) -> Any:
        kind, text = self._token()
        if kind == "string":
            return fold(text[1:-1].replace("''", "'"))
        if kind == "guid":
            return text.lower()
        if kind == "moment":
            return moment(text).casefold()
        if kind == "number":
            return _number(text)
        if text in {"true", "false", "null"}:
            return {"true": True, "false": False, "null": None}[text]
        raise ODataError(f"Syntax error at '{text}' in '{self.text}'.")

    def _token(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise ODataError(f"Expression expected at position {len(self.text)} in '{self.text}'.")
        self.at += 1
        return self.tokens[self.at - 1]

    def _next(self, kind: str) -> str:
        found, text = self._token()
        if found != kind:
            raise ODataError(f"Syntax error at '{text}' in '{self.text}'.")
        return text

    def _try(self, text: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at][1].lower() == text:
            self.at += 1
            return True
        return False

    def _word(self, text: str) -> None:
        if not self._try(text):
            raise ODataError(f"'{text}' expected in '{self.text}'.")


def moment(text: str) -> str:
    """Return a date, or a time in UTC to the second, as rows hold it."""
    if "T" not in text:
        return text
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
