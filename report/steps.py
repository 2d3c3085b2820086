"""What a firm can do next, by value for effort; pure functions."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from expectations import Assessment, ExpectationResult
from expectations.sources import needed, read_sources
from expectations.specification import Expectation, UseCase
from report.fields import SHEETS
from report.priorities import Kind, Priorities

DAYS_A_MONTH: Final = 365 / 12
COUNTED: Final = ("rows", "distinct")
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """One unmet expectation of a use case's next stage."""

    use_case: str
    item: Expectation
    result: ExpectationResult


@dataclass(slots=True)
class Step:
    """One thing to do and every expectation that it meets or helps to meet.

    `source` is the one to deliver; `place` the mart and column to fill or mend. `months`: how long
    until it is met by waiting. `hours` and `chance` (0 to 1) are estimates; `raises` are the use
    cases whose next stage needs nothing else; steps are sorted by `yields`.
    """

    kind: Kind
    source: str | None = None
    place: tuple[str, str] | None = None
    needs: list[Need] = field(default_factory=list)
    hours: float = 0
    chance: float = 0
    yields: float = 0
    raises: list[str] = field(default_factory=list)

    @property
    def use_cases(self) -> list[str]:
        """The use cases that it helps, in the order of the journey."""
        return list(dict.fromkeys(need.use_case for need in self.needs))

    @property
    def asks(self) -> ExpectationResult:
        """The strictest of its expectations."""
        return max(
            (need.result for need in self.needs), key=lambda r: (r.records_to_next or 0, r.stage)
        )

    @property
    def months(self) -> int | None:
        """Months until it is met by waiting; None where that can't be computed."""
        found = [months_to_wait(need.item, need.result) for need in self.needs]
        known = [months for months in found if months is not None]
        return max(known) if known and len(known) == len(found) else None


def make_steps(
    assessments: Iterable[Assessment],
    use_cases: Iterable[UseCase],
    missing: frozenset[str],
    priorities: Priorities,
) -> list[Step]:
    """Turn unmet expectations into steps, each once however many use cases need it.

    They are sorted by the sum, over the use cases that a step helps, of value times chance divided
    by hours, where chance and hours are those of everything that the next stage still lacks. So a
    cheap step is worth little if the rest can't be done. Of two steps that a use case needs, the
    one that helps others too comes first, then the cheaper one. What a firm can't do at all (chance
    0) is left out.
    """
    items = {(case.name, item.name): item for case in use_cases for _, item in case.checks}
    steps: dict[Key, Step] = {}
    of_case: dict[str, set[Key]] = defaultdict(set)
    for found in assessments:
        for result in found.unmet:
            item = items.get((found.use_case, result.expectation))
            if item is None:
                continue
            for key, step in _steps_for(item, result, missing):
                steps.setdefault(key, step).needs.append(Need(found.use_case, item, result))
                of_case[found.use_case].add(key)
    for step in steps.values():
        touched = step.asks.records_to_next or 0
        step.hours = priorities.cost(step.kind, 0 if step.kind == "deliver" else touched)
        step.chance = priorities.chance(step.kind, step.source)
    _weigh(steps, of_case, priorities)
    return sorted(
        (step for step in steps.values() if step.chance > 0),
        key=lambda step: (-step.yields, step.hours, step.asks.expectation),
    )


def blocking(item: Expectation, missing: frozenset[str]) -> list[str]:
    """Name the missing sources without which an expectation can't be met."""
    sources = read_sources()
    return [sources[name].usually or name for name in needed(item) if name in missing]


def months_to_wait(item: Expectation, result: ExpectationResult) -> int | None:
    """Tell in how many months an expectation of history will be met by waiting; else None."""
    if result.observed is None or result.required is None:
        return None
    lacking = result.required - result.observed
    if item.type == "history":
        return math.ceil(lacking / DAYS_A_MONTH)
    return math.ceil(lacking) if result.unit == "months" else None


def _steps_for(
    item: Expectation, result: ExpectationResult, missing: frozenset[str]
) -> Iterator[tuple[Key, Step]]:
    """Return the steps that meet an expectation: its missing sources, or one thing to do."""
    absent = blocking(item, missing)
    for name in absent:
        yield ("deliver", name), Step("deliver", source=name)
    if absent:
        return
    source = next(iter(needed(item)), None)
    can_fill = item.target is not None and item.target[1] in _fields(item.target[0])
    if item.type in ("fresh", "history") or item.type in COUNTED:
        kind: Kind = "renew" if item.type == "fresh" or result.observed is None else "collect"
        kind = "wait" if months_to_wait(item, result) is not None else kind
        subject = "" if kind in ("renew", "wait") else " ".join(item.records.split())
        yield (kind, subject or source or item.name), Step(kind, source=source)
    elif item.target and can_fill:  # also where there are no values to judge yet
        yield ("fill", *item.target), Step("fill", place=item.target)
    elif result.observed is None:
        yield ("renew", source or item.name), Step("renew", source=source)
    else:
        place = item.target or (source or "", item.name)
        yield ("mend", *place), Step("mend", source=source, place=item.target)


def _fields(mart: str) -> Mapping[str, object]:
    return SHEETS[mart].fields if mart in SHEETS else {}


def _weigh(
    steps: Mapping[Key, Step], of_case: Mapping[str, set[Key]], priorities: Priorities
) -> None:
    for name, keys in of_case.items():
        own = [steps[key] for key in sorted(keys)]
        worth = priorities.value(name) * math.prod(step.chance for step in own)
        for step in own:
            step.yields += worth / sum(one.hours for one in own)
            if len(own) == 1:
                step.raises.append(name)
