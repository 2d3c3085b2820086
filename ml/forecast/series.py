"""A series of values per day, week or month, and what to know of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Unit = Literal["day", "week", "month"]
GAP: Final = 4  # zeros in a row within a series that hardly has any: a file may be missing
HARDLY: Final = 0.05


@dataclass(frozen=True)
class Series:
    """Values of whole units, oldest first, without a gap; the first one is not zero."""

    name: str
    unit: Unit
    first: date
    values: NDArray[np.float64]

    def starts(self, ahead: int) -> list[date]:
        """First days of the next units."""
        found, start = [], self.first
        for _unit in range(len(self.values) + ahead):
            found.append(start)
            start = next_start(start, self.unit)
        return found[len(self.values) :]


def start_of(day: date, unit: Unit) -> date:
    """First day of the unit of a day; weeks begin on Monday (ISO 8601), across years too."""
    if unit == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if unit == "week" else day


def next_start(start: date, unit: Unit) -> date:
    """First day of the following unit."""
    if unit == "month":
        return (start + timedelta(days=31)).replace(day=1)
    return start + timedelta(days=7 if unit == "week" else 1)


def make_series(rows: Iterable[tuple[str, date, float]], unit: Unit, until: date) -> list[Series]:
    """Add up values per unit; a unit without any is zero, one that is not over by `until` left out.

    Args:
        rows: series, day, value, in the order of series and day.
        unit: of time.
        until: the day before which the data were known.

    """
    import numpy as np

    found = []
    end = start_of(until, unit)
    for name, group in groupby(rows, key=lambda row: row[0]):
        sums: dict[date, float] = {}
        for _name, day, value in group:
            start = start_of(day, unit)
            if start < end:
                sums[start] = sums.get(start, 0.0) + float(value)
        if not sums:
            continue
        first = start = min(sums)
        values = []
        while start < end:
            values.append(sums.get(start, 0.0))
            start = next_start(start, unit)
        found.append(Series(name, unit, first, np.array(values)))
    return found


@dataclass(frozen=True)
class Notice:
    """Something to know of a series: what it is, when, and how much."""

    kind: Literal["gap", "zeros", "outlier", "short", "ended"]
    day: date
    count: int
    value: float = 0.0


def notice(series: Series, season: int, outlier: float) -> list[Notice]:
    """Find gaps, many zeros, outliers, a short history and an end, so that nothing is silent."""
    import numpy as np

    values, starts = series.values, [series.first]
    while len(starts) < len(values):
        starts.append(next_start(starts[-1], series.unit))
    found = []
    if len(values) < 2 * season:
        found.append(Notice("short", series.first, len(values)))
    is_zero = values == 0
    runs = _runs(is_zero)
    ended = 0
    if runs and sum(runs[-1]) == len(values):
        start, ended = runs.pop()
        if ended >= max([GAP, *(length for _start, length in runs)]):
            found.append(Notice("ended", starts[start], ended))
        else:
            runs.append((start, ended))
            ended = 0
    zeros = int(is_zero.sum()) - ended
    if zeros > HARDLY * (len(values) - ended):
        found.append(Notice("zeros", series.first, zeros))
    else:
        found += [Notice("gap", starts[at], length) for at, length in runs if length >= GAP]
    usual = float(np.median(values[~is_zero])) if not is_zero.all() else 0.0
    for at in np.flatnonzero(values > outlier * usual):
        if usual > 0:
            found.append(Notice("outlier", starts[int(at)], 1, float(values[at])))
    return found


def _runs(flags: Any) -> list[tuple[int, int]]:  # noqa: ANN401
    """Start and length of each run of true flags."""
    runs, at = [], 0
    for flag, group in groupby(flags):
        length = len(list(group))
        if flag:
            runs.append((at, length))
        at += length
    return runs
