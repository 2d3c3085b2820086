"""Odoo's domains: lists of conditions in prefix notation, for one row of a model."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tests.crm.fakes.odoo_models import OdooError

if TYPE_CHECKING:
    from tests.crm.fakes.odoo_orm import Database

Test = Callable[[dict[str, Any]], bool]


def compile_domain(database: Database, model: str, domain: Sequence[Any]) -> Test:
    """Return a test for rows of the model.

    Raises:
        OdooError: the domain names a field that the model does not have, or is malformed.

    """
    tests: list[Test] = []
    for leaf in reversed(list(domain)):
        if leaf == "!":
            tests.append(_negated(tests.pop()))
        elif leaf in ("&", "|"):
            first, second = tests.pop(), tests.pop()
            tests.append(_both(first, second) if leaf == "&" else _either(first, second))
        elif isinstance(leaf, (list, tuple)) and len(leaf) == 3:
            tests.append(_leaf(database, model, str(leaf[0]), str(leaf[1]), leaf[2]))
        else:
            raise OdooError("builtins.ValueError", f"Invalid domain: {domain!r}")
    return lambda row: all(test(row) for test in tests)


def _negated(test: Test) -> Test:
    return lambda row: not test(row)


def _both(first: Test, second: Test) -> Test:
    return lambda row: first(row) and second(row)


def _either(first: Test, second: Test) -> Test:
    return lambda row: first(row) or second(row)


def _leaf(database: Database, model: str, path: str, operator: str, value: Any) -> Test:
    name, _, rest = path.partition(".")
    one = database.fields[model].get(name)
    if one is None:
        raise OdooError(
            "builtins.ValueError",
            f"Invalid field {model}.{name} in leaf {(path, operator, value)!r}",
        )
    if rest:
        inner = _leaf(database, one.relation, rest, operator, value)
        table = database.rows[one.relation]
        return lambda row: bool(row.get(name)) and inner(table[row[name]])
    if one.type == "many2one" and isinstance(value, str):
        table = database.rows[one.relation]
        matches = _compare(operator, value)
        return lambda row: matches(table.get(row.get(name) or 0, {}).get("name"))
    if one.type == "many2many":
        wanted = set(value if isinstance(value, (list, tuple)) else [value])
        inside = operator in ("in", "=")
        return lambda row: bool(wanted & set(row.get(name) or [])) == inside
    matches = _compare(operator, value)
    return lambda row: matches(row.get(name))


def _compare(operator: str, value: Any) -> Callable[[Any], bool]:
    if operator in ("in", "not in"):
        wanted = {_plain(one) for one in value}
        return lambda held: (_plain(held) in wanted) == (operator == "in")
    if operator in ("=", "!="):
        return lambda held: (_plain(held) == _plain(value)) == (operator == "=")
    if operator.endswith("like"):
        pattern = _like(operator, str(value))
        wanted_match = not operator.startswith("not")
        return lambda held: bool(held and pattern.fullmatch(str(held))) == wanted_match
    order: dict[str, Callable[[Any, Any], bool]] = {
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
    }
    if operator not in order:
        raise OdooError("builtins.ValueError", f"Invalid operator {operator!r}")
    test = order[operator]
    return lambda held: held not in (None, False, "") and test(held, value)


def _like(operator: str, value: str) -> re.Pattern[str]:
    """`like` and `ilike` look inside; with `=` in front the value is the whole pattern."""
    pattern = value if operator.startswith("=") else f"%{value}%"
    parts = [
        {"%": ".*", "_": "."}.get(part, re.escape(part)) for part in re.split("([%_])", pattern)
    ]
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if "ilike" in operator else 0))


def _plain(value: Any) -> Any:
    return False if value in (None, "") else value
