"""What automated mailings propose beside thanks: asking how it went, and winning back."""

from __future__ import annotations

from datetime import timedelta

import pytest
import yaml

from config import PROJECT_ROOT
from proposals import propose
from tests.proposals.small_firm import NIGHT

USE = PROJECT_ROOT / "proposals/automated_mailings.yml"
MONTH_AGO, LONG_AGO = NIGHT - timedelta(days=30), NIGHT - timedelta(days=200)


@pytest.fixture
def firm(firm):
    (firm.settings.proposals / "mails.yml").unlink()
    firm.use("automated_mailings", yaml.safe_load(USE.read_text(encoding="utf-8")))
    return firm


def proposed(firm, action):
    return {
        name
        for (name,) in firm.sql(
            "select customer_id from ops.proposals where action = ? and ended_on is null", (action,)
        )
    }


def silent(firm, *names, points=50, amount=1000):
    """Add customers whom the score takes for silent."""
    firm.customer(*names, delivered=LONG_AGO)
    for name in names:
        firm.sql(
            "insert into marts.scores values ('reactivation', ?, ?, null, ?, '', '')",
            (name, points, amount),
        )


def test_feedback_is_asked_for_at_stage_2_and_only_with_consent(firm):
    firm.customer("yes", delivered=MONTH_AGO)
    firm.customer("no", consent=False, delivered=MONTH_AGO)
    firm.customer("sale", consent=False, delivered=MONTH_AGO)
    firm.consent(
        "sale", "sale@firma.example", is_granted=True, on="2025-01-01", purpose="existing_customer"
    )
    firm.stage(1, "automated_mailings")
    propose(firm.settings)
    assert proposed(firm, "feedback") == set()
    firm.stage(2, "automated_mailings")
    propose(firm.settings)
    assert proposed(firm, "feedback") == {"yes"}, "§ 7(3) UWG does not carry a survey"


def test_whoever_has_a_question_open_or_complained_is_not_asked(firm):
    firm.customer("open", "angry", "settled", delivered=MONTH_AGO)
    firm.sql("insert into marts.tickets values ('T1', 'open', '2024-01-01', null, false)")
    firm.sql("insert into marts.tickets values ('T2', 'angry', '2026-02-20', '2026-02-21', true)")
    firm.sql(
        "insert into marts.tickets values ('T3', 'settled', '2026-02-20', '2026-02-21', false)"
    )
    firm.stage(2, "automated_mailings")
    propose(firm.settings)
    assert proposed(firm, "feedback") == {"settled"}


def test_silent_customers_are_written_to_at_stage_3_by_chance_times_worth(firm):
    names = [f"s{n:02}" for n in range(60)]
    silent(firm, *names)
    silent(firm, "dear", points=40, amount=90_000)
    firm.stage(2, "automated_mailings")
    propose(firm.settings)
    assert proposed(firm, "reactivation") == set()
    firm.stage(3, "automated_mailings")
    (result,) = (one for one in propose(firm.settings) if one.action == "reactivation")
    assert result.new == 20, "as many as two people read"
    assert result.cut > 0
    assert result.control > 0, "a fifth is left alone, to see what it brings"
    assert "dear" in proposed(firm, "reactivation")


def test_nobody_is_written_to_while_people_talk_anyway(firm):
    silent(firm, "offer", "trouble", "quiet1", "quiet2", "quiet3")
    firm.sql("insert into marts.leads values ('L1', 'offer', 'Presse', 'open', 1)")
    firm.sql("insert into marts.tickets values ('T1', 'trouble', '2026-02-20', null, false)")
    firm.stage(3, "automated_mailings")
    propose(firm.settings)
    assert proposed(firm, "reactivation") <= {"quiet1", "quiet2", "quiet3"}
    assert proposed(firm, "reactivation")


def test_the_control_group_stays_the_same_and_gets_no_mail(firm):
    silent(firm, *(f"s{n:02}" for n in range(15)))
    firm.stage(3, "automated_mailings")
    firm.stage(3, "automated_mailings", NIGHT + timedelta(days=1))
    propose(firm.settings)
    control = set(firm.ids("control"))
    assert control
    propose(firm.on(1))
    assert set(firm.ids("control")) == control
    assert firm.decide("Anna", "Ben", ids=sorted(control))[0].endswith("wird in Ruhe gelassen.")
