"""Tonight's proposals: to whom what is proposed, and what people released of it goes out."""

from airflow.sdk import Asset, chain, dag

from nights.airflow import MAILINGS, PROPOSALS, SCORES, as_task, confirm, dag_options, leave
from nights.steps import PROPOSE_ACTIONS


@dag(schedule=Asset(SCORES), tags=["proposals", "nightly"], **dag_options())
def propose_actions() -> None:
    """Propose what each use case of `proposals/` does at the stage of its data.

    First takes over what people decided in release lists. Then makes the proposals: below its
    stage a use case proposes nothing, and `make_proposals` says so. What was released, is still
    due and is still allowed by law goes out as a mailing list in `outbox/mailings/`. What waits for
    people stands in `outbox/freigabe.xlsx` (`release.xlsx`). The machine releases nothing. What
    became of all of them is told on `reports/proposals.html`. A use case whose YAML is wrong keeps
    its proposals and stops no other; the run ends as failed.

    **Leaves** the assets `mailings`, whether or not anything went out, and `proposals`, for the
    push and for `approve_proposals`. **When it fails**, the next try goes on where this one
    stopped: nothing goes out twice.
    """
    take, propose, hand_over, write_list, write_page = PROPOSE_ACTIONS
    taken, proposed = as_task(take), as_task(propose)
    handed = as_task(hand_over, leaves=MAILINGS, trigger_rule="all_done")
    listed = as_task(write_list, trigger_rule="all_done")
    # the scores go into the CRM whatever came of the proposals
    handed >> leave("leave_proposals", PROPOSALS, trigger_rule="all_done")
    chain(taken, proposed, handed, listed, as_task(write_page, trigger_rule="all_done"))
    [taken, proposed, handed, listed] >> confirm("confirm_proposals")


propose_actions()
