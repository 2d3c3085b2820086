"""Which kinds of documents a list of orders holds, and which of them are the orders."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ingest.mapping.sources import Where
from ingest.reading.header_words import normalised
from ingest.reading.refusals import Reason
from ingest.suggesting.keys import TableSample
from ingest.suggesting.shapes import FileColumn, value_words
from ingest.suggesting.subjects import SourceProposal

# A column with more distinct values does not hold kinds of documents.
MOST_KINDS = 20
# Each counts as the order where the ones before it do not occur; other kinds never do.
ORDERS = ("order", "invoice")


def with_documents(proposal: SourceProposal, table: TableSample) -> SourceProposal:
    """Select the rows of orders where a column shows that there are other documents too.

    Orders where the list has any, else invoices together with their credit notes. Unknown values
    are selected only if all rows are; otherwise they are left out, which is reported.
    """
    main = proposal.entities[0]
    column = _document_column(table) if main.entity == "order_line" else None
    if column is None or column.name in {g.column.name for g in main.guesses}:
        return proposal
    counted = Counter(column.values)
    if len(counted) < 2:
        return proposal
    values = _of_orders(counted)
    note = _told(column, counted, values)
    where = Where(column=column.name, equals=values) if values else None
    return replace(
        proposal,
        entities=(replace(main, where=where, notes=(*main.notes, note)), *proposal.entities[1:]),
    )


def _document_column(table: TableSample) -> FileColumn | None:
    names = {normalised(word) for word in value_words()["documents"]["columns"]}
    found = (c for c in table.columns if normalised(c.name) in names)
    return next((c for c in found if 1 < len(c.distinct) <= MOST_KINDS), None)


def _of_orders(counted: Counter[str]) -> tuple[str, ...]:
    """Return the values of rows that are orders; () where all of them count or none is known."""
    kinds = {value: document_kind(value) for value in counted}
    wanted = next((kind for kind in ORDERS if kind in kinds.values()), None)
    if wanted is None:
        return ()
    also = {wanted, "credit"} if wanted == "invoice" else {wanted}
    values = tuple(value for value, kind in kinds.items() if kind in also)
    return () if len(values) == len(counted) else values


def document_kind(value: str) -> str | None:
    """Return what kind of document a value names.

    >>> document_kind("Auftragsbestätigung"), document_kind("Credit Memo"), document_kind("ZX1")
    ('order', 'credit', None)
    """
    for kind, words in value_words()["documents"]["kinds"].items():
        if normalised(value) in {normalised(word) for word in words}:
            return str(kind)
    return None


def _told(column: FileColumn, counted: Counter[str], values: tuple[str, ...]) -> Reason:
    kinds = ", ".join(f"{value} ({rows})" for value, rows in counted.most_common())
    empty = column.row_count - len(column.values)
    counting = sum(counted[value] for value in values)
    total = column.row_count
    de = f"„{column.name}“ nennt mehrere Belegarten: {kinds}"
    en = f"“{column.name}” names several kinds of documents: {kinds}"
    if empty:
        de, en = f"{de}, leer ({empty})", f"{en}, empty ({empty})"
    if not values:
        return Reason(
            f"{de}. Alle {total} gelesenen Zeilen zählen als Auftrag. Wenn das nicht stimmt, bitte"
            " mit where: eingrenzen.",
            f"{en}. All {total} rows read count as orders. If wrong, narrow them by where:.",
        )
    listed = ", ".join(values)
    return Reason(
        f"{de}. Als Auftrag zählt nur {listed}: {counting} von {total} gelesenen Zeilen. Bitte"
        " prüfen.",
        f"{en}. Only {listed} counts as an order: {counting} of {total} rows read. Please check.",
    )
