"""One spelling for values that people write in many ways: pure functions from text to text.

Every function takes the text as the file has it (or None) and returns the form that is compared,
or None where nothing comparable is left. All are idempotent unless they say otherwise.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from config import read_yaml
from vocabulary.folding import fold, read_slips
from vocabulary.words import countries, free_mail_domains, generations, known

RULES_FILE = Path(__file__).with_name("rules.yml")
# Of a year with two digits, later ones are of the century before.
YOUNGEST = 25
# Five or six digits, four with a country or at the end ("CH-8001"), a British, a Canadian one.
_POSTCODE = re.compile(
    r"\b(?:[A-Z]{1,3}-)?\d{5,6}\b|\b[A-Z]{1,3}-\d{4}\b|\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b"
    r"|\b[A-Z]\d[A-Z] \d[A-Z]\d\b"
)

# From the beginning of a word only: otherwise a long word is searched from each letter on.
_EMAIL = re.compile(r"(?<![^\s<>,;:\"()])[^\s<>,;:\"()]+@[^\s<>,;:\"()@]+\.[^\W\d_]{2,}")

# "Berlin O. 27", "Dresden-A. 16", "Wien 4": a postal district behind the town; "Frankfurt a. M.",
# "Halle an der Saale": where it lies. As `fold` leaves them.
_BEHIND_TOWN = re.compile(
    r"(?<=..)(?: (?:[nsowa]{1,2}\d{0,3}|\d{1,3}))+$| (?:am|ao|an|as|im|bei|ob) ?.*$"
)
# How German was spelled, and is now: "Cöln", "Cement", "Thon". "ii" is how a scanner reads "ü".
_OLD = (
    (re.compile(r"c(?=[alorstu]|$|\W)"), "k"),
    (re.compile(r"c(?![hk])"), "z"),
    (re.compile(r"t+h"), "t"),
    (re.compile(r"(?<=[^\Wi])ii(?!i)|(?<!i)ii(?=[^\Wi])"), "u"),
)
# What a scanner takes for each other; "ch" and "ck" it knows.
_SHAPES = {"n": "u", "c": "e", "f": "s"}
_MISREAD = re.compile(r"[nf]|c(?![hk])")


class Address(NamedTuple):
    """The parts of an address that is given as one text."""

    street: str | None
    postcode: str | None
    city: str | None


class Street(NamedTuple):
    """The street's name and the house number."""

    name: str | None
    number: str | None


@cache
def rules() -> dict[str, Any]:
    """Read the word lists of `rules.yml`."""
    return read_yaml(RULES_FILE, as_text=True)


def person_name(text: str | None) -> str | None:
    """Normalise a given or family name."""
    return " ".join(read_slips(fold(text).split())) or None


def split_generation(name: str | None) -> tuple[str | None, str | None]:
    """Take "jr", "sen" or "II" off the end of a normalised name: what is left, and the number.

    Father and son share name, address and telephone; this word alone tells them apart.
    """
    *rest, last = (name or "").split() or [""]
    number = generations().get(last)
    return (" ".join(rest), str(number)) if rest and number else (name, None)


def spell(words: str) -> str:
    """Write folded words in today's spelling: "colner thonwerk" as "kolner tonwerk".

    Only to compare: the result need not be a word ("zenter").
    """
    for old, new in _OLD:
        words = old.sub(new, words)
    return words


def shape(word: str) -> str:
    """Write letters that a scanner takes for each other as one: n and u, c and e, f and s."""
    return _MISREAD.sub(lambda letter: _SHAPES[letter[0]], word)


def full_given_name(word: str) -> str:
    """Find the name that a short form stands for ("bob" -> "robert"); else the word itself."""
    return _short_forms().get(word, word)


def address(street: str | None, postcode: str | None, city: str | None) -> Address:
    """Take postcode and city out of a street that holds the whole address.

    The street is the part with a house number and a word for a street, else the likeliest one; the
    city follows it. Values that other columns hold already are not taken.
    """
    parts = [part.strip() for part in re.split(r"[,;\n]", street or "") if part.strip()]
    for n in range(len(parts) - 1, -1, -1):  # "12, rue de la Paix" and "Hauptstr., 12"
        if len(parts) > 1 and re.fullmatch(r"\d{1,3}\s?[a-zA-Z]?", parts[n]):
            number = parts.pop(n)
            parts[max(n - 1, 0)] = f"{number} {parts[0]}" if n == 0 else f"{parts[n - 1]} {number}"
    if not parts:
        return Address(street, postcode, city)
    best = max(range(len(parts)), key=lambda n: (_looks_like_street(parts[n]), -n))
    behind = parts[best + 1 :] + parts[:best]
    line = parts[best]
    if not postcode:
        found = [match for part in (line, *behind) for match in _POSTCODE.finditer(part)]
        found = [match for match in found if match.start() or match.string != line]
        postcode = found[-1][0] if found else None
        if postcode and not re.fullmatch(re.escape(postcode), line):
            line = line.replace(f" {postcode}", "")
    if not city:
        rest = (re.sub(r"\b[A-Z]{2}\b", "", _POSTCODE.sub("", part)).strip(" -") for part in behind)
        city = next((part for part in rest if re.fullmatch(r"[^\d]{2,}", part)), None)
    return Address(line, postcode, city)


def street(text: str | None) -> Street:
    """Split a street into name and house number, in German or in American order.

    Not idempotent: the result is no street any more.
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
    name = " ".join(re.sub(r"(?<=.)str$", "", word) for word in read_slips(named))
    name = re.sub(r"\b(\d+)(?:st|nd|rd|th)\b", r"\1", name)
    return Street(name or None, number or None)


def postcode(text: str | None, country: str | None = None) -> str | None:
    """Take country prefix, blanks and the extension of American ones off a postcode.

    Spreadsheets drop leading zeros: a German or American code of four digits gets its zero back.
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
    """Normalise a city, without its district, or state behind a comma, slash or bracket."""
    town = fold(re.split(r"[,/(]", text or "", maxsplit=1)[0])
    return " ".join(read_slips(_BEHIND_TOWN.sub("", town).split())) or None


def country(text: str | None) -> str | None:
    """Find the ISO 3166-1 alpha-2 code of a country's name or code; None if it is unknown."""
    name = fold(text)
    if code := countries().get(name):
        return code
    return name.upper() if re.fullmatch(r"[a-z]{2}", name) and known(text) else None


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
    found = _EMAIL.search((text or "").lower())
    if not found or known(found[0].split("@")[0]) is None:  # "test@test.de", "keine@angabe.de"
        return None
    return found[0]


def email_domain(text: str | None) -> str | None:
    """Take the domain of an e-mail address; None for mailbox providers."""
    address = email(text)
    domain = address.rsplit("@", 1)[1] if address else None
    return None if domain in free_mail_domains() else domain


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
        year, day = parse(text, dayfirst=day_first).strftime("%Y %m%d").split()
        short = not re.search(r"\d{4}", text)
        return f"{1900 + int(year) % 100 if short and int(year) % 100 > YOUNGEST else year}{day}"
    except (ValueError, OverflowError):
        return digits or None


def register_number(text: str | None) -> str | None:
    """Write any official number as letters and digits; None if it can't tell anybody apart."""
    number = re.sub(r"[\W_]", "", fold(text)).upper().lstrip("0")
    return number if len(number) > 2 and len(set(number)) > 1 else None


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
def _short_forms() -> dict[str, str]:
    """Short forms of given names that stand for one name only, and that name."""
    words = {
        short: name for name, short_forms in rules()["given_names"].items() for short in short_forms
    }
    return dict(zip(read_slips([*words]), read_slips([*words.values()]), strict=True))


def _looks_like_street(text: str) -> tuple[bool, bool]:
    """Whether it has a word for a street, and whether a word beside a number."""
    words = set(re.sub(r"str(?:a(?:ß|ss)e)?\b", " str", text.casefold().replace(".", " ")).split())
    return not words.isdisjoint(rules()["street_words"]), bool(
        re.search(r"[^\W\d]{3}\W+\d|\d\w?\W+(?:[^\W\d]{1,2}\W+)?[^\W\d]{3}", text)
    )


@cache
def _street_words() -> frozenset[str]:
    return frozenset(fold(word) for word in rules()["street_words"])
