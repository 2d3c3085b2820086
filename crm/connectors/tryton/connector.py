"""The connector to Tryton 8.0 with our module `reifegrad_score`, over its JSON-RPC.

A party that the push creates gets our key as its `code`, an opportunity as `reifegrad_key`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from config import Settings
from config.language import _
from crm.config import CrmConfig, Lookup
from crm.connectors.connector import Export, Finding, Limits, SetupStep
from crm.connectors.lookups import one_each
from crm.connectors.tryton.export import export
from crm.connectors.tryton.new_records import new_opportunities, new_parties
from crm.connectors.tryton.notes import create_notes
from crm.connectors.tryton.rpc import TrytonRpc, from_date, to_date
from crm.errors import CrmLacksError
from crm.fields import DATES, FIELDS, Values
from crm.records import Change, Note, Outcome, Record, Target, Task, TaskState

Item = TypeVar("Item")
MODELS: Final[dict[Target, str]] = {"parties": "party.party", "opportunities": "sale.opportunity"}
KEYS: Final[dict[Target, str]] = {"parties": "code", "opportunities": "reifegrad_key"}
STATES: Final[dict[Target, str]] = {"parties": "active", "opportunities": "state"}
NAMES: Final[dict[Target, str]] = {"parties": "rec_name", "opportunities": "rec_name"}
OPEN_STATES: Final = {"lead", "opportunity"}  # of an opportunity; people close it
OTHER_NAMES: Final = {"stage": "reifegrad_maturity_stage"}  # reifegrad_stage is the lead's phase
KEYS_PER_SEARCH: Final = 1000
CONTACTS: Final[Mapping[Lookup, str]] = {"website": "website", "email": "email"}


def field_names(target: Target) -> dict[str, str]:
    """Return Tryton's names of our fields."""
    own = {
        name: OTHER_NAMES.get(name, f"reifegrad_{name}")
        for name, field in FIELDS.items()
        if target in field.targets
    }
    return own | {"key": KEYS[target]}


class TrytonConnector:
    """One Tryton. A write call is one transaction: it is refused or done as a whole."""

    name = "tryton"
    # SQLite, under the embedded one, writes one after the other.
    limits = Limits(batch=200, parallel=1)
    posts = ("note",)

    def __init__(self, settings: Settings, config: CrmConfig) -> None:
        self._config = config
        self._rpc = TrytonRpc(settings)
        self._versions: dict[str, str] = {}  # when each record was written, as read last

    def require_login(self) -> None:
        """See `Connector`."""
        self._rpc.log_in()

    def check(self) -> list[Finding]:
        """See `Connector`."""
        self.require_login()
        found = [Finding(True, _("The CRM answers and lets us in."))]
        for target, model in MODELS.items():
            known = self._rpc.call(f"model.{model}.fields_get", None)
            missing = sorted(set(field_names(target).values()) - set(known))
            told = _("{model} has all our fields.").format(model=model)
            todo = None
            if missing:
                told = _("{model} lacks {fields}.").format(model=model, fields=", ".join(missing))
                todo = _("Activate or update the Tryton module reifegrad_score.")
            found.append(Finding(not missing, told, todo))
        return found

    def setup(self) -> list[SetupStep]:
        """See `Connector`: a module's fields come with the module, which an engineer activates."""
        steps = [SetupStep(True, finding.says) for finding in self.check() if finding.is_well]
        if any(not finding.is_well for finding in self.check()):
            steps.append(
                SetupStep(
                    False,
                    _(
                        "Copy crm/tryton_module/reifegrad_score into Tryton's modules and call"
                        " `trytond-admin -d DATABASE -u reifegrad_score --activate-dependencies`."
                    ),
                )
            )
        return steps

    def read(
        self, target: Target, ids: Collection[str], id_field: str | None = None
    ) -> dict[str, Record]:
        """See `Connector`. A merged party knows the one that replaced it."""
        field = id_field or "id"
        wanted: list[Any] = sorted(ids)
        if field == "id":
            wanted = sorted(int(crm_id) for crm_id in ids if crm_id.isdigit())
        rows = self._search(target, field, wanted)
        replaced = {str(row[field]): row for row in rows if row.get("replaced_by")}
        followed = {i: _to_record(target, row) for i, row in self._follow(replaced).items()}
        rest = [row for row in rows if not row.get("replaced_by")]
        return followed | one_each((str(row[field]), _to_record(target, row)) for row in rest)

    def shown(self, target: Target) -> dict[str, Record]:
        """See `Connector`."""
        names = [n for k, n in field_names(target).items() if k not in ("customer_no", "key")]
        domain: list[Any] = ["OR", *([name, "!=", None] for name in names)]
        if target == "parties":
            domain = [["replaced_by", "=", None], domain]
        rows = self._search_all(target, domain)
        return {str(row["id"]): _to_record(target, row) for row in rows}

    def find(self, target: Target, by: Lookup, values: Collection[str]) -> dict[str, list[str]]:
        """See `Connector`."""
        if by == "key":
            rows = self._search(target, KEYS[target], sorted(values))
            pairs = [(row[KEYS[target]], row["id"]) for row in rows if not row.get("replaced_by")]
        elif target != "parties":
            pairs = []
        elif by == "customer_no":
            name = field_names(target)["customer_no"]
            rows = self._search(target, name, sorted(values))
            pairs = [(row[name], row["id"]) for row in rows if row["active"]]
        elif by == "vat_id":
            rows = self._rpc.call(
                "model.party.identifier.search_read",
                [["party.active", "=", True]], 0, None, None, ["party", "code"],
            )  # fmt: skip
            pairs = [("".join((r["code"] or "").split()).upper(), r["party"]) for r in rows]
        else:
            rows = self._rpc.call(
                "model.party.contact_mechanism.search_read",
                [["type", "=", CONTACTS[by]], ["party.active", "=", True]],
                0, None, None, ["party", "value"],
            )  # fmt: skip
            pairs = [(_plain(by, row["value"]), row["party"]) for row in rows]
        found: dict[str, set[int]] = {}
        for value, crm_id in pairs:
            if value in values:
                found.setdefault(value, set()).add(crm_id)
        return {value: [str(i) for i in sorted(ids)] for value, ids in found.items()}

    def create(self, target: Target, changes: Sequence[Change]) -> list[Outcome]:
        """See `Connector`."""
        # An answer may have been lost: existing records are not created a second time.
        known = self.find(target, "key", [change.key for change in changes])
        ids = {key: hits[0] for key, hits in known.items()}
        missing = [change for change in changes if change.key not in ids]
        again = [
            change.model_copy(update={"crm_id": ids[change.key]})
            for change in changes
            if change.key in ids
        ]
        if again:
            self.write(target, again)
        if missing:
            values = (
                new_parties(self._rpc, missing)
                if target == "parties"
                else new_opportunities(self._rpc, missing)
            )
            own = [_own_fields(change) for change in missing]
            rows = [one | value for one, value in zip(own, values, strict=True)]
            created = self._rpc.call(f"model.{MODELS[target]}.create", rows)
            ids |= {c.key: str(crm_id) for c, crm_id in zip(missing, created, strict=True)}
        return [Outcome(ids[change.key]) for change in changes]

    def write(self, target: Target, changes: Sequence[Change]) -> list[Outcome]:
        """See `Connector`. Tryton refuses a call of which a record was written meanwhile."""
        arguments: list[Any] = []
        versions: dict[str, str] = {}
        for change in changes:
            arguments += [[int(change.crm_id or 0)], _own_fields(change)]
            place = f"{MODELS[target]},{change.crm_id}"
            if (version := self._versions.pop(place, None)) and not change.has_objected:
                versions[place] = version
        self._rpc.call(f"model.{MODELS[target]}.write", *arguments, _timestamp=versions)
        return [Outcome(change.crm_id) for change in changes]

    def create_tasks(self, tasks: Sequence[Task]) -> list[Outcome]:  # noqa: ARG002
        """See `Connector`. Tryton has no tasks."""
        raise CrmLacksError(_("Tryton has no tasks: say `tasks: false` in crm.yml."))

    def read_tasks(self, ids: Collection[str]) -> dict[str, TaskState]:  # noqa: ARG002
        """See `Connector`."""
        return {}

    def create_notes(self, notes: Sequence[Note]) -> list[Outcome]:
        """See `Connector`."""
        return create_notes(self._rpc, notes)

    def export(self, what: Export, since: datetime | None) -> Iterator[Mapping[str, str | None]]:
        """See `Connector`."""
        return export(self._rpc, what, since)

    def _follow(self, found: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """Return the rows that replaced merged parties, by the id that was asked for."""
        merged = {asked: row["replaced_by"] for asked, row in found.items() if row["replaced_by"]}
        successors = self._search("parties", "id", sorted(set(merged.values())))
        rows = {row["id"]: row for row in successors}
        followed = {asked: rows[crm_id] for asked, crm_id in merged.items() if crm_id in rows}
        return followed | self._follow(followed) if followed else {}

    def _search(self, target: Target, field: str, values: Sequence[Any]) -> list[dict[str, Any]]:
        return [
            row
            for chunk in _chunks(values, KEYS_PER_SEARCH)
            for row in self._search_all(target, [[field, "in", list(chunk)]], field)
        ]

    def _search_all(self, target: Target, domain: list[Any], *more: str) -> list[dict[str, Any]]:
        fields = {STATES[target], NAMES[target], "write_date", "create_date", "_timestamp", *more}
        fields |= set(field_names(target).values())
        fields |= {"replaced_by"} if target == "parties" else set()
        rows: list[dict[str, Any]] = self._rpc.call(
            f"model.{MODELS[target]}.search_read",
            domain, 0, None, [["id", "ASC"]], sorted(fields), active_test=False,
        )  # fmt: skip
        self._versions |= {f"{MODELS[target]},{row['id']}": row["_timestamp"] for row in rows}
        return rows


def _to_record(target: Target, row: dict[str, Any]) -> Record:
    names = field_names(target)
    changed = row.get("write_date") or row.get("create_date")
    return Record(
        crm_id=str(row["id"]),
        values={name: _from_tryton(row[field]) for name, field in names.items()},
        name=row[NAMES[target]],
        is_active=_is_active(target, row),
        changed_on=from_date(changed) if changed else None,
    )


def _is_active(target: Target, row: dict[str, Any]) -> bool:
    state = row[STATES[target]]
    return bool(state) if target == "parties" else state in OPEN_STATES


def _own_fields(change: Change) -> Values:
    names = field_names(change.target)
    return {
        names[name]: to_date(value) if name in DATES else value
        for name, value in change.writes.items()
        if name in names and name != "key"
    }


def _from_tryton(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict) and value.get("__class__") == "date":
        return from_date(value).isoformat()
    return value if value != "" else None


def _plain(by: Lookup, value: str) -> str:
    text = value.strip().lower()
    if by == "website":
        text = text.split("://", 1)[-1].removeprefix("www.").split("/", 1)[0].split(":", 1)[0]
    return text


def _chunks(items: Sequence[Item], size: int) -> Iterable[Sequence[Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))
