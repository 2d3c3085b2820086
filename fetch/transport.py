"""What holds of every way over a network."""

from __future__ import annotations

from typing import Final

from config.connections import Login
from config.language import _
from fetch.errors import FetchError

CONNECT_SECONDS: Final = 15
ANSWER_SECONDS: Final = 120  # until the next byte


def require_encrypted(login: Login, *, is_plain: bool, allowed: bool) -> None:
    """Make sure that nothing goes in the open to another machine.

    Raises:
        FetchError: it would; says what to write.

    """
    if is_plain and not allowed and not login.is_loopback:
        message = _(
            "{address} would be asked without encryption, password included. Write `plain: true`"
            " in the entry if that is meant."
        )
        raise FetchError(message.format(address=login.address))
