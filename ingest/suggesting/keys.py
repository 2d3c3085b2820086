"""Which columns identify a table's records, and which hold the keys of another source."""

from __future__ import annotations

import itertools
import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ingest.mapping.entities import Entity, load_entities
from ingest.reading.header_words import (
    KEY,
    load_header_words,
    names_payer,
    normalised,
    readings,
    tokens,
)
from ingest.reading.refusals import Reason
from ingest.suggesting.evidence import SURE, WORTH_MENTIONING, Guess, either, header_evidence
from ingest.suggesting.shapes import FileColumn, file_column

KEY_COLUMNS_TRIED = 10


KEY_PARTS, KEY_PARTS_AT_MOST = 3, 5
# A named key may be empty in a few rows; those go to quarantine.


KEY_FILLED = 0.9
# Share of the usual number of filled cells below which a row is no record.
SPARSE_ROW = 0.4
# What a reference's header says, and one that is so called in the source itself.
HEADER_SAYS, SAME_HEADER_SAYS = 0.6, 0.6
UNKNOWN_KEYS = 0.2  # the same if none of the values is a key of that source
# Share of a column's values that must be keys of another source before it counts as pointing there.


OVERLAP_SAYS = 0.9


SHORT_KEYS_SAY = 0.4


SHORT_KEY = 4


LEAST_OVERLAP = 0.05
# Share of another file's values that must be keys here for it to refer to them; longest key.
POINTED_OVERLAP, LONG_KEY = 0.9, 40


@dataclass(frozen=True, slots=True)
class TableSample:
    """The rows of a table that a proposal rests on."""

    name: str
    columns: tuple[FileColumn, ...]
    rows: tuple[tuple[str | None, ...], ...]
    is_sheet: bool = False
    is_typed: bool = False


@dataclass(frozen=True, slots=True)
class KnownSource:
    """What another source says: which entity it feeds, by which key, and the key's values."""

    name: str
    entity: str
    key: str
    values: frozenset[str] | None = None
    pointing: frozenset[str] = frozenset()  # normalised headers of columns that point there


@dataclass(frozen=True, slots=True)
class Reference:
    """A file's column that holds keys of another source; `parts`: the columns of a composite key.

    `is_named`: the header says so too. `rows_met`: rows whose value is a key of the source. `left`:
    columns that hold such keys as well and were not chosen, each with its `rows_met`.
    """

    canonical: str
    column: FileColumn
    source: str
    confidence: float
    why: tuple[Reason, ...]
    parts: tuple[str, ...] = ()
    is_named: bool = False
    rows_met: int = 0
    left: tuple[tuple[str, int], ...] = ()


def sample_table(
    name: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str | None]],
    *,
    is_sheet: bool = False,
    is_typed: bool = False,
) -> TableSample:
    """Return the sample of a table from its first rows: repeated ones once, no notes, no totals."""
    once = _data_rows(dict.fromkeys(map(tuple, rows)))
    cells = zip(*once, strict=True) if once else ([] for _ in columns)
    found = tuple(file_column(column, texts) for column, texts in zip(columns, cells, strict=True))
    return TableSample(name, found, tuple(once), is_sheet, is_typed)


def _data_rows(rows: Iterable[tuple[str | None, ...]]) -> list[tuple[str | None, ...]]:
    """Leave out rows that fill far fewer cells than most: totals, notes between the rows."""
    counted = [(row, sum(bool(cell and cell.strip()) for cell in row)) for row in rows]
    usual = statistics.median([filled for _, filled in counted]) if counted else 0
    return [row for row, filled in counted if filled >= SPARSE_ROW * usual]


def find_key(
    table: TableSample, entity: str, guesses: Sequence[Guess]
) -> tuple[tuple[str, ...], tuple[Reason, ...]]:
    """Find the columns that identify a record, and what to say about them.

    First a single filled column named like a key without duplicates; then the smallest set of such
    and mapped columns without duplicate combinations; then the columns that come closest.
    """
    ranked = _key_candidates(table, entity, guesses)
    for column in ranked:
        if len(column.distinct) == len(column.values) and _looks_like_key(column.name, entity):
            return (column.name,), _unfilled(column)
    filled = [column for column in ranked if column.filled == 1][:KEY_COLUMNS_TRIED]
    for parts in range(1, KEY_PARTS + 1):
        for columns in itertools.combinations(filled, parts):
            if _told_apart(table, columns) == len(table.rows):
                is_usual = any(_looks_like_key(column.name, entity) for column in columns)
                names = tuple(column.name for column in columns)
                return names, () if is_usual else (UNUSUAL_KEY,)
    return _best_key(table), (NO_KEY,)


def _best_key(table: TableSample) -> tuple[str, ...]:
    """Return columns that together distinguish most rows, added one by one while that helps."""
    left = [c for c in table.columns if c.filled == 1] or list(table.columns)
    chosen: list[FileColumn] = []
    told_apart = 0
    while left and told_apart < len(table.rows) and len(chosen) < KEY_PARTS_AT_MOST:
        best = max(left, key=lambda column: _told_apart(table, [*chosen, column]))
        gained = _told_apart(table, [*chosen, best])
        if gained == told_apart:
            break
        told_apart = gained
        chosen.append(best)
        left.remove(best)
    return tuple(column.name for column in chosen)


UNUSUAL_KEY = Reason(
    "Der Schlüssel ist keine Nummer und nur bisher eindeutig: bitte prüfen.",
    "The key is no number and unique so far only: please check.",
)
POINTED_KEY = Reason(
    "Der Schlüssel ergibt sich daraus, dass eine andere Datei auf ihn verweist: bitte prüfen.",
    "The key follows from another file that refers to it: please check.",
)
NO_KEY = Reason(
    "Keine Spalten erkennen jeden Datensatz eindeutig: bitte den Schlüssel von Hand festlegen.",
    "No columns identify every record: please settle the key by hand.",
)


def find_pointed_column(table: TableSample, others: Sequence[TableSample]) -> FileColumn | None:
    """Find the column that identifies this table's rows and that another table's column repeats.

    Only values too long to match by chance count (SHORT_KEY). A column whose values are unique in
    the other table too is no reference but another number of the same thing.
    """
    best: tuple[float, FileColumn] | None = None
    for column in table.columns:
        if len(column.distinct) < column.row_count or not _is_telling(column):
            continue
        values = frozenset(column.values)
        for other in (c for one in others for c in one.columns if len(c.distinct) > 1):
            if len(other.distinct) == len(other.values) or not _is_telling(other):
                continue
            overlap = sum(value in values for value in other.distinct) / len(other.distinct)
            if overlap >= POINTED_OVERLAP and (best is None or overlap > best[0]):
                best = overlap, column
    return best[1] if best else None


def _is_telling(column: FileColumn) -> bool:
    """Whether a column's values look like numbers of records: short, single words, no dates."""
    length = sum(map(len, column.distinct)) / max(1, len(column.distinct))
    has_words = any(" " in value for value in column.distinct)
    return SHORT_KEY <= length <= LONG_KEY and not has_words and column.share("date") < 0.5


def find_references(
    table: TableSample, entity: Entity, known: Sequence[KnownSource], taken: frozenset[str]
) -> list[Reference]:
    """Find for every reference the file's column and the source that it refers to."""
    found = []
    for canonical in entity.columns.values():
        if canonical.ref is None:
            continue
        words = load_header_words().columns[canonical.ref][KEY]
        candidates = [
            _reference(canonical.name, column, words, source)
            for source in known
            if source.entity == canonical.ref
            for column in table.columns
            if column.name not in taken and column.values
        ]
        best = max(candidates, key=lambda reference: reference.confidence, default=None)
        if best and best.confidence >= WORTH_MENTIONING:
            found.append(_of_buyer(best, candidates))
    return found


def _of_buyer(best: Reference, candidates: Sequence[Reference]) -> Reference:
    """Choose between columns that are all named like the number of such a record.

    The one whose values are keys of the source in more rows; then the buyer's, then the surest.
    Short numbers match keys by chance (SHORT_KEY): for them no rows are counted.
    """
    rivals = [one for one in candidates if one.is_named and one.confidence >= SURE]
    if best not in rivals:
        return best
    counts_rows = not any(map(_is_short, rivals))

    def rank(one: Reference) -> tuple[int, bool, float]:
        is_buyer = not names_payer(one.column.name)
        return one.rows_met if counts_rows else 0, is_buyer, one.confidence

    chosen = max(rivals, key=rank)
    left = tuple(
        dict.fromkeys(
            (one.column.name, one.rows_met)
            for one in rivals
            if one.source == chosen.source and one.column is not chosen.column
        )
    )
    return replace(chosen, left=left)


def _is_short(reference: Reference) -> bool:
    values = reference.column.distinct
    return sum(map(len, values)) < SHORT_KEY * len(values)


def foreign_keys(
    column: FileColumn, known: Sequence[KnownSource]
) -> tuple[KnownSource, bool] | None:
    """Find the source whose keys a column holds, and whether cells hold several of them.

    None if there is none, or if its keys are too short or wordy to tell them from other values.
    """
    parts = [tuple(filter(None, map(str.strip, _BETWEEN_KEYS.split(v)))) for v in column.distinct]
    single = {part for cell in parts for part in cell}
    if len(single) < 2 or sum(map(len, single)) < SHORT_KEY * len(single):
        return None
    for source in known:
        if source.values and sum(p in source.values for p in single) >= (
            POINTED_OVERLAP * len(single)
        ):
            return source, any(len(cell) > 1 for cell in parts)
    return None


_BETWEEN_KEYS = re.compile(r"[;,|]")


def _reference(
    canonical: str, column: FileColumn, words: frozenset[str], source: KnownSource
) -> Reference:
    header = header_evidence(column.name, words).weight
    same = normalised(column.name) in {normalised(source.key), *source.pointing}
    why = []
    # A header of a customer number does not say whose numbers they are.
    weights = [header * HEADER_SAYS, SAME_HEADER_SAYS if same else 0.0]
    if same:
        why.append(Reason(f"heißt in {source.name} auch so", f"so called in {source.name} too"))
    elif header:
        why.append(Reason("Spaltenname eines Schlüssels", "header of a key"))
    against = 1.0
    met = 0
    if source.values:
        met = sum(value in source.values for value in column.values)
        overlap = sum(value in source.values for value in column.distinct) / len(column.distinct)
        length = sum(map(len, column.distinct)) / len(column.distinct)
        weights.append(overlap * (OVERLAP_SAYS if length >= SHORT_KEY else SHORT_KEYS_SAY))
        if overlap < LEAST_OVERLAP:
            against = UNKNOWN_KEYS
        elif overlap:
            why.append(
                Reason(
                    f"{round(100 * overlap)} % der Werte sind Schlüssel von {source.name}",
                    f"{overlap:.0%} of the values are keys of {source.name}",
                )
            )
    confidence = either(*weights) * against
    is_named = header > 0 or same or names_payer(column.name)
    return Reference(
        canonical, column, source.name, confidence, tuple(why), is_named=is_named, rows_met=met
    )


def _key_candidates(table: TableSample, entity: str, guesses: Sequence[Guess]) -> list[FileColumn]:
    """Return the columns that may be part of a key, likeliest first; no amounts, no long texts."""
    mapped = {g.column.name: load_entities()[entity].columns[g.canonical] for g in guesses}
    named = load_header_words().columns[entity][KEY]
    pointing = _pointing_words(entity)

    def is_pointing(column: FileColumn) -> bool:
        return any(reading in pointing for reading in readings(column.name))

    def rank(column: FileColumn) -> tuple[bool, ...]:
        is_date = column.name in mapped and mapped[column.name].kind in {"date", "timestamp"}
        return (
            not any(reading in named for reading in readings(column.name)),
            not (_looks_like_key(column.name, entity) or is_pointing(column)),
            column.name not in mapped,
            is_date,
        )

    def may_be(column: FileColumn) -> bool:
        means = mapped.get(column.name)
        if means is None:
            return _looks_like_key(column.name, entity) or is_pointing(column)
        return means.kind not in {"number", "boolean"} and means.name not in NO_KEYS

    candidates = [
        column
        for column in table.columns
        if may_be(column)
        and column.filled >= KEY_FILLED
        and len(column.distinct) > 1
        and column.share("sentence") < 0.1
    ]
    return sorted(candidates, key=rank)


def _pointing_words(entity: str) -> frozenset[str]:
    """Return the words for numbers of other records: they may be clearer than names."""
    columns = load_header_words().columns
    referred = {c.ref for c in load_entities()[entity].columns.values() if c.ref}
    return frozenset().union(*(columns[name][KEY] for name in referred))


# Numbers of a company that a record may lack or that may change: no keys.
NO_KEYS = frozenset({"vat_id", "registration_no", "phone", "postcode"})
_KEY_ENDINGS = frozenset(
    {"nr", "no", "id", "nummer", "number", "num", "code", "key", "guid", "uuid"}
)
_KEY_COLUMNS = {"order_line": ("order_no", "line_no"), "product": ("sku",)}


def _looks_like_key(header: str, entity: str) -> bool:
    columns = load_header_words().columns[entity]
    words = columns[KEY].union(*(columns[name] for name in _KEY_COLUMNS.get(entity, ())))
    if any(reading in words for reading in readings(header)):
        return True
    return (tokens(header) or [""])[-1] in _KEY_ENDINGS or normalised(header).endswith("nr")


def _unfilled(column: FileColumn) -> tuple[Reason, ...]:
    missing = column.row_count - len(column.values)
    if missing == 0:
        return ()
    return (
        Reason(
            f"{column.name} ist in {missing} Zeilen leer: sie kämen in Quarantäne.",
            f"{column.name} is empty in {missing} rows: they would go to quarantine.",
        ),
    )


def _told_apart(table: TableSample, columns: Sequence[FileColumn]) -> int:
    """Return the number of distinct combinations of the columns' values."""
    names = [column.name for column in table.columns]
    positions = [names.index(column.name) for column in columns]
    return len({tuple(row[position] for position in positions) for row in table.rows})
