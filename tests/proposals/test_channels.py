"""Each way out asks of an action what it must, and goes through gate, pause, expiry and ledger."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.policy import default

import pytest

from crm import CrmUnreachableError
from proposals import (
    HandOverError,
    deliveries,
    hand_over,
    keep_fields,
    propose,
    read_fields,
    take_crm_answers,
)
from proposals.channels import NEEDS
from proposals.handing_over import tell
from proposals.uses import Action
from tests.crm.memory_crm import MemoryCrm
from tests.proposals.small_firm import NIGHT, USE


def drafts(firm):
    """The drafts that lie in the outbox, as mails."""
    folder = firm.settings.outbox / "drafts"
    return [
        message_from_bytes(path.read_bytes(), policy=default) for path in sorted(folder.glob("*"))
    ]


def drafted(firm, *names):
    firm.use(channel="draft", releases=1)
    firm.customer(*names)
    propose(firm.settings)
    firm.decide("Anna")


@pytest.mark.parametrize("channel", NEEDS)
def test_a_channel_refuses_fewer_people_than_it_needs(channel):
    needs = NEEDS[channel]
    action = USE["actions"]["thanks"] | {"channel": channel, "releases": needs.least_releases}
    assert Action.model_validate(action).channel == channel
    if needs.least_releases:
        with pytest.raises(ValueError, match=f"at least {needs.least_releases}|mindestens"):
            Action.model_validate(action | {"releases": needs.least_releases - 1})


@pytest.mark.parametrize("channel", NEEDS)
def test_what_goes_to_a_mailbox_needs_a_text_and_a_basis(channel):
    action = USE["actions"]["thanks"] | {"channel": channel, "releases": 2}
    bare = action | {"subject": None, "body": None}
    if NEEDS[channel].writes_mail:
        for wrong in (bare, action | {"legal_basis": "hint"}):
            with pytest.raises(ValueError, match=r"mailing_list|draft|legal_basis"):
                Action.model_validate(wrong)
    else:
        Action.model_validate(bare | {"legal_basis": "hint"})


def test_a_draft_is_a_mail_that_outlook_opens_ready_to_be_sent(firm):
    drafted(firm, "c1")
    (one,) = hand_over(firm.settings).lists
    path = firm.settings.home / one.place
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.name == f"{NIGHT}_Dank-an-Firma-c1_{one.proposals[0]}.eml"
    (mail,) = drafts(firm)
    assert (mail["to"], mail["subject"], mail["x-unsent"]) == (
        "c1@firma.example", "Danke, Firma c1", "1",
    )  # fmt: skip
    assert mail["from"] is None, "whoever sends it is the sender"
    text = mail.get_body(("plain",)).get_content()
    assert text.startswith("Guten Tag, danke für Ac10.")
    assert "Von einem Programm." in text
    assert not hand_over(firm.settings).lists
    assert len(drafts(firm)) == 1


def test_a_draft_needs_the_law_as_a_list_does_and_counts_as_a_mail(firm):
    drafted(firm, "c1", "c2")
    firm.consent("c1", "c1@firma.example", is_granted=False, on=NIGHT)
    firm.rules(mailbox_days=14)
    assert list(hand_over(firm.settings).held.values()) == ["refused_advertising"]
    assert [mail["to"] for mail in drafts(firm)] == ["c2@firma.example"]
    firm.use("other", {"purpose": USE["purpose"], "actions": {"x": USE["actions"]["thanks"]}})
    firm.stage(1, "other")
    assert [one.mailed for one in propose(firm.settings) if one.use_case == "other"] == [1]


def test_a_draft_begun_by_a_killed_run_is_taken_back_from_who_objects(firm, monkeypatch):
    drafted(firm, "c1", "c2")
    monkeypatch.setattr(deliveries, "confirm", lambda *_args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        hand_over(firm.settings)
    monkeypatch.undo()
    assert len(drafts(firm)) == 2
    firm.consent("c1", "c1@firma.example", is_granted=False, on=NIGHT)
    hand_over(firm.on(1))
    assert [mail["to"] for mail in drafts(firm)] == ["c2@firma.example"]
    assert firm.states() == {"c1": "released", "c2": "sent"}


def test_a_full_disk_stops_its_channel_and_not_the_others(firm):
    drafted(firm, "c1")
    firm.use("lists")
    firm.stage(1, "lists")
    firm.customer("c2")
    propose(firm.settings)
    firm.decide("Anna", "Ben")
    (firm.settings.outbox / "drafts").parent.mkdir(exist_ok=True)
    (firm.settings.outbox / "drafts").write_text("a file is in the way", encoding="utf-8")
    with pytest.raises(HandOverError, match=r"Dank-an-Firma-c1.*nichts davon") as failure:
        hand_over(firm.settings)
    assert [one.use_case for one in failure.value.handed.lists] == ["lists"]
    (firm.settings.outbox / "drafts").unlink()
    assert {one.use_case for one in hand_over(firm.settings).lists} == {"mails"}


def test_who_only_looks_writes_nothing(firm):
    drafted(firm, "c1")
    (one,) = hand_over(firm.settings, dry_run=True).lists
    assert one.place.endswith(".eml")
    assert drafts(firm) == []
    assert firm.states() == {"c1": "released"}


def test_a_release_for_one_channel_is_none_for_another(firm):
    drafted(firm, "c1")
    firm.use(channel="mailing_list", releases=2)
    assert list(hand_over(firm.settings).held.values()) == ["other_channel"]


HINT = {
    "channel": "crm_task", "legal_basis": "hint", "releases": 0, "subject": None, "body": None,
}  # fmt: skip


@pytest.fixture
def crm(firm, monkeypatch):
    """A CRM in which earlier pushes wrote c1 and c2."""
    found = MemoryCrm()
    monkeypatch.setattr("crm.posting.open_connector", lambda *_args: found)
    path = firm.settings.config / "crm.yml"
    path.write_text("connector: tryton\nattempts: 1\ntasks: true\n", encoding="utf-8")
    for name in ("c1", "c2"):
        firm.sql(
            "insert into ops.crm_records values ('memory', 'parties', ?, ?, '{}', now())",
            (f"id-{name}", name),
        )
    return found


def hinted(firm, *names, **changes):
    firm.use(**HINT | changes)
    firm.customer(*names, consent=False)
    propose(firm.settings)


def test_a_hint_becomes_a_task_of_the_account_manager_without_a_release_and_once(firm, crm):
    hinted(firm, "c1", "c3")
    handed = hand_over(firm.settings)
    assert list(handed.refused.values()) == ["ihr Kunde ist noch nicht im CRM"]
    ((task, _state),) = crm.tasks.values()
    assert (task.subject, task.party_id, task.owner) == ("Dank an Firma c1", "id-c1", "Ute Falk")
    assert task.note.startswith("Geliefert 02.03.2026\n")
    place = f"tryton:task:task-{task.key}"
    assert firm.sql("select place from ops.deliveries") == [(place,)]
    assert firm.states() == {"c1": "sent", "c3": "shown"}
    propose(firm.on(1))
    assert not hand_over(firm.on(1)).lists, "nor does it come back on the same occasion"
    assert len(crm.tasks) == 1


def test_a_note_is_written_once_and_says_why(firm, crm):
    hinted(firm, "c1", channel="crm_note", body={"de": "Kaufte {{ order_no }}.", "en": "x"})
    hand_over(firm.settings)
    ((note),) = crm.notes.values()
    assert note.text == "Geliefert 02.03.2026\n\nKaufte Ac10."
    assert not hand_over(firm.on(1)).lists


def test_who_objects_gets_no_task_and_what_expired_makes_none(firm, crm):
    hinted(firm, "c1", "c2")
    firm.sql("update marts.customers set has_objected_to_profiling = true where customer_id = 'c1'")
    assert list(hand_over(firm.on(15)).lists) == [], "fifteen days later they have expired"
    hand_over(firm.settings)
    assert [task.party_id for task, _state in crm.tasks.values()] == ["id-c2"]


def test_a_task_that_needs_a_release_waits_for_it(firm, crm):
    hinted(firm, "c1", releases=1)
    assert not hand_over(firm.settings).lists
    firm.decide("Anna")
    assert len(hand_over(firm.settings).lists) == 1
    assert len(crm.tasks) == 1


def test_a_crm_that_is_away_loses_nothing_and_doubles_nothing(firm, crm, monkeypatch):
    hinted(firm, "c1", "c2")

    def away(_tasks):
        message = "The CRM does not answer."
        raise CrmUnreachableError(message)

    monkeypatch.setattr(crm, "create_tasks", away)
    with pytest.raises(HandOverError, match="does not answer"):
        hand_over(firm.settings)
    assert firm.states() == {"c1": "shown", "c2": "shown"}
    monkeypatch.undo()
    monkeypatch.setattr("crm.posting.open_connector", lambda *_args: crm)
    monkeypatch.setattr(deliveries, "confirm", lambda *_args: 1 / 0)
    with pytest.raises(ZeroDivisionError):  # killed after the tasks were made
        hand_over(firm.settings)
    monkeypatch.undo()
    monkeypatch.setattr("crm.posting.open_connector", lambda *_args: crm)
    hand_over(firm.settings)
    assert len(crm.tasks) == 2
    assert firm.states() == {"c1": "sent", "c2": "sent"}


def test_without_a_crm_the_line_says_so(firm):
    hinted(firm, "c1")
    (firm.settings.config / "crm.yml").write_text("connector: excel\n", encoding="utf-8")
    waits(firm, r"crm\.yml.*excel")


def waits(firm, why, name="c1"):
    """The proposal goes nowhere, which is told and no failure, looked at or done."""
    for dry_run in (True, False):
        handed = hand_over(firm.settings, dry_run=dry_run)
        assert not handed.lists
        (told,) = tell(handed)
        assert re.search(why, told), told
        assert told.startswith("freigegeben, aber nicht übergeben")
    assert firm.states()[name] == "shown"
    assert firm.sql("select * from ops.deliveries") == []


def test_a_firm_that_wants_no_tasks_has_what_asks_for_one_wait_until_it_does(firm, crm):
    hinted(firm, "c1")
    path = firm.settings.config / "crm.yml"
    wanted = path.read_text(encoding="utf-8")
    path.write_text(wanted.replace("true", "false"), encoding="utf-8")
    crm.posts = ("task",)
    waits(firm, "tasks: false.*tasks: true.*crm setup")
    path.write_text(wanted, encoding="utf-8")
    assert len(hand_over(firm.settings).lists) == 1
    assert len(crm.tasks) == 1
    assert firm.states() == {"c1": "sent"}


def test_a_note_waits_where_a_crm_takes_tasks_alone(firm, crm):
    hinted(firm, "c1", channel="crm_note")
    crm.posts = ("task",)
    waits(firm, "crm_task")


def test_in_a_crm_without_tasks_a_task_becomes_a_note_that_says_whose_it_is_and_until_when(
    firm, crm, monkeypatch
):
    hinted(firm, "c1")
    crm.posts = ("note",)
    told = "Das CRM hat keine Aufgaben: Was eine sein sollte, steht als Notiz beim Kunden."
    assert told in tell(hand_over(firm.settings, dry_run=True))
    assert not crm.notes
    with monkeypatch.context() as killed:
        killed.setattr(deliveries, "confirm", lambda *_args: 1 / 0)
        with pytest.raises(ZeroDivisionError):  # killed after the note was written
            hand_over(firm.settings)
    assert told in tell(hand_over(firm.settings))
    ((note),) = crm.notes.values()
    assert (note.title, note.party_id) == ("Dank an Firma c1", "id-c1")
    assert note.text == "Geliefert 02.03.2026\n\nZu erledigen bis 16.03.2026: Ute Falk"
    assert not crm.tasks
    assert firm.sql("select place from ops.deliveries") == [(f"tryton:note:note-{note.key}",)]
    assert firm.states() == {"c1": "sent"}
    assert not hand_over(firm.on(1)).lists
    assert take_crm_answers(firm.on(1)) == 0, "nobody can close a note"


def test_what_finds_no_place_or_no_settings_in_the_crm_stops_no_draft(firm):
    drafted(firm, "c1")
    firm.use("a_call", **HINT)
    firm.stage(3, "a_call")
    propose(firm.settings)
    path = firm.settings.config / "crm.yml"
    path.write_text("connector: nowhere\n", encoding="utf-8")
    with pytest.raises(HandOverError, match="nowhere") as caught:
        hand_over(firm.settings, dry_run=True)
    assert [one.channel for one in caught.value.handed.lists] == ["draft"]
    path.write_text("connector: excel\n", encoding="utf-8")
    assert [one.channel for one in hand_over(firm.settings).lists] == ["draft"]
    assert len(drafts(firm)) == 1


def test_a_field_says_what_is_due_and_allowed_as_long_as_it_is(firm):
    hinted(firm, "c1", "c2", channel="crm_field")
    fields = read_fields(firm.settings)
    assert fields["c1"].text == "• Dank an Firma c1 – Geliefert 02.03.2026"
    assert not hand_over(firm.settings).lists, "it is never sent"
    keep_fields(firm.settings, "tryton", fields["c1"].proposals)
    assert firm.sql("select place, delivered_on from ops.deliveries") == [("tryton:field", NIGHT)]
    assert firm.states() == {"c1": "shown", "c2": "shown"}
    firm.sql("update marts.customers set has_objected_to_profiling = true where customer_id = 'c2'")
    assert set(read_fields(firm.settings)) == {"c1"}
    assert read_fields(firm.on(15)) == {}, "expired"
    firm.decide("Anna", ids=fields["c1"].proposals, is_released=False)
    assert read_fields(firm.settings) == {}, "rejected"
    keep_fields(firm.settings, "tryton", [])
    assert firm.sql("select * from ops.deliveries") == []


def test_many_proposals_of_one_customer_are_cut_and_counted(firm):
    firm.use(**HINT | {"channel": "crm_field"}, reason={"de": "x" * 150, "en": "x"})
    firm.customer("c1", orders=20)
    propose(firm.settings)
    (one,) = read_fields(firm.settings).values()
    assert len(one.text) <= 1900
    assert one.text.endswith(f"… und {20 - len(one.proposals)} weitere Vorschläge")


def test_a_task_that_a_person_closed_comes_back_with_what_was_said(firm, crm):
    hinted(firm, "c1", "c2")
    firm.sql("insert into ops.crm_records values ('memory', 'parties', 'id-c4', 'c4', '{}', now())")
    firm.customer("c4")
    propose(firm.settings)
    hand_over(firm.settings)
    assert take_crm_answers(firm.settings) == 0
    for crm_id, (task, state) in list(crm.tasks.items()):
        said = {"id-c1": "erledigt, hat bestellt", "id-c2": "Abgelehnt: Kauft woanders"}
        if answer := said.get(task.party_id):
            update = {"is_done": True, "answer": answer}
            crm.tasks[crm_id] = (task, state.model_copy(update=update))
        else:
            del crm.tasks[crm_id]
    assert take_crm_answers(firm.on(1)) == 3
    assert take_crm_answers(firm.on(1)) == 0
    told = firm.sql("select customer_id, outcome, answer from ops.proposal_states order by 1")
    assert told == [
        ("c1", "done", "erledigt, hat bestellt"),
        ("c2", "rejected", "Abgelehnt: Kauft woanders"),
        ("c4", "rejected", None),
    ]
