"""What a person reads before a push."""

from __future__ import annotations

from types import SimpleNamespace

from jinja2 import Environment

from nights.push_approval import ask_for_release

PREVIEW = {
    "counts": {"parties": {"create": 1, "change": 2, "clear": 0, "skip": 9, "conflict": 3}},
    "examples": [
        {"name": "Müller", "action": "changed", "before": 20, "after": 60, "reasons": ["a", "b"]},
        {"name": "Neu", "action": "new", "before": None, "after": 10, "reasons": []},
    ],
    "warning": "51 of 100 would move",
}


def test_the_question_shows_figures_examples_and_what_a_guard_says():
    body = Environment().from_string(ask_for_release().body)
    ti = SimpleNamespace(xcom_pull=lambda task_ids, key: {"prepare_push": PREVIEW}[task_ids])
    text = body.render(ti=ti)
    for line in (
        "**51 of 100 would move**",
        "| parties | 1 | 2 | 0 | 3 | 9 |",
        "| Müller | changed | 20 | 60 | a; b |",
        "| Neu | new | – | 10 |  |",
    ):
        assert line in text.splitlines()
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows[:3]} == {7}
    assert {line.count("|") for line in rows[3:]} == {6}
