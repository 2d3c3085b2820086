"""Which columns hold the keys of another table, and so refer to its records."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ingest.mapping.entities import Entity
from ingest.reading.header_words import KEY, load_header_words, names_payer, normalised
from ingest.reading.refusals import Reason
from ingest.suggesting.evidence import SURE, WORTH_MENTIONING, either, header_evidence
from ingest.suggesting.keys import TableSample
from ingest.suggesting.shapes import FileColumn

# What a reference's header says, and one that is so called in the source itself.
HEADER_SAYS, SAME_HEADER_SAYS = 0.6, 0.6
NOT_THERE_YET = Reason(
    "von dieser Quelle liegt noch keine Datei vor: nur der Spaltenname sagt es",
    "no file of this source is there yet: only the header says so",
)
UNKNOWN_KEYS = 0.2  # the same if none of the values is a key of that source
# Share of a column's values that must be keys of another source before it counts as pointing there.
OVERLAP_SAYS = 0.9
SHORT_KEYS_SAY = 0.4
SHORT_KEY = 4
LEAST_OVERLAP = 0.05
# Share of another file's values that must be keys here for it to refer to them; longest key.
POINTED_OVERLAP, LONG_KEY = 0.9, 40


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


def find_pointed_column(
    table: TableSample, others: Sequence[TableSample], key: str = ""
) -> FileColumn | None:
    """Find the column that identifies this table's rows and that another table's column repeats.

    It is the `key` if another table points at that, too. Only values too long to match by chance
    count (SHORT_KEY). A column whose values are unique in the other table too is no reference but
    another number of the same thing.
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
            if overlap >= POINTED_OVERLAP and column.name == key:
                return column
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
        if best is None or best.confidence < SURE:
            best = _by_name_alone(candidates, known, canonical.ref) or best
        if best and best.confidence >= WORTH_MENTIONING:
            found.append(_of_buyer(best, candidates))
    return found


def _by_name_alone(
    candidates: Sequence[Reference], known: Sequence[KnownSource], entity: str
) -> Reference | None:
    """Believe a header where the only source of the entity is mapped but no file of it is there."""
    sources = [source for source in known if source.entity == entity]
    if len(sources) != 1 or sources[0].values is not None:
        return None
    named = [one for one in candidates if one.is_named and not names_payer(one.column.name)]
    if len(named) != 1:
        return None
    return replace(named[0], confidence=SURE, why=(*named[0].why, NOT_THERE_YET))


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
