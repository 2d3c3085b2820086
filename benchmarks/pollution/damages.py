"""Kinds of damage, and which of them one file can have together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from benchmarks.pollution.drafts import Draft

Effect = Callable[[Draft], None]
Medium = Literal["text", "workbook"]
EVERYWHERE: tuple[Medium, ...] = ("text", "workbook")


@dataclass(frozen=True)
class Damage:
    """One kind of damage. Two with the same `slot` exclude each other in one file.

    `media`: where it makes sense. `goes_with`: the slots of the only damages that it may be paired
    with; empty: all.
    """

    kind: str
    apply: Effect
    slot: str
    media: tuple[Medium, ...] = ("text",)
    goes_with: tuple[str, ...] = ()

    def allows(self, other: Damage) -> bool:
        """Whether a file may have both."""
        if self.slot == other.slot:
            return False
        return (not self.goes_with or other.slot in self.goes_with) and (
            not other.goes_with or self.slot in other.goes_with
        )


class Damages(dict[str, Damage]):
    """Damages by kind, in the order in which they are applied to one file."""

    def add(
        self,
        kind: str,
        effect: Effect,
        slot: str = "",
        media: tuple[Medium, ...] = ("text",),
        goes_with: tuple[str, ...] = (),
    ) -> None:
        """Take in a damage; without a slot it has one of its own."""
        self[kind] = Damage(kind, effect, slot or kind, media, goes_with)

    def damage(
        self,
        slot: str = "",
        media: tuple[Medium, ...] = ("text",),
        goes_with: tuple[str, ...] = (),
    ) -> Callable[[Effect], Effect]:
        """Take in the function below as the damage of its name."""

        def register(effect: Effect) -> Effect:
            self.add(effect.__name__, effect, slot, media, goes_with)
            return effect

        return register
