"""A customer on a terminal: who it is, why, what happened, what to expect; German or English."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from rich import box
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ingest.loading.loads import in_thousands
from reifegrad.customer_view import (
    Contact,
    CustomerView,
    Events,
    FoundCustomer,
    GoldenValue,
    Language,
    Lead,
    Score,
)

MAX_CONTACTS: Final = 12
MAX_LEADS: Final = 8
MAX_OTHERS: Final = 3
MAX_FOUND: Final = 20

TEXTS: Final[dict[str, dict[Language, str]]] = {
    "records": {
        "de": "{records} aus {sources}",
        "en": "{records} from {sources}",
    },
    "objected": {
        "de": "Hat der Profilbildung widersprochen: keine Bewertung.",
        "en": "Has objected to profiling: not scored.",
    },
    "values": {"de": "Stammdaten", "en": "Master data"},
    "attribute": {"de": "Angabe", "en": "Detail"},
    "value": {"de": "Wert", "en": "Value"},
    "origin": {"de": "Woher", "en": "From"},
    "others": {"de": "Andere Angaben", "en": "Other values"},
    "frequent": {"de": "seltener genannt", "en": "said less often"},
    "trusted": {"de": "Quelle weniger verlässlich", "en": "source trusted less"},
    "complete": {"de": "weniger vollständig", "en": "less complete"},
    "newest": {"de": "älter", "en": "older"},
    "why": {
        "de": "Warum das ein Kunde ist (+ spricht dafür, − dagegen)",
        "en": "Why this is one customer (+ speaks for it, − against)",
    },
    "record": {"de": "Datensatz", "en": "Record"},
    "name_there": {"de": "Name und Ort dort", "en": "Name and town there"},
    "tied_by": {"de": "Gehört dazu", "en": "Belongs here"},
    "first": {"de": "der erste Datensatz", "en": "the first record"},
    "alone": {"de": "einziger Datensatz", "en": "the only record"},
    "like": {"de": "wie {record}:\n{evidence}", "en": "like {record}:\n{evidence}"},
    "decisions": {"de": "Von Menschen entschieden", "en": "Decided by people"},
    "same": {"de": "{a} = {b} (ein Kunde)", "en": "{a} = {b} (one customer)"},
    "different": {
        "de": "{a} ≠ {b} (verschiedene Kunden)",
        "en": "{a} ≠ {b} (different customers)",
    },
    "decided": {"de": "{what}, {by} am {on}", "en": "{what}, {by} on {on}"},
    "changes": {"de": "Geschichte der Reifegrad-Nr.", "en": "History of the customer id"},
    "merged": {"de": "{old} ging in {new} auf", "en": "{old} merged into {new}"},
    "split": {"de": "von {old} trennte sich {new}", "en": "{new} split from {old}"},
    "moved": {
        "de": "{n} von {old} zu {new}",
        "en": "{n} from {old} to {new}",
    },
    "gone": {"de": "{old}: kein Datensatz mehr da", "en": "{old}: no record left"},
    "returned": {"de": "{old} ist wieder da", "en": "{old} is back"},
    "contacts": {"de": "Ansprechpartner", "en": "Contacts"},
    "person": {"de": "Name", "en": "Name"},
    "role": {"de": "Funktion", "en": "Role"},
    "email": {"de": "E-Mail", "en": "E-mail"},
    "phone": {"de": "Telefon", "en": "Phone"},
    "left": {"de": "ausgeschieden", "en": "left"},
    "left_on": {"de": "ausgeschieden am {on}", "en": "left on {on}"},
    "unnamed": {"de": "(ohne Namen)", "en": "(no name)"},
    "more": {"de": "… und {n} weitere", "en": "… and {n} more"},
    "events": {"de": "Was geschah", "en": "What happened"},
    "event": {"de": "Ereignis", "en": "Event"},
    "count": {"de": "Anzahl", "en": "Count"},
    "last_on": {"de": "zuletzt", "en": "last"},
    "last": {"de": "das letzte", "en": "the last one"},
    "orders": {"de": "Aufträge", "en": "Orders"},
    "worth": {"de": "{last}; zusammen {amount} netto", "en": "{last}; {amount} net in all"},
    "tickets": {"de": "Serviceanfragen", "en": "Service tickets"},
    "complaints": {"de": "Reklamationen", "en": "Complaints"},
    "email_open": {"de": "Mails geöffnet", "en": "Mails opened"},
    "email_click": {"de": "Klicks in Mails", "en": "Clicks in mails"},
    "email_unsubscribe": {"de": "Newsletter abbestellt", "en": "Newsletter unsubscribed"},
    "email_bounce": {"de": "Mails unzustellbar", "en": "Mails bounced"},
    "web_visit": {"de": "Besuche der Website", "en": "Visits to the website"},
    "fair_visit": {"de": "Gespräche auf der Messe", "en": "Talks at a fair"},
    "leads": {"de": "Verkaufschancen", "en": "Leads"},
    "title": {"de": "Titel", "en": "Title"},
    "stage": {"de": "Phase", "en": "Stage"},
    "amount": {"de": "Betrag", "en": "Amount"},
    "when": {"de": "Zeitraum", "en": "When"},
    "since": {"de": "seit {on}", "en": "since {on}"},
    "scores": {"de": "Bewertungen", "en": "Scores"},
    "churn": {"de": "Abwanderung", "en": "Churn"},
    "lead": {"de": "Abschluss", "en": "Chance to win"},
    "band_high": {"de": "hoch", "en": "high"},
    "band_medium": {"de": "mittel", "en": "medium"},
    "band_low": {"de": "niedrig", "en": "low"},
    "points": {"de": "{points} von 100", "en": "{points} of 100"},
    "choose": {
        "de": "Mehrere Kunden passen. Einen davon mit seiner Nummer ansehen:",
        "en": "Several customers fit. Look at one of them by its id:",
    },
    "more_found": {
        "de": "… und {n} weitere: bitte mehr Wörter des Namens angeben.",
        "en": "… and {n} more: give more words of the name.",
    },
    "customer_id": {"de": "Reifegrad-Nr.", "en": "Reifegrad id"},
    "customer_no": {"de": "Kundennummer", "en": "Customer No."},
    "numbers": {"de": "Kundennummer {numbers}", "en": "customer no. {numbers}"},
    "city": {"de": "Ort", "en": "Town"},
    "record_count": {"de": "Datensätze", "en": "Records"},
}
ATTRIBUTES: Final[dict[str, dict[Language, str]]] = {
    "name": {"de": "Name", "en": "Name"},
    "street": {"de": "Straße", "en": "Street"},
    "postcode": {"de": "PLZ", "en": "Postcode"},
    "city": {"de": "Ort", "en": "Town"},
    "country": {"de": "Land", "en": "Country"},
    "phone": {"de": "Telefon", "en": "Phone"},
    "email": {"de": "E-Mail", "en": "E-mail"},
    "website": {"de": "Website", "en": "Website"},
    "vat_id": {"de": "USt-IdNr.", "en": "VAT id"},
    "registration_no": {"de": "Registernummer", "en": "Register number"},
    "industry": {"de": "Branche", "en": "Industry"},
    "employees": {"de": "Mitarbeiter", "en": "Employees"},
    "account_manager": {"de": "Betreuung", "en": "Account manager"},
    "customer_since": {"de": "Kunde seit", "en": "Customer since"},
}
COUNTED: Final[dict[str, dict[Language, tuple[str, str]]]] = {
    "record": {"de": ("Datensatz", "Datensätze"), "en": ("record", "records")},
    "source": {"de": ("Quelle", "Quellen"), "en": ("source", "sources")},
}


def customer_tables(view: CustomerView, language: Language) -> Iterator[Table | Text | Padding]:
    """Yield what there is to show of a customer, the most important first."""
    yield _head(view, language)
    if view.scores:
        yield _scores(view.scores, view.leads, language)
    yield _values(view.values, language)
    yield _records(view, language)
    if lines := [*_decisions(view, language)]:
        yield _lines("decisions", lines, language)
    if lines := [*_changes(view, language)]:
        yield _lines("changes", lines, language)
    if view.contacts:
        yield _contacts(view.contacts, language)
    if view.events:
        yield _events(view.events, language)
    if view.leads:
        yield _leads(view.leads, language)


def choice_table(found: Sequence[FoundCustomer], language: Language) -> Table:
    """Show the customers that fit, the first twenty, to choose one of them."""
    table = _table(
        "choose", language, "customer_id", "customer_no", "person", "city", "record_count"
    )
    for customer in found[:MAX_FOUND]:
        _add(
            table,
            customer.customer_id,
            customer.customer_no or "",
            customer.name,
            customer.city or "",
            str(customer.record_count),
        )
    if len(found) > MAX_FOUND:
        table.caption = _say("more_found", language, n=len(found) - MAX_FOUND)
        table.caption_justify = "left"
    return table


def _head(view: CustomerView, language: Language) -> Text:
    counted = _say(
        "records",
        language,
        records=_count(view.record_count, "record", language),
        sources=_count(view.source_count, "source", language),
    )
    numbers = [view.customer_id]
    if view.customer_nos:
        numbers.insert(0, _say("numbers", language, numbers=view.customer_nos))
    head = Text.assemble("\n", (view.name, "bold"), "  ·  ", "  ·  ".join([*numbers, counted]))
    if view.has_objected_to_profiling:
        head.append(f"\n{_say('objected', language)}", "yellow")
    return head


def _values(values: Sequence[GoldenValue], language: Language) -> Table:
    table = _table("values", language, "attribute", "value", "origin", "others")
    for value in values:
        others: dict[str, dict[str, None]] = {}  # rule to its values, each once
        for other in value.others:
            said = _value(value.attribute, other.value, language)
            others.setdefault(other.beaten_by, {})[said] = None
        _add(
            table,
            ATTRIBUTES[value.attribute][language],
            _value(value.attribute, value.value, language),
            f"{value.file}:{value.row_number}",
            "\n".join(
                f"{_say(rule, language)}: {'; '.join([*said][:MAX_OTHERS])}"
                f"{' …' if len(said) > MAX_OTHERS else ''}"
                for rule, said in others.items()
            ),
        )
    return table


def _records(view: CustomerView, language: Language) -> Table:
    table = _table("why", language, "record", "name_there", "tied_by")
    for record in view.records:
        if record.linked_to and record.evidence:
            why = _say("like", language, record=record.linked_to, evidence=record.evidence)
        else:
            why = _say("alone" if len(view.records) == 1 else "first", language)
        place = ", ".join(filter(None, (record.name, record.city)))
        _add(table, record.record_id, place, why)
    return table


def _decisions(view: CustomerView, language: Language) -> Iterator[str]:
    for made in view.decisions:
        what = _say(made.decision, language, a=made.record_a, b=made.record_b)
        on = _day(made.decided_at.date(), language)
        yield _say("decided", language, what=what, by=made.decided_by, on=on)


def _changes(view: CustomerView, language: Language) -> Iterator[str]:
    for change in view.id_changes:
        count = _count(change.record_count, "record", language)
        what = _say(change.kind, language, old=change.old_id, new=change.new_id, n=count)
        yield f"{_day(change.night, language)}  {what}"


def _contacts(contacts: Sequence[Contact], language: Language) -> Table:
    table = _table("contacts", language, "person", "role", "email", "phone")
    for contact in contacts[:MAX_CONTACTS]:
        name = " ".join(filter(None, (contact.given_name, contact.family_name)))
        role = [contact.role]
        if contact.left_on:
            role.append(_say("left_on", language, on=_day(contact.left_on, language)))
        elif not contact.is_active:
            role.append(_say("left", language))
        _add(
            table,
            name or _say("unnamed", language),
            ", ".join(filter(None, role)),
            contact.email or "",
            contact.phone or "",
            style="" if contact.is_active else "dim",
        )
    if (more := len(contacts) - MAX_CONTACTS) > 0:
        table.add_row(_say("more", language, n=more))
    return table


def _events(events: Sequence[Events], language: Language) -> Table:
    table = _table("events", language, "event", "count", "last_on", "last")
    for kind in events:
        last = kind.last or ""
        if kind.net_amount is not None:
            amount = in_thousands(round(kind.net_amount), language)
            last = _say("worth", language, last=last, amount=amount)
        _add(
            table,
            TEXTS[kind.kind][language] if kind.kind in TEXTS else kind.kind,
            in_thousands(kind.count, language),
            _day(kind.last_on, language) if kind.last_on else "",
            last,
        )
    return table


def _leads(leads: Sequence[Lead], language: Language) -> Table:
    table = _table("leads", language, "title", "stage", "amount", "when")
    for lead in leads[:MAX_LEADS]:
        days = [_day(day, language) for day in (lead.created_on, lead.closed_on) if day]
        is_open = lead.outcome == "open"
        _add(
            table,
            lead.title or lead.lead_id,
            lead.stage or "",
            "" if lead.amount is None else in_thousands(round(lead.amount), language),
            _say("since", language, on=days[0]) if is_open and days else " – ".join(days),
            style="" if is_open else "dim",
        )
    if (more := len(leads) - MAX_LEADS) > 0:
        table.add_row(_say("more", language, n=more))
    return table


def _scores(scores: Sequence[Score], leads: Sequence[Lead], language: Language) -> Padding:
    titles = {lead.lead_id: lead.title for lead in leads}
    colours = {"high": "bold red", "medium": "yellow", "low": "green"}
    table = Table.grid(padding=(0, 2))
    for score in scores:
        name = TEXTS[score.score][language] if score.score in TEXTS else score.score
        about = titles.get(score.entity_id)
        points = _say("points", language, points=score.points)
        colour = colours[score.band] if score.entity == "customer" else "bold"
        table.add_row(
            Text(f"{name}: {about}" if about else name),
            Text(f"{_say(f'band_{score.band}', language)}, {points}", style=colour),
            Text("\n".join(score.reasons)),
        )
    return Padding(table, (1, 0, 0, 1))


def _lines(title: str, lines: Sequence[str], language: Language) -> Padding:
    text = Text.assemble((_say(title, language), "bold"), "\n", "\n".join(f"  {n}" for n in lines))
    return Padding(text, (0, 0, 1, 0))


def _table(title: str, language: Language, *columns: str) -> Table:
    table = Table(
        title=_say(title, language), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD
    )
    for column in columns:
        is_number = column in ("count", "amount", "record_count")
        table.add_column(
            _say(column, language), justify="right" if is_number else "left", overflow="fold"
        )
    return table


def _add(table: Table, *cells: str, style: str = "") -> None:
    """Add a row as it is: brackets in a file's text are no markup."""
    table.add_row(*map(Text, cells), style=style)


def _say(name: str, language: Language, **values: object) -> str:
    return TEXTS[name][language].format(**values)


def _count(number: int, thing: str, language: Language) -> str:
    return f"{number} {COUNTED[thing][language][number != 1]}"


def _day(day: date, language: Language) -> str:
    return f"{day:%d.%m.%Y}" if language == "de" else f"{day:%Y-%m-%d}"


def _value(attribute: str, value: str, language: Language) -> str:
    return _day(date.fromisoformat(value), language) if attribute == "customer_since" else value
