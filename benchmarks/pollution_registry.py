"""The list of all damages, in the order in which they are applied to one file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from benchmarks.pollution import Draft
from benchmarks.pollution_tables import CleanTable

Effect = Callable[[Draft], None]


@dataclass(frozen=True)
class Damage:
    """One kind of damage. Two with the same `slot` exclude each other in one file.

    `goes_with`: the slots of the only damages that it may be paired with; empty: all.
    `on_sheets`: whether it makes sense in a workbook too.
    """

    kind: str
    apply: Effect
    slot: str
    goes_with: tuple[str, ...] = ()
    on_sheets: bool = False

    def allows(self, other: Damage) -> bool:
        """Whether a file may have both."""
        if self.kind == other.kind or self.slot == other.slot:
            return False
        return (not self.goes_with or other.slot in self.goes_with) and (
            not other.goes_with or self.slot in other.goes_with
        )


DAMAGES: dict[str, Damage] = {}


def damage(
    slot: str = "", goes_with: tuple[str, ...] = (), on_sheets: bool = False
) -> Callable[[Effect], Effect]:
    """Register a function as the damage of its name; without a slot it has one of its own."""

    def register(effect: Effect) -> Effect:
        add(effect.__name__, effect, slot, goes_with, on_sheets)
        return effect

    return register


def add(
    kind: str,
    effect: Effect,
    slot: str = "",
    goes_with: tuple[str, ...] = (),
    on_sheets: bool = False,
) -> None:
    """Register a damage under a name of its own."""
    DAMAGES[kind] = Damage(kind, effect, slot or kind, goes_with, on_sheets)


def pollute(table: CleanTable, kinds: tuple[str, ...], seed: int) -> Draft:
    """Damage a clean table in every way named, at places that follow from the seed.

    Raises:
        NotApplicableError: the table gives one of the damages nothing to damage.

    """
    draft = Draft.of(table, Random(f"{seed} {table.name} {kinds}"))
    for kind, damage in DAMAGES.items():
        if kind in kinds:
            damage.apply(draft)
    return draft
