"""Reading page by page: a server that pages wrongly ends in an error and not in a loop."""

from __future__ import annotations

from typing import Final

from config.language import _
from crm.errors import CrmError

MOST_PAGES: Final = 100_000
"""Of 100 records and more each: ten million, more than any company that this is made for keeps."""


class Pages:
    """The pages of one list that were read so far."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._marks: set[str] = set()

    def __len__(self) -> int:
        """Return how many pages were read."""
        return len(self._marks)

    def turn(self, mark: object) -> None:
        """Note a page by what tells it from all others: its cursor, its first or last record.

        Raises:
            CrmError: it was read already, or there is no end.

        """
        if str(mark) in self._marks:
            raise CrmError(
                _(
                    "The CRM answers with the same page of {what} again and again: it, or something"
                    " on the way to it, is broken. Nothing more was read."
                ).format(what=self._what)
            )
        self._marks.add(str(mark))
        if len(self._marks) > MOST_PAGES:
            raise CrmError(
                _("The CRM's list of {what} does not end after {count} pages.").format(
                    what=self._what, count=MOST_PAGES
                )
            )
