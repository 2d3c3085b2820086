"""What servers and drivers say when something is wrong, as one line with what to do."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from typing import Final

from config.connections import Login
from config.language import _, marked

DISK_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
MAX_DETAIL: Final = 200
# Rooms whose errors are told for people already.
OURS: Final = ("config", "fetch", "crm")

# What is said by drivers and servers -> what it means; the first that fits.
_KINDS: Final[tuple[tuple[str, str], ...]] = (
    (
        r"certificate|hostname mismatch|CERT_|does not match host|SSLCertVerification",
        marked(
            "the certificate of {address} is not the right one: have it renewed, or name your own"
            " authority as `ca:`"
        ),
    ),
    (
        r"database .* does not exist|' to database '|unknown database|cannot open database"
        r"|bad.?network.?name|NoSuchBucket",
        marked("{address} knows no such database or share: correct the connection {connection}"),
    ),
    (
        r"password authentication failed|access denied for user|login failed|authentication"
        r" ?failed|\b401\b|unauthorized|logon.?failure|invalid credentials|invalid username"
        r"|ORA-01017|AUTHENTICATIONFAILED|InvalidAccessKeyId|SignatureDoesNotMatch"
        r"|Your user name and password are not defined|no authentication methods",
        marked("{address} does not accept user or password: correct the connection {connection}"),
    ),
    (
        r"starting up|shutting down|maintenance|\b50[234]\b|service unavailable|too many"
        r" (clients|connections)|\b429\b|single.user mode",
        marked("{address} is busy or in maintenance: the next night tries again"),
    ),
    (
        r"permission denied|command denied|access.?denied|\b403\b|forbidden|not authorized"
        r"|insufficient privilege|ORA-01031",
        marked("this user may not read it: have it granted"),
    ),
    (
        r"FileNotFound|does not exist|no such (table|column|file)|unknown column|doesn't exist"
        r"|invalid (column|object) name|\b404\b|not found|ORA-0094[24]|ORA-00904"
        r"|undefined(table|column)"
        r"|object.?name.?not.?found",
        marked("what the entry asks for is not there: correct its names"),
    ),
    (
        r"timed? ?out|refused|unreachable|could not translate|name or service not known"
        r"|getaddrinfo|no route to host|connection (reset|aborted|closed)|gone away"
        r"|server closed|failed to connect|can't connect|failed to resolve|unable to connect"
        r"|lost connection|Max retries|EOF occurred|unable to complete network request"
        r"|not connect|ConnectError",
        marked("{address} does not answer: is it on, and is the address right?"),
    ),
)


def told(error: Exception, connection: str | None, login: Login | None) -> str:
    """Say what is wrong in one line with what to do; the secrets of the connection never in it."""
    chain = list(_causes(error))
    for cause in chain:
        if type(cause).__module__.partition(".")[0] in OURS:  # told for people already
            return _one_line(str(cause), login)
        if is_disk_full(cause):
            return _("no space is left for the inbox: make room; nothing half-written stayed")
    said = [_one_line(_words(cause), login) or type(cause).__name__ for cause in chain]
    detail = min(said, key=len)[:MAX_DETAIL]
    text = " ".join([*said, *(type(cause).__name__ for cause in chain)])
    for pattern, meaning in _KINDS:
        if re.search(pattern, text, re.IGNORECASE):
            where = login.address if login else ""
            meant = _(meaning).format(address=where, connection=f"{connection!r}")
            return f"{meant} ({detail})"
    return f"{type(chain[-1]).__name__}: {detail}"


def is_disk_full(error: BaseException) -> bool:
    """Tell whether there is no space left here."""
    return isinstance(error, OSError) and error.errno in DISK_FULL


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error, what it holds and what caused it, outermost first."""
    seen: list[BaseException] = []
    queue: list[object] = [error]
    while queue:
        cause = queue.pop(0)
        if not isinstance(cause, BaseException) or cause in seen:
            continue
        seen.append(cause)
        yield cause
        queue += [cause.__cause__, getattr(cause, "orig", None), getattr(cause, "reason", None)]
        queue += [*(cause.args or ()), cause.__context__]


def _words(error: BaseException) -> str:
    """Return what it says; drivers that give a number and a sentence mean the sentence."""
    sentences = [part for part in error.args if isinstance(part, str)]
    return sentences[0] if len(sentences) == 1 and len(error.args) > 1 else str(error)


def _one_line(text: str, login: Login | None) -> str:
    line = " ".join(text.split())
    return login.hide(line) if login else line
