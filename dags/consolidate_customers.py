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


@dag(schedule=schedule_at("0 2 * * *"), tags=["warehouse", "nightly"], **DAG_DEFAULTS)
def consolidate_customers() -> None:
    """Build one audited, published warehouse from the scattered files.

    Looks first whether the night can succeed (`check_setup`: what only a person can mend stops it
    at once), then reads every new file of the inbox into `raw` (or quarantine, with a reason),
    builds staging, identity and marts with dbt, audits the marts and publishes them.

    **Leaves** the asset `marts`. **When the audit fails** yesterday's copy stays: `audit_marts`
    names the broken expectation.
    """

    @task(pool=WAREHOUSE_POOL)
    @station
    def check_setup() -> list[str]:
        from config import load_settings
        from reifegrad.preflight import require_setup

        return [finding.says for finding in require_setup(load_settings(), "airflow")]

    @task(pool=WAREHOUSE_POOL)
    @station
    def ingest_files() -> dict[str, int]:
        from config import load_settings
        from ingest import ingest_inbox
        from nights import take_decisions

        take_decisions(load_settings())
        loads = ingest_inbox(load_settings())
        return {"loads": len(loads), "rows": sum(load.rows_loaded for load in loads)}

    @task(pool=WAREHOUSE_POOL)
    @station
    def remember_customers() -> None:
        from config import load_settings
        from nights import remember

        remember(load_settings())

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

    built = check_setup() >> ingest_files() >> dbt_models("build_models") >> remember_customers()
    built >> audit_marts() >> publish_marts()


consolidate_customers()
