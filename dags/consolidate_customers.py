"""Scattered files to one audited, published warehouse, every night."""

from airflow.sdk import chain, dag

from nights.airflow import MARTS, as_task, dag_options, dbt_models, schedule_at
from nights.steps import CONSOLIDATE_CUSTOMERS


@dag(schedule=schedule_at("0 2 * * *"), tags=["warehouse", "nightly"], **dag_options())
def consolidate_customers() -> None:
    """Build one audited, published warehouse from the scattered files.

    Looks first whether the night can succeed (`check_setup`: what only a person can mend stops it
    at once), takes over what people filled in in the lists of `review/`, fetches what `fetch.yml`
    names into the inbox (a source that does not answer is told and the night goes on), reads every
    new file of the inbox into `raw` (or quarantine, with a reason), builds staging, identity and
    marts with dbt, audits the marts and publishes them.

    **Leaves** the asset `marts`. **When the audit fails** yesterday's copy stays: `audit_marts`
    names the broken expectation.
    """
    *steps, last = CONSOLIDATE_CUSTOMERS
    # dbt's step is a group here, with a task per model.
    make = {"build_models": dbt_models}
    chain(*(make.get(step.name, as_task)(step) for step in steps), as_task(last, leaves=MARTS))


consolidate_customers()
