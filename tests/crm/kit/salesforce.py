"""Salesforce's fake under test, by TLS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from config import Settings
from crm import load_config
from crm.connectors.salesforce import SalesforceConnector
from crm.fields import FIELDS
from crm.records import Target
from tests.crm.fakes.salesforce import make_salesforce
from tests.crm.fakes.salesforce_org import Org
from tests.crm.fakes.serving import Server
from tests.crm.kit.served import Served, serve_by_tls
from tests.crm.kit.under_test import Ability, Flaw, Seen

LACKS: Mapping[Ability, str] = {
    "conditional": "collections and Bulk API jobs know no `If-Unmodified-Since`",
    "find.vat_id": "accounts have no VAT id of their own",
    "parties.archive": "accounts are not archived",
}
OBJECTS: Mapping[Target, str] = {"parties": "Account", "opportunities": "Opportunity"}


@contextmanager
def start(
    settings: Settings, folder: Path, flaw: Flaw | None = None
) -> Iterator[SalesforceUnderTest]:
    """See `StartsCrm`."""
    org = Org()
    with serve_by_tls(make_salesforce(org), folder) as server:
        password = "" if flaw == "credentials" else "geheimTOKEN"
        given = {
            "crm_url": server.url,
            "crm_user": "niemand@firma.example" if flaw == "credentials" else "api@firma.example",
            "crm_password": password or "falsch",
        }
        yield SalesforceUnderTest(org, server, settings.model_copy(update=given), flaw)


class SalesforceUnderTest(Served):
    """See `CrmUnderTest`."""

    lacks = LACKS
    number_field = "Reifegrad_Customer_No__c"

    def __init__(self, org: Org, server: Server, settings: Settings, flaw: Flaw | None) -> None:
        super().__init__(server)
        self._org = org
        self.connector = SalesforceConnector(settings, load_config(settings))
        if flaw not in ("credentials", "field"):
            self.connector.setup()
        if flaw == "right":  # the permission set lets read our fields, not edit them
            fields = org.object("Account").fields
            ours = {name: field for name, field in fields.items() if field.is_custom}
            fields |= {name: replace(field, writable=False) for name, field in ours.items()}

    def is_write(self, method: str, path: str, body: bytes) -> bool:
        return method in ("PATCH", "POST") and "composite/sobjects" in path

    def add(self, target: Target, name: str, *, parent: str | None = None, **found_by: str) -> str:
        values: dict[str, Any] = {"Name": name}
        if target == "opportunities":
            values |= {"StageName": "Prospecting", "AccountId": parent}
        if "customer_no" in found_by:
            values["AccountNumber"] = found_by["customer_no"]
        if "website" in found_by:
            values["Website"] = found_by["website"]
        crm_id = self._org.insert(OBJECTS[target], **values)
        if "email" in found_by:
            self._org.insert("Contact", Email=found_by["email"].lower(), AccountId=crm_id)
        return crm_id

    def edit(self, target: Target, crm_id: str, **values: Any) -> None:
        self._org.edit(crm_id, **{f"Reifegrad_{k.title()}__c": v for k, v in values.items()})

    def rename(self, target: Target, crm_id: str, name: str) -> None:
        self._org.edit(crm_id, Name=name)

    def merge(self, keep: str, lose: str) -> str:
        self._org.merge(keep, lose)
        return keep

    def remove(self, target: Target, crm_id: str) -> None:
        self._org.delete(crm_id)

    def archive(self, target: Target, crm_id: str) -> None:
        self._org.edit(crm_id, StageName="Closed Lost")

    def seen(self, target: Target) -> dict[str, Seen]:
        return {
            crm_id: Seen(
                row["Name"],
                {n: _value(n, row.get(f"Reifegrad_{n.title()}__c")) for n in FIELDS},
                not row.get("IsClosed"),
            )
            for crm_id, row in self._org.rows[OBJECTS[target]].items()
            if not row["IsDeleted"]
        }

    def tasks(self) -> dict[str, str]:
        return {crm_id: row["Subject"] for crm_id, row in self._org.rows["Task"].items()}

    def finish_task(self, crm_id: str, answer: str) -> None:
        text = self._org.find(crm_id)[1]["Description"]
        self._org.edit(crm_id, Status="Completed", Description=f"{text}{answer}")


def _value(name: str, value: Any) -> Any:
    if value in (None, ""):
        return None
    return int(value) if FIELDS[name].kind == "integer" else value
