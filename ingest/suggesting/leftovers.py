"""Columns without a canonical column: they become attributes, or a person decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ingest.mapping.entities import load_entities
from ingest.mapping.references import NAMES
from ingest.reading.header_words import KEY, load_header_words, normalised, tokens
from ingest.reading.refusals import Reason
from ingest.suggesting.evidence import SURE, WORTH_MENTIONING, Guess, guess, header_evidence
from ingest.suggesting.keys import TableSample
from ingest.suggesting.pointing import KnownSource, foreign_keys
from ingest.suggesting.shapes import FileColumn, recode, value_words
from ingest.suggesting.subjects import EntityProposal, SourceProposal

ATTRIBUTE_FILLED = 0.05
# Number of open leads needed to see whether a column is filled only after the decision.
OPEN_LEADS = 5

DECIDE = Reason("bitte entscheiden", "please decide")
PERSONAL = Reason(
    "nennt oder beschreibt Personen, nur mit Grund aufnehmen",
    "names or describes persons, keep it only with a reason",
)
POINTS_NOWHERE = Reason(
    "verweist vermutlich auf eine Quelle, die noch nicht zugeordnet ist",
    "seems to point into a source that is not mapped yet",
)
KNOWN_AFTERWARDS = Reason(
    "steht erst fest, wenn entschieden ist: für Vorhersagen untauglich",
    "known only once it is decided: useless for a forecast",
)
HOLDS_KEYS = Reason(
    "Nummern von Datensätzen einer anderen Quelle", "numbers of records of another source"
)


def with_leftovers(
    proposal: SourceProposal, table: TableSample, others: Sequence[KnownSource]
) -> SourceProposal:
    """Keep filled columns as attributes of the main entity, or leave them to a person.

    `others` are the other sources: columns with their keys are no attributes.
    """
    used = set(_used(proposal))
    attributes: list[str] = []
    undecided: list[tuple[FileColumn, Reason]] = []
    main = proposal.entities[0]
    notes = [*main.notes, *_not_chosen(main)]
    doubtful: dict[str, list[Guess]] = {part.entity: [] for part in proposal.entities}
    for column in table.columns:
        if column.name in used or not column.values:
            continue
        if held := foreign_keys(column, others):
            undecided.append((column, HOLDS_KEYS))
            if column.name not in {name for r in main.references for name, _ in r.left}:
                notes.append(_without_place(column, *held, main))
            continue
        entity, best = _second_best(column, proposal)
        if best is None and (reason := _why_not_kept(column, main, table)):
            undecided.append((column, reason))
        elif best:
            doubtful[entity].append(best)
        else:
            attributes.append(column.name)
    main, *beside = (
        replace(part, doubtful=tuple(doubtful[part.entity])) for part in proposal.entities
    )
    main = replace(main, attributes=tuple(attributes), notes=tuple(notes))
    return replace(proposal, entities=(main, *beside), undecided=tuple(undecided))


def _used(proposal: SourceProposal) -> Iterator[str]:
    for part in proposal.entities:
        yield from part.key
        yield from (g.column.name for g in part.guesses)
        yield from (r.column.name for r in part.references)
        yield from (name for names in part.joined.values() for name in names)
        if part.where:
            yield part.where.column


def _not_chosen(part: EntityProposal) -> Iterator[Reason]:
    """Say which of several customer numbers was not taken."""
    for reference in part.references:
        chosen, rows = reference.column.name, reference.column.row_count
        for name, met in reference.left:
            yield Reason(
                f"Kundennummer ist „{chosen}“ ({reference.rows_met} von {rows} Zeilen treffen"
                f" {reference.source}), nicht „{name}“ ({met} Zeilen).",
                f"The customer's number is “{chosen}” ({reference.rows_met} of {rows} rows meet"
                f" {reference.source}), not “{name}” ({met} rows).",
            )


def _without_place(
    column: FileColumn, source: KnownSource, is_list: bool, part: EntityProposal
) -> Reason:
    """Say that a column points at records to which the entity can't refer."""
    name = NAMES.get(part.entity)
    at, of = (name.de, name.en) if name else (part.entity, part.entity)
    return Reason(
        f"„{column.name}“ nennt Nummern aus {source.name}"
        + (", oft mehrere in einer Zelle" if is_list else "")
        + f". Für diesen Bezug haben {at} kein Feld, er wird nicht übernommen.",
        f"“{column.name}” holds numbers of {source.name}"
        + (", often several in a cell" if is_list else "")
        + f". The {of} have no field for that, so it is not taken over.",
    )


def _why_not_kept(column: FileColumn, main: EntityProposal, table: TableSample) -> Reason | None:
    """Say why a column is not proposed as an attribute of the main entity."""
    if is_personal(column.name):
        return PERSONAL
    for target in {c.ref for c in load_entities()[main.entity].columns.values() if c.ref}:
        if header_evidence(column.name, load_header_words().columns[target][KEY]).weight >= SURE:
            return POINTS_NOWHERE
    is_same_everywhere = len(column.distinct) < 2 and column.filled == 1
    if is_same_everywhere or column.filled < ATTRIBUTE_FILLED:
        return DECIDE
    return KNOWN_AFTERWARDS if _is_known_afterwards(column, main, table) else None


def _is_known_afterwards(column: FileColumn, main: EntityProposal, table: TableSample) -> bool:
    """Whether the column is filled for decided leads and never for open ones."""
    outcome = next((g.column for g in main.guesses if g.canonical == "outcome"), None)
    if outcome is None:
        return False
    names = [c.name for c in table.columns]
    decided = recode("outcome", outcome.distinct)
    status, value = names.index(outcome.name), names.index(column.name)
    open_rows = [row for row in table.rows if (row[status] or "").strip() not in decided]
    return len(open_rows) >= OPEN_LEADS and not any(row[value] for row in open_rows)


def _second_best(column: FileColumn, proposal: SourceProposal) -> tuple[str, Guess | None]:
    """Return the likeliest of the canonical columns that are still free."""
    candidates = [
        (part.entity, guess(part.entity, canonical, column, {}))
        for part in proposal.entities
        for canonical in load_entities()[part.entity].columns.values()
        if canonical.is_plain and canonical.name not in {g.canonical for g in part.guesses}
    ]
    best = max(candidates, key=lambda found: found[1].confidence, default=None)
    return best if best and best[1].confidence >= WORTH_MENTIONING else ("", None)


def is_personal(header: str) -> bool:
    """Whether a column is about a person in a way that needs a reason to be kept."""
    people = load_header_words().columns["contact"]
    private = {normalised(word) for word in value_words()["personal"]}
    words = private | people["given_name"] | people["family_name"]
    is_whole = normalised(header).rstrip("0123456789") in words
    return is_whole or any(token in private for token in tokens(header))  # IBAN-Nr. 1


def all_undecided(table: TableSample) -> tuple[tuple[FileColumn, Reason], ...]:
    """Leave every filled column to a person, as nothing is known about the table."""
    filled = (column for column in table.columns if column.values)
    return tuple((c, PERSONAL if is_personal(c.name) else DECIDE) for c in filled)
