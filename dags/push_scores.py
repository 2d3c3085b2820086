"""Tonight's scores to where sales works: next to the customer, in the CRM."""

from datetime import timedelta

from airflow.sdk import Asset, dag

from nights.airflow import CRM, PROPOSALS, as_task, dag_options
from nights.push_approval import (
    PATIENCE,
    ask_for_release,
    choose_push,
    release_body,
    release_subject,
)
from nights.steps import PUSH_SCORES, RELEASED_PUSH

EITHER = "none_failed_min_one_success"  # the push with or without a person's release
# A run may wait for a person.
OPTIONS = dag_options()
OPTIONS |= {"dagrun_timeout": PATIENCE + timedelta(hours=3)}
OPTIONS["user_defined_macros"] |= {
    "release_subject": release_subject,
    "release_body": release_body,
}


@dag(schedule=Asset(PROPOSALS), tags=["crm", "nightly"], **OPTIONS)
def push_scores() -> None:
    """Write the lists of the day, and show tonight's scores in the CRM, next to the customer.

    A list per account manager: whom to call and why. What people answered on the last ones is taken
    over first. Where config/lists.yml says so, each list goes out as a mail, too.

    Compares what the CRM shows with the scores and writes only what changed, in batches. Every
    write stands in `ops.push_ledger`; a night without changes writes nothing. Where `crm.yml`
    says `approval: person`, the task `release_push` asks under *Required actions*, with figures
    and ten examples; who objected to profiling is cleared before that. With `tasks: true` in
    `crm.yml` the list also becomes tasks there, and their answers come back. What is proposed
    stands beside the scores, so it waits until `propose_actions` is through, failed or not.

    **Leaves** the asset `crm`. **When it fails**, the next try goes on where this one stopped.
    """
    lists, _prepare, push, mail, tasks, proposals = PUSH_SCORES
    written, chosen = as_task(lists), choose_push(push.name)
    written >> chosen  # feedback is taken over first; the push goes on where the lists failed
    pushed, released = as_task(push, leaves=CRM), as_task(RELEASED_PUSH, leaves=CRM)
    chosen >> pushed
    chosen >> ask_for_release() >> released
    exchanged = as_task(tasks, trigger_rule=EITHER)
    [pushed, released] >> exchanged
    exchanged >> as_task(proposals)
    written >> as_task(mail)


push_scores()
