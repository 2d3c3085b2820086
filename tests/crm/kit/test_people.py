"""The connector kit: what people do in the CRM, before the push and while it runs."""

from __future__ import annotations

from functools import partial

from crm import ledger, writing
from tests.crm.kit.between import Between
from tests.crm.kit.conftest import lacks


def test_a_field_that_a_person_changed_stays_theirs(nights, crm, score):
    nights.want({"C1": score(80)})
    own = nights.push()["C1"].crm_id
    crm.edit("parties", own, points=5, reasons="Kenne ich besser.")
    change = nights.push()["C1"]
    assert (change.action, change.kept) == ("conflict", ("points", "reasons"))
    nights.want({"C1": score(20)})
    assert nights.push()["C1"].action == "change"
    values = crm.seen("parties")[own].values
    assert (values["points"], values["reasons"]) == (5, "Kenne ich besser.")
    assert values["band"] == "low"
    nights.push(overwrite=True)
    assert crm.seen("parties")[own].values["points"] == 20


def test_what_a_person_changes_while_the_push_runs_stays_theirs(nights, crm, score, monkeypatch):
    """Up to the moment before each batch; where the CRM offers it, up to the write itself."""
    nights.want({"C1": score(80), "C2": score(80)})
    ids = {key: one.crm_id for key, one in nights.push().items()}
    announce = ledger.announce

    def edit_then_announce(*arguments):
        crm.edit("parties", ids["C1"], points=5)
        announce(*arguments)

    monkeypatch.setattr(ledger, "announce", edit_then_announce)
    nights.want({"C1": score(20), "C2": score(20)})
    changes = nights.push()
    assert (changes["C1"].action, changes["C1"].kept) == ("change", ("points",))
    assert (changes["C2"].action, changes["C2"].kept) == ("change", ())
    monkeypatch.setattr(ledger, "announce", announce)
    assert (nights.push()["C1"].action, nights.push()["C2"].action) == ("conflict", "skip")
    values = {key: crm.seen("parties")[crm_id].values for key, crm_id in ids.items()}
    assert (values["C1"]["points"], values["C1"]["band"], values["C2"]["points"]) == (5, "low", 20)


def test_what_a_person_writes_in_the_same_moment_stays_where_the_crm_can_tell(
    nights, crm, score, pauses, monkeypatch
):
    monkeypatch.setattr(writing, "LOCK_PAUSE_SECONDS", 0)
    nights.want({"C1": score(80), "C2": score(80)})
    own = nights.push()["C1"].crm_id
    edits = iter([5])

    def edit():
        for points in edits:
            crm.edit("parties", own, points=points)

    nights.want({"C1": score(20), "C2": score(20)})
    changes = nights.push(Between(crm.connector, edit, before=True))
    theirs = not lacks(crm, "conditional")
    assert changes["C1"].kept == (("points",) if theirs else ())
    assert crm.seen("parties")[own].values["points"] == (5 if theirs else 20)
    assert nights.push()["C1"].action == ("conflict" if theirs else "skip")


def test_whoever_objects_is_cleared_whatever_a_person_writes_meanwhile(
    nights, crm, score, monkeypatch
):
    monkeypatch.setattr(writing, "LOCK_PAUSE_SECONDS", 0)
    nights.want({"C1": score(80)})
    own = nights.push()["C1"].crm_id
    nights.want({"C1": None}, has_objected=True)
    edit = partial(crm.edit, "parties", own, points=5)
    nights.push(Between(crm.connector, edit, before=True))
    nights.push()
    assert crm.seen("parties")[own].values.get("points") is None


def test_clearing_touches_our_fields_only(nights, crm, score):
    nights.want({"C1": score(80), "C2": score(20)}, {"L1": score(70)})
    ids = {key: one.crm_id for key, one in nights.push().items()}
    crm.rename("parties", ids["C1"], "Renamed by a salesperson")
    nights.want({"C1": None, "C2": score(20)}, {})
    changes = nights.push()
    assert {changes["C1"].action, changes["L1"].action} == {"clear"}
    cleared = crm.seen("parties")[ids["C1"]]
    assert cleared.name == "Renamed by a salesperson"
    assert {cleared.values.get(name) for name in score(80).values} == {None}
    assert cleared.values["customer_no"] == "11"
    assert crm.seen("opportunities")[ids["L1"]].values.get("points") is None
    assert crm.seen("parties")[ids["C2"]].values["points"] == 20


def test_a_merged_record_is_followed(nights, crm, score):
    nights.want({"C1": score(80)})
    own = nights.push()["C1"].crm_id
    if lacks(crm, "parties.merge"):
        return
    kept = crm.merge(crm.add("parties", "The older record"), own)
    nights.want({"C1": score(30)})
    changes = nights.push()
    assert changes["C1"].crm_id == kept
    assert {i: one.values.get("points") for i, one in crm.seen("parties").items()} == {kept: 30}
    assert {one.action for one in nights.push().values()} == {"skip"}


def test_a_deleted_record_stays_deleted(nights, crm, score):
    nights.want({"C1": score(80), "C2": score(20)})
    ids = {key: one.crm_id for key, one in nights.push().items()}
    crm.remove("parties", ids["C1"])
    changes = nights.push()
    assert (changes["C1"].action, changes["C1"].reason) == ("skip", "deleted in the CRM")
    assert set(crm.seen("parties")) == {ids["C2"]}


def test_what_is_archived_or_closed_shows_nothing(nights, crm, score):
    nights.want({"C1": score(80), "C2": score(20)}, {"L1": score(70), "L2": score(60)})
    ids = {key: one.crm_id for key, one in nights.push().items()}
    crm.archive("opportunities", ids["L1"])
    if not lacks(crm, "parties.archive"):
        crm.archive("parties", ids["C2"])
    nights.push()
    assert crm.seen("opportunities")[ids["L1"]].values.get("points") is None
    assert crm.seen("opportunities")[ids["L2"]].values.get("points") == 60
    left = None if "parties.archive" not in crm.lacks else 20
    assert crm.seen("parties")[ids["C2"]].values.get("points") == left
    writes = crm.writes()
    assert {one.action for one in nights.push().values()} == {"skip"}
    assert crm.writes() == writes
