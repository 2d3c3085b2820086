"""Scores with reasons for customers and leads, by the method that the stage allows."""

from airflow.sdk import Asset, chain, dag

from nights.airflow import CHAMPIONS, MATURITY, SCORES, as_branch, as_task, confirm, dag_options
from nights.steps import SCORE_CUSTOMERS


@dag(schedule=Asset(MATURITY) | Asset(CHAMPIONS), tags=["scores", "nightly"], **dag_options())
def score_customers() -> None:
    """Score every customer and open lead, each with its reasons in German and English.

    The stage of its use case decides the method: rules at stages 1 and 2, the champion at stage 3.
    A use case below stage 1 is skipped: its old scores go, and the log of `choose_methods` says
    why. A branch that no use case takes is shown as skipped. Whoever objected to profiling is left
    out. A score that fails, or whose YAML is wrong (`clear_scores` tells it), keeps its rows of the
    night before and stops no other: the others are published, and the run ends as failed.
    `apply_models` then does the work of models of other kinds (such as moods in texts). When the
    scores are out, `watch_scores` compares earlier ones with what happened since, looks for drift
    and writes the page on scores.

    **Leaves** the asset `scores`, and the scores in the published warehouse.
    """
    choose, *methods, apply, publish, watch = SCORE_CUSTOMERS
    scored = [as_task(method) for method in methods]
    applied = as_task(apply, trigger_rule="all_done")
    chain(
        as_branch(choose, list),
        scored,
        applied,
        as_task(publish, leaves=SCORES, trigger_rule="all_done"),
        as_task(watch),
    )
    chain([*scored, applied], confirm("confirm_scores"))


score_customers()
