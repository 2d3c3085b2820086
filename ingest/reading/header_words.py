"""Names of columns: the dictionary `header_words.yml` and how a header is compared with it.

Imports nothing heavy: the reading process asks it whether a row is a header.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

HEADER_WORDS = Path(__file__).with_name("header_words.yml")
KEY = "key"

# libyaml's loader takes a tenth of the time; PyYAML may be built without it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_CAMEL = re.compile(r"(?<=[a-zäöüß0-9])(?=[A-ZÄÖÜ])|(?<=[A-ZÄÖÜ])(?=[A-ZÄÖÜ][a-zäöüß])")
_TOKEN = re.compile(r"[^\W_]+")
_NUMBER_WORD = re.compile(r"(?<=.)(nummer|number|num|no|numer)$")
_DIGITS = "0123456789"
_IN_BRACKETS = re.compile(r"[(\[].*?[)\]]")


@dataclass(frozen=True, slots=True)
class HeaderWords:
    """The dictionary, all words as `normalised` gives them.

    `columns` holds per entity and canonical column (and `key`) the words that name it; `other` the
    words of columns that nothing canonical is for; `qualifiers` words that only distinguish similar
    columns; `payers` parts of a header that mark the paying party, `deliveries` those that mark the
    place where goods are sent; `second_choice` words that count less than a column's others;
    `said_of_totals` words behind "Total" that say of what it is the total.
    """

    columns: dict[str, dict[str, frozenset[str]]]
    other: frozenset[str]
    qualifiers: frozenset[str]
    payers: frozenset[str]
    deliveries: frozenset[str]
    second_choice: frozenset[str]
    said_of_totals: frozenset[str]
    known: frozenset[str]


@cache
def load_header_words() -> HeaderWords:
    """Read the dictionary."""
    with HEADER_WORDS.open(encoding="utf-8") as file:
        content: dict[str, Any] = yaml.load(file, Loader=_LOADER)  # noqa: S506 - a safe one
    other = frozenset(map(normalised, content.pop("other")))
    qualifiers = frozenset(map(normalised, content.pop("qualifiers")))
    payers = frozenset(map(normalised, content.pop("payers")))
    deliveries = frozenset(map(normalised, content.pop("deliveries")))
    second_choice = frozenset(map(normalised, content.pop("second_choice")))
    said_of_totals = frozenset(map(normalised, content.pop("said_of_totals")))
    columns = {
        entity: {
            column: frozenset(map(normalised, _flat(words))) for column, words in entry.items()
        }
        for entity, entry in content.items()
    }
    named = (words for entry in columns.values() for words in entry.values())
    return HeaderWords(
        columns,
        other,
        qualifiers,
        payers,
        deliveries,
        second_choice,
        said_of_totals,
        other.union(*named),
    )


def is_header_word(text: str) -> bool:
    """Whether a cell's text is what a column may be called.

    >>> [is_header_word(t) for t in ("Kd.-Nr.", "Tel. geschäftl.", "Umsatz (EUR)", "Müller GmbH")]
    [True, True, True, False]
    """
    known = load_header_words().known
    return any(reading in known for reading in readings(text))


def names_firm(header: str) -> bool:
    """Whether a column may hold firms' names.

    >>> names_firm("Kunde"), names_firm("Region")
    (True, False)
    """
    columns = load_header_words().columns
    words = columns["company"]["name"] | columns["contact"]["company_name"]
    return any(reading in words for reading in readings(header))


def names_payer(header: str) -> bool:
    """Whether a header is about who pays, not about who buys.

    >>> names_payer("Bill-to Customer No."), names_payer("Sell-to Customer No.")
    (True, False)
    """
    return any(word in normalised(header) for word in load_header_words().payers)


def names_delivery(header: str) -> bool:
    """Whether a header is about the place where goods are sent.

    >>> names_delivery("Lieferadresse PLZ"), names_delivery("PLZ")
    (True, False)
    """
    return any(word in normalised(header) for word in load_header_words().deliveries)


@lru_cache(maxsize=4096)
def readings(text: str) -> tuple[str, ...]:
    """Return the normalised header, then what is left without brackets, qualifiers and counters.

    Where only qualifiers stand outside the brackets, what is inside says what it is.

    >>> readings("Tel. (geschäftl.) 2")
    ('telgeschaeftl2', 'tel2', 'tel')
    >>> readings("Rechnungsanschrift (PLZ)")
    ('rechnungsanschriftplz', 'rechnungsanschrift', 'plz')
    """
    qualifiers = load_header_words().qualifiers
    outside = _IN_BRACKETS.sub(" ", text)
    telling = [t for t in tokens(outside) if t not in qualifiers and not t.isdigit()]
    if not telling:
        telling = [t for t in tokens(text) if t not in qualifiers and not t.isdigit()]
    found = (
        normalised(text),
        normalised(outside),
        normalised(outside).rstrip(_DIGITS),
        normalised("".join(telling)).rstrip(_DIGITS),
    )
    return tuple(dict.fromkeys(filter(None, found)))


@lru_cache(maxsize=16384)
def normalised(text: str) -> str:
    """Return a header as the dictionary compares it.

    >>> normalised("Kunden-Nr."), normalised("Kundennummer"), normalised("Straße")
    ('kundennr', 'kundennr', 'strasse')
    """
    return _NUMBER_WORD.sub("nr", "".join(tokens(text)))


def tokens(text: str) -> list[str]:
    """Split a header into its words, small and without accents.

    >>> tokens("billingPostal_Code")
    ['billing', 'postal', 'code']
    """
    return [_folded(token) for token in _TOKEN.findall(_CAMEL.sub(" ", text))]


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFC", text).casefold().translate(_UMLAUTS)
    return "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))


def _flat(words: list[Any]) -> Iterator[str]:
    for word in words:
        if isinstance(word, list):
            yield from _flat(word)
        else:
            yield str(word)
