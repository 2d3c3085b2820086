"""The methods of the Odoo fake's models that may be called from outside, and what they allow."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from lxml import etree

from tests.crm.fakes import odoo_load
from tests.crm.fakes.odoo_models import Field, OdooError, user_error, validation_error
from tests.crm.fakes.odoo_orm import Database, Row, User, _now

FIELD_TYPES = ("char", "text", "html", "integer", "float", "boolean", "date", "datetime",
               "selection", "many2one", "many2many", "one2many", "monetary", "binary")  # fmt: skip
# Per method: whether it works on records (`ids`), and its parameters in order.
SIGNATURES: dict[str, tuple[bool, tuple[str, ...]]] = {
    "search": (False, ("domain", "offset", "limit", "order")),
    "search_count": (False, ("domain", "limit")),
    "search_read": (False, ("domain", "fields", "offset", "limit", "order")),
    "read": (True, ("fields", "load")),
    "create": (False, ("vals_list",)),
    "write": (True, ("vals",)),
    "unlink": (True, ()),
    "fields_get": (False, ("allfields", "attributes")),
    "load": (False, ("fields", "data")),
    "exists": (True, ()),
    "name_search": (False, ("name", "domain", "operator", "limit")),
    "check_access_rights": (False, ("operation", "raise_exception")),
    "has_access": (True, ("operation",)),
    "context_get": (False, ()),
    "get_external_id": (True, ()),
    "export_data": (True, ("fields_to_export",)),
    "action_feedback": (True, ("feedback", "attachment_ids")),
    "action_archive": (True, ()),
    "action_unarchive": (True, ()),
}
REQUIRED = {"vals", "vals_list", "data", "operation"}
WRITES = ("create", "write", "unlink", "load", "action_feedback", "action_archive",
          "action_unarchive")  # fmt: skip


def rows_of(method: str, params: Mapping[str, Any]) -> int:
    """Return how many records a call hands in."""
    if method == "load":
        return len(params.get("data") or [])
    if method == "create":
        given = params.get("vals_list") or []
        return 1 if isinstance(given, Mapping) else len(given)
    return len(params.get("ids") or [])


def positional(method: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a call by position, as JSON-RPC makes it, by name."""
    takes_ids, names = signature(method)
    if takes_ids and "ids" not in kwargs:
        if not args:
            raise OdooError("builtins.TypeError", f"{method}() needs the ids of records")
        ids = args[0] if isinstance(args[0], list) else [args[0]]
        args, kwargs = args[1:], {**kwargs, "ids": ids}
    if len(args) > len(names):
        raise OdooError("builtins.TypeError", f"{method}() takes {len(names)} positional arguments")
    return {**dict(zip(names, args, strict=False)), **kwargs}


def signature(method: str) -> tuple[bool, tuple[str, ...]]:
    if method.startswith("_"):
        raise OdooError(
            "odoo.exceptions.AccessError",
            f"Private methods (such as {method}) cannot be called remotely.",
            403,
        )
    if method not in SIGNATURES:
        raise OdooError(
            "builtins.AttributeError", f"The method {method!r} does not exist on the model", 404
        )
    return SIGNATURES[method]


def call(database: Database, user: User, model: str, method: str, params: dict[str, Any]) -> Any:
    """Do one call; its context may switch `active_test` off.

    Raises:
        OdooError: what the server raises.

    """
    takes_ids, names = signature(method)
    context = params.pop("context", None) or {}
    for name in params:
        if name not in names and not (takes_ids and name == "ids"):
            raise OdooError(
                "builtins.TypeError", f"{method}() got an unexpected keyword argument {name!r}", 422
            )
    for name in REQUIRED & set(names):
        if name not in params:
            raise OdooError(
                "builtins.TypeError", f"{method}() missing 1 required argument: {name!r}", 422
            )
    right = {"create": "create", "unlink": "unlink", "write": "write"}.get(method, "read")
    right = "write" if method in ("load", "action_archive", "action_unarchive") else right
    database.require_right(user, model, right)
    if method == "load":
        database.require_right(user, model, "create")
    return _METHODS[method](database, user, model, {"context": context, **params})


def _search(database: Database, _user: User, model: str, params: Row) -> list[int]:
    return database.search(
        model,
        params.get("domain") or [],
        offset=params.get("offset") or 0,
        limit=params.get("limit") or None,
        order=params.get("order") or None,
        active_test=params["context"].get("active_test", True),
    )


def _search_read(database: Database, user: User, model: str, params: Row) -> list[Row]:
    return database.read(model, _search(database, user, model, params), params.get("fields"))


def _read(database: Database, _user: User, model: str, params: Row) -> list[Row]:
    return database.read(model, params.get("ids") or [], params.get("fields"))


def _create(database: Database, _user: User, model: str, params: Row) -> Any:
    given = params["vals_list"]
    one = isinstance(given, Mapping)
    for vals in [given] if one else given:  # all are tried before the first is kept
        database.converted(model, {**_defaults(model), **vals})
    ids = [database.create(model, vals) for vals in ([given] if one else given)]
    return ids[0] if one else ids


def _defaults(model: str) -> Row:
    from tests.crm.fakes.odoo_models import DEFAULTS

    return DEFAULTS.get(model, {})


def _write(database: Database, _user: User, model: str, params: Row) -> bool:
    database.write(model, params.get("ids") or [], params["vals"])
    return True


def _unlink(database: Database, _user: User, model: str, params: Row) -> bool:
    ids = params.get("ids") or []
    if model == "ir.model.fields":
        for row in [database.table(model)[id_] for id_ in ids if id_ in database.table(model)]:
            if row["state"] != "manual":
                raise user_error("This column contains module data and cannot be removed!")
            database.fields[row["model"]].pop(row["name"], None)
    database.unlink(model, ids)
    return True


def _fields_get(database: Database, _user: User, model: str, params: Row) -> Row:
    database.table(model)
    wanted, attributes = params.get("allfields"), params.get("attributes")
    return {
        name: {
            key: value
            for key, value in one.describe().items()
            if not attributes or key in attributes
        }
        for name, one in database.fields[model].items()
        if not wanted or name in wanted
    }


def _load(database: Database, _user: User, model: str, params: Row) -> Row:
    return odoo_load.load(database, model, params["fields"], params["data"])


def _exists(database: Database, _user: User, model: str, params: Row) -> list[int]:
    return [id_ for id_ in params.get("ids") or [] if id_ in database.table(model)]


def _name_search(database: Database, user: User, model: str, params: Row) -> list[Any]:
    domain = [["name", params.get("operator") or "ilike", params.get("name") or ""]]
    found = _search(database, user, model, {**params, "domain": domain})
    return [
        [row["id"], row["display_name"]] for row in database.read(model, found, ["display_name"])
    ]


def _check_access(database: Database, user: User, model: str, params: Row) -> bool:
    if params.get("raise_exception", True):
        database.require_right(user, model, params["operation"])
    return database.may(user, model, params["operation"])


def _context(_database: Database, user: User, _model: str, _params: Row) -> Row:
    return {"lang": "en_US", "tz": "Europe/Berlin", "uid": user.id}


def _external_ids(database: Database, _user: User, model: str, params: Row) -> dict[str, str]:
    names = {
        row["res_id"]: row["complete_name"]
        for row in database.rows["ir.model.data"].values()
        if row["model"] == model
    }
    return {str(id_): names.get(id_, "") for id_ in params.get("ids") or []}


def _export(database: Database, user: User, model: str, params: Row) -> Row:
    """Export columns; a record without an external id gets one, as on each export."""
    group = database.by_xid("base", "group_allow_export")
    if group and group[1] not in database.rows["res.users"][user.id]["groups_id"]:
        raise user_error(
            "You don't have the rights to export data. Please contact an Administrator."
        )
    lines = []
    for row in database.read(model, params["ids"], None):
        known = _external_ids(database, user, model, {"ids": [row["id"]]})[str(row["id"])]
        if not known:
            name = f"{model.replace('.', '_')}_{row['id']}_{secrets.token_hex(4)}"
            database.name_xid("__export__", name, model, row["id"])
            known = f"__export__.{name}"
        cells = {"id": known, ".id": str(row["id"])}
        lines.append([cells.get(name, row.get(name)) for name in params["fields_to_export"]])
    return {"datas": lines}


def _feedback(database: Database, user: User, model: str, params: Row) -> Any:
    """Mark activities as done: they go, and a message on the record tells what came of them."""
    database.require(model, params["ids"])
    message = 0
    for id_ in params["ids"]:
        row = database.rows[model][id_]
        values = {
            "model": row["res_model"],
            "res_id": row["res_id"],
            "body": _done_body(row, params.get("feedback") or ""),
            "date": _now(),
            "subject": row.get("summary") or "",
            "mail_activity_type_id": row.get("activity_type_id") or False,
            "message_type": "notification",
        }
        message = database.create("mail.message", values)
    database.unlink(model, params["ids"])
    return message


def _done_body(activity: Row, feedback: str) -> str:
    """Return the message on an activity that is done, as the template of module mail has it."""
    said = "".join(f"{escape(line)}<br>" for line in feedback.split("\n"))
    said = f"<div>{said.removesuffix('<br>')}</div>" if feedback else ""
    note = activity.get("note") or ""
    title = '<div class="o_mail_note_title"><strong>Original note:</strong></div>'
    old = f"{title}<div>{note}</div>" if note else ""
    summary = escape(activity.get("summary") or "")
    head = f"<p><span>To-Do</span> done<span>: </span><span>{summary}</span></p>"
    return f"<div>{head}{said}{old}</div>"


def _archive(active: bool) -> Callable[[Database, User, str, Row], bool]:
    def act(database: Database, _user: User, model: str, params: Row) -> bool:
        database.write(model, params["ids"], {"active": active})
        return True

    return act


_METHODS: dict[str, Callable[[Database, User, str, Row], Any]] = {
    "search": _search,
    "search_count": lambda d, u, m, p: len(_search(d, u, m, p)),
    "search_read": _search_read,
    "read": _read,
    "create": _create,
    "write": _write,
    "unlink": _unlink,
    "fields_get": _fields_get,
    "load": _load,
    "exists": _exists,
    "name_search": _name_search,
    "check_access_rights": _check_access,
    "has_access": lambda d, u, m, p: d.may(u, m, p["operation"]),
    "context_get": _context,
    "get_external_id": _external_ids,
    "export_data": _export,
    "action_feedback": _feedback,
    "action_archive": _archive(False),
    "action_unarchive": _archive(True),
}


def add_field(database: Database, row: Row) -> None:
    """Make the field of a new `ir.model.fields` record part of its model.

    Raises:
        OdooError: the name or type is not allowed, or the model has the field.

    """
    model = database.rows["ir.model"][row["model_id"]]["model"]
    row["model"] = model
    if row.get("state") != "manual":
        return
    name, kind = row["name"], row["ttype"]
    if not re.fullmatch(r"x_[a-z0-9_]+", name):
        raise validation_error("Custom fields must have a name that starts with 'x_'!")
    if kind not in FIELD_TYPES:
        raise OdooError("builtins.ValueError", f"Wrong value for ir.model.fields.ttype: {kind!r}")
    if name in database.fields[model]:
        raise validation_error(
            "The operation cannot be completed: Field names must be unique per model."
        )
    selection = [(one["value"], one["name"]) for one in row.get("selection_ids") or []]
    if kind == "selection" and not selection:
        text = str(row.get("selection") or "")
        selection = re.findall(r"\(\s*['\"](.*?)['\"]\s*,\s*['\"](.*?)['\"]\s*\)", text)
        if not selection:
            raise validation_error(
                "The Selection Options expression is not a valid Pythonic expression."
            )
        row["selection_ids"] = [
            {"value": value, "name": label, "sequence": number}
            for number, (value, label) in enumerate(selection)
        ]
    database.fields[model][name] = Field(
        name,
        kind,
        row["field_description"],
        bool(row.get("required")),
        row.get("relation") or "",
        selection,
        row.get("size") or 0,
        bool(row.get("readonly")),
        manual=True,
    )


def check_view(database: Database, row: Row) -> None:
    """Let a view pass only if it fits its model and, where it extends one, that view."""
    arch = row.get("arch") or row.get("arch_base") or row.get("arch_db") or ""
    row["arch"] = row["arch_base"] = row["arch_db"] = arch
    try:
        tree = etree.fromstring(arch.encode())
    except etree.XMLSyntaxError as error:
        raise validation_error(f"Error while parsing or validating view:\n\n{error}") from None
    row["type"] = row.get("type") or tree.tag
    model = row.get("model") or ""
    for node in tree.iter("field"):
        if model in database.fields and node.get("name") not in database.fields[model]:
            raise validation_error(
                "Error while validating view:\n\n"
                f'Field "{node.get("name")}" does not exist in model "{model}"'
            )
    if not row.get("inherit_id"):
        return
    row["mode"] = "extension"
    parent = database.rows["ir.ui.view"][row["inherit_id"]]
    row["type"] = parent["type"]
    base = etree.fromstring(parent["arch"].encode())
    specs = list(tree) if tree.tag == "data" else [tree]
    for spec in specs:
        path = (
            spec.get("expr") if spec.tag == "xpath" else f"//{spec.tag}[@name='{spec.get('name')}']"
        )
        if not base.xpath(path or "false()"):
            raise validation_error(
                "Error while parsing or validating view:\n\n"
                f"Element '{etree.tostring(spec, encoding='unicode')}' cannot be located in"
                " parent view"
            )
