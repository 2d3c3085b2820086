"""The push around the comparison: batches, retries, refusals, kills, ledger.

Here the CRM is a small one of our own that keeps state and fails on demand;
test_night_tryton.py does the same with the real one.
"""

from __future__ import annotations

import json
import logging
from datetime import date

import pytest

from crm import (
    CrmError,
    CrmUnreachableError,
    GuardError,
    calling,
    count_actions,
    push_through,
    to_json,
)
from crm.ledger import one_push_at_a_time
from crm.records import Change
from reifegrad.terminal.push_tables import reasons_table
from tests.crm.memory_crm import KilledError, MemoryCrm
from warehouse import open_warehouse


@pytest.fixture
def memory() -> MemoryCrm:
    return MemoryCrm()


def shown(memory: MemoryCrm, target: str = "parties") -> dict[str, int | None]:
    records = memory.records[target].items()
    return {crm_id.removeprefix("id-"): record.values.get("points") for crm_id, record in records}


def test_batches_ledger_and_a_second_push_that_changes_nothing(
    settings, memory, show, score, read_ledger
):
    show({f"C{i:02}": score(i) for i in range(12)} | {"C99": None}, {"L01": score(80)})
    changes = push_through(memory, settings)
    assert count_actions(changes) == {
        "parties": {"create": 13, "change": 0, "clear": 0, "skip": 0, "conflict": 0},
        "opportunities": {"create": 1, "change": 0, "clear": 0, "skip": 0, "conflict": 0},
    }
    assert memory.batches == [5, 5, 3, 1]
    rows = read_ledger("key, action, crm_id, old_values, new_values")
    assert {row[:3] for row in rows} == {(k, "create", f"id-{k}") for k in memory.created}
    first = json.loads(next(row for row in rows if row[0] == "C03")[4])
    assert first == score(3).values | {
        "stage": 3, "method": "model", "valid_until": "2026-11-29", "proposals": None,
    }  # fmt: skip
    assert "Müller" not in json.dumps(rows, default=str, ensure_ascii=False)
    assert {change.action for change in push_through(memory, settings)} == {"skip"}
    assert (memory.batches, len(read_ledger())) == ([5, 5, 3, 1], 14)


def test_change_and_clear_keep_old_and_new_values_and_nothing_but_the_score(
    settings, memory, show, score, read_ledger
):
    show({"C1": score(10), "C2": score(20), "C3": score(30)}, {"L1": score(80)})
    push_through(memory, settings)
    memory.fields["id-C1"]["name"] = "Renamed by a salesperson"
    show({"C1": score(90), "C2": None, "C3": score(30, date(2026, 11, 23))}, {})
    push_through(memory, settings)
    assert shown(memory) == {"C1": 90, "C2": None, "C3": 30}
    assert shown(memory, "opportunities") == {"L1": None}
    assert memory.fields["id-C1"]["name"] == "Renamed by a salesperson"
    rows = read_ledger("action, key, old_values->>'points', new_values->>'points'")
    assert set(rows[4:]) == {
        ("change", "C1", "10", "90"),
        ("clear", "C2", "20", None),
        ("clear", "L1", "80", None),
    }


@pytest.mark.parametrize("when", ["kill_before", "kill_after"])
def test_a_killed_push_is_finished_by_the_next_without_duplicates(
    settings, memory, show, score, read_ledger, when
):
    show({f"C{i:02}": score(i) for i in range(12)})
    setattr(memory, when, "C07")
    with pytest.raises(KilledError):
        push_through(memory, settings)
    # The batch that was on its way is announced, and the last one, if it had not begun.
    assert sum(crm_id is None for (crm_id,) in read_ledger("crm_id")) in (5, 7)
    setattr(memory, when, None)
    push_through(memory, settings)
    assert shown(memory) == {f"C{i:02}": i for i in range(12)}
    assert sorted(memory.created) == sorted(set(memory.created))
    expected = [("create", f"C{i:02}", f"id-C{i:02}") for i in range(12)]
    assert sorted(read_ledger("action, key, crm_id")) == expected


def test_an_answer_that_got_lost_is_tried_again(settings, memory, show, score, read_ledger, caplog):
    show({"C1": score(10)})
    memory.outages = 1
    push_through(memory, settings)
    (told,) = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert "It is tried again" in told and "lambda" not in told
    assert (memory.created, read_ledger("key, crm_id")) == (["C1"], [("C1", "id-C1")])
    show({"C1": score(20)})
    memory.outages = 2  # as many as crm.yml allows tries here
    with pytest.raises(CrmUnreachableError):
        push_through(memory, settings)


def test_an_outage_is_told_once_in_words_for_people(monkeypatch, caplog):
    tries = iter([CrmUnreachableError("Gone."), CrmUnreachableError("Gone."), None])

    def call():
        if error := next(tries):
            raise error
        return "here"

    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _seconds: None)
    assert calling.patiently(3, call) == "here"
    told = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert told == ["Gone. It is tried again."]


def test_a_refused_record_does_not_hold_up_the_others(settings, memory, show, score, read_ledger):
    show({f"C{i}": score(i) for i in range(7)})
    memory.refuses = {"C3"}
    refused = [change for change in push_through(memory, settings) if change.action == "skip"]
    assert [(c.key, c.reason) for c in refused] == [("C3", "refused by the CRM: no C3")]
    assert set(shown(memory)) == {f"C{i}" for i in range(7)} - {"C3"}
    assert "C3" not in {key for (key,) in read_ledger("key")}


def test_a_crm_that_refuses_everything_stops_the_push(settings, memory, show, score, read_ledger):
    show({f"C{i}": score(i) for i in range(12)})
    memory.refuses = {f"C{i}" for i in range(12)}
    with pytest.raises(CrmError, match="refused all 12 records of a batch of customers: no C0"):
        push_through(memory, settings)
    assert read_ledger() == []


def test_records_refused_last_time_do_not_stop_the_next_push(settings, memory, show, score):
    """Else a handful of bad records would keep all others out of the CRM in every quiet night."""
    bad = [f"C{i:02}" for i in range(6)]
    show({key: score(10) for key in [*bad, "C90"]})
    memory.refuses = {*bad}
    push_through(memory, settings)
    show({key: score(10) for key in [*bad, "C90"]}, {"L90": score(20)})
    done = {change.key: change.action for change in push_through(memory, settings)}
    assert done == dict.fromkeys([*bad, "C90"], "skip") | {"L90": "create"}

    fresh = [f"C{i:02}" for i in range(20, 30)]  # none that was known to be bad
    memory.refuses |= {*fresh}
    show({key: score(10) for key in [*bad, *fresh, "C90"]})
    with pytest.raises(CrmError, match="refused all"):
        push_through(memory, settings)


def test_a_field_that_is_empty_everywhere_is_told_and_nobody_is_overwritten(
    settings, memory, show, score, caplog
):
    show({f"C{i:02}": score(i) for i in range(1, 26)})
    push_through(memory, settings)
    for crm_id, record in memory.records["parties"].items():
        values = {**record.values, "points": None}
        memory.records["parties"][crm_id] = record.model_copy(update={"values": values})
    assert {change.kept for change in push_through(memory, settings)} == {("points",)}
    assert "Points is empty on all 25 records of customers" in caplog.text
    assert "push --overwrite" in caplog.text
    push_through(memory, settings, overwrite=True)
    assert shown(memory) == {f"C{i:02}": i for i in range(1, 26)}


def test_a_few_refused_records_alone_do_not_stop_the_push(settings, memory, show, score):
    show({"C1": score(10), "C2": score(20)}, {"L3": score(30)})
    memory.refuses = {"C1", "C2"}
    changes = {one.key: one.action for one in push_through(memory, settings)}
    assert changes == {"C1": "skip", "C2": "skip", "L3": "skip"}  # L3 has no customer there
    memory.refuses = {"C1"}
    changes = {one.key: one.action for one in push_through(memory, settings)}
    assert changes == {"C1": "skip", "C2": "create", "L3": "skip"}


def test_of_batches_at_once_one_without_an_answer_does_not_hide_the_others(
    settings, show, score, read_ledger
):
    several = MemoryCrm(parallel=3)
    show({f"C{i:02}": score(i) for i in range(15)})
    push_through(several, settings)
    show({f"C{i:02}": score(i + 1) for i in range(15)})
    several.silent = {"C07"}
    with pytest.raises(CrmUnreachableError):
        push_through(several, settings)
    known = read_ledger("action, confirmed_at is null")
    assert (known.count(("change", True)), known.count(("change", False))) == (5, 10)
    several.silent = set()
    push_through(several, settings)
    assert shown(several) == {f"C{i:02}": i + 1 for i in range(15)}
    assert {change.action for change in push_through(several, settings)} == {"skip"}


def test_a_person_edits_what_a_killed_push_had_written(settings, memory, show, score):
    show({"C1": score(10)})
    memory.kill_after = "C1"
    with pytest.raises(KilledError):
        push_through(memory, settings)
    memory.kill_after = None
    memory.edit("id-C1", reasons="Ruft selbst an.")
    show({"C1": score(80)})
    (change,) = push_through(memory, settings)
    assert (change.action, change.kept) == ("change", ("reasons",))
    values = memory.records["parties"]["id-C1"].values
    assert (values["points"], values["band"], values["reasons"]) == (80, "high", "Ruft selbst an.")


def test_what_was_written_and_refused_when_tried_again_is_known_the_next_night(
    settings, memory, show, score
):
    show({"C1": score(10)})
    push_through(memory, settings)
    show({"C1": score(50)})
    memory.faults.extend(["lost_answer", "409"])
    assert push_through(memory, settings)[0].action == "skip"
    show({"C1": score(90)})
    (change,) = push_through(memory, settings)
    assert (change.action, change.kept) == ("change", ())
    assert shown(memory) == {"C1": 90}


@pytest.mark.parametrize("there", [30, 3])
def test_ids_of_another_crm_are_not_taken_for_this_ones(settings, memory, show, score, there):
    """Many CRMs count from 1: the ids that the ledger knows are there in the next one, too."""
    show({f"C{i:02}": score(i) for i in range(30)})
    push_through(memory, settings)
    other = MemoryCrm()
    for crm_id in list(memory.records["parties"])[:there]:
        other.add("parties", crm_id, name="A stranger")
    with pytest.raises(CrmError, match="none of the 30 records of customers that earlier"):
        push_through(other, settings)
    assert other.calls == 0
    assert push_through(other, settings, overwrite=True)  # the same CRM, its fields emptied


def test_the_guard_stops_before_anything_is_written_and_can_be_released(
    settings, memory, show, score
):
    show({f"C{i:02}": score(90) for i in range(30)}, {"L01": score(10)})
    push_through(memory, settings)
    show(dict.fromkeys([f"C{i:02}" for i in range(30)]), {"L01": score(99)})
    with pytest.raises(GuardError, match="30 of 30 scores of customers would be cleared"):
        push_through(memory, settings)
    assert set(shown(memory).values()) == {90}
    assert shown(memory, "opportunities") == {"L01": 10}
    assert count_actions(push_through(memory, settings, dry_run=True))["parties"]["clear"] == 30
    push_through(memory, settings, force=True)
    assert set(shown(memory).values()) == {None}


def test_a_dry_run_tells_and_writes_nothing(settings, memory, show, score, read_ledger):
    show({"C1": score(10), "C2": None}, {"L1": score(80), "L9": score(80)})
    rows = json.loads(to_json(push_through(memory, settings, dry_run=True)))
    assert (memory.created, read_ledger()) == ([], [])
    assert [(row["key"], row["action"]) for row in rows["parties"]] == [
        ("C1", "create"),
        ("C2", "create"),
    ]
    first = rows["parties"][0]
    assert (first["old_values"], first["new_values"]["points"]) == (None, 10)
    assert first["master"]["city"] == "Köln"
    assert [(row["key"], row["action"], row["reason"]) for row in rows["opportunities"]] == [
        ("L1", "create", None),
        ("L9", "skip", "its customer is not in the CRM"),
    ]


def test_without_a_build_the_error_says_what_to_do(settings, memory):
    with pytest.raises(CrmError, match="run `reifegrad build` first"):
        push_through(memory, settings)


def test_a_key_that_comes_twice_is_named(settings, memory, show, score):
    show({"C1": score(10)})
    with open_warehouse(settings) as warehouse:
        warehouse.execute("insert into sync.sync_crm__parties from sync.sync_crm__parties")
    with pytest.raises(CrmError, match="key C1 comes twice"):
        push_through(memory, settings)


def test_two_pushes_at_once_are_refused(settings, memory, show, score):
    show({"C1": score(10)})
    with one_push_at_a_time(settings), pytest.raises(CrmError, match="Another push"):
        push_through(memory, settings)


def test_a_new_customer_number_is_shown_and_an_objection_leaves_it(settings, memory, show, score):
    show({"C1": score(10), "C2": None})
    push_through(memory, settings)
    assert {i: r.values["customer_no"] for i, r in memory.records["parties"].items()} == {
        "id-C1": "11",
        "id-C2": "12",
    }
    with open_warehouse(settings) as warehouse:
        warehouse.execute("update sync.sync_crm__parties set customer_no = '77'")
    changes = {c.key: c for c in push_through(memory, settings)}
    assert {c.reason for c in changes.values()} == {"another customer number"}
    assert shown(memory) == {"C1": 10, "C2": None}
    show({"C1": None, "C2": None})
    push_through(memory, settings)
    assert shown(memory) == {"C1": None, "C2": None}
    assert memory.records["parties"]["id-C1"].values["customer_no"] == "11"
    assert {c.action for c in push_through(memory, settings)} == {"skip"}


def test_one_record_that_still_shows_ours_is_the_same_crm(settings, memory, show, score):
    show({f"C{i:02}": score(i) for i in range(25)})
    push_through(memory, settings)
    for crm_id, record in list(memory.records["parties"].items())[1:]:
        memory.records["parties"][crm_id] = record.model_copy(update={"values": {}})
    assert sum(bool(change.kept) for change in push_through(memory, settings)) == 24


def test_only_needs_something_to_look_for(settings, memory, show, score):
    show({"C1": score(90)})
    with pytest.raises(CrmError, match="--only needs"):
        push_through(memory, settings, only=" ")
    assert memory.batches == []


def test_a_lead_that_is_only_what_the_push_created_takes_no_record_from_the_lead_it_is_of(
    settings, memory, show, score
):
    """Read from the CRM as a source, the created opportunity looks like one more lead."""
    show({"C1": score(90)}, {"L1": score(80)})
    push_through(memory, settings)
    crm = settings.config / "crm.yml"
    crm.write_text(crm.read_text() + "records: {opportunities: {source: deals}}\n")
    show({"C1": score(90)}, {"L1": score(80), "deals:id-L1": None})
    changes = push_through(memory, settings)
    assert {(c.key, c.action) for c in changes} == {("C1", "skip"), ("L1", "skip")}
    assert shown(memory, "opportunities") == {"L1": 80}


def test_reasons_that_name_a_record_each_do_not_flood_the_terminal():
    changes = [
        Change(target="parties", key=str(n), action="skip", reason=f"fits {n}") for n in range(40)
    ]
    table = reasons_table(changes)
    assert table is not None
    assert table.row_count == 16
    assert list(table.columns[3].cells)[-1] == "25"


def test_a_new_crm_is_told_and_its_tasks_are_not_taken_for_those_of_the_former(
    settings, memory, show, score, caplog
):
    show({f"C{i}": score(i) for i in range(4)})
    push_through(memory, settings)
    with open_warehouse(settings) as warehouse:
        warehouse.execute(
            "insert into ops.crm_tasks by name select 'memory' as connector, '7' as crm_id,"
            " 'churn:C1' as key, 'churn' as score, 'customer' as entity, 'C1' as entity_id,"
            " date '2026-11-22' as about, now()::timestamp as created_at"
        )
    memory.records["parties"].clear()
    push_through(memory, settings, dry_run=True)
    assert "None of the 4 records of customers" in caplog.text
    tasks = "select count(*) from ops.crm_tasks"
    with open_warehouse(settings) as warehouse:
        assert warehouse.execute(tasks).fetchone() == (1,)  # a look changes nothing
    push_through(memory, settings)
    with open_warehouse(settings) as warehouse:
        assert warehouse.execute(tasks).fetchone() == (0,)


def test_what_a_first_push_into_a_new_crm_leaves_over_is_created_by_the_next(
    settings, memory, show, score
):
    show({f"C{i}": score(i) for i in range(4)})
    push_through(memory, settings)
    memory.records["parties"].clear()
    push_through(memory, settings, dry_run=True, only="C1")
    push_through(memory, settings, only="C1")
    assert list(shown(memory).values()) == [1]
    push_through(memory, settings)
    assert sorted(shown(memory).values()) == [0, 1, 2, 3]


def test_proposals_stand_beside_the_score_and_without_one_and_go_again(
    settings, memory, show, score
):
    show({"C1": score(10), "C2": None, "C3": score(50)})
    due = {"C1": "• Filter 7 is due again", "C2": "• Welcome"}
    push_through(memory, settings, proposals=due)
    told = {
        crm_id: one.values.get("proposals") for crm_id, one in memory.records["parties"].items()
    }
    assert told == {"id-C1": due["C1"], "id-C2": due["C2"], "id-C3": None}
    again = push_through(memory, settings, proposals=due)
    assert {change.action for change in again} == {"skip"}
    changes = {change.key: change for change in push_through(memory, settings, proposals={})}
    assert {key: change.writes for key, change in changes.items() if change.writes} == {
        "C1": {"proposals": None}, "C2": {"proposals": None},
    }  # fmt: skip
    assert changes["C1"].action == "change", "a proposal that goes is no score that is cleared"
    assert memory.records["parties"]["id-C1"].values["points"] == 10


def test_what_a_person_wrote_into_the_field_of_proposals_stays_theirs(
    settings, memory, show, score
):
    show({"C1": score(10)})
    push_through(memory, settings, proposals={"C1": "• Filter 7"})
    memory.edit("id-C1", proposals="has bought it elsewhere")
    (change,) = push_through(memory, settings, proposals={"C1": "• Filter 8"})
    assert (change.action, change.kept) == ("conflict", ("proposals",))
    assert memory.records["parties"]["id-C1"].values["proposals"] == "has bought it elsewhere"
