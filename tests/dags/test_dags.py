"""The exact set of DAGs, their shape, and the policy that every task follows."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import ParamValidationError

from config import PROJECT_ROOT, load_settings
from nights import manifest
from nights.airflow import MARTS, OWNER, WAREHOUSE_POOL, leave
from nights.steps import DAG_IDS, DELIVER_RELEASED, NIGHT, Step

FILES = sorted((PROJECT_ROOT / "dags").glob("*.py"))


MODELS = "build_models."
BESIDE = {"deliver_released": DELIVER_RELEASED, "approve_proposals": ()}  # the night
EVERY_DAG = (*DAG_IDS, *BESIDE)


def edges(dag, hide=MODELS):
    """Edges between tasks; those inside the dbt group are told by the manifest test."""
    return {
        (task.task_id, below)
        for task in dag.tasks
        for below in task.downstream_task_ids
        if not (task.task_id.startswith(hide) and below.startswith(hide))
    }


def context(night=None, events=(), due=datetime(2026, 3, 2, 1, tzinfo=UTC)):
    """What a task of a run knows: asked for, told by the events of assets, and when it was due."""
    return {
        "params": {"night": night},
        "triggering_asset_events": {number: [event] for number, event in enumerate(events)},
        "dag_run": SimpleNamespace(logical_date=None, run_after=due),
        "outlet_events": defaultdict(SimpleNamespace),
    }


def outlets(dag):
    return {(task.task_id, asset.name) for task in dag.tasks for asset in task.outlets}


def assets_of(condition):
    """Names in an asset condition."""
    return {asset.name for asset in getattr(condition, "objects", [condition])}


def test_there_are_exactly_the_six_dags_of_the_night_and_two_beside_it(dagbag):
    assert dagbag.import_errors == {}
    assert set(dagbag.dag_ids) == set(EVERY_DAG)
    assert len(dagbag.dag_ids) == 8


def test_each_dag_has_a_file_of_its_own_name_and_little_in_it(dagbag):
    assert {file.stem for file in FILES} == set(EVERY_DAG)
    for dag_id in EVERY_DAG:
        assert Path(dagbag.dags[dag_id].fileloc).stem == dag_id
    for file in FILES:
        assert len(file.read_text(encoding="utf-8").splitlines()) <= 75, file.name  # wiring only


@pytest.mark.parametrize("dag_id", EVERY_DAG)
def test_the_tasks_in_their_order_are_the_steps_that_the_command_line_takes(dagbag, dag_id):
    dag = dagbag.dags[dag_id]
    ids = [
        getattr(node, "task_id", None) or node.group_id  # dbt's group stands for its step
        for node in dag.task_group.topological_sort()
    ]
    only_airflows = {
        "leave_proposals",  # it wakes the next DAG, as these do
        *("request_training", "confirm_maturity", "confirm_champions"),
        *("is_approval_due", "approve_champions", "put_in_force", "turn_down"),  # they ask a person
        *("release_push", "push_released"),  # likewise
        *("choose_proposals", "ask_for_release", "release_proposals"),
        *("confirm_scores", "confirm_proposals", "confirm_delivery"),  # let the run fail
    }
    steps = NIGHT.get(dag_id) or BESIDE[dag_id]
    assert [id_ for id_ in ids if id_ not in only_airflows] == [step.name for step in steps]


def test_consolidate_customers(dagbag):
    dag = dagbag.dags["consolidate_customers"]
    assert dag.timetable.expression == "0 2 * * *"
    assert str(dag.timetable.timezone) == "Europe/Berlin"
    assert dag.roots == [dag.get_task("check_setup")]
    assert ("check_setup", "take_decisions") in edges(dag)
    assert ("take_decisions", "fetch_sources") in edges(dag), "before anything new is read"
    assert ("fetch_sources", "ingest_files") in edges(dag)
    assert ("remember_customers", "audit_marts") in edges(dag)
    assert ("audit_marts", "publish_marts") in edges(dag)
    group = dag.task_group.children["build_models"]
    assert group.upstream_task_ids == {"ingest_files"}
    assert group.downstream_task_ids == {"remember_customers"}
    assert outlets(dag) == {("publish_marts", "marts")}


def test_there_is_a_task_for_every_model_joined_as_in_dbt(dagbag):
    nodes = json.loads(manifest.current_manifest().read_text(encoding="utf-8"))["nodes"]
    verbs = {"model": "run", "snapshot": "snapshot"}
    tasks = {
        key: f"{MODELS}{node['name']}_{verbs[node['resource_type']]}"
        for key, node in nodes.items()
        if node["resource_type"] in verbs
    }
    assert f"{MODELS}snap_customers_snapshot" in tasks.values()
    dag = dagbag.dags["consolidate_customers"]
    for key, task_id in tasks.items():
        parents = nodes[key]["depends_on"]["nodes"]
        upstream = dag.task_dict[task_id].upstream_task_ids
        assert {tasks[parent] for parent in parents if parent in tasks} <= upstream
    tests = dag.task_dict[f"{MODELS}dbt_project_test"]
    assert tests.downstream_task_ids == {"remember_customers"}
    leaves = {
        task.task_id for task in dag.tasks if "dbt_project_test" in str(task.downstream_task_ids)
    }
    assert leaves, "the tests run after the models"


def test_assess_maturity(dagbag):
    dag = dagbag.dags["assess_maturity"]
    assert assets_of(dag.timetable.asset_condition) == {"marts"}
    assert edges(dag) == {
        ("assess_use_cases", "is_training_due"),
        ("assess_use_cases", "report_maturity"),
        ("is_training_due", "request_training"),
        ("is_training_due", "confirm_maturity"),
    }
    assert outlets(dag) == {("request_training", "training_due"), ("confirm_maturity", "maturity")}


def test_train_models(dagbag):
    dag = dagbag.dags["train_models"]
    assert dag.timetable.timetable.expression == "0 4 * * 0"
    assert assets_of(dag.timetable.asset_condition) == {"training_due"}
    assert outlets(dag) == {("confirm_champions", "champions"), ("put_in_force", "champions")}
    assert edges(dag) == {
        ("train_champions", "confirm_champions"),
        ("train_champions", "is_approval_due"),
        ("is_approval_due", "approve_champions"),
        ("approve_champions", "put_in_force"),
        ("put_in_force", "turn_down"),
    }
    confirm = dag.task_dict["confirm_champions"]
    assert confirm.trigger_rule == "all_done", "what fails in training does not stop the scores"


def test_score_customers(dagbag):
    from airflow.sdk import AssetAny

    dag = dagbag.dags["score_customers"]
    assert isinstance(dag.timetable.asset_condition, AssetAny)
    assert assets_of(dag.timetable.asset_condition) == {"maturity", "champions"}
    branches = {"score_by_rules", "score_by_model", "clear_scores"}
    assert edges(dag) == {
        *(("choose_methods", branch) for branch in branches),
        *((branch, "apply_models") for branch in branches),
        ("apply_models", "publish_scores"),
        ("publish_scores", "watch_scores"),
        *((before, "confirm_scores") for before in {*branches, "apply_models"}),
    }
    assert dag.task_dict["choose_methods"].inherits_from_skipmixin, "what is not chosen is skipped"
    for task in ("apply_models", "publish_scores"):
        assert dag.task_dict[task].trigger_rule == "all_done", "one failure stops no other"
    assert dag.task_dict["confirm_scores"].trigger_rule == "none_failed", "but the run fails"
    assert outlets(dag) == {("publish_scores", "scores")}


@pytest.mark.parametrize(
    ("stages", "chosen"),
    [
        ({"churn": 1, "lead_scoring": 2, "automated_mailings": 1}, {"score_by_rules"}),
        (
            {"churn": 3, "lead_scoring": 2, "automated_mailings": 2},
            {"score_by_model", "score_by_rules"},
        ),
        ({"churn": 0, "lead_scoring": 3}, {"clear_scores", "score_by_model"}),
        ({}, {"clear_scores"}),
    ],
)
def test_score_customers_branches_on_the_stage(dagbag, stages, chosen, tmp_path, monkeypatch):
    from warehouse import open_warehouse

    monkeypatch.setenv("REIFEGRAD_HOME", str(tmp_path))
    with open_warehouse(load_settings()) as connection:
        for use_case, stage in stages.items():
            connection.execute(
                "insert into ops.maturity_stages by name select current_date - 1 as night,"
                " ? as use_case, ? as stage, now() as assessed_at",
                [use_case, stage],
            )
    choose = dagbag.dags["score_customers"].task_dict["choose_methods"].python_callable
    assert set(choose(**context(due=datetime.now(UTC)))) == chosen


def test_push_scores(dagbag):
    dag = dagbag.dags["push_scores"]
    assert assets_of(dag.timetable.asset_condition) == {"proposals"}
    assert outlets(dag) == {("push_to_crm", "crm"), ("push_released", "crm")}
    # a CRM that does not answer keeps no list back, nor lists that cannot be written the push
    assert edges(dag) == {
        ("write_call_lists", "mail_call_lists"),
        ("write_call_lists", "prepare_push"),
        ("prepare_push", "push_to_crm"),
        ("prepare_push", "release_push"),
        ("release_push", "push_released"),
        ("push_to_crm", "exchange_tasks"),
        ("push_released", "exchange_tasks"),
        ("exchange_tasks", "hand_over_to_crm"),
    }


@pytest.mark.parametrize(
    ("dag_id", "between", "last"),
    [
        ("propose_actions", ["take_releases", "make_proposals"], "confirm_proposals"),
        ("deliver_released", ["take_releases"], "confirm_delivery"),
    ],
)
def test_what_is_released_goes_out_whatever_failed_before(dagbag, dag_id, between, last):
    dag = dagbag.dags[dag_id]
    way = [*between, "hand_over_released", "write_release_list", "write_proposals_page"]
    leaves = {("leave_proposals", "proposals")} if dag_id == "propose_actions" else set()
    assert edges(dag) == {
        *pairwise(way),
        *((task, last) for task in way[:-1]),
        *(("hand_over_released", task) for task, _asset in leaves),
    }
    for task, _asset in leaves:  # the scores go into the CRM whatever came of the proposals
        assert dag.task_dict[task].trigger_rule == "all_done"
    for task in way[-3:]:
        assert dag.task_dict[task].trigger_rule == "all_done"
    assert dag.task_dict[last].trigger_rule == "none_failed", "but the run fails"
    assert outlets(dag) == {("hand_over_released", "mailings")} | leaves


def test_proposals_to_many_wait_for_a_person_in_a_dag_of_their_own(dagbag, monkeypatch):
    from airflow.providers.standard.operators.hitl import ApprovalOperator

    from proposals.approving import Asked

    dag = dagbag.dags["approve_proposals"]
    assert assets_of(dag.timetable.asset_condition) == {"proposals"}
    assert outlets(dag) == set(), "nothing else waits for the answer"
    assert edges(dag) == {
        ("choose_proposals", "ask_for_release"),
        ("ask_for_release", "release_proposals"),
    }
    ask = dag.task_dict["ask_for_release"]
    assert isinstance(ask, ApprovalOperator)
    assert ask.defaults == ["Reject"]
    assert ask.response_timeout < timedelta(days=1)
    choose = dag.task_dict["choose_proposals"].python_callable
    told = {}
    ti = SimpleNamespace(xcom_push=lambda key, value: told.update({key: value}))
    asked = Asked(counts={"mails.thanks": 3}, examples=[], versions={"P1": "x"})
    for found, chosen in ((None, []), (asked, ["ask_for_release"])):
        monkeypatch.setattr("proposals.approving.read_asked", lambda _settings, found=found: found)
        assert choose(**context(night="2026-03-02"), ti=ti) == chosen
    assert told["asked"]["versions"] == {"P1": "x"}


def test_proposals_follow_the_scores_and_releases_go_out_each_hour(dagbag):
    night, day = dagbag.dags["propose_actions"], dagbag.dags["deliver_released"]
    assert assets_of(night.timetable.asset_condition) == {"scores"}
    assert day.timetable.expression == "30 * * * *"
    assert str(day.timetable.timezone) == "Europe/Berlin"


def test_a_push_waits_for_a_person_where_the_company_wants_it(dagbag, monkeypatch):
    from airflow.providers.standard.operators.hitl import ApprovalOperator

    from crm import Preview

    dag = dagbag.dags["push_scores"]
    ask = dag.task_dict["release_push"]
    assert isinstance(ask, ApprovalOperator)
    assert ask.defaults == ["Reject"]
    assert ask.response_timeout < timedelta(days=1)
    prepare = dag.task_dict["prepare_push"].python_callable
    told = {}
    ti = SimpleNamespace(xcom_push=lambda key, value: told.update({key: value}))
    preview = Preview(counts={"parties": {"change": 3}}, examples=[], warning="too many")
    for found, chosen in ((None, "push_to_crm"), (preview, "release_push")):
        monkeypatch.setattr("nights.sales.prepare_push", lambda _settings, found=found: found)
        assert prepare(**context(night="2026-03-02"), ti=ti) == chosen
    assert told["preview"]["warning"] == "too many"


@pytest.mark.parametrize("dag_id", EVERY_DAG)
def test_every_dag_can_be_asked_for_a_night_and_needs_none(dagbag, dag_id):
    params = dagbag.dags[dag_id].params
    assert params["night"] is None
    params["night"] = "2026-03-02"
    with pytest.raises(ParamValidationError):
        params["night"] = "yesterday"


def test_an_asset_carries_the_night_from_dag_to_dag(dagbag, tmp_path, monkeypatch):
    """Asked of the first one only; each next knows it from what the one before it left."""
    monkeypatch.setenv("REIFEGRAD_HOME", str(tmp_path))
    first = leave("finish", MARTS).operator
    known = context(night="2026-02-28")
    first.python_callable(**known)
    (left,) = known["outlet_events"].values()
    confirm = dagbag.dags["assess_maturity"].task_dict["confirm_maturity"]
    then = context(events=[left, SimpleNamespace(extra={})])
    confirm.python_callable(**then)
    ((asset, event),) = then["outlet_events"].items()
    assert (asset.name, event.extra) == ("maturity", {"night": "2026-02-28"})


@pytest.mark.parametrize("dag_id", [*DAG_IDS, "deliver_released"])  # the other one leaves nothing
def test_whatever_leaves_an_asset_tells_its_night(dagbag, dag_id, tmp_path, monkeypatch):
    monkeypatch.setenv("REIFEGRAD_HOME", str(tmp_path))
    monkeypatch.setattr(Step, "run", property(lambda _: lambda _: []), raising=False)
    monkeypatch.setattr(Step, "summary", property(lambda _: lambda _: None), raising=False)
    tasks = [task for task in dagbag.dags[dag_id].tasks if task.outlets]
    assert tasks
    for task in tasks:
        ti = SimpleNamespace(xcom_pull=lambda task_ids, key=None: {})
        known = context(night="2026-02-28") | {"ti": ti}
        task.python_callable(**known)
        told = {asset.name: event.extra for asset, event in known["outlet_events"].items()}
        assert told == {task.outlets[0].name: {"night": "2026-02-28"}}


def test_dbt_builds_the_night_of_the_run(dagbag):
    """Also what a watcher builds itself on its retry, and the tests."""
    dag = dagbag.dags["consolidate_customers"]
    tasks = [task for task in dag.tasks if hasattr(task, "env")]
    assert {task.task_type for task in tasks} >= {
        "DbtProducerWatcherOperator",
        "DbtTestLocalOperator",
    }
    for task in tasks:
        assert "env" in task.template_fields
        rendered = task.render_template(task.env, context(night="2026-02-28"))
        assert rendered["REIFEGRAD_AS_OF"] == "2026-02-28", task.task_id


@pytest.mark.parametrize("dag_id", EVERY_DAG)
def test_a_first_start_runs_no_night_by_itself(dagbag, dag_id):
    timetable = dagbag.dags[dag_id].timetable
    clock = getattr(timetable, "timetable", timetable)
    if hasattr(clock, "run_immediately"):
        assert clock.run_immediately == timedelta(0)


@pytest.mark.parametrize("dag_id", EVERY_DAG)
def test_every_dag_tells_what_it_is(dagbag, dag_id):
    dag = dagbag.dags[dag_id]
    assert len(dag.doc_md.strip()) > 80
    assert "Leaves" in dag.doc_md
    assert dag.tags
    assert dag.max_active_runs == 1
    assert dag.catchup is False


@pytest.mark.parametrize("dag_id", EVERY_DAG)
def test_every_task_has_an_owner_and_is_tried_again(dagbag, dag_id):
    for task in dagbag.dags[dag_id].tasks:
        if task.task_id.endswith("dbt_producer_watcher_done"):
            continue  # Cosmos' own marker, nothing runs in it
        assert task.owner == OWNER, task.task_id
        assert task.retries == 2, task.task_id
        assert task.retry_delay <= timedelta(minutes=1), task.task_id
        assert task.execution_timeout, task.task_id


@pytest.mark.parametrize("dag_id", EVERY_DAG)
def test_what_opens_the_warehouse_takes_its_slot_and_nothing_else_does(dagbag, dag_id):
    waiting = ("_run", "_seed", "_snapshot", "dbt_producer_watcher_done")  # for the producer
    for task in dagbag.dags[dag_id].tasks:
        opens_none = task.task_id in {
            *("request_training", "confirm_maturity", "confirm_champions"),  # wake the next DAG
            "leave_proposals",
            *("is_approval_due", "approve_champions", "release_push", "ask_for_release"),
            "fetch_sources",  # fills the inbox
            *("confirm_scores", "confirm_proposals", "confirm_delivery"),
        }
        opens = not opens_none and not (
            task.task_id.startswith(MODELS) and task.task_id.endswith(waiting)
        )
        assert (task.pool == WAREHOUSE_POOL) == opens, task.task_id
        assert task.pool_slots == 1
