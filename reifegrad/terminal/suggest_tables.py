"""What `reifegrad sources suggest DIR` understood: first records, what is left over, questions."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from rich.table import Table
from rich.text import Text

from config import Settings
from config.language import _, spoken_language
from ingest.mapping.entities import load_entities
from ingest.mapping.references import MissingReference
from ingest.mapping.sources import SOURCES_FILE
from ingest.reading.refusals import Reason
from ingest.suggesting.leftovers import DECIDE
from ingest.suggesting.preview import Preview
from ingest.suggesting.questions import Question
from ingest.suggesting.subjects import SourceProposal
from ingest.suggesting.trial import Trial
from reifegrad.terminal.start_tables import preview_table, tied_rows

COLUMNS_TOLD = 12


def suggest_tables(
    trial: Trial, settings: Settings, folder: Path, *, is_written: bool
) -> Iterator[Table | Text]:
    """Give each proposed source with its first records, the questions, and what comes next."""
    for file in trial.suggestion.files:
        if file.problem is not None:
            told = _("{file}: not taken. {reason}")
            yield Text(told.format(file=file.name, reason=_said(file.problem)), style="yellow")
    for proposal in trial.suggestion.proposals:
        yield Text()
        yield from _source(proposal, trial)
    yield Text()
    yield from _questions(trial)
    yield from _next(trial, settings, folder, is_written=is_written)


def _source(proposal: SourceProposal, trial: Trial) -> Iterator[Table | Text]:
    head = _("{source}: {files} ({kind})").format(
        source=proposal.name, files=proposal.files, kind=_kind(proposal)
    )
    yield Text(head, style="bold underline")
    for load in trial.loads:
        if load.source == proposal.name:
            yield Text("\n".join(line.strip() for line in load.lines()))
    for shown in trial.previews:
        if shown.source == proposal.name:
            yield preview_table(shown)
            yield from tied_rows(shown)
    for note in proposal.all_notes:
        if not isinstance(note, Question):
            yield Text(_("To check: {note}").format(note=_said(note)), style="yellow")
    yield from _left_over(proposal)


def _kind(proposal: SourceProposal) -> str:
    if proposal.kind == "snapshot":
        return _("the newest file counts")
    return _("the files add up")


def _left_over(proposal: SourceProposal) -> Iterator[Text]:
    """Say which columns mean nothing to the marts, and why."""
    reasons: dict[Reason, list[str]] = {}
    for column, reason in proposal.undecided:
        reasons.setdefault(reason, []).append(column.name)
    for part in proposal.entities:
        for guess in part.doubtful:
            reasons.setdefault(DECIDE, []).append(f"{guess.column.name} ({guess.canonical}?)")
    kept = [name for part in proposal.entities for name in part.attributes]
    if kept:
        told = _("Kept as further facts: {columns}").format(columns=_listed(kept))
        yield Text(told, style="dim")
    for reason, names in reasons.items():
        told = _("Not mapped: {columns} – {reason}")
        yield Text(told.format(columns=_listed(names), reason=_said(reason)), style="dim")


def _questions(trial: Trial) -> Iterator[Text]:
    asked = [
        (proposal.name, _said(note))
        for proposal in trial.suggestion.proposals
        for note in proposal.all_notes
        if isinstance(note, Question)
    ]
    asked += [(shown.source, _said(_untied(shown))) for shown in trial.previews if shown.is_untied]
    if not asked:
        yield Text(_("No question is open."), style="green")
        return
    yield Text(_("Questions that only a person can answer:"), style="bold yellow")
    for number, (source, question) in enumerate(asked, start=1):
        yield Text(f"  {number}. {source}: {question}", style="yellow")


def _next(trial: Trial, settings: Settings, folder: Path, *, is_written: bool) -> Iterator[Text]:
    target = settings.config / SOURCES_FILE
    names = ", ".join(proposal.name for proposal in trial.suggestion.proposals)
    if not names:
        yield Text(_("Every file belongs to a source already."))
        return
    yield Text()
    if is_written:
        yield Text(_("Written into {file}: {names}.").format(file=target, names=names))
        if folder.resolve() != settings.inbox.resolve():
            told = _("Next: put the files into {inbox}, then `reifegrad run`.")
            yield Text(told.format(inbox=settings.inbox), style="bold")
        else:
            yield Text(_("Next: `reifegrad run`."), style="bold")
        return
    place = shlex.quote(str(folder))
    if (settings.config / "settings.env").exists() or target.exists():
        told = _("Nothing was written. `reifegrad sources suggest {folder} --write` writes it.")
    else:
        told = _("Nothing was written. `reifegrad start {folder}` writes it and copies the files.")
    yield Text(told.format(folder=place), style="bold")


def _untied(shown: Preview) -> Reason:
    ties = load_entities()[shown.entity].ties
    return MissingReference(shown.source, shown.entity, ties).reason()


def _listed(names: list[str]) -> str:
    more = ", …" if len(names) > COLUMNS_TOLD else ""
    return ", ".join(names[:COLUMNS_TOLD]) + more


def _said(reason: Reason) -> str:
    said: str = getattr(reason, spoken_language())
    return said
