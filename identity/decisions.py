"""What people decided: two records are the same customer, or different ones."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Literal, NamedTuple

Verdict = Literal["same", "different"]
Language = Literal["de", "en"]


class Decision(NamedTuple):
    """A person's decision about two records, `record_a` < `record_b`."""

    record_a: str
    record_b: str
    verdict: Verdict
    decided_at: datetime


class Contradiction(NamedTuple):
    """A decision without effect, and the older ones that together say the opposite."""

    decision: Decision
    others: tuple[Decision, ...]

    def tell(self, language: Language) -> str:
        """Write it as people do: "A ≠ C, but A = B and B = C"."""
        but, also = {"de": ("aber", "und"), "en": ("but", "and")}[language]
        others = f" {also} ".join(map(_sentence, self.others))
        return f"{_sentence(self.decision)}, {but} {others}"


class Rulings:
    """The decisions that act: who is the same, and who is not.

    Older decisions come first. One that contradicts those before it, also through third records
    ("A = B, B = C, A ≠ C"), does not act and is listed in `contradictions`. Records need not be
    there: what was decided of them holds for those that are.
    """

    def __init__(self, decisions: Iterable[Decision]) -> None:
        self.contradictions: list[Contradiction] = []
        self._group: dict[str, str] = {}
        self._same: dict[str, list[tuple[str, Decision]]] = defaultdict(list)
        self._different: list[Decision] = []
        for decision in sorted(decisions, key=lambda made: (made.decided_at, made)):
            opposite = self._find_opposite(decision)
            if opposite is not None:
                self.contradictions.append(Contradiction(decision, opposite))
            elif decision.verdict == "different":
                self._different.append(decision)
            else:
                self._same[decision.record_a].append((decision.record_b, decision))
                self._same[decision.record_b].append((decision.record_a, decision))
                self._group[self._find(decision.record_b)] = self._find(decision.record_a)

    def records(self) -> set[str]:
        """All records that acting decisions speak of."""
        return (
            set(self._same)
            | {made.record_a for made in self._different}
            | {made.record_b for made in self._different}
        )

    def same(self, present: Collection[str]) -> Iterator[tuple[str, str]]:
        """Pairs that tie together those of the records present that are one customer."""
        first: dict[str, str] = {}
        for record in sorted(set(self._same).intersection(present)):
            other = first.setdefault(self._find(record), record)
            if other != record:
                yield other, record

    def different(self, present: Collection[str]) -> Iterator[tuple[str, str]]:
        """Pairs of present records that are two customers, one pair per decision."""
        first: dict[str, str] = {}
        for record in sorted(self.records().intersection(present)):
            first.setdefault(self._find(record), record)
        for made in self._different:
            a, b = (first.get(self._find(record)) for record in made[:2])
            if a and b:
                yield a, b

    def is_decided(self, a: str, b: str) -> bool:
        """Whether people decided about two records, also through third ones."""
        pair = {self._find(a), self._find(b)}
        return len(pair) == 1 or any(
            pair == {self._find(made.record_a), self._find(made.record_b)}
            for made in self._different
        )

    def _find(self, record: str) -> str:
        while (group := self._group.get(record, record)) != record:
            record = group
        return record

    def _find_opposite(self, decision: Decision) -> tuple[Decision, ...] | None:
        """Find the acting decisions that together say the opposite of a new one."""
        a, b = decision[:2]
        if decision.verdict == "different":
            return self._path(a, b) if self._find(a) == self._find(b) else None
        groups = {self._find(a), self._find(b)}
        for made in self._different:
            if {self._find(made.record_a), self._find(made.record_b)} == groups:
                near, far = made[:2] if self._find(made[0]) == self._find(a) else made[1::-1]
                return (*self._path(a, near), made, *self._path(far, b))
        return None

    def _path(self, start: str, end: str) -> tuple[Decision, ...]:
        """Find the fewest decisions of "same" that lead from one record to another."""
        came: dict[str, tuple[str, Decision]] = {}
        queue = deque([start])
        while queue and end not in came and queue[0] != end:
            record = queue.popleft()
            for other, made in self._same[record]:
                if other not in came and other != start:
                    came[other] = record, made
                    queue.append(other)
        path = []
        while end != start:
            end, made = came[end]
            path.append(made)
        return tuple(reversed(path))


def _sentence(decision: Decision) -> str:
    sign = "=" if decision.verdict == "same" else "≠"
    return f"{decision.record_a} {sign} {decision.record_b}"
