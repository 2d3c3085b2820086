"""Which columns identify a table's records, and which hold the keys of another source."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest.mapping.entities import load_entities
from ingest.reading.header_words import (
    KEY,
    load_header_words,
    normalised,
    readings,
    tokens,
)
from ingest.reading.refusals import Reason
from ingest.suggesting.evidence import (
    Guess,
    names_something_else,
)
from ingest.suggesting.questions import Question
from ingest.suggesting.shapes import FileColumn, file_column

KEY_COLUMNS_TRIED = 10
# Share of numbers from which a column holds numbers; a key stands among a table's first columns.
ALL_CODES, FIRST_COLUMNS = 0.95, 3


KEY_PARTS, KEY_PARTS_AT_MOST = 3, 5
# A named key may be empty in a few rows; those go to quarantine.


KEY_FILLED = 0.9
# Share of the usual number of filled cells below which a row is no record.
SPARSE_ROW = 0.4


@dataclass(frozen=True, slots=True)
class TableSample:
    """The rows of a table that a proposal rests on."""

    name: str
    columns: tuple[FileColumn, ...]
    rows: tuple[tuple[str | None, ...], ...]
    is_sheet: bool = False
    is_typed: bool = False


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
    if usual := _usual_key(table, entity, guesses):
        return usual, ()
    ranked = _key_candidates(table, entity, guesses)
    for column in ranked:
        is_key = _looks_like_key(column.name, entity) or _numbers_records(column, entity)
        if is_key and len(column.distinct) == len(column.values):
            return (column.name,), _unfilled(column)
    if number := _unnamed_number(table, guesses):
        return (number.name,), (CODE_KEY,)
    filled = [column for column in ranked if column.filled == 1][:KEY_COLUMNS_TRIED]
    for parts in range(1, KEY_PARTS + 1):
        for columns in itertools.combinations(filled, parts):
            if _told_apart(table, columns) == len(table.rows):
                names = tuple(column.name for column in columns)
                if any(_looks_like_key(column.name, entity) for column in columns):
                    return names, ()
                if entity == "consent" and _means_email(columns, guesses):
                    return names, ()  # it is the address that agrees
                is_anothers = any(_points(column, entity) for column in columns)
                return names, (KEY_OF_ANOTHER if is_anothers else UNUSUAL_KEY,)
    return _best_key(table), (NO_KEY,)


def _usual_key(table: TableSample, entity: str, guesses: Sequence[Guess]) -> tuple[str, ...] | None:
    """Return the columns that identify a line of an order by their meaning, if they do."""
    found = {g.canonical: g.column for g in guesses if g.column.filled >= KEY_FILLED}
    for names in USUAL_KEYS.get(entity, ()):
        columns = [found[name] for name in names if name in found]
        is_whole = len(columns) == len(names) and all(column.filled == 1 for column in columns)
        if is_whole and _told_apart(table, columns) == len(table.rows):
            return tuple(column.name for column in columns)
    return None


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
KEY_OF_ANOTHER = Reason(
    "Der Schlüssel ist die Nummer der Firma, zu der die Zeile gehört: eine zweite Zeile derselben"
    " Firma käme in Konflikt mit der ersten. Bitte prüfen, ob es eine eigene Nummer gibt.",
    "The key is the number of the company that the row belongs to: a second row of the same company"
    " would clash with the first. Please check whether there is a number of its own.",
)
CODE_KEY = Reason(
    "Keine Spalte heißt wie ein Schlüssel; diese sieht aus wie eine Nummer und ist bisher"
    " eindeutig: bitte prüfen.",
    "No column is called like a key; this one looks like a number and is unique so far: please"
    " check.",
)
POINTED_KEY = Reason(
    "Der Schlüssel ergibt sich daraus, dass eine andere Datei auf ihn verweist: bitte prüfen.",
    "The key follows from another file that refers to it: please check.",
)
NO_KEY = Question(
    "Keine Spalten erkennen jeden Datensatz eindeutig: bitte den Schlüssel von Hand festlegen.",
    "No columns identify every record: please settle the key by hand.",
)


def _key_candidates(table: TableSample, entity: str, guesses: Sequence[Guess]) -> list[FileColumn]:
    """Return the columns that may be part of a key, likeliest first; no amounts, no long texts."""
    mapped = {g.column.name: load_entities()[entity].columns[g.canonical] for g in guesses}
    named = load_header_words().columns[entity][KEY]

    def rank(column: FileColumn) -> tuple[bool, ...]:
        is_date = column.name in mapped and mapped[column.name].kind in {"date", "timestamp"}
        means = mapped[column.name].name if column.name in mapped else ""
        return (
            not any(reading in named for reading in readings(column.name)),
            not _numbers_records(column, entity),
            not (_looks_like_key(column.name, entity) or _points(column, entity)),
            column.name not in mapped,
            is_date,
            means in LIKE_ANOTHER,
            means not in {"email", "contact_email"},  # an address tells people apart, a name less
        )

    def may_be(column: FileColumn) -> bool:
        means = mapped.get(column.name)
        if means is None:
            is_number = _numbers_records(column, entity)
            return is_number or _looks_like_key(column.name, entity) or _points(column, entity)
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


def _means_email(columns: Sequence[FileColumn], guesses: Sequence[Guess]) -> bool:
    emails = [g.column.name for g in guesses if g.canonical == "email"]
    return [column.name for column in columns] == emails


def _points(column: FileColumn, entity: str) -> bool:
    """Whether a column is called like the number of another record."""
    pointing = _pointing_words(entity)
    return any(reading in pointing for reading in readings(column.name))


def _pointing_words(entity: str) -> frozenset[str]:
    """Return the words for numbers of other records: they may be clearer than names."""
    columns = load_header_words().columns
    referred = {c.ref for c in load_entities()[entity].columns.values() if c.ref}
    return frozenset().union(*(columns[name][KEY] for name in referred))


# Numbers of a company that a record may lack or that may change: no keys.
NO_KEYS = frozenset({"vat_id", "registration_no", "phone", "postcode", "customer_no"})
# Of a company or a person: different ones may share it.
LIKE_ANOTHER = frozenset({"street", "city", "country", "industry", "role", "website"})
# What the record itself is called: with numbers below such a header, these are its numbers.
_NAMED_BY = {
    "company": ("name",), "contact": ("family_name", "company_name"), "lead": ("title",),
    "product": ("name",), "ticket": ("subject",), "order_line": (), "lead_stage": (),
    "interaction": (), "consent": (), "lead_contact": (), "offer_line": (), "competitor_price": (),
}  # fmt: skip
# By what a record is known where no number of its own is there.
USUAL_KEYS = {
    "order_line": (("order_no", "line_no"), ("order_no",), ("order_no", "sku")),
    "offer_line": (("offer_no", "line_no"), ("offer_no", "sku")),
    "competitor_price": (("competitor", "sku", "seen_on"), ("competitor", "sku")),
}
_KEY_ENDINGS = frozenset(
    {"nr", "no", "id", "nummer", "number", "num", "code", "key", "guid", "uuid"}
)
_KEY_COLUMNS = {
    "order_line": ("order_no", "line_no"),
    "offer_line": ("offer_no", "line_no"),
    "product": ("sku",),
}


def _looks_like_key(header: str, entity: str) -> bool:
    columns = load_header_words().columns[entity]
    words = columns[KEY].union(*(columns[name] for name in _KEY_COLUMNS.get(entity, ())))
    if any(reading in words for reading in readings(header)):
        return True
    return (tokens(header) or [""])[-1] in _KEY_ENDINGS or normalised(header).endswith("nr")


def _numbers_records(column: FileColumn, entity: str) -> bool:
    """Whether a column has the record's name for a header and numbers below: Customer, 10023."""
    words = load_header_words().columns[entity]
    named = frozenset[str]().union(*(words[name] for name in _NAMED_BY[entity]))
    is_named = any(reading in named for reading in readings(column.name))
    return is_named and column.share("code") >= ALL_CODES


def _unnamed_number(table: TableSample, guesses: Sequence[Guess]) -> FileColumn | None:
    """Find a column at the start of the table that looks like a number of its records.

    Only where its header means nothing else: turnover is unique, too.
    """
    mapped = {g.column.name for g in guesses}
    for column in table.columns[:FIRST_COLUMNS]:
        is_unique = len(column.distinct) == column.row_count > 1
        is_free = column.name not in mapped and not names_something_else(column.name)
        if is_unique and is_free and column.share("code") >= ALL_CODES:
            return column
    return None


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
