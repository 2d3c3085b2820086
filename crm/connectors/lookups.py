"""The usual form of what a record can be found by, the same for our values and the CRM's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, TypeVar

from crm.config import Lookup
from crm.records import Record

Item = TypeVar("Item")
AS_WRITTEN: Final = frozenset({"key", "customer_no"})


def usual_form(by: Lookup, value: str | None) -> str:
    """VAT ids without blanks, websites as domain, e-mail addresses in lower case."""
    text = (value or "").strip()
    if by in AS_WRITTEN:
        return text
    if by == "vat_id":
        return "".join(letter for letter in text.upper() if letter.isalnum())
    text = text.lower()
    if by == "website":
        text = text.split("://", 1)[-1].removeprefix("www.")
        text = text.split("/", 1)[0].split(":", 1)[0]
    return text


def hits(
    by: Lookup, pairs: Iterable[tuple[str | None, str]], values: Collection[str]
) -> dict[str, list[str]]:
    """Return the ids per value that was asked for, each once and ordered.

    Args:
        by: what the pairs' values are.
        pairs: value as the CRM has it, and the record's id.
        values: what was asked for.

    """
    wanted = set(values)
    found: dict[str, set[str]] = {}
    for value, crm_id in pairs:
        if (form := usual_form(by, value)) in wanted:
            found.setdefault(form, set()).add(crm_id)
    return {value: sorted(ids, key=lambda one: (len(one), one)) for value, ids in found.items()}


def one_each(pairs: Iterable[tuple[str, Record]]) -> dict[str, Record]:
    """Return the record per value of a field that need not be unique; active ones go first.

    Of several the first, which names the others as its `rivals`.
    """
    found: dict[str, dict[str, Record]] = {}
    for value, record in pairs:
        found.setdefault(value, {})[record.crm_id] = record
    chosen: dict[str, Record] = {}
    for value, records in found.items():
        active = [one for one in records.values() if one.is_active] or list(records.values())
        first, *others = sorted(active, key=lambda one: (len(one.crm_id), one.crm_id))
        rivals = tuple(one.crm_id for one in others)
        chosen[value] = first.model_copy(update={"rivals": rivals}) if rivals else first
    return chosen


def chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Cut into pieces of at most `size`."""
    return (items[start : start + size] for start in range(0, len(items), size))
