"""What Airflow asks a person about proposals that go to many (`approve_in_airflow`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from config.language import _
from nights.airflow import WAREHOUSE_POOL, fail_fast, settings_of
from nights.push_approval import header, line, plain

if TYPE_CHECKING:
    from airflow.providers.standard.operators.hitl import ApprovalOperator
    from airflow.sdk import XComArg

# Before the next night, which asks anew with its own proposals.
PATIENCE: Final = timedelta(hours=20)
CHOOSE, ASK = "choose_proposals", "ask_for_release"
_ASKED: Final = f"ti.xcom_pull(task_ids='{CHOOSE}', key='asked')"


def choose_proposals() -> XComArg:
    """Make a task after which the question is asked only where proposals to many wait."""
    from airflow.sdk import task

    @task.branch(task_id=CHOOSE, pool=WAREHOUSE_POOL)
    @fail_fast
    def choose(**context: Any) -> list[str]:  # noqa: ANN401
        from proposals.approving import read_asked

        asked = read_asked(settings_of(context))
        if asked is None:
            return []
        context["ti"].xcom_push(key="asked", value=asked.model_dump(mode="json"))
        return [ASK]

    return choose()


def ask_for_release() -> ApprovalOperator:
    """Make a task that waits for a person. It takes no slot while it waits."""
    from nights.asking import Question

    return Question(
        task_id=ASK,
        subject=f"{{{{ mailing_subject({_ASKED}) }}}}",
        body=f"{{{{ mailing_body({_ASKED}) }}}}",
        response_timeout=PATIENCE,
        defaults=Question.REJECT,
    )


def release_proposals() -> XComArg:
    """Make a task that releases what a person approved, in that person's name."""
    from airflow.sdk import task

    @task(task_id="release_proposals", pool=WAREHOUSE_POOL)
    @fail_fast
    def run(**context: Any) -> dict[str, object]:  # noqa: ANN401
        from nights.asking import ANSWERED_BY
        from proposals.approving import Asked, release_asked

        pull = context["ti"].xcom_pull
        asked = Asked.model_validate(pull(task_ids=CHOOSE, key="asked"))
        person = str(pull(task_ids=ASK, key=ANSWERED_BY) or "")
        new, refused = release_asked(settings_of(context), asked, person)
        return {"released": new, "refused": refused}

    return run()


def mailing_subject(asked: Mapping[str, Any]) -> str:
    """Ask in one line, in the set language."""
    from config import load_settings

    load_settings()  # sets the language
    return _("Release {count} proposals?").format(count=sum(asked["counts"].values()))


def mailing_body(asked: Mapping[str, Any]) -> str:
    """Say in Markdown, in the set language, what goes to how many, with examples."""
    from config import load_settings
    from expectations.specification import read_use_cases

    settings = load_settings()
    titles = {
        use.name: getattr(use, f"title_{settings.language}")
        for use in read_use_cases(settings.expectations).use_cases
    }
    counts = []
    for place, count in asked["counts"].items():
        use_case, _dot, action = place.partition(".")
        counts.append(line(plain(f"{titles.get(use_case, use_case)}: {action}"), count))
    parts = ["\n".join([*header(_("What"), _("How many")), *counts])]
    parts += ["\n".join(_example(one, settings.language)) for one in asked["examples"]]
    needed = max(one["releases_needed"] for one in asked["examples"])
    asks = [
        _("**Approve**: all of these are released in your name, as they are now."),
        _("**Reject**, or no answer within {hours} hours: nothing is released here. They wait on"
          " the page and in the list, where each can be decided.")
        .format(hours=PATIENCE // timedelta(hours=1)),
    ]  # fmt: skip
    if needed > 1:
        asks.append(_("A second person must release them, too, on the page or in the list."))
    parts.append("\n".join(f"- {one}" for one in asks))
    return "\n\n".join(parts)


def _example(one: Mapping[str, Any], language: str) -> Iterator[str]:
    """Show a proposal as a quotation."""
    yield f"**{plain(one[f'title_{language}'])}**"
    yield ""
    told = [one[f"reason_{language}"], one["email"], one[f"legal_basis_{language}"]]
    yield f"> {plain(' · '.join(filter(None, told)))}"
    if one["subject"]:
        yield ">"
        yield f"> **{plain(one['subject'])}**"
    for text in filter(str.strip, (one["body"] or "").splitlines()):
        yield ">"
        yield f"> {plain(text)}"
