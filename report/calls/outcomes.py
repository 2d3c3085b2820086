"""How often a hint of the lists was followed, and what became of it: counts of hints, of nobody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from report import charts
from report.view import Figure
from report.words import Words

if TYPE_CHECKING:
    import duckdb

GOOD: Final = ("ordered", "won")


@dataclass(frozen=True, slots=True)
class Group:
    """Hints of one score, followed or not: how many have a known outcome, and a good one."""

    score: str
    entity: str
    is_followed: bool
    known: int
    good: int


@dataclass(frozen=True, slots=True)
class Hints:
    """All hints that stood on lists; `groups` are those with a known outcome."""

    shown: int
    answered: int
    followed: int
    wrong: int
    open: int
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class HintsView:
    """What the page on scores shows of them; `picture` once an outcome is known."""

    title: str
    said: str
    picture: Figure | None


def read_hints(connection: duckdb.DuckDBPyConnection) -> Hints | None:
    """Count the hints of `marts.score_outcomes`; None where none was shown or nothing is built."""
    (is_there,) = connection.execute(
        "select count(*) > 0 from information_schema.tables"
        " where table_schema = 'marts' and table_name = 'score_outcomes'"
    ).fetchone() or (False,)
    if not is_there:
        return None
    rows = connection.execute(
        "select score, entity, coalesce(is_followed, false), outcome, feedback is not null,"
        " feedback = 'wrong', count(*) from marts.score_outcomes group by all order by all"
    ).fetchall()
    if not rows:
        return None
    known: dict[tuple[str, str, bool], list[int]] = defaultdict(lambda: [0, 0])
    for score, entity, followed, outcome, _answered, _wrong, count in rows:
        if outcome != "open":
            known[score, entity, followed][0] += count
            known[score, entity, followed][1] += count * (outcome in GOOD)
    groups = sorted(known.items(), key=lambda item: (item[0][0], not item[0][2]))
    return Hints(
        shown=sum(row[-1] for row in rows),
        answered=sum(row[-1] for row in rows if row[4]),
        followed=sum(row[-1] for row in rows if row[2]),
        wrong=sum(row[-1] for row in rows if row[5]),
        open=sum(row[-1] for row in rows if row[3] == "open"),
        groups=tuple(Group(*key, *counts) for key, counts in groups),
    )


def view_hints(hints: Hints | None, titles: Mapping[str, str], words: Words) -> HintsView | None:
    """Say and draw them; `titles` names the scores."""
    if hints is None:
        return None
    said = words(
        "outcomes_said",
        shown=words.counted("outcomes_shown", hints.shown),
        answered=words.number(hints.answered),
        followed=words.number(hints.followed),
        wrong=words.number(hints.wrong),
    )
    if hints.open:
        said += " " + words.counted("outcomes_open", hints.open)
    return HintsView(words("outcomes_title"), said, _picture(hints.groups, titles, words))


def _picture(groups: Sequence[Group], titles: Mapping[str, str], words: Words) -> Figure | None:
    if not groups:
        return None
    bars, lines = [], []
    for group in groups:
        what = words("outcomes_followed" if group.is_followed else "outcomes_other")
        title = titles.get(group.score, group.score)
        result = words(f"outcomes_{group.entity}")
        count = words("outcomes_count", good=group.good, known=group.known)
        said = f"{title}, {what}: {count} {result}"
        bars.append((said, group.good, group.known, group.is_followed))
        lines.append(said)
    note = words("outcomes_note")
    return Figure(words("outcomes_picture"), note, charts.hints(bars, words), tuple(lines))
