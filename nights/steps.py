"""The night, step by step: what the command line walks through and what Airflow shows as tasks.

One DAG of Airflow per entry of `NIGHT`, one task per step. The command line takes all of them in
this order. Whatever is heavy is imported when a step runs, not when the list is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from config import Settings

if TYPE_CHECKING:
    from crm import Change, Exchanged
    from expectations import Assessment
    from fetch import Fetched
    from ingest import Load
    from ml import Applied, Scoring, Training, Watch
    from nights.mailing import Mailed
    from nights.preflight import Finding
    from proposals import Handed, Proposed, Taken, WrittenList
    from report.calls import Lists
    from warehouse import BuildResult


@dataclass(frozen=True)
class Step:
    """One step of the night.

    `name`: Airflow's task id.
    `run`: the work. It raises the errors of the rooms that do it.
    `summary`: the little of its result that Airflow keeps and shows (plain JSON).
    `chooses`: names of later steps. The result of this one is a list of those of them that are
    due; the others are left out.
    `opens_warehouse`: whether it takes the one slot of those that do.
    """

    name: str
    run: Callable[[Settings], Any]
    summary: Callable[[Any], object] = lambda _: None
    chooses: tuple[str, ...] = ()
    opens_warehouse: bool = True


def _check_setup(settings: Settings) -> list[Finding]:
    from nights.preflight import check_setup, require

    return require(check_setup(settings))


def _take_decisions(settings: Settings) -> None:
    from nights.building import take_decisions

    take_decisions(settings)


def _fetch(settings: Settings) -> list[Fetched]:
    from crm import read_objects
    from fetch import fetch_all

    return fetch_all(settings, crm_reader=read_objects)


def _tell_fetched(fetched: list[Fetched]) -> dict[str, object]:
    """Tell what came, and apart from it what did not answer."""
    return {
        "files": sum(len(one.files) for one in fetched),
        "failed": {one.name: one.problem for one in fetched if one.problem},
    }


def _ingest(settings: Settings) -> list[Load]:
    from ingest import ingest_inbox

    return ingest_inbox(settings)


def _count_loads(loads: list[Load]) -> dict[str, object]:
    """Tell how much came, and apart from it what a person must decide or mend."""
    return {
        "loads": len(loads),
        "rows": sum(load.rows_loaded for load in loads),
        "held": {load.file: load.reason_en for load in loads if load.status == "held"},
        "unread": {load.file: list(load.unread) for load in loads if load.unread},
    }


def _build(settings: Settings) -> BuildResult:
    from nights.building import build_models

    return build_models(settings)


def _remember(settings: Settings) -> None:
    from nights.building import remember

    remember(settings)


def _audit(settings: Settings) -> list[Any]:
    from expectations import audit

    return audit(settings)


def _publish(settings: Settings) -> dict[str, int]:
    from warehouse import publish

    return publish(settings)


def _assess(settings: Settings) -> list[Assessment]:
    from expectations import assess

    return assess(settings)


def _report(settings: Settings) -> str:
    from report import write_report, write_to_do

    write_to_do(settings)
    return str(write_report(settings))


def _due_training(settings: Settings) -> list[str]:
    from ml import needs_training

    return ["train_champions"] if needs_training(settings) else []


def _train(settings: Settings) -> list[Training]:
    from ml import train_models

    return train_models(settings)


_TOLD: Final = ("auc", "auc_low", "auc_high")


def _trained(results: list[Training]) -> dict[str, object]:
    """Tell what was trained, and apart from it what a person must decide."""
    return {
        "trained": {one.score: one.message for one in results},
        "waiting": {
            one.score: {
                "version": one.version,
                "replaces": one.replaces,
                "candidate": one.candidate,
                "metrics": {name: one.metrics[name] for name in _TOLD if name in one.metrics},
                "findings": [asdict(finding) for finding in one.findings],
            }
            for one in results
            if one.status == "waiting"
        },
    }


def _due_methods(settings: Settings) -> list[str]:
    from ml import allowed_methods

    return [SCORING[method] for method in allowed_methods(settings)]


def _score(settings: Settings, method: str) -> list[Scoring]:
    from ml import score_entities

    return score_entities(settings, method)


def apply_and_show(settings: Settings) -> list[Applied]:
    """Apply the models that are no scores, and write what people see of segments and demand.

    Raises:
        ml.ApplyingError: some failed.
        warehouse.WarehouseLockedError: another process holds the warehouse.

    """
    from ml import apply_models
    from report.market import write_market_page, write_segment_list

    try:
        return apply_models(settings)
    finally:  # a model that fails keeps its rows of an earlier night, and the page shows them
        write_market_page(settings)
        write_segment_list(settings)


def _watch(settings: Settings) -> list[Watch]:
    from ml import watch_scores
    from report import write_scores_page

    watched = watch_scores(settings)
    write_scores_page(settings)
    return watched


def _take_releases(settings: Settings) -> list[Taken]:
    from desk import take_kept
    from proposals import take_releases

    take_kept(settings)
    return take_releases(settings)


def _propose(settings: Settings) -> list[Proposed]:
    from proposals import propose

    return propose(settings)


def _told_proposals(results: list[Proposed]) -> list[str]:
    from proposals.proposing import tell

    return [tell(one) for one in results]


def _hand_over(settings: Settings) -> Handed:
    from proposals import hand_over

    return hand_over(settings)


def _hand_over_to_crm(settings: Settings) -> Handed:
    from proposals import hand_over, take_crm_answers

    take_crm_answers(settings)
    return hand_over(settings, CRM_CHANNELS)


def _told_handed(handed: Handed) -> list[str]:
    from proposals.handing_over import tell

    return tell(handed)


def _write_release_list(settings: Settings) -> WrittenList:
    from desk import keep_questions
    from proposals import write_release_list

    written = write_release_list(settings)
    keep_questions(settings)  # for whoever looks while the next night is at work
    return written


def _write_proposals_page(settings: Settings) -> str:
    from proposals import write_page

    return str(write_page(settings))


def _write_lists(settings: Settings) -> Lists:
    from report.calls import write_call_lists

    return write_call_lists(settings)


def _mail_lists(settings: Settings) -> list[Mailed]:
    from nights.mailing import mail_call_lists

    return mail_call_lists(settings)


def _prepare_push(settings: Settings) -> list[str]:
    from nights.sales import prepare_push

    return ["push_to_crm"] if prepare_push(settings) is None else []


def _push(settings: Settings, *, is_released: bool = False) -> list[Change]:
    from nights.sales import push_scores
    from report.customer_copy import keep_customers
    from report.overview import read_overview

    changes = push_scores(settings, force=is_released)
    read_overview(settings)  # keeps it for `status` while the next night works
    keep_customers(settings)  # … and this for `customer`
    return changes


def _exchange_tasks(settings: Settings) -> Exchanged:
    from nights.sales import exchange_tasks

    return exchange_tasks(settings)


def _pushed(changes: list[Change]) -> dict[str, object]:
    """Tell how many records of which kind, how many the CRM refused, and what people keep."""
    from crm import count_actions

    return {
        **count_actions(changes),
        "refused": sum(change.refused is not None for change in changes),
        "kept_by_people": sum(bool(change.kept) for change in changes),
    }


CRM_CHANNELS: Final = ("crm_task", "crm_note")
# Method of scoring -> the step for the use cases whose stage allows it.
SCORING: Final = {"rules": "score_by_rules", "model": "score_by_model", "none": "clear_scores"}

CONSOLIDATE_CUSTOMERS: Final = (
    Step("check_setup", _check_setup, lambda found: [finding.says for finding in found]),
    Step("take_decisions", _take_decisions),
    Step("fetch_sources", _fetch, _tell_fetched, opens_warehouse=False),
    Step("ingest_files", _ingest, _count_loads),
    Step("build_models", _build),
    Step("remember_customers", _remember),
    Step("audit_marts", _audit),
    Step("publish_marts", _publish, dict),
)
ASSESS_MATURITY: Final = (
    Step("assess_use_cases", _assess, lambda found: {one.use_case: one.stage for one in found}),
    Step("report_maturity", _report, str),
    Step("is_training_due", _due_training, list, chooses=("train_champions",)),
)
TRAIN_MODELS: Final = (Step("train_champions", _train, _trained),)
SCORE_CUSTOMERS: Final = (
    Step("choose_methods", _due_methods, list, chooses=tuple(SCORING.values())),
    *(
        Step(name, partial(_score, method=method), lambda d: {one.score: one.message for one in d})
        for method, name in SCORING.items()
    ),
    Step(
        "apply_models", apply_and_show, lambda applied: {one.name: one.message for one in applied}
    ),
    Step("publish_scores", _publish, dict),
    Step("watch_scores", _watch, lambda watched: {one.score: one.message for one in watched}),
)
_TAKE: Final = Step(
    "take_releases",
    _take_releases,
    lambda lists: {
        "taken": sum(one.new for one in lists),
        "refused": [line for one in lists for line in one.refused],
    },
)
_HAND_OVER: Final = Step("hand_over_released", _hand_over, _told_handed)
_LIST: Final = Step("write_release_list", _write_release_list, lambda written: written.waiting)
_PAGE: Final = Step("write_proposals_page", _write_proposals_page, str)
PROPOSE_ACTIONS: Final = (
    _TAKE,  # before the proposals: who released one has seen what it was
    Step("make_proposals", _propose, _told_proposals),
    _HAND_OVER,  # after them: nothing goes out that is no longer due
    _LIST,
    _PAGE,
)
# Beside the night, by day: what people released since.
DELIVER_RELEASED: Final = (_TAKE, _HAND_OVER, _LIST, _PAGE)
PUSH_SCORES: Final = (
    # before the push: the lists are there also where the CRM does not answer
    Step("write_call_lists", _write_lists, lambda lists: len(lists.written)),
    Step("prepare_push", _prepare_push, list, chooses=("push_to_crm",)),
    Step("push_to_crm", _push, _pushed),
    Step("mail_call_lists", _mail_lists, lambda mailed: [one.state for one in mailed]),
    Step("exchange_tasks", _exchange_tasks, lambda done: done._asdict()),
    # what could not be handed over before, since its customer was not in the CRM yet
    Step("hand_over_to_crm", _hand_over_to_crm, _told_handed),
)
# In place of `push_to_crm` where a person has looked at what would be written, and released it.
RELEASED_PUSH: Final = Step("push_released", partial(_push, is_released=True), _pushed)

NIGHT: Final[Mapping[str, tuple[Step, ...]]] = {
    "consolidate_customers": CONSOLIDATE_CUSTOMERS,
    "assess_maturity": ASSESS_MATURITY,
    "train_models": TRAIN_MODELS,
    "score_customers": SCORE_CUSTOMERS,
    "propose_actions": PROPOSE_ACTIONS,
    "push_scores": PUSH_SCORES,
}
DAG_IDS: Final = tuple(NIGHT)
