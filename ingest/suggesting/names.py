"""What a file's name says: its subject, and the part that changes with each export."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Sequence
from fnmatch import fnmatchcase

from ingest.mapping.entities import load_entities
from ingest.reading.header_words import normalised, tokens
from ingest.suggesting.shapes import value_words

# An ending has a letter ("Liste 14.03.2025.csv"); what packs a file comes on top of another.
_ENDING = re.compile(r"(\.[^\W\d_]\w{0,6}(\.(gz|zip|bz2|xz|zst))?|\.7z)$", re.IGNORECASE)


def file_stem(file: str) -> str:
    """Return a file's name without folder and endings.

    >>> file_stem("erp/Liste 14.03.2025.csv"), file_stem("kunden.csv.gz"), file_stem("KUNDEN")
    ('Liste 14.03.2025', 'kunden', 'KUNDEN')
    """
    name = file.rpartition("/")[2]
    return _ENDING.sub("", name) or name


_MONTHS = (
    "januar|jänner|februar|märz|maerz|april|mai|juni|juli|august|september|oktober|november|dezember"
    "|january|february|march|may|june|july|october|december"
)


_SHORT_MONTHS = "jan|feb|mär|mar|mrz|apr|mai|may|jun|jul|aug|sept?|o[ck]t|nov|de[cz]"

_CHANGING = re.compile(
    # a mark of the export, such as 86009cc361
    r"(?<![^\W_])(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}(?![^\W_])|"
    r"(?<![^\W\d_])\d[\d.\-_: ]*\d ?[ap]m(?![^\W\d_])|"  # 3-14-2025 10-22-05 AM
    rf"(?<![^\W\d_])(?:{_SHORT_MONTHS})[ ._-]*\d[\d._-]*|"  # Mar_14_2025
    rf" ?\(\d+\)|(?<![^\W\d_])(?:{_MONTHS})(?![^\W\d_])|(?<![^\W\d_])(?:kw|q|v)?\d[\d.\-_:]*\d"
    r"|(?<![^\W\d_])(?:kw|q|v)?\d+|\d{4}[\d.\-_]*\d|\d+$",
    re.IGNORECASE,
)


# What may follow a name without a date, up to its ending; no letters: not "Debitorenposten.csv".
DATED = "[-_. 0-9]*"


# Kinds of files of which each holds a card or mail and is called after it, and how all are called.
OF_RECORDS = {".vcf": "business_cards", ".eml": "mails", ".msg": "mails"}


def files_glob(file: str) -> str:
    """Return a glob for this file and its like: what changes from export to export is a `*`.

    >>> files_glob("Kunden_2025-03-31.csv"), files_glob("Adressen (2).xlsx")
    ('Kunden_*.csv', 'Adressen*.xlsx')
    >>> files_glob("20250131.csv")  # all else would claim every file
    '20250131.csv'
    >>> files_glob("Debitoren.csv")  # next month's may be Debitoren_2026-12.csv
    'Debitoren[-_. 0-9]*csv'
    >>> files_glob("Mira Brändner.vcf")  # named after one record
    '*.vcf'
    """
    name = file.rpartition("/")[2]
    stem = file_stem(name)
    ending = name[len(stem) :]
    if ending.lower() in OF_RECORDS:
        return f"*{ending}"
    steady = "*".join(escaped(part) for part in _CHANGING.split(stem))
    steady = re.sub(r"\*([ ._-]*\*)+", "*", steady)
    if not re.search(r"[^\W\d_]{2}", steady):
        steady = escaped(stem)
    elif "*" not in steady and ending:
        return f"{steady}{DATED}{escaped(ending[1:])}"
    return steady + escaped(ending)


def subject_of(file: str) -> str:
    """Return what a source of this file and its like is called after.

    >>> subject_of("erp/Kunden 2025.csv"), subject_of("AW Angebot.eml")
    ('Kunden 2025', 'mails')
    """
    stem = file_stem(file)
    return OF_RECORDS.get(file[file.rfind(stem) + len(stem) :].lower(), stem)


def source_name(stem: str, sheet: str, taken: Iterable[str]) -> str:
    """Return a name for a source: small letters and `_`, no dates, no counters, not taken.

    >>> source_name("ERP-Aufträge 2025-03 (1)", "", set()), source_name("Tickets", "", set())
    ('erp_auftraege', 'tickets_list')
    """
    spoken = dict.fromkeys(tokens(_CHANGING.sub(" ", f"{stem} {sheet}")))
    words = [word for word in spoken if re.fullmatch(r"[a-z0-9]+", word)]
    name = re.sub(r"^[^a-z]+", "", "_".join(words)) or "file"
    if name in {entity.view for entity in load_entities().values()}:
        name = f"{name}_list"
    numbered = itertools.chain([name], (f"{name}_{n}" for n in itertools.count(2)))
    return next(candidate for candidate in numbered if candidate not in set(taken))


# What only says that it is a list: "Artikelliste", "Kundenstammdaten", "CustomerList".
_LISTED = re.compile(r"(stamm)?(liste?|daten|satz|verzeichnis|uebersicht|export|auszug)$|stamm$")


def entities_said(title: str) -> set[str]:
    """Return the entities whose words end a word of the file's or sheet's name."""
    spoken = [_LISTED.sub("", token) or token for token in tokens(title)]
    whole = "".join(spoken)
    return {
        entity
        for entity, words in value_words()["files"].items()
        for word in words
        if any(token.endswith(normalised(word)) for token in spoken)
        or (" " in word and normalised(word) in whole)
    }


def decision_said(header: str) -> str | None:
    """Return whether a time's header tells of a consent ("true"), its end ("false") or neither.

    >>> decision_said("UNSUB_TIME"), decision_said("OPTIN_TIME"), decision_said("Status seit")
    ('false', 'true', None)
    """
    for said, words in value_words()["decided"].items():
        if any(normalised(word) in normalised(header) for word in words):
            return str(said)
    return None


def is_confirmation(header: str) -> bool:
    """Whether a time's header says that a consent was confirmed: later than asked for, and proof.

    >>> is_confirmation("CONFIRM_TIME"), is_confirmation("OPTIN_TIME")
    (True, False)
    """
    return any(normalised(word) in normalised(header) for word in value_words()["confirmed"])


def implied_values(name: str, title: str, present: Collection[str]) -> dict[str, str]:
    """Return values of missing columns that the file's name implies."""
    spoken = set(tokens(title))
    return {
        column: value
        for column, values in value_words()["implied"].get(name, {}).items()
        for value, words in reversed(values.items())
        if column not in present and spoken & set(words)
    }


def sheet_glob(names: Sequence[str]) -> str:
    """Return a glob for the sheets of one kind: their common start if there are several."""
    if len(names) == 1:
        return escaped(names[0])
    start = names[0]
    while not all(fnmatchcase(name, f"{escaped(start)}*") for name in names):
        start = start[:-1]
    return f"{escaped(start)}*"


def escaped(text: str) -> str:
    """Return a glob for just this text."""
    return re.sub(r"([*?\[])", r"[\1]", text)
