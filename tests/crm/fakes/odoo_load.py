"""`load` of the Odoo fake: rows of text in, records by their external ids out.

As seen on a real Odoo 16: one bad row rejects the batch (`ids` false, a message per bad row),
selections are given by their labels, an empty text clears. `id` is the external id, `.id` that of
the database; `field/id` and `field/.id` name the record of a relation in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.crm.fakes.odoo_models import DEFAULTS, Field, OdooError
from tests.crm.fakes.odoo_orm import Database, Row


class _RowError(Exception):
    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name, self.message = name, message


def load(
    database: Database, model: str, names: Sequence[str], data: Sequence[Sequence[Any]]
) -> dict[str, Any]:
    """Create or change one record per row; either all rows or none."""
    for name in names:
        if name not in ("id", ".id"):
            database.field(model, name.partition("/")[0])
    messages: list[dict[str, Any]] = []
    ready: list[tuple[int | None, str, Row]] = []
    for number, row in enumerate(data):
        try:
            ready.append(_converted(database, model, names, row))
        except _RowError as error:
            messages.append(_message(number, error.name, error.message))
        except OdooError as error:
            messages.append(_message(number, "", error.message))
    if messages:
        return {"ids": False, "messages": messages, "nextrow": 0}
    ids, made = [], {}
    for id_, xid, values in ready:
        id_ = id_ or made.get(xid)
        if id_ is None:
            id_ = database.create(model, values)
            if xid:
                made[xid] = id_
                module, _, name = xid.rpartition(".")
                database.name_xid(module or "__import__", name, model, id_)
        else:
            database.write(model, [id_], values)
        ids.append(id_)
    return {"ids": ids, "messages": [], "nextrow": 0}


def _message(number: int, field: str, message: str) -> dict[str, Any]:
    told = {
        "type": "error",
        "message": message,
        "record": number,
        "rows": {"from": number, "to": number},
    }
    return told | ({"field": field, "field_name": field} if field else {})


def _converted(
    database: Database, model: str, names: Sequence[str], row: Sequence[Any]
) -> tuple[int | None, str, Row]:
    """Return the record to change (None: a new one), its external id and its values."""
    id_, xid, values = None, "", {}
    for name, text in zip(names, row, strict=True):
        if name == "id":
            xid = text or ""
            id_ = _by_xid(database, model, xid) if xid else None
        elif name == ".id":
            if text and int(text) not in database.table(model):
                raise _RowError(".id", f"Unknown database identifier '{text}'")
            id_ = int(text) if text else None
        else:
            field, _, how = name.partition("/")
            values[field] = _value(database, database.field(model, field), how, text)
    whole = values if id_ else {**DEFAULTS.get(model, {}), **values}
    for one in database.fields[model].values():
        needed = one.required or (model == "res.partner" and one.name == "name")
        if needed and (one.name in whole or not id_) and whole.get(one.name) in (None, False, ""):
            raise _RowError(
                one.name, f"Missing required value for the field '{one.label}' ({one.name})"
            )
    database.converted(model, values, partial=True)
    return id_, xid, values


def _by_xid(database: Database, model: str, xid: str) -> int | None:
    module, _, name = xid.rpartition(".")
    found = database.by_xid(module or "__import__", name)
    if found and found[0] != model:
        raise _RowError("id", f"External id {xid} is one of {found[0]}, not of {model}")
    return found[1] if found else None


def _value(database: Database, one: Field, how: str, text: Any) -> Any:
    if text in (None, False, ""):
        return False
    text = str(text)
    if one.type == "many2one":
        return _relation(database, one, how, text)
    if one.type == "selection":
        for key, label in one.selection:
            if text == label:
                return key
        raise _RowError(one.name, f"Value '{text}' not found in selection field '{one.label}'")
    if one.type == "boolean":
        if text.lower() not in ("1", "true", "yes", "0", "false", "no"):
            raise _RowError(one.name, f"Unknown value '{text}' for boolean field '{one.label}'")
        return text.lower() in ("1", "true", "yes")
    try:
        if one.type == "integer":
            return int(text)
        if one.type == "float":
            return float(text)
    except ValueError:
        what = "an integer" if one.type == "integer" else "a number"
        raise _RowError(
            one.name, f"'{text}' does not seem to be {what} for field '{one.label}'"
        ) from None
    return text


def _relation(database: Database, one: Field, how: str, text: str) -> int:
    found: int | None
    if how == "id":
        found = _by_xid(database, one.relation, text)
        word = "external id"
    elif how == ".id":
        found = int(text) if text.isdigit() and int(text) in database.rows[one.relation] else None
        word = "database id"
    else:
        rows = database.rows[one.relation].values()
        found = next((row["id"] for row in rows if row.get("name") == text), None)
        word = "name"
    if found is None:
        raise _RowError(
            one.name, f"No matching record found for {word} '{text}' in field '{one.label}'"
        )
    return found
