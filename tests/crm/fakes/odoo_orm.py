"""The object-relational layer of the Odoo fake: records, domains, external ids, access rights.

Written from Odoo's public documentation of its ORM and external API, and from what was seen on a
real Odoo 16. Every call is a transaction: done whole or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from tests.crm.fakes import odoo_domain
from tests.crm.fakes.odoo_models import (
    DEFAULTS,
    MODELS,
    SETTINGS_ONLY,
    VIEWS,
    Field,
    OdooError,
    fields_of,
    user_error,
    validation_error,
)

Row = dict[str, Any]
INT32 = 2**31


@dataclass
class User:
    """Who calls: what he may do, beyond reading everything."""

    id: int
    login: str
    password: str
    key: str
    settings: bool = True
    denied: set[tuple[str, str]] = field(default_factory=set)  # (model, "write")


class Database:
    """All records of one database.

    Args:
        version: 16 to 19; what differs is named where it differs.

    """

    def __init__(self, version: int = 16) -> None:
        self.version = version
        self.fields = {name: fields_of(text) for name, (_label, text) in MODELS.items()}
        self.rows: dict[str, dict[int, Row]] = {name: {} for name in MODELS}
        self.next_id = dict.fromkeys(MODELS, 1)
        self.xids: dict[tuple[str, str], int] = {}  # (module, name) → row of ir.model.data
        self._hooks: dict[str, Callable[[Row], None]] = {}
        _fill(self)

    def hook(self, model: str, act: Callable[[Row], None]) -> None:
        """Let a row that is to be created in this model pass `act` first."""
        self._hooks[model] = act

    # What any caller may ask, access apart.

    def search(
        self,
        model: str,
        domain: Sequence[Any],
        *,
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
        active_test: bool = True,
    ) -> list[int]:
        table = self.table(model)
        if (
            active_test
            and "active" in self.fields[model]
            and not any(isinstance(leaf, (list, tuple)) and leaf[0] == "active" for leaf in domain)
        ):
            domain = [["active", "=", True], *domain]
        fits = odoo_domain.compile_domain(self, model, domain)
        found = [id_ for id_, row in table.items() if fits(row)]
        for part in reversed((order or "id").split(",")):
            name, _, direction = part.strip().partition(" ")
            self.field(model, name)
            found.sort(
                key=lambda id_, name=name: _sortable(table[id_].get(name)),  # type: ignore[misc]
                reverse=direction.strip().lower() == "desc",
            )
        return found[offset:][: limit or None]

    def read(self, model: str, ids: Sequence[int], names: Sequence[str] | None) -> list[Row]:
        table = self.table(model)
        self.require(model, ids)
        names = list(names or self.fields[model])
        for name in names:
            self.field(model, name)
        return [
            {"id": id_} | {name: self._shown(model, table[id_], name) for name in names}
            for id_ in ids
        ]

    def create(self, model: str, vals: Mapping[str, Any]) -> int:
        return self._insert(model, self.converted(model, {**DEFAULTS.get(model, {}), **vals}))

    def write(self, model: str, ids: Sequence[int], vals: Mapping[str, Any]) -> None:
        self.require(model, ids)
        values = self.converted(model, vals, partial=True)
        for id_ in ids:
            self._update(model, id_, values)

    def unlink(self, model: str, ids: Sequence[int]) -> None:
        self.require(model, ids)
        for id_ in ids:
            del self.table(model)[id_]
            for key, data_id in list(self.xids.items()):
                row = self.rows["ir.model.data"].get(data_id)
                if row and (row["model"], row["res_id"]) == (model, id_):
                    del self.xids[key], self.rows["ir.model.data"][data_id]

    def merge(self, model: str, keep: int, lose: int) -> None:
        """As the wizard does: one record is gone, what pointed to it points to the kept one."""
        kept, lost = self.table(model)[keep], self.table(model)[lose]
        for name, value in lost.items():
            if name not in ("id", "create_date") and kept.get(name) in (None, False, "", []):
                kept[name] = value
        for other, fields in self.fields.items():
            names = [f.name for f in fields.values() if f.relation == model]
            for row in self.rows[other].values():
                for name in names:
                    if row.get(name) == lose:
                        row[name] = keep
        for row in self.rows["mail.activity"].values():
            if (row.get("res_model"), row.get("res_id")) == (model, lose):
                row["res_id"] = keep
        for row in self.rows["ir.model.data"].values():
            if (row["model"], row["res_id"]) == (model, lose):
                row["res_id"] = keep
        kept["write_date"] = _now()
        del self.table(model)[lose]

    # External ids.

    def by_xid(self, module: str, name: str) -> tuple[str, int] | None:
        row = self.rows["ir.model.data"].get(self.xids.get((module, name), 0))
        if row is None or row["res_id"] not in self.rows.get(row["model"], {}):
            return None
        return row["model"], row["res_id"]

    def name_xid(self, module: str, name: str, model: str, res_id: int) -> None:
        stale = self.xids.pop((module, name), None)
        self.rows["ir.model.data"].pop(stale or 0, None)
        self.create(
            "ir.model.data", {"module": module, "name": name, "model": model, "res_id": res_id}
        )

    # Rules.

    def table(self, model: str) -> dict[int, Row]:
        if model not in self.rows:
            raise user_error(f"Object {model} doesn't exist")
        return self.rows[model]

    def field(self, model: str, name: str) -> Field:
        if name not in self.fields[model]:
            raise OdooError("builtins.ValueError", f"Invalid field {name!r} on model {model!r}")
        return self.fields[model][name]

    def require(self, model: str, ids: Sequence[int]) -> None:
        missing = [id_ for id_ in ids if id_ not in self.table(model)]
        if missing:
            raise OdooError(
                "odoo.exceptions.MissingError",
                "Record does not exist or has been deleted.\n"
                f"(Record: {model}({', '.join(map(str, missing))},), User: 2)",
                404,
            )

    def may(self, user: User, model: str, operation: str) -> bool:
        if operation != "read" and model in SETTINGS_ONLY and not user.settings:
            return False
        return (model, operation) not in user.denied

    def require_right(self, user: User, model: str, operation: str) -> None:
        self.table(model)
        if not self.may(user, model, operation):
            verb = {"read": "access", "write": "modify", "create": "create", "unlink": "delete"}
            label = MODELS[model][0] if model in MODELS else model
            raise OdooError(
                "odoo.exceptions.AccessError",
                f"You are not allowed to {verb[operation]} '{label}' ({model}) records.\n\n"
                "Contact your administrator to request access if necessary.",
                403,
            )

    def converted(self, model: str, vals: Mapping[str, Any], *, partial: bool = False) -> Row:
        """Return the values as they are stored.

        Raises:
            OdooError: an unknown field, a value not of its type, a required one missing.

        """
        values = {
            name: _stored(self, model, self.field(model, name), value)
            for name, value in vals.items()
            if name not in ("id", "create_date", "write_date")
        }
        for one in self.fields[model].values():
            given = one.name in values
            if (
                one.required
                and values.get(one.name) in (None, False, "")
                and (given or not partial)
            ):
                raise validation_error(
                    "The operation cannot be completed:\n"
                    "- Create/update: a mandatory field is not set.\n"
                    f"Model: {MODELS[model][0]} ({model})\nField: {one.label} ({one.name})"
                )
        if model == "res.partner" and not partial and not values.get("name"):
            raise validation_error("The operation cannot be completed: Contacts require a name")
        return values

    def _insert(self, model: str, values: Row) -> int:
        if hook := self._hooks.get(model):
            hook(values)
        id_ = self.next_id[model]
        self.next_id[model] += 1
        children = values.pop("selection_ids", [])
        row = {**values, "id": id_, "create_date": _now(), "write_date": _now()}
        if model == "mail.activity":
            row["res_model"] = self.rows["ir.model"][values["res_model_id"]]["model"]
        if model == "ir.model.data":
            key = (values["module"], values["name"])
            if key in self.xids:
                raise validation_error(
                    "The operation cannot be completed: You cannot have multiple records with the"
                    f" same external ID in the same module! {'.'.join(key)}"
                )
            self.xids[key] = id_
            row["complete_name"] = ".".join(key)
        self.rows[model][id_] = row
        for child in children:
            self.create("ir.model.fields.selection", {**child, "field_id": id_})
        return id_

    def _update(self, model: str, id_: int, values: Row) -> None:
        self.rows[model][id_] |= values | {"write_date": _now()}

    def _shown(self, model: str, row: Row, name: str) -> Any:
        one = self.fields[model][name]
        if name == "display_name":
            return row.get("name") or row.get("summary") or f"{model},{row['id']}"
        value = row.get(name)
        if one.type == "many2one" and value:
            target = self.rows[one.relation].get(value, {"id": value})
            return [value, self._shown(one.relation, target, "display_name")]
        if one.type == "one2many":
            inverse = {"selection_ids": "field_id"}[name]
            others = self.rows[one.relation].values()
            return [other["id"] for other in others if other.get(inverse) == row["id"]]
        if one.type == "many2many":
            return list(value or [])
        if one.type in ("integer", "float"):
            return value or 0
        return False if value in (None, "") else value


def _stored(database: Database, model: str, one: Field, value: Any) -> Any:
    if one.type == "boolean":
        return bool(value)
    if one.type == "many2many":
        return _linked(value)
    if one.type == "one2many":
        return [command[2] for command in value or [] if command[0] == 0]
    if value in (None, False, ""):
        return False
    if one.type == "integer":
        number = int(value)
        if not -INT32 <= number < INT32:
            raise OdooError("psycopg2.errors.NumericValueOutOfRange", "integer out of range\n")
        return number
    if one.type == "float":
        return float(value)
    if one.type == "many2one":
        if int(value) not in database.table(one.relation):
            raise validation_error(
                "The operation cannot be completed: another model requires the record being"
                f" deleted. {one.relation}({value},) does not exist ({one.name})"
            )
        return int(value)
    return _stored_text(model, one, str(value))


def _stored_text(model: str, one: Field, text: str) -> str:
    if one.type == "selection" and text not in [key for key, _label in one.selection]:
        raise OdooError("builtins.ValueError", f"Wrong value for {model}.{one.name}: {text!r}")
    if one.type == "date":
        try:
            return date.fromisoformat(text[:10]).isoformat()
        except ValueError:
            raise OdooError(
                "builtins.ValueError", f"time data {text!r} does not match format '%Y-%m-%d'"
            ) from None
    if one.type == "datetime" and not re.fullmatch(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?", text):
        raise OdooError(
            "builtins.ValueError", f"time data {text!r} does not match format '%Y-%m-%d %H:%M:%S'"
        )
    return text[: one.size] if one.size else text  # a char with a size is cut, silently


def _linked(commands: Any) -> list[int]:
    ids: list[int] = []
    for command in commands or []:
        if isinstance(command, int):
            ids.append(command)
        elif command[0] == 6:
            ids = list(command[2])
        elif command[0] == 4:
            ids.append(command[1])
    return ids


def _sortable(value: Any) -> tuple[int, Any]:
    if value in (None, False, ""):
        return (1, "")
    return (0, value if isinstance(value, (int, float)) else str(value).lower())


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _fill(database: Database) -> None:
    """The records of a fresh database: models, fields, views, stages, types, countries."""
    for model, (label, _text) in MODELS.items():
        model_id = database.create("ir.model", {"name": label, "model": model, "state": "base"})
        for one in database.fields[model].values():
            database.create(
                "ir.model.fields",
                {
                    "name": one.name,
                    "model": model,
                    "model_id": model_id,
                    "field_description": one.label,
                    "ttype": one.type,
                    "state": "base",
                    "relation": one.relation,
                },
            )
    for xid, (model, kind, arch) in VIEWS.items():
        if kind == "list" and database.version < 18:
            kind = "tree"
        elif kind == "list":
            arch = arch.replace("tree>", "list>")
        values = {"name": xid, "model": model, "type": kind, "arch": arch, "arch_db": arch}
        module, _, name = xid.partition(".")
        database.name_xid(module, name, "ir.ui.view", database.create("ir.ui.view", values))
    for sequence, (name, won) in enumerate(
        (("New", False), ("Qualified", False), ("Proposition", False), ("Won", True))
    ):
        stage = database.create("crm.stage", {"name": name, "sequence": sequence, "is_won": won})
        database.name_xid("crm", f"stage_lead{sequence + 1}", "crm.stage", stage)
    for xid, name in (("email", "Email"), ("call", "Call"), ("todo", "To-Do")):
        kind_id = database.create("mail.activity.type", {"name": name})
        database.name_xid("mail", f"mail_activity_data_{xid}", "mail.activity.type", kind_id)
    for code, name in (("DE", "Germany"), ("AT", "Austria"), ("CH", "Switzerland")):
        country = database.create("res.country", {"name": name, "code": code})
        database.name_xid("base", code.lower(), "res.country", country)
    for code, name in (("en_US", "English (US)"), ("de_DE", "German / Deutsch")):
        database.create("res.lang", {"name": name, "code": code})
    group = database.create("res.groups", {"name": "Access to export feature"})
    database.name_xid("base", "group_allow_export", "res.groups", group)
    for module in ("base", "crm", "contacts", "mail"):
        database.create("ir.module.module", {"name": module, "state": "installed"})
