"""The stations as the command line runs them: the work of the rooms, told in lines."""

from __future__ import annotations

import getpass
import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from zoneinfo import ZoneInfo

from config import Settings
from config.language import _, in_thousands
from nights.failures import one_line
from nights.steps import NIGHT, SCORING, Step, apply_and_show
from reifegrad import fetching
from reifegrad.listing import say_lists, say_mails
from reifegrad.proposals import say_handed, say_proposed, say_release_list, say_taken
from reifegrad.terminal.push_tables import say_pushed, say_tasks, say_waiting

if TYPE_CHECKING:
    from expectations import Assessment
    from ingest.loading.inbox_run import Progress
    from ml import Applied, Scoring, Training, Watch
    from nights.preflight import Purpose
    from reifegrad.customer_view import CustomerView, FoundCustomer
    from warehouse import BuildResult

logger = logging.getLogger(__name__)


def make_sample(
    settings: Settings, customers: int, months: int, seed: int, until: date | None
) -> str:
    """Put the sample company's files into the inbox."""
    from sample import make_company

    truth = settings.home / "truth"
    # A night sees the files of the day before.
    last_day = until or settings.night - timedelta(days=1)
    made = make_company(settings.inbox, truth, customers, months, seed, until=last_day)
    files = len({written.file for written in made.files})
    return _("{files} files in {inbox}; the truth behind them is in {truth}").format(
        files=files, inbox=settings.inbox, truth=truth
    )


def check(settings: Settings, purpose: Purpose) -> Iterator[str]:
    """Look whether the night would succeed, a line per thing worth a look."""
    from nights.preflight import require
    from reifegrad.preflight import check_setup

    for finding in require(check_setup(settings, purpose)):
        yield " ".join(part for part in ("!", finding.says, finding.todo) if part)


class RefusedFilesError(Exception):
    """Files of the inbox were not loaded; what is wrong with each was told before."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """What to say again at the end: who reads only that must know.

    `refused`: the files that were not loaded; single rows in quarantine refuse none. `held`: those
    that a person must release. `unread`: columns of which too many cells cannot be read, by file.
    """

    refused: tuple[str, ...]
    unread: tuple[tuple[str, tuple[str, ...]], ...]
    held: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """Say it, a line each."""
        if self.refused:
            yield f"! {_refused(self.refused)}"
        if self.held:
            yield f"! {_held(self.held)}"
        if self.unread:
            named = "; ".join(f"{file} ({', '.join(columns)})" for file, columns in self.unread)
            yield "! " + _("Columns not readable, see above: {files}").format(files=named)


def ingest(settings: Settings, progress: Progress | None = None) -> Generator[str, None, Ingested]:
    """Read the inbox, a line per file and sheet as soon as it is known, and what to look at."""
    from ingest.loading.inbox_run import load_inbox

    is_empty, refused, held = True, list[str](), list[str]()
    unread: list[tuple[str, tuple[str, ...]]] = []
    for load in load_inbox(settings, progress):
        is_empty = False
        yield from load.lines()
        if load.status == "failed":
            refused.append(load.file)
        if load.status == "held":
            held.append(load.file)
        if load.unread:
            unread.append((load.file, load.unread))
    if is_empty:
        yield _("No files in {inbox}").format(inbox=settings.inbox)
    return Ingested(tuple(dict.fromkeys(refused)), tuple(unread), tuple(dict.fromkeys(held)))


def ingest_all(settings: Settings, progress: Progress | None = None) -> Iterator[str]:
    """Read the inbox as `ingest` does.

    Raises:
        RefusedFilesError: a file was not loaded, or is held back; all others were.

    """
    ingested = yield from ingest(settings, progress)
    said = [_refused(ingested.refused)] if ingested.refused else []
    if ingested.held:
        said.append(_held(ingested.held))
    if said:
        raise RefusedFilesError(". ".join(said))


def _held(files: Sequence[str]) -> str:
    return _(
        "Held back until a person decides, see above: {files} (reifegrad ingest --accept FILE)"
    ).format(files=", ".join(files))


def _refused(files: Sequence[str]) -> str:
    return _("Not loaded, see above: {files}").format(files=", ".join(files))


def build(settings: Settings, *, full_refresh: bool = False) -> str:
    """Build the marts."""
    from nights.building import build as build_models

    return _built(build_models(settings, full_refresh=full_refresh))


def _built(built: BuildResult) -> str:
    for warning in built.warnings:
        logger.warning("dbt: %s", warning)
    return _("{models} models built, {tests} tests passed").format(
        models=built.models, tests=built.tests
    )


def decide(settings: Settings, pair: tuple[str, str], verdict: Literal["same", "different"]) -> str:
    """Keep a person's decision about two company records."""
    from identity import memory
    from warehouse import open_warehouse

    with open_warehouse(settings) as connection:
        memory.decide(connection, pair, verdict, getpass.getuser(), _now())
    said = _("one customer") if verdict == "same" else _("different customers")
    return _("{a} and {b}: {verdict}, from the next build on").format(
        a=pair[0], b=pair[1], verdict=said
    )


def undo(settings: Settings, pair: tuple[str, str]) -> str:
    """Take back a person's decision."""
    from identity import memory
    from warehouse import open_warehouse

    with open_warehouse(settings) as connection:
        memory.undo(connection, pair, _now())
    return _("{a} and {b}: decision taken back, from the next build on").format(
        a=pair[0], b=pair[1]
    )


def import_decisions(settings: Settings, file: Path | None) -> Iterator[str]:
    """Take over a filled review list, or those in the home, a line per list and problem."""
    from identity.reviewing import take_list, take_lists
    from warehouse import open_warehouse

    with open_warehouse(settings) as connection:
        if file:
            taken = {file.name: take_list(connection, file)}
        else:
            taken = take_lists(connection, settings.review)
    if not taken:
        yield _("No list in {folder}").format(folder=settings.review)
    for name, found in taken.items():
        yield _("{file}: {decisions} new decisions taken over").format(
            file=name, decisions=found.decisions
        )
        yield from found.problems


def audit(settings: Settings) -> str:
    """Audit the marts."""
    from warehouse import require_marts

    require_marts(settings)
    from expectations import audit as check

    return _audited(check(settings))


def _audited(checks: list[Any]) -> str:
    return _("Audit passed: {checks} expectations met").format(checks=len(checks))


def publish(settings: Settings) -> str:
    """Publish what passed the audit."""
    from warehouse import require_marts

    require_marts(settings)
    from warehouse import publish as copy

    return _published(settings, copy(settings))


def _published(settings: Settings, rows: dict[str, int]) -> str:
    from warehouse.copies import sizes

    folder = settings.published.parent
    size = sum(sizes(folder).values()) / 1e6
    total = in_thousands(sum(rows.values()))
    return _(
        "{rows} rows in {tables} tables published: {path} ({size:.0f} MB on disk: DuckDB,"
        " Parquet, Excel, earlier copies included)"
    ).format(rows=total, tables=len(rows), path=folder, size=size)


def document(settings: Settings) -> str:
    """Write the page about the warehouse."""
    from warehouse import document as write

    return str(write(settings))


def serve(settings: Settings, host: str, port: int) -> Iterator[str]:
    """Serve the published file, a line each time that a night is opened."""
    from warehouse import serve as serve_published

    secrets = settings.home / "secrets.env"
    for night in serve_published(settings, host, port):
        yield _(
            "The night {night} can be read at quack:{host}:{port}; the token is in {secrets}"
        ).format(night=night, host=host, port=port, secrets=secrets)


def _assessed(settings: Settings, assessments: list[Assessment]) -> Iterator[str]:
    """Tell the stages, a line per use case; where less was measured also why."""
    for found in assessments:
        title = getattr(found, f"title_{settings.language}")
        line = _("{use_case}: stage {stage}").format(use_case=title, stage=found.stage)
        cause = getattr(found, f"cause_{settings.language}")
        yield f"{line}. {cause}" if cause else line


def report(settings: Settings) -> str:
    """Write the maturity report and the list of what to fill in."""
    from warehouse import require_marts

    require_marts(settings)
    from report import write_report, write_to_do

    write_to_do(settings)
    return _reported(write_report(settings))


def _reported(path: Path | str) -> str:
    return _("Report: {path}").format(path=path)


def train(settings: Settings, scores: list[str] | None = None) -> Iterator[str]:
    """Train, a line per score."""
    from warehouse import require_marts

    require_marts(settings)
    from ml import TrainingError, train_models

    try:
        results = train_models(settings, scores)
    except TrainingError as error:
        yield from _by_score(settings, error.results)
        raise
    yield from _by_score(settings, results)


def score(settings: Settings) -> Iterator[str]:
    """Score, then apply the models of other kinds; a line for each."""
    from warehouse import require_marts

    require_marts(settings)
    from ml import ApplyingError, ScoringError, score_entities

    failed: ScoringError | None = None
    try:
        results = score_entities(settings)
    except ScoringError as error:
        failed, results = error, error.results
    yield from _by_score(settings, results)
    try:
        applied = apply_and_show(settings)
    except ApplyingError as error:
        yield from _applied(settings, error.results)
        if failed:
            yield f"! {one_line(error)}"
            raise failed from error
        raise
    yield from _applied(settings, applied)
    if failed:
        raise failed


def watch(settings: Settings) -> Iterator[str]:
    """Compare earlier scores with what happened and look for drift, a line per score."""
    from warehouse import require_marts

    require_marts(settings)
    from ml import watch_scores
    from report import write_scores_page

    yield from _by_score(settings, watch_scores(settings))
    yield _("Page on scores: {path}").format(path=write_scores_page(settings))


def _by_score(settings: Settings, results: Iterable[Training | Scoring | Watch]) -> Iterator[str]:
    from ml import model_titles, score_titles

    titles = score_titles(settings) | model_titles(settings)
    for result in results:
        yield f"{titles[result.score]}: {result.message}"
        yield from (f"  {warning}" for warning in getattr(result, "warnings", ()))


def _applied(settings: Settings, results: Iterable[Applied]) -> Iterator[str]:
    from ml import model_titles

    titles = model_titles(settings)
    yield from (f"{titles[result.name]}: {result.message}" for result in results)


def customer(
    settings: Settings, asked: str
) -> tuple[CustomerView | list[FoundCustomer], str | None]:
    """Look a customer up; beside it a line where a night is at work and the last state is shown."""
    from reifegrad.customer_view import view_customer, view_kept_customer
    from report.customer_copy import kept_at
    from warehouse import WarehouseLockedError

    try:
        return view_customer(settings.model_copy(update={"lock_wait_seconds": 1}), asked), None
    except WarehouseLockedError as error:
        kept = kept_at(settings)
        if kept is None:
            raise
        local = kept.astimezone(ZoneInfo(settings.timezone))
        told = _("{held} Shown is what the last night left on {day} at {time}.")
        said = told.format(held=error, day=f"{local:%Y-%m-%d}", time=f"{local:%H:%M}")
        return view_kept_customer(settings, asked), said


# What the command line says of a step's result; of the others nothing.
TOLD: Final[dict[str, Callable[[Settings, Any], Iterable[str]]]] = {
    "fetch_sources": fetching.told,
    "build_models": lambda _settings, built: [_built(built)],
    "audit_marts": lambda _settings, checks: [_audited(checks)],
    "publish_marts": lambda settings, rows: [_published(settings, rows)],
    "assess_use_cases": _assessed,
    "report_maturity": lambda _settings, path: [_reported(path)],
    "train_champions": _by_score,
    "watch_scores": _by_score,
    **dict.fromkeys(SCORING.values(), _by_score),
    "apply_models": _applied,
    "publish_scores": lambda settings, rows: [_published(settings, rows)],
    "take_releases": say_taken,
    "make_proposals": say_proposed,
    "hand_over_released": say_handed,
    "hand_over_to_crm": say_handed,
    "write_release_list": say_release_list,
    "write_call_lists": say_lists,
    "prepare_push": say_waiting,
    "push_to_crm": say_pushed,
    "exchange_tasks": say_tasks,
    "mail_call_lists": say_mails,
}


def run_night(settings: Settings, progress: Progress | None = None) -> Iterator[str]:
    """Take the steps of the night in their order, with a line for what each did.

    Two are told while they work: the look before the night, and the inbox, file by file. A push
    or a mail that fails keeps nothing else from being done; the error comes at the end.
    """
    ingested: Ingested | None = None
    silent: str | None = None
    left_out: set[str] = set()
    failed: list[Exception] = []
    for step in chain.from_iterable(NIGHT.values()):
        if step.name in left_out:
            continue
        if step.name == "check_setup":
            yield from check(settings, "run")
        elif step.name == "ingest_files":
            ingested = yield from ingest(settings, progress)
        else:
            result, not_due = _take(step, settings, failed)
            left_out |= not_due
            if step.name in TOLD and result is not None:
                yield from TOLD[step.name](settings, result)
            if step.name == "fetch_sources":
                silent = fetching.failed_names(result)
    if silent:
        yield f"! {silent}"
    if ingested:
        yield from ingested.lines()
    yield from (f"! {one_line(error)}" for error in failed[:-1])
    if failed:
        raise failed[-1]


def _take(step: Step, settings: Settings, failed: list[Exception]) -> tuple[Any, set[str]]:
    """Take one step; a failure that others need not mind goes into `failed`.

    Returns:
        What the step gives, None where it failed; names of steps that are not due now.

    """
    from crm import CrmError
    from ml import ApplyingError, ScoringError, TrainingError
    from nights.mailing import MailError
    from proposals import HandOverError, OutboxError, ProposingError

    try:
        result = step.run(settings)
    except (TrainingError, ScoringError, ApplyingError, ProposingError) as error:
        # The scores are made by what is in force, and the others reach people.
        failed.append(error)
        result = error.results
    except CrmError as error:
        failed.append(error)
        return None, {"push_to_crm", "exchange_tasks", "hand_over_to_crm"}  # as in Airflow
    except HandOverError as error:
        failed.append(error)
        result = error.handed
    except (MailError, OutboxError) as error:
        failed.append(error)
        return None, set()
    return result, {*step.chooses} - {*result} if step.chooses else set()


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
