"""The day's list as tasks in the CRM, and what people say when they close them."""

from __future__ import annotations

from datetime import date

import pytest

from crm import Change, Outcome, exchange_tasks, push_through
from crm.records import TaskState
from crm.tasks import Wish, means
from nights import sales
from tests.crm.conftest import CRM
from tests.crm.memory_crm import MemoryCrm
from warehouse import open_warehouse

WORDS = {"angerufen": "called", "jetzt nicht": "not_now", "hinweis stimmt nicht": "wrong"}


class TaskCrm(MemoryCrm):
    def __init__(self) -> None:
        super().__init__()
        self.tasks = {}
        self.states = {}

    def create_tasks(self, tasks):
        self.tasks |= {f"t-{task.key}": task for task in tasks}
        return [Outcome(f"t-{task.key}") for task in tasks]

    def read_tasks(self, ids):
        open_ones = {i: TaskState(crm_id=i, is_done=False) for i in ids if i in self.tasks}
        return open_ones | {i: self.states[i] for i in ids if i in self.states}


@pytest.fixture
def crm(settings, monkeypatch, show, score):
    (settings.config / "crm.yml").write_text(CRM + "tasks: true\n", encoding="utf-8")
    found = TaskCrm()
    monkeypatch.setattr("crm.tasks.open_connector", lambda _settings, _config: found)
    show({"C1": score(90), "C2": score(50)}, {"L1": score(70)})
    push_through(found, settings)
    with open_warehouse(settings) as warehouse:
        warehouse.execute(
            "create schema if not exists marts; create table marts.customer_records as select"
            " 'r:1' as record_id, 'C1' as customer_id; create table marts.leads as select"
            " 'L1' as lead_id, 'C1' as customer_id; create table marts.customers as select"
            " 'C1' as customer_id, false as has_objected_to_profiling"
        )
    return found


def wish(entity_id: str, day: int = 22, customer: str = "C1") -> Wish:
    score, entity = ("lead", "lead") if entity_id.startswith("L") else ("churn", "customer")
    about = date(2026, 11, day)
    key = f"{score}:{entity_id}:{about}"
    return Wish(key, score, entity, entity_id, customer, about, "Müller: anrufen", "+ …", "Blum")


def exchange(settings, *wishes):
    return exchange_tasks(settings, wishes, means(WORDS))


def feedback(settings):
    with open_warehouse(settings) as warehouse:
        return warehouse.execute(
            "select score, entity_id, kind, note, about::varchar, source from ops.score_feedback"
            " order by 1, 2"
        ).fetchall()


def test_a_row_becomes_one_task_on_its_record_and_is_not_asked_again_while_it_is_open(
    settings, crm
):
    first = exchange(settings, wish("C1"), wish("L1"), wish("C9", customer="C9"))
    assert first == (2, 0, 0, 1)
    task = crm.tasks["t-lead:L1:2026-11-22"]
    assert (task.party_id, task.opportunity_id, task.owner) == ("id-C1", "id-L1", "Blum")
    assert exchange(settings, wish("C1"), wish("C1", day=23)) == (0, 0, 0, 0)
    assert len(crm.tasks) == 2


def test_what_people_say_when_they_close_it_comes_back_once(settings, crm):
    exchange(settings, wish("C1"), wish("L1"))
    done = {"is_done": True, "done_on": date(2026, 11, 23)}
    crm.states = {
        "t-churn:C1:2026-11-22": TaskState(
            crm_id="t-churn:C1:2026-11-22", answer="Hinweis stimmt nicht, sind im Umzug", **done
        ),
        "t-lead:L1:2026-11-22": TaskState(crm_id="t-lead:L1:2026-11-22", **done),
    }
    assert exchange(settings).answered == 2
    assert exchange(settings).answered == 0
    note = "Hinweis stimmt nicht, sind im Umzug"
    assert feedback(settings) == [
        ("churn", "C1", "wrong", note, "2026-11-22", "memory"),
        ("lead", "L1", "called", None, "2026-11-22", "memory"),
    ]


def test_a_task_that_somebody_deleted_says_nothing_and_may_come_again_later(settings, crm):
    exchange(settings, wish("C1"))
    crm.tasks.clear()
    assert exchange(settings).answered == 0
    assert feedback(settings) == []
    assert exchange(settings, wish("C1", day=24)).created == 1


def test_nothing_happens_unless_the_company_wants_tasks(settings, crm):
    (settings.config / "crm.yml").write_text(CRM, encoding="utf-8")
    assert exchange(settings, wish("C1")) == (0, 0, 0, 0)
    assert crm.tasks == {}


def test_the_longest_word_in_an_answer_decides():
    kind_of = means({"kunde": "called", "kunde verloren": "lost"})
    assert [kind_of(text) for text in ("Kunde verloren!", "Kunde ok", None)] == [
        "lost",
        "called",
        "called",
    ]


def test_a_score_that_a_person_corrected_comes_back_as_feedback(settings, crm, monkeypatch):
    edited = Change(
        target="parties", key="C1", action="conflict", crm_id="id-C1", kept=("band", "reasons"),
        old_values={"band": "low", "points": 90, "reasons": "x"},
    )  # fmt: skip
    text_only = edited.model_copy(update={"key": "C2", "crm_id": "id-C2", "kept": ("reasons",)})
    seen = {}

    def push(_settings, **options):
        seen.update(options)
        return [edited, text_only]

    monkeypatch.setattr("crm.push", push)
    for _night in range(2):
        sales.push_scores(settings, force=True)
    assert seen == {"force": True, "next_steps": {}, "proposals": {}}
    ((*said, _about, source),) = feedback(settings)
    assert said == ["churn", "C1", "wrong", "band: low"]
    assert source == "tryton"


def test_a_field_that_was_emptied_on_many_records_at_once_judges_no_hint(
    settings, crm, monkeypatch
):
    emptied = Change(
        target="parties", key="C1", action="conflict", crm_id="id-C1", kept=("points",),
        old_values={"band": "low", "points": None, "reasons": "x"},
    )  # fmt: skip
    judged = emptied.model_copy(
        update={"key": "C2", "crm_id": "id-C2", "old_values": {"points": 3}}
    )
    many = [emptied.model_copy(update={"key": f"C{i}"}) for i in range(20)]
    monkeypatch.setattr("crm.push", lambda _settings, **_options: [*many, judged])
    sales.push_scores(settings)
    assert [entity for _score, entity, *_rest in feedback(settings)] == ["C2"]


def test_the_next_step_of_the_list_stands_beside_the_score(settings, crm):
    changes = push_through(crm, settings, next_steps={"C1": "Anrufen"})
    assert [(c.key, c.writes) for c in changes if c.writes] == [("C1", {"next_step": "Anrufen"})]


def test_a_proposed_step_that_no_text_field_holds_is_cut_and_keeps_no_score_back(settings, crm):
    steps = {"C1": "„" + "Umbau " * 60 + "“: nachfragen"}
    changes = push_through(crm, settings, next_steps=steps)
    (step,) = [change.writes["next_step"] for change in changes if change.writes]
    assert len(step) <= 255 and step.startswith("„Umbau") and step.endswith("…")
    assert not any(change.writes for change in push_through(crm, settings, next_steps=steps))
