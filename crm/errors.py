"""What can go wrong on the way into the CRM; every message is one line that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.language import _

if TYPE_CHECKING:
    from crm.records import RefusalKind


class CrmError(Exception):
    """The push could not be done; the message says what to do."""


class CrmUnreachableError(CrmError):
    """The CRM did not answer, or is busy. Trying again later may help.

    `retry_after`: so many seconds the CRM asks us to wait; None if it does not say.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class CrmLoginError(CrmError):
    """The CRM does not accept user, password or key."""


class CrmSetupError(CrmError):
    """A field, a scope or a right is missing; the message says which and how to get it."""


class CrmLacksError(CrmSetupError):
    """The firm has no CRM with a place for it, as it is set up; nothing is broken."""


def no_notes(connector: str) -> CrmLacksError:
    """Say that a connector writes no notes, and what to use in their place."""
    told = _("Notes are not written into {crm}: say `channel: crm_task`, it shows the same there.")
    return CrmLacksError(told.format(crm=connector))


class CrmRejectedError(CrmError):
    """The CRM answered and refused this batch as a whole; trying again does not help.

    `kind`: what the refusal means, where the CRM's answer tells, see `crm.records`.
    """

    def __init__(self, message: str, kind: RefusalKind = "other") -> None:
        super().__init__(message)
        self.kind: RefusalKind = kind


class GuardError(CrmError):
    """More would change than is plausible; nothing was written. `finding`: what, in a sentence."""

    def __init__(self, finding: str) -> None:
        told = _(
            "Nothing was written: {finding} Look at `reifegrad push --dry-run`; if it is right,"
            " release it with `reifegrad push --force`."
        )
        super().__init__(told.format(finding=finding))
        self.finding = finding
