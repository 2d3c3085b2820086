"""One form for words that people write in many: for whoever compares names.

Pure functions from text to text, idempotent.
"""

from __future__ import annotations

import re
import unicodedata

# Letters that Unicode does not decompose into a base letter and an accent.
_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "a", "œ": "o", "ı": "i", "ў": "w"}
)
_SLIPS = str.maketrans("015", "ols")
_FOREIGN = re.compile(r"[^\x00-\x7f]")
_DOTTED = re.compile(r"(?<=\b\w)\.\s?(?=\w\b)")
_APOSTROPHES = re.compile(r"['’`´]")
_NO_LETTERS = re.compile(r"[\W_]")
_UMLAUTS = re.compile(r"([aou])e+")


def fold(text: str | None) -> str:
    """Fold case, accents, umlauts and punctuation; other alphabets become Latin letters.

    "ü", "ue" and "u" become one letter, because files mix all three ("Müller", "Mueller",
    "Muller"); that "Bauer" becomes "baur" harms nobody, since it does so everywhere. Dotted
    abbreviations close up ("e. K." -> "ek"), apostrophes vanish, the rest becomes a space.
    """
    if not text:
        return ""
    plain = text.casefold()
    if not plain.isascii():
        # Lower case first and again last: a few capitals ("İ") unfold into more than one character.
        plain = unicodedata.normalize("NFKD", plain.translate(_LETTERS))
        plain = _FOREIGN.sub(lambda c: "" if unicodedata.combining(c[0]) else c[0], plain)
        plain = plain.casefold().translate(_LETTERS)
        plain = plain if plain.isascii() else _romanise(plain)
    if not plain.isalnum():
        plain = _DOTTED.sub("", plain) if "." in plain else plain
        plain = _APOSTROPHES.sub("", plain)
        plain = " ".join(_NO_LETTERS.sub(" ", plain).split())
    return _UMLAUTS.sub(r"\1", plain)


def read_slips(words: list[str]) -> list[str]:
    """Read what eyes and scanners mix up as one: 0 and o, 1 and l, 5 and s, rn and m."""
    read = []
    for word in words:
        if word.isalpha():
            read.append(word.replace("rn", "m"))
            continue
        letters = sum(c.isalpha() for c in word)
        is_slip = len(word) / 2 < letters < len(word) and not re.fullmatch(r"\d+[a-z]{2}", word)
        read.append(
            (_UMLAUTS.sub(r"\1", word.translate(_SLIPS)) if is_slip else word).replace("rn", "m")
        )
    return read


def _romanise(text: str) -> str:
    """Write the letters of other alphabets in Latin ones ("Петров" -> "petrov")."""
    from text_unidecode import unidecode  # type: ignore[import-untyped]

    latin = (
        unidecode(c) if c > "\u024f" and unicodedata.category(c)[0] in "LM" else c for c in text
    )
    return "".join(
        new.lower() if re.fullmatch(r"[A-Za-z']+ ?", new) else old
        for old, new in zip(text, latin, strict=True)
    )
