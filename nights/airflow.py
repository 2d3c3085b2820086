"""What the DAG files share: a task per step, the assets between DAGs, defaults, the dbt group."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from jinja2 import pass_context
from jinja2.runtime import Context as JinjaContext

from config import Settings, load_settings
from config.rights import write_privately
from nights.dates import NIGHT_KEY, night_of
from nights.failures import is_final, is_named, one_line
from nights.manifest import DBT_ENVIRONMENT, PROJECT, current_manifest
from nights.steps import Step

if TYPE_CHECKING:
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import CronTriggerTimetable, XComArg
    from cosmos import DbtTaskGroup  # type: ignore[import-untyped]

P = ParamSpec("P")
R = TypeVar("R")

# Assets: what a DAG leaves behind for the next ones.
MARTS: Final = "marts"
MATURITY: Final = "maturity"
TRAINING_DUE: Final = "training_due"
CHAMPIONS: Final = "champions"
SCORES: Final = "scores"
CRM: Final = "crm"
PROPOSALS: Final = "proposals"
MAILINGS: Final = "mailings"

# DuckDB lets one process write, so every task that opens the warehouse takes the one slot.
WAREHOUSE_POOL: Final = "warehouse"
WAREHOUSE_POOL_NOTE: Final = "One slot: DuckDB lets one process write the warehouse."

OWNER: Final = "data-engineering"
DEFAULT_ARGS: Final[dict[str, Any]] = {
    "owner": OWNER,
    "retries": 2,
    "retry_delay": timedelta(seconds=20),
    "execution_timeout": timedelta(hours=2),
}


def dag_options() -> dict[str, Any]:
    """Return what all DAGs have in common, among it the parameter that names the night."""
    from airflow.sdk import Param

    night = Param(
        None,
        type=["null", "string"],
        format="date",
        title="Night",
        description="The day that the run speaks of, such as 2026-03-02. Empty: that of the run"
        " before it, or the day on which it was due.",
    )
    return {
        "default_args": DEFAULT_ARGS,
        "catchup": False,
        "max_active_runs": 1,
        "dagrun_timeout": timedelta(hours=6),
        "params": {NIGHT_KEY: night},
        "user_defined_macros": {"night": _night_in_template},
    }


def schedule_at(cron: str) -> CronTriggerTimetable:
    """Run by a clock in the company's zone. The first start waits for the next time.

    With `run_immediately=False` Airflow 3.3 still makes up for a time that passed within the
    last tenth of the period, so a zone at 04:00 would start with a night of its own.
    """
    from airflow.sdk import CronTriggerTimetable

    return CronTriggerTimetable(
        cron, timezone=load_settings().timezone, run_immediately=timedelta(0)
    )


def as_task(step: Step, *, leaves: str | None = None, trigger_rule: str = "all_success") -> XComArg:
    """Make a step of the night a task; if it opens the warehouse it takes the warehouse's slot.

    Args:
        step: what to do.
        leaves: the asset that is there when it is done.
        trigger_rule: Airflow's, for the states of the tasks before it.

    """
    from airflow.sdk import Asset, task

    outlets = [Asset(leaves)] if leaves else []
    pool = WAREHOUSE_POOL if step.opens_warehouse else "default_pool"

    @task(task_id=step.name, pool=pool, outlets=outlets, trigger_rule=trigger_rule)
    @fail_fast
    def run(**context: Any) -> object:  # noqa: ANN401
        settings = settings_of(context)
        tell_night(context, leaves, settings)
        return step.summary(step.run(settings))

    return run()


def as_branch(step: Step, ways: Callable[[list[str]], str | list[str]]) -> XComArg:
    """Make a step that chooses a task after which only the chosen ones run.

    Args:
        step: its result names the steps that are due.
        ways: tells from that which tasks come next.

    """
    from airflow.sdk import task

    @task.branch(task_id=step.name, pool=WAREHOUSE_POOL)
    @fail_fast
    def choose(**context: Any) -> str | list[str]:  # noqa: ANN401
        return ways(step.run(settings_of(context)))

    return choose()


def leave(task_id: str, asset: str, *, trigger_rule: str = "all_success") -> XComArg:
    """Make a task that does nothing but leave an asset, and with it wakes the DAGs that wait."""
    from airflow.sdk import Asset, task

    @task(task_id=task_id, outlets=[Asset(asset)], trigger_rule=trigger_rule)
    @fail_fast
    def run(**context: Any) -> None:  # noqa: ANN401
        tell_night(context, asset, settings_of(context))

    return run()


def confirm(task_id: str) -> EmptyOperator:
    """Make a last task that does nothing. It does not run after a failure: then the run failed.

    For tasks before those that run whatever came of them (`all_done`), which hide a failure.
    """
    from airflow.providers.standard.operators.empty import EmptyOperator

    return EmptyOperator(task_id=task_id, trigger_rule="none_failed")


def settings_of(context: Mapping[str, Any]) -> Settings:
    """Load the settings as of the run's night."""
    settings = load_settings()
    return settings.model_copy(update={"as_of": night_of(settings, context)})


def tell_night(context: Mapping[str, Any], asset: str | None, settings: Settings) -> None:
    """Let the event of the asset carry the night to the DAGs that it starts."""
    from airflow.sdk import Asset

    if asset:
        context["outlet_events"][Asset(asset)].extra = {NIGHT_KEY: settings.night.isoformat()}


@pass_context
def _night_in_template(context: JinjaContext) -> str:
    return night_of(load_settings(), context.get_all()).isoformat()


def fail_fast(work: Callable[P, R]) -> Callable[P, R]:
    """Let a task fail at once, without retries, where only a person can help.

    The rooms' own exceptions say in one line what to do; a second try would say the same. A
    locked warehouse, a CRM that does not answer and everything unexpected are tried again. Only
    what is unexpected leaves a traceback in the task's log: below one nobody finds the line.
    """

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        from airflow.sdk.exceptions import AirflowException, AirflowFailException

        write_privately()
        try:
            return work(*args, **kwargs)
        except Exception as error:
            if not is_named(error):
                raise
            failure = AirflowFailException if is_final(error) else AirflowException
            raise failure(one_line(error)) from None

    return run


def dbt_models(step: Step) -> DbtTaskGroup:
    """Make a group in the place of a step: a task per dbt model, and the tests.

    All are fed by one dbt process (Cosmos' watcher mode).

    Only what opens the file takes the warehouse's slot: the producer, which runs dbt, and the
    tests. The watchers wait for the producer, so in the same pool they would shut it out. When
    the producer was killed, its retry lets each watcher build its own model; dbt then waits for
    the file as `profiles.yml` says. The tests are a task of their own, so that such a retry
    can't pass them by.
    """
    from cosmos import DbtTaskGroup

    group = DbtTaskGroup(
        group_id=step.name,
        **_cosmos_configs(),
        operator_args={
            "emit_datasets": False,
            # Each look costs two requests per waiting model; by the second layer dbt is ahead.
            "poke_interval": 6,
            "append_env": True,
        },
        default_args=DEFAULT_ARGS,
    )
    for task in group.iter_tasks():
        if task.task_id.endswith((".dbt_producer_watcher", "_test")):
            task.pool = WAREHOUSE_POOL
    return group


def _cosmos_configs() -> dict[str, Any]:
    """Say which project Cosmos renders, from its manifest, and that one dbt process runs it."""
    from cosmos import ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
    from cosmos.constants import (  # type: ignore[import-untyped]
        ExecutionMode,
        InvocationMode,
        LoadMode,
        TestBehavior,
    )

    return {
        "project_config": ProjectConfig(
            dbt_project_path=PROJECT,
            manifest_path=current_manifest(),
            install_dbt_deps=False,
            partial_parse=False,
            env_vars={**DBT_ENVIRONMENT, "REIFEGRAD_AS_OF": "{{ night() }}"},
        ),
        "profile_config": ProfileConfig(
            profile_name="reifegrad",
            target_name="warehouse",
            profiles_yml_filepath=PROJECT / "profiles.yml",
        ),
        "execution_config": ExecutionConfig(
            execution_mode=ExecutionMode.WATCHER,
            invocation_mode=InvocationMode.DBT_RUNNER,
        ),
        "render_config": RenderConfig(
            load_method=LoadMode.DBT_MANIFEST,
            test_behavior=TestBehavior.AFTER_ALL,
            emit_datasets=False,
        ),
    }
