"""The polluter's own truth: what is written reads back by construction, and the judge is just."""

from __future__ import annotations

import csv
import io
from random import Random

import pytest

from benchmarks.ingest_pollution import single_cases, tables_of
from benchmarks.pollution import (
    DAMAGES,
    CleanTable,
    Draft,
    Found,
    NotApplicableError,
    judge,
    pollute,
    refusal,
)
from benchmarks.pollution.lines import long_row, second_table, short_row
from benchmarks.pollution.sheets import as_in_workbook, to_workbook
from benchmarks.pollution.tables import GENERATED

TABLES = [make(Random(make.__name__)) for make in GENERATED]
PEOPLE = CleanTable(
    "people",
    ("Nr", "Name", "Ort", "Seit"),
    tuple((str(n), f"Müller {n}", "Ulm", "") for n in range(9)),
)
# Damages under which Python's csv module reads a file if it is told the dialect.
PLAIN = [
    "line_breaks_in_cells", "doubled_quotes", "escaped_quotes", "delimiters_in_quoted_cells",
    "delimiter_comma", "delimiter_tab", "delimiter_pipe", "all_quoted", "text_quoted",
    "single_quotes", "all_single_quoted", "line_end_crlf", "line_end_cr", "utf_16_le", "cp1252",
    "cp850", "no_final_newline", "apostrophes", "identical_rows", "very_long_cell",
]  # fmt: skip


def told(content: bytes, draft: Draft) -> list[Found]:
    """Read a file with its dialect known."""
    dialect = draft.dialect
    text = io.StringIO(content.decode(draft.encoding), newline="")
    header, *rows = csv.reader(
        text,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        escapechar=dialect.escape,
        doublequote=dialect.escape is None,
    )
    return [Found(header, rows)]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_an_undamaged_file_reads_back_as_its_table(table):
    content, draft = pollute(table, (), 1)
    assert told(content, draft) == [Found(list(table.header), [list(row) for row in table.rows])]
    assert judge(told(content, draft), draft).outcome == "exact"


@pytest.mark.parametrize("kind", PLAIN)
def test_a_harmless_damage_reads_back_once_the_dialect_is_known(kind):
    csv.field_size_limit(1 << 24)
    done = 0
    for table in TABLES:
        try:
            content, draft = pollute(table, (kind,), 1)
        except NotApplicableError:
            continue
        done += 1
        assert judge(told(content, draft), draft).outcome == "exact", table.name
    assert done


@pytest.mark.parametrize("kind", DAMAGES)
def test_every_damage_changes_some_file_and_the_same_seed_gives_the_same(kind):
    for medium in DAMAGES[kind].media:
        for table in TABLES:
            try:
                content, _ = pollute(table, (kind,), 1, medium)
            except NotApplicableError:
                continue
            assert content != pollute(table, (), 1, medium)[0], f"{medium} {table.name}"
            if medium == "text":  # a workbook holds the time at which it was written
                assert content == pollute(table, (kind,), 1)[0]
            break
        else:
            pytest.fail(f"no table takes it as {medium}")


def test_there_are_more_than_forty_kinds_and_each_is_run():
    kinds = [kind for kind, damage in DAMAGES.items() if "text" in damage.media]
    assert len(kinds) > 40
    cases = list(single_cases(kinds, 1, 1, "text"))
    assert {case.kinds for case in cases} == {(), *((kind,) for kind in kinds)}
    assert len({case.table for case in cases}) == len(tables_of(1))


def test_a_workbook_holds_the_table_in_cells_of_their_own_type():
    import python_calamine

    table = as_in_workbook(TABLES[1])
    content = to_workbook(Draft.of(table))
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    header, first, *_ = rows.get_sheet_by_index(0).to_python()
    assert tuple(header) == table.header
    assert [type(cell).__name__ for cell in first] == [
        "str", "float", "date", "str", "str", "float", "float", "float", "str",
    ]  # fmt: skip
    assert first[2].isoformat() == table.rows[0][2]
    assert str(first[6]) == table.rows[0][6]


class TestJudge:
    def draft(self, *effects):
        draft = Draft.of(PEOPLE)
        draft.rng = Random(3)
        for effect in effects:
            effect(draft)
        return draft

    def rows(self, draft, number=0):
        return [list(line.expected[0]) for line in draft.rows(number)]

    def outcome(self, draft, rows, rejected=(), has_notes=False, header=PEOPLE.header):
        return judge([Found(header, rows, rejected, has_notes)], draft).outcome

    def test_null_and_empty_are_the_same(self):
        draft = self.draft()
        rows = [[cell or None for cell in row] for row in self.rows(draft)]
        assert self.outcome(draft, rows) == "exact"

    def test_one_wrong_cell_is_wrong_and_a_note_makes_it_reported(self):
        draft = self.draft()
        rows = self.rows(draft)
        rows[4][3] = "x"
        assert self.outcome(draft, rows) == "silently wrong"
        assert self.outcome(draft, rows, has_notes=True) == "reported"

    def test_a_lost_row_is_wrong_even_with_a_note(self):
        draft = self.draft()
        rows = self.rows(draft)
        del rows[4]
        assert self.outcome(draft, rows) == "silently wrong"
        assert self.outcome(draft, rows, has_notes=True) == "silently wrong"

    def test_rows_in_another_order_are_wrong(self):
        draft = self.draft()
        assert self.outcome(draft, self.rows(draft)[::-1]) == "silently wrong"

    def test_a_good_row_set_aside_is_reported(self):
        draft = self.draft()
        rows = self.rows(draft)
        rejected = [";".join(rows.pop(4))]
        assert self.outcome(draft, rows, rejected) == "reported"

    @pytest.mark.parametrize("effect", [short_row, long_row])
    def test_a_damaged_row_belongs_in_quarantine_and_nowhere_else(self, effect):
        draft = self.draft(effect)
        (damaged,) = [line for line in draft.rows() if line.is_damaged]
        rows = [list(line.expected[0]) for line in draft.rows() if line is not damaged]
        text = draft.dialect.delimiter.join(damaged.cells)
        assert self.outcome(draft, rows, [text]) == "quarantined"
        assert self.outcome(draft, rows) == "silently wrong"
        at = draft.rows().index(damaged)
        filled_up = [*rows[:at], [*damaged.cells, None, None][:4], *rows[at:]]
        assert self.outcome(draft, filled_up) == "silently wrong"

    def test_a_total_must_not_be_a_row_wherever_else_it_goes(self):
        draft = self.draft(DAMAGES["total_right_below"].apply)
        rows = self.rows(draft)
        assert self.outcome(draft, rows) == "exact"
        assert self.outcome(draft, rows, ["Gesamt;;;4.711"]) == "exact"
        assert self.outcome(draft, [*rows, ["Gesamt", "", "", "4.711"]]) == "silently wrong"

    def test_a_second_table_is_one_of_its_own_or_set_aside(self):
        draft = self.draft(second_table)
        first, second = self.rows(draft), self.rows(draft, 1)
        names = draft.names[1]
        assert judge([Found(PEOPLE.header, first), Found(names, second)], draft).outcome == "exact"
        texts = [";".join(row) for row in second]
        assert self.outcome(draft, first, texts) == "quarantined"
        assert self.outcome(draft, first) == "silently wrong"

    def test_a_wrong_column_name_is_wrong(self):
        draft = self.draft()
        header = ("Nr", "Name", "Ort", "Datum")
        assert self.outcome(draft, self.rows(draft), header=header) == "silently wrong"

    def test_a_refusal_is_none_of_these(self):
        assert refusal("why", self.draft()).outcome == "refused"
