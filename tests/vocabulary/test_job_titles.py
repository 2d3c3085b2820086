"""What job titles stand for: `job_titles.csv`, and the cases that rules of this kind get wrong.

The 338 titles were written and labelled before the first rule: `first` in the order in which they
were written, `second` in an order drawn by chance, without the first beside it, by the same
labeller on the same day, so that the agreement flatters. Where the two differ, `note` says why
`role` is what it is. The rules were made with the half `open`; `held` was looked at when they were
finished (macro-F1 .982; two of the three slips that it showed have been mended since).
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from sklearn.metrics import cohen_kappa_score, f1_score

from vocabulary.folding import fold
from vocabulary.job_titles import BUYING_ROLES, role_names, role_of_title

TITLES = Path(__file__).with_name("job_titles.csv")
with TITLES.open(encoding="utf-8") as file:
    ROWS = list(csv.DictReader(file))


@pytest.mark.parametrize("half", ["open", "held"])
def test_titles_are_read_as_people_read_them(half):
    rows = [row for row in ROWS if row["half"] == half]
    found = [role_of_title(row["title"]).role for row in rows]
    assert len(rows) >= 150
    assert f1_score([row["role"] for row in rows], found, average="macro") >= 0.95


def test_the_titles_were_labelled_twice_and_disagreements_are_noted():
    assert len(ROWS) >= 300
    assert {row["role"] for row in ROWS} == set(BUYING_ROLES)
    first, second = ([row[name] for row in ROWS] for name in ("first", "second"))
    assert cohen_kappa_score(first, second) > 0.9
    for row in ROWS:
        assert (row["first"] == row["second"] == row["role"]) != bool(row["note"]), row["title"]


@pytest.mark.parametrize(
    ("title", "role"),
    [
        ("Geschäftsführer und techn. Leiter", "decider"),
        ("Prokurist, Leiter Einkauf", "decider"),
        ("Assistenz der Geschäftsführung", "unknown"),
        ("CEO Assistant", "unknown"),
        ("Assistenz Einkauf", "buyer"),
        ("Assistant Plant Manager", "decider"),
        ("ehem. Geschäftsführer", "unknown"),
        ("Werkleiter (i. R.)", "unknown"),
        ("Werkleiter", "decider"),
        ("Werkstattleiter", "user"),
        ("Werkstudent", "unknown"),
        ("Leiter Einkauf", "buyer"),
        ("Leiter Verkauf", "unknown"),
        ("Ein- und Verkauf, Einkäuferin", "buyer"),
        ("VP", "decider"),
        ("VP Purchasing", "buyer"),
        ("Director Engineering", "technician"),
        ("Head of Maintenance", "user"),
        ("Instandhaltungstechniker", "user"),
        ("Technischer Vertrieb", "unknown"),
        ("Dipl.-Ing. Konstruktion", "technician"),
        ("Dr.-Ing.", "unknown"),
    ],
)
def test_of_several_words_the_right_one_counts(title, role):
    assert role_of_title(title).role == role


@pytest.mark.parametrize(
    "title",
    [
        "GESCHÄFTSFÜHRERIN",
        "Geschaeftsfuehrerin",
        "geschaftsfuhrerin",
        "Gf.",
        "Geschäftsf.",
        "GF/Inh.",
    ],
)
def test_spelling_does_not_count(title):
    assert role_of_title(title) == ("decider", False)


@pytest.mark.parametrize(
    ("title", "role"),
    [
        ("Gschäftsführer", "decider"),
        ("Geschäftsfüherin", "decider"),
        ("Prokruist", "decider"),
        ("Instanthaltung", "user"),
        ("Einkäfer", "buyer"),
        ("Procurment Manager", "buyer"),
        ("Konstukteur", "technician"),
    ],
)
def test_a_slip_of_one_letter_is_forgiven_and_told(title, role):
    assert role_of_title(title) == (role, True)


@pytest.mark.parametrize(
    "title", [None, "", " ", "-", "???", "k. A.", "0", "Ansprechpartner", "Направление"]
)
def test_nothing_is_guessed(title):
    assert role_of_title(title) == ("unknown", False)


def test_each_part_has_a_name_in_both_languages():
    assert tuple(role_names()) == BUYING_ROLES
    assert all(set(names) == {"de", "en"} for names in role_names().values())


def test_a_title_is_read_the_same_however_it_is_folded():
    for row in ROWS:
        if "." not in row["title"]:
            assert role_of_title(fold(row["title"])).role == role_of_title(row["title"]).role
