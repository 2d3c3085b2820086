"""Models of the use cases at stage 3, every week and when a use case gets there."""

from airflow.sdk import Asset, AssetOrTimeSchedule, dag, task

from reifegrad.orchestration import (
    CHAMPIONS,
    DAG_DEFAULTS,
    TRAINING_DUE,
    WAREHOUSE_POOL,
    schedule_at,
    station,
)


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=schedule_at("0 4 * * 0"),
        assets=Asset(TRAINING_DUE),
    ),
    tags=["models", "weekly"],
    **DAG_DEFAULTS,
)
def train_models() -> None:
    """Train each score of `models/` whose use case is at stage 3.

    Validates forward in time and makes the candidate champion in MLflow if it passes the gates;
    else the old champion stays.

    **Leaves** the asset `champions`.
    """

    @task(pool=WAREHOUSE_POOL, outlets=[Asset(CHAMPIONS)])
    @station
    def train_champions() -> int:
        from config import load_settings
        from ml import train_models as train

        return len(train(load_settings()))

    train_champions()


train_models()
