"""The language in which the program speaks to people: English in the code, German in `de.po`.

A message is written `_("{path} is missing.").format(path=path)`: the English sentence is its name
in the catalogue, so no f-string may stand in it. `make messages` takes new ones over into `de.po`;
one that is missing there fails `make lint`. What a company may edit stays in YAML, in both
languages.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final, Literal

from config.folders import SETTINGS_FILE, config_folder, read_env

Language = Literal["de", "en"]
CATALOGUE: Final = Path(__file__).with_name("de.po")

_spoken: Language | None = None


def use_language(language: str | None) -> None:
    """Speak this language from now on; anything but `en` is German, as is the setting's default."""
    global _spoken
    _spoken = "en" if language == "en" else "de"


def spoken_language() -> Language:
    """Return the language in use; before the settings are read, the one that they will name."""
    if _spoken is None:
        named = os.environ.get("REIFEGRAD_LANGUAGE")
        use_language(named or read_env(config_folder()[0] / SETTINGS_FILE).get("language"))
    return _spoken or "de"


def _(message: str) -> str:
    """Return the message in the language in use; where it is unknown, as it stands."""
    return message if spoken_language() == "en" else _german().get(message, message)


def marked(message: str) -> str:
    """Return the message unchanged: it goes into the catalogue and is translated when told."""
    return message


def in_thousands(number: int) -> str:
    """Write a whole number with the mark between thousands of the language in use."""
    return f"{number:,}".replace(",", "," if spoken_language() == "en" else ".")


def rephrase(text: str, sentences: Sequence[str]) -> str:
    """Say a library's English sentence in the language in use.

    Args:
        text: what the library says, such as "Input should be greater than 0".
        sentences: its sentences with placeholders (`marked`), the more special ones first. What
            stands in a placeholder is rephrased in turn.

    """
    if spoken_language() == "en":
        return text
    for sentence in sentences:
        if match := _pattern(sentence).fullmatch(text):
            parts = match.groupdict()
            return _(sentence).format(**{k: rephrase(v, sentences) for k, v in parts.items()})
    return text


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    # Every other piece is the name of a placeholder.
    pieces = re.split(r"{(\w+)}", sentence)
    pattern = "".join(
        f"(?P<{piece}>.+?)" if is_name else re.escape(piece.replace("{{", "{").replace("}}", "}"))
        for piece, is_name in zip(pieces, [False, True] * len(pieces), strict=False)
    )
    return re.compile(pattern, re.DOTALL)


@cache
def _german() -> dict[str, str]:
    from babel.messages.pofile import read_po

    with CATALOGUE.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file, locale="de") if m.id and m.string}
