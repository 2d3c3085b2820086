"""What a cell of the to-do list may hold."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.fields import SHEETS, read_cell


@pytest.mark.parametrize(
    ("kind", "cell", "kept"),
    [
        ("count", 120, "120"),
        ("count", 120.0, "120"),
        ("count", " 1.250 ", "1250"),
        ("count", "1,250", "1250"),
        ("count", "viele", None),
        ("count", "12,5", None),
        ("count", -3, None),
        ("count", True, None),
        ("count", float("nan"), None),
        ("amount", "12.500,50", "12500.50"),
        ("amount", 12500.5, "12500.50"),
        ("amount", "12,500.50", "12500.50"),
        ("amount", "12,500", "12500.00"),
        ("amount", "12.500", "12500.00"),
        ("amount", "12,5", "12.50"),
        ("date", datetime(2026, 12, 31, tzinfo=UTC), "2026-12-31"),
        ("date", date(2026, 12, 31), "2026-12-31"),
        ("date", "31.12.2026", "2026-12-31"),
        ("date", "31.02.2026", None),
        ("email", " Anna@Firma.de ", "anna@firma.de"),
        ("email", "anna at firma", None),
        ("postcode", 70173.0, "70173"),
        ("amount", -0.0, "0.00"),
        ("postcode", "CH-8001", "CH-8001"),
        ("postcode", "Stuttgart", None),
        ("text", "  Maschinenbau  ", "Maschinenbau"),
        ("text", 493012345678.0, "493012345678"),
        ("text", "x" * 2001, None),
        ("customer", "c0123456789", "C0123456789"),
        ("customer", "Bau C.1, Kiel (C0123456789)", "C0123456789"),
    ],
)
def test_a_cell_is_kept_in_one_form_or_refused(kind, cell, kept):
    assert read_cell(kind, cell) == kept


@given(st.one_of(st.text(), st.integers(), st.floats(), st.datetimes(), st.booleans()))
def test_whatever_a_cell_holds_is_kept_or_refused_and_kept_the_same_again(cell):
    for kind in {kind for sheet in SHEETS.values() for kind in sheet.fields.values()}:
        kept = read_cell(kind, cell)
        if kept is not None and kind != "text":
            assert read_cell(kind, kept) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Entscheider", "decider"),
        (" buyer ", "buyer"),
        ("EINKAUF", "buyer"),
        ("unbekannt", "unknown"),
        ("Geschäftsführerin", "decider"),  # a job title will do
        ("netter Mensch", None),
    ],
)
def test_a_part_in_buying_is_named_by_its_word_or_by_a_job_title(typed, kept):
    assert read_cell("part", typed) == kept
