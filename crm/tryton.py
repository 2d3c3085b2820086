"""The connector to Tryton 8.0 with our module `reifegrad_score`, over its JSON-RPC."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

import requests

from config import Settings
from config.language import _
from crm.diff import Change, Record, Score, Target
from crm.errors import CrmError, CrmLoginError, CrmRejectedError, CrmUnreachableError
from crm.password import read_password

Item = TypeVar("Item")

QUERIES: Mapping[Target, str] = {
    "parties": "select key, points, band, reasons, scored_on, null as parent, customer_no,"
    " {name: name, street: street, postcode: postcode, city: city, country_code: country_code,"
    " email: email, phone: phone} as master from sync.sync_tryton__parties order by key",
    "opportunities": "select key, points, band, reasons, scored_on, customer_key as parent,"
    " null as customer_no,"
    " {title: title, amount: amount, created_on: created_on, stage: stage, owner: owner,"
    " contact_email: contact_email, contact_name: contact_name} as master"
    " from sync.sync_tryton__opportunities order by key",
}
MODELS: dict[Target, str] = {"parties": "party.party", "opportunities": "sale.opportunity"}
KEYS: dict[Target, str] = {"parties": "code", "opportunities": "reifegrad_key"}
STATES: dict[Target, str] = {"parties": "active", "opportunities": "state"}
OPEN_STATES = {"lead", "opportunity"}  # of an opportunity; the others are closed by a person
FIELDS = {name: f"reifegrad_{name}" for name in Score.model_fields}
CUSTOMER_NO = "reifegrad_customer_no"  # of a party
KEYS_PER_SEARCH = 1000
TIMEOUT_SECONDS = (5, 120)  # to connect, to answer


class TrytonConnector:
    """Parties are found by `code` (our customer id), opportunities by `reifegrad_key`."""

    name = "tryton"
    queries = QUERIES

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._url = settings.crm_url or f"http://127.0.0.1:{settings.crm_port}"
        self._http = requests.Session()
        self._context: dict[str, Any] | None = None

    def require_login(self) -> None:
        """See `Connector`."""
        if self._context is None:
            self._log_in()

    def scored_keys(self, target: Target) -> set[str]:
        """See `Connector`."""
        domain = [[FIELDS["points"], "!=", None], [KEYS[target], "!=", None]]
        rows = self._search(target, domain, [KEYS[target]])
        return {row[KEYS[target]] for row in rows}

    def read(self, target: Target, keys: Collection[str]) -> dict[str, Record]:
        """See `Connector`."""
        fields = [KEYS[target], STATES[target], *FIELDS.values()]
        fields += [CUSTOMER_NO] if target == "parties" else []
        records = (
            _to_record(target, row)
            for chunk in _chunks(sorted(keys), KEYS_PER_SEARCH)
            for row in self._search(target, [[KEYS[target], "in", chunk]], fields)
        )
        return {record.key: record for record in records}

    def write(self, target: Target, changes: Sequence[Change]) -> dict[str, str]:
        """See `Connector`. One call, and so one transaction, for each kind of change."""
        wanted = [change.key for change in changes if change.action == "create"]
        # An answer may have been lost: existing records are not created a second time.
        ids = {key: record.crm_id for key, record in self.read(target, wanted).items()}
        ids |= {change.key: change.crm_id for change in changes if change.crm_id}
        existing = [change for change in changes if change.key in ids]
        missing = [change for change in changes if change.key not in ids]
        if existing:
            arguments: list[Any] = []
            for change in existing:
                arguments += [[int(ids[change.key])], _own_fields(change)]
            self._call(f"model.{MODELS[target]}.write", *arguments)
        if missing:
            new = self._new_parties if target == "parties" else self._new_opportunities
            created = self._call(f"model.{MODELS[target]}.create", new(missing))
            ids |= {
                change.key: str(crm_id) for change, crm_id in zip(missing, created, strict=True)
            }
        return ids

    def _new_parties(self, changes: Sequence[Change]) -> list[dict[str, Any]]:
        codes = {(c.master or {}).get("country_code") for c in changes} - {None}
        countries = {
            row["code"]: row["id"]
            for row in self._call(
                "model.country.country.search_read",
                [["code", "in", sorted(codes)]], 0, None, None, ["code"],
            )
        }  # fmt: skip
        return [
            {"code": change.key} | _own_fields(change) | _party(change.master or {}, countries)
            for change in changes
        ]

    def _new_opportunities(self, changes: Sequence[Change]) -> list[dict[str, Any]]:
        parents = {str((change.master or {})["parent"]) for change in changes}
        parties = self.read("parties", parents)
        if missing := parents - parties.keys():
            raise CrmRejectedError(
                _("the CRM has no party with code {code}").format(code=min(missing))
            )
        company = (self._context or {}).get("company")
        if not company:
            raise CrmError(
                _(
                    "The Tryton user {user} has no company: set one in Tryton"
                    " (Administration, Users), so that opportunities can be created."
                ).format(user=self._settings.crm_user)
            )
        (row,) = self._call("model.company.company.read", [company], ["currency"])
        contacts = self._contacts(changes, parties)
        return [
            {"reifegrad_key": change.key, "company": company, "currency": row["currency"]}
            | _own_fields(change)
            | _opportunity(change.master or {}, parties)
            | {"contact": contacts.get(change.key)}
            for change in changes
        ]

    def _contacts(self, changes: Sequence[Change], parties: dict[str, Record]) -> dict[str, int]:
        """Find the contact of each lead; a person that the party lacks is added to it.

        Returns:
            The key of the lead to the id of a contact mechanism of its party: the person's
            address, else the party's own first one; none if there is neither.

        """
        people = {
            change.key: (int(parties[master["parent"]].crm_id), master.get("contact_email"), master)
            for change in changes
            if (master := change.master)
        }
        ids = sorted({party for party, _, _ in people.values()})
        known = self._read_contacts(ids)
        values = {(row["party"], row["value"]) for row in known}
        missing = {
            (party, email): {
                **{"party": party, "type": "email", "value": email},
                "name": master.get("contact_name"),
            }
            for party, email, master in people.values()
            if email and (party, email) not in values
        }
        if missing:
            self._call("model.party.contact_mechanism.create", list(missing.values()))
            known = self._read_contacts(ids)
        first: dict[int, int] = {}
        for row in known:
            first.setdefault(row["party"], row["id"])
        found = {(row["party"], row["value"]): row["id"] for row in known}
        return {
            key: contact
            for key, (party, email, _) in people.items()
            if (contact := found.get((party, email)) or first.get(party))
        }

    def _read_contacts(self, parties: Sequence[int]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for chunk in _chunks(parties, KEYS_PER_SEARCH):
            rows += self._call(
                "model.party.contact_mechanism.search_read",
                [["party", "in", chunk]], 0, None, [["id", "ASC"]], ["party", "value"],
            )  # fmt: skip
        return rows

    def _search(self, target: Target, domain: list[Any], fields: list[str]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._call(
            f"model.{MODELS[target]}.search_read", domain, 0, None, None, fields, active_test=False
        )
        return rows

    def _call(self, method: str, *arguments: Any, **context: Any) -> Any:  # noqa: ANN401
        self.require_login()
        return self._post(method, [*arguments, {**(self._context or {}), **context}])

    def _log_in(self) -> None:
        user, password = self._settings.crm_user, read_password(self._settings)
        # Messages of Tryton end up in English logs.
        number, token, _rest = self._post("common.db.login", [user, {"password": password}, "en"])
        secret = base64.b64encode(f"{user}:{number}:{token}".encode()).decode()
        self._http.headers["Authorization"] = f"Session {secret}"
        preferences = self._post("model.res.user.get_preferences", [True, {}])
        self._context = preferences | {"language": "en"}

    def _post(self, method: str, parameters: list[Any]) -> Any:  # noqa: ANN401
        """One JSON-RPC call.

        Raises:
            CrmUnreachableError, CrmLoginError, CrmRejectedError, CrmError: see their classes.

        """
        url = f"{self._url}/{self._settings.crm_database}/rpc/"
        body = {"id": 1, "method": method, "params": parameters}
        try:
            response = self._http.post(url, json=body, timeout=TIMEOUT_SECONDS)
        except requests.RequestException as error:
            raise CrmUnreachableError(
                _(
                    "The CRM does not answer at {url} ({reason}): start it with `make up`,"
                    " or set REIFEGRAD_CRM_URL."
                ).format(url=self._url, reason=type(error).__name__)
            ) from error
        if response.status_code == requests.codes.unauthorized:
            raise CrmLoginError(
                _(
                    "The CRM at {url} refuses the user {user}: correct"
                    " REIFEGRAD_CRM_USER and REIFEGRAD_CRM_PASSWORD (environment, or"
                    " {file})."
                ).format(
                    url=self._url,
                    user=self._settings.crm_user,
                    file=self._settings.home / "secrets.env",
                )
            )
        if response.status_code == requests.codes.not_found:
            raise CrmError(
                _(
                    "The CRM at {url} has no database {database!r}: correct REIFEGRAD_CRM_DATABASE."
                ).format(url=self._url, database=self._settings.crm_database)
            )
        if not response.ok:
            raise CrmUnreachableError(
                _("The CRM at {url} answers HTTP {status}.").format(
                    url=self._url, status=response.status_code
                )
            )
        answer = response.json()
        if "error" in answer:
            raise _error(method, answer["error"])
        return answer["result"]


def _error(method: str, error: list[Any]) -> CrmError:
    """Turn Tryton's error `[class, details]` into one of ours."""
    kind, details = [*error, None][:2]
    if kind in {"UserError", "UserWarning"}:
        # UserError carries (message, …), UserWarning (name, message, …).
        return CrmRejectedError(str(details[0 if kind == "UserError" else 1]))
    if kind == "ConcurrencyException" or "database is locked" in str(kind):
        return CrmUnreachableError(
            _("Somebody else writes into the CRM just now ({method}).").format(method=method)
        )
    if "reifegrad_" in str(error):
        return CrmError(_("The CRM lacks our fields: activate the Tryton module reifegrad_score."))
    return CrmError(
        _("The CRM failed in {method}: {kind}. Its log says more.").format(method=method, kind=kind)
    )


def _to_record(target: Target, row: dict[str, Any]) -> Record:
    state = row[STATES[target]]
    score = None
    if row[FIELDS["points"]] is not None:
        day = row[FIELDS["scored_on"]]
        score = Score(
            points=row[FIELDS["points"]],
            band=row[FIELDS["band"]],
            reasons=row[FIELDS["reasons"]] or "",
            scored_on=date(day["year"], day["month"], day["day"]),
        )
    return Record(
        key=row[KEYS[target]],
        crm_id=str(row["id"]),
        score=score,
        customer_no=row.get(CUSTOMER_NO) or None,
        is_active=bool(state) if target == "parties" else state in OPEN_STATES,
    )


def _own_fields(change: Change) -> dict[str, Any]:
    values = change.new_values or dict.fromkeys(FIELDS)
    fields = {field: values[name] for name, field in FIELDS.items()}
    fields[FIELDS["scored_on"]] = _date(values["scored_on"])
    if change.target == "parties":
        fields[CUSTOMER_NO] = change.customer_no
    return fields


def _party(master: dict[str, Any], countries: dict[str, int]) -> dict[str, Any]:
    address = {
        "street": master.get("street"),
        "postal_code": master.get("postcode"),
        "city": master.get("city"),
        "country": countries.get(master.get("country_code") or ""),
    }
    contacts = [
        {"type": kind, "value": master[kind]} for kind in ("phone", "email") if master.get(kind)
    ]
    return {
        "name": master.get("name"),
        "addresses": [["create", [address]]] if any(address.values()) else [],
        "contact_mechanisms": [["create", contacts]] if contacts else [],
    }


def _opportunity(master: dict[str, Any], parties: dict[str, Record]) -> dict[str, Any]:
    amount, created_on = master.get("amount"), master.get("created_on")
    values = {
        "description": master.get("title"),
        "party": int(parties[master["parent"]].crm_id),
        "reifegrad_stage": master.get("stage"),
        "reifegrad_owner": master.get("owner"),
    }
    if amount is not None:
        values["amount"] = {"__class__": "Decimal", "decimal": f"{amount:.2f}"}
    if created_on is not None:
        values["start_date"] = _date(created_on)
    return values


def _date(value: date | str | None) -> dict[str, Any] | None:
    if value is None:
        return None
    day = date.fromisoformat(value) if isinstance(value, str) else value
    return {"__class__": "date", "year": day.year, "month": day.month, "day": day.day}


def _chunks(keys: Sequence[Item], size: int) -> Iterable[Sequence[Item]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))
