"""The fake of Dynamics 365 under test, over TLS, with a login that gives a token for the secret."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from config import Settings
from crm import load_config
from crm.connectors.dynamics import DynamicsConnector
from crm.connectors.dynamics.schema import TABLES, field_names, from_dataverse, own_columns
from crm.records import Target
from tests.crm.fakes.dynamics import make_dynamics
from tests.crm.fakes.dynamics_org import Org
from tests.crm.fakes.serving import Server
from tests.crm.kit.served import Served, serve_by_tls
from tests.crm.kit.under_test import Ability, Flaw, Seen

LACKS: Mapping[Ability, str] = {"find.vat_id": "accounts have no VAT id in Dynamics"}
SECRET = "geheim"
"""Of the application that may log in."""
WRITES = (b"\r\nPATCH ", b"\r\nPOST ")
"""So does a request of a batch begin that changes something."""


class Entra:
    """Microsoft's login: gives an application with the right secret its token."""

    def __init__(self, tenant: str, client: str, secret: str) -> None:
        self.secret = secret

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        if self.secret != SECRET:
            raise ClientAuthenticationError("AADSTS7000215: Invalid client secret provided.")
        return AccessToken("token", int(time.time()) + 3600)


@contextmanager
def start(
    settings: Settings, folder: Path, flaw: Flaw | None = None
) -> Iterator[DynamicsUnderTest]:
    """See `StartsCrm`."""
    org = Org()
    with (
        patch("azure.identity.ClientSecretCredential", Entra),
        patch("crm.connectors.dynamics.installing.KEY_PAUSE_SECONDS", 0),
        serve_by_tls(make_dynamics(org), folder) as server,
    ):
        given = {
            "crm_url": server.url,
            "crm_user": "app",
            "crm_database": "directory",
            "crm_password": "falsch" if flaw == "credentials" else SECRET,
        }
        yield DynamicsUnderTest(org, server, settings.model_copy(update=given), flaw)


class DynamicsUnderTest(Served):
    """See `CrmUnderTest`."""

    lacks = LACKS
    number_field = "rei_customer_no"

    def __init__(self, org: Org, server: Server, settings: Settings, flaw: Flaw | None) -> None:
        super().__init__(server)
        self._org = org
        self._config = load_config(settings)
        self.connector = DynamicsConnector(settings, self._config)
        if flaw not in ("credentials", "field"):
            self.connector.setup()
        if flaw == "right":
            org.missing_privileges = {"prvWriteAccount", "prvCreateAccount"}

    def is_write(self, method: str, path: str, body: bytes) -> bool:
        return path.endswith("$batch") and any(word in body for word in WRITES)

    def add(self, target: Target, name: str, *, parent: str | None = None, **found_by: str) -> str:
        if target == "opportunities":
            return self._org.insert("opportunity", name=name, customerid=parent)
        values = {"accountnumber": "customer_no", "websiteurl": "website", "emailaddress1": "email"}
        own = {column: found_by[by] for column, by in values.items() if by in found_by}
        return self._org.insert("account", name=name, **own)

    def edit(self, target: Target, crm_id: str, **values: Any) -> None:
        own = own_columns(self._config, target, values)
        self._org.edit(TABLES[target][0].name, crm_id, **own)

    def rename(self, target: Target, crm_id: str, name: str) -> None:
        self._org.edit(TABLES[target][0].name, crm_id, name=name)

    def merge(self, keep: str, lose: str) -> str:
        self._org.merge("account", keep, lose)
        return keep

    def remove(self, target: Target, crm_id: str) -> None:
        self._org.delete(TABLES[target][0].name, crm_id)

    def archive(self, target: Target, crm_id: str) -> None:
        closed = {"parties": 1, "opportunities": 2}[target]  # inactive; lost
        self._org.edit(TABLES[target][0].name, crm_id, statecode=closed)

    def seen(self, target: Target) -> dict[str, Seen]:
        names = field_names(self._config, target)
        return {
            crm_id: Seen(
                row[table.title],
                {name: from_dataverse(name, row.get(column)) for name, column in names.items()},
                row["statecode"] == 0,
            )
            for table in TABLES[target]
            for crm_id, row in self._org.rows[table.name].items()
            if not row.get("merged")
        }

    def tasks(self) -> dict[str, str]:
        return {crm_id: row["subject"] for crm_id, row in self._org.rows["task"].items()}

    def finish_task(self, crm_id: str, answer: str) -> None:
        text = self._org.rows["task"][crm_id]["description"]
        self._org.edit("task", crm_id, statecode=1, description=f"{text}{answer}")
