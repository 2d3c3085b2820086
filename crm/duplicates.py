"""`review/crm_duplicates.xlsx`: customers whom the CRM has more than once.

All their records show the score; merging them is for a person in the CRM, and the next night
follows it. The list says why they are one customer and which record is the better one to keep.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Final, NamedTuple

from config import Settings
from config.language import _
from crm.records import Record, Row
from warehouse import open_warehouse

FILE: Final = "crm_duplicates.xlsx"
WIDTHS: Final = (30, 14, 24, 40, 24, 40, 34, 34, 14)
SHOWN: Final = ("name", "street", "postcode", "city", "phone", "email", "website", "vat_id")
PHONE_DIGITS: Final = 7  # without the country's and, mostly, the town's


class Duplicate(NamedTuple):
    """Two records of one customer: keys as the CRM's export gives them, cards by attribute."""

    row: Row
    keep: str
    other: str
    cards: Mapping[str, Mapping[str, Any]]
    why_same: str
    why_keep: str


def find_duplicates(
    rows: Sequence[Row], exported: Mapping[str, Record], cards: Mapping[str, Mapping[str, Any]]
) -> list[Duplicate]:
    """Return the customers with several records in the CRM, those with most at stake first.

    Args:
        rows: the customers, with the ids that the CRM's export gives them.
        exported: the CRM's live records by these ids; two ids of one record are no duplicate.
        cards: what the export says of each id.

    """
    found = []
    for row in rows:
        live: dict[str, str] = {}
        for export_id in row.crm_ids:
            if export_id in exported and exported[export_id].is_active:
                live.setdefault(exported[export_id].crm_id, export_id)
        ids = sorted(live.values(), key=lambda i: (-_filled(cards.get(i, {})), i))
        for keep, other in combinations(ids, 2):
            if keep == ids[0]:  # each is compared with the one to keep
                found.append(_duplicate(row, keep, other, cards))
    return sorted(found, key=lambda one: (-(one.row.worth or 0), one.row.key, one.other))


def read_cards(settings: Settings, source: str, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return what a source says of its company records, by its own key."""
    if not ids:
        return {}
    columns = ", ".join(SHOWN)
    with open_warehouse(settings) as warehouse:
        found = warehouse.execute(
            f"select record_id, {columns} from intermediate.int_company_records"
            " where record_id in (select unnest(?))",
            [[f"{source}:{export_id}" for export_id in ids]],
        ).fetchall()
    return {
        record_id.removeprefix(f"{source}:"): dict(zip(SHOWN, values, strict=True))
        for record_id, *values in found
    }


def write_duplicates(path: Path, duplicates: Sequence[Duplicate]) -> None:
    """Write the list, or remove the one of an earlier night where there are none any more."""
    from workbooks.style import dress, new_book, save, writable

    if not duplicates:
        path.unlink(missing_ok=True)
        return
    book = new_book()
    sheet = book.active
    sheet.title = _("Duplicates in your CRM")[:31]
    sheet.append(
        [
            _("Customer"), _("Customer number (ERP)"), _("Keep: record in the CRM"),
            _("Keep: what it says"), _("Merge into it: record in the CRM"),
            _("Merge into it: what it says"), _("Why they are one customer"), _("Why this one"),
            _("At stake (€)"),
        ]
    )  # fmt: skip
    for one in duplicates:
        sheet.append(writable(_cells(one)))
    dress(sheet, WIDTHS, frozen="C2")
    for cells in sheet.iter_rows(min_row=2, max_row=sheet.max_row):
        cells[-1].number_format = "#,##0"
    save(book, path)


def _cells(one: Duplicate) -> Iterator[Any]:
    yield one.row.master.get("name")
    yield one.row.customer_no
    for export_id in (one.keep, one.other):
        yield export_id
        yield "\n".join(str(value) for value in one.cards.get(export_id, {}).values() if value)
    yield one.why_same
    yield one.why_keep
    yield None if one.row.worth is None else round(one.row.worth)


def _duplicate(
    row: Row, keep: str, other: str, cards: Mapping[str, Mapping[str, Any]]
) -> Duplicate:
    first, second = cards.get(keep, {}), cards.get(other, {})
    same = [
        _word(name)
        for name in SHOWN
        if _plain(name, first) and _plain(name, first) == _plain(name, second)
    ]
    why_same = (
        _("The same: {attributes}").format(attributes=", ".join(same))
        if same
        else _("By name and further records together; see `reifegrad customer {key}`").format(
            key=row.key
        )
    )
    count, less = _filled(first), _filled(second)
    why_keep = (
        _("It says more: {count} of {all} details, the other {less}").format(
            count=count, all=len(SHOWN), less=less
        )
        if count > less
        else _("Both say as much; its number comes first")
    )
    return Duplicate(row, keep, other, cards, why_same, why_keep)


def _filled(card: Mapping[str, Any]) -> int:
    return sum(value not in (None, "") for value in card.values())


def _plain(name: str, card: Mapping[str, Any]) -> str:
    """Return a detail as it is compared: a telephone number by the end that all spellings share."""
    text = "".join(letter for letter in str(card.get(name) or "").casefold() if letter.isalnum())
    return text[-PHONE_DIGITS:] if name == "phone" else text


def _word(attribute: str) -> str:
    return {
        "name": _("name"),
        "street": _("street"),
        "postcode": _("postcode"),
        "city": _("town"),
        "phone": _("telephone"),
        "email": _("e-mail"),
        "website": _("website"),
        "vat_id": _("VAT id"),
    }[attribute]
