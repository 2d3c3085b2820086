"""Cells of a spreadsheet as text: one by one, and whole columns at the speed of Arrow."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc


def cell_text(value: object) -> str | None:
    """Return a cell as text: dates in ISO form, whole numbers without a decimal point.

    A fraction has as many digits as tell it from every other number that a file can hold, so it
    reads as it was typed: 0.1 is 0.1, and 0.1+0.2 is 0.30000000000000004 as the file has it.

    >>> cell_text(12.0), cell_text(0.5), cell_text(datetime.date(2025, 12, 31))
    ('12', '0.5', '2025-12-31')
    """
    if isinstance(value, str):
        return value or None
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, datetime.timedelta):
        return _hours(value)
    return str(value)  # int, date and time: already ISO


def text_array(values: Sequence[object]) -> pa.Array:
    """Return a column as text, cell by cell equal to `cell_text`.

    A column of one kind is converted at once; where Arrow writes a value in another way than
    `cell_text` does, the column is converted cell by cell.
    """
    kinds = set(map(type, values))
    filled = values
    if str in kinds and len(kinds) > 1 and "" in values:
        filled = [None if value == "" else value for value in values]
        kinds = set(map(type, filled))
    kinds.discard(type(None))
    convert = _BY_KIND.get(next(iter(kinds))) if len(kinds) == 1 else None
    if convert is not None:
        try:
            texts = convert(filled)
        except (pa.ArrowInvalid, OverflowError):
            texts = None
        if texts is not None:
            return texts
    return pa.array(map(cell_text, filled), pa.string(), size=len(filled))


def _strings(values: Sequence[object]) -> pa.Array:
    texts = pa.array(values, pa.string())
    return pc.if_else(pc.equal(texts, ""), None, texts) if "" in values else texts


def _floats(values: Sequence[object]) -> pa.Array | None:
    numbers = pa.array(values, pa.float64())
    try:
        return pc.cast(pc.cast(numbers, pa.int64()), pa.string())
    except pa.ArrowInvalid:  # a fraction, or too large
        texts = pc.cast(numbers, pa.string())
    is_exponential = pc.match_substring_regex(texts, "[einN]|^-0$")
    return None if pc.any(is_exponential).as_py() else texts


def _integers(values: Sequence[object]) -> pa.Array:
    return pc.cast(pa.array(values, pa.int64()), pa.string())


def _dates(values: Sequence[object]) -> pa.Array:
    return pc.cast(pa.array(values, pa.date32()), pa.string())


def _datetimes(values: Sequence[object]) -> pa.Array:
    exact = pa.array(values, pa.timestamp("us"))
    return pc.cast(pc.cast(exact, pa.timestamp("s")), pa.string())  # fails on fractions of seconds


_BY_KIND: dict[type, Callable[[Sequence[object]], pa.Array | None]] = {
    str: _strings,
    float: _floats,
    int: _integers,
    datetime.date: _dates,
    datetime.datetime: _datetimes,
}


def _hours(duration: datetime.timedelta) -> str:
    """Return a duration in hours as Excel shows `[h]:mm:ss`, with milliseconds if there are any."""
    milliseconds = round(duration / datetime.timedelta(milliseconds=1))
    sign = "-" if milliseconds < 0 else ""
    seconds, rest = divmod(abs(milliseconds), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours}:{minutes:02}:{seconds:02}" + (f".{rest:03}" if rest else "")
