"""A proposal of an entry in `sources.yml` for a file that no source claims. A person decides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ingest.mapping.entities import load_entities
from ingest.mapping.sources import Source, Sources
from ingest.mapping.value_formats import PATTERNS
from ingest.reading.header_words import normalised
from ingest.reading.refusals import Reason
from ingest.suggesting.consents import NO_VALUE
from ingest.suggesting.documents import with_documents
from ingest.suggesting.evidence import (
    SURE,
    KnownHeaders,
)
from ingest.suggesting.keys import (
    CODE_KEY,
    KEY_OF_ANOTHER,
    POINTED_KEY,
    UNUSUAL_KEY,
    TableSample,
    sample_table,
)
from ingest.suggesting.kinds import with_kind_of_files
from ingest.suggesting.leftovers import all_undecided, with_leftovers
from ingest.suggesting.names import (
    entities_said,
    escaped,
    file_stem,
    files_glob,
    sheet_glob,
    source_name,
    subject_of,
)
from ingest.suggesting.pointing import KnownSource, Reference, find_pointed_column, find_references
from ingest.suggesting.questions import Question
from ingest.suggesting.subjects import (
    EntityProposal,
    Kind,
    Locale,
    SourceProposal,
    find_entities,
)

CUSTOMERS_AND_OTHERS = Question(
    "Der Dateiname nennt neben Kunden auch Lieferanten oder Personal. Welche Spalte sagt, wer Kunde"
    " ist? Bitte mit where: eingrenzen, sonst zählen alle als Kunden.",
    "The file's name speaks of suppliers or staff beside customers. Which column says who is a"
    " customer? Please narrow by where:, else all count as customers.",
)
HAPPENINGS = {"offer_line", "order_line", "interaction"}


FEW_VALUES = 20


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
            name = source_name(subject_of(file), sheet or "", taken)
            taken.add(name)
            sheets = " ".join(t.name for t in group if t.is_sheet)
            title = f"{file_stem(file)} {sheet or sheets}"
            proposal = _propose_source(name, glob, sheet, title, table, headers)
            proposals.append(with_kind_of_files(proposal, group, file))
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
    """Take for a company's key the column at which another file points.

    Whatever their headers say: if the orders' column holds just what identifies the customers,
    that is the customers' number.
    """
    main = proposal.entities[0] if proposal.entities else None
    unsure = {UNUSUAL_KEY, KEY_OF_ANOTHER, CODE_KEY}
    if main is None or main.entity != "company" or len(main.key) > 1:
        return proposal
    pointed = find_pointed_column(table, others, main.key[0])
    if pointed is None or ((pointed.name,) == main.key and not unsure & set(main.notes)):
        return proposal
    notes = (*(note for note in main.notes if note not in unsure), POINTED_KEY)
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
    by_glob = _with_dated(by_glob, files)
    for glob, names in by_glob.items():
        together = [table for name in names for table in files[name]]
        kinds = len(_kinds_of_tables(together))
        if all(len(_kinds_of_tables(files[name])) == kinds for name in names):
            yield names[0], glob, together
        else:
            for name in names:
                yield name, escaped(name.rpartition("/")[2]), list(files[name])


def _with_dated(
    by_glob: Mapping[str, list[str]], files: Mapping[str, Sequence[TableSample]]
) -> dict[str, list[str]]:
    """Put "Kunden.csv" together with "Kunden_2026-12.csv" if both hold the same kinds of tables."""
    found = dict(by_glob)
    for glob, names in by_glob.items():
        for other, dated in by_glob.items():
            if glob == other or other not in found or glob not in found:
                continue
            source = Source(name="one", files=glob, kind="snapshot", maps={})
            together = [table for name in (*names, *dated) for table in files[name]]
            is_same = len(_kinds_of_tables(together)) == len(_kinds_of_tables(files[names[0]]))
            if is_same and all(map(source.claims, dated)):
                found[glob] = [*found[glob], *found.pop(other)]
    return found


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


NO_ENTITY = Question(
    "Zu keiner Art von Daten passen genug Spalten: so wird die Datei nur roh geladen. Wird sie"
    " gebraucht? Dann bitte unter maps: zuordnen.",
    "Too few columns fit any kind of data: like this the file is only loaded raw. Is it needed?"
    " Then please map it under maps:.",
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
    sounds_so = "consent" in entities_said(title) or "newsletter" in normalised(title)
    if sounds_so and not {"consent", "interaction"} & {p.entity for p in entities}:
        notes = (*notes, NO_VALUE)
    if entities and {"company", "nothing"} <= entities_said(title):
        notes = (*notes, CUSTOMERS_AND_OTHERS)
    mapped = {part.entity for part in entities}
    kind: Kind = "snapshot"
    # A list of those who left is read as a log: no export that lacks somebody takes a no back.
    left = any(part.implied.get("is_granted") == "false" for part in entities)
    if mapped & HAPPENINGS or left:
        kind = "events"
    return SourceProposal(
        name, files, sheet, kind, find_locale(table), tuple(entities), notes=notes
    )


def _finish(
    proposal: SourceProposal, table: TableSample, known: Sequence[KnownSource]
) -> SourceProposal:
    """Add what depends on the other sources: references, and then what is left over."""
    if not proposal.entities:
        return replace(proposal, undecided=all_undecided(table))
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
    proposal = with_documents(replace(proposal, entities=tuple(parts)), table)
    return with_leftovers(proposal, table, others)


def _references(
    name: str, part: EntityProposal, table: TableSample, known: Sequence[KnownSource]
) -> list[Reference]:
    # where leads are offers, the offer's number is the lead's
    taken = frozenset(g.column.name for g in part.guesses if g.canonical != "offer_no")
    elsewhere = [k for k in known if (k.name, k.entity) != (name, part.entity)]
    found = find_references(table, load_entities()[part.entity], elsewhere, taken)
    return [reference for reference in found if reference.confidence >= SURE]


def _own_reference(table: TableSample, source: str, key: tuple[str, ...]) -> Reference:
    column = next(column for column in table.columns if column.name == key[0])
    why = Reason("die Firma steht in derselben Zeile", "the company is in the same row")
    return Reference("company", column, source, 1.0, (why,), key)


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
