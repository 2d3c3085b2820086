"""What `reifegrad start` understood, on a terminal: a table per source with its first records."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from typing import Final

from rich import box
from rich.table import Table
from rich.text import Text

from config.language import _, in_thousands, marked, spoken_language
from ingest.mapping.entities import load_entities
from ingest.mapping.references import MissingReference
from ingest.suggesting.preview import RECORDS, Preview
from ingest.suggesting.proposal import NO_ENTITY
from reifegrad.start import Start

ENTITIES: Final = {
    "company": marked("customers"),
    "contact": marked("contact persons"),
    "lead": marked("inquiries and offers"),
    "lead_stage": marked("stages of offers"),
    "lead_contact": marked("people who take part in offers"),
    "offer_line": marked("offer lines"),
    "order_line": marked("order lines"),
    "product": marked("articles"),
    "competitor_price": marked("prices of competitors"),
    "ticket": marked("service tickets"),
    "interaction": marked("mails, visits and talks"),
    "consent": marked("consents and objections"),
}
VALUE_WIDTH: Final = 22
UNMAPPED_TOLD: Final = 12


def start_tables(start: Start) -> Iterator[Table | Text]:
    """Give everything that a person should see, most of it to be checked by a look."""
    once = {f"! {reason}" for reason in _untied_reasons(start)}  # told below for all together
    for load in start.loads:
        lines = [line for line in load.lines() if line.strip() not in once]
        yield Text("\n".join(lines))
    for file in start.refused:
        told = _("{file}: not taken. {reason}")
        reason = getattr(file.problem, spoken_language())
        yield Text(told.format(file=file.name, reason=reason), style="yellow")
    for shown in start.previews:
        yield Text()
        yield preview_table(shown)
        yield from tied_rows(shown)
        yield from _not_used(shown)
    yield from _to_check(start)
    yield from _untied(start)
    yield Text()
    yield from _next(start)


def preview_table(shown: Preview) -> Table:
    """Give the first records of an entity as the marts would hold them."""
    title = _("{source} → {entity}, {rows} rows, each known by {key}").format(
        source=shown.source,
        entity=_(ENTITIES[shown.entity]),
        rows=in_thousands(shown.rows),
        key=" + ".join(shown.key),
    )
    table = Table(title=Text(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    table.add_column(_("Meaning"), style="bold", no_wrap=True)
    table.add_column(_("Column of the file"))
    for number in range(1, RECORDS + 1):
        table.add_column(str(number), max_width=VALUE_WIDTH, no_wrap=True, overflow="ellipsis")
    for column in shown.columns:
        values = [value or "–" for value in column.values]
        values += [""] * (RECORDS - len(values))
        table.add_row(*map(Text, (column.name, column.origin, *values)))
    return table


def tied_rows(shown: Preview) -> Iterator[Text]:
    """Say how many rows have a customer."""
    if shown.with_customer is not None and shown.with_customer < shown.rows:
        told = _("! {tied} of {rows} rows have a customer among those known.")
        tied, rows = (in_thousands(n) for n in (shown.with_customer, shown.rows))
        style = "yellow" if shown.with_customer else "bold red"
        yield Text(told.format(tied=tied, rows=rows), style=style)
    elif shown.with_customer is not None and not shown.is_untied:
        yield Text(_("Every row has its customer."), style="green")


def _not_used(shown: Preview) -> Iterator[Text]:
    if shown.unmapped:
        told = ", ".join(shown.unmapped[:UNMAPPED_TOLD])
        told += ", …" if len(shown.unmapped) > UNMAPPED_TOLD else ""
        yield Text(_("Not used: {columns}").format(columns=told), style="dim")


def _to_check(start: Start) -> Iterator[Text]:
    """Say what was chosen where the files left a choice: keys, customer numbers, documents."""
    notes = [
        (proposal.name, getattr(note, spoken_language()))
        for proposal in start.suggestion.proposals
        for note in proposal.all_notes
        if note is not NO_ENTITY  # told below, with the sources that have no meaning
    ]
    if notes:
        yield Text()
        yield Text(_("Please check:"), style="bold yellow")
        for source, note in notes:
            yield Text(f"  {source}: {note}", style="yellow")


def _untied_reasons(start: Start) -> Iterator[str]:
    for shown in start.previews:
        if shown.is_untied:
            ties = load_entities()[shown.entity].ties
            missing = MissingReference(shown.source, shown.entity, ties)
            yield getattr(missing.reason(), spoken_language())


def _untied(start: Start) -> Iterator[Text]:
    """Say once, for all sources together, that their rows have no customer."""
    found = [shown for shown in start.previews if shown.is_untied]
    if not found:
        return
    told = _("! No column says which customer these rows belong to. Map one in {file}:")
    yield Text()
    yield Text(told.format(file=start.settings.config / "sources.yml"), style="bold red")
    for shown in found:
        line = _("  {source} ({entity}): one of {columns}").format(
            source=shown.source,
            entity=_(ENTITIES[shown.entity]),
            columns=", ".join(load_entities()[shown.entity].ties),
        )
        yield Text(line, style="bold red")


def _next(start: Start) -> Iterator[Text]:
    """Say where all of it stands and which command comes next, ready to be copied."""
    config = start.settings.config
    shown = {preview.source for preview in start.previews}
    raw = [proposal.name for proposal in start.suggestion.proposals if proposal.name not in shown]
    if raw:
        told = _("Loaded without a meaning, so no use case sees it: {names}. Map it in {file}.")
        yield Text(told.format(names=", ".join(raw), file=config / "sources.yml"), style="yellow")
    if start.added:
        told = _("New in {file}: {names}")
        yield Text(told.format(file=config / "sources.yml", names=", ".join(start.added)))
    told = _("Settings of {company}: {folder}. Wrong meanings are mended in sources.yml there.")
    yield Text(told.format(company=start.settings.company, folder=config))
    home = os.environ.get("REIFEGRAD_HOME")
    prefix = f"REIFEGRAD_HOME={shlex.quote(home)} " if home else ""
    yield Text(_("Next:"), style="bold")
    yield Text(f"  {prefix}reifegrad check", style="bold")
    yield Text(f"  {prefix}reifegrad run", style="bold")
