"""What a job title says of a person's part in buying, by the steps of `job_titles.yml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, get_args

from config import read_yaml
from vocabulary.folding import fold
from vocabulary.words import known

BuyingRole = Literal["decider", "buyer", "technician", "user", "unknown"]
BUYING_ROLES: Final[tuple[BuyingRole, ...]] = get_args(BuyingRole)
FILE: Final = Path(__file__).with_name("job_titles.yml")
# Shorter words differ by one letter too often without being a slip ("Prüfer", "Führer").
LEAST_LETTERS: Final = 7


class TitleRole(NamedTuple):
    """The part in buying that a title stands for, and whether a slip of the pen was forgiven."""

    role: BuyingRole
    has_slip: bool = False


@dataclass(frozen=True, slots=True)
class _Step:
    role: BuyingRole
    words: re.Pattern[str]
    stems: tuple[str, ...]
    but_first: tuple[BuyingRole, ...]


@cache
def role_of_title(title: str | None) -> TitleRole:
    """Tell what part in buying a person has by the title.

    Args:
        title: as people write it, German or English; None where there is none.

    """
    text = _written_out(fold(known(title)))
    if not text:
        return TitleRole("unknown")
    role = _find(text, _steps())
    if role is None and (slipped := _slipped(text.split(), _steps())):
        return TitleRole(slipped, has_slip=True)
    return TitleRole(role or "unknown")


@cache
def role_names() -> dict[BuyingRole, dict[str, str]]:
    """Return what people call each part, by language."""
    names: dict[BuyingRole, dict[str, str]] = _content()["roles"]
    return names


def _find(text: str, steps: tuple[_Step, ...]) -> BuyingRole | None:
    for step in steps:
        if step.words.search(text):
            if step.but_first:
                only = tuple(one for one in steps if one.role in step.but_first)
                return _find(text, only) or step.role
            return step.role
    return None


def _slipped(words: list[str], steps: tuple[_Step, ...]) -> BuyingRole | None:
    """Find the first step with a word that a word of the title begins with, but for one letter."""
    long = [word for word in words if len(word) >= LEAST_LETTERS]
    for step in steps:
        if any(_begins_nearly(word, stem) for stem in step.stems for word in long):
            return step.role
    return None


def _begins_nearly(word: str, stem: str) -> bool:
    """Whether a word begins like another but for one letter changed, added, left out or swapped.

    The first letter is right: people see it.
    """
    same = next((at for at, (a, b) in enumerate(zip(word, stem, strict=False)) if a != b), None)
    if not same:
        return False
    got, wanted = word[same:], stem[same:]
    return (
        got[1:].startswith(wanted[1:])
        or got[1:].startswith(wanted)
        or got.startswith(wanted[1:])
        or (got[1::-1] + got[2:]).startswith(wanted)
    )


def _written_out(text: str) -> str:
    text = _degrees().sub(" ", text)
    for short, full in _short():
        text = short.sub(full, text)
    return " ".join(text.split())


@cache
def _content() -> dict[str, Any]:
    return read_yaml(FILE, as_text=True)


@cache
def _degrees() -> re.Pattern[str]:
    return _pattern(_content()["degrees"])


@cache
def _short() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return what people shorten, and the words meant; a star in front: the end of a word."""
    return tuple(
        (re.compile(("" if short[0] == "*" else r"\b") + fold(short) + r"\b"), _folded(full))
        for short, full in _content()["short"].items()
    )


@cache
def _steps() -> tuple[_Step, ...]:
    return tuple(
        _Step(
            role=step["role"],
            words=_pattern(step["words"]),
            stems=tuple(
                stem
                for word in step["words"]
                if " " not in word and len(stem := _folded(word).strip("*")) >= LEAST_LETTERS
            ),
            but_first=tuple(step.get("but_first", ())),
        )
        for step in _content()["steps"]
    )


def _pattern(words: list[str]) -> re.Pattern[str]:
    """Make one pattern of words in which * stands for a part of a word, or for a whole one."""
    forms = (
        re.escape(_folded(word)).replace(r"\*", r"\w*").replace(r"\ \w*", r"\ \w+")
        for word in words
    )
    return re.compile(rf"\b(?:{'|'.join(forms)})\b")


def _folded(word: str) -> str:
    """Fold a word of the file, with its stars."""
    return " ".join(
        "*" * part.startswith("*") + fold(part) + "*" * (part.endswith("*") and part != "*")
        for part in word.split(" ")
    )
