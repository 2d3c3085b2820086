"""HubSpot's fake under test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config import Settings
from crm import load_config
from crm.connectors.hubspot import HubspotConnector
from crm.fields import FIELDS
from crm.records import Target
from tests.crm.fakes.hubspot import HubSpot
from tests.crm.fakes.serving import Server, serve
from tests.crm.kit.served import Served
from tests.crm.kit.under_test import Ability, Flaw, Seen

LACKS: Mapping[Ability, str] = {
    "conditional": "HubSpot has no write that holds only for a version",
    "find.vat_id": "HubSpot has no field for VAT ids",
    "export.leads": "leads are contacts of a stage of life",
    "parties.archive": "in HubSpot to archive is to delete",
}
KINDS: Mapping[Target, str] = {"parties": "companies", "opportunities": "deals"}
NAMES: Mapping[Target, str] = {"parties": "name", "opportunities": "dealname"}
TOKEN = "pat-eu1-test"


@contextmanager
def start(settings: Settings, folder: Path, flaw: Flaw | None = None) -> Iterator[HubSpotUnderTest]:
    """See `StartsCrm`. To the fake each call comes a second later: its limits are far away."""
    ticks = itertools.count()
    hubspot = HubSpot(token=TOKEN, index_lag=0, clock=lambda: float(next(ticks)))
    with serve(hubspot.app) as server:
        token = "pat-eu1-other" if flaw == "credentials" else TOKEN
        settings = settings.model_copy(update={"crm_url": server.url, "crm_password": token})
        yield HubSpotUnderTest(hubspot, server, settings, flaw)


class HubSpotUnderTest(Served):
    """See `CrmUnderTest`."""

    lacks = LACKS
    number_field = "reifegrad_customer_no"

    def __init__(
        self, hubspot: HubSpot, server: Server, settings: Settings, flaw: Flaw | None
    ) -> None:
        super().__init__(server)
        self._hubspot = hubspot
        self.connector = HubspotConnector(settings, load_config(settings))
        if flaw not in ("credentials", "field"):
            self.connector.setup()
        if flaw == "right":
            hubspot.scopes.discard("crm.objects.companies.write")

    def is_write(self, method: str, path: str, body: bytes) -> bool:
        return path.endswith(("/batch/create", "/batch/update", "/batch/upsert"))

    def add(self, target: Target, name: str, *, parent: str | None = None, **found_by: str) -> str:
        values = {NAMES[target]: name}
        if "website" in found_by:  # HubSpot keeps what people type as a domain
            values["domain"] = found_by["website"].split("://")[-1].strip("/").removeprefix("www.")
        if "customer_no" in found_by:
            values["reifegrad_customer_no"] = found_by["customer_no"]
        crm_id = self._hubspot.add(KINDS[target], **values)
        if "email" in found_by:
            self._hubspot.store.link(
                "contacts", self._contact(found_by["email"].lower()), "companies", crm_id
            )
        if parent:
            self._hubspot.store.link("deals", crm_id, "companies", parent)
        return crm_id

    def edit(self, target: Target, crm_id: str, **values: Any) -> None:
        own = {f"reifegrad_{k}": "" if v is None else str(v) for k, v in values.items()}
        self._hubspot.edit(KINDS[target], crm_id, **own)

    def rename(self, target: Target, crm_id: str, name: str) -> None:
        self._hubspot.edit(KINDS[target], crm_id, **{NAMES[target]: name})

    def merge(self, keep: str, lose: str) -> str:
        return self._hubspot.merge("companies", keep, lose)

    def remove(self, target: Target, crm_id: str) -> None:
        self._hubspot.remove(KINDS[target], crm_id)

    def archive(self, target: Target, crm_id: str) -> None:
        closed = {"dealstage": "closedlost", "hs_is_closed": "true"}
        self._hubspot.edit(KINDS[target], crm_id, **closed)

    def seen(self, target: Target) -> dict[str, Seen]:
        return {
            item.id: Seen(
                item.properties.get(NAMES[target], ""),
                {name: _value(name, item.properties.get(f"reifegrad_{name}")) for name in FIELDS},
                item.properties.get("hs_is_closed") != "true",
            )
            for item in self._hubspot.store.objects[KINDS[target]].values()
            if not item.archived
        }

    def tasks(self) -> dict[str, str]:
        tasks = self._hubspot.store.objects["tasks"].values()
        return {one.id: one.properties["hs_task_subject"] for one in tasks}

    def finish_task(self, crm_id: str, answer: str) -> None:
        body = (self._hubspot.record("tasks", crm_id) or {})["hs_task_body"]
        told = {"hs_task_status": "COMPLETED", "hs_task_body": f"{body}<p>{answer}</p>"}
        self._hubspot.edit("tasks", crm_id, **told)

    def _contact(self, email: str) -> str:
        """Return the contact with this address: HubSpot keeps one of each."""
        for item in self._hubspot.store.objects["contacts"].values():
            if item.properties["email"] == email:
                return item.id
        return self._hubspot.add("contacts", email=email)


def _value(name: str, text: str | None) -> Any:
    if not text:
        return None
    return int(float(text)) if FIELDS[name].kind == "integer" else text
