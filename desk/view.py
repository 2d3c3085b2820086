"""What the pages show, in the set language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from config import Settings
from config.language import _
from desk import questions
from desk.answers import Cell, Pair, Release
from desk.kept import Late, Outcome, read_kept, read_late
from desk.questions import Doubt, Lying
from proposals.channels.needs import MAILS
from proposals.html import render_html
from proposals.reading import Shown
from proposals.rules import load_rules, same_name
from report.fields import CUSTOMERS, SHEETS
from report.gaps import Empty, Gap
from report.words import Words, capitalised

if TYPE_CHECKING:
    from jinja2 import Template

PATIENCE: Final = questions.PATIENCE
PER_PAGE: Final = 100
GAPS_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Filter:
    """Which proposals somebody wants to see; `ticks_all`: with all boxes ticked."""

    use_case: str = ""
    state: str = ""
    words: str = ""
    page: int = 1
    ticks_all: bool = False

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Filter:
        """Read it from an address or a form."""
        said = {name: str(values.get(name, "")) for name in ("use", "state", "q", "page", "all")}
        page = int(said["page"]) if said["page"].isdecimal() else 1
        return cls(said["use"], said["state"], said["q"].strip()[:200], max(1, page),
                   said["all"] == "1")  # fmt: skip

    def lets(self, one: Shown, language: str) -> bool:
        """Whether a proposal is wanted."""
        told = (getattr(one, f"title_{language}"), getattr(one, f"reason_{language}"),
                one.email, one.proposal_id)  # fmt: skip
        return (
            self.use_case in ("", one.use_case)
            and self.state in ("", one.state)
            and self.words.casefold() in " ".join(filter(None, told)).casefold()
        )

    def address(self, **changed: object) -> str:
        """Return the address of the same choice, changed."""
        values = {"use": self.use_case, "state": self.state, "q": self.words} | changed
        return "?" + urlencode({name: value for name, value in values.items() if value})


@dataclass(frozen=True, slots=True)
class Row:
    """A proposal on the page; `waits`: what the one who looks said, and is not entered yet.

    `way`: where it goes when it is released.
    """

    key: str
    one: Shown
    title: str
    way: str
    reason: str
    basis: str
    until: str
    is_mine: bool
    waits: str | None

    @property
    def missing(self) -> int:
        """How many releases it still needs."""
        return max(0, self.one.releases_needed - len(self.one.released_by))


@dataclass(frozen=True, slots=True)
class Group:
    """The proposals of a use case."""

    title: str
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Proposals:
    """The page with proposals; `found`: how many the filter lets pass, on all pages."""

    groups: list[Group]
    found: int
    total: int
    pages: int
    wanted: Filter
    uses: dict[str, str]
    reasons: dict[str, str]
    lying: Lying[Shown]
    as_of: str


@dataclass(frozen=True, slots=True)
class Told:
    """What became of answers: a sentence, and why those that were refused were."""

    sentence: str
    refused: tuple[str, ...] = ()
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class Doubts:
    """The page with records that may be one customer; `waits`: answers that are not entered yet."""

    rows: list[Doubt]
    waits: int
    words: Words
    lying: Lying[Doubt]
    as_of: str

    def headed(self, column: str) -> str:
        """Head a line."""
        return capitalised(self.words.column(column))


@dataclass(frozen=True, slots=True)
class Gaps:
    """The page with cells to fill, of one sheet; `typed`: what could not be taken, by field."""

    sheets: dict[str, tuple[str, int]]
    chosen: str
    rows: list[Gap]
    columns: list[str]
    words: Words
    choices: dict[str, Sequence[str]]
    typed: dict[tuple[str, str], tuple[str, str]]
    left: int
    lying: Lying[Gap]
    as_of: str

    def headed(self, column: str) -> str:
        """Head a column."""
        name = "customer" if column == "customer_id" else column
        return capitalised(self.words.column(name))

    def hint(self, cell: Empty) -> str:
        """Say what may stand in a cell."""
        return self.words(f"hint_{cell.kind}")


def proposals(settings: Settings, person: str, wanted: Filter) -> Proposals:
    """Choose the proposals that somebody wants to see."""
    lying = questions.read_proposals(settings)
    waits = {
        f"{one.proposal_id}:{one.sha256}": _verb(one)
        for one in read_kept(settings)
        if isinstance(one, Release) and same_name(one.person) == same_name(person)
    }
    titles = _titles(settings)
    chosen = [one for one in lying.rows if wanted.lets(one, settings.language)]
    pages = max(1, -(-len(chosen) // PER_PAGE))
    page = min(wanted.page, pages)
    shown = [_row(settings, one, person, waits) for one in chosen][(page - 1) * PER_PAGE :]
    groups = [
        Group(titles.get(use, use), [row for row in shown[:PER_PAGE] if row.one.use_case == use])
        for use in dict.fromkeys(row.one.use_case for row in shown[:PER_PAGE])
    ]
    return Proposals(
        groups=groups,
        found=len(chosen),
        total=len(lying.rows),
        pages=pages,
        wanted=Filter(wanted.use_case, wanted.state, wanted.words, page, wanted.ticks_all),
        uses={use: titles.get(use, use) for use in dict.fromkeys(o.use_case for o in lying.rows)},
        reasons=reject_reasons(settings),
        lying=lying,
        as_of=_time(settings, lying.read_at),
    )


def find_proposal(settings: Settings, person: str, proposal_id: str) -> Row | None:
    """Return one of the proposals that wait; None: none does of this name."""
    for one in questions.read_proposals(settings).rows:
        if one.proposal_id == proposal_id:
            return _row(settings, one, person, {})
    return None


def preview(settings: Settings, row: Row | None) -> str | None:
    """Return a proposal's mail as its addressee will see it; None where it writes none."""
    if row is None or row.one.channel not in MAILS or not (row.one.subject and row.one.body):
        return None
    return render_html(settings, row.one.subject, row.one.body, row.one.mail_language)


def reject_reasons(settings: Settings) -> dict[str, str]:
    """Return the reasons for a rejection that are offered, by key."""
    offered = load_rules(settings).reject_reasons
    return {key: getattr(text, settings.language) for key, text in offered.items()}


def doubts(settings: Settings) -> Doubts:
    """Show the pairs on which nobody decided; contradictions stay until a night settles them."""
    lying = questions.read_doubts(settings)
    said = {(o.record_a, o.record_b) for o in read_kept(settings) if isinstance(o, Pair)}
    rows = [
        one
        for one in lying.rows
        if (one.record_a, one.record_b) not in said and (one.note or not one.decided)
    ]
    return Doubts(rows, len(said), Words(settings.language), lying, _time(settings, lying.read_at))


def gaps(settings: Settings, sheet: str, outcome: Outcome | None = None) -> Gaps:
    """Show the first records of a sheet that lack something."""
    lying = questions.read_gaps(settings)
    said = {(o.mart, o.record_id, o.column) for o in read_kept(settings) if isinstance(o, Cell)}
    left = questions.without(lying.rows, said)
    words = Words(settings.language)
    counts = {mart: sum(gap.mart == mart for gap in left) for mart in SHEETS}
    sheets = {mart: (words.sheet(mart), count) for mart, count in counts.items() if count}
    chosen = sheet if sheet in sheets else next(iter(sheets), "")
    mine = [gap for gap in left if gap.mart == chosen]
    rows = mine[:GAPS_SHOWN]
    columns = {cell.column for gap in rows for cell in gap.cells}
    refused = outcome.entered.refused if outcome else ()
    return Gaps(
        sheets=sheets,
        chosen=chosen,
        rows=rows,
        columns=[column for column in SHEETS[chosen].fields if column in columns] if chosen else [],
        words=words,
        choices=_choices(settings, chosen, columns),
        typed={
            (one.answer.record_id, one.answer.column): (one.answer.value, one.problem)
            for one in refused
            if isinstance(one.answer, Cell)
        },
        left=len(mine) - len(rows),
        lying=lying,
        as_of=_time(settings, lying.read_at),
    )


def _choices(settings: Settings, mart: str, columns: Iterable[str]) -> dict[str, Sequence[str]]:
    """Return the values in use of the columns of a sheet."""
    values = {(one.mart, one.column): one.values for one in questions.read_values(settings).rows}
    found: dict[str, Sequence[str]] = {}
    for column in columns:
        place = CUSTOMERS if column == "customer_id" else (mart, column)
        if place in values:
            found[column] = values[place]
    return found


def told(settings: Settings, outcome: Outcome | None) -> Told | None:
    """Say what became of answers."""
    if outcome is None:
        return None
    if outcome.is_kept:
        now = _time(settings, datetime.now(ZoneInfo("UTC")))
        sentence = _(
            "Taken at {time}. A night is at work: it is entered as soon as that is done. Nothing is"
            " lost, and you need not wait."
        )
        return Told(sentence.format(time=now), is_kept=True)
    count, refused = outcome.entered.new, outcome.entered.refused
    if count == 1:
        sentence = _("1 answer taken.")
    elif count:
        sentence = _("{count} answers taken.").format(count=count)
    elif refused:
        sentence = _("Nothing was taken.")
    else:
        sentence = _("Nothing new: it was said before, or nothing was chosen.")
    return Told(sentence, tuple(dict.fromkeys(one.problem for one in refused)))


def late(settings: Settings, person: str) -> list[Late]:
    """Return what somebody said while a night was at work, and could not be entered."""
    return read_late(settings, person)


def counts(settings: Settings) -> dict[str, int]:
    """Count what lay on the desk when it was last read."""
    return questions.count_kept(settings)


def _row(settings: Settings, one: Shown, person: str, waits: Mapping[str, str]) -> Row:
    key = f"{one.proposal_id}:{one.sha256}"
    language = settings.language
    return Row(
        key=key,
        one=one,
        title=getattr(one, f"title_{language}"),
        way=_way(one.channel),
        reason=getattr(one, f"reason_{language}"),
        basis=getattr(one, f"legal_basis_{language}"),
        until=Words(language).day(one.expires_on),
        is_mine=same_name(person) in map(same_name, one.released_by),
        waits=waits.get(key),
    )


def _way(channel: str) -> str:
    ways = {
        "mailing_list": _("as a mail by the mailing tool"),
        "draft": _("as a draft in the outbox"),
        "crm_task": _("as a task in the CRM"),
        "crm_note": _("as a note in the CRM"),
    }
    return ways.get(channel, channel)


def _verb(one: Release) -> str:
    return _("release") if one.is_released else _("reject")


def _titles(settings: Settings) -> dict[str, str]:
    from expectations.specification import read_use_cases

    return {
        use.name: getattr(use, f"title_{settings.language}")
        for use in read_use_cases(settings.expectations).use_cases
    }


def _time(settings: Settings, at: datetime) -> str:
    there = at.astimezone(ZoneInfo(settings.timezone))
    return f"{Words(settings.language).day(there.date())}, {there:%H:%M}"


@cache
def template(name: str) -> Template:
    """Open a page; what it shows is escaped, and a name that is not there is an error."""
    import json

    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["_"] = _
    environment.filters["name"] = lambda parts: json.dumps(list(parts), ensure_ascii=False)
    return environment.get_template(name)
