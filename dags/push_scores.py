"""Tonight's scores to where sales works: next to the customer, in the CRM."""

from airflow.sdk import Asset, dag

from nights.airflow import CRM, SCORES, as_task, dag_options
from nights.steps import PUSH_SCORES


@dag(schedule=Asset(SCORES), tags=["crm", "nightly"], **dag_options())
def push_scores() -> None:
    """Show tonight's scores in the CRM, next to the customer.

    Compares what the CRM shows with the scores and writes only what changed, in batches. Every
    write stands in `ops.push_ledger`; a night without changes writes nothing.

    **Leaves** the asset `crm`. **When it fails**, the next try goes on where this one stopped.
    """
    (push,) = PUSH_SCORES
    as_task(push, leaves=CRM)


push_scores()
