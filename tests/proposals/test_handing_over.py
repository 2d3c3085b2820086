"""What goes out: what two people released, what is still allowed, and nothing twice."""

from __future__ import annotations

import csv
import time

import pytest

from proposals import OutboxError, deliveries, hand_over, propose
from proposals import handing_over as station
from proposals.channels import mailing_list
from tests.proposals.small_firm import NIGHT


def mails(firm):
    """Who stands in the mailing lists, once per row."""
    found = []
    for path in sorted(firm.settings.outbox.rglob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            found += [row["email"] for row in csv.DictReader(file, delimiter=";")]
    return found


def released(firm, *names):
    firm.customer(*names)
    propose(firm.settings)
    firm.decide("Anna", "Ben")


def test_one_release_is_not_enough_and_one_person_is_not_two(firm):
    firm.customer("c1")
    propose(firm.settings)
    assert not hand_over(firm.settings).lists
    firm.decide("Anna Berg", " anna  BERG")
    assert not hand_over(firm.settings).lists
    firm.decide("Ben")
    (one,) = hand_over(firm.settings).lists
    path = firm.settings.home / one.place
    assert path.stat().st_mode & 0o777 == 0o600
    assert mails(firm) == ["c1@firma.example"]
    text = path.read_text(encoding="utf-8-sig")
    assert "Einwilligung vom 01.01.2025" in text
    assert "Anna Berg, Ben" in text


def test_a_second_time_nothing_goes_out(firm):
    released(firm, "c1", "c2")
    hand_over(firm.settings)
    assert not hand_over(firm.settings).lists
    propose(firm.settings)
    assert not hand_over(firm.settings).lists
    assert mails(firm) == ["c1@firma.example", "c2@firma.example"]


def test_the_law_is_asked_again_between_release_and_hand_over(firm):
    released(firm, "c1", "c2", "c3", "c4")
    firm.consent("c1", "c1@firma.example", is_granted=False, on=NIGHT)
    firm.consent("c2", None, is_granted=False, on=NIGHT)
    firm.sql("update marts.customers set has_objected_to_profiling = true where customer_id = 'c3'")
    handed = hand_over(firm.settings)
    assert mails(firm) == ["c4@firma.example"]
    assert sorted(handed.held.values()) == [
        "objected_to_profiling", "refused_advertising", "refused_advertising",
    ]  # fmt: skip
    assert any("wünscht keine Werbung" in line for line in station.tell(handed))


def test_the_stage_and_the_yaml_are_asked_again(firm):
    released(firm, "c1")
    firm.stage(0)
    assert list(hand_over(firm.settings).held.values()) == ["not_in_force"]
    firm.stage(1)
    firm.use(colour="red")
    assert list(hand_over(firm.settings).held.values()) == ["not_in_force"]
    firm.use()
    assert len(hand_over(firm.settings).lists) == 1


def test_what_expired_stays(firm):
    released(firm, "c1")
    assert not hand_over(firm.on(15)).lists
    assert len(hand_over(firm.on(14)).lists) == 1


def test_two_mails_for_one_mailbox_do_not_go_out_together(firm):
    """They were released while nothing limited them."""
    firm.use(pause_days=0)
    firm.customer("c1", email="info@firma.example")
    firm.customer("c2", email="other@firma.example")
    propose(firm.settings)
    firm.decide("Anna", "Ben")
    firm.sql("update ops.proposals set email = 'info@firma.example'")
    firm.sql("insert into marts.consents select uuid()::varchar, 'c2', 'info@firma.example',"
             " 'newsletter', true, date '2025-01-01'")  # fmt: skip
    firm.rules(mailbox_days=14)
    handed = hand_over(firm.settings)
    assert mails(firm) == ["info@firma.example"]
    assert list(handed.held.values()) == ["mailbox_had_one"]
    assert not hand_over(firm.on(13)).lists
    assert len(hand_over(firm.on(14)).lists) == 1


def test_a_run_killed_before_the_file_is_there_goes_on_with_the_same_ones(firm, monkeypatch):
    released(firm, "c1", "c2")

    def killed(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr(mailing_list, "write_list", killed)
    with pytest.raises(KeyboardInterrupt):
        hand_over(firm.settings)
    monkeypatch.undo()
    assert (mails(firm), set(firm.states().values())) == ([], {"sent"})
    propose(firm.on(1))
    assert [one.proposals for one in hand_over(firm.on(1)).lists] == [firm.ids("sent")]
    assert mails(firm) == ["c1@firma.example", "c2@firma.example"]
    assert not hand_over(firm.on(1)).lists


def test_a_run_killed_after_the_file_is_there_writes_no_second_one(firm, monkeypatch):
    released(firm, "c1", "c2")

    def killed(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr(deliveries, "confirm", killed)
    with pytest.raises(KeyboardInterrupt):
        hand_over(firm.settings)
    monkeypatch.undo()
    before = mails(firm)
    hand_over(firm.on(1))
    assert mails(firm) == before == ["c1@firma.example", "c2@firma.example"]


def test_who_objects_after_such_a_kill_is_taken_off_the_list(firm, monkeypatch):
    released(firm, "c1", "c2")
    monkeypatch.setattr(deliveries, "confirm", lambda *_args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        hand_over(firm.settings)
    monkeypatch.undo()
    firm.consent("c1", "c1@firma.example", is_granted=False, on=NIGHT)
    hand_over(firm.settings)
    assert mails(firm) == ["c2@firma.example"]
    assert firm.states() == {"c1": "released", "c2": "sent"}


def test_so_does_the_list_where_nobody_is_left_on_it(firm, monkeypatch):
    released(firm, "c1")
    monkeypatch.setattr(deliveries, "confirm", lambda *_args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        hand_over(firm.settings)
    monkeypatch.undo()
    firm.consent("c1", "c1@firma.example", is_granted=False, on=NIGHT)
    hand_over(firm.settings)
    assert mails(firm) == []


def test_an_outbox_that_cannot_be_written_is_told_and_nothing_counts_as_sent(firm):
    released(firm, "c1")
    firm.settings.outbox.write_text("a file is in the way", encoding="utf-8")
    with pytest.raises(OutboxError, match=r"mails_thanks_.*nichts davon gilt als verschickt"):
        hand_over(firm.settings)
    assert firm.states() == {"c1": "released"}
    firm.settings.outbox.unlink()
    assert len(hand_over(firm.settings).lists) == 1


def test_names_do_not_become_formulas(firm):
    firm.use(subject={"de": "{{ company }}", "en": "{{ company }}"})
    firm.customer("c1")
    firm.sql("update marts.customers set name = '=HYPERLINK(\"http://evil\")'")
    propose(firm.settings)
    firm.decide("Anna", "Ben")
    (one,) = hand_over(firm.settings).lists
    with (firm.settings.home / one.place).open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file, delimiter=";")
    assert row["subject"].startswith("'=")


def test_ten_thousand_proposals_are_a_matter_of_seconds(firm):
    firm.use(at_most=20_000, pause_days=10)
    firm.sql("insert into marts.customers select 'c' || i, 'Firma ' || i, null, 'DE', ?::date,"
             " false, null from range(10000) as t (i)", (NIGHT,))  # fmt: skip
    firm.sql("insert into marts.contacts select 'k' || i, 'c' || i, 'Eva', 'Adler',"
             " 'c' || i || '@firma.example', true, 1, null from range(10000) as t (i)")  # fmt: skip
    firm.sql("insert into marts.orders select 'o' || i, 'c' || i, 'A' || i, ?::date, ?::date, 1,"
             " false from range(10000) as t (i)", (NIGHT, NIGHT))  # fmt: skip
    firm.sql("insert into marts.consents select 'e' || i, 'c' || i, 'c' || i || '@firma.example',"
             " 'newsletter', true, '2025-01-01' from range(10000) as t (i)")  # fmt: skip
    begun = time.monotonic()
    for _night in range(2):
        propose(firm.settings)
    firm.decide("Anna", "Ben")
    (one,) = hand_over(firm.settings).lists
    assert len(one.proposals) == 10_000
    assert time.monotonic() - begun < 60, "seconds on an idle machine; a busy one is given time"
