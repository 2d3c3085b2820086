"""`key_form` in sources.yml: one writing for a key and all references to it.

"00123", "123", "k 123" and "K-123" may be one number in four files. The form says how the key is to
be written; what is written otherwise is brought to it, on both sides:

- `00000`: digits, with zeros before them up to this width. `0`: without zeros before them.
- `K-00000`: the same behind `K-`, whether it stands there or not.
- `[K-]00000`: a `K-` before the digits is dropped.
- `upper`, `lower`: in capitals or small letters, for keys that are no numbers.

Letters before the digits may be large or small, with or without blanks and marks behind them, and
blanks never count. A cell of another kind ("Barverkauf", "L-123") stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from config.language import _

CASES: Final = frozenset({"upper", "lower"})
_FORM = re.compile(r"(?:\[(?P<dropped>[^\[\]\d]+)\])?(?P<prefix>[^\[\]\d]*)(?P<zeros>0+)")
_MARKS = r"[\p{P}\p{S}]*"


@dataclass(frozen=True, slots=True)
class NumberForm:
    """A key that is a number: its width, what stands before it, and what may and is dropped."""

    width: int
    prefix: str = ""
    dropped: str = ""

    def __str__(self) -> str:
        """Write it as in sources.yml."""
        return f"{f'[{self.dropped}]' if self.dropped else ''}{self.prefix}{'0' * self.width}"


def parse_form(text: str) -> NumberForm | str:
    """Return the form of a number, or the name of a case.

    Raises:
        ValueError: it is neither; says what it may be.

    """
    if text in CASES:
        return text
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(_("no form of a key: write 0, 00000, K-00000, [K-]0, upper or lower"))
    return NumberForm(len(found["zeros"]), found["prefix"], found["dropped"] or "")


def checked_form(text: str) -> str:
    """Return a form as it is if it is one."""
    parse_form(text)
    return text


def pattern(form: NumberForm) -> str:
    """Return the regular expression of what the form takes; its group is the number without zeros.

    For text without blanks. A number that a workbook kept with decimals, "123.0", is that number.
    """
    words = [_MARKS.join(map(re.escape, _letters(w))) for w in (form.prefix, form.dropped)]
    before = "|".join(word for word in words if word)
    return f"(?i)^{_MARKS}(?:(?:{before}){_MARKS})?0*(\\d+)(?:[.]0+)?$"


def _letters(words: str) -> str:
    """Return what of a prefix is neither a mark nor a blank."""
    return re.sub(r"[\W_]", "", words)
