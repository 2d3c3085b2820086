"""Proposals on the command line: what waits, one of them, and decisions from there."""

from __future__ import annotations

import io
import json
import re

import pytest
from rich.console import Console
from typer.testing import CliRunner

from config import ConfigurationError
from proposals import hand_over, propose
from proposals.reading import DecisionError, decide, read_one, read_waiting
from reifegrad.cli import app
from reifegrad.terminal.proposal_tables import proposals_table
from report.overview import read_overview


def test_decisions_that_cannot_be_taken_are_told_and_the_others_are(firm):
    firm.customer("c1", "c2")
    propose(firm.settings)
    first, second = firm.ids()
    assert decide(firm.settings, [first, second], "Anna", "", is_released=True) == 2
    with pytest.raises(DecisionError, match="PX: Diesen Vorschlag gibt es nicht"):
        decide(firm.settings, [first, "PX"], "Ben", "", is_released=True)
    decide(firm.settings, [second], "Ben", "kennt uns", is_released=False)
    assert firm.states() == {"c1": "released", "c2": "rejected"}
    assert [one.proposal_id for one in read_waiting(firm.settings)] == [first]
    assert read_one(firm.settings, second).comment == "kennt uns"
    with pytest.raises(ConfigurationError, match="PX"):
        read_one(firm.settings, "PX")


def test_the_status_tells_what_waits_and_what_went_out(firm):
    firm.use("hints", channel="table", releases=0, subject=None, body=None, legal_basis="hint")
    firm.use()
    firm.stage(1, "hints")
    firm.customer("c1", "c2", "c3")
    propose(firm.settings)
    firm.decide("Anna", "Ben", ids=firm.ids()[:2])
    hand_over(firm.settings)
    overview = read_overview(firm.settings)
    hints, mails = overview.proposals
    assert (mails.waiting, mails.released, mails.sent) == (1, 0, 2)
    assert mails.sent_on == firm.settings.night
    assert (hints.shown, hints.waiting) == (3, 0)
    told = io.StringIO()
    Console(file=told, width=160).print(proposals_table(overview, "de"))
    assert re.search(r"mails .* 1 +– +– +– +2 \(02\.03\.2026\)", told.getvalue())
    assert re.search(r"hints .* – +– +3 +– +–", told.getvalue())


def test_the_commands_list_show_and_decide(firm, monkeypatch):
    for name in ("home", "proposals"):
        monkeypatch.setenv(f"REIFEGRAD_{name.upper()}", str(getattr(firm.settings, name)))
    monkeypatch.setenv("REIFEGRAD_AS_OF", str(firm.settings.night))
    firm.customer("c1")
    propose(firm.settings)
    (name,) = firm.ids()

    def run(*arguments):
        result = CliRunner().invoke(app, ["proposals", *arguments], catch_exceptions=False)
        return result.output

    assert name in run()
    assert json.loads(run("--json"))[0]["email"] == "c1@firma.example"
    assert "Einwilligung vom 01.01.2025" in run("show", name)
    assert run("release", name, "--by", "Anna Berg") == "1 freigegeben von Anna Berg\n"
    assert run("reject", name, "--by", "Ben", "--why", "nein") == "1 abgelehnt von Ben\n"
    assert run() == "Nichts wartet auf eine Freigabe.\n"
    assert run("reject", name, "--by", "Ben", "--reason", "not_true") == "1 abgelehnt von Ben\n"
    assert "stimmt nicht" in run("show", name)


def test_a_rejection_says_why_in_a_word_that_the_firm_knows(firm):
    firm.customer("c1")
    propose(firm.settings)
    with pytest.raises(DecisionError, match="vague ist kein Grund aus config"):
        decide(firm.settings, firm.ids(), "Ben", "", is_released=False, reject_reason="vague")
    assert firm.ids("open") == firm.ids()
