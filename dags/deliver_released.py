"""What people released by day goes out within the hour."""

from airflow.sdk import chain, dag

from nights.airflow import MAILINGS, as_task, confirm, dag_options, schedule_at
from nights.steps import DELIVER_RELEASED


# Not on the hour: the night begins then.
@dag(schedule=schedule_at("30 * * * *"), tags=["proposals", "hourly"], **dag_options())
def deliver_released() -> None:
    """Take over filled release lists and hand over what they release.

    Reads `outbox/freigabe.xlsx` (`release.xlsx`) and filled lists in the inbox. Before anything
    goes out the law is asked again, and the stage: who has objected since gets nothing. Mailing
    lists lie in `outbox/mailings/`. The release list is written anew where something changed;
    a list that somebody is filling in stays. What became of all proposals is told on
    `reports/proposals.html`.

    **Leaves** the asset `mailings`, whether or not anything went out. **When it fails**, the next
    hour goes on where this one stopped: nothing goes out twice.
    """
    take, hand_over, write_list, write_page = DELIVER_RELEASED
    taken = as_task(take)
    handed = as_task(hand_over, leaves=MAILINGS, trigger_rule="all_done")
    listed = as_task(write_list, trigger_rule="all_done")
    chain(taken, handed, listed, as_task(write_page, trigger_rule="all_done"))
    [taken, handed, listed] >> confirm("confirm_delivery")


deliver_released()
