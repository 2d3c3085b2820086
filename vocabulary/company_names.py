"""A company's name and its legal form, told apart."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from vocabulary.folding import fold, read_slips
from vocabulary.words import generations, joining_words, name_prefixes, words


class CompanyName(NamedTuple):
    """A company's name without its legal form, and the legal form."""

    name: str | None
    legal_form: str | None


def company_name(text: str | None) -> CompanyName:
    """Split a company's name into what it is called and its legal form.

    Legal forms go wherever they stand behind the first word, words that join ("&", "und") and
    leading "Fa." too. A name of nothing else stays as it is. "Krause, Johann" is turned round.
    """
    called = read_slips(_in_order(text or "").split())
    called = [word for word in called if word not in joining_words()] or called
    while len(called) > 1 and called[0] in name_prefixes():
        called = called[1:]
    forms: list[str] = []
    while span := _find_form(called):
        forms.append(" ".join(called[slice(*span)]))
        called = called[: span[0]] + called[span[1] :]
    return CompanyName(" ".join(called) or None, " ".join(sorted(forms)) or None)


def is_firm(text: str) -> bool:
    """Tell whether a text ends in a legal form, as a firm's name does.

    What two letters say otherwise is none: a weight (`Total 30 kg`), a weekday (`Summe Sa`).
    """
    called = read_slips(fold(text).split())
    for length, forms in _forms().items():
        before, form = called[:-length], called[-length:]
        if not before or tuple(form) not in forms:
            continue
        word = text.split()[-1].strip(".,()")
        if len("".join(form)) > 2 or "." in word:
            return True
        has_word_between = len(before) > 1 and before[-1].isalpha()
        return word.isupper() and (has_word_between or (len(before) == 1 and not text.isupper()))
    return False


def _in_order(text: str) -> str:
    """Fold a name, turned round if it is written as "Krause, Johann"."""
    first, comma, rest = text.partition(",")
    if not comma:
        return fold(text)
    words = fold(first).split()
    if not fold(rest) or not 1 <= len(words) <= 2:
        return fold(text)
    if len(words) == 2 and words[1] not in generations():
        return fold(text)
    given, _, more = rest.partition(",")
    if _find_form(["", *fold(rest).split()]):
        return fold(text)
    return " ".join((fold(given), *words, fold(more))).strip()


def _find_form(words: list[str]) -> tuple[int, int] | None:
    for length, forms in _forms().items():
        for start in range(len(words) - length, 0, -1):
            if tuple(words[start : start + length]) in forms:
                return start, start + length
    return None


@cache
def _forms() -> dict[int, set[tuple[str, ...]]]:
    """Legal forms as words, by their number of words, the most first."""
    written = {fold(form) for country in words()["legal_forms"].values() for form in country}
    forms = {tuple(read_slips(form.split())) for form in written}
    lengths = sorted({len(form) for form in forms}, reverse=True)
    return {n: {form for form in forms if len(form) == n} for n in lengths}
