"""Released mails in the firm's mailing tool: each once, whatever happens on the way."""

from __future__ import annotations

import pytest

from proposals import HandOverError, deliveries, hand_over, propose
from tests.proposals.fake_tools import Brevo, Listmonk, serve
from tests.proposals.small_firm import NIGHT

TOOLS = {"listmonk": Listmonk, "brevo": Brevo}
CONNECTION = "AIRFLOW_CONN_REIFEGRAD_MAILING"
SENDER = {"name": "Firma", "email": "post@firma.example"}


@pytest.fixture(params=TOOLS)
def tool(firm, request, monkeypatch):
    """The tool that the firm uses, empty."""
    firm.rules(mailing_tool=request.param, sender=SENDER)
    found = TOOLS[request.param]()
    with serve(found) as address:
        monkeypatch.setenv(CONNECTION, f"http://anna:key-1@{address}")
        yield found


def released(firm, *names, **more):
    firm.customer(*names, **more)
    propose(firm.settings)
    firm.decide("Anna", "Ben")


def mails(*names):
    return [(f"{name}@firma.example", f"Danke, Firma {name}") for name in names]


def test_what_is_released_lies_there_once_with_its_own_text(firm, tool):
    released(firm, "c1", "c2")
    handed = hand_over(firm.settings)
    assert sum(len(one.proposals) for one in handed.lists) == 2
    assert tool.would_get() == mails("c1", "c2")
    before = len(tool.calls)
    assert not hand_over(firm.on(1)).lists
    assert len(tool.calls) == before
    assert firm.states() == {"c1": "sent", "c2": "sent"}
    assert not (firm.settings.outbox / "mailings").exists()


@pytest.mark.parametrize("killed_at", [1, 2, 4, 6])
def test_killed_anywhere_and_run_again_each_mail_is_there_once(firm, tool, killed_at, monkeypatch):
    released(firm, "c1", "c2", "c3")
    calls = 0

    def killed(*arguments, original=tool.handle):
        nonlocal calls
        calls += 1
        answer = original(*arguments)
        if calls == killed_at:
            tool.faults.append(("", "lost"))
        return answer

    monkeypatch.setattr(tool, "handle", killed)
    for _hour in range(3):
        try:
            hand_over(firm.settings)
        except HandOverError:
            continue
    hand_over(firm.settings)
    assert tool.would_get() == mails("c1", "c2", "c3")
    assert set(firm.states().values()) == {"sent"}


def test_a_run_killed_before_it_could_note_it_sends_nothing_twice(firm, tool, monkeypatch):
    released(firm, "c1", "c2")
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(deliveries, "confirm", lambda *_args: 1 / 0)
        hand_over(firm.settings)
    if isinstance(tool, Brevo):
        tool.keys.clear()  # half an hour later it remembers no keys
    hand_over(firm.on(1))
    assert tool.would_get() == mails("c1", "c2")


def test_a_tool_that_is_down_gets_it_an_hour_later(firm, tool):
    released(firm, "c1", "c2")
    tool.faults = [("", 503)]
    with pytest.raises(HandOverError, match=r"nimmt gerade nichts an: no \(HTTP 503\)"):
        hand_over(firm.settings)
    tool.faults = [("", 401)]
    with pytest.raises(HandOverError, match="HTTP 401"):
        hand_over(firm.settings)
    hand_over(firm.settings)
    assert tool.would_get() == mails("c1", "c2")


def test_a_tool_that_is_not_there_counts_nothing_as_sent(firm, tool, monkeypatch):
    released(firm, "c1")
    monkeypatch.setenv(CONNECTION, "http://anna:key-1@127.0.0.1:1")
    with pytest.raises(HandOverError, match=r"antwortet nicht.*127\.0\.0\.1:1"):
        hand_over(firm.settings)
    assert firm.states() == {"c1": "released"}
    monkeypatch.delenv(CONNECTION)
    with pytest.raises(HandOverError, match="reifegrad_mailing"):
        hand_over(firm.settings)
    assert tool.calls == []


def test_who_is_refused_is_named_and_stays_released_and_the_others_go(firm, tool):
    firm.customer("c1")
    firm.customer("c2", email="c2@bad.example")
    propose(firm.settings)
    firm.decide("Anna", "Ben")
    handed = hand_over(firm.settings)
    assert tool.would_get() == mails("c1")
    assert firm.states() == {"c1": "sent", "c2": "released"}
    ((words),) = handed.refused.values()
    assert "valid" in words


def test_who_objects_after_a_kill_is_taken_off_or_was_sent_already(firm, tool, monkeypatch):
    released(firm, "c1", "c2")
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(deliveries, "confirm", lambda *_args: 1 / 0)
        hand_over(firm.settings)
    firm.consent("c1", "c1@firma.example", is_granted=False, on=NIGHT)
    hand_over(firm.settings)
    if isinstance(tool, Listmonk):  # nobody has started the campaign
        assert tool.would_get() == mails("c2")
        assert firm.states() == {"c1": "released", "c2": "sent"}
    else:
        assert tool.would_get() == mails("c1", "c2")
        assert firm.states() == {"c1": "sent", "c2": "sent"}


def test_who_said_no_in_listmonk_stays_out(firm, monkeypatch):
    firm.rules(mailing_tool="listmonk")
    tool = Listmonk()
    tool.subscribers[1] = {
        "id": 1, "email": "c1@firma.example", "name": "Eva", "status": "blocklisted", "lists": [],
        "attribs": {},
    }  # fmt: skip
    kept = {"town": "Ulm"}
    tool.subscribers[2] = {
        "id": 2, "email": "c2@firma.example", "name": "Ute", "status": "enabled", "lists": [9],
        "attribs": kept,
    }  # fmt: skip
    with serve(tool) as address:
        monkeypatch.setenv(CONNECTION, f"http://anna:key-1@{address}")
        released(firm, "c1", "c2")
        assert list(hand_over(firm.settings).refused.values()) == ["listmonk: blocklisted"]
    assert tool.would_get() == mails("c2")
    assert tool.subscribers[2]["name"] == "Ute"
    assert 9 in tool.subscribers[2]["lists"]
    assert tool.subscribers[2]["attribs"]["town"] == "Ulm"


def test_brevo_without_a_sender_says_what_is_missing(firm, monkeypatch):
    firm.rules(mailing_tool="brevo")
    monkeypatch.setenv(CONNECTION, "http://anna:key-1@127.0.0.1:1")
    released(firm, "c1")
    with pytest.raises(HandOverError, match=r"`sender`.*proposals\.yml"):
        hand_over(firm.settings)
