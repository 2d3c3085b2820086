"""How often a hint was followed and what became of it: counted, drawn, and of nobody."""

from __future__ import annotations

import pytest

from report.calls.outcomes import Group, Hints, read_hints, view_hints
from report.words import Words
from warehouse import open_warehouse

TITLES = {"churn": "Abwanderungsrisiko", "lead": "Abschlusschance"}
ROWS = (
    # score, entity, is_followed, outcome, feedback, how many
    ("churn", "customer", True, "ordered", "called", 12),
    ("churn", "customer", True, "not_ordered", "called", 3),
    ("churn", "customer", False, "ordered", "wrong", 5),
    ("churn", "customer", None, "not_ordered", None, 20),
    ("churn", "customer", None, "open", None, 7),
    ("lead", "lead", True, "won", "won_back", 1),
    ("lead", "lead", True, "lost", "lost", 2),
)


@pytest.fixture
def hints(settings) -> Hints:
    with open_warehouse(settings) as connection:
        assert read_hints(connection) is None  # nothing is built yet
        connection.execute(
            "create table marts.score_outcomes (score text, entity text, is_followed boolean,"
            " outcome text, feedback text)"
        )
        assert read_hints(connection) is None  # nothing was shown yet
        for *row, count in ROWS:
            connection.executemany(
                "insert into marts.score_outcomes values (?, ?, ?, ?, ?)", [row] * count
            )
        found = read_hints(connection)
    assert found
    return found


def test_hints_are_counted_by_score_and_whether_they_were_followed(hints):
    assert hints == Hints(
        shown=50, answered=23, followed=18, wrong=5, open=7,
        groups=(
            Group("churn", "customer", is_followed=True, known=15, good=12),
            # what was not answered was not followed, as far as anybody knows
            Group("churn", "customer", is_followed=False, known=25, good=5),
            Group("lead", "lead", is_followed=True, known=3, good=1),
        ),
    )  # fmt: skip


def test_the_picture_says_the_counts_in_both_languages(hints):
    german = view_hints(hints, TITLES, Words("de"))
    assert german
    assert german.picture
    assert german.said == (
        "50 Hinweise standen auf den Tageslisten. Rückmeldungen: 23, davon verfolgt: 18, als falsch"
        " gemeldet: 5. 7 Ausgänge sind noch offen."
    )
    assert german.picture.lines == (
        "Abwanderungsrisiko, verfolgt: 12 von 15 bestellten wieder",
        "Abwanderungsrisiko, nicht verfolgt: 5 von 25 bestellten wieder",
        "Abschlusschance, verfolgt: 1 von 3 gewonnen",
    )
    assert "12 von 15 bestellten wieder (80 %)" in german.picture.svg
    english = view_hints(hints, {}, Words("en"))
    assert english
    assert english.picture
    assert english.picture.lines[0] == "churn, followed: 12 of 15 ordered again"


def test_before_any_outcome_is_known_there_is_no_picture(hints):
    waiting = Hints(shown=1, answered=0, followed=0, wrong=0, open=1, groups=())
    seen = view_hints(waiting, TITLES, Words("de"))
    assert seen
    assert seen.picture is None
    assert seen.said.startswith("1 Hinweis stand auf den Tageslisten.")
