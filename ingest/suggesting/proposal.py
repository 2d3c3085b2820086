"""A proposal of an entry in `sources.yml` for a file that no source claims. A person decides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ingest.entities import load_entities
from ingest.formats import PATTERNS
from ingest.header_words import KEY, load_header_words, normalised
from ingest.reasons import Reason
from ingest.sources import Sources
from ingest.suggesting.evidence import (
    SURE,
    WORTH_MENTIONING,
    Guess,
    KnownHeaders,
    guess,
    header_evidence,
)
from ingest.suggesting.keys import (
    POINTED_KEY,
    UNUSUAL_KEY,
    KnownSource,
    Reference,
    TableSample,
    find_pointed_column,
    find_references,
    sample_table,
)
from ingest.suggesting.names import (
    entities_said,
    escaped,
    file_stem,
    files_glob,
    sheet_glob,
    source_name,
)
from ingest.suggesting.shapes import FileColumn, recode, value_words
from ingest.suggesting.subjects import EntityProposal, find_entities

Kind = Literal["events", "snapshot"]
Locale = Literal["de", "en", "auto"]

HAPPENINGS = {"order_line", "interaction"}


FEW_VALUES = 20


ATTRIBUTE_FILLED = 0.05
# So many open leads show whether a column is filled only once a lead is decided.
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


@dataclass(frozen=True, slots=True)
class SourceProposal:
    """A proposed entry of `sources.yml`."""

    name: str
    files: str
    sheet: str | None
    kind: Kind
    locale: Locale
    entities: tuple[EntityProposal, ...]
    undecided: tuple[tuple[FileColumn, Reason], ...] = ()
    notes: tuple[Reason, ...] = ()


def propose(
    file: str, tables: Sequence[TableSample], sources: Sources, known: Sequence[KnownSource] = ()
) -> list[SourceProposal]:
    """Propose a source per kind of table in the file; see `propose_all`."""
    return propose_all({file: tables}, sources, known)


def propose_all(
    files: Mapping[str, Sequence[TableSample]],
    sources: Sources,
    known: Sequence[KnownSource] = (),
) -> list[SourceProposal]:
    """Propose a source per kind of table in the files; they know each other's keys.

    Args:
        files: the tables of each file by its name; tables with the same columns, in one file or
            in files whose names differ by a date or number only, count as one kind.
        sources: what is mapped already.
        known: what other sources' keys look like, see `known_sources`.

    """
    headers = known_headers(sources)
    taken = set(sources.sources)
    proposals: list[SourceProposal] = []
    samples: list[TableSample] = []
    for file, glob, tables in _alike(files):
        groups = _kinds_of_tables(tables)
        for group in groups:
            table = _together(group)
            sheet = sheet_glob([t.name for t in group]) if len(groups) > 1 else None
            name = source_name(file_stem(file), sheet or "", taken)
            taken.add(name)
            sheets = " ".join(t.name for t in group if t.is_sheet)
            title = f"{file_stem(file)} {sheet or sheets}"
            proposals.append(_propose_source(name, glob, sheet, title, table, headers))
            samples.append(table)
    proposals = [
        _with_pointed_key(proposal, table, [other for other in samples if other is not table])
        for proposal, table in zip(proposals, samples, strict=True)
    ]
    own = [
        KnownSource(proposal.name, part.entity, part.key[0], _values_of(table, part.key[0]))
        for proposal, table in zip(proposals, samples, strict=True)
        for part in proposal.entities
        if len(part.key) == 1
    ]
    return [
        _finish(proposal, table, [*known, *own])
        for proposal, table in zip(proposals, samples, strict=True)
    ]


def _with_pointed_key(
    proposal: SourceProposal, table: TableSample, others: Sequence[TableSample]
) -> SourceProposal:
    """Take for a company's key the column at which another file points, where no header says it.

    Whatever their headers say: if the orders' column holds just what identifies the customers,
    that is the customers' number.
    """
    main = proposal.entities[0] if proposal.entities else None
    if main is None or main.entity != "company" or UNUSUAL_KEY not in main.notes:
        return proposal
    pointed = find_pointed_column(table, others)
    if pointed is None:
        return proposal
    notes = (*(note for note in main.notes if note is not UNUSUAL_KEY), POINTED_KEY)
    parts = (replace(main, key=(pointed.name,), notes=notes), *proposal.entities[1:])
    return replace(proposal, entities=parts)


def _alike(
    files: Mapping[str, Sequence[TableSample]],
) -> Iterator[tuple[str, str, list[TableSample]]]:
    """Give a file's name, a glob and the tables that it claims: of the file and of its like.

    Files that one glob would claim but that hold other kinds of tables ("Export 1", "Export 2")
    stand alone, each under its full name.
    """
    by_glob: dict[str, list[str]] = {}
    for file in files:
        by_glob.setdefault(files_glob(file), []).append(file)
    for glob, names in by_glob.items():
        together = [table for name in names for table in files[name]]
        kinds = len(_kinds_of_tables(together))
        if all(len(_kinds_of_tables(files[name])) == kinds for name in names):
            yield names[0], glob, together
        else:
            for name in names:
                yield name, escaped(name.rpartition("/")[2]), list(files[name])


def _together(tables: Sequence[TableSample]) -> TableSample:
    """Return tables of one kind as one, with the columns of the first."""
    first, *others = tables
    names = [column.name for column in first.columns]
    rows = list(first.rows)
    for other in others:
        position = {column.name: number for number, column in enumerate(other.columns)}
        rows += [
            tuple(row[position[name]] if name in position else None for name in names)
            for row in other.rows
        ]
    is_typed = first.is_typed
    return sample_table(first.name, names, rows, is_sheet=first.is_sheet, is_typed=is_typed)


def known_headers(sources: Sources) -> KnownHeaders:
    """Return what the headers of the known sources mean."""
    found: dict[str, dict[tuple[str, str], str]] = {}
    for source in sources.sources.values():
        for entity, mapping in source.maps.items():
            for canonical, origin in mapping.columns.items():
                for column in origin.file_columns:
                    means = found.setdefault(normalised(column), {})
                    means.setdefault((entity, canonical), source.name)
    return found


NO_ENTITY = Reason(
    "Zu keiner Art von Daten passen genug Spalten: so wird die Datei nur roh geladen.",
    "Too few columns fit any kind of data: like this the file is only loaded raw.",
)


NOT_ABOUT_CUSTOMERS = Reason(
    "Der Dateiname klingt nach Lieferanten oder eigenem Personal: so wird sie nur roh geladen.",
    "The file's name sounds like suppliers or own staff: like this it is only loaded raw.",
)


def find_locale(table: TableSample) -> Locale:
    """Judge by the values whether numbers and dates are German, English or don't tell."""
    german = english = 0
    for column in table.columns:
        for value in column.distinct[:FEW_VALUES]:
            if not table.is_typed:
                german += bool(_COMMA.fullmatch(value))
                english += bool(_POINT.fullmatch(value))
            german += bool(_DMY.fullmatch(value))
            english += bool(_MDY.fullmatch(value))
    if german == english:
        return "auto"
    return "de" if german > english else "en"


_COMMA, _POINT = (re.compile(PATTERNS["number"][mark]) for mark in ("comma", "point"))
_DMY, _MDY = (re.compile(PATTERNS["date"][order]) for order in ("dmy", "mdy"))


def _propose_source(
    name: str, files: str, sheet: str | None, title: str, table: TableSample, headers: KnownHeaders
) -> SourceProposal:
    entities = list(find_entities(title, table, headers))
    notes = () if entities else (_why_none(title),)
    mapped = {part.entity for part in entities}
    kind: Kind = "snapshot"
    if mapped & HAPPENINGS or any("is_granted" in part.implied for part in entities):
        kind = "events"
    return SourceProposal(
        name, files, sheet, kind, find_locale(table), tuple(entities), notes=notes
    )


def _finish(
    proposal: SourceProposal, table: TableSample, known: Sequence[KnownSource]
) -> SourceProposal:
    """Add what depends on the other sources: references, and then what is left over."""
    if not proposal.entities:
        return replace(proposal, undecided=_all_undecided(table))
    main = proposal.entities[0]
    others = [source for source in known if source.name != proposal.name]
    pointing = _references(proposal.name, main, table, others)
    own = next((part for part in proposal.entities if part.entity == "company"), None)
    if own and own is not main and any(r.canonical == "company" for r in pointing):
        own = None  # another source knows the companies; here they are only named
    parts = []
    for part in proposal.entities:
        if part.entity == "company" and part is not own:
            continue
        if own and part is not own:
            references = [_own_reference(table, proposal.name, own.key)]
        else:
            references = _references(proposal.name, part, table, known)
        parts.append(replace(part, references=tuple(references)))
    return _with_leftovers(replace(proposal, entities=tuple(parts)), table)


def _references(
    name: str, part: EntityProposal, table: TableSample, known: Sequence[KnownSource]
) -> list[Reference]:
    taken = frozenset(g.column.name for g in part.guesses)
    elsewhere = [k for k in known if (k.name, k.entity) != (name, part.entity)]
    found = find_references(table, load_entities()[part.entity], elsewhere, taken)
    return [reference for reference in found if reference.confidence >= SURE]


def _all_undecided(table: TableSample) -> tuple[tuple[FileColumn, Reason], ...]:
    filled = (column for column in table.columns if column.values)
    return tuple((c, PERSONAL if is_personal(c.name) else DECIDE) for c in filled)


def _own_reference(table: TableSample, source: str, key: tuple[str, ...]) -> Reference:
    column = next(column for column in table.columns if column.name == key[0])
    why = Reason("die Firma steht in derselben Zeile", "the company is in the same row")
    return Reference("company", column, source, 1.0, (why,), key)


def _with_leftovers(proposal: SourceProposal, table: TableSample) -> SourceProposal:
    """Keep filled columns as attributes of the main entity, or leave them to a person."""
    used = {name for part in proposal.entities for name in part.key}
    used |= {g.column.name for part in proposal.entities for g in part.guesses}
    used |= {r.column.name for part in proposal.entities for r in part.references}
    used |= {n for part in proposal.entities for names in part.joined.values() for n in names}
    attributes: list[str] = []
    undecided: list[tuple[FileColumn, Reason]] = []
    main, *others = proposal.entities
    doubtful: dict[str, list[Guess]] = {part.entity: [] for part in proposal.entities}
    for column in table.columns:
        if column.name in used or not column.values:
            continue
        entity, best = _second_best(column, proposal)
        if best is None and (reason := _why_not_kept(column, main, table)):
            undecided.append((column, reason))
        elif best:
            doubtful[entity].append(best)
        else:
            attributes.append(column.name)
    main, *others = (
        replace(part, doubtful=tuple(doubtful[part.entity])) for part in proposal.entities
    )
    main = replace(main, attributes=tuple(attributes))
    return replace(proposal, entities=(main, *others), undecided=tuple(undecided))


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
    """Return what the column may be of the columns that are still without one."""
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
    words = {normalised(word) for word in value_words()["personal"]}
    words |= people["given_name"] | people["family_name"]
    return normalised(header).rstrip("0123456789") in words


def _why_none(title: str) -> Reason:
    return NOT_ABOUT_CUSTOMERS if "nothing" in entities_said(title) else NO_ENTITY


def _values_of(table: TableSample, name: str) -> frozenset[str]:
    return frozenset(next(column.values for column in table.columns if column.name == name))


def _kinds_of_tables(tables: Sequence[TableSample]) -> list[list[TableSample]]:
    """Put tables together that have mostly the same columns; leave out those without any rows."""
    groups: list[list[TableSample]] = []
    for table in tables:
        if not table.rows or len(table.columns) < 2:
            continue
        names = {column.name.casefold() for column in table.columns}
        for group in groups:
            others = {column.name.casefold() for column in group[0].columns}
            if len(names & others) >= 0.8 * len(names | others):
                group.append(table)
                break
        else:
            groups.append([table])
    return groups
