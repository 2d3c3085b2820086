"""The sample company's CRM as its first night finds it: filled by its own export, and lived in.

The records of the sample's CRM export go into the embedded Tryton under the export's own ids, then
happens what `truth/crm_since_export.csv` tells: records merged, deleted, archived, a new one
entered. All of it is done over Tryton's JSON-RPC, by the calls that its own client makes.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from config import Settings
from config.language import _
from crm.config import load_config
from crm.connectors.tryton.rpc import TrytonRpc, to_date
from crm.errors import CrmError
from sample import SINCE_EXPORT

ROWS_PER_CALL: Final = 1000  # a transaction each: less than Tryton's longest answer takes
COUNTRY: Final = "DE"  # all firms of the sample
STATES: Final = {"Gewonnen": "won", "Verloren": "lost"}
FIRST_STAGE: Final = "Anfrage"  # of an open deal: what Tryton calls a lead
Cells = Mapping[str, str | None]


class Filled(NamedTuple):
    """How many records the CRM got."""

    parties: int
    opportunities: int


def is_due(settings: Settings) -> bool:
    """Whether this home holds the sample company, and its CRM is not known to be filled."""
    is_sample = _since(settings).is_file() and (settings.inbox / "crm_firmen.xlsx").is_file()
    if not is_sample or _done(settings).is_file():
        return False
    config = load_config(settings)
    return config.connector == "tryton" and config.records.parties is not None


def fill_sample_crm(settings: Settings) -> Filled | None:
    """Fill the embedded CRM of a home with the sample company; once, and only then.

    Killed in between, the next call goes on where this one stopped. What people do in the CRM
    afterwards is not touched.

    Returns:
        What it got; None if there is nothing to do: filled before, another CRM, one elsewhere that
        people use, or a company of its own (without the sample's truth).

    Raises:
        CrmError: the CRM does not answer, or holds customers of an earlier release's nights.

    """
    if not is_due(settings):
        return None
    rpc = TrytonRpc(settings)
    events = list(csv.DictReader(_since(settings).read_text(encoding="utf-8").splitlines()))
    companies = [*_read(settings, "crm_firmen"), *_entered(events)]
    deals = list(_read(settings, "crm_deals"))
    known = _ids(rpc, "party.party", "code", [str(row["Firmen-ID"]) for row in companies])
    if not known and not _is_empty(settings, rpc):
        return None
    missing = [row for row in companies if row["Firmen-ID"] not in known]
    _create(rpc, "party.party", _parties(rpc, missing, _read(settings, "crm_kontakte")))
    parties = _ids(rpc, "party.party", "code", [str(row["Firmen-ID"]) for row in companies])
    known = _ids(rpc, "sale.opportunity", "number", [str(row["Deal-ID"]) for row in deals])
    deals = [row for row in deals if row["Deal-ID"] not in known]
    _create(rpc, "sale.opportunity", _opportunities(rpc, deals, parties))
    _live(rpc, events, parties)
    _done(settings).parent.mkdir(parents=True, exist_ok=True)  # the CRM may run elsewhere
    _done(settings).touch()
    return Filled(len(missing), len(deals))


def _since(settings: Settings) -> Path:
    return settings.home / "truth" / SINCE_EXPORT


def _done(settings: Settings) -> Path:
    return settings.home / "crm" / "filled"


def _read(settings: Settings, name: str) -> Iterator[Cells]:
    """Read the first sheet of one of the export's workbooks, a dictionary per row."""
    from ingest import read_file

    table = read_file(settings.inbox / f"{name}.xlsx")[0]
    return (dict(zip(table.columns, row, strict=True)) for row in table.rows)


def _entered(events: Iterable[Cells]) -> Iterator[Cells]:
    """Yield the firms that people typed in after the export, as the export would show them."""
    for event in events:
        if event["event"] == "entered":
            yield {
                "Firmen-ID": event["company_id"],
                "Firma": event["name"],
                "USt-IdNr.": event["vat_id"],
                "Webseite": event["website"],
            }


def _is_empty(settings: Settings, rpc: TrytonRpc) -> bool:
    """Whether the CRM holds nobody yet; a CRM elsewhere that does is left alone."""
    if rpc.call("model.party.party.search_count", []) <= 1:  # the company itself is a party, too
        return True
    if settings.crm_url:
        return False
    raise CrmError(
        _(
            "The demo CRM holds customers of nights before it got the sample's own records:"
            " stop it (`make down`) and delete {folder}, so that it begins anew."
        ).format(folder=settings.home / "crm")
    )


def _parties(
    rpc: TrytonRpc, companies: Iterable[Cells], contacts: Iterable[Cells]
) -> list[dict[str, Any]]:
    """Return Tryton's values of companies, each with address, VAT identifier and people."""
    (country,) = rpc.call("model.country.country.search", [["code", "=", COUNTRY]])
    people: dict[str | None, list[dict[str, Any]]] = {}
    for person in contacts:
        if person["Aktiv"] == "ja":
            people.setdefault(person["Firmen-ID"], []).extend(_mechanisms(person))
    return [
        {
            "code": company["Firmen-ID"],
            "name": company["Firma"],
            "addresses": [["create", [_address(company, country)]]],
            "contact_mechanisms": [
                ["create", [*_mechanisms(company), *people.get(company["Firmen-ID"], [])]]
            ],
            "identifiers": [["create", [{"code": vat}] if (vat := company["USt-IdNr."]) else []]],
        }
        for company in companies
    ]


def _address(company: Cells, country: int) -> dict[str, Any]:
    return {
        "street": company.get("Straße"),
        "postal_code": company.get("PLZ"),
        "city": company.get("Ort"),
        "country": country,
    }


def _mechanisms(row: Cells) -> Iterator[dict[str, Any]]:
    """Yield telephone, e-mail and website of a company, or of one of its people by name."""
    names = [row.get(part) for part in ("Vorname", "Nachname", "Funktion")]
    name = " ".join(filter(None, names[:2])) + (f" ({names[2]})" if names[2] else "")
    for kind, column in (("phone", "Telefon"), ("email", "E-Mail"), ("website", "Webseite")):
        if value := row.get(column):
            yield {"type": kind, "value": value, "name": name or None}


def _opportunities(
    rpc: TrytonRpc, deals: Sequence[Cells], parties: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Return Tryton's values of deals, each with its party, its contact and who looks after it."""
    company = rpc.company
    (row,) = rpc.call("model.company.company.read", [company], ["currency"])
    employees = _employ(rpc, sorted({str(deal["Verantwortlich"]) for deal in deals}))
    mails = rpc.call(
        "model.party.contact_mechanism.search_read",
        [["type", "=", "email"]], 0, None, None, ["party", "value"],
    )  # fmt: skip
    contacts = {(mail["party"], mail["value"]): mail["id"] for mail in mails}
    fixed = {"company": company, "currency": row["currency"]}
    return [
        fixed
        | {
            "number": deal["Deal-ID"],
            "description": deal["Titel"],
            "party": (party := parties[str(deal["Firmen-ID"])]),
            "contact": contacts.get((party, deal["Kontakt E-Mail"])),
            "amount": {"__class__": "Decimal", "decimal": f"{float(deal['Betrag'] or 0):.2f}"},
            "state": _state(deal),
            "start_date": to_date(deal["Angelegt am"]),
            "end_date": to_date(deal["Geschlossen am"]),
            "employee": employees[str(deal["Verantwortlich"])],
            "lost_reason": deal["Verlustgrund"],
            "reifegrad_stage": deal["Phase"],
            "reifegrad_owner": deal["Verantwortlich"],
        }
        for deal in deals
    ]


def _state(deal: Cells) -> str:
    is_first = deal["Phase"] == FIRST_STAGE
    return STATES.get(str(deal["Status"]), "lead" if is_first else "opportunity")


def _employ(rpc: TrytonRpc, names: Sequence[str]) -> dict[str, int]:
    """Return the employees by name; those that Tryton lacks are entered."""

    def known() -> dict[str, int]:
        rows = rpc.call("model.company.employee.search_read", [], 0, None, None, ["party.name"])
        return {row["party."]["name"]: row["id"] for row in rows}

    there = known()
    new = [{"name": name} for name in names if name not in there]
    parties = rpc.call("model.party.party.create", new) if new else []
    rows = [{"party": party, "company": rpc.company} for party in parties]
    _create(rpc, "company.employee", rows)
    return known()


def _live(rpc: TrytonRpc, events: Sequence[Cells], parties: Mapping[str, int]) -> None:
    """Do what people did after the export."""
    of: dict[str, list[int]] = {}
    for event in events:
        if party := parties.get(str(event["company_id"])):  # not deleted by a call before
            of.setdefault(str(event["event"]), []).append(party)
    into = {
        parties[str(event["company_id"])]: parties[str(event["into"])]
        for event in events
        if event["event"] == "merged"
    }
    merged = rpc.call(
        "model.party.party.search", [["id", "in", list(into)], ["replaced_by", "=", None]],
        active_test=False,
    )  # fmt: skip
    for party in merged:
        _merge(rpc, party, into[party])
    rpc.call("model.party.party.write", of.get("archived", []), {"active": False})
    rpc.call("model.party.party.delete", of.get("deleted", []))


def _merge(rpc: TrytonRpc, source: int, destination: int) -> None:
    """Merge a party into another by Tryton's own wizard, as a person does."""
    session, _start, _end = rpc.call("wizard.party.replace.create")
    ask = {"ask": {"source": source, "destination": destination}}
    for asked in ("name", "tax_identifier"):  # it asks back when these differ: yes, all the same
        rpc.call("model.res.user.warning.skip", f"party.replace {asked} {source} {destination}")
    rpc.call("wizard.party.replace.execute", session, ask, "replace")
    rpc.call("wizard.party.replace.delete", session)


def _ids(rpc: TrytonRpc, model: str, field: str, values: Sequence[str]) -> dict[str, int]:
    """Return the ids of the records with these values, inactive ones too."""
    found: dict[str, int] = {}
    for start in range(0, len(values), ROWS_PER_CALL):
        chunk = list(values[start : start + ROWS_PER_CALL])
        rows = rpc.call(
            f"model.{model}.search_read",
            [[field, "in", chunk]], 0, None, None, [field], active_test=False,
        )  # fmt: skip
        found |= {row[field]: row["id"] for row in rows}
    return found


def _create(rpc: TrytonRpc, model: str, rows: Sequence[Mapping[str, Any]]) -> None:
    for start in range(0, len(rows), ROWS_PER_CALL):
        rpc.call(f"model.{model}.create", list(rows[start : start + ROWS_PER_CALL]))
