"""The overview as tables on a terminal, in German or English."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.language import _, in_thousands, marked
from report.results import LoadedFile, Overview

if TYPE_CHECKING:
    from config import Settings
    from nights.preflight import Finding

Language = Literal["de", "en"]
NOTHING: Final = "–"
_DAY: Final = {"de": "{:%d.%m.%Y}", "en": "{:%Y-%m-%d}"}
STANDINGS: Final = {
    "new": marked("new"),
    "changed": marked("changed"),
    "unchanged": marked("unchanged"),
    "gone": marked("no longer there"),
}
OUTCOMES: Final = {
    "loaded": marked("loaded"),
    "held": marked("held back"),
    "superseded": marked("a newer version is in force"),
    "skipped": marked("skipped"),
    "failed": marked("not loaded"),
    "growing": marked("waits"),
    "duplicate": marked("duplicate"),
}
READINGS: Final = {
    "comma": marked("{example}: with a decimal comma; else set `locale: en` in sources.yml"),
    "point": marked("{example}: with a decimal point; else set `locale: de` in sources.yml"),
    "dmy": marked("{example}: day first; else set `locale: en` in sources.yml"),
    "mdy": marked("{example}: month first; else set `locale: de` in sources.yml"),
    "mixed": marked(
        "{example}: not at all, as {values_for} values are written one way and {values_against}"
        " another; please write them alike in the file"
    ),
}


def target_name(target: str) -> str:
    """Name what a push writes to in the language in use."""
    from crm import target_name as name

    return name(target)


def tables(overview: Overview, settings: Settings) -> Iterator[Table | str]:
    """Yield what there is to show, in the order of the night, in the set language and zone."""
    from reifegrad.terminal.proposal_tables import proposals_table

    language = settings.language
    yield from _standing(overview, language)
    yield from _of_files(overview, settings)
    if overview.customers is not None and overview.customer_records is not None:
        yield _("{customers} customers from {records} records").format(
            customers=in_thousands(overview.customers),
            records=in_thousands(overview.customer_records),
        )
    if overview.stages:
        yield stages_table(overview.stages, language)
    if overview.report:
        yield _("Report: {path}").format(path=overview.report)
    if overview.scores:
        yield scores_table(overview, language)
        yield from _told_of_scores(overview)
    if overview.proposals:
        yield proposals_table(overview, language)
    if overview.pushes:
        yield push_table(overview, settings)
    yield from _told_of_push(overview, settings)


def _of_files(overview: Overview, settings: Settings) -> Iterator[Table]:
    """Yield what came in, what did not, and what of it cannot be used."""
    language = settings.language
    if overview.files:
        yield files_table(overview)
        if hints := hints_table(overview, language):
            yield hints
    if overview.overdue:
        yield overdue_table(overview, language)
    if overview.silent:
        yield silent_table(overview, settings)
    if overview.open_formats:
        yield open_formats_table(overview)
    if overview.unmet:
        yield unmet_table(overview, language)
    if overview.quarantine:
        yield quarantine_table(overview, language)


def findings_table(findings: Sequence[Finding]) -> Table:
    """Show what a look before the night found, and what to do."""
    marks = {"ok": "✓", "warning": "!", "error": "✗"}
    table = Table(box=None, show_header=False, padding=(0, 1), title_justify="left")
    for finding in findings:
        told = f"{finding.says}\n→ {finding.todo}" if finding.todo else finding.says
        table.add_row(marks[finding.level], Text(told))
    bad = [finding for finding in findings if finding.level != "ok"]
    table.caption_justify = "left"
    table.caption = _("All is well.") if not bad else None
    return table


def _standing(overview: Overview, language: Language) -> Iterator[str]:
    """Yield what must be known before reading on: that it is old, or that nothing is there."""
    if overview.held:
        form = _DAY[language]
        night = form.format(overview.night) if overview.night else NOTHING
        yield _("As of the night of {night}. {held}").format(night=night, held=overview.held)
    if not overview.files and overview.customers is None:
        yield _(
            "Nothing has come in yet. `reifegrad start FOLDER` begins with your own files,"
            " `make demo` with a sample company."
        )


def files_table(overview: Overview) -> Table:
    """Show what came in per file and sheet."""
    table = titled_table(
        _("Files"),
        _("File"),
        _("Source"),
        _("Standing"),
        _("Rows"),
        _("loaded"),
        _("in quarantine"),
        _("Outcome"),
        numbers=range(3, 6),
    )
    for file in overview.files:
        counts = (file.rows_found, file.rows_loaded, file.rows_quarantined)
        table.add_row(
            _place(file.file, file.sheet),
            file.source or NOTHING,
            _(STANDINGS[file.standing]) if file.standing else NOTHING,
            *(in_thousands(count) for count in counts),
            _outcome(file),
        )
    return table


def _outcome(file: LoadedFile) -> str:
    if file.status in {"failed", "held"} and file.in_force_since:
        said = {
            "failed": _("not loaded; that of {since:%Y-%m-%d} stands"),
            "held": _("held back; that of {since:%Y-%m-%d} stands"),
        }
        return said[file.status].format(since=file.in_force_since)
    outcome = _(OUTCOMES[file.status])
    if file.unread and file.status == "loaded":
        outcome += _("; not readable: {columns}").format(columns=", ".join(file.unread))
    return outcome


def hints_table(overview: Overview, language: Language) -> Table | None:
    """Show why files were not loaded, and what to look at in those that were."""
    table = titled_table(_("Hints on the files"), _("File"), _("Hint"))
    for file in overview.files:
        reason = file.reason_de if language == "de" else file.reason_en
        notes = file.notes_de if language == "de" else file.notes_en
        for hint in [reason, *notes]:
            if hint:
                table.add_row(_place(file.file, file.sheet), hint)
    return table if table.row_count else None


def overdue_table(overview: Overview, language: Language) -> Table:
    """Show which sources did not come although they were expected."""
    table = titled_table(_("Missing"), _("Source"), _("Reason"))
    for missed in overview.overdue:
        table.add_row(missed.source, missed.reason_de if language == "de" else missed.reason_en)
    return table


def silent_table(overview: Overview, settings: Settings) -> Table:
    """Show which sources of `fetch.yml` did not answer, since when, and how old their data are."""
    table = titled_table(
        _("Not fetched"), _("Source"), _("since"), _("what is there is of"), _("Reason")
    )
    for one in overview.silent:
        before = local_time(settings, one.fetched_at) if one.fetched_at else _("never fetched")
        table.add_row(one.name, local_time(settings, one.since), before, one.problem)
    return table


def local_time(settings: Settings, moment: datetime) -> str:
    """Write a time in the company's zone and the set language."""
    form = "%d.%m.%Y %H:%M" if settings.language == "de" else "%Y-%m-%d %H:%M"
    return moment.astimezone(ZoneInfo(settings.timezone)).strftime(form)


def open_formats_table(overview: Overview) -> Table:
    """Show which columns can be read in more than one way, and how they are."""
    table = titled_table(_("Ambiguous values"), _("Source"), _("Column"), _("taken as"))
    for column in overview.open_formats:
        taken = _(READINGS[column.format]).format(**column.model_dump())
        table.add_row(column.source, f"{column.entity}.{column.column_name}", taken)
    return table


def unmet_table(overview: Overview, language: Language) -> Table:
    """Show which references meet no record, and what to do where it is more than a few."""
    table = titled_table(_("References without a record"), _("Source"), _("Hint"))
    for one in overview.unmet:
        found, todo = (
            (one.found_de, one.todo_de) if language == "de" else (one.found_en, one.todo_en)
        )
        table.add_row(one.source, f"{found} {todo}" if one.is_told else found)
    return table


def quarantine_table(overview: Overview, language: Language) -> Table:
    """Show how many rows wait, where the first of them stand, and why."""
    table = titled_table(
        _("Quarantine"), _("File"), _("Rows"), _("in row"), _("Reason"), numbers=[1]
    )
    for group in overview.quarantine:
        reason = group.reason_de if language == "de" else group.reason_en
        rows = ", ".join(str(number) for number in group.first_rows)
        more = ", …" if group.rows > len(group.first_rows) else ""
        table.add_row(
            _place(group.file, group.sheet),
            in_thousands(group.rows),
            rows + more,
            reason,
        )
    return table


def stages_table(stages: Sequence[dict[str, Any]], language: Language) -> Table:
    """Show the stage of each use case and what would raise it."""
    table = titled_table(
        _("Stage of each use case"),
        _("Use case"),
        _("Stage"),
        _("Method"),
        _("What the next stage needs"),
        numbers=[1],
    )
    for stage in stages:
        hints = [stage[f"cause_{language}"]] if stage["cause"] else []
        todo = "\n".join([*hints, *(f"• {hint}" for hint in _hints(stage["unmet"], language))])
        in_force, measured = stage["stage"], stage["measured_stage"]
        reached = (
            str(in_force)
            if measured == in_force
            else f"{in_force} ({'?' if measured is None else measured})"
        )
        table.add_row(
            stage[f"title_{language}"],
            _("{stage}, narrow").format(stage=reached) if stage["is_at_edge"] else reached,
            stage[f"method_{language}"] or NOTHING,
            todo or NOTHING,
        )
    return table


def _hints(unmet: Sequence[dict[str, Any]], language: Language) -> Iterator[str]:
    """Say the missing sources once, then what else there is to do."""
    lacking = dict.fromkeys(name for each in unmet for name in each[f"missing_{language}"])
    if lacking:
        yield _("Missing: {names}.").format(names="; ".join(lacking))
    yield from dict.fromkeys(
        each[f"todo_{language}"] for each in unmet if not each[f"missing_{language}"]
    )


def outlooks_table(outlooks: Sequence[dict[str, Any]], language: Language) -> Table:
    """Show which stages would be reached and what would still be missing, by its name."""
    table = titled_table(
        _("What would be reached then"),
        _("Use case"),
        _("Stage"),
        _("then"),
        _("What is still missing"),
        numbers=[1, 2],
    )
    for outlook in outlooks:
        todo = [
            f"• {unmet['expectation']}: {unmet[f'todo_{language}']}" for unmet in outlook["unmet"]
        ]
        table.add_row(
            outlook[f"title_{language}"],
            str(outlook["stage"]),
            str(outlook["stage_then"]),
            "\n".join(todo) or NOTHING,
        )
    return table


def scores_table(overview: Overview, language: Language) -> Table:
    """Show how many scores of each band are in force, by which method and as of which day."""
    table = titled_table(
        _("Scores"),
        _("Score"),
        _("Stage"),
        _("Method"),
        "AUC",
        _("high"),
        _("medium"),
        _("low"),
        _("as of"),
        numbers=[1, 3, 4, 5, 6],
    )
    for group in overview.scores:
        as_of = NOTHING if group.as_of is None else _DAY[language].format(group.as_of)
        table.add_row(
            group.title,
            str(group.stage),
            _("rules")
            if group.method == "rules"
            else _("model, version {version}").format(version=group.model_version),
            NOTHING if group.auc is None else f"{group.auc:.3f}",
            *(str(n) for n in (group.high, group.medium, group.low)),
            _("{day}, old").format(day=as_of) if group.is_old else as_of,
        )
    return table


def _told_of_scores(overview: Overview) -> Iterator[str]:
    """Yield alarms, what points of a model mean and what is at stake."""
    said = {
        "auc": _("it orders worse than its test promised"),
        "calibration": _("what it promises does not come true"),
        "score": _("the points themselves have moved"),
    }
    for group in overview.scores:
        alarms = [said[alarm] for alarm in group.alarms if alarm in said]
        if moved := [alarm for alarm in group.alarms if alarm not in said]:
            alarms.append(_("moved since the training: {names}").format(names=", ".join(moved)))
        if alarms:
            told = _("! {title}: alarm, a new training is due: {alarms}.")
            yield told.format(title=group.title, alarms="; ".join(alarms))
        if group.meaning:
            yield f"{group.title}: {group.meaning}"
        if group.expected_title and group.expected_amount is not None:
            told = _("{title}: {what} {amount} € in all.")
            amount = in_thousands(round(group.expected_amount))
            yield told.format(title=group.title, what=group.expected_title, amount=amount)


def _told_of_push(overview: Overview, settings: Settings) -> Iterator[str]:
    """Yield why the last push failed, if it did."""
    for one in overview.push_problems:
        told = _("! No push has succeeded since {since}; the last try: {problem}")
        since = local_time(settings, one.failing_since.replace(tzinfo=UTC))
        yield told.format(since=since, problem=one.problem)


def push_table(overview: Overview, settings: Settings) -> Table:
    """Show what the last push that wrote anything wrote, and when by the company's clock."""
    if overview.pushes[0].connector == "excel":
        table = titled_table(
            _("Latest changes of the list of scores"),
            _("Target"),
            _("when"),
            _("new"),
            _("changed"),
            _("gone"),
            numbers=range(2, 5),
        )
    else:
        table = titled_table(
            _("Latest changes in the CRM"),
            _("Target"),
            _("when"),
            _("created"),
            _("changed"),
            _("cleared"),
            numbers=range(2, 5),
        )
    for push in overview.pushes:
        table.add_row(
            target_name(push.target),
            local_time(settings, push.pushed_at.replace(tzinfo=UTC)),
            *(in_thousands(n) for n in (push.created, push.changed, push.cleared)),
        )
    return table


def titled_table(title: str, *columns: str, numbers: Collection[int] = ()) -> Table:
    """Make a table; the columns of these numbers, counted from 0, hold figures."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number in numbers else "left", overflow="fold")
    return table


def console() -> Console:
    """Return a console that keeps whole lines where nobody sees them, as in a log."""
    return Console(width=None if sys.stdout.isatty() else 160, highlight=False)


def _place(file: str, sheet: str | None) -> str:
    return f"{file} › {sheet}" if sheet else file
