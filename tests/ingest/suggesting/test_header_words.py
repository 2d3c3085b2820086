"""Which words are headers, and how sure a header makes of a column."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.mapping.entities import load_entities
from ingest.reading.header_words import (
    KEY,
    is_header_word,
    load_header_words,
    normalised,
    readings,
)
from ingest.suggesting.evidence import SURE, either, header_evidence


def test_every_canonical_column_has_words_and_every_word_a_column() -> None:
    words = load_header_words().columns
    for name, entity in load_entities().items():
        named = {column.name for column in entity.columns.values() if column.is_plain}
        assert set(words[name]) == named | {KEY}
        assert all(words[name].values())
    assert "" not in load_header_words().known


@pytest.mark.parametrize(
    "header",
    ["KUNNR", "Kd.-Nr.", "Tel. geschäftl.", "Firmenname 1", "billingPostalCode", "Deal - Title",
     "Umsatz (EUR)", "Zahlungsziel", "MwSt", "E-MAIL", "Straße", "STRASSE", "Auftragsnummer"],
)  # fmt: skip
def test_what_programs_write_is_a_header_word(header: str) -> None:
    assert is_header_word(header)


@pytest.mark.parametrize("value", ["Müller GmbH", "70173", "", "info@alt.de", "Stuttgart", "---"])
def test_values_are_no_header_words(value: str) -> None:
    assert not is_header_word(value)


@given(st.text(string.printable + "äöüÄÖÜßéÉ", max_size=30))
def test_neither_case_nor_punctuation_nor_a_second_time_counts(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text) == normalised(text.lower())
    assert all(reading.isalnum() for reading in readings(text))


@given(st.lists(st.floats(0, 1), max_size=5), st.floats(0, 1))
def test_more_evidence_is_never_less_sure(weights: list[float], more: float) -> None:
    assert 0 <= either(*weights) <= either(*weights, more) + 1e-12 <= 1 + 1e-9


def test_only_a_known_header_is_sure_by_itself() -> None:
    phone = load_header_words().columns["company"]["phone"]
    assert header_evidence("Telefon", phone).weight >= SURE
    assert 0 < header_evidence("Telefonn", phone).weight < SURE
    assert 0 < header_evidence("Servicetelefon", phone).weight < SURE
    assert header_evidence("Telefax", phone).weight == 0  # it names another column
