"""From when a file is, by what it says of itself: its name, else its time of change.

Of several rows with one key the newest version holds (`dbt_project/macros/newest.sql`), in whatever
order their files were read.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

_MONTHS: Final = (
    "jan januar january jänner jaenner",
    "feb februar february feber",
    "mär mrz mar märz maerz march",
    "apr april",
    "mai may",
    "jun juni june",
    "jul juli july",
    "aug august",
    "sep sept september",
    "okt oct oktober october",
    "nov november",
    "dez dec dezember december",
)
_MONTH_OF: Final = {word: n for n, words in enumerate(_MONTHS, start=1) for word in words.split()}

_Y: Final = r"(?P<year>(?:199\d|20\d\d))"
_M2, _M = r"(?P<month>0[1-9]|1[0-2])", r"(?P<month>0?[1-9]|1[0-2])"
_D2, _D = r"(?P<day>0[1-9]|[12]\d|3[01])", r"(?P<day>0?[1-9]|[12]\d|3[01])"
_OVER_12 = r"(?P<day>1[3-9]|2\d|3[01])"
# Not where more figures follow: then it is the next date.
_CLOCK = (
    r"(?:[t_ -]?(?P<hour>[01]\d|2[0-3])[-_.:h]?(?P<minute>[0-5]\d)"
    r"(?:[-_.:]?(?P<second>[0-5]\d))?(?![-_.:]?\d))?"
)
_GAP, _MARK = r"[-_. ]{0,2}", r"(?P<mark>[-_. ])"
_NAMED = rf"(?<![^\W\d_])(?P<name>{'|'.join(sorted(_MONTH_OF, key=len, reverse=True))})(?![^\W\d_])"
_WEEK = r"(?<![^\W\d_])(?:kw|cw|w|wk|week|woche)[-_. ]?(?P<week>0?[1-9]|[1-4]\d|5[0-3])"
_QUARTER = r"(?<![^\W\d_])(?:q(?P<quarter>[1-4])|(?P<quarter_>[1-4])\.?[-_ ]?quarta?[le]r?)"

# The most precise statement counts, and within it the latest: `2026-01_stand_2026-02-03` is of
# 3 February, `2025-01_2025-12` of December. Points, dashes and underscores part alike; the day
# comes before the month unless it cannot.
_TIERS: Final = tuple(
    tuple(re.compile(rf"(?<!\d){form}(?!\d)") for form in forms)
    for forms in (
        (
            rf"{_Y}(?P<mark>[-_. ]?){_M2}(?P=mark){_D2}{_CLOCK}",
            rf"{_D}{_MARK}{_M}(?P=mark){_Y}",
            rf"{_D}\.{_M}\.(?P<short>\d\d)",
            rf"{_M}{_MARK}{_OVER_12}(?P=mark){_Y}",
            rf"{_D2}{_M2}{_Y}",
            rf"{_D}{_GAP}{_NAMED}{_GAP}{_Y}",
        ),
        (rf"{_Y}{_GAP}{_WEEK}", rf"{_WEEK}{_GAP}{_Y}", _WEEK),
        (rf"{_Y}{_GAP}{_QUARTER}", rf"{_QUARTER}{_GAP}{_Y}", _QUARTER),
        (
            rf"{_Y}[-_. ]?{_M2}",
            rf"{_M}[-_. ]{_Y}",
            rf"{_M2}{_Y}",
            rf"{_Y}{_GAP}{_NAMED}",
            rf"{_NAMED}{_GAP}{_Y}",
            _NAMED,
        ),
        (_Y,),
    )
)
_LONE_YEAR: Final = re.compile(rf"(?<!\d){_Y}(?!\d)")
# Later than this after the file was written, a number in its name is no date of it. Nor is one that
# could be a year so long before: rather a count, as in `kunden_1001-2000`.
_AHEAD: Final = timedelta(days=366)
_YEARS_BACK: Final = 15


class Version(NamedTuple):
    """From when rows are (UTC, without a zone); the later one holds.

    Attributes:
        at: what the name says, else `modified_at`.
        modified_at: when the file, or the part of it, was last written; between equal `at`.

    """

    at: datetime
    modified_at: datetime


def version_of(
    file: str,
    modified_at: datetime,
    part: str | None = None,
    part_modified_at: datetime | None = None,
) -> Version:
    """Tell from when a file, or a part of it, is.

    Args:
        file: its path below the inbox.
        modified_at: its time of change (UTC).
        part: the name of the sheet, or of the file within an archive.
        part_modified_at: when the part was last written (UTC), where the archive says so.

    """
    of_file = stated_at(file, modified_at)
    modified_at = part_modified_at or modified_at
    stated = stated_at(part, min(of_file or modified_at, modified_at)) if part else None
    return Version(stated or of_file or modified_at, modified_at)


def utc(moment: datetime, timezone: str) -> datetime:
    """Return a time in UTC without a zone; one that names no zone is of the company's."""
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))
    return zoned.astimezone(UTC).replace(tzinfo=None)


def stated_at(name: str, modified_at: datetime) -> datetime | None:
    """Return the end of the day, week, month, quarter or year that a name states; None if none.

    Not later than the time of change within that span: `2026-01` written on 20 January is of that
    day. A month or week without a year is the last one that had begun when the file was written.

    >>> stated_at("auftraege_2026-01.csv", datetime(2026, 2, 3))
    datetime.datetime(2026, 1, 31, 23, 59, 59)
    >>> stated_at("auftraege_Dezember.csv", datetime(2026, 1, 5))
    datetime.datetime(2025, 12, 31, 23, 59, 59)
    """
    path = unicodedata.normalize("NFC", name).lower()
    lone = _LONE_YEAR.search(path)
    for part in reversed(path.split("/")):  # the folders after the file
        for tier in _TIERS:
            spans = [span for form in tier for span in _spans(form, part, lone, modified_at)]
            if spans:
                start, end = max(spans, key=lambda span: (span[1], span[0]))
                return end if end <= modified_at else max(start, modified_at)
    return None


def _spans(
    form: re.Pattern[str], text: str, lone_year: re.Match[str] | None, modified_at: datetime
) -> Iterator[tuple[datetime, datetime]]:
    for match in form.finditer(text):
        found = {key: value for key, value in match.groupdict().items() if value is not None}
        year = found.get("year") or found.get("short") or (lone_year and lone_year["year"])
        for given in [int(year)] if year else [modified_at.year, modified_at.year - 1]:
            try:
                start, end = _span(found, given + 2000 if given < 100 else given)
            except ValueError:  # 31 February, week 53
                continue
            is_count = form.pattern == _LONE_YEAR.pattern and given < modified_at.year - _YEARS_BACK
            if not is_count and start <= (modified_at + _AHEAD if year else modified_at):
                yield start, end
                break


def _span(found: dict[str, str], year: int) -> tuple[datetime, datetime]:
    """Return the first and the last second of what a name states."""
    month = int(found["month"]) if "month" in found else _MONTH_OF.get(found.get("name", ""))
    quarter = found.get("quarter") or found.get("quarter_")
    first = last = date(year, month or 1, int(found.get("day", 1)))
    if "hour" in found:
        clock = time(int(found["hour"]), int(found["minute"]), int(found.get("second", 0)))
        return datetime.combine(first, clock), datetime.combine(first, clock)
    if "week" in found:
        first = date.fromisocalendar(year, int(found["week"]), 1)
        last = first + timedelta(days=6)
    elif quarter:
        first, last = date(year, 3 * int(quarter) - 2, 1), _month_end(year, 3 * int(quarter))
    elif month is None:
        last = date(year, 12, 31)
    elif "day" not in found:
        last = _month_end(year, month)
    return datetime.combine(first, time.min), datetime.combine(last, time(23, 59, 59))


def _month_end(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])
