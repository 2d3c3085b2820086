"""Scores with reasons for customers and leads, by the method that the stage allows."""

from airflow.sdk import Asset, dag, task

from reifegrad.orchestration import (
    CHAMPIONS,
    DAG_DEFAULTS,
    MATURITY,
    SCORES,
    WAREHOUSE_POOL,
    station,
)

# Method of scoring -> the task for the use cases whose stage allows it.
BRANCHES = {"rules": "score_by_rules", "model": "score_by_model", "none": "clear_scores"}


@dag(
    schedule=Asset(MATURITY) | Asset(CHAMPIONS),
    tags=["scores", "nightly"],
    **DAG_DEFAULTS,
)
def score_customers() -> None:
    """Score every customer and open lead, each with its reasons in German and English.

    The stage of its use case decides the method: rules at stages 1 and 2, the champion at stage 3.
    A use case below stage 1 is skipped: its old scores go, and the log of `choose_methods` says
    why. A branch that no use case takes is shown as skipped. Whoever objected to profiling is left
    out.

    **Leaves** the asset `scores`, and the scores in the published warehouse.
    """

    @task.branch(pool=WAREHOUSE_POOL)
    @station
    def choose_methods() -> list[str]:
        from config import load_settings
        from ml import allowed_methods

        return [BRANCHES[method] for method in allowed_methods(load_settings())]

    @task(pool=WAREHOUSE_POOL)
    @station
    def score_use_cases(method: str) -> dict[str, str]:
        from config import load_settings
        from ml import score_entities

        return {one.score: one.message for one in score_entities(load_settings(), method)}

    @task(pool=WAREHOUSE_POOL, outlets=[Asset(SCORES)], trigger_rule="none_failed")
    @station
    def publish_scores() -> dict[str, int]:
        from config import load_settings
        from warehouse import publish

        return publish(load_settings())

    branches = [
        score_use_cases.override(task_id=task_id)(method) for method, task_id in BRANCHES.items()
    ]
    choose_methods() >> branches >> publish_scores()


score_customers()
