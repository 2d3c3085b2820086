"""Number formats that show more of a number than its digits: `00000`, `"K-"0000`, `000-000`.

Postcodes and customer numbers are often stored as numbers and shown with zeros in front or behind
the letters of their kind. People and other files have what is shown.

Format: ECMA-376 part 1, section 18.8.31; xls, xlsb and SpreadsheetML 2003 have the same.
"""

from __future__ import annotations

import re
from functools import lru_cache

# Literals, and None for each digit that is at least shown.
Mask = tuple[str | None, ...]

# What may stand before the digits of something that a number identifies. With anything else
# (currencies, `ca. `) it is read as a number.
PREFIX = re.compile(r"(?!\s*[KTM]?(EUR|USD|CHF|GBP)\b)[A-ZÄÖÜ0-9][A-ZÄÖÜ0-9 ./_-]*|\+")
# Between its digits: `000-000`, `00/00`.
INNER = re.compile(r"[ ./_()-]*")
# A literal, a digit, or what shows nothing: a colour, the language.
_TOKEN = re.compile(r'"([^"]*)"|\\(.)|([-+ ()])|(0)|\[(?:[^\W\d_]+\d*|\$-[0-9A-Fa-f]+)\]')


@lru_cache(maxsize=4096)
def mask_of(number_format: str) -> Mask | None:
    """Return how a format shows whole numbers, by the first of its sections (not negative ones).

    None if it shows them as they are, or as an amount, a date or anything but an identifier.

    >>> mask_of("000"), mask_of('"K-"0;@'), mask_of("#,##0.00"), mask_of("0")
    ((None, None, None), ('K-', None), None, None)
    """
    mask: list[str | None] = []
    position = 0
    while position < len(number_format) and number_format[position] != ";":
        token = _TOKEN.match(number_format, position)
        if token is None:
            return None
        position = token.end()
        if token[4]:
            mask.append(None)
        elif text := token[1] or token[2] or token[3]:
            mask.append(text)
    if None not in mask or mask[-1] is not None:
        return None
    first = mask.index(None)
    prefix = "".join(filter(None, mask[:first]))
    inner = "".join(filter(None, mask[first:]))
    if (prefix and not PREFIX.fullmatch(prefix)) or not INNER.fullmatch(inner):
        return None
    return tuple(mask) if len(mask) > 1 else None


def shown(digits: str, mask: Mask) -> str:
    """Return a whole number as its format shows it.

    >>> shown("1067", (None,) * 5), shown("7", ("K-", None, None)), shown("1234", (None, "-", None))
    ('01067', 'K-07', '123-4')
    """
    first = mask.index(None)
    left = digits
    parts: list[str] = []
    for position in range(len(mask) - 1, -1, -1):
        if (literal := mask[position]) is not None:
            parts.append(literal)
        elif position == first:
            parts.append(left or "0")
        else:
            parts.append(left[-1:] or "0")
            left = left[:-1]
    return "".join(reversed(parts))


def is_shown_so(text: str, digits: str) -> bool:
    """Whether a text is a whole number as such formats show it, and not just its digits.

    >>> [is_shown_so(text, "1067") for text in ("01067", "K-1067", "1067", "1.067", "1067 kg")]
    [True, True, False, False, False]
    """
    if text == digits:
        return False
    number = re.search(r"\d(?:\d|[ /_()-](?=\d))*\Z", text)
    if number is None or re.sub(r"\D", "", number[0]).lstrip("0") != digits.lstrip("0"):
        return False
    return not number.start() or PREFIX.fullmatch(text[: number.start()]) is not None
