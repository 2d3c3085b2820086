"""From results to stages: which is reached, which is in force, why it fell; pure functions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from expectations.checks import COUNT_CLASSES, DATE_CLASSES
from expectations.results import ExpectationResult
from expectations.specification import Expectation

Cause = Literal["source", "data", "unmeasured"]
BECAUSE: Final[dict[Cause, dict[Literal["de", "en"], str]]] = {
    "source": {
        "de": "Von Stufe {before} auf {after}, weil Daten ausgeblieben sind: {why}",
        "en": "From stage {before} to {after} because data did not come: {why}",
    },
    "data": {
        "de": "Von Stufe {before} auf {after}, weil die Daten schlechter geworden sind: {why}",
        "en": "From stage {before} to {after} because the data have become worse: {why}",
    },
    "unmeasured": {
        "de": "Nicht gemessen, es gilt die letzte Stufe. {why}",
        "en": "Not measured, the last stage stands. {why}",
    },
}


@dataclass(frozen=True)
class Fall:
    """Why less is measured than was in force, in one sentence per language."""

    cause: Cause
    cause_de: str
    cause_en: str


def reached_stage(results: Iterable[ExpectationResult]) -> int:
    """Find the highest stage for which everything required up to it holds, else 0."""
    results = list(results)
    stages = sorted({result.stage for result in results})
    unmet = {result.stage for result in results if not result.is_met}
    return max((s for s in stages if not any(u <= s for u in unmet)), default=0)


def stage_in_force(history: Sequence[int], measured: int, nights_to_fall: int) -> int:
    """Find the stage that decides tonight: it rises at once and falls late.

    It is the best of the last `nights_to_fall` measurements. So a stage is lost only when as many
    nights in a row measured less, and one bad file moves nothing.

    Args:
        history: stages measured on the nights before, oldest first; unmeasured nights are left out.
        measured: tonight's.
        nights_to_fall: at least 1; with 1 the stage falls at once.

    """
    return max([*history, measured][-nights_to_fall:])


def fall(
    before: int,
    measured: int,
    results: Sequence[ExpectationResult],
    expectations: Mapping[str, Expectation],
    empty: Collection[str],
    overdue: Collection[str],
) -> Fall | None:
    """Tell why less is measured than was in force; None if it is not less.

    The cause is a source if every failure comes from a mart without rows or without new ones:
    `fresh` fails, or counts and dates of a mart with an overdue source fail. Any failure by wrong
    values makes the cause bad data, also beside a missing source.

    Args:
        before: the stage in force the night before.
        measured: tonight's.
        results: tonight's results of the use case.
        expectations: by name.
        empty: marts without a row.
        overdue: marts with an overdue source.

    """
    if measured >= before:
        return None
    unmet = [r for r in results if not r.is_met and measured < r.stage <= before]
    is_source = _is_source(unmet, expectations, set(empty), set(overdue))
    cause: Cause = "source" if is_source else "data"
    return _told(
        cause,
        before,
        measured,
        {
            "de": " ".join(dict.fromkeys(r.todo_de for r in unmet)),
            "en": " ".join(dict.fromkeys(r.todo_en for r in unmet)),
        },
    )


def _is_source(
    unmet: Sequence[ExpectationResult],
    expectations: Mapping[str, Expectation],
    empty: set[str],
    overdue: set[str],
) -> bool:
    stale = {
        mart
        for result in unmet
        if expectations[result.expectation].type == "fresh" and result.observed is not None
        for mart in expectations[result.expectation].marts
    }
    silent = stale | overdue
    return all(
        expected.marts & empty or (_is_volume(result, expected) and expected.marts & silent)
        for result in unmet
        for expected in [expectations[result.expectation]]
    )


def unmeasured(problem: str) -> Fall:
    """Tell why a use case could not be measured."""
    return _told("unmeasured", 0, 0, {"de": problem, "en": problem})


def _is_volume(result: ExpectationResult, expectation: Expectation) -> bool:
    """Whether it is about volume or freshness, or about a time span without records."""
    return expectation.type in COUNT_CLASSES | DATE_CLASSES or result.observed is None


def _told(cause: Cause, before: int, after: int, why: Mapping[Literal["de", "en"], str]) -> Fall:
    texts = BECAUSE[cause]
    return Fall(
        cause,
        texts["de"].format(before=before, after=after, why=why["de"]),
        texts["en"].format(before=before, after=after, why=why["en"]),
    )
