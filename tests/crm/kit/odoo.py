"""Odoo's fake under test: 16 speaks JSON-RPC, 19 JSON-2."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from config import Settings
from crm import load_config
from crm.connectors.odoo import OdooConnector
from crm.fields import FIELDS
from crm.records import Target
from tests.crm.fakes import odoo_methods
from tests.crm.fakes.odoo import Odoo
from tests.crm.fakes.serving import Server, serve
from tests.crm.kit.served import Served
from tests.crm.kit.under_test import Ability, Flaw, Seen

LACKS: Mapping[Ability, str] = {
    "export.leads": "leads are deals of another type",
    "conditional": "neither `load` nor `write` can be told when the record was read",
}
MODELS: Mapping[Target, str] = {"parties": "res.partner", "opportunities": "crm.lead"}
WRITES = re.compile(rb'"(res\.partner|crm\.lead)", "(create|write|load)"')


@contextmanager
def start(
    settings: Settings,
    folder: Path,
    flaw: Flaw | None = None,
    *,
    version: int = 16,
) -> Iterator[OdooUnderTest]:
    """See `StartsCrm`."""
    odoo = Odoo(version)
    with serve(odoo.app) as server:
        secret = odoo.user.key if version >= 19 else "geheim"
        given = {
            "crm_url": server.url,
            "crm_database": "firma",
            "crm_user": "reifegrad",
            "crm_password": "falsch" if flaw == "credentials" else secret,
        }
        yield OdooUnderTest(odoo, server, settings.model_copy(update=given), flaw)


start_19 = partial(start, version=19)


class OdooUnderTest(Served):
    """See `CrmUnderTest`."""

    lacks = LACKS
    number_field = "x_reifegrad_customer_no"

    def __init__(self, odoo: Odoo, server: Server, settings: Settings, flaw: Flaw | None) -> None:
        super().__init__(server)
        self._odoo = odoo
        self._own = set(odoo.database.rows["res.partner"])
        self.connector = OdooConnector(settings, load_config(settings))
        if flaw not in ("credentials", "field"):
            self.connector.setup()
        if flaw == "right":
            odoo.user.denied |= {("res.partner", "create"), ("res.partner", "write")}

    def is_write(self, method: str, path: str, body: bytes) -> bool:
        if path.startswith("/json/2/"):
            _, _, _, model, call = path.split("/")
            return model in MODELS.values() and call in ("create", "write", "load")
        return bool(WRITES.search(body))

    def add(self, target: Target, name: str, *, parent: str | None = None, **found_by: str) -> str:
        if target == "opportunities":
            deal = {"name": name, "type": "opportunity", "partner_id": int(parent or 0)}
            return str(self._odoo.add("crm.lead", **deal))
        fields = {"vat_id": "vat", "customer_no": "ref", "website": "website", "email": "email"}
        values = {fields[by]: value for by, value in found_by.items()}
        return str(self._odoo.add("res.partner", name=name, is_company=True, active=True, **values))

    def edit(self, target: Target, crm_id: str, **values: Any) -> None:
        own = {f"x_reifegrad_{k}": False if v is None else v for k, v in values.items()}
        self._odoo.edit(MODELS[target], int(crm_id), **own)

    def rename(self, target: Target, crm_id: str, name: str) -> None:
        self._odoo.edit(MODELS[target], int(crm_id), name=name)

    def merge(self, keep: str, lose: str) -> str:
        return str(self._odoo.merge("res.partner", int(keep), int(lose)))

    def remove(self, target: Target, crm_id: str) -> None:
        self._odoo.remove(MODELS[target], int(crm_id))

    def archive(self, target: Target, crm_id: str) -> None:
        self._odoo.edit(MODELS[target], int(crm_id), active=False)

    def seen(self, target: Target) -> dict[str, Seen]:
        return {
            str(id_): Seen(
                row["name"],
                {name: _value(name, row) for name in FIELDS},
                bool(row["active"]),
            )
            for id_, row in self._odoo.database.rows[MODELS[target]].items()
            if target != "parties" or (id_ not in self._own and row.get("is_company"))
        }

    def tasks(self) -> dict[str, str]:
        rows = self._odoo.database.rows["mail.activity"].values()
        return {_key(row): row["summary"] for row in rows}

    def finish_task(self, crm_id: str, answer: str) -> None:
        rows = self._odoo.database.rows["mail.activity"].values()
        given = {"ids": [row["id"] for row in rows if _key(row) == crm_id], "feedback": answer}
        odoo_methods.call(
            self._odoo.database, self._odoo.user, "mail.activity", "action_feedback", given
        )


def _key(activity: Mapping[str, Any]) -> str:
    return str(activity["note"]).rpartition("Reifegrad: ")[2].removesuffix("</p>")


def _value(name: str, row: Mapping[str, Any]) -> Any:
    value = row.get(f"x_reifegrad_{name}")
    if FIELDS[name].kind == "integer":
        return value if value or row.get("x_reifegrad_band") else None
    return value or None
