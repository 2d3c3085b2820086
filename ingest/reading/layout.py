"""From the rows of a file or sheet to its tables: header, totals, second tables, notes.

Files are made for people to look at: titles stand above a table, totals and footnotes below, the
header comes again on every page, and a second table follows after a blank line. None of these is
a row of data, and none is dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa

from ingest.reading import refusals
from ingest.reading.groups import Groups, is_blank_below, named_columns
from ingest.reading.handover import Handover, TableBuilder
from ingest.reading.header_row import (
    Header,
    Kind,
    Row,
    aligned,
    choose_header,
    column_kinds,
    is_blank,
    is_filled,
    is_mostly_words,
    kind_of,
    may_be_header,
    modal_width,
    sample_rows,
    trimmed_width,
)
from ingest.reading.text.text_rows import Record
from ingest.reading.totals import TOTALS, Verdict, says_total, verdict

# Rows below a gap that are looked at to tell a second table from a footnote.
ROWS_AFTER_GAP = 12
# How a lone cell begins that is a note between or below the rows: comments, page lines, footers.
# Firms are called `Stand Bau` and `Seite 7 Verlag`, so a word alone does not tell.
NOTES = (
    r"^\s*(#([^\d]|$)|//|--|[-=_+:*]{3}|(erstellt|gedruckt|druckdatum|exportiert|created|generated"
    r"|printed|exported|end of)\b|(stand|export|report)( vom| am| from| of|:)? *\d"
    r"|(quelle|source|report|export)\s*:|export (vom|am|from)\b|ende( de[rs]\b|\W*$)"
    r"|(seite|page) *\d+( *(von|of|/) *\d+)?\s*$)"
)
_NOTES = re.compile(NOTES, re.IGNORECASE)
_RULE = re.compile(r"\s*[-=_+:*]{3,}\s*")  # a cell of a drawn line: --- or :--:


class Layout:
    """Takes the rows of a file or sheet one after the other and hands over its tables.

    Args:
        handover: where the tables go.
        name: of the first table.
        is_sheet: whether the rows are a sheet's: all as wide as the sheet, with cells that cannot
            slip into other columns. A text file's rows should have as many cells as the header.

    """

    def __init__(self, handover: Handover, name: str, *, is_sheet: bool) -> None:
        self._handover = handover
        self._name = name
        self._is_sheet = is_sheet
        self._tables = 0
        self._table: _OpenTable | None = None
        self._pending: list[Record] = []

    def feed(self, row: Record) -> None:
        """Take the next row."""
        table = self._table
        if table is None:
            self._pending.append(row)
            if len(self._pending) >= sample_rows(len(row.cells)):
                self._open()
        elif self._pending or table.is_gap(row):
            if self._pending and _is_empty(row) and _is_empty(self._pending[-1]):
                return  # a gap of a hundred thousand rows is one like any other
            self._pending.append(row)
            if len(self._pending) >= ROWS_AFTER_GAP:
                self._settle_gap()
        else:
            table.take(row)

    @property
    def open_table(self) -> _OpenTable | None:
        """The table that the next row surely belongs to; None while that is not settled."""
        return self._table if not self._pending else None

    def finish(self) -> None:
        """Take the end of the file or sheet."""
        while self._pending:
            if self._table is None:
                self._open()
            else:
                self._settle_gap()

    def _open(self, *, title: str | None = None, is_header_first: bool = False) -> None:
        """Begin a table with the pending rows, which hold its header; none if all are blank."""
        rows, self._pending = self._pending, []
        cells = [row.cells for row in rows]
        damaged = None if self._is_sheet or is_header_first else self._damaged_header(rows)
        if is_header_first:
            header: Header | None = Header(tuple(cell or None for cell in cells[0]), 1)
        elif damaged is not None:
            header = Header((None,) * modal_width(cells), damaged + 1)
        else:
            header = choose_header(cells, self._is_sheet)
        if header is None:
            return
        names = header.cells if self._is_sheet else aligned(header, cells)
        self._tables += 1
        is_part = self._is_sheet or self._tables > 1
        builder = self._handover.table(self._table_name(title), names, is_sheet=is_part)
        if damaged is not None:
            builder.note(refusals.damaged_header(rows[damaged].number))
        elif not any(names):
            builder.note(refusals.NO_HEADER)
        elif not header.is_certain:
            builder.note(refusals.UNCERTAIN_HEADER)
        above = rows[: header.first_data_row]
        for row in above:
            if row.problem:
                builder.reject(row.number, row.text or "", row.problem)
        skipped = sum(not is_blank(row.cells) for row in above) - any(names)
        if skipped:
            builder.note(refusals.rows_above(skipped))
        data = rows[header.first_data_row :]
        kinds = column_kinds([row.cells for row in data])
        self._table = _OpenTable(builder, kinds, self._is_sheet)
        self._table.look_for_groups(data)
        for row in data:
            self.feed(row)

    @staticmethod
    def _damaged_header(rows: Sequence[Record]) -> int | None:
        """Return which of a file's first rows is a header that cannot be split; None if none is."""
        first = next((n for n, row in enumerate(rows) if not _is_empty(row)), None)
        if first is None or not rows[first].problem:
            return None
        below = [row.cells for row in rows[first + 1 :]]
        is_header = any(below) and may_be_header(rows[first].text or "", below)
        return first if is_header else None

    def _settle_gap(self) -> None:
        """Decide what the rows from a gap on are; the first of them is the gap."""
        table, rows = self._table, self._pending
        if table is None:
            return
        for start in range(len(rows)):
            above = rows[start - 1] if start else None
            if table.is_followed_by_other(rows[start:], above):
                title = self._take_before(table, rows[:start])
                self._table, self._pending = None, rows[start:]
                self._open(title=title, is_header_first=True)
                return
        gap = rows.pop(0)
        table.take(gap)
        while rows and not table.is_gap(rows[0]):
            table.take(rows.pop(0), is_apart=is_blank(gap.cells))

    @staticmethod
    def _take_before(table: _OpenTable, rows: Sequence[Record]) -> str | None:
        """Take what precedes the header of a next table; its title is returned, not taken."""
        rows = list(rows)
        while rows and is_blank(rows[-1].cells):
            rows.pop()
        title = None
        if rows and len(filled := [cell for cell in rows[-1].cells if is_filled(cell)]) == 1:
            title = (filled[0] or "").strip()
            rows.pop()
        for row in rows:
            table.take(row, is_apart=True)
        return title

    def _table_name(self, title: str | None) -> str:
        if self._tables == 1:
            return self._name
        title = title or f"Tabelle {self._tables}"
        return f"{self._name} ({title})" if self._is_sheet else title


class _OpenTable:
    """The table that rows are being added to."""

    def __init__(self, builder: TableBuilder, kinds: Sequence[Kind | None], is_sheet: bool) -> None:
        self.builder = builder
        self.width = len(builder.header)
        self._kinds = kinds
        self._is_sheet = is_sheet
        self._names = _stripped(builder.header)
        self._first = next((n for n, name in enumerate(self._names) if name), 0)
        # What a subtotal may be called by: the group's title, and the cells of the last row.
        self._title: str | None = None
        self._last: Row = ()
        self._is_told = False
        self._groups = Groups(0)

    def look_for_groups(self, rows: Sequence[Record]) -> None:
        """Judge by the table's first rows whether blank cells mean "as above"."""
        cells = [row.cells for row in rows if not row.problem and not self._is_misshapen(row)]
        is_total = [says_total(row) for row in cells]
        columns = named_columns(cells, is_total)
        self._groups = Groups(columns)
        self.builder.group_names = self._names[:columns]
        others = [row for row, total in zip(cells, is_total, strict=True) if not total]
        if not columns and self.width > 2 and is_blank_below(others):
            self.builder.note(refusals.blank_below(self._names[0]))

    def is_gap(self, row: Record) -> bool:
        """Whether the table may end with this row: it is blank or of another shape."""
        return _is_empty(row) or (not row.problem and self._is_misshapen(row))

    def take(self, row: Record, *, is_apart: bool = False) -> None:
        """Add a row, or reject it with the reason; a blank one is none.

        `is_apart` says that it stands below a blank row.
        """
        if row.problem:
            self._reject(row, row.problem)
        elif is_blank(row.cells):
            return
        elif any("\0" in cell for cell in row.cells if cell):
            self._reject(row, refusals.NUL)
        elif self._is_header_again(row.cells):
            self._reject(row, refusals.HEADER_AGAIN)
        elif self._verdict(row) == "total":
            self._groups.end(row.cells)
            self._reject(row, refusals.TOTAL)
        elif self._is_note(row.cells) or (is_apart and self._is_lone(row.cells)):
            self._reject(row, refusals.FOOTNOTE)
        elif self._is_misshapen(row):
            self._reject(row, refusals.cell_count(len(row.cells), self.width))
        else:
            is_lone = self._is_lone(row.cells)
            if is_lone:
                self._title = row.cells[self._first]
            self.builder.count_lone([is_lone])
            self._last = self._groups.filled(row.cells)
            self.builder.filled_rows += self._last != list(row.cells)
            self.builder.add(row.number, [*self._last, *[None] * (self.width - len(row.cells))])

    def take_columns(self, columns: Sequence[pa.Array], first_row_number: int) -> bool:
        """Add rows at once, one text array per column, if none of them needs a closer look.

        Returns:
            Whether they were added: not if a row may be blank, a note, a total or the header again.

        """
        import pyarrow.compute as pc  # a third of a small file's time; small files never get here

        if self._groups.columns:
            return False
        first = pc.coalesce(*columns)
        name = next(filter(None, self._names), None)
        needs_look = [
            pc.utf8_is_space(first),
            pc.match_substring_regex(first, TOTALS, ignore_case=True),
            pc.match_substring_regex(first, NOTES, ignore_case=True),
            pc.equal(pc.utf8_trim_whitespace(first), name),
        ]
        if first.null_count or any(pc.any(answer).as_py() for answer in needs_look):
            return False
        if self.width > 2:
            is_lone = pc.coalesce(*columns[1:]).is_null()
            if titles := columns[0].filter(is_lone).to_pylist():
                self._title = titles[-1]
            self.builder.count_lone(is_lone.to_pylist() if titles else [False])
        self._last = [column[-1].as_py() for column in columns]
        self.builder.add_columns(columns, first_row_number)
        return True

    def is_followed_by_other(self, rows: Sequence[Record], above: Record | None) -> bool:
        """Whether the first of these rows is the header of another table.

        Header words are enough. With unknown words it must stand below a blank row or a title,
        above numbers or dates, and must not fit as a row of the open table.
        """
        if rows[0].problem or self._is_header_again(rows[0].cells):
            return False
        cells = rows[0].cells
        below = [row.cells for row in rows[1:] if not row.problem]
        filled = [cell for cell in cells if is_filled(cell)]
        if not below or is_blank(below[0]) or len(filled) < 2 or any(map(kind_of, filled)):
            return False
        same = [row for row in below if len(row) == len(cells)]
        fits = trimmed_width(below[0]) <= trimmed_width(cells)
        if not (fits if self._is_sheet else same and same[0] is below[0]):
            return False
        if is_mostly_words(cells):
            return True
        filled_above = sum(map(is_filled, above.cells)) if above and not above.problem else None
        if filled_above not in (0, 1) or len(filled) < trimmed_width(cells):
            return False
        return any(column_kinds(same)) and (filled_above == 1 or not self._may_own(cells))

    def _may_own(self, cells: Row) -> bool:
        """Whether a row of words may be one of this table's.

        Not if its shape differs, or if at least two columns hold numbers or dates.
        """
        if trimmed_width(cells) != trimmed_width(self._names):
            return False
        broken = [kind for kind, cell in zip(self._kinds, cells, strict=False) if kind and cell]
        return len(broken) < 2

    def _is_misshapen(self, row: Record) -> bool:
        """Whether a row has not exactly as many cells as the table has columns.

        A surplus empty cell counts too: it may be the last column's, shifted.
        """
        return not self._is_sheet and len(row.cells) != self.width

    def _is_lone(self, cells: Row) -> bool:
        """Whether a row fills only the first of its cells, where the table has more than two.

        A cell further right belongs to a sparse row: notes below a table begin in its first column.
        """
        return self.width > 2 and trimmed_width(cells) <= self._first + 1

    @staticmethod
    def _is_note(cells: Row) -> bool:
        """Whether a row holds nothing but a drawn line, or when or by whom it was made."""
        filled = [cell for cell in cells if cell and is_filled(cell)]
        is_rule = all(map(_RULE.fullmatch, filled))
        return is_rule or (len(filled) == 1 and bool(_NOTES.match(filled[0])))

    def _is_header_again(self, cells: Row) -> bool:
        return any(self._names) and _stripped(cells)[: self.width] == self._names

    def _verdict(self, row: Record) -> Verdict:
        """Judge whether a row is a total, and tell if it only sounds like one."""
        judged = verdict(row.cells, self._names, (self._title, *self._last))
        if judged == "sounds like a total" and not self._is_told:
            self._is_told = True
            name = next(filter(None, row.cells), "")
            self.builder.note(refusals.sounds_like_total(row.number, name))
        return judged

    def _reject(self, row: Record, reason: refusals.Reason) -> None:
        text = row.text if row.text is not None else ";".join(cell or "" for cell in row.cells)
        self.builder.reject(row.number, text, reason)


def _is_empty(row: Record) -> bool:
    return not row.problem and is_blank(row.cells)


def _stripped(cells: Row) -> list[str]:
    return [(cell or "").strip() for cell in cells]
