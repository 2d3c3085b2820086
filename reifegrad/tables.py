"""The overview as tables on a terminal, in German or English."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final, Literal
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.language import _
from ingest.loading.loads import in_thousands
from report.overview import LoadedFile, Overview

if TYPE_CHECKING:
    from config import Settings
    from crm import Change
    from nights.preflight import Finding

Language = Literal["de", "en"]

TEXTS: Final[dict[str, dict[Language, str]]] = {
    "files": {"de": "Dateien", "en": "Files"},
    "file": {"de": "Datei", "en": "File"},
    "source": {"de": "Quelle", "en": "Source"},
    "found": {"de": "Zeilen", "en": "Rows"},
    "loaded": {"de": "geladen", "en": "loaded"},
    "quarantined": {"de": "in Quarantäne", "en": "in quarantine"},
    "outcome": {"de": "Ergebnis", "en": "Outcome"},
    "is_loaded": {"de": "geladen", "en": "loaded"},
    "is_skipped": {"de": "übergangen", "en": "skipped"},
    "is_failed": {"de": "nicht geladen", "en": "not loaded"},
    "is_failed_but": {
        "de": "nicht geladen; es gilt der Stand vom {since:%d.%m.%Y}",
        "en": "not loaded; that of {since:%Y-%m-%d} stands",
    },
    "is_growing": {"de": "wartet", "en": "waits"},
    "is_duplicate": {"de": "doppelt", "en": "duplicate"},
    "standing": {"de": "Stand", "en": "Standing"},
    "stands_new": {"de": "neu", "en": "new"},
    "stands_changed": {"de": "geändert", "en": "changed"},
    "stands_unchanged": {"de": "unverändert", "en": "unchanged"},
    "stands_gone": {"de": "nicht mehr da", "en": "gone"},
    "hints": {"de": "Hinweise zu den Dateien", "en": "Hints on the files"},
    "hint": {"de": "Hinweis", "en": "Hint"},
    "overdue": {"de": "Ausgeblieben", "en": "Missing"},
    "open_formats": {"de": "Mehrdeutige Werte", "en": "Ambiguous values"},
    "column": {"de": "Spalte", "en": "Column"},
    "taken_as": {"de": "gelesen als", "en": "taken as"},
    "as_comma": {
        "de": "{example}: mit Dezimalkomma; sonst in sources.yml `locale: en` setzen",
        "en": "{example}: with a decimal comma; else set `locale: en` in sources.yml",
    },
    "as_point": {
        "de": "{example}: mit Dezimalpunkt; sonst in sources.yml `locale: de` setzen",
        "en": "{example}: with a decimal point; else set `locale: de` in sources.yml",
    },
    "as_dmy": {
        "de": "{example}: Tag zuerst; sonst in sources.yml `locale: en` setzen",
        "en": "{example}: day first; else set `locale: en` in sources.yml",
    },
    "as_mdy": {
        "de": "{example}: Monat zuerst; sonst in sources.yml `locale: de` setzen",
        "en": "{example}: month first; else set `locale: de` in sources.yml",
    },
    "as_mixed": {
        "de": "{example}: nicht, denn {values_for} Werte sind so und {values_against} anders"
        " geschrieben; bitte in der Datei einheitlich schreiben",
        "en": "{example}: not at all, as {values_for} values are written one way and"
        " {values_against} another; please write them alike in the file",
    },
    "quarantine": {"de": "Quarantäne", "en": "Quarantine"},
    "first_rows": {"de": "in Zeile", "en": "in row"},
    "reason": {"de": "Grund", "en": "Reason"},
    "customers": {
        "de": "{customers} Kunden aus {records} Datensätzen",
        "en": "{customers} customers from {records} records",
    },
    "stages": {"de": "Reifegrad je Anwendungsfall", "en": "Stage of each use case"},
    "use_case": {"de": "Anwendungsfall", "en": "Use case"},
    "stage": {"de": "Stufe", "en": "Stage"},
    "outlook": {"de": "Was dann erreicht wäre", "en": "What would be reached then"},
    "stage_then": {"de": "dann", "en": "then"},
    "still_missing": {"de": "Was noch fehlt", "en": "What is still missing"},
    "method": {"de": "Verfahren", "en": "Method"},
    "next": {"de": "Was die nächste Stufe braucht", "en": "What the next stage needs"},
    "nothing": {"de": "–", "en": "–"},
    "at_edge": {"de": "{stage}, knapp", "en": "{stage}, narrow"},
    "report": {"de": "Bericht: {path}", "en": "Report: {path}"},
    "scores": {"de": "Bewertungen", "en": "Scores"},
    "score": {"de": "Bewertung", "en": "Score"},
    "rules": {"de": "Regeln", "en": "rules"},
    "model": {"de": "Modell, Version {version}", "en": "model, version {version}"},
    "auc": {"de": "AUC", "en": "AUC"},
    "high": {"de": "hoch", "en": "high"},
    "medium": {"de": "mittel", "en": "medium"},
    "low": {"de": "niedrig", "en": "low"},
    "push": {"de": "Letzte Änderungen im CRM", "en": "Latest changes in the CRM"},
    "push_list": {
        "de": "Letzte Änderungen der Liste von Bewertungen",
        "en": "Latest changes of the list of scores",
    },
    "target": {"de": "Ziel", "en": "Target"},
    "parties": {"de": "Kunden", "en": "customers"},
    "opportunities": {"de": "Chancen", "en": "opportunities"},
    "at": {"de": "wann", "en": "when"},
    "new": {"de": "neu", "en": "new"},
    "gone": {"de": "entfallen", "en": "gone"},
    "lacks": {"de": "Es fehlt: {names}.", "en": "Missing: {names}."},
    "created": {"de": "angelegt", "en": "created"},
    "changed": {"de": "geändert", "en": "changed"},
    "cleared": {"de": "geleert", "en": "cleared"},
    "skipped": {"de": "ausgelassen", "en": "skipped"},
    "would_push": {"de": "Was sich ändern würde", "en": "What would change"},
    "pushed": {"de": "Was sich geändert hat", "en": "What changed"},
}


def text(name: str, language: Language, **values: object) -> str:
    """Say a text in the language."""
    return TEXTS[name][language].format(**values)


def tables(overview: Overview, settings: Settings) -> Iterator[Table | str]:
    """Yield what there is to show, in the order of the night, in the set language and zone."""
    language = settings.language
    yield from _standing(overview, language)
    if overview.files:
        yield files_table(overview, language)
        if hints := hints_table(overview, language):
            yield hints
    if overview.overdue:
        yield overdue_table(overview, language)
    if overview.open_formats:
        yield open_formats_table(overview, language)
    if overview.quarantine:
        yield quarantine_table(overview, language)
    if overview.customers is not None:
        yield text(
            "customers",
            language,
            customers=overview.customers,
            records=overview.customer_records,
        )
    if overview.stages:
        yield stages_table(overview.stages, language)
    if overview.report:
        yield text("report", language, path=overview.report)
    if overview.scores:
        yield scores_table(overview, language)
    if overview.pushes:
        yield push_table(overview, settings)


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
        form = "{:%d.%m.%Y}" if language == "de" else "{:%Y-%m-%d}"
        night = form.format(overview.night) if overview.night else text("nothing", language)
        yield _("As of the night of {night}. {held}").format(night=night, held=overview.held)
    if not overview.files and overview.customers is None:
        yield _(
            "Nothing has come in yet. `reifegrad start FOLDER` begins with your own files,"
            " `make demo` with a sample company."
        )


def files_table(overview: Overview, language: Language) -> Table:
    """Show what came in per file and sheet."""
    table = _table(
        "files", language, "file", "source", "standing", "found", "loaded", "quarantined", "outcome"
    )
    for file in overview.files:
        counts = (file.rows_found, file.rows_loaded, file.rows_quarantined)
        table.add_row(
            _place(file.file, file.sheet),
            file.source or text("nothing", language),
            text(f"stands_{file.standing}" if file.standing else "nothing", language),
            *(in_thousands(count, language) for count in counts),
            _outcome(file, language),
        )
    return table


def _outcome(file: LoadedFile, language: Language) -> str:
    if file.status == "failed" and file.in_force_since:
        return text("is_failed_but", language, since=file.in_force_since)
    return text(f"is_{file.status}", language)


def hints_table(overview: Overview, language: Language) -> Table | None:
    """Show why files were not loaded, and what to look at in those that were."""
    table = _table("hints", language, "file", "hint")
    for file in overview.files:
        reason = file.reason_de if language == "de" else file.reason_en
        notes = file.notes_de if language == "de" else file.notes_en
        for hint in [reason, *notes]:
            if hint:
                table.add_row(_place(file.file, file.sheet), hint)
    return table if table.row_count else None


def overdue_table(overview: Overview, language: Language) -> Table:
    """Show which sources did not come although they were expected."""
    table = _table("overdue", language, "source", "reason")
    for missed in overview.overdue:
        table.add_row(missed.source, missed.reason_de if language == "de" else missed.reason_en)
    return table


def open_formats_table(overview: Overview, language: Language) -> Table:
    """Show which columns can be read in more than one way, and how they are."""
    table = _table("open_formats", language, "source", "column", "taken_as")
    for column in overview.open_formats:
        taken = text(f"as_{column.format}", language, **column.model_dump())
        table.add_row(column.source, f"{column.entity}.{column.column_name}", taken)
    return table


def quarantine_table(overview: Overview, language: Language) -> Table:
    """Show how many rows wait, where the first of them stand, and why."""
    table = _table("quarantine", language, "file", "found", "first_rows", "reason")
    for group in overview.quarantine:
        reason = group.reason_de if language == "de" else group.reason_en
        rows = ", ".join(str(number) for number in group.first_rows)
        more = ", …" if group.rows > len(group.first_rows) else ""
        table.add_row(
            _place(group.file, group.sheet),
            in_thousands(group.rows, language),
            rows + more,
            reason,
        )
    return table


def stages_table(stages: Sequence[dict[str, Any]], language: Language) -> Table:
    """Show the stage of each use case and what would raise it."""
    table = _table("stages", language, "use_case", "stage", "method", "next")
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
            text("at_edge", language, stage=reached) if stage["is_at_edge"] else reached,
            stage[f"method_{language}"] or text("nothing", language),
            todo or text("nothing", language),
        )
    return table


def _hints(unmet: Sequence[dict[str, Any]], language: Language) -> Iterator[str]:
    """Say the missing sources once, then what else there is to do."""
    lacking = dict.fromkeys(name for each in unmet for name in each[f"missing_{language}"])
    if lacking:
        yield text("lacks", language, names="; ".join(lacking))
    yield from dict.fromkeys(
        each[f"todo_{language}"] for each in unmet if not each[f"missing_{language}"]
    )


def outlooks_table(outlooks: Sequence[dict[str, Any]], language: Language) -> Table:
    """Show which stages would be reached and what would still be missing, by its name."""
    table = _table("outlook", language, "use_case", "stage", "stage_then", "still_missing")
    for outlook in outlooks:
        todo = [
            f"• {unmet['expectation']}: {unmet[f'todo_{language}']}" for unmet in outlook["unmet"]
        ]
        table.add_row(
            outlook[f"title_{language}"],
            str(outlook["stage"]),
            str(outlook["stage_then"]),
            "\n".join(todo) or text("nothing", language),
        )
    return table


def scores_table(overview: Overview, language: Language) -> Table:
    """Show how many scores of each band are in force, and by which method."""
    table = _table("scores", language, "score", "stage", "method", "auc", "high", "medium", "low")
    for group in overview.scores:
        table.add_row(
            group.title,
            str(group.stage),
            text(group.method, language, version=group.model_version),
            text("nothing", language) if group.auc is None else f"{group.auc:.3f}",
            *(str(n) for n in (group.high, group.medium, group.low)),
        )
    return table


def push_table(overview: Overview, settings: Settings) -> Table:
    """Show what the last push that wrote anything wrote, and when by the company's clock."""
    language = settings.language
    if overview.pushes[0].connector == "excel":
        table = _table("push_list", language, "target", "at", "new", "changed", "gone")
    else:
        table = _table("push", language, "target", "at", "created", "changed", "cleared")
    form = "{:%d.%m.%Y %H:%M}" if language == "de" else "{:%Y-%m-%d %H:%M}"
    for push in overview.pushes:
        pushed_at = push.pushed_at.replace(tzinfo=UTC).astimezone(ZoneInfo(settings.timezone))
        table.add_row(
            text(push.target, language),
            form.format(pushed_at),
            *(in_thousands(n, language) for n in (push.created, push.changed, push.cleared)),
        )
    return table


def changes_table(changes: Sequence[Change], language: Language, *, dry_run: bool) -> Table:
    """Count what a push wrote, or would write, by target and action."""
    from crm import count_actions

    title = "would_push" if dry_run else "pushed"
    table = _table(title, language, "target", "created", "changed", "cleared", "skipped")
    for target, counts in count_actions(changes).items():
        table.add_row(text(target, language), *(str(n) for n in counts.values()))
    return table


def console() -> Console:
    """Return a console that keeps whole lines where nobody sees them, as in a log."""
    return Console(width=None if sys.stdout.isatty() else 160, highlight=False)


NUMBERS: Final = frozenset(
    {
        "found", "loaded", "quarantined", "stage", "stage_then", "auc", "high", "medium", "low",
        "created", "changed", "cleared", "skipped", "new", "gone",
    }
)  # fmt: skip


def _table(title: str, language: Language, *columns: str) -> Table:
    table = Table(
        title=text(title, language), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD
    )
    for column in columns:
        table.add_column(
            text(column, language),
            justify="right" if column in NUMBERS else "left",
            overflow="fold",
        )
    return table


def _place(file: str, sheet: str | None) -> str:
    return f"{file} › {sheet}" if sheet else file
