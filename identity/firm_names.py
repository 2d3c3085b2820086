"""A firm's name in its parts: what it is called, legal form, town, state and earlier name.

Registers, gazettes and directories print all of them in one cell ("Hahn & Cie., Akt.-Ges. vorm.
C. Thode in Berlin O. 27 in Liqu."), each in its own way. What is compared is the name in one
spelling: abbreviations written out, hyphens of line ends closed, C/K/Z and th/t as of today.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache, lru_cache
from typing import NamedTuple

from identity.normalise import city, rules, shape, spell
from vocabulary.company_names import company_name
from vocabulary.folding import fold, read_slips
from vocabulary.words import joining_words


class FirmName(NamedTuple):
    """The parts of a firm's name; None where it has none.

    `earlier` is the name behind "vormals", `town` is spelled as `normalise.city` does.
    """

    name: str | None
    legal_form: str | None = None
    town: str | None = None
    earlier: str | None = None


# Only a name with one of these marks or words can have more than a name and a legal form.
_MAY_HAVE_PARTS = re.compile(r"[.,(\-¬]|\b(?:in|zu|bei|im|vor|fr)", re.IGNORECASE)
_COMPANY = "co"
_LONG = 9  # letters from which a word that reads almost like a legal form is one
_LINE_END = re.compile(r"(?<=[^\W\d_]{2})[-¬]\s+(?=([a-zäöüß]+))")
_SHORT_JOINED = re.compile(r"(?<=\w)\.-\s?(?=\w)")


def firm_name(text: str, towns: Collection[str] = ()) -> FirmName:
    """Take a firm's name apart.

    Args:
        text: the name as the file has it.
        towns: towns that the list knows, as `normalise.city` spells them.

    """
    if not _MAY_HAVE_PARTS.search(text):
        return _called(text)
    text = _LINE_END.sub(lambda end: end[0] if end[1] in _joining() else "", text)
    text = _states().sub("", text).strip(" ,;-") or text
    text, town = _split_town(text, towns)
    now, earlier = _split_earlier(text)
    found = _called(_write_out(now))
    before = _called(_write_out(earlier)) if earlier else FirmName(None)
    own = _form(found.name) if found.name else None
    if found.name is None or own:  # "Aktiengesellschaft vorm. Hahn & Co."
        form = own or found.legal_form or before.legal_form
        return FirmName(before.name, form, town)
    return FirmName(found.name, found.legal_form or before.legal_form, town, before.name)


def _called(text: str) -> FirmName:
    """Split off legal forms, in front of the name too and misread ones; each in one spelling."""
    words = [word for word in read_slips(fold(text).split()) if word not in joining_words()]
    forms: set[str] = set()
    while found := _find_form(words):
        start, end, one = found
        forms.add(one)
        words = words[:start] + words[end:]
    name, form = company_name(" ".join(words) if forms else text)
    forms |= {form} if form else set()
    forms = forms - {_COMPANY} or forms  # "Lorenz & Co." is also "Lorenz & Co. AG"
    return FirmName(name, " ".join(sorted(forms)) or None)


def _find_form(words: list[str]) -> tuple[int, int, str] | None:
    starts = [start for start, word in enumerate(words) if _can_begin(word)]
    for length in range(min(_longest(), len(words) - 1) if starts else 0, 0, -1):
        for start in starts:
            if start + length > len(words):
                continue
            one = _form(" ".join(words[start : start + length]))
            if one and (start or _is_plain(words[:length], words[length])):
                return start, start + length, one
    return None


@lru_cache(maxsize=100_000)  # words of names repeat themselves
def _can_begin(word: str) -> bool:
    """Whether a legal form can begin with the word."""
    return spell(word) in _beginnings()[0] or shape(word) in _beginnings()[1]


@cache
def _beginnings() -> tuple[frozenset[str], frozenset[str]]:
    """First words of legal forms as they are spelled, and as a scanner may have read them."""
    return (
        frozenset(form.split()[0] for form in _forms()),
        frozenset(form.split()[0] for form in _misread_forms()),
    )


@cache
def _longest() -> int:
    return max(len(form.split()) for form in _forms())


def _form(written: str) -> str | None:
    """Return the one spelling of a legal form, also if a scanner misread a long one."""
    return _forms().get(spell(written)) or (
        _misread_forms().get(shape(written)) if len(written) >= _LONG else None
    )


def _is_plain(form: list[str], following: str) -> bool:
    """Whether a name can begin with a form so written: "AG für …" does, "AS Motor" does not."""
    return len(" ".join(form)) > 3 or following == "fur"


def _split_town(text: str, towns: Collection[str]) -> tuple[str, str | None]:
    """Take "in Berlin O. 27", ", Leipzig" or "(Köln)" off the end of a name."""
    found = _in_town().fullmatch(text)
    if not found:
        return text, None
    town = city(found["town"])
    if town in towns:
        return found["before"], town
    is_behind_form = found["word"] and _called(_write_out(found["before"])).legal_form
    return (found["before"], town) if is_behind_form else (text, None)


def _split_earlier(text: str) -> tuple[str, str | None]:
    now, *earlier = _earlier().split(text, maxsplit=1)
    return (now.strip(" ,("), earlier[0].split(",")[0].strip(" )")) if earlier else (text, None)


def _write_out(text: str) -> str:
    """Write out shortened words: "Masch.-Fabr." as "Maschinenfabrik"."""
    short = _short_forms()
    joined = _SHORT_JOINED.sub(".\x00", text)
    joined = re.sub(
        r"(\w{2,})\.|(?<=\x00)(\w{2,})",
        lambda word: (
            short.get((word[1] or word[2]).casefold(), word[1] or word[2])
            + ("" if joined[word.end() : word.end() + 1] == "\x00" else " " * (word[1] is not None))
        ),
        joined,
    )
    return joined.replace("\x00", "")


@cache
def _joining() -> frozenset[str]:
    return joining_words() | {"oder", "or", "bzw"}


@cache
def _states() -> re.Pattern[str]:
    states = "|".join(state.replace(". ", r"\.\s?") for state in rules()["firm_states"])
    return re.compile(rf"[,(]?\s*\b(?:{states})\b\.?\)?", re.IGNORECASE)


@cache
def _earlier() -> re.Pattern[str]:
    return re.compile(rf"[,(]?\s*\b(?:{'|'.join(rules()['firm_earlier'])})\b\.?\s*", re.IGNORECASE)


@cache
def _in_town() -> re.Pattern[str]:
    words = "|".join(word.replace(" ", r"\s") for word in rules()["firm_in_town"])
    return re.compile(
        rf"(?P<before>.*\S)(?:[\s,(]+(?P<word>{words})\s+|\s*,\s*|\s*\()"
        r"(?P<town>[A-ZÄÖÜ][^,(]*?)\)?\s*"
    )


@cache
def _short_forms() -> dict[str, str]:
    return dict(rules()["firm_short_forms"])


@cache
def _forms() -> dict[str, str]:
    """Legal forms as they are spelled in names, and the one spelling of each."""
    return {
        spell(" ".join(read_slips(fold(written).split()))): one
        for one, all_written in rules()["firm_forms"].items()
        for written in (one, *all_written)
    }


@cache
def _misread_forms() -> dict[str, str]:
    """Legal forms as a scanner may have read them; "Actien…" and "Com…" were written too."""
    written = {written: one for one, all_written in rules()["firm_forms"].items()
               for written in map(fold, all_written)}  # fmt: skip
    old = {re.sub(r"^k|(?<=a)k", "c", form): one for form, one in written.items()}
    return {shape(form): one for form, one in (old | written).items() if len(form) >= _LONG}
