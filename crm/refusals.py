"""What the CRM refused: in its own words, in plain words, and as `review/rejected.xlsx`."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from config.language import _
from crm.records import Change, RefusalKind

logger = logging.getLogger(__name__)
FILE: Final = "rejected.xlsx"
MOST_REASONS: Final = 5
WIDTHS: Final = (16, 34, 16, 22, 60, 60)


def say_plainly(kind: RefusalKind) -> str:
    """Return one sentence in the language in use: what a refusal means and what to do."""
    return {
        "too_long": _("A text is longer than its field allows: make the field longer in the CRM."),
        "unknown_value": _(
            "The field does not know this value: call `reifegrad crm setup`, which adds the values"
            " of our fields."
        ),
        "missing_value": _(
            "The CRM demands a field that is empty on this record: fill it there, or make it"
            " optional."
        ),
        "no_permission": _(
            "The user of the connection may not write this record: give it the right."
        ),
        "rule_of_the_crm": _(
            "A rule or automation of the CRM refuses the change: the CRM's administrator knows it."
        ),
        "locked": _("Somebody or something else was writing the record: it is sent again."),
        "gone": _("The record was deleted or merged meanwhile: the next night follows it."),
        "duplicate": _("Another record has the same key already: look for it in the CRM."),
        "other": _("The CRM gives no reason that we know: ask its administrator."),
    }[kind]


def tell_refused(refused: Sequence[Change]) -> None:
    """Log each reason once, the most frequent first; the list has every record."""
    reasons = Counter(change.refused for change in refused)
    for words, count in reasons.most_common(MOST_REASONS):
        told = _("{count} × refused by the CRM: {reason}")
        logger.warning("%s", told.format(count=count, reason=words))


def write_rejected(path: Path, refused: Sequence[Change]) -> None:
    """Write the list of refused records, or remove the one of an earlier night."""
    from workbooks.style import dress, new_book, save, writable

    if not refused:
        path.unlink(missing_ok=True)
        return
    book = new_book()
    sheet = book.active
    sheet.title = _("Refused by the CRM")[:31]
    sheet.append(
        [
            _("Kind"), _("Name"), _("Number (ERP)"), _("Record in the CRM"),
            _("What it means and what to do"), _("The CRM's own words"),
        ]
    )  # fmt: skip
    kinds = {"parties": _("customer"), "opportunities": _("opportunity")}
    for change in refused:
        cells = [
            kinds[change.target],
            change.name or change.key,
            change.customer_no,
            change.crm_id or _("(to be created)"),
            say_plainly(change.refusal),
            change.refused,
        ]
        sheet.append(writable(cells))
    dress(sheet, WIDTHS, frozen="C2")
    save(book, path)
