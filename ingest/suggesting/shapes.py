"""Shapes of a column's values, such as e-mail address, date or number."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from ingest.mapping.value_formats import PATTERNS
from ingest.reading.header_words import normalised, tokens
from vocabulary.company_names import company_name
from vocabulary.folding import fold
from vocabulary.words import countries, is_filled

VALUE_WORDS = Path(__file__).with_name("value_words.yml")
# Distinct values looked at for a shape; more would not change a share by a percent or two.
LOOKED_AT = 300
CODE_LENGTH = 2  # ISO 3166-1 alpha-2; signs on cars are shorter or stand among the names

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
_URL = re.compile(r"(https?://)?(www\.)?([a-z0-9äöüß-]+\.)+[a-z]{2,}(/\S*)?", re.IGNORECASE)
_NUMBER = re.compile(r"[-+(]?\s*[€$£]?\s*-?(\d[\d.,'\s]*|[.,]\d+)\)?\s*(%|€|\$|£|EUR|USD|CHF)?-?")
_POSTCODE = re.compile(
    r"([A-Z]{1,2}-?)?\d{4,5}(-\d{4})?|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|\d{3} \d{2}|\d{4} ?[A-Z]{2}"
    r"|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{5}-\d{3}"
)
_DATE = re.compile("|".join(f"(?:{pattern})" for pattern in PATTERNS["date"].values()))
_PHONE = re.compile(r"[+(\d][\d\s()/.\-+]{4,}(\s*(x|ext\.?|-)\s*\d+)?")
_REGISTER = re.compile(r"(HR[AB]|FN|CHE)\W.*\d.*", re.IGNORECASE)
# A number of a record: one word with many digits ("Hauptstr.12" is a street), no amount.
LEAST_DIGITS = 0.4
LONG_CODE, LONG_CODE_DIGITS = 12, 3  # such as 7f3c-…-9a: letters and digits mixed
_CODE = re.compile(r"(?!\d+[.,]\d+$)#?[\w.#/-]*\d[\w.#/-]*=*")
_LETTERS = re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True)
class FileColumn:
    """A column of a file: its filled values in the order of the file, trimmed."""

    name: str
    values: tuple[str, ...]
    row_count: int

    @cached_property
    def distinct(self) -> tuple[str, ...]:
        """Each value once."""
        return tuple(dict.fromkeys(self.values))

    @property
    def filled(self) -> float:
        """Share of rows that hold a value."""
        return len(self.values) / self.row_count if self.row_count else 0.0

    def share(self, shape: str) -> float:
        """Share of the values (each counted once) that have the shape."""
        if shape not in self._shares:
            self._shares[shape] = share(self.distinct[:LOOKED_AT], SHAPES[shape])
        return self._shares[shape]

    @cached_property
    def _shares(self) -> dict[str, float]:
        return {}


def file_column(name: str, cells: Iterable[str | None]) -> FileColumn:
    """Return a column without the ways in which programs write that there is no value."""
    cells = list(cells)
    trimmed = [cell.strip() for cell in cells if cell]
    filled = {value: is_filled(value) for value in set(trimmed)}
    return FileColumn(name, tuple(value for value in trimmed if filled[value]), len(cells))


def share(values: Iterable[str], has_shape: Callable[[str], bool]) -> float:
    """Return the share of values with the shape, 0 where there are none."""
    found = [has_shape(value) for value in values]
    return sum(found) / len(found) if found else 0.0


def recode(column: str, values: Iterable[str]) -> dict[str, str]:
    """Return what values of a canonical column mean, for those that the dictionary knows.

    Some words say it within a longer value, too, unless another says the opposite.

    >>> recode("outcome", ["Gewonnen", "Angebot verloren", "offen", "nicht gewonnen"])
    {'Gewonnen': 'won', 'Angebot verloren': 'lost'}
    """
    meaning, within = _meanings(column)
    found: dict[str, str] = {}
    for value in values:
        said = {within[t] for t in tokens(value) if t in within} if within else set()
        code = meaning.get(normalised(value)) or (said.pop() if len(said) == 1 else "")
        if code in meaning.values():
            found[value] = code
    return found


@cache
def _meanings(column: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return what whole values of a canonical column mean, and what words within them do."""
    known = value_words()["recodes"].get(column, {})
    whole, within = (
        {normalised(word): str(code) for code, words in entry.items() for word in words}
        for entry in (known.get("codes", {}), known.get("within", {}))
    )
    return whole, within


def otherwise(column: str) -> str | None:
    """Return what all other values of a recoded canonical column mean."""
    code: str | None = value_words()["recodes"].get(column, {}).get("otherwise")
    return code


@cache
def value_words() -> dict[str, Any]:
    """Read the dictionary of words in values and file names."""
    content: dict[str, Any] = yaml.safe_load(VALUE_WORDS.read_text(encoding="utf-8"))
    return content


def is_email(text: str) -> bool:
    """Whether the text is one e-mail address."""
    return bool(_EMAIL.fullmatch(text))


def is_number(text: str) -> bool:
    """Whether the text is a number, in German or English form, perhaps with a currency."""
    return bool(_NUMBER.fullmatch(text))


def is_date(text: str) -> bool:
    """Whether the text is a date in one of the forms that staging reads."""
    return bool(_DATE.fullmatch(text))


def is_phone(text: str) -> bool:
    """Whether the text can be a telephone number; German where it has no country code."""
    import phonenumbers

    if not _PHONE.fullmatch(text) or is_date(text) or not re.search(r"[+()/\s-]|^0", text):
        return False
    if not text.startswith(("+", "00", "0")):
        return True
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(text, "DE"))
    except phonenumbers.NumberParseException:
        return False


def is_vat_id(text: str) -> bool:
    """Whether the text is a VAT number of the EU or of Switzerland, its check digit included."""
    from stdnum.ch import uid
    from stdnum.eu import vat

    return bool(vat.is_valid(text) or uid.is_valid(text.upper().removesuffix("MWST").strip()))


def is_boolean(text: str) -> bool:
    """Whether the text is one of the words for yes and no."""
    return text.lower() in _booleans()


def is_yes(text: str) -> bool:
    """Whether the text is one of the words for yes."""
    return text.lower() in {str(word) for word in value_words()["yes"]}


def is_country(text: str) -> bool:
    """Whether the text is a country's name or, in capitals, its code: "no" is a word."""
    import phonenumbers

    if len(text) <= CODE_LENGTH and not text.isupper():
        return False
    return text in phonenumbers.SUPPORTED_REGIONS or fold(text) in countries()


def is_code(text: str) -> bool:
    """Whether the text can be the number of a record: one word of many digits, no date, no address.

    >>> [is_code(t) for t in ("10023", "AB-77", "Müller 2", "Weg7", "1.200,50", "01.02.2025")]
    [True, True, False, False, False, False]
    """
    if not _CODE.fullmatch(text) or is_date(text) or _URL.fullmatch(text):
        return False
    digits = sum(map(str.isdigit, text))
    is_long = len(text) >= LONG_CODE and digits >= LONG_CODE_DIGITS
    return digits >= LEAST_DIGITS * len(text) or is_long


def has_legal_form(text: str) -> bool:
    """Whether a company's legal form stands in the text."""
    return company_name(text).legal_form is not None


@cache
def _booleans() -> frozenset[str]:
    return frozenset(str(word) for word in value_words()["booleans"])


@cache
def _salutations() -> frozenset[str]:
    return frozenset(fold(word) for word in value_words()["salutations"])


SHAPES: dict[str, Callable[[str], bool]] = {
    "email": is_email,
    "url": lambda text: bool(_URL.fullmatch(text)) and not is_number(text),
    "phone": is_phone,
    "digits": lambda text: len(re.findall(r"\d", text)) >= 5 and not is_date(text),
    "vat_id": is_vat_id,
    "register": lambda text: bool(_REGISTER.fullmatch(text)),
    "postcode": lambda text: bool(_POSTCODE.fullmatch(text)),
    "country": is_country,
    "legal_form": has_legal_form,
    "date": is_date,
    "number": is_number,
    "boolean": is_boolean,
    "letters": lambda text: bool(_LETTERS.search(text)),
    "sentence": lambda text: len(text) > 60 or text.count(" ") > 8,
    "outcome": lambda text: bool(recode("outcome", [text])),
    "cancelled": lambda text: (
        is_boolean(text) or is_date(text) or bool(recode("is_cancelled", [text]))
    ),
    "granted": lambda text: is_boolean(text) or bool(recode("is_granted", [text])),
    "purpose": lambda text: bool(recode("purpose", [text])),
    "code": is_code,
    "salutation": lambda text: fold(text) in _salutations(),
    "action": lambda text: bool(recode("kind", [text])),
}
