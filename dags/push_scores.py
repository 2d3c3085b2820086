"""Tonight's scores to where sales works: next to the customer, in the CRM."""

from airflow.sdk import Asset, dag, task

from reifegrad.orchestration import CRM, DAG_DEFAULTS, SCORES, WAREHOUSE_POOL, station


@dag(
    schedule=Asset(SCORES),
    tags=["crm", "nightly"],
    **DAG_DEFAULTS,
)
def push_scores() -> None:
    """Show tonight's scores in the CRM, next to the customer.

    Compares what the CRM shows with the scores and writes only what changed, in batches. Every
    write stands in `ops.push_ledger`; a night without changes writes nothing.

    **Leaves** the asset `crm`. **When it fails**, the next try goes on where this one stopped.
    """

    @task(pool=WAREHOUSE_POOL, outlets=[Asset(CRM)])
    @station
    def push_to_crm() -> int:
        from config import load_settings
        from crm import push
        from reifegrad.customer_copy import keep_customers
        from reifegrad.overview import read_overview

        changes = push(load_settings())
        read_overview(load_settings())  # keeps it for `status` while the next night works
        keep_customers(load_settings())  # … and this for `customer`
        return len(changes)

    push_to_crm()


push_scores()
