"""Which words are given names, and which are short forms of which."""

from __future__ import annotations

import pkgutil
import re
from collections import Counter
from functools import cache
from importlib import import_module

from identity.normalise import full_given_name, person_name, rules

# How many times as many countries must list a name for women as for men, or the reverse.
MOSTLY = 4


def is_given_name(word: str) -> bool:
    """Whether a word, or the first part of a double name, is known as a given name."""
    return (person_name(word) or " ").split(" ")[0] in _known()


def name_of_its_own(name: str) -> str | None:
    """Return the name that a given name is or is short for; None where that is not known.

    A typing slip hardly gives another known name: "Mark" and "Marsha" are two names, however
    similar; "Mark" and "Mrak" may be one. Two spellings of one name give the same result ("Marc"
    and "Mark", "Yvonne" and "Ivonne"). "Chris" gives none: it is short for too many.
    """
    if name in rules()["short_for_several"] or name not in _known():
        return None
    return _spelling(full_given_name(name))


def initials(name: str) -> str:
    """Return the letters that may stand for a given name: "br" for Robert, whom many call Bob."""
    first = name.split()[0]
    root = full_given_name(first)
    forms = (first, root, *rules()["given_names"].get(root, ()))
    return "".join(sorted({form[0] for form in forms}))


def gender(name: str) -> str | None:
    """Return "f" or "m" where mostly women or mostly men have a given name; else None."""
    kinds = _known().get(name) or Counter()
    female, male = kinds["female"], kinds["male"]
    if max(female, male) < MOSTLY * max(min(female, male), 1 / MOSTLY):
        return None
    return "f" if female > male else "m"


def _spelling(name: str) -> str:
    plain = name.replace("ph", "f").translate(str.maketrans("cyz", "kis", "h"))
    return re.sub(r"(.)\1+", r"\1", plain)


@cache
def _known() -> dict[str, Counter[str]]:
    """Read Faker's given names: in how many countries each is a woman's, and a man's."""
    from faker.providers import person

    names: dict[str, Counter[str]] = {name: Counter() for name in rules()["given_names"]}
    for module in pkgutil.iter_modules(person.__path__):
        provider = import_module(f"{person.__name__}.{module.name}").Provider
        for attribute in dir(provider):
            listed = getattr(provider, attribute)
            if attribute.startswith("first_names") and not isinstance(listed, property):
                for name in filter(None, set(map(person_name, listed))):
                    names.setdefault(name, Counter())[attribute.rpartition("_")[2]] += 1
    return names
