"""What a customer's machines need: articles of their size, and wearing parts by their own clock.

So some articles belong together although they stand in other groups, and some come back in a
rhythm, as with real machines; `process.yml`, `needs`, says how strongly.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sample.customers import Floats, Ints
from sample.world import World

Article = tuple[str, str, str, float]


class Needs:
    """The machines behind the orders, from a source of chance of their own."""

    def __init__(self, world: World, articles: Sequence[Article]) -> None:
        self.world, self.rule = world, world.causes["needs"]
        self.groups = [article[2] for article in articles]
        self.names = list(world.words["articles"])
        rng, n = world.chance("needs"), len(world.firm_of)
        low, high = self.rule["size"]
        self.size: Floats = rng.uniform(low, high, n)
        parts = self.rule["wearing_parts"]
        self.has = rng.random((n, len(parts["groups"]))) < parts["share"]
        self.every: Ints = (
            (parts["median_days"] * np.exp(parts["sigma"] * rng.standard_normal(self.has.shape)))
            .clip(parts["shortest"], parts["longest"])
            .astype(int)
        )
        self.phase: Ints = (rng.random(self.has.shape) * self.every).astype(int)
        self.place: Floats = rng.random(self.has.shape)

    def fitting(self, group: Ints, who: Ints, drawn: Floats) -> Ints:
        """Choose articles of a group around the size of the customer's machines.

        Args:
            group: per line the position of its product group.
            who: the customer.
            drawn: uniform between 0 and 1.

        """
        from scipy.special import ndtri  # type: ignore[import-untyped]

        around = self.size[who] + self.rule["spread"] * ndtri(drawn.clip(1e-6, 1 - 1e-6))
        return self._of_size(group, around)

    def worn(self, customer: Ints, day: Ints) -> Ints:
        """Find the wearing parts that are due with each order: orders × parts, −1 where none is.

        A part goes with the first order after its time is over.

        Args:
            customer: per order.
            day: likewise; the orders of a customer may stand anywhere.

        """
        order = np.lexsort((day, customer))
        before = np.full(len(day), -1)
        same = customer[order][1:] == customer[order][:-1]
        before[order[1:][same]] = day[order[:-1][same]]
        every, phase = self.every[customer], self.phase[customer]
        cycle = (day[:, None] + phase) // every
        is_due = cycle > (before[:, None] + phase) // every
        group = np.array([self.names.index(name) for name in self.rule["wearing_parts"]["groups"]])
        spread = self.rule["spread"] * (self.place[customer] - 0.5)
        around = self.size[customer][:, None] + spread
        parts = self._of_size(np.broadcast_to(group, around.shape), around)
        return np.where(is_due & self.has[customer], parts, -1)

    def _of_size(self, group: Ints, around: NDArray[Any]) -> Ints:
        count = self._count[group]
        rank = (around.clip(0, 0.999) * count).astype(int)
        found: Ints = self._by_size[group, rank]
        return found

    @cached_property
    def _count(self) -> Ints:
        return np.array([self.groups.count(name) for name in self.names])

    @cached_property
    def _by_size(self) -> Ints:
        """Groups × ranks: the group's articles from the smallest to the largest."""
        table = np.zeros((len(self.names), self._count.max()), dtype=int)
        for row, name in enumerate(self.names):
            sizes, first = [], self.groups.index(name)
            for _kind, variants in self.world.words["articles"][name]:
                sizes += [(size + 0.5) / variants for size in range(variants)]
            ranked = first + np.argsort(sizes, kind="stable")
            table[row, : len(ranked)] = ranked
        return table
