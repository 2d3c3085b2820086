"""The connector kit: what every connector must do, whatever its CRM.

Each test runs over each CRM in `registry.py`. Where a CRM cannot do a thing (`lacks`), the test
says what the connector does instead.
"""

from __future__ import annotations

from datetime import date

import pytest

from crm import CrmLoginError, CrmSetupError, ledger, push_through
from crm.records import Task
from tests.crm.kit.between import Between, die
from tests.crm.kit.conftest import Nights, lacks
from tests.crm.kit.registry import starter
from tests.crm.memory_crm import KilledError
from warehouse import open_warehouse

NAME = "Müller & Söhne C1"
LONG = (
    '+ Kauft öfter: „Größe“ ß, é, 🎯, Zeile eins\n− it\'s "quoted" <b>&amp; {{x}} \\ 100 %; a,b\n'
)
NEXT = "=1+1 'rufen' \"Sie\" an & <fragen>"


# Which record.


def test_a_record_that_the_crms_export_names_gets_the_score_and_nothing_else(
    nights, crm, configure, score
):
    configure(create=False)
    own = crm.add("parties", "Mueller GmbH")
    other = crm.add("parties", "Somebody else")
    nights.want({"C1": score(80)}, exported={"C1": own})
    assert nights.push()["C1"].action == "change"
    seen = crm.seen("parties")
    wanted = score(80).values | {"stage": 3, "method": "model", "valid_until": "2026-11-29"}
    assert {name: seen[own].values.get(name) for name in wanted} == wanted
    assert (seen[own].name, seen[own].values.get("customer_no")) == ("Mueller GmbH", "11")
    assert seen[other].values.get("points") is None


def test_what_a_push_created_is_found_again_by_our_key_when_the_ledger_is_lost(nights, crm, score):
    nights.want({"C1": score(80), "C2": None}, {"L1": score(70)})
    assert {one.action for one in nights.push().values()} == {"create"}
    before = {target: crm.seen(target) for target in ("parties", "opportunities")}
    nights.forget()
    writes = crm.writes()
    assert {one.action for one in nights.push().values()} == {"skip"}
    assert {target: crm.seen(target) for target in before} == before
    assert crm.writes() == writes


@pytest.mark.parametrize(
    ("by", "typed", "known"),
    [
        ("vat_id", "DE 136 695 976", "DE136695976"),
        ("customer_no", "4711", "4711"),
        ("website", "https://www.Mueller.example/", "mueller.example"),
        ("email", "Einkauf@Mueller.example", "einkauf@mueller.example"),
    ],
)
def test_a_record_is_found_by_a_lookup_and_two_hits_are_a_conflict(
    nights, crm, configure, score, by, typed, known
):
    configure(create=False)
    others = dict.fromkeys(["vat_id", "customer_no", "website", "email"])
    if lacks(crm, f"find.{by}"):
        crm.add("parties", "Mueller GmbH")
        nights.want({"C1": score(80)}, **others | {by: known})
        assert nights.push()["C1"].reason == "not in the CRM, and crm.yml does not allow creating"
        return
    own = crm.add("parties", "Mueller GmbH", **{by: typed})
    nights.want({"C1": score(80)}, **others | {by: known})
    assert nights.push()["C1"].crm_id == own
    assert nights.points() == {"Mueller GmbH": 80}
    nights.forget()
    crm.edit("parties", own, **dict.fromkeys(score(80).values))
    crm.add("parties", "Mueller, Werk 2", **{by: typed})
    writes = crm.writes()
    assert nights.push()["C1"].reason == f"2 records of the CRM have its {by}"
    assert set(nights.points().values()) == {None}
    assert crm.writes() == writes


def test_two_records_with_the_value_that_the_export_gives_are_a_conflict(
    nights, crm, settings, score
):
    config = settings.config / "crm.yml"
    named = f"{{source: crm_companies, id_field: {crm.number_field}}}"
    text = config.read_text(encoding="utf-8").replace("{source: crm_companies}", named)
    config.write_text(text, encoding="utf-8")
    twins = [crm.add("parties", "Mueller GmbH"), crm.add("parties", "Mueller, Werk 2")]
    own = crm.add("parties", "Maier")
    for crm_id, number in [(twins[0], "11"), (twins[1], "11"), (own, "12")]:
        crm.edit("parties", crm_id, customer_no=number)
    nights.want({"C1": score(80), "C2": score(20)})
    with open_warehouse(settings) as warehouse:
        warehouse.execute(
            "update sync.sync_crm__parties set record_ids = ['crm_companies:' || customer_no]"
        )
    told = nights.push()
    assert (told["C2"].action, told["C2"].crm_id) == ("change", own)
    assert told["C1"].action == "skip"
    assert told["C1"].reason.startswith(f"2 records of the CRM have {crm.number_field} 11: ")
    assert set(told["C1"].reason.rpartition(": ")[2].split(", ")) == set(twins)
    assert nights.points() == {"Mueller GmbH": None, "Mueller, Werk 2": None, "Maier": 20}
    crm.edit("parties", twins[1], customer_no=None)  # a person decides which one is meant
    assert nights.push()["C1"].crm_id == twins[0]


# Writing.


def test_a_second_push_writes_nothing(nights, crm, score):
    nights.want({f"C{i}": score(i) for i in range(7)} | {"C8": None}, {"L1": score(70)})
    nights.push()
    writes = crm.writes()
    assert {one.action for one in nights.push().values()} == {"skip"}
    assert crm.writes() == writes


def test_changes_go_in_as_few_calls_as_the_crm_allows(nights, crm, score):
    nights.want({f"C{i}": score(i) for i in range(7)})
    nights.push()
    writes = crm.writes()
    nights.want({f"C{i}": score(i + 1) for i in range(7)})
    nights.push()
    assert crm.writes() == writes + (7 if lacks(crm, "batch") else 1)
    assert set(nights.points().values()) == set(range(1, 8))


def test_a_row_that_the_crm_refuses_is_told_in_its_words_and_the_others_are_written(
    nights, crm, score
):
    keys = [f"C{i}" for i in range(6)]
    nights.want({key: score(10) for key in keys})
    nights.push()
    rows = {key: score(20) for key in keys} | {"C7": score(30), "C8": crm.spoil(score(30))}
    nights.want(rows | {"C3": crm.spoil(score(20))})
    changes = nights.push()
    assert {key for key, one in changes.items() if one.action == "skip"} == {"C3", "C8"}
    for key in ("C3", "C8"):
        told = changes[key].reason.removeprefix("refused by the CRM: ")
        assert changes[key].reason != told
        assert len(told) > 5
        assert "\n" not in told
    shown = {one.name[-2:]: one.values.get("points") for one in crm.seen("parties").values()}
    assert shown == dict.fromkeys(keys, 20) | {"C3": 10, "C7": 30}
    nights.want(rows | {"C3": score(20), "C8": score(30)})
    assert {key for key, one in nights.push().items() if one.action != "skip"} == {"C3", "C8"}


def test_the_crm_is_given_the_time_that_it_asks_for(nights, crm, score, pauses):
    if lacks(crm, "faults"):
        return
    nights.want({"C1": score(10)})
    crm.fail("429")
    nights.push()
    assert nights.points() == {NAME: 10}
    assert sum(pauses) >= 1  # the seconds that it named


@pytest.mark.parametrize("fault", ["500", "502", "503", "timeout", "lost_answer", "cut"])
def test_an_outage_or_a_lost_answer_doubles_nothing(nights, crm, score, pauses, fault):
    if lacks(crm, "faults"):
        return
    crm.fail(fault)
    nights.want({"C1": score(10), "C2": score(11)})
    nights.push()
    crm.fail(fault)
    nights.want({"C1": score(20), "C2": score(11)})
    nights.push()
    assert sorted(nights.points().values()) == [11, 20]
    assert {one.action for one in nights.push().values()} == {"skip"}


@pytest.mark.parametrize("before", [True, False])
def test_a_killed_push_is_finished_by_the_next(nights, crm, score, before):
    rows = {"C1": score(10), "C2": score(20)}
    for night, points in enumerate((10, 60)):
        rows |= {"C1": score(points)}
        nights.want(rows)
        with pytest.raises(KilledError):
            nights.push(Between(crm.connector, die, before=before))
        nights.push()
        assert sorted(nights.points().values()) == sorted((points, 20)), night
        writes = crm.writes()
        assert {one.action for one in nights.push().values()} == {"skip"}
        assert crm.writes() == writes


# Around it.


def test_a_dry_run_sends_no_write(nights, crm, score):
    nights.want({"C1": score(80), "C2": score(20)})
    nights.push()
    before, writes = crm.seen("parties"), crm.writes()
    nights.want({"C1": score(10), "C2": None, "C3": score(30)}, {"L1": score(70)})
    changes = nights.push(dry_run=True)
    actions = {key: one.action for key, one in changes.items()}
    assert actions == {"C1": "change", "C2": "clear", "C3": "create", "L1": "create"}
    assert (crm.seen("parties"), crm.writes()) == (before, writes)


def test_a_dry_run_after_a_killed_push_takes_our_values_for_ours(nights, crm, score, settings):
    nights.want({"C1": score(80)})
    own = nights.push()["C1"].crm_id
    nights.want({"C1": score(20), "C2": score(30)})
    while crm.seen("parties")[own].values["points"] != 20:  # one that writes in turn creates first
        with pytest.raises(KilledError):
            nights.push(Between(crm.connector, die, before=False))
    nights.want({"C1": score(10), "C2": score(30)})
    announced = ledger.read_announced(settings, crm.connector.name)
    told = {key: (one.action, one.kept) for key, one in nights.push(dry_run=True).items()}
    assert told == {"C1": ("change", ()), "C2": ("skip", ())}
    assert ledger.read_announced(settings, crm.connector.name) == announced != []
    done = {key: (one.action, one.kept) for key, one in nights.push().items()}
    assert done == told


def test_reading_back_tells_of_a_record_that_shows_something_else(nights, crm, score, caplog):
    nights.want({"C1": score(80)})
    own = nights.push()["C1"].crm_id
    assert [r for r in caplog.records if "what was written" in r.getMessage()] == []
    nights.want({"C1": score(20)})
    tampered = Between(crm.connector, lambda: crm.edit("parties", own, points=99), before=False)
    nights.push(tampered)
    (told,) = [r.getMessage() for r in caplog.records if "what was written" in r.getMessage()]
    assert own in told
    assert "C1" in told


@pytest.mark.parametrize(
    ("reasons", "next_step"),
    [(LONG.strip(), NEXT), ((LONG * 100)[:10_000].strip(), "Anrufen"), ("x", None)],
    ids=["odd characters", "10,000 characters", "short"],
)
def test_values_survive_the_way_there_and_back(nights, crm, score, reasons, next_step):
    wanted = score(80, reasons=reasons).model_copy(update={"next_step": next_step})
    nights.want({"C1": wanted}, {"L1": wanted})
    nights.push()
    for target in ("parties", "opportunities"):
        (seen,) = crm.seen(target).values()
        assert seen.values["reasons"].splitlines() == reasons.splitlines()
    assert {one.action for one in nights.push().values()} == {"skip"}


def test_an_id_that_nobody_knows_is_left_out(crm, score):
    own = crm.add("parties", "Mueller GmbH")
    unknown = ["999999999", "not an id", "00000000-0000-0000-0000-0000000000aa", "O'Hara", ""]
    for target in ("parties", "opportunities"):
        found = crm.connector.read(target, [own, *unknown] if target == "parties" else unknown)
        assert set(found) == ({own} if target == "parties" else set())
    assert crm.connector.read("parties", []) == {}
    assert crm.connector.find("parties", "key", ['O\'Hara \\ "x"', "C1"]) == {}


# Tasks and exports.


def test_tasks_are_created_once_and_read_back(crm):
    own = crm.add("parties", "Mueller GmbH")
    todo = [
        Task(
            key=f"2026-11-30:C{i}",
            subject=f"Müller {i} anrufen",
            note="+ lange still\n− kauft sonst „viel“",
            due_on=date(2026, 11, 30),
            party_id=own,
        )
        for i in range(3)
    ]
    assert ("task" in crm.connector.posts) is not lacks(crm, "tasks")
    if lacks(crm, "tasks"):
        with pytest.raises(CrmSetupError):
            crm.connector.create_tasks(todo)
        return
    ids = [one.crm_id for one in crm.connector.create_tasks(todo)]
    assert [one.crm_id for one in crm.connector.create_tasks(todo)] == ids
    assert crm.tasks() == dict(zip(ids, [one.subject for one in todo], strict=True))
    crm.finish_task(ids[1], "Will erst im Januar kaufen.")
    states = crm.connector.read_tasks([*ids, "999999999"])
    assert {i: one.is_done for i, one in states.items()} == dict(
        zip(ids, [False, True, False], strict=True)
    )
    assert "Will erst im Januar kaufen." in (states[ids[1]].answer or "")
    before, writes = crm.tasks(), crm.writes()
    again = [str(one.crm_id) for one in crm.connector.create_tasks(todo)]
    assert (crm.tasks(), crm.writes()) == (before, writes)
    assert crm.connector.read_tasks(again)[again[1]].is_done


@pytest.mark.parametrize("what", ["companies", "contacts", "deals", "leads", "activities"])
def test_an_export_yields_rows_with_the_crms_id_first(nights, crm, score, what):
    nights.want({"C1": score(80), "C2": score(20)}, {"L1": score(70)})
    ids = {key: one.crm_id for key, one in nights.push().items()}
    rows = list(crm.connector.export(what, None))
    if lacks(crm, f"export.{what}"):
        assert rows == []
        return
    first = [next(iter(row.values())) for row in rows]
    expected = {"companies": {ids["C1"], ids["C2"]}, "deals": {ids["L1"]}}
    assert expected.get(what, set()) <= set(first)
    assert len(first) == len(set(first))
    assert {type(value) for row in rows for value in row.values()} <= {str, type(None)}
    assert {"points", "reasons"} & {name.split("_", 1)[-1] for row in rows for name in row} == set()


# Prepared wrongly.


@pytest.mark.parametrize(
    ("flaw", "error"),
    [("credentials", CrmLoginError), ("field", CrmSetupError), ("right", CrmSetupError)],
)
def test_what_is_wrong_is_told_in_one_line_and_nothing_is_written(
    crm_name, settings, configure, tmp_path, show, score, flaw, error
):
    (tmp_path / "crm").mkdir()
    with starter(crm_name)(settings, tmp_path / "crm", flaw) as crm:
        if lacks(crm, f"flaw.{flaw}"):
            return
        Nights(crm, settings, show).want({"C1": score(80)})
        try:
            (change,) = push_through(crm.connector, settings)
            told = str(change.reason)  # a right may also lack for one record, and is told so
            assert (flaw, change.action) == ("right", "skip")
        except error as failure:
            told = str(failure)
        assert "\n" not in told
        assert len(told) > 20
        assert {one.values.get("points") for one in crm.seen("parties").values()} <= {None}


def test_check_and_setup_of_a_crm_that_is_ready_change_nothing(crm):
    writes = crm.writes()
    findings = crm.connector.check()
    assert [one for one in findings if not one.is_well] == []
    assert crm.writes() == writes
    crm.connector.setup()
    assert crm.writes() == writes
