"""The part of SOQL that a connector needs: fields of one object, where, order by, limit, offset.

Written from "SOQL SELECT Syntax" of Salesforce's SOQL and SOSL Reference. `parse` knows nothing of
objects and fields; who calls it checks the names and says how a value of a row is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.crm.fakes.salesforce_values import check_letters

Row = dict[str, Any]
Value = Callable[[Row, str], Any]  # the row and a field's path to the value

TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<moment>\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))?)
    | (?P<number>[+-]?\d+(?:\.\d+)?)
    | (?P<name>[A-Za-z_][A-Za-z0-9_.]*)
    | (?P<sign>!=|<>|<=|>=|[=<>(),])
    )""",
    re.VERBOSE,
)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


class SoqlError(Exception):
    """The query is no SOQL; the message is Salesforce's."""


@dataclass(frozen=True)
class Test:
    """One comparison. `operator` is one of = != < > <= >= in not-in like."""

    path: str
    operator: str
    value: Any  # folded, so that case does not matter
    written: tuple[Any, ...] = ()  # as the query has it


@dataclass(frozen=True)
class Both:
    """`and` or `or` of several conditions; `not` of one."""

    word: str
    parts: tuple[Any, ...]


@dataclass
class Query:
    """What was asked for. `fields` is empty for `select count()`."""

    fields: list[str]
    object: str
    where: Test | Both | None = None
    order: list[tuple[str, bool]] = field(default_factory=list)  # path, descending
    limit: int | None = None
    offset: int = 0

    @property
    def paths(self) -> Iterator[str]:
        yield from self.fields
        yield from _paths(self.where)
        yield from (path for path, _ in self.order)


def parse(text: str) -> Query:
    """Read a query.

    Raises:
        SoqlError: it can't be read.

    """
    return _Parser(text).query()


def matches(condition: Test | Both | None, row: Row, value: Value) -> bool:
    """Tell whether the row meets the condition; texts compare without regard to case."""
    if condition is None:
        return True
    if isinstance(condition, Both):
        answers = (matches(part, row, value) for part in condition.parts)
        if condition.word == "not":
            return not next(answers)
        return all(answers) if condition.word == "and" else any(answers)
    return _compare(_plain(value(row, condition.path)), condition.operator, condition.value)


def sort_key(value: Any) -> tuple[bool, Any]:
    """Nulls come first, as SOQL has it without `nulls last`."""
    plain = _plain(value)
    return (plain is not None, plain if plain is not None else 0)


def equals(condition: Test | Both | None, path: str) -> list[Any] | None:
    """Return the values that `path` must be one of, if the condition says so at the top."""
    if isinstance(condition, Both) and condition.word == "and":
        found = (equals(part, path) for part in condition.parts)
        return next((values for values in found if values is not None), None)
    if not isinstance(condition, Test) or condition.path.lower() != path.lower():
        return None
    is_list = condition.operator in {"=", "in"} and None not in condition.written
    return list(condition.written) if is_list else None


def _paths(condition: Test | Both | None) -> Iterator[str]:
    if isinstance(condition, Test):
        yield condition.path
    elif isinstance(condition, Both):
        for part in condition.parts:
            yield from _paths(part)


def _plain(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _compare(left: Any, operator: str, right: Any) -> bool:
    if operator == "in":
        return left in right
    if operator == "not-in":
        return left not in right
    if operator == "=":
        return bool(left == right)
    if operator == "!=":
        return bool(left != right)
    if left is None or right is None:
        return False
    if operator == "like":
        return re.fullmatch(right, left, re.DOTALL) is not None
    if isinstance(left, (int, float)) != isinstance(right, (int, float)):
        return False
    return {"<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}[
        operator
    ]


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        position, text = 0, text.rstrip()
        while position < len(text):
            found = TOKEN.match(text, position)
            if not found:
                raise SoqlError(f"unexpected token: '{text[position:].split()[0]}'")
            kind = str(found.lastgroup)
            self.tokens.append((kind, found.group(kind)))
            position = found.end()
        self.at = 0

    def query(self) -> Query:
        self._word("select")
        fields = self._fields()
        self._word("from")
        query = Query(fields, self._name())
        if self._try("where"):
            query.where = self._or()
        if self._try("order"):
            self._word("by")
            query.order = self._order()
        if self._try("limit"):
            query.limit = int(self._next("number"))
        if self._try("offset"):
            query.offset = int(self._next("number"))
        if self.at < len(self.tokens):
            raise SoqlError(f"unexpected token: '{self.tokens[self.at][1]}'")
        return query

    def _fields(self) -> list[str]:
        first = self._name()
        if first.lower() == "count" and self._try("("):
            self._word(")")
            return []
        fields = [first]
        while self._try(","):
            fields.append(self._name())
        return fields

    def _order(self) -> list[tuple[str, bool]]:
        order = []
        while True:
            path = self._name()
            descending = not self._try("asc") and self._try("desc")
            order.append((path, descending))
            if not self._try(","):
                return order

    def _or(self) -> Test | Both:
        parts = [self._and()]
        while self._try("or"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else Both("or", tuple(parts))

    def _and(self) -> Test | Both:
        parts = [self._not()]
        while self._try("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else Both("and", tuple(parts))

    def _not(self) -> Test | Both:
        if self._try("not"):
            return Both("not", (self._not(),))
        if self._try("("):
            inner = self._or()
            self._word(")")
            return inner
        path = self._name()
        if self._try("in"):
            return _test(path, "in", self._list())
        if self._try("not"):
            self._word("in")
            return _test(path, "not-in", self._list())
        if self._try("like"):
            return Test(path, "like", _pattern(_plain(self._value())))
        sign = self._next("sign")
        if sign not in {"=", "!=", "<>", "<", ">", "<=", ">="}:
            raise SoqlError(f"unexpected token: '{sign}'")
        return _test(path, "!=" if sign == "<>" else sign, [self._value()])

    def _list(self) -> list[Any]:
        self._word("(")
        values = [self._value()]
        while self._try(","):
            values.append(self._value())
        self._word(")")
        return values

    def _value(self) -> Any:
        kind, text = self._token()
        if kind == "string":
            return re.sub(
                r"\\(.)", lambda found: ESCAPES.get(found[1], found[1]), text[1:-1], flags=re.DOTALL
            )
        if kind == "moment":
            return _moment(text)
        if kind == "number":
            return float(text)
        if kind == "name" and text.lower() in {"true", "false", "null"}:
            return {"true": True, "false": False, "null": None}[text.lower()]
        raise SoqlError(f"unexpected token: '{text}'")

    def _name(self) -> str:
        return self._next("name")

    def _token(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise SoqlError("unexpected token: '<EOF>'")
        self.at += 1
        return self.tokens[self.at - 1]

    def _next(self, kind: str) -> str:
        found, text = self._token()
        if found != kind:
            raise SoqlError(f"unexpected token: '{text}'")
        return text

    def _try(self, text: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at][1].lower() == text:
            self.at += 1
            return True
        return False

    def _word(self, text: str) -> None:
        if not self._try(text):
            raise SoqlError(f"unexpected token: '{self._token()[1]}'")


def _test(path: str, operator: str, values: list[Any]) -> Test:
    if path.endswith("Id"):
        values = [_long(value) for value in values]
    folded = [_plain(value) for value in values]
    value = frozenset(folded) if operator in {"in", "not-in"} else folded[0]
    return Test(path, operator, value, tuple(values))


def _long(value: Any) -> Any:
    """Return the long form of an id; a condition takes the short one, too."""
    is_short = isinstance(value, str) and len(value) == 15 and value.isalnum()
    return value + check_letters(value) if is_short else value


def _moment(text: str) -> str:
    """Turn a date or a time of any zone into the text that rows hold, in UTC."""
    if "T" not in text:
        return text
    moment = datetime.fromisoformat(text).astimezone(UTC)
    return f"{moment:%Y-%m-%dt%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def _pattern(text: str) -> str:
    """SQL's % and _ as a regular expression."""
    return "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in text)
