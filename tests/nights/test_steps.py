"""The order of the night: the command line takes the very steps of the list, and no other."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import chain

import pytest

from config import PROJECT_ROOT, Settings
from crm import CrmUnreachableError
from fetch import Fetched
from ml import ScoringError, Training, TrainingError
from nights.mailing import MailError
from nights.steps import NIGHT, Step
from reifegrad import stations

STEPS = [step.name for step in chain.from_iterable(NIGHT.values())]
# What is not due for rules alone, with a champion in force.
LEFT_OUT = {"train_champions", "score_by_model", "clear_scores"}


@pytest.mark.parametrize("left_out", [set(), LEFT_OUT])
def test_the_command_line_takes_the_steps_in_their_order(tmp_path, monkeypatch, left_out):
    taken = []

    def recording(step):
        def run(_settings):
            taken.append(step.name)
            return [name for name in step.chooses if name not in left_out]

        return replace(step, run=run)

    def told(name, result):
        taken.append(name)
        yield "told"
        return result

    ingested = stations.Ingested(("broken.csv",), (), held=("kunden.csv",))
    recorded = {dag_id: tuple(map(recording, steps)) for dag_id, steps in NIGHT.items()}
    monkeypatch.setattr(stations, "NIGHT", recorded)
    monkeypatch.setattr(stations, "TOLD", {})
    monkeypatch.setattr(stations, "check", lambda *_: told("check_setup", None))
    monkeypatch.setattr(stations, "ingest", lambda *_: told("ingest_files", ingested))
    lines = list(stations.run_night(Settings(home=tmp_path, language="en")))
    assert taken == [name for name in STEPS if name not in left_out]
    assert lines == [
        "told",
        "told",
        "! Not loaded, see above: broken.csv",
        "! Held back until a person decides, see above: kunden.csv"
        " (reifegrad ingest --accept FILE)",
    ]


def test_a_score_that_can_not_be_trained_is_told_and_the_night_goes_on_by_what_is_in_force(
    tmp_path, monkeypatch
):
    taken = []

    def step(name):
        def run(_settings):
            taken.append(name)
            if name == "train_champions":
                raise TrainingError(
                    [Training("churn", "failed", "no store"), Training("lead", "champion", "good")]
                )

        return Step(name, run)

    monkeypatch.setattr(stations, "NIGHT", {"all": (step("train_champions"), step("push_to_crm"))})
    told = {"train_champions": lambda _settings, results: [one.message for one in results]}
    monkeypatch.setattr(stations, "TOLD", told)
    night = stations.run_night(Settings(home=tmp_path, language="en"))
    assert [next(night), next(night)] == ["no store", "good"]
    with pytest.raises(TrainingError, match="Not trained: churn: no store"):
        next(night)
    assert taken == ["train_champions", "push_to_crm"]


def test_a_score_that_fails_is_told_at_the_end_and_the_others_reach_people(tmp_path, monkeypatch):
    taken = []

    def step(name):
        def run(_settings):
            taken.append(name)
            if name == "clear_scores":
                raise ScoringError("Not scored: churn: churn.yml, line 3", [])

        return Step(name, run)

    steps = tuple(map(step, ("clear_scores", "publish_scores", "push_to_crm")))
    monkeypatch.setattr(stations, "NIGHT", {"all": steps})
    monkeypatch.setattr(stations, "TOLD", {})
    with pytest.raises(ScoringError, match=r"churn\.yml, line 3"):
        list(stations.run_night(Settings(home=tmp_path, language="en")))
    assert taken == ["clear_scores", "publish_scores", "push_to_crm"]


def test_a_push_that_fails_keeps_no_mail_from_being_sent(tmp_path, monkeypatch):
    taken = []

    def step(name, error=None):
        def run(_settings):
            taken.append(name)
            if error:
                raise error

        return Step(name, run)

    push, mail = CrmUnreachableError("The CRM is away."), MailError("Not sent: Anna")
    steps = (
        step("write_call_lists"), step("push_to_crm", push), step("mail_call_lists", mail),
        step("exchange_tasks"),
    )  # fmt: skip
    monkeypatch.setattr(stations, "NIGHT", {"all": steps})
    monkeypatch.setattr(stations, "TOLD", {})
    night = stations.run_night(Settings(home=tmp_path, language="en"))
    assert next(night) == "! The CRM is away."
    with pytest.raises(MailError, match="Anna"):
        next(night)
    assert taken == ["write_call_lists", "push_to_crm", "mail_call_lists"]


def test_a_source_that_does_not_answer_is_told_and_the_night_goes_on(tmp_path, monkeypatch):
    taken = []
    silent = Fetched("erp", "sql", "failed", problem="erp.example does not answer")

    def step(name, result=None):
        return Step(name, lambda _settings: taken.append(name) or result)

    steps = (step("fetch_sources", [silent]), step("publish_marts", {}))
    monkeypatch.setattr(stations, "NIGHT", {"all": steps})
    monkeypatch.setattr(stations, "TOLD", {"fetch_sources": stations.TOLD["fetch_sources"]})
    assert list(stations.run_night(Settings(home=tmp_path, language="en"))) == [
        "! erp: erp.example does not answer. It has never been fetched yet.",
        "! Not fetched, see above: erp",
    ]
    assert taken == ["fetch_sources", "publish_marts"]


def test_the_command_train_tells_every_score_before_it_fails(tmp_path, monkeypatch):
    results = [Training("churn", "failed", "no store"), Training("lead", "champion", "good")]

    def failing(*_args):
        raise TrainingError(results)

    monkeypatch.setattr("ml.train_models", failing)
    monkeypatch.setattr("warehouse.require_marts", lambda _settings: None)
    told = stations.train(Settings(home=tmp_path, language="en", models=PROJECT_ROOT / "models"))
    assert [next(told), next(told)] == ["Churn risk: no store", "Chance to win: good"]
    with pytest.raises(TrainingError, match="churn: no store"):
        next(told)


def test_no_two_steps_have_one_name_and_what_is_told_is_told_of_a_step():
    assert len({*STEPS}) == len(STEPS)
    assert stations.TOLD.keys() <= {*STEPS}
    chosen = {name for steps in NIGHT.values() for step in steps for name in step.chooses}
    assert chosen <= {*STEPS}


def test_reading_the_list_loads_nothing_heavy():
    code = (
        "import sys, nights.airflow, nights.steps\n"
        "heavy = {'pandas', 'duckdb', 'airflow', 'cosmos', 'dbt', 'mlflow', 'great_expectations'}\n"
        "print(heavy & set(sys.modules))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT_ROOT
    )
    assert told.stdout.strip() == "set()"
