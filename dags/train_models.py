"""Models of the use cases at stage 3, every week and when a use case gets there."""

from datetime import timedelta

from airflow.sdk import Asset, AssetOrTimeSchedule, dag

from nights.airflow import CHAMPIONS, TRAINING_DUE, as_task, dag_options, leave, schedule_at
from nights.approval import (
    PATIENCE,
    approval_body,
    approval_subject,
    ask_for_approval,
    is_approval_due,
    put_in_force,
    turn_down,
)
from nights.steps import TRAIN_MODELS

# A run may wait for a person.
OPTIONS = dag_options() | {"dagrun_timeout": PATIENCE + timedelta(hours=6)}
OPTIONS["user_defined_macros"] |= {
    "approval_subject": approval_subject,
    "approval_body": approval_body,
}


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=schedule_at("0 4 * * 0"),
        assets=Asset(TRAINING_DUE),
    ),
    tags=["models", "weekly"],
    **OPTIONS,
)
def train_models() -> None:
    """Train each score of `models/` whose use case is at stage 3.

    Validates forward in time and makes the candidate champion in MLflow if it passes the gate;
    else the old champion stays. Where a spec says `approval: person`, or after a rollback, the
    candidate waits: the task `approve_champions` asks under *Required actions*, with the
    comparison, for six days, and writes down who answered, or that nobody did. `reifegrad models
    approve` does the same at any time.

    **Leaves** the asset `champions`, whatever came of the training: the night's scores are due.
    """
    (train,) = TRAIN_MODELS
    trained, asked = as_task(train), is_approval_due()
    trained >> leave("confirm_champions", CHAMPIONS, trigger_rule="all_done")
    trained >> asked >> ask_for_approval() >> put_in_force() >> turn_down()


train_models()
