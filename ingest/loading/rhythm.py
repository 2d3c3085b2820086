"""Whether a source is overdue, judged from the nights in which it came so far."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

from ingest.mapping.sources import Rhythm

# Below this many nights there is no telling how often a source comes.
NIGHTS_TO_TELL = 4
# Older gaps say little about today: an export that was weekly may be daily by now.
NIGHTS_THAT_COUNT = 10
DAYS: dict[Rhythm, int] = {"daily": 1, "weekly": 7, "monthly": 31}


def is_overdue(nights: Collection[date], tonight: date, expected: Rhythm | None = None) -> bool:
    """Tell whether a source that brought nothing tonight is missed.

    With `expected`: if it stayed away for that long. Without: if it stayed away as long as the
    longest gap between its last ten nights, or if it came on this weekday in three of the last four
    weeks. The second rule notices that a daily export is missing on a Tuesday; the first allows for
    a weekend's gap.

    Args:
        nights: those in which the source brought a new, changed or renewed file.
        tonight: the night to judge.
        expected: what `sources.yml` says.

    """
    if expected == "never" or tonight in nights:
        return False
    if expected is not None:
        return not nights or (tonight - max(nights)).days >= DAYS[expected]
    if len(nights) < NIGHTS_TO_TELL:
        return False
    if (tonight - max(nights)).days >= max(_gaps(nights)):
        return True
    return sum(tonight - timedelta(weeks=weeks) in nights for weeks in range(1, 5)) >= 3


def usual_days(nights: Collection[date], expected: Rhythm | None = None) -> int | None:
    """Return how many days usually lie between two nights of a source; None if unknown."""
    if expected in DAYS:
        return DAYS[expected]
    return round(median(_gaps(nights))) if len(nights) > 1 else None


def _gaps(nights: Collection[date]) -> list[int]:
    recent = sorted(nights)[-NIGHTS_THAT_COUNT:]
    return [(later - earlier).days for earlier, later in pairwise(recent)]
