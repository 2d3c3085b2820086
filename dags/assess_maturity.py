"""Which stage each use case has reached tonight, and whether that calls for a training."""

from airflow.sdk import Asset, dag

from nights.airflow import MARTS, MATURITY, TRAINING_DUE, as_branch, as_task, dag_options, leave
from nights.steps import ASSESS_MATURITY


@dag(schedule=Asset(MARTS), tags=["maturity", "nightly"], **dag_options())
def assess_maturity() -> None:
    """Measure which stage (1 to 3) the data of each use case have reached.

    A score at stage 3 that has no champion yet asks for a training first. The report for the
    director is written beside that; the night goes on without it.

    **Leaves** the asset `training_due` or the asset `maturity`, never both.
    """
    assess, report, due = ASSESS_MATURITY
    is_due = as_branch(due, lambda found: "request_training" if found else "confirm_maturity")
    as_task(assess) >> [as_task(report), is_due]
    is_due >> [
        leave("request_training", TRAINING_DUE),
        leave("confirm_maturity", MATURITY),
    ]


assess_maturity()
