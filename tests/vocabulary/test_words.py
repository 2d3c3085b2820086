"""The lists of words: read as text, each word on one side only, dbt's copies as they say."""

from __future__ import annotations

import csv
from collections import Counter

import pytest

from config import PROJECT_ROOT, read_yaml
from identity import normalise
from vocabulary import seeds
from vocabulary.words import FILE, countries, free_mail_domains, is_filled, known, words

DBT = PROJECT_ROOT / "dbt_project/seeds"


def leaves(content: object) -> list[object]:
    if isinstance(content, dict):
        return [leaf for pair in content.items() for part in pair for leaf in leaves(part)]
    if isinstance(content, list):
        return [leaf for part in content for leaf in leaves(part)]
    return [content]


@pytest.mark.parametrize("file", [FILE, normalise.RULES_FILE], ids=lambda path: path.name)
def test_word_lists_are_read_as_text(file):
    assert all(isinstance(leaf, str) and leaf for leaf in leaves(read_yaml(file, as_text=True)))


def test_an_unquoted_no_is_the_word(tmp_path):
    file = tmp_path / "words.yml"
    file.write_text("NO: [no, on, null, 1.0, 2026-01-31]", encoding="utf-8")
    assert read_yaml(file, as_text=True) == {"NO": ["no", "on", "null", "1.0", "2026-01-31"]}


@pytest.mark.parametrize("cell", ["no", "No", "noch unbekannt", "k.A.", "K A", "nicht verfügbar"])
def test_a_placeholder_says_nothing(cell):
    assert known(cell) is None


@pytest.mark.parametrize(("written", "code"), [("NO", "NO"), ("No", "NO"), ("Norge AS", None)])
def test_the_code_of_norway_is_no_placeholder(written, code):
    assert normalise.country(written) == code
    assert normalise.country("n.a.") is None


@pytest.mark.parametrize("domain", ["fastmail.com", "mail.de", "gmail.com", "pec.it", "telenet.be"])
def test_a_mailbox_provider_is_one_for_identity_and_for_dbt(domain):
    assert normalise.email_domain(f"eva@{domain}") is None
    with (DBT / "free_mail_domains.csv").open(encoding="utf-8") as file:
        assert domain in {row["domain"] for row in csv.DictReader(file)}


def test_every_spelling_of_a_country_is_read_alike_by_identity_and_dbt():
    with (DBT / "country_names.csv").open(encoding="utf-8") as file:
        rows = [(row["name"], row["country_code"]) for row in csv.DictReader(file)]
    assert max(Counter(name for name, _ in rows).values()) == 1
    assert {"österreich", "oesterreich", "osterreich", "singapur", "slowakei"} <= dict(rows).keys()
    assert {name: normalise.country(name) for name, _ in rows} == dict(rows)
    assert set(countries().values()) == {code for _, code in rows}


def test_a_word_stands_once():
    kinds = words()["placeholders"]
    phrases = [phrase for group in kinds["everywhere"] for phrase in group]
    phrases += kinds["but_for_people_and_countries"] + kinds["in_names_and_addresses"]
    assert max(Counter(phrases).values()) == 1
    assert len(free_mail_domains()) == sum(map(len, words()["free_mail_domains"].values()))
    names = [name for names in words()["countries"].values() for name in names]
    assert len(countries()) == len(names)


def test_what_dbt_has_is_what_the_vocabulary_says(monkeypatch):
    assert seeds.stale() == [], "run `make vocabulary`"
    monkeypatch.setitem(words(), "countries", {"IS": ["Island"]})
    assert [path.name for path in seeds.stale()] == ["country_names.csv"]


@pytest.mark.parametrize("cell", ["n/a", "NULL", "#N/V", "-", "--", "unbekannt", "K. A.", "nan"])
def test_a_cell_that_says_nothing_in_any_column_is_empty(cell):
    assert not is_filled(cell)


@pytest.mark.parametrize("cell", ["no", "x", "0", "ohne", "test", "n/a 2"])
def test_what_says_something_in_some_columns_is_filled(cell):
    assert is_filled(cell)
