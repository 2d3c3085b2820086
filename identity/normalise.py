"""One spelling for what people write in many: pure functions from text to text.

Every function takes the text as the file has it (or None) and returns the form that is compared,
or None where nothing comparable is left. All are idempotent unless they say otherwise.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from config import read_yaml

RULES_FILE = Path(__file__).with_name("rules.yml")
# Letters that Unicode does not decompose into a base letter and an accent.
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "a", "œ": "o", "ı": "i"})


class CompanyName(NamedTuple):
    """A company's name without its legal form, and the legal form."""

    name: str | None
    legal_form: str | None


class Street(NamedTuple):
    """The street's name and the house number."""

    name: str | None
    number: str | None


@cache
def rules() -> dict[str, Any]:
    """Read the word lists of `rules.yml`."""
    return read_yaml(RULES_FILE)


def fold(text: str | None) -> str:
    """Fold case, accents, umlauts and punctuation.

    "ü", "ue" and "u" become one letter, because files mix all three ("Müller", "Mueller",
    "Muller"); that "Bauer" becomes "baur" harms nobody, since it does so everywhere. Dotted
    abbreviations close up ("e. K." -> "ek"), apostrophes vanish, the rest becomes a space.
    """
    if not text:
        return ""
    # Lower case first and again last: a few capitals ("İ") unfold into more than one character.
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    plain = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    plain = plain.translate(_LETTERS)
    plain = re.sub(r"(?<=\b\w)\.\s?(?=\w\b)", "", plain)
    plain = re.sub(r"['’`´]", "", plain)
    plain = re.sub(r"[\W_]", " ", plain)
    plain = re.sub(r"([aou])e+", r"\1", plain)
    return " ".join(plain.split())


def company_name(text: str | None) -> CompanyName:
    """Split a company's name into what it is called and its legal form.

    Legal forms go wherever they stand behind the first word, words that join ("&", "und") and
    leading "Fa." too. A name of nothing else stays as it is.
    """
    words = fold(text).split()
    words = [word for word in words if word not in rules()["joining_words"]] or words
    while len(words) > 1 and words[0] in rules()["name_prefixes"]:
        words = words[1:]
    forms: list[str] = []
    while span := _find_form(words):
        forms.append(" ".join(words[slice(*span)]))
        words = words[: span[0]] + words[span[1] :]
    return CompanyName(" ".join(words) or None, " ".join(sorted(forms)) or None)


def person_name(text: str | None) -> str | None:
    """Normalise a given or family name."""
    return fold(text) or None


def street(text: str | None) -> Street:
    """Split a street into name and house number, in German or in American order.

    Not idempotent: what comes back is no street any more.
    """
    tidy = re.sub(r"stra(?:ß|ss)e\b|str\.?(?=\W|$)", "str", (text or "").casefold())
    tidy = re.sub(r"(\d\s*[a-z]?)\s*[-–/+]\s*\d+\s*[a-z]?\b", r"\1", tidy)  # "5-7"
    tidy = re.sub(r"\b(\d+)\s+([a-h])$", r"\1\2", tidy.strip())  # "12 a"
    short = rules()["street_short_forms"]
    words = [fold(short.get(word, word)) for word in fold(tidy).split()]
    numbers = [i for i, word in enumerate(words) if re.fullmatch(r"\d+[a-z]?", word)]
    # American order starts with it; elsewhere the last one counts ("Straße des 17. Juni 135").
    position = None if not numbers else 0 if numbers[0] == 0 else numbers[-1]
    number = words.pop(position).lstrip("0") if position is not None else ""
    named = [word for word in words if word not in _street_words()] or words
    name = " ".join(re.sub(r"(?<=.)str$", "", word) for word in named)
    name = re.sub(r"\b(\d+)(?:st|nd|rd|th)\b", r"\1", name)
    return Street(name or None, number or None)


def postcode(text: str | None, country: str | None = None) -> str | None:
    """Take country prefix, blanks and the extension of American ones off a postcode.

    Spreadsheets eat leading zeros: a German or American code of four digits gets its zero back.
    """
    code = re.sub(r"\.0$", "", (text or "").strip().upper())
    code = re.sub(r"^[A-Z]{1,2}\s*-\s*(?=\d)", "", code)
    code = re.sub(r"[^0-9A-Z]", "", code)
    if country in {"DE", "US"} and re.fullmatch(r"\d{4}", code):
        code = code.zfill(5)
    if country == "US" and re.fullmatch(r"\d{9}", code):
        code = code[:5]
    return code or None


def city(text: str | None) -> str | None:
    """Normalise a city, without district or state behind a comma, slash or bracket."""
    return fold(re.split(r"[,/(]", text or "", maxsplit=1)[0]) or None


def country(text: str | None) -> str | None:
    """Find the ISO 3166-1 alpha-2 code of a country's name or code; None if it is unknown."""
    name = fold(text)
    if name in rules()["countries"]:
        return str(rules()["countries"][name])
    return name.upper() if re.fullmatch(r"[a-z]{2}", name) else None


def phone(text: str | None, country: str | None = None) -> str | None:
    """Write a telephone number in E.164, as one of `country` where it has no prefix.

    Without a country, or without an area code, the digits alone come back if at least six of
    them are left and they are not all the same ("0", "000000" and "999999" are no numbers).
    """
    import phonenumbers

    digits = re.sub(r"\D", "", text or "").lstrip("0")
    if len(digits) < 6 or len(set(digits)) < 2 or digits in "12345678901234567890":
        return None
    try:
        number = phonenumbers.parse(text or "", country)
    except phonenumbers.NumberParseException:
        return digits
    if not phonenumbers.is_possible_number(number):
        return digits
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def email(text: str | None) -> str | None:
    """Take the e-mail address out of `Name <address>`, in lower case; None if it is none."""
    found = re.search(r"[^\s<>,;:\"()]+@[^\s<>,;:\"()@]+\.[^\W\d_]{2,}", (text or "").lower())
    return found[0] if found else None


def email_domain(text: str | None) -> str | None:
    """Take the domain of an e-mail address; None for mailbox providers."""
    address = email(text)
    domain = address.rsplit("@", 1)[1] if address else None
    return None if domain in rules()["free_mail_domains"] else domain


def website_domain(text: str | None) -> str | None:
    """Take the host of a web address without `www.`; None if it is none."""
    host = re.sub(r"^[a-z+]+://", "", (text or "").strip().lower())
    host = re.split(r"[/?#:\s]", host, maxsplit=1)[0].rsplit("@", 1)[-1]
    host = re.sub(r"^(?:www\d?\.)+", "", host)
    return host if re.fullmatch(r"(?:[\w-]+\.)+[^\W\d_]{2,}", host) else None


def birth_date(text: str | None, *, day_first: bool = True) -> str | None:
    """Write a date as eight digits `yyyymmdd`; `day_first` settles "03/04/1970".

    Digits that are no date come back as they are: a typing slip is still evidence.
    """
    from dateutil.parser import parse  # type: ignore[import-untyped]

    text = (text or "").strip()
    digits = re.sub(r"\D", "", text[:10])
    if re.fullmatch(r"\d{8}|\d{4}-\d\d?-\d\d?.*", text) or len(re.findall(r"\w+", text)) != 3:
        return digits or None
    try:
        return str(parse(text, dayfirst=day_first).strftime("%Y%m%d"))
    except (ValueError, OverflowError):
        return digits or None


def vat_key(text: str | None, country: str | None = None) -> str | None:
    """Write a VAT id with its country in front, only if its check digit holds; else None."""
    number = re.sub(r"[^0-9A-Z]", "", (text or "").upper())
    if number.startswith("CHE"):  # "MWST", "TVA" or "IVA" behind it says the same
        valid = _verified("ch.uid", number[:12])
        return valid
    prefix = number[:2] if number[:2].isalpha() else ""
    land = {"EL": "GR"}.get(prefix, prefix) or country or ""
    module = rules()["vat_modules"].get(land)
    valid = _verified(module or "eu.vat", number if prefix or module else land + number)
    return f"{land}{valid.removeprefix(prefix or land)}" if valid else None


def registration_key(text: str | None, country: str | None = None) -> str | None:
    """Write a register number with its country, only if its check digit or court holds."""
    module = rules()["registration_modules"].get(country or "")
    if not module or not (text or "").strip():
        return None
    valid = _verified(module, re.sub(r"(?i)\bamtsgericht\b|\bAG\b|\bFN\b", " ", text or "").strip())
    return f"{country}:{valid}" if valid else None


def _verified(module: str, number: str) -> str | None:
    from stdnum.exceptions import ValidationError

    try:
        return str(import_module(f"stdnum.{module}").validate(number))
    except ValidationError:
        return None


@cache
def _forms() -> dict[int, set[tuple[str, ...]]]:
    """Legal forms as words, by their number of words, the most first."""
    forms = {fold(form) for country in rules()["legal_forms"].values() for form in country}
    lengths = sorted({len(form.split()) for form in forms}, reverse=True)
    return {n: {tuple(f.split()) for f in forms if len(f.split()) == n} for n in lengths}


@lru_cache(maxsize=1)
def _street_words() -> frozenset[str]:
    return frozenset(fold(word) for word in rules()["street_words"])


def _find_form(words: list[str]) -> tuple[int, int] | None:
    for length, forms in _forms().items():
        for start in range(len(words) - length, 0, -1):
            if tuple(words[start : start + length]) in forms:
                return start, start + length
    return None
