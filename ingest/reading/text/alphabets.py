"""Single-byte text that is in no western language: Cyrillic, Greek, Turkish, Baltic.

Each test needs strong evidence, so that a western file is never read in another alphabet.
"""

from __future__ import annotations

import re
from collections import Counter

UNKNOWN_SCRIPT = "unknown script"
SCRIPTS = (
    *("cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic"),
    *("cp1253", "iso8859_7", "cp1255", "cp1256"),
)
# Encodings that share most of their bytes with cp1252, and the letters of their languages.
ALPHABETS = (
    ("cp1254", "çğıöşüâîûÇĞİÖŞÜÂÎÛ"),
    ("cp1257", "ąčęėįšųūžĄČĘĖĮŠŲŪŽ"),
    ("cp1257", "āčēģīķļņšūžĀČĒĢĪĶĻŅŠŪŽ"),
)
GUESSED = frozenset((*SCRIPTS, *(name for name, _ in ALPHABETS)))
# Central Europe's, of which one file may hold several.
_SLAVIC = frozenset("áčďéěíĺľňóôŕřšťúůýžąćęłńśźżäöüÁČĎÉĚÍĹĽŇÓÔŔŘŠŤÚŮÝŽĄĆĘŁŃŚŹŻÄÖÜ")
_HUNGARIAN = frozenset("áéíóöőúüűÁÉÍÓÖŐÚÜŰ")
_ROMANIAN = frozenset("ăâîşţĂÂÎŞŢ")

MANY_WORDS = 1_000
MIN_WORDS = 3
# The bytes of words above ASCII, for each byte above ASCII beside an ASCII letter.
SCRIPT_RATIO = 2
# Borders drawn by DOS are one byte for the most part; no letter is.
MAX_LETTER_SHARE = 0.4
# The rest are signs such as guillemets.
WRITTEN_WELL = 0.75
MIN_STRANGE_LETTERS = 3
MIN_STRANGE_SHARE = 0.15
EXPLAINED, UNEXPLAINED = 0.98, 0.9

_WORD = re.compile(rb"(?<![A-Za-z\x80-\xff])[\x80-\xff]{3,}(?![A-Za-z\x80-\xff])")
_LETTERS = re.compile(r"[^\W\d_]+")
_STRANGE = frozenset("ÐÝÞðýþ")  # in cp1252 all are Icelandic's, which has more of the others
_ICELANDIC = frozenset("áéíóúæÁÉÍÓÚÆ")


def words_beyond_ascii(lines: bytes) -> list[bytes]:
    """Return the words without an ASCII letter: usual in other scripts, rare in ours."""
    return _WORD.findall(lines)


def find_script(words: Counter[bytes], in_words: int) -> str | None:
    """Return the encoding of a text in another script than ours.

    Args:
        words: those beyond ASCII, with how often each is there.
        in_words: how many bytes beyond ASCII stand beside ASCII letters.

    Returns:
        `UNKNOWN_SCRIPT` if the words are of none of `SCRIPTS`; None if the text is in our script.

    """
    letters = Counter(b"".join(words))
    if (
        len(words) < MIN_WORDS
        or sum(len(word) * count for word, count in words.items()) <= SCRIPT_RATIO * in_words
        or max(letters.values()) > MAX_LETTER_SHARE * letters.total()
    ):
        return None
    from charset_normalizer import from_bytes  # few files need it

    text = b" ".join(words)
    matches = [match.encoding for match in from_bytes(text, cp_isolation=list(SCRIPTS))]
    best = max(matches, key=lambda name: _written_well(text, name), default=UNKNOWN_SCRIPT)
    return best if matches and _written_well(text, best) > WRITTEN_WELL else UNKNOWN_SCRIPT


def _written_well(text: bytes, encoding: str) -> float:
    """Return the share of a text in words without a capital after a small letter."""
    words = _LETTERS.findall(text.decode(encoding, errors="replace"))
    well = (word for word in words if word[1:] in (word[1:].lower(), word[1:].upper()))
    return sum(map(len, well)) / (len(text) - text.count(b" "))


def find_alphabet(default: str, in_words: Counter[bytes]) -> str | None:
    """Return the relative of cp1252 whose language explains the text, if `default` does not.

    Args:
        default: cp1252 or cp1250.
        in_words: the bytes beyond ASCII beside ASCII letters.

    """
    letters = Counter({byte[0]: n for byte, n in in_words.items() if byte >= b"\xc0"})
    if default == "cp1252":
        strange = _count(letters, default, _STRANGE)
        kinds = sum(_decode(byte, default) in _STRANGE for byte in letters)
        if (
            kinds < MIN_STRANGE_LETTERS
            or strange < MIN_STRANGE_SHARE * letters.total()
            or 2 * _count(letters, default, _ICELANDIC) > strange
        ):
            return None
    else:
        best = max(_count(letters, default, one) for one in (_SLAVIC, _HUNGARIAN, _ROMANIAN))
        if best >= UNEXPLAINED * letters.total():
            return None
    counts = [(_count(letters, name, frozenset(alphabet)), name) for name, alphabet in ALPHABETS]
    most, name = max(counts)
    return name if most >= EXPLAINED * letters.total() else None


def _count(letters: Counter[int], encoding: str, alphabet: frozenset[str]) -> int:
    return sum(n for byte, n in letters.items() if _decode(byte, encoding) in alphabet)


def _decode(byte: int, encoding: str) -> str:
    return bytes([byte]).decode(encoding, errors="replace")
