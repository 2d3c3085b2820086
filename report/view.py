"""From facts to the page in one language; pure functions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from expectations import PHASES, Assessment, ExpectationResult
from expectations.sources import read_sources
from expectations.specification import Expectation
from report import charts
from report.facts import NIGHTS_SHOWN, Facts
from report.sentences import by_itself, effort, receipt_said, step_helps, step_said, titles_of
from report.steps import Step, blocking, make_steps
from report.words import Language, Words, capitalised

STAGES = (0, 1, 2, 3)
STEPS_SHOWN = 3  # more is no advice
UNUSABLE_SHOWN = 6  # the page prints on one sheet; the overview has all
NIGHTS_DRAWN = 14  # at least, so that a young history does not look like a long one
SPARK_STEP = 4  # pixels per night
SPARK_RISE = 8  # pixels per stage
SPARK_MARGIN = 3  # pixels above stage 3


@dataclass(frozen=True, slots=True)
class Tile:
    """One use case: its stage (None: not measured), and what blocks the next one.

    `is_in_use`: the system acts on it; otherwise its stage shows what the data would allow.
    `is_at_edge`: a few records more or less would change it. `warning` tells why a lower stage, or
    none, was measured than is in force.
    """

    title: str
    stage: int | None
    top: int
    said: str
    is_in_use: bool = False
    is_at_edge: bool = False
    method: str = ""
    warning: str = ""
    next_said: str = ""
    missing: str = ""
    todo: str = ""
    more: str = ""
    spark: str = ""
    trend: str = ""


@dataclass(frozen=True, slots=True)
class Phase:
    """One step of the customer's journey with its use cases."""

    name: str
    key: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class StepSaid:
    """One thing to do, the use cases that it helps and what it takes."""

    todo: str
    helps: str
    effort: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A source that is not there, the usual ways to get it and the use cases that wait for it."""

    name: str
    ways: str
    opens: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """What of a file or source cannot be used."""

    name: str
    said: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One chart with what a reader needs to know of it."""

    title: str
    note: str
    svg: str
    lines: tuple[str, ...]  # what the picture shows, for whoever can't see it
    decisions: tuple[str, ...] = ()  # what waits for a person


@dataclass(frozen=True, slots=True)
class View:
    """The page in one language."""

    language: Language
    words: Words
    company: str
    night: str
    is_measured: bool
    counts: tuple[tuple[int, int, str, str], ...]  # stage, use cases, both in words
    phases: tuple[Phase, ...]
    receipt: str
    steps: tuple[StepSaid, ...]
    missing: tuple[Missing, ...]
    unusable: tuple[Unusable, ...]
    figures: tuple[Figure, ...]

    @property
    def rows(self) -> int:
        """The highest number of use cases in a phase."""
        return max((len(phase.tiles) for phase in self.phases if phase.key != "all"), default=0)


def make_view(facts: Facts, language: Language) -> View:
    """Say the facts in one language."""
    words = Words(language)
    steps = make_steps(facts.assessments.values(), facts.use_cases, facts.missing, facts.priorities)
    return View(
        language=language,
        words=words,
        company=facts.company,
        night=words.day(facts.night),
        is_measured=bool(facts.assessments),
        counts=_counts(facts, words),
        phases=tuple(_phases(facts, words)),
        receipt=receipt_said(facts.receipt, facts, words) if facts.receipt else "",
        steps=tuple(_steps_said(steps, facts, words)),
        missing=tuple(_missing(steps, facts, words)),
        unusable=_capped(list(_unusable(facts, words)), words),
        figures=tuple(_figures(facts, words)),
    )


def _steps_said(steps: Sequence[Step], facts: Facts, words: Words) -> Iterable[StepSaid]:
    titles = titles_of(facts.use_cases, words)
    for step in steps[:STEPS_SHOWN]:
        yield StepSaid(step_said(step, words), step_helps(step, titles, words), effort(step, words))


def _missing(steps: Sequence[Step], facts: Facts, words: Words) -> Iterable[Missing]:
    titles = titles_of(facts.use_cases, words)
    for step in steps:
        if step.source and step.kind == "deliver":
            source = read_sources()[step.source]
            opens = ", ".join(titles[name] for name in step.use_cases)
            ways = capitalised(source.ways[words.language])
            yield Missing(source.name[words.language], ways, opens)


def _unusable(facts: Facts, words: Words) -> Iterable[Unusable]:
    for column in facts.unread:
        said = getattr(column, f"found_{words.language}")
        others = words.counted("other_files", column.files - 1) if column.files > 1 else ""
        yield Unusable(column.file, f"{said} {others}".rstrip())
    for reference in facts.unmet:
        yield Unusable(reference.source, getattr(reference, f"found_{words.language}"))


def _capped(found: list[Unusable], words: Words) -> tuple[Unusable, ...]:
    more = len(found) - UNUSABLE_SHOWN
    shown = found[:UNUSABLE_SHOWN]
    if more > 0:
        shown.append(Unusable("…", words.counted("more", more)))
    return tuple(shown)


def _counts(facts: Facts, words: Words) -> tuple[tuple[int, int, str, str], ...]:
    counted = Counter(found.stage for found in facts.assessments.values())
    return tuple(
        (stage, counted[stage], words.counted("cases", counted[stage]), words.meaning(stage))
        for stage in reversed(STAGES)
        if counted[stage] or stage
    )


def _phases(facts: Facts, words: Words) -> Iterable[Phase]:
    """Sort the use cases into the journey; one whose YAML can't be read keeps its last stage."""
    tiles: dict[str, list[Tile]] = defaultdict(list)
    for case in facts.use_cases:
        found = facts.assessments.get(case.name)
        title = getattr(case, f"title_{words.language}")
        tiles[case.phase].append(_tile(facts, case.name, title, max(case.stages), found, words))
    readable = {case.name for case in facts.use_cases}
    for name, found in facts.assessments.items():
        if name not in readable:
            title = getattr(found, f"title_{words.language}")
            tiles[found.phase].append(_tile(facts, name, title, STAGES[-1], found, words))
    for key, names in PHASES.items():
        if tiles[key]:
            yield Phase(names[words.language], key, tuple(tiles[key]))


def _tile(
    facts: Facts, name: str, title: str, top: int, found: Assessment | None, words: Words
) -> Tile:
    nights = facts.stages.get(name, ())
    if found is None:
        return Tile(title, None, top, words("stage_none"))
    items = {i.name: i for c in facts.use_cases if c.name == name for _, i in c.checks}
    absent, others = _parted(found.unmet, items, facts.missing)
    first = others[0] if others else None
    by_time = by_itself(items.get(first.expectation), first, words) if first else ""
    unmeasured = found.cause == "unmeasured"
    return Tile(
        title=title,
        stage=found.stage,
        top=top,
        said=words("stage_of", stage=found.stage, top=top),
        is_in_use=found.stage >= facts.in_use.get(name, top + 1),
        is_at_edge=bool(found.edge),
        method=getattr(found, f"method_{words.language}") or "",
        warning=words("unmeasured")
        if unmeasured
        else getattr(found, f"cause_{words.language}") or "",
        next_said=words("for_stage", stage=found.next_stage) if found.unmet else "",
        missing=words("lacks", names="; ".join(_names(absent, words))) if absent else "",
        todo=getattr(first, f"todo_{words.language}") + by_time if first else "",
        more=words.counted("more", len(others) - 1) if len(others) > 1 else "",
        spark=spark(nights, facts.night),
        trend=_trend([stage for _, stage in nights], words),
    )


def _parted(
    unmet: Iterable[ExpectationResult], items: Mapping[str, Expectation], missing: frozenset[str]
) -> tuple[list[str], list[ExpectationResult]]:
    """Split what is lacking into missing sources, each once, and steps possible without them."""
    absent: dict[str, None] = {}
    others = []
    for result in unmet:
        item = items.get(result.expectation)
        blocked = blocking(item, missing) if item else []
        absent |= dict.fromkeys(blocked)
        if not blocked:
            others.append(result)
    # What has values says how far off it is; where a column is empty, there is nothing to judge.
    return list(absent), sorted(others, key=lambda result: result.observed is None)


def _names(sources: Iterable[str], words: Words) -> list[str]:
    return [read_sources()[name].name[words.language] for name in sources]


def spark(stages: Sequence[tuple[date, int]], night: date) -> str:
    """Write the stages of the last nights as the points of a line of steps, tonight at the right.

    In pixels of a box `NIGHTS_SHOWN * SPARK_STEP` wide; a step rises by SPARK_RISE.
    """
    points: list[str] = []
    for at, stage in stages:
        left = (NIGHTS_SHOWN - 1 - (night - at).days) * SPARK_STEP
        height = (STAGES[-1] - stage) * SPARK_RISE + SPARK_MARGIN
        points += [f"{left},{height}", f"{left + SPARK_STEP},{height}"]
    return " ".join(points)


def _trend(stages: Sequence[int], words: Words) -> str:
    """Word the stages in their order, with consecutive equal ones named once."""
    if len(stages) < 2:
        return words("first_night")
    changes = [stage for n, stage in enumerate(stages) if n == 0 or stages[n - 1] != stage]
    return words("trend", stages=", ".join(map(str, changes)))


def _figures(facts: Facts, words: Words) -> Iterable[Figure]:
    if facts.shares:
        yield _completeness(facts, words)
    if facts.sources:
        yield _freshness(facts, words)
    if facts.doubles:
        yield _duplicates(facts, words)


def _completeness(facts: Facts, words: Words) -> Figure:
    shares = charts.worst_first(facts.shares)
    first = min(share.by_night[0][0] for share in shares)
    nights = (facts.night - first).days
    note = (
        words.counted("completeness_note", nights) if nights else words("completeness_note_first")
    )
    lines = tuple(
        words(
            "share_line",
            what=words.of_mart(share.mart, share.column),
            share=words.share(share.by_night[-1][1]),
            required=words.share(share.required),
        )
        for share in shares
    )
    if facts.placeholders:
        most = facts.placeholders[0]
        cells = sum(found.cells for found in facts.placeholders)
        where = words.of_mart(most.view, most.column)
        note += " " + words.counted("placeholders", cells, where=where)
    return Figure(words("completeness"), note, charts.completeness(shares, words), lines)


def _freshness(facts: Facts, words: Words) -> Figure:
    first = min(night for source in facts.sources for night in source.nights or (facts.night,))
    nights = max(NIGHTS_DRAWN, min(NIGHTS_SHOWN, (facts.night - first).days + 1))
    sources = facts.sources[: charts.SOURCES_SHOWN]
    lines = tuple(f"{s.source}: {charts.last_came(s, facts.night, words)}" for s in sources)
    svg = charts.freshness(sources, facts.night, nights, words)
    held = tuple(
        words("held_note", file=why[words.language]) for s in facts.sources for why in s.held
    )
    return Figure(words("freshness"), words("freshness_note"), svg, lines, held)


def _duplicates(facts: Facts, words: Words) -> Figure:
    counted = [
        words(
            "duplicates_note",
            records=words.number(one.records),
            customers=words.number(one.customers),
        )
        for one in facts.doubles
    ]
    said = [counted[-1]]
    if facts.still_double:
        said.append(words("still_double", count=words.number(facts.still_double)))
    if len(facts.doubles) == 1:
        said.append(words("history_starts"))
    lines = tuple(
        f"{words.day(one.night)}: {line}" for one, line in zip(facts.doubles, counted, strict=True)
    )
    return Figure(
        words("duplicates"), " ".join(said), charts.duplicates(facts.doubles, words), lines
    )
