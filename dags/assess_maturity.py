"""Which stage each use case has reached tonight, and whether that calls for a training."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Asset, dag, task

from reifegrad.orchestration import (
    DAG_DEFAULTS,
    MARTS,
    MATURITY,
    TRAINING_DUE,
    WAREHOUSE_POOL,
    station,
)


@dag(
    schedule=Asset(MARTS),
    tags=["maturity", "nightly"],
    **DAG_DEFAULTS,
)
def assess_maturity() -> None:
    """Measure which stage (1 to 3) the data of each use case have reached.

    A score at stage 3 that has no champion yet asks for a training first. The report for the
    director is written beside that; the night goes on without it.

    **Leaves** the asset `training_due` or the asset `maturity`, never both.
    """

    @task(pool=WAREHOUSE_POOL)
    @station
    def assess_use_cases() -> dict[str, int]:
        from config import load_settings
        from expectations import assess

        return {found.use_case: found.stage for found in assess(load_settings())}

    @task(pool=WAREHOUSE_POOL)
    @station
    def report_maturity() -> str:
        from config import load_settings
        from report import write_report, write_to_do

        write_to_do(load_settings())
        return str(write_report(load_settings()))

    @task.branch(pool=WAREHOUSE_POOL)
    @station
    def is_training_due() -> str:
        from config import load_settings
        from ml import needs_training

        return "request_training" if needs_training(load_settings()) else "confirm_maturity"

    due = is_training_due()
    assess_use_cases() >> [due, report_maturity()]
    due >> [
        EmptyOperator(task_id="request_training", outlets=[Asset(TRAINING_DUE)]),
        EmptyOperator(task_id="confirm_maturity", outlets=[Asset(MATURITY)]),
    ]


assess_maturity()
