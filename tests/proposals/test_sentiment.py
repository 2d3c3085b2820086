"""Who is probably dissatisfied stands beside the customer; what is not true is learnt."""

from __future__ import annotations

from datetime import timedelta

import pytest

from config import PROJECT_ROOT, Settings
from ml.text.spec import load
from ml.text.station import read_texts
from proposals import Decision, propose, record_decisions
from proposals.rules import load_rules
from proposals.uses import load_use
from tests.proposals.small_firm import NIGHT, NOW
from warehouse import open_warehouse

YAML = PROJECT_ROOT / "proposals/sentiment.yml"
RULES = load_rules(Settings(config=PROJECT_ROOT / "config"))
MOODS = """
create table marts.customer_moods (customer_id varchar, texts integer, dissatisfied integer,
    trend varchar, dissatisfied_at timestamp, text_id varchar, category varchar, sentence varchar);
create or replace table marts.scores (
    score varchar, entity_id varchar, points integer, band varchar
);
create or replace table marts.tickets (ticket_id varchar, customer_id varchar, opened_at timestamp,
    category varchar, subject varchar, body varchar, is_complaint boolean);
"""


@pytest.fixture
def moody(firm):
    """Four customers: one angry more and more, one angry once, one angry long ago, one content."""
    (firm.settings.proposals / "mails.yml").unlink()
    (firm.settings.proposals / YAML.name).write_text(YAML.read_text(encoding="utf-8"), "utf-8")
    firm.customer("worse", "once", "past", "calm")
    firm.sql(MOODS)
    for who, dissatisfied, trend, days, sentence in [
        ("worse", 3, "worse", 2, "So geht das nicht."),
        ("once", 1, None, 5, None),
        ("past", 0, "better", 80, "Das war nichts."),
        ("calm", 0, None, None, None),
    ]:
        at = NIGHT - timedelta(days=days) if days else None
        firm.sql("insert into marts.customer_moods values (?, 3, ?, ?, ?, ?, 'Technik', ?)",
                 (who, dissatisfied, trend, at, f"T-{who}", sentence))  # fmt: skip
        firm.sql("insert into marts.tickets values (?, ?, ?, 'Technik', 'Lager', ?, true)",
                 (f"T-{who}", who, at or NIGHT, "So geht das nicht."))  # fmt: skip
    return firm


def proposed(firm):
    rows = firm.sql(
        "select action, customer_id, channel, reason_de, reason_en from ops.proposals order by all"
    )
    return {(action, who): tuple(rest) for action, who, *rest in rows}


@pytest.mark.parametrize(
    ("stage", "actions"),
    [
        (0, set()),
        (1, {("hint", "worse"), ("hint", "once")}),
        (2, {("hint", "worse"), ("hint", "once")}),
        (3, {("hint", "worse"), ("hint", "once"), ("call", "worse")}),
    ],
)
def test_the_stage_decides_what_is_proposed(moody, stage, actions):
    moody.stage(stage, "sentiment")
    propose(moody.settings)
    assert set(proposed(moody)) == actions


def test_the_sentence_itself_is_shown_and_the_trend_from_stage_2_on(moody):
    moody.stage(1, "sentiment")
    propose(moody.settings)
    assert proposed(moody)["hint", "worse"] == (
        "crm_field", "„So geht das nicht.“, am 28.02.2026", "“So geht das nicht.”, on 28 Feb 2026",
    )  # fmt: skip
    assert proposed(moody)["hint", "once"][1] == "Beschwerde vom 25.02.2026"
    moody.stage(2, "sentiment")
    propose(moody.settings)
    assert proposed(moody)["hint", "worse"][1] == (
        "„So geht das nicht.“, am 28.02.2026 (Technik); zunehmend: 3 in 90 Tagen"
    )


def test_a_customer_who_may_leave_is_called_without_a_trend(moody):
    moody.stage(3, "sentiment")
    moody.sql("insert into marts.scores values ('churn', 'once', 70, 'high')")
    propose(moody.settings)
    assert proposed(moody)["call", "once"][1:] == (
        "Beschwerde vom 25.02.2026; Abwanderung 70 von 100",
        "Complaint of 25 Feb 2026; churn 70 of 100",
    )


def test_who_objected_gets_neither_hint_nor_task(moody):
    moody.sql(
        "update marts.customers set has_objected_to_profiling = true where name like '%worse'"
    )
    moody.stage(3, "sentiment")
    propose(moody.settings)
    assert {who for _action, who in proposed(moody)} == {"once"}


def test_the_machine_answers_nobody():
    use = load_use(YAML)
    assert all(not action.writes_mail and action.body is None for action in use.actions.values())
    assert all(action.legal_basis == "hint" for action in use.actions.values())


def test_what_a_person_calls_not_true_becomes_a_label(moody):
    moody.stage(1, "sentiment")
    propose(moody.settings)
    ((key, sha),) = moody.sql(
        "select proposal_id, sha256 from ops.proposals where customer_id = 'worse'"
    )
    decision = Decision(key, sha, "Eva", False, NOW, "command", reject_reason="not_true")
    with open_warehouse(moody.settings) as connection:
        _new, refused = record_decisions(connection, [decision], RULES)
        assert refused == []
        spec = load(PROJECT_ROOT / "models/sentiment.yml")
        texts = read_texts(connection, moody.settings, spec).set_index("text_id")
    assert not texts.loc["T-worse", "label"]
    assert not texts.loc["T-worse", "said"]
    assert texts.loc["T-once", "label"] and texts.loc["T-once", "said"]
    propose(moody.settings)
    assert moody.sql("select count(*) from ops.proposal_states where state = 'shown'") == [(1,)]


def test_nothing_is_read_or_kept_of_who_handled_a_text():
    """No figure per employee (§ 87(1) no. 6 BetrVG): not even the input is there."""
    model = (PROJECT_ROOT / "models/sentiment.yml").read_text(encoding="utf-8")
    texts = model[model.index("texts: |") :]
    for word in ("handled", "agent", "owner", "account_manager", "assignee", "bearbeiter"):
        assert word not in texts.lower()
        assert word not in YAML.read_text(encoding="utf-8").lower()
