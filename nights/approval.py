"""What Airflow asks a person about trained models, and what it does with the answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from config.language import _
from nights.airflow import CHAMPIONS, WAREHOUSE_POOL, fail_fast, settings_of, tell_night

if TYPE_CHECKING:
    from airflow.providers.standard.operators.hitl import ApprovalOperator
    from airflow.sdk import XComArg

# Less than the week to the next training, which waits for the answer.
PATIENCE: Final = timedelta(days=6)
TRAIN, DUE, ASK = "train_champions", "is_approval_due", "approve_champions"
# What two numbers of a `ml.judging.gate.Finding` are: the new model's and the other one.
_PAIRS: Final = (("ours", "rules"), ("ours", "theirs"), ("ours", "bar"), ("promised", "observed"))


def is_approval_due() -> XComArg:
    """Make a task after which the question is asked only where a trained model waits."""
    from airflow.sdk import task

    @task.branch(task_id=DUE)
    @fail_fast
    def choose(**context: Any) -> list[str]:  # noqa: ANN401
        return [ASK] if _waiting(context) else []

    return choose()


def ask_for_approval() -> ApprovalOperator:
    """Make a task that waits for a person. It takes no slot while it waits."""
    from nights.asking import Question

    return Question(
        task_id=ASK,
        subject="{{ approval_subject(ti.xcom_pull(task_ids='train_champions')['waiting']) }}",
        body="{{ approval_body(ti.xcom_pull(task_ids='train_champions')['waiting']) }}",
        response_timeout=PATIENCE,
        defaults=Question.REJECT,
    )


def put_in_force() -> XComArg:
    """Make a task that puts approved models in force and wakes the scoring."""
    from airflow.sdk import Asset, task

    @task(task_id="put_in_force", pool=WAREHOUSE_POOL, outlets=[Asset(CHAMPIONS)])
    @fail_fast
    def run(**context: Any) -> list[str]:  # noqa: ANN401
        from ml.judging.decisions import NOBODY, approve

        settings, who = settings_of(context), _who(context)
        tell_night(context, CHAMPIONS, settings)
        return [
            approve(settings, score, who or NOBODY, one["version"])
            for score, one in _waiting(context).items()
        ]

    return run()


def turn_down() -> XComArg:
    """Make a task that writes a refusal down, or that nobody answered: then the models wait on."""
    from airflow.sdk import task

    @task(task_id="turn_down", pool=WAREHOUSE_POOL, trigger_rule="all_skipped")
    @fail_fast
    def run(**context: Any) -> list[str]:  # noqa: ANN401
        from airflow.sdk.exceptions import AirflowSkipException

        from ml.judging.decisions import leave_waiting
        from ml.judging.decisions import turn_down as refuse

        settings, who, waiting = settings_of(context), _who(context), _waiting(context)
        if not waiting:
            raise AirflowSkipException("Nobody was asked.")
        if who is None:
            return [
                leave_waiting(settings, score, one["version"], PATIENCE.days)
                for score, one in waiting.items()
            ]
        return [refuse(settings, score, who, one["version"]) for score, one in waiting.items()]

    return run()


def approval_subject(waiting: Mapping[str, Any]) -> str:
    """Ask in one line, in the set language."""
    from config import load_settings
    from ml import score_titles

    titles = score_titles(load_settings())
    names = ", ".join(titles.get(score, score) for score in waiting)
    return _("Use a new model? {names}").format(names=names)


def approval_body(waiting: Mapping[str, Any]) -> str:
    """Say in Markdown, in the set language, what waits and how it compares."""
    from config import load_settings
    from ml import score_titles

    titles = score_titles(load_settings())
    parts = ["\n".join(_compared(titles.get(score, score), score, one))
             for score, one in waiting.items()]  # fmt: skip
    asked = [
        _("**Approve**: the next scoring uses the new model."),
        _("**Reject**: what is in force stays."),
        _("No answer within {days} days: what is in force stays, and the new model waits on.")
        .format(days=PATIENCE.days),
    ]  # fmt: skip
    if len(waiting) > 1:
        told = _("One of several: reject here, then `reifegrad models approve SCORE --version N`.")
        asked.append(told)
    return "\n\n".join([*parts, "\n".join(f"- {line}" for line in asked)])


def _compared(title: str, score: str, one: Mapping[str, Any]) -> Iterator[str]:
    replaces = one.get("replaces")
    told = _("the rules of stage 2") if replaces is None else _("version {version}")
    yield _("### {title}: version {version} (now: {replaced})").format(
        title=title, version=one["version"], replaced=told.format(version=replaces)
    )
    yield ""
    yield _line(_("Compared with"), _("New model"), _("Other"), _("What was found"))
    yield "|:---|---:|---:|:---|"
    auc = one.get("metrics", {})
    if "auc" in auc:
        sure = ""
        if "auc_low" in auc:
            sure = _("; between {low} and {high} with 95 % certainty").format(
                low=_written(auc["auc_low"]), high=_written(auc["auc_high"])
            )
        says = _("Of 100 pairs, {count} are in the right order{sure}").format(
            count=round(100 * auc["auc"]), sure=sure
        )
        yield _line(_("Chance (AUC)"), _written(auc["auc"]), _written(0.5), says)
    names = {
        "rules": _("Rules of stage 2"),
        "champion": _("Model in force"),
        "calibration": _("What came true"),
        "fairness": _("Other groups"),
    }
    for finding in one.get("findings", []):
        if finding["check"] in names:
            new, other = _pair(finding["figures"])
            yield _line(names[finding["check"]], new, other, finding["says"])
    yield ""
    told = _("Learnt as `{candidate}`. Details: `reifegrad models list {score}`, or in MLflow.")
    yield told.format(candidate=one.get("candidate"), score=score)


def _pair(figures: Mapping[str, float]) -> tuple[str, str]:
    for own, other in _PAIRS:
        if own in figures and other in figures:
            return _written(figures[own]), _written(figures[other])
    return "", ""


def _line(*cells: str) -> str:
    """Write a line of a table in Markdown."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _written(figure: float) -> str:
    from config.language import spoken_language

    written = f"{figure:.3f}"
    return written.replace(".", ",") if spoken_language() == "de" else written


def _waiting(context: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what is known of each model that this run's training left waiting."""
    found = context["ti"].xcom_pull(task_ids=TRAIN) or {}
    return dict(found.get("waiting", {}))


def _who(context: Mapping[str, Any]) -> str | None:
    """Return the name of the person who answered, if one did."""
    from nights.asking import ANSWERED_BY

    name = context["ti"].xcom_pull(task_ids=ASK, key=ANSWERED_BY)
    return str(name) if name else None
