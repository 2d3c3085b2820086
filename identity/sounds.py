"""How names sound: for names that were written down as heard."""

from __future__ import annotations

import re
from functools import cache

# Cologne phonetics (Postel 1969, Die Kölner Phonetik): first replacements that depend on the
# neighbouring letters, then a digit per letter. Vowels are 0 and count only at the beginning, "h"
# is not heard.
_IN_PLACE = [
    (re.compile(letters), heard)
    for letters, heard in (
        ("ph", "f"), ("[dt](?=[csz])", "8"), ("[ckq]?x", "48"), ("(?<=[sz])c", "8"),
        ("^c(?=[ahkloqru])|c(?=[ahkoqu])", "4"), ("c", "8"), ("h", ""),
    )
]  # fmt: skip
_ALONE = str.maketrans("aeijouybpdtfvwgkqlmnrsz", "00000001122333444566788")


def sound(name: str) -> str:
    """Write each word of a normalised name as it sounds in German: "zara" and "sarah" are "87"."""
    return " ".join(map(_sound, name.split()))


@cache
def _sound(word: str) -> str:
    for letters, heard in _IN_PLACE:
        word = letters.sub(heard, word)
    code = re.sub(r"(.)\1+", r"\1", word.translate(_ALONE))
    return code[:1] + code[1:].replace("0", "")
