"""Proposals that go to many: a person releases all of them by one answer."""

from datetime import timedelta

from airflow.sdk import Asset, dag

from nights.airflow import PROPOSALS, dag_options
from nights.release_approval import (
    PATIENCE,
    ask_for_release,
    choose_proposals,
    mailing_body,
    mailing_subject,
    release_proposals,
)

OPTIONS = dag_options()
OPTIONS |= {"dagrun_timeout": PATIENCE + timedelta(hours=3)}  # it waits for a person
OPTIONS["user_defined_macros"] |= {
    "mailing_subject": mailing_subject,
    "mailing_body": mailing_body,
}


# A DAG of its own: while it waits, neither the push nor the next night waits.
@dag(schedule=Asset(PROPOSALS), tags=["proposals", "nightly"], **OPTIONS)
def approve_proposals() -> None:
    """Ask under *Required actions* whether to release tonight's proposals that go to many.

    Which they are, `approve_in_airflow` in `config/proposals.yml` says; without one nobody is
    asked. The question shows how many there are of each and three examples. *Approve* releases
    these versions in the name of who answers; texts need a second person. After *Reject*, or
    without an answer within twenty hours, they wait on in list and page.

    **Leaves** no asset: what is released, `deliver_released` hands over within the hour.
    """
    choose_proposals() >> ask_for_release() >> release_proposals()


approve_proposals()
