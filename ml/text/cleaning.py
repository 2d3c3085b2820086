"""What somebody wrote, without what a mail program put around it."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mailparser_reply import EmailReplyParser

_TAG: Final = re.compile(
    r"</?(?:html|body|div|p|br|span|table|td|blockquote|font|b|i)\b[^>]*>", re.I
)
# A full stop ends a sentence, unless an abbreviation ("z. B.") or a number stands before it.
_END: Final = re.compile(r"(?<=\w{3}[.…])\s+(?=[^\d\s])|(?<=[!?])\s+|\n+")
_GREETING: Final = re.compile(
    r"^\s*(?:hallo|hi|hello|moin|servus|grüezi|grüß gott|guten (?:tag|morgen|abend)|good (?:morning"
    r"|afternoon|day)|sehr geehrter?s?|liebe[rs]?|dear)\b[^\n.]{0,60}?[,!:]?[ \t]*(?:\n|$)",
    re.IGNORECASE | re.MULTILINE,
)
_SHORT: Final = 12  # characters: less is an abbreviation or a number, not a sentence of its own


def clean(text: str | None, most_characters: int) -> str:
    """Return what somebody wrote: without HTML, quoted mails, greeting, signature.

    Args:
        text: as it came; None or blank gives "".
        most_characters: a longer text ends with the last sentence that still fits.

    """
    if not text or not text.strip():
        return ""
    plain = _without_tags(text) if _TAG.search(text) else text
    parsed = _parser().read(text=plain)
    said = parsed.replies[0].body if parsed.replies else plain
    said = _GREETING.sub("", said or plain, count=1)
    said = re.sub(r"[ \t\xa0]+", " ", said).strip()
    return _cut(said, most_characters)


def sentences(text: str) -> list[str]:
    """Split a cleaned text; what is too short for a sentence stays with the one before."""
    found: list[str] = []
    for part in _END.split(text):
        part = part.strip()
        if not part:
            continue
        if found and (len(part) < _SHORT or len(found[-1]) < _SHORT):
            found[-1] += f" {part}"
        else:
            found.append(part)
    return found


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    kept = ""
    for sentence in sentences(text):
        if len(kept) + len(sentence) >= most:
            break
        kept = f"{kept} {sentence}".strip()
    return kept or text[:most].rsplit(" ", 1)[0]


def _without_tags(text: str) -> str:
    from lxml import html

    broken = re.sub(r"<(?:br|/p|/div|/tr|/li)\b[^>]*>", "\n", text, flags=re.I)
    tree = html.fromstring(f"<div>{broken}</div>")
    for element in tree.xpath(".//style | .//script | .//blockquote | .//head"):
        element.drop_tree()
    return str(tree.text_content())


@cache
def _parser() -> EmailReplyParser:
    from mailparser_reply import EmailReplyParser

    return EmailReplyParser(languages=["de", "en"])
