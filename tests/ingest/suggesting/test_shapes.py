"""Shapes of values: countries, legal forms and empty cells are those of the vocabulary."""

import pytest

from ingest.suggesting.shapes import file_column, has_legal_form, is_country


@pytest.mark.parametrize("text", ["NO", "Norwegen", "Česko", "D", "CHE", "usa", "Rumänien"])
def test_countries(text: str) -> None:
    assert is_country(text)


@pytest.mark.parametrize("text", ["no", "No", "f", "d", "Stuttgart", ""])
def test_words_and_letters_that_are_no_country(text: str) -> None:
    assert not is_country(text)


@pytest.mark.parametrize(
    "text", ["Kraft Söhne GmbH", "Aarhus Pumper A/S", "Volvo AB", "Bolt d.o.o."]
)
def test_legal_forms(text: str) -> None:
    assert has_legal_form(text)


@pytest.mark.parametrize("text", ["GmbH", "Eva Krause", "Hauptstraße 12", "Stuttgart"])
def test_texts_without_a_legal_form(text: str) -> None:
    assert not has_legal_form(text)


def test_placeholders_are_no_values_and_yes_and_no_are() -> None:
    cells = ["ja", "no", "n/a", " k.A. ", "-", None, "x", "keine Angabe", "0"]
    assert file_column("a", cells).values == ("ja", "no", "x", "0")
    assert file_column("a", cells).filled == 4 / 9
