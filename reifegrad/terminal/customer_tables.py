"""A customer on a terminal: who it is, why, what happened, what to expect; German or English."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from config.language import _, in_thousands, marked, spoken_language
from reifegrad.customer_view import (
    Contact,
    CustomerView,
    Events,
    FoundCustomer,
    GoldenValue,
    Lead,
    Score,
)
from reifegrad.terminal.overview_tables import titled_table
from report.words import Words, capitalised
from vocabulary.columns import customer_attributes

MAX_CONTACTS: Final = 12
MAX_LEADS: Final = 8
MAX_OTHERS: Final = 3
MAX_FOUND: Final = 20

BEATEN_BY: Final = {
    "frequent": marked("said less often"),
    "trusted": marked("source trusted less"),
    "complete": marked("less complete"),
    "newest": marked("older"),
}
DECISIONS: Final = {
    "same": marked("{a} = {b} (one customer)"),
    "different": marked("{a} ≠ {b} (different customers)"),
}
CHANGES: Final = {
    "merged": marked("{old} merged into {new}"),
    "split": marked("{new} split from {old}"),
    "moved": marked("{n} from {old} to {new}"),
    "gone": marked("{old}: no record left"),
    "returned": marked("{old} is back"),
}
EVENTS: Final = {
    "orders": marked("Orders"),
    "tickets": marked("Service tickets"),
    "complaints": marked("Complaints"),
    "email_open": marked("Mails opened"),
    "email_click": marked("Clicks in mails"),
    "email_unsubscribe": marked("Newsletter unsubscribed"),
    "email_bounce": marked("Mails bounced"),
    "web_visit": marked("Visits to the website"),
    "fair_visit": marked("Talks at a fair"),
}
SCORES: Final = {
    "churn": marked("Churn"),
    "lead": marked("Chance to win"),
}
BANDS: Final = {
    "high": marked("high"),
    "medium": marked("medium"),
    "low": marked("low"),
}


def customer_tables(view: CustomerView) -> Iterator[Table | Text | Padding]:
    """Yield what there is to show of a customer, the most important first."""
    yield _head(view)
    if view.scores:
        yield _scores(view.scores, view.leads)
    yield _values(view.values)
    yield _records(view)
    if lines := [*_decisions(view)]:
        yield _lines(_("Decided by people"), lines)
    if lines := [*_changes(view)]:
        yield _lines(_("History of the customer id"), lines)
    if view.contacts:
        yield _contacts(view.contacts)
    if view.events:
        yield _events(view.events)
    if view.leads:
        yield _leads(view.leads)


def choice_table(found: Sequence[FoundCustomer]) -> Table:
    """Show the customers that fit, the first twenty, to choose one of them."""
    table = titled_table(
        _("Several customers fit. Look at one of them by its id:"),
        _("Reifegrad id"),
        _("Customer No."),
        _("Name"),
        _("Town"),
        _("Records"),
        numbers=[4],
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
        table.caption = _("… and {n} more: give more words of the name.").format(
            n=len(found) - MAX_FOUND
        )
        table.caption_justify = "left"
    return table


def _head(view: CustomerView) -> Text:
    counted = _("{records} from {sources}").format(
        records=_count(view.record_count, marked("record"), marked("records")),
        sources=_count(view.source_count, marked("source"), marked("sources")),
    )
    numbers = [view.customer_id]
    if view.customer_nos:
        numbers.insert(0, _("customer no. {numbers}").format(numbers=view.customer_nos))
    head = Text.assemble("\n", (view.name, "bold"), "  ·  ", "  ·  ".join([*numbers, counted]))
    if view.has_objected_to_profiling:
        head.append("\n" + _("Has objected to profiling: not scored."), "yellow")
    return head


def _values(values: Sequence[GoldenValue]) -> Table:
    table = titled_table(_("Master data"), _("Detail"), _("Value"), _("From"), _("Other values"))
    words = Words(spoken_language())
    for value in values:
        others: dict[str, dict[str, None]] = {}  # rule to its values, each once
        for other in value.others:
            said = _value(value.attribute, other.value)
            others.setdefault(other.beaten_by, {})[said] = None
        _add(
            table,
            capitalised(words.column(value.attribute)),
            _value(value.attribute, value.value),
            f"{value.file}:{value.row_number}",
            "\n".join(
                f"{_(BEATEN_BY[rule])}: {'; '.join([*said][:MAX_OTHERS])}"
                f"{' …' if len(said) > MAX_OTHERS else ''}"
                for rule, said in others.items()
            ),
        )
    return table


def _records(view: CustomerView) -> Table:
    table = titled_table(
        _("Why this is one customer (+ speaks for it, − against)"),
        _("Record"),
        _("Name and town there"),
        _("Belongs here"),
    )
    for record in view.records:
        if record.linked_to and record.evidence:
            why = _("like {record}:\n{evidence}").format(
                record=record.linked_to, evidence=record.evidence
            )
        else:
            why = _("the only record") if len(view.records) == 1 else _("the first record")
        place = ", ".join(filter(None, (record.name, record.city)))
        _add(table, record.record_id, place, why)
    return table


def _decisions(view: CustomerView) -> Iterator[str]:
    for made in view.decisions:
        what = _(DECISIONS[made.decision]).format(a=made.record_a, b=made.record_b)
        on = _day(made.decided_at.date())
        yield _("{what}, {by} on {on}").format(what=what, by=made.decided_by, on=on)


def _changes(view: CustomerView) -> Iterator[str]:
    for change in view.id_changes:
        count = _count(change.record_count, marked("record"), marked("records"))
        what = _(CHANGES[change.kind]).format(old=change.old_id, new=change.new_id, n=count)
        yield f"{_day(change.night)}  {what}"


def _contacts(contacts: Sequence[Contact]) -> Table:
    table = titled_table(_("Contacts"), _("Name"), _("Role"), _("E-mail"), _("Phone"))
    for contact in contacts[:MAX_CONTACTS]:
        name = " ".join(filter(None, (contact.given_name, contact.family_name)))
        role = [contact.role]
        if contact.left_on:
            role.append(_("left on {on}").format(on=_day(contact.left_on)))
        elif not contact.is_active:
            role.append(_("left"))
        _add(
            table,
            name or _("(no name)"),
            ", ".join(filter(None, role)),
            contact.email or "",
            contact.phone or "",
            style="" if contact.is_active else "dim",
        )
    if (more := len(contacts) - MAX_CONTACTS) > 0:
        table.add_row(_("… and {n} more").format(n=more))
    return table


def _events(events: Sequence[Events]) -> Table:
    table = titled_table(
        _("What happened"), _("Event"), _("Count"), _("last"), _("the last one"), numbers=[1]
    )
    for kind in events:
        last = kind.last or ""
        if kind.net_amount is not None:
            amount = in_thousands(round(kind.net_amount))
            last = _("{last}; {amount} net in all").format(last=last, amount=amount)
        _add(
            table,
            _(EVENTS[kind.kind]) if kind.kind in EVENTS else kind.kind,
            in_thousands(kind.count),
            _day(kind.last_on) if kind.last_on else "",
            last,
        )
    return table


def _leads(leads: Sequence[Lead]) -> Table:
    table = titled_table(_("Leads"), _("Title"), _("Phase"), _("Amount"), _("When"), numbers=[2])
    for lead in leads[:MAX_LEADS]:
        days = [_day(day) for day in (lead.created_on, lead.closed_on) if day]
        is_open = lead.outcome == "open"
        _add(
            table,
            lead.title or lead.lead_id,
            lead.stage or "",
            "" if lead.amount is None else in_thousands(round(lead.amount)),
            _("since {on}").format(on=days[0]) if is_open and days else " – ".join(days),
            style="" if is_open else "dim",
        )
    if (more := len(leads) - MAX_LEADS) > 0:
        table.add_row(_("… and {n} more").format(n=more))
    return table


def _scores(scores: Sequence[Score], leads: Sequence[Lead]) -> Padding:
    titles = {lead.lead_id: lead.title for lead in leads}
    colours = {"high": "bold red", "medium": "yellow", "low": "green"}
    table = Table.grid(padding=(0, 2))
    for score in scores:
        name = _(SCORES[score.score]) if score.score in SCORES else score.score
        about = titles.get(score.entity_id)
        points = _("{points} of 100").format(points=score.points)
        colour = colours[score.band] if score.entity == "customer" else "bold"
        table.add_row(
            Text(f"{name}: {about}" if about else name),
            Text(f"{_(BANDS[score.band])}, {points}", style=colour),
            Text("\n".join(filter(None, [score.told, _at_stake(score)]))),
        )
    return Padding(table, (1, 0, 0, 1))


def _at_stake(score: Score) -> str:
    if score.amount is None or score.expected_amount is None:
        return ""
    return _("At stake: {expected} of {amount} €").format(
        expected=in_thousands(round(score.expected_amount)),
        amount=in_thousands(round(score.amount)),
    )


def _lines(title: str, lines: Sequence[str]) -> Padding:
    text = Text.assemble((title, "bold"), "\n", "\n".join(f"  {n}" for n in lines))
    return Padding(text, (0, 0, 1, 0))


def _add(table: Table, *cells: str, style: str = "") -> None:
    """Add a row as it is: brackets in a file's text are no markup."""
    table.add_row(*map(Text, cells), style=style)


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {_(one if number == 1 else many)}"


def _day(day: date) -> str:
    return f"{day:%d.%m.%Y}" if spoken_language() == "de" else f"{day:%Y-%m-%d}"


def _value(attribute: str, value: str) -> str:
    return _day(date.fromisoformat(value)) if customer_attributes()[attribute] == "date" else value
