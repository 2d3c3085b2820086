"""Models of the use cases at stage 3, every week and when a use case gets there."""

from airflow.sdk import Asset, AssetOrTimeSchedule, dag

from nights.airflow import CHAMPIONS, TRAINING_DUE, as_task, dag_options, schedule_at
from nights.steps import TRAIN_MODELS


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=schedule_at("0 4 * * 0"),
        assets=Asset(TRAINING_DUE),
    ),
    tags=["models", "weekly"],
    **dag_options(),
)
def train_models() -> None:
    """Train each score of `models/` whose use case is at stage 3.

    Validates forward in time and makes the candidate champion in MLflow if it passes the gates;
    else the old champion stays.

    **Leaves** the asset `champions`.
    """
    (train,) = TRAIN_MODELS
    as_task(train, leaves=CHAMPIONS)


train_models()
