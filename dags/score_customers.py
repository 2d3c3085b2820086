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


@dag(
    schedule=Asset(MATURITY) | Asset(CHAMPIONS),
    tags=["scores", "nightly"],
    **DAG_DEFAULTS,
)
def score_customers() -> None:
    """Score every customer and open lead, each with its reasons in German and English.

    Rules at stages 1 and 2, the champion at stage 3. Whoever objected to profiling is left out.

    **Leaves** the asset `scores`, and the scores in the published warehouse.
    """

    @task(pool=WAREHOUSE_POOL)
    @station
    def score_entities() -> int:
        from config import load_settings
        from ml import score_entities as score

        return len(score(load_settings()))

    @task(pool=WAREHOUSE_POOL, outlets=[Asset(SCORES)])
    @station
    def publish_scores() -> dict[str, int]:
        from config import load_settings
        from warehouse import publish

        return publish(load_settings())

    score_entities() >> publish_scores()


score_customers()
