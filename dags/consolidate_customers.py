"""Scattered files to one audited, published warehouse, every night."""

from airflow.sdk import Asset, dag, task

from reifegrad.orchestration import (
    DAG_DEFAULTS,
    MARTS,
    WAREHOUSE_POOL,
    dbt_models,
    schedule_at,
    station,
)


@dag(
    schedule=schedule_at("0 2 * * *"),
    tags=["warehouse", "nightly"],
    **DAG_DEFAULTS,
)
def consolidate_customers() -> None:
    """Build one audited, published warehouse from the scattered files.

    Reads every new file of the inbox into `raw` (what can't be read goes to quarantine with a
    reason), builds staging, identity and marts with dbt, audits the marts and publishes them.

    **Leaves** the asset `marts`. **When the audit fails** nothing is published and yesterday's
    copy stays: the log of `audit_marts` names the broken expectation.
    """

    @task(pool=WAREHOUSE_POOL)
    @station
    def ingest_files() -> dict[str, int]:
        from config import load_settings
        from ingest import ingest_inbox

        loads = ingest_inbox(load_settings())
        return {"loads": len(loads), "rows": sum(load.rows_loaded for load in loads)}

    @task(pool=WAREHOUSE_POOL)
    @station
    def audit_marts() -> None:
        from config import load_settings
        from expectations import audit

        audit(load_settings())

    @task(pool=WAREHOUSE_POOL, outlets=[Asset(MARTS)])
    @station
    def publish_marts() -> dict[str, int]:
        from config import load_settings
        from warehouse import publish

        return publish(load_settings())

    ingest_files() >> dbt_models("build_models") >> audit_marts() >> publish_marts()


consolidate_customers()
