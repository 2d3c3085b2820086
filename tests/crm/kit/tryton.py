"""The real Tryton 8.0 under test: the embedded one, started for each test.

What people do goes over its JSON-RPC with a session of its own; what the push asks for is counted
on the wire of the connector's session.
"""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from config import Settings
from crm import Score, embedded, load_config
from crm.connectors.tryton import TrytonConnector
from crm.connectors.tryton.connector import MODELS, field_names
from crm.connectors.tryton.rpc import TrytonRpc, from_date
from crm.fields import DATES
from crm.records import Target
from tests.crm.fakes.serving import Fault
from tests.crm.kit.under_test import Ability, Flaw, Seen

LACKS: Mapping[Ability, str] = {
    "faults": "a real server fails when it likes",
    "tasks": "Tryton has no tasks",
    "export.leads": "leads are opportunities of the state `lead`",
    "export.activities": "Tryton has none without further modules",
    "flaw.field": "its fields come with a module, which is active in the only database here",
}
PASSWORD = "sehr geheim, 12 Zeichen"


@contextmanager
def start(settings: Settings, folder: Path, flaw: Flaw | None = None) -> Iterator[TrytonUnderTest]:
    """See `StartsCrm`. The database is activated once a session and copied."""
    activated = folder.parent.parent / "activated"
    if not activated.exists():
        embedded.install()
        embedded.activate(Settings(home=activated))
    shutil.copytree(activated, settings.home, dirs_exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings = settings.model_copy(update={"crm_port": int(probe.getsockname()[1])})
    server = embedded.start(settings)
    try:
        yield TrytonUnderTest(settings, flaw)
    finally:
        embedded.stop(server)


class TrytonUnderTest:
    """See `CrmUnderTest`."""

    lacks = LACKS
    number_field = "reifegrad_customer_no"

    def __init__(self, settings: Settings, flaw: Flaw | None) -> None:
        self._rpc = TrytonRpc(settings)
        if flaw == "credentials":
            settings = settings.model_copy(update={"crm_password": "wrong"})
        if flaw == "right":
            self._call("res.user", "create", [{"name": "R", "login": "r", "password": PASSWORD}])
            settings = settings.model_copy(update={"crm_user": "r", "crm_password": PASSWORD})
        self.connector = TrytonConnector(settings, load_config(settings))
        self._writes = 0
        self.connector._rpc._http.hooks["response"].append(self._count)

    def add(self, target: Target, name: str, *, parent: str | None = None, **found_by: str) -> str:
        if target == "opportunities":
            (row,) = self._call("company.company", "search_read", [], 0, 1, None, ["currency"])
            values: dict[str, Any] = {
                "party": int(parent or 0), "description": name, "company": row["id"],
                "currency": row["currency"],
            }  # fmt: skip
        else:
            contacts = [
                {"type": kind, "value": found_by[kind]}
                for kind in ("website", "email")
                if kind in found_by
            ]
            values = {
                "name": name,
                "contact_mechanisms": [["create", contacts]] if contacts else [],
            }
            if "vat_id" in found_by:
                code = {"type": "eu_vat", "code": found_by["vat_id"]}
                values["identifiers"] = [["create", [code]]]
            if "customer_no" in found_by:
                values["reifegrad_customer_no"] = found_by["customer_no"]
        (crm_id,) = self._call(MODELS[target], "create", [values])
        return str(crm_id)

    def edit(self, target: Target, crm_id: str, **values: Any) -> None:
        names = field_names(target)
        own = {names[name]: value for name, value in values.items()}
        self._call(MODELS[target], "write", [int(crm_id)], own)

    def rename(self, target: Target, crm_id: str, name: str) -> None:
        field = "name" if target == "parties" else "description"
        self._call(MODELS[target], "write", [int(crm_id)], {field: name})

    def merge(self, keep: str, lose: str) -> str:
        """Do what Tryton's wizard `party.replace` leaves behind."""
        values = {"active": False, "replaced_by": int(keep)}
        self._call("party.party", "write", [int(lose)], values)
        return keep

    def remove(self, target: Target, crm_id: str) -> None:
        self._call(MODELS[target], "delete", [int(crm_id)])

    def archive(self, target: Target, crm_id: str) -> None:
        if target == "parties":
            self._call("party.party", "write", [int(crm_id)], {"active": False})
        else:
            self._call("sale.opportunity", "lost", [int(crm_id)])

    def seen(self, target: Target) -> dict[str, Seen]:
        names, own = field_names(target), self._own
        name = "name" if target == "parties" else "description"
        state = {"parties": ["active", "replaced_by"], "opportunities": ["state"]}[target]
        rows = self._call(
            MODELS[target], "search_read", [], 0, None, None, [name, *state, *names.values()],
            active_test=False,
        )  # fmt: skip
        return {
            str(row["id"]): Seen(
                row[name],
                {ours: _plain(ours, row[theirs]) for ours, theirs in names.items()},
                bool(row.get("active", row.get("state") in ("lead", "opportunity"))),
            )
            for row in rows
            if not row.get("replaced_by") and (target != "parties" or row["id"] != own)
        }

    def tasks(self) -> dict[str, str]:
        return {}

    def finish_task(self, crm_id: str, answer: str) -> None:
        raise NotImplementedError(self.lacks["tasks"])

    def spoil(self, score: Score) -> Score:
        return score.model_copy(update={"band": "extreme"})

    def writes(self) -> int:
        return self._writes

    def fail(self, *faults: Fault) -> None:
        raise NotImplementedError(self.lacks["faults"])

    def storm(self, rates: Mapping[Fault, float], seed: int) -> None:
        raise NotImplementedError(self.lacks["faults"])

    def calm(self) -> None:
        raise NotImplementedError(self.lacks["faults"])

    @property
    def _own(self) -> int:
        """The party of the company that keeps this CRM."""
        (row,) = self._call("company.company", "search_read", [], 0, 1, None, ["party"])
        return int(row["party"])

    def _call(self, model: str, method: str, *arguments: Any, **context: Any) -> Any:
        return self._rpc.call(f"model.{model}.{method}", *arguments, **context)

    def _count(self, response: requests.Response, **_: Any) -> None:
        method = str(json.loads(response.request.body or "{}")["method"])
        self._writes += method.rsplit(".", 1)[-1] in ("create", "write", "delete", "copy")


def _plain(name: str, value: Any) -> Any:
    if name in DATES and value:
        return from_date(value).isoformat()
    return value if value != "" else None
