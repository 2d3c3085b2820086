"""Calls to a CRM: within its rate limit, and again with growing pauses while it does not answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, TypeVar
from urllib.parse import urlsplit

from tenacity import (
    RetryCallState,
    retry,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from config import ConfigurationError
from config.language import _
from crm.errors import CrmUnreachableError

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
LONGEST_PAUSE: Final = 30.0
"""Seconds between two tries, unless the CRM itself asks for more."""
LONGEST_WAIT_ASKED: Final = 900.0
"""More than a quarter of an hour, a used-up daily budget for one, is for the next night."""
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_backoff = wait_random_exponential(max=LONGEST_PAUSE)


class RateLimit:
    """At most so many calls in so many seconds, over all threads."""

    def __init__(self, calls: int, seconds: float) -> None:
        from pyrate_limiter import Duration, Limiter, Rate

        self._limiter = Limiter(Rate(calls, int(seconds * Duration.SECOND)))

    def wait(self) -> None:
        """Return as soon as the next call is allowed."""
        self._limiter.try_acquire("crm")


def patiently(attempts: int, call: Callable[[], Result]) -> Result:
    """Call, and call again while the CRM does not answer; jitter keeps threads apart.

    Args:
        attempts: so many calls at most.
        call: safe to repeat.

    Raises:
        CrmUnreachableError: of the last try, or the CRM asks for more patience than a night has.

    """
    again = retry(
        retry=retry_if_exception_type(CrmUnreachableError),
        stop=lambda state: stop_after_attempt(attempts)(state) or _asks_too_much(state),
        wait=_pause,
        before_sleep=_tell_outage,
        reraise=True,
    )
    return again(call)()


def require_safe(url: str) -> None:
    """Refuse to send a password in clear text over a network, or to have it in the address.

    Raises:
        ConfigurationError: plain HTTP to another machine, or a login in the address, which every
            message would show.

    """
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ConfigurationError(
            _(
                "REIFEGRAD_CRM_URL has a login before the @: write the address alone; user and"
                " password are REIFEGRAD_CRM_USER and REIFEGRAD_CRM_PASSWORD."
            )
        )
    if parts.scheme == "http" and (parts.hostname or "") not in LOOPBACK:
        raise ConfigurationError(
            _(
                "REIFEGRAD_CRM_URL={url}: scores and the password would cross the network in clear"
                " text: write https://."
            ).format(url=url)
        )


def _error(state: RetryCallState) -> CrmUnreachableError | None:
    error = state.outcome.exception() if state.outcome else None
    return error if isinstance(error, CrmUnreachableError) else None


def _asks_too_much(state: RetryCallState) -> bool:
    error = _error(state)
    return bool(error and error.retry_after and error.retry_after > LONGEST_WAIT_ASKED)


def _pause(state: RetryCallState) -> float:
    error = _error(state)
    asked = (error.retry_after if error else None) or 0.0
    return float(asked + _backoff(state))


def _tell_outage(state: RetryCallState) -> None:
    """Log once that the CRM does not answer, not at each retry."""
    if state.attempt_number == 1:
        told = _("{error} It is tried again.")
        logger.warning(told.format(error=_error(state)))
