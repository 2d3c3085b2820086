"""Time in the sample company: blocks of 30 days that end on the last day of data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK_DAYS = 30
HORIZON_BLOCKS = 3  # 90 days: how far ahead the truth looks
_DAYS_PER_MONTH = 365.25 / 12


@dataclass(frozen=True)
class Calendar:
    """Days are counted from 0, the first day of data; `days - 1` is `until`, the last one."""

    until: date
    blocks: int

    @classmethod
    def covering(cls, months: int, until: date) -> Calendar:
        """Take the shortest calendar of whole blocks that covers so many months before `until`."""
        return cls(until, -int(-months * _DAYS_PER_MONTH // BLOCK_DAYS))

    @property
    def days(self) -> int:
        """Length in days."""
        return self.blocks * BLOCK_DAYS

    @cached_property
    def first(self) -> date:
        """The date of day 0."""
        return self.until - timedelta(days=self.days - 1)

    def day(self, number: int) -> date:
        """Return the date of a day."""
        return self.first + timedelta(days=int(number))

    def dates(self, numbers: NDArray[Any]) -> NDArray[np.datetime64]:
        """Return the dates of many days."""
        return np.datetime64(self.first, "D") + numbers.astype("timedelta64[D]")

    def block_end(self, block: int) -> date:
        """Return the last date of a block."""
        return self.day((block + 1) * BLOCK_DAYS - 1)

    def month(self, block: int) -> int:
        """Return the month (1 to 12) in which the middle of a block lies."""
        return self.day(block * BLOCK_DAYS + BLOCK_DAYS // 2).month

    def has_new_year(self, block: int) -> bool:
        """Whether a 1 January lies in the block: prices rise on that day."""
        first, last = self.day(block * BLOCK_DAYS), self.block_end(block)
        return first.year < last.year or (first.month, first.day) == (1, 1)

    def to_workday(self, days: NDArray[np.int64]) -> NDArray[np.int64]:
        """Move weekend days back to Friday, but never out of their block."""
        weekday = (self.first.weekday() + days) % 7
        moved = days - np.maximum(weekday - 4, 0)
        kept: NDArray[np.int64] = np.maximum(moved, days - days % BLOCK_DAYS)
        return kept
