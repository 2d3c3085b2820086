"""Pipedrive's fake under test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from config import Settings
from crm import load_config
from crm.connectors.pipedrive import PipedriveConnector
from crm.fields import FIELDS
from crm.records import Target
from tests.crm.fakes.pipedrive import Pipedrive
from tests.crm.fakes.serving import Server, serve
from tests.crm.kit.served import Served
from tests.crm.kit.under_test import Ability, Flaw, Seen

LACKS: Mapping[Ability, str] = {
    "conditional": "Pipedrive has no write that holds only for a version",
    "export.leads": "its leads are behind the older API only",
    "batch": "Pipedrive writes one record a call",
    "parties.follow": "it does not say what a record was merged into; only our key may tell",
    "parties.archive": "organizations are not archived",
    "find.vat_id": "Pipedrive has no field for VAT ids",
    "find.email": "addresses are at persons, each company's own way",
    "flaw.right": "whoever may read records may write them; only the fields need an administrator",
}
KINDS: Mapping[Target, str] = {"parties": "organizations", "opportunities": "deals"}
NAMES: Mapping[Target, str] = {"parties": "name", "opportunities": "title"}


@contextmanager
def start(
    settings: Settings,
    folder: Path,
    flaw: Flaw | None = None,
) -> Iterator[PipedriveUnderTest]:
    """See `StartsCrm`. To the fake each call comes a second later, and we do not wait for that."""
    ticks = itertools.count()
    pipedrive = Pipedrive(clock=lambda: float(next(ticks)), tokens=10**9)
    with (
        patch("crm.connectors.pipedrive.api.CALLS", (1000, 1.0)),
        serve(pipedrive.app) as server,
    ):
        token = "0" if flaw == "credentials" else pipedrive.token
        settings = settings.model_copy(update={"crm_url": server.url, "crm_password": token})
        yield PipedriveUnderTest(pipedrive, server, settings, flaw)


class PipedriveUnderTest(Served):
    """See `CrmUnderTest`."""

    lacks = LACKS

    def __init__(
        self, pipedrive: Pipedrive, server: Server, settings: Settings, flaw: Flaw | None
    ) -> None:
        super().__init__(server)
        self._pipedrive = pipedrive
        self.connector = PipedriveConnector(settings, load_config(settings))
        if flaw not in ("credentials", "field"):
            self.connector.setup()

    @property
    def number_field(self) -> str:
        return self._codes("parties")["customer_no"]

    def is_write(self, method: str, path: str, body: bytes) -> bool:
        return method in ("POST", "PATCH") and path.startswith(("/api/v2/org", "/api/v2/deals"))

    def add(self, target: Target, name: str, *, parent: str | None = None, **found_by: str) -> str:
        values: dict[str, Any] = {NAMES[target]: name}
        if parent:
            values["org_id"] = int(parent)
        if "website" in found_by:
            values["website"] = found_by["website"]
        if "customer_no" in found_by:
            code = self._codes(target)["customer_no"]
            values["custom_fields"] = {code: found_by["customer_no"]}
        return str(self._pipedrive.add(KINDS[target], **values))

    def edit(self, target: Target, crm_id: str, **values: Any) -> None:
        codes = self._codes(target)
        custom = {
            codes[k]: self._options(target, k).get(v, v) if v is not None else None
            for k, v in values.items()
        }
        self._pipedrive.edit(KINDS[target], int(crm_id), custom_fields=custom)

    def rename(self, target: Target, crm_id: str, name: str) -> None:
        self._pipedrive.edit(KINDS[target], int(crm_id), **{NAMES[target]: name})

    def merge(self, keep: str, lose: str) -> str:
        return str(self._pipedrive.merge("organizations", int(keep), int(lose)))

    def remove(self, target: Target, crm_id: str) -> None:
        self._pipedrive.remove(KINDS[target], int(crm_id))

    def archive(self, target: Target, crm_id: str) -> None:
        self._pipedrive.edit(KINDS[target], int(crm_id), status="lost")

    def seen(self, target: Target) -> dict[str, Seen]:
        codes = self._codes(target)
        return {
            str(crm_id): Seen(
                row[NAMES[target]],
                {name: self._value(target, name, row["custom_fields"].get(codes[name]))
                 for name in codes},
                row.get("status", "open") == "open",
            )
            for crm_id, row in self._pipedrive.store.rows[KINDS[target]].items()
            if not row["is_deleted"]
        }  # fmt: skip

    def tasks(self) -> dict[str, str]:
        rows = self._pipedrive.store.rows["activities"]
        return {str(crm_id): row["subject"] for crm_id, row in rows.items()}

    def finish_task(self, crm_id: str, answer: str) -> None:
        note = (self._pipedrive.record("activities", int(crm_id)) or {})["note"]
        self._pipedrive.edit("activities", int(crm_id), done=True, note=f"{note}{answer}")

    def _codes(self, target: Target) -> dict[str, str]:
        """Return the hash of each of our fields; there are none before a setup."""
        labels = {
            f"Reifegrad: {label}": name
            for name, field in FIELDS.items()
            for label in (field.label_de, field.label_en)
        }
        fields = self._pipedrive.store.fields[KINDS[target]]
        return {labels[row["name"]]: code for code, row in fields.items() if row["name"] in labels}

    def _options(self, target: Target, name: str) -> dict[str, int]:
        """Return the id of each value of a selection."""
        row = self._pipedrive.store.fields[KINDS[target]][self._codes(target)[name]]
        ids = {option["label"]: option["id"] for option in row.get("options") or []}
        return {
            value: ids[label]
            for value, labels in FIELDS[name].options.items()
            for label in labels
            if label in ids
        }

    def _value(self, target: Target, name: str, value: Any) -> Any:
        if value in (None, ""):
            return None
        if FIELDS[name].options:
            known = {number: text for text, number in self._options(target, name).items()}
            return known.get(value, value)
        return int(value) if FIELDS[name].kind == "integer" else value
