"""What became of the hints of the day's list, and what is forgotten."""

from __future__ import annotations

import shutil
from datetime import date, timedelta

from nights.building import build, take_decisions
from report.calls import write_call_lists
from tests.report import call_company
from tests.report.call_company import (
    NIGHT,
    answer,
    ask,
    change_lists,
    customers,
    folder,
    later,
    names,
)
from warehouse import open_warehouse


def test_what_became_of_the_hints_and_nobody_is_named(settings):
    for days in (0, 1, 2):
        write_call_lists(later(settings, days))
    path = folder(settings) / "Anna Berger.xlsx"
    answer(path, {"Bau Süd": ("angerufen", None), "Chemie West": ("jetzt nicht", "im Mai wieder")})
    take_decisions(later(settings, 3))
    ids = customers(settings)
    # Bau Süd orders; of the others the 90 days are over; the lead is won
    call_company.fill(settings, {2: "2026-03-10", 7: "2026-06-20"}, outcome="won")
    after = later(settings, 120)
    build(after)
    rows = ask(
        after,
        "select entity_id, shown_on, nights_shown, feedback, note, is_followed, outcome, outcome_on"
        " from marts.score_outcomes order by score, entity_id",
    )
    said = {row[0]: row[1:] for row in rows}
    assert said[ids[2]] == (NIGHT, 3, "called", None, True, "ordered", date(2026, 3, 10))
    assert said[ids[3]] == (NIGHT, 3, "not_now", "im Mai wieder", False, "not_ordered", None)
    assert said[ids[1]] == (NIGHT, 3, None, None, None, "not_ordered", None)
    assert said["l:1"][3:] == (None, None, "won", date(2026, 3, 20))
    columns = {row[0] for row in ask(after, "describe marts.score_outcomes")}
    assert not columns & {"account_manager", "owner", "employee", "file", "name", "list"}
    for table in ("score_feedback", "shown_hints"):
        kept = ask(after, f"from ops.{table}")
        assert kept
        assert not any(
            person in str(row) for row in kept for person in ("Berger", "BERGER", "Klein")
        )


def test_before_the_time_is_over_the_outcome_is_open(settings):
    write_call_lists(settings)
    assert {row[0] for row in ask(settings, "select outcome from marts.score_outcomes")} == {"open"}


def test_who_objects_leaves_the_list_and_all_that_was_kept(settings):
    write_call_lists(settings)
    answer(folder(settings) / "Anna Berger.xlsx", {"Bau Süd": ("angerufen", None)})
    take_decisions(settings)
    (bau,) = {customers(settings)[2]}
    call_company.fill(settings)
    with open_warehouse(settings) as connection:
        connection.execute(
            "insert into raw.consents by name select * replace ('w:2' as record_id, 'erp:2' as"
            " company) from raw.consents"
        )
        connection.execute("update raw.consents set load_id = 'another'")
    build(settings)
    assert ask(
        settings, f"select count(*) from marts.score_outcomes where entity_id = '{bau}'"
    ) == [(0,)]
    shutil.copy2(folder(settings) / "Anna Berger.xlsx", settings.inbox / "noch einmal.xlsx")
    write_call_lists(settings)
    assert "Bau Süd" not in names(folder(settings) / "Anna Berger.xlsx")
    take_decisions(settings)  # what the old list in the inbox says is not kept again
    for table in ("score_feedback", "shown_hints"):
        assert ask(settings, f"select count(*) from ops.{table} where entity_id = '{bau}'") == [
            (0,)
        ]


def test_hints_older_than_they_may_be_kept_are_deleted(settings):
    write_call_lists(settings)
    change_lists(settings, keep_days=10)
    write_call_lists(later(settings, 11))
    assert ask(settings, "select distinct night from ops.shown_hints") == [
        (NIGHT + timedelta(days=11),)
    ]
