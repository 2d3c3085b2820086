"""The lists of `words.yml`, as the rooms ask for them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from config import read_yaml
from vocabulary.folding import fold

FILE: Final = Path(__file__).with_name("words.yml")
_DIGIT: Final = re.compile(r"[0-9]")


@cache
def words() -> dict[str, Any]:
    """Read `words.yml`, all of it as text."""
    return read_yaml(FILE, as_text=True)


@cache
def free_mail_domains() -> frozenset[str]:
    """Domains of mailbox providers, in lower case."""
    return frozenset(domain for land in words()["free_mail_domains"].values() for domain in land)


@cache
def countries() -> dict[str, str]:
    """Names of countries, folded, to ISO 3166-1 alpha-2."""
    return {fold(name): code for code, names in words()["countries"].items() for name in names}


def known(text: str | None) -> str | None:
    """Return the text, or None where it only says that nothing is known ("k.A.", "-").

    For names and addresses of firms and people; see `words.yml` for what stands elsewhere.
    """
    if text and _DIGIT.search(text):
        return text  # no placeholder has one
    folded = fold(text)
    return text if folded and folded not in _placeholders() else None


def is_filled(text: str) -> bool:
    """Whether the cell of any column says something: no mark ("-") and no placeholder ("n/a").

    What says something in some columns ("x", "no") counts as filled; `known` is for names.
    """
    if _DIGIT.search(text):
        return True
    folded = fold(text)
    return bool(folded) and folded not in _placeholders_anywhere()


@cache
def joining_words() -> frozenset[str]:
    """Words that join two names ("und"), folded."""
    return frozenset(words()["joining_words"])


@cache
def name_prefixes() -> frozenset[str]:
    """Words before a name that say only "company", folded."""
    return frozenset(words()["name_prefixes"])


@cache
def generations() -> dict[str, int]:
    """Words at the end of a person's name, folded, to which of several of one name it is."""
    return {word: int(number) for word, number in words()["generations"].items()}


@cache
def _placeholders() -> frozenset[str]:
    """Placeholders of names and addresses, folded."""
    return _placeholders_anywhere() | _folded(words()["placeholders"]["in_names_and_addresses"])


@cache
def _placeholders_anywhere() -> frozenset[str]:
    """Placeholders of nearly any column, folded."""
    kinds = words()["placeholders"]
    phrases = [phrase for phrases in kinds["everywhere"] for phrase in phrases]
    return _folded(phrases + kinds["but_for_people_and_countries"])


def _folded(phrases: list[str]) -> frozenset[str]:
    """Fold phrases; a space in them stands for any or no marks."""
    return frozenset(
        fold(written) for phrase in phrases for written in (phrase, phrase.replace(" ", ""))
    )
