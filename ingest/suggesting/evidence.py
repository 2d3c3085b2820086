"""How sure it is that a file's column is a canonical one: header, values, known sources.

Three kinds of evidence, each a number from 0 to 1, combined as if independent:
`1 - (1 - header)(1 - values)(1 - known)`; then scaled down where the values do not have the form
that the canonical column must have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from typing import NamedTuple

from ingest.mapping.entities import CanonicalColumn
from ingest.reading.header_words import load_header_words, normalised, readings
from ingest.reading.refusals import Reason
from ingest.suggesting.shapes import FileColumn

# Minimum to be proposed; below it a person decides.
SURE = 0.6
# What is worth mentioning to that person.
WORTH_MENTIONING = 0.3

# Of these only a known header is enough by itself; a mere resemblance needs the values too.
EXACT, READING, COMPOUND, SIMILAR = 0.9, 0.8, 0.55, 0.55
# A known header that a better one outweighs; an abbreviation that only one column's words fit.
SECOND_CHOICE, ABBREVIATION = 0.7, 0.65
LEAST_ABBREVIATION_LETTERS, LEAST_ABBREVIATION_SHARE = 5, 0.4
SAME_HEADER_ELSEWHERE = 0.85
LEAST_SIMILARITY = 0.86
LEAST_COMPOUND_LETTERS = 4
TYPING_ERRORS = 2
LEAST_WEIGHT = 0.05
# An empty column has no values to confirm its header.
EMPTY_FIT = 0.8
# Values say little while there are fewer than these.
TELLING_VALUES = 5
# Names and identifiers have more than a few distinct values, unless the table is small.
FEW_NAMES, MANY_ROWS, FEW_NAMES_FIT = 3, 50, 0.5
IDENTIFYING = frozenset(
    {"name", "company_name", "email", "contact_email", "phone", "street", "vat_id", "sku",
     "order_no", "family_name", "given_name", "subject", "product_name"}
)  # fmt: skip
# A header that names something else outweighs what the values look like (Fax: telephone numbers).
NAMES_SOMETHING_ELSE = 0.3
# What is left of the evidence where most values have the shape of something else.
NEVER, NEVER_FIT = 0.5, 0.3


class Evidence(NamedTuple):
    """The strength of the evidence, and its description in words."""

    weight: float
    why: Reason | None = None


class Expected(NamedTuple):
    """What values of a canonical column look like.

    `weight`: the evidence if all values do; `least`: the share of values with the wider form `form`
    (by default the shape) below which they count against it. `never`: the shape of something else.
    """

    shape: str
    weight: float
    least: float
    de: str = ""
    en: str = ""
    form: str = ""
    never: str = ""


@dataclass(frozen=True, slots=True)
class Guess:
    """That a file's column is a canonical one.

    `codes`: what its values mean, "" an empty cell, and `rest` all others, where the dictionary of
    values does not say it. `others`: columns that are taken where this one is empty.
    """

    canonical: str
    column: FileColumn
    confidence: float
    why: tuple[Reason, ...]
    codes: tuple[tuple[str, str], ...] = ()
    rest: str = ""
    others: tuple[FileColumn, ...] = ()


_EMAIL = Expected("email", 0.85, 0.5, "E-Mail-Adressen", "e-mail addresses")
_NAME = Expected(
    "legal_form", 0.6, 0, "mit Rechtsform (GmbH, AG …)", "with a legal form (Ltd, AG …)",
    never="code",
)  # fmt: skip
_LETTERS = Expected("letters", 0, 0.7, never="code")
_OF_PERSONS = Expected("letters", 0, 0.7, never="salutation")
EXPECTED: dict[str, Expected] = {
    "email": _EMAIL,
    "contact_email": _EMAIL,
    "phone": Expected("phone", 0.5, 0.4, "Telefonnummern", "telephone numbers", "digits"),
    "website": Expected("url", 0.8, 0.5, "Internetadressen", "web addresses"),
    "vat_id": Expected("vat_id", 0.85, 0.3, "gültige USt-IdNrn.", "valid VAT numbers"),
    "registration_no": Expected("register", 0.85, 0, "Registernummern", "register numbers"),
    "postcode": Expected("postcode", 0.4, 0.5, "wie Postleitzahlen", "like postcodes"),
    "country": Expected("country", 0.6, 0.3, "Länder", "countries"),
    "name": _NAME,
    "company_name": _NAME,
    "outcome": Expected("outcome", 0.5, 0.2, "gewonnen/verloren", "won/lost"),
    "is_cancelled": Expected("cancelled", 0.4, 0.2, "Storno-Kennzeichen", "marks of cancellation"),
    "is_granted": Expected("granted", 0.3, 0.2, "Zustimmung oder ja/nein", "consent or yes/no"),
    "purpose": Expected("purpose", 0.4, 0.05, "Zwecke", "purposes"),
    "kind": Expected("action", 0.5, 0, "bekannte Aktionen", "known actions"),
    "body": Expected("sentence", 0.4, 0, "lange Texte", "long texts"),
    **dict.fromkeys(("street", "city", "given_name", "family_name", "title", "stage"), _LETTERS),
    "product_name": Expected("letters", 0, 0.7),
    **dict.fromkeys(("competitor", "campaign"), Expected("letters", 0, 0.7)),
    "role": _OF_PERSONS,
    "subject": _LETTERS,
    "line_no": Expected("number", 0.1, 0.8, "Zahlen", "numbers"),
}
EXPECTED_OF_KIND: dict[str, Expected] = {
    "number": Expected("number", 0.2, 0.8, "Zahlen", "numbers"),
    "date": Expected("date", 0.25, 0.7, "Datumswerte", "dates"),
    "timestamp": Expected("date", 0.25, 0.7, "Zeitpunkte", "points in time"),
    "boolean": Expected("boolean", 0.2, 0.6, "ja/nein", "yes/no"),
}
# Known headers: of which canonical columns (entity, column) and in which source.
KnownHeaders = Mapping[str, Mapping[tuple[str, str], str]]


def guess(
    entity: str, canonical: CanonicalColumn, column: FileColumn, known: KnownHeaders
) -> Guess:
    """Judge whether a file's column is this canonical one."""
    header = header_evidence(column.name, load_header_words().columns[entity][canonical.name])
    expected = EXPECTED.get(canonical.name) or EXPECTED_OF_KIND.get(canonical.kind)
    values, fit = value_evidence(column, expected)
    elsewhere = known_evidence(column.name, entity, canonical.name, known)
    if header.weight == elsewhere.weight == 0 and names_something_else(column.name):
        values = Evidence(values.weight * NAMES_SOMETHING_ELSE, values.why)
    if canonical.name in IDENTIFYING and _is_of_few_values(column):
        fit *= FEW_NAMES_FIT
    evidence = (header, values, elsewhere)
    confidence = either(*(e.weight for e in evidence)) * fit
    why = tuple(e.why for e in evidence if e.why and e.weight > 0)
    return Guess(canonical.name, column, confidence, why)


def _is_of_few_values(column: FileColumn) -> bool:
    return len(column.values) >= MANY_ROWS and len(column.distinct) <= FEW_NAMES


def either(*weights: float) -> float:
    """Combine independent evidence: 1 minus the product of the remaining doubts.

    >>> round(either(0.5, 0.5), 2), either(0.0, 0.0), either(1.0, 0.2)
    (0.75, 0.0, 1.0)
    """
    left_open = 1.0
    for weight in weights:
        left_open *= 1 - weight
    return 1 - left_open


KNOWN_HEADER = Reason("Spaltenname bekannt", "known header")


@cache
def header_evidence(header: str, words: frozenset[str]) -> Evidence:
    """Compare a header with the words of the dictionary: whole, shortened, compound, similar."""
    for weight, reading in zip((EXACT, READING, READING, READING), readings(header), strict=False):
        if reading in words:
            is_second = any(one in load_header_words().second_choice for one in readings(header))
            return Evidence(SECOND_CHOICE if is_second else weight, KNOWN_HEADER)
        if weight == EXACT and reading in load_header_words().known:
            return Evidence(0)  # it names another column, whatever it resembles
    if word := _abbreviated(header, words):
        return Evidence(ABBREVIATION, Reason(f"kurz für „{word}“", f"short for “{word}”"))
    best = max(
        (_resemblance(reading, word) for reading in readings(header)[-1:] for word in words),
        default=(0.0, ""),
    )
    if best[0] == 0:
        return Evidence(0)
    return Evidence(best[0], Reason(f"Spaltenname wie „{best[1]}“", f"header like “{best[1]}”"))


def value_evidence(column: FileColumn, expected: Expected | None) -> tuple[Evidence, float]:
    """Return the values' evidence for it, and the factor by which they count against it."""
    if not column.values:
        return Evidence(0), EMPTY_FIT
    if expected is None:
        return Evidence(0), 1.0
    found = column.share(expected.shape)
    formed = column.share(expected.form) if expected.form else found
    fit = min(1.0, formed / expected.least) if expected.least else 1.0
    if expected.never and column.share(expected.never) > NEVER:
        fit *= NEVER_FIT
    weight = expected.weight * found * min(1.0, len(column.distinct) / TELLING_VALUES)
    if weight < LEAST_WEIGHT:
        return Evidence(0), fit
    percent = round(100 * found)
    why = Reason(f"{percent} % {expected.de}", f"{percent}% {expected.en}")
    return Evidence(weight, why), fit


def known_evidence(header: str, entity: str, canonical: str, known: KnownHeaders) -> Evidence:
    """Return the evidence of other sources, in which a header of this name means the same."""
    source = known.get(normalised(header), {}).get((entity, canonical))
    if source is None:
        return Evidence(0)
    return Evidence(
        SAME_HEADER_ELSEWHERE, Reason(f"heißt auch in {source} so", f"so called in {source} too")
    )


@cache
def names_something_else(header: str) -> bool:
    """Whether the header, shortened or not, is in the dictionary for any column."""
    return any(reading in load_header_words().known for reading in readings(header))


# Their columns are called like those of orders, contacts and articles; a list of these is no less
# sure for it.
CALLED_LIKE_OTHERS = frozenset({"offer_line", "lead_contact", "competitor_price"})


def entities_naming(header: str) -> int:
    """Return how many entities have a column that may be called so."""
    found = set(readings(header))
    columns = load_header_words().columns
    return sum(
        any(found & words for name, words in entry.items() if name != "key")
        for entity, entry in columns.items()
        if entity not in CALLED_LIKE_OTHERS
    )


def assign(guesses: Sequence[Sequence[Guess]]) -> list[Guess]:
    """Choose at most one canonical column per file column and vice versa, with the highest sum.

    Args:
        guesses: a row per file column, in each a guess per canonical column, all in one order.

    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped, unused-ignore]

    if not guesses or not guesses[0]:
        return []
    # Pairs below SURE count 0, so that two doubtful pairs never outweigh a sure one.
    gains = np.array(
        [[g.confidence if g.confidence >= SURE else 0 for g in row] for row in guesses]
    )
    rows, columns = linear_sum_assignment(gains, maximize=True)
    chosen = [guesses[row][column] for row, column in zip(rows, columns, strict=True)]
    return [guess for guess in chosen if guess.confidence >= SURE]


@cache
def _abbreviated(header: str, words: frozenset[str]) -> str | None:
    """Return the word that a header with points abbreviates: "Auftr.geb.", "Fakt.datum"."""
    parts = [normalised(part) for part in header.split(".")]
    letters = "".join(parts)
    if len(parts) < 2 or not parts[0] or len(letters) < LEAST_ABBREVIATION_LETTERS:
        return None
    *first, last = parts
    pattern = re.compile("".join(rf"{re.escape(part)}\w*" for part in first) + re.escape(last))
    fitting = [word for word in words if pattern.fullmatch(word) and word != letters]
    best = min(fitting, key=len, default="")
    return best if best and len(letters) >= LEAST_ABBREVIATION_SHARE * len(best) else None


@cache
def _resemblance(header: str, word: str) -> tuple[float, str]:
    """Compare two normalised words: the end of a compound says what it is; typing errors."""
    if len(word) >= LEAST_COMPOUND_LETTERS and header.endswith(word):
        return COMPOUND, word
    if header[:1] != word[:1] or abs(len(header) - len(word)) > TYPING_ERRORS:
        return 0.0, ""
    if min(len(header), len(word)) <= LEAST_COMPOUND_LETTERS:
        return 0.0, ""
    matcher = SequenceMatcher(None, header, word)
    if matcher.real_quick_ratio() < LEAST_SIMILARITY or matcher.quick_ratio() < LEAST_SIMILARITY:
        return 0.0, ""
    ratio = matcher.ratio()
    return (SIMILAR * ratio, word) if ratio >= LEAST_SIMILARITY else (0.0, "")
