"""The connector to Odoo 16 to 19.

Our fields are custom ones (`x_reifegrad_points` …), made by `reifegrad crm setup`; no module is
installed. Records are written by `load`, Odoo's import, in batches: seen on a real Odoo 16, it
writes 76 to 181 rows a second where `write`, one record a call, does 19 to 71.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from config import Settings
from crm.config import CrmConfig, Lookup
from crm.connectors.connector import Export, Finding, Limits, SetupStep
from crm.connectors.lookups import chunks, hits, one_each
from crm.connectors.odoo.export import export
from crm.connectors.odoo.fields import MODELS, OTHERS, field_names, to_record
from crm.connectors.odoo.loading import Loader
from crm.connectors.odoo.merged import follow, remember
from crm.connectors.odoo.new_records import new_records
from crm.connectors.odoo.rpc import OdooRpc
from crm.connectors.odoo.setup import check, set_up
from crm.connectors.odoo.tasks import create_tasks, read_tasks
from crm.errors import no_notes
from crm.records import Change, Note, Outcome, Record, Target, Task, TaskState

IDS_PER_READ: Final = 1000
ROWS_PER_READ: Final = 2000
# Where people keep what a customer can be found by; a contact person has its company's VAT id.
LOOKUPS: Final[Mapping[Lookup, str]] = {"vat_id": "vat", "website": "website", "email": "email"}
CUSTOMER_NO: Final = "ref"
"""Odoo's own "Reference", where companies put the ERP's number."""


class OdooConnector:
    """One Odoo database."""

    name = "odoo"
    # `load` takes any number; at 1,000 one call stays below Odoo's usual limit of 60 s of CPU.
    limits = Limits(batch=1000, parallel=4)
    posts = ("task",)

    def __init__(self, settings: Settings, config: CrmConfig) -> None:
        self._config = config
        self._rpc = OdooRpc(settings)
        self._loader = Loader(self._rpc, config)

    def require_login(self) -> None:
        """See `Connector`."""
        _user = self._rpc.user_id

    def check(self) -> list[Finding]:
        """See `Connector`."""
        return check(self._rpc, self._config)

    def setup(self) -> list[SetupStep]:
        """See `Connector`."""
        steps = set_up(self._rpc, self._config)
        self._loader = Loader(self._rpc, self._config)  # selections are known anew
        return steps

    def read(
        self, target: Target, ids: Collection[str], id_field: str | None = None
    ) -> dict[str, Record]:
        """See `Connector`. Odoo deletes the partner that is merged into another."""
        if id_field:
            rows = self._by_values(target, id_field, sorted(ids))
            return one_each((str(row[id_field]), self._record(target, row)) for row in rows)
        numbers = sorted(int(one) for one in ids if one.isdigit())
        rows = self._by_values(target, "id", numbers)
        found = {str(row["id"]): self._record(target, row) for row in rows}
        if target == "parties" and (gone := [one for one in numbers if str(one) not in found]):
            heirs = follow(self._rpc, gone)
            rows = self._by_values(target, "id", sorted(set(heirs.values())))
            known = {row["id"]: self._record(target, row) for row in rows}
            found |= {str(old): known[new] for old, new in heirs.items() if new in known}
        return found

    def shown(self, target: Target) -> dict[str, Record]:
        """See `Connector`."""
        names = field_names(self._config, target)
        terms = [
            [field, "!=", 0 if name in ("points", "stage") else False]
            for name, field in names.items()
            if name not in ("customer_no", "key")
        ]
        rows = self._search(target, ["|"] * (len(terms) - 1) + terms)
        return {str(row["id"]): self._record(target, row) for row in rows}

    def find(self, target: Target, by: Lookup, values: Collection[str]) -> dict[str, list[str]]:
        """See `Connector`. The ERP's number stands in our field or in Odoo's own reference."""
        names = field_names(self._config, target)
        if by == "key":
            rows = self._by_values(target, names["key"], sorted(values))
            return hits(by, [(row[names["key"]], str(row["id"])) for row in rows], values)
        if target != "parties":
            return {}
        if by == "customer_no":
            pairs = []
            for field in (names["customer_no"], CUSTOMER_NO):
                rows = self._by_values(target, field, sorted(values), field)
                pairs += [(row[field], str(row["id"])) for row in rows if row["active"]]
            return hits(by, pairs, values)
        field = LOOKUPS[by]
        domain = ["&", ["parent_id", "=", False], "&", ["active", "=", True], [field, "!=", False]]
        rows = self._rpc.search("res.partner", domain, [field], ROWS_PER_READ)
        return hits(by, [(row[field], str(row["id"])) for row in rows], values)

    def create(self, target: Target, changes: Sequence[Change]) -> list[Outcome]:
        """See `Connector`."""
        # An answer may have been lost: existing records are not created a second time.
        known = self.find(target, "key", [change.key for change in changes])
        missing = [change for change in changes if change.key not in known]
        again = [
            change.model_copy(update={"crm_id": known[change.key][0]})
            for change in changes
            if change.key in known
        ]
        outcomes = {
            change.key: outcome
            for change, outcome in zip(again, self.write(target, again), strict=True)
        }
        if missing:
            rows = new_records(self._rpc, self._config, target, missing)
            ids = self._rpc.call(
                MODELS[target], "create", vals_list=rows, context={"tracking_disable": True}
            )
            outcomes |= {c.key: Outcome(str(i)) for c, i in zip(missing, ids, strict=True)}
            self._remember(target, ids)
        return [outcomes[change.key] for change in changes]

    def write(self, target: Target, changes: Sequence[Change]) -> list[Outcome]:
        """See `Connector`."""
        outcomes = self._loader.write(target, changes) if changes else []
        self._remember(target, [int(one.crm_id) for one in outcomes if one.crm_id])
        return outcomes

    def create_tasks(self, tasks: Sequence[Task]) -> list[Outcome]:
        """See `Connector`. A task is one of Odoo's activities."""
        return create_tasks(self._rpc, tasks)

    def create_notes(self, notes: Sequence[Note]) -> list[Outcome]:  # noqa: ARG002
        """See `Connector`. A task says the same there, and can be closed."""
        raise no_notes(self.name)

    def read_tasks(self, ids: Collection[str]) -> dict[str, TaskState]:
        """See `Connector`."""
        return read_tasks(self._rpc, ids)

    def export(self, what: Export, since: datetime | None) -> Iterator[Mapping[str, str | None]]:
        """See `Connector`."""
        return export(self._rpc, what, since)

    def _remember(self, target: Target, ids: Sequence[int]) -> None:
        if target == "parties" and ids:
            remember(self._rpc, ids)

    def _record(self, target: Target, row: Mapping[str, Any]) -> Record:
        return to_record(self._config, target, row)

    def _by_values(
        self, target: Target, field: str, values: Sequence[Any], *more: str
    ) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for chunk in chunks(values, IDS_PER_READ):
            found += self._search(target, [[field, "in", list(chunk)]], field, *more)
        return found

    def _search(self, target: Target, domain: list[Any], *more: str) -> list[dict[str, Any]]:
        fields = {*OTHERS[target], *field_names(self._config, target).values(), *more} - {"id"}
        return self._rpc.search(MODELS[target], domain, sorted(fields), ROWS_PER_READ)
