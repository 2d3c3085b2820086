"""Pairs of which nothing but the names is known: how often two firms are called the same.

The model estimates that from pairs that agree in something else. Where nothing else is known it
cannot, and the likeliest model of a list of names is that none, or all similar ones, are one. So
the names say it themselves: how many other firms of the list would be called so by chance.
"""

from __future__ import annotations

import pkgutil
import re
from collections import Counter
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from config import read_yaml
from identity.given_names import is_given_name
from identity.normalise import person_name

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from identity.pairs import Pairs

RULES_FILE = Path(__file__).with_name("names_alone.yml")
# Comparisons that say something about the name only.
OF_NAMES = ("name", "earlier", "legal_form")
# Degrees of the comparison of names.
EQUAL, SLIP, CONTAINED = (0,), (1,), (2, 3)
# Languages whose family names count as known; Faker's lists of others hold rare ones too.
LANGUAGES = ("de_", "en_")


@cache
def rules() -> dict[str, float]:
    """Read the figures of `names_alone.yml`."""
    return {name: float(value) for name, value in read_yaml(RULES_FILE).items()}


def weigh_names(
    features: pd.DataFrame, pairs: Pairs, probability: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give pairs of which only names are known the probability that the names have by themselves.

    Of one of the two nothing but the name is known; of the other there may be more.

    Args:
        features: of the records; `copies` says how many records have the same content.
        pairs: the compared pairs.
        probability: of each pair, as the model estimates it.

    Returns:
        The probabilities, those of other pairs as they were. For names that are equal, with
        `m` further records of the name and an expected number of other firms that have it by
        chance: m / (m + expected), see `names_alone.yml` for all figures.

    """
    import numpy as np

    is_bare = features[_others(features)].isna().all(axis=1).to_numpy()
    is_alone = _is_alone(pairs)[pairs.pattern]
    which = np.flatnonzero(is_alone & (is_bare[pairs.left] | is_bare[pairs.right]))
    if not len(which):
        return probability
    place = {field.comparison.name: n for n, field in enumerate(pairs.fields)}
    degrees = pairs.degrees[pairs.pattern[which]]
    degree = degrees[:, place["name"]]
    left, right = pairs.left[which], pairs.right[which]
    expected = _expected(features)
    by_chance = np.maximum(expected[left], expected[right])
    further = _holders(features)[left] - 1
    odds = np.full(len(which), rules()["unlike"] / (1 - rules()["unlike"]))
    is_equal, is_slip = np.isin(degree, EQUAL), np.isin(degree, SLIP)
    asked = rules()["equal"] / (1 - rules()["equal"])
    odds[is_equal] = np.maximum(further / by_chance, asked)[is_equal]
    odds[is_slip] = 1 / (rules()["slip"] * by_chance[is_slip])
    odds[is_slip & _other_numbers(features, left, right)] = 0
    is_part = np.isin(degree, CONTAINED)
    contained = rules()["contained"] / (1 - rules()["contained"])
    odds[is_part] = contained / np.maximum(by_chance[is_part], 1)
    if "legal_form" in place:
        is_other = degrees[:, place["legal_form"]] > 0
        odds[is_other] = np.minimum(odds[is_other] * rules()["other_form"], 1)
    weighed = probability.copy()
    weighed[which] = np.minimum(odds / (1 + odds), rules()["at_most"])
    return weighed


def _others(features: pd.DataFrame) -> list[str]:
    """Columns that say something beside the name."""
    from identity.comparisons import COMPARISONS

    return [c.column for c in COMPARISONS if c.name not in OF_NAMES and c.column in features]


def _is_alone(pairs: Pairs) -> NDArray[np.bool_]:
    """Per pattern whether names are known, and nothing else."""
    import numpy as np

    names = [field.comparison.name for field in pairs.fields]
    others = [n for n, name in enumerate(names) if name not in OF_NAMES]
    if "name" not in names:
        return np.zeros(len(pairs.degrees), dtype=bool)
    is_named = pairs.degrees[:, names.index("name")] >= 0
    is_alone: NDArray[np.bool_] = is_named & (pairs.degrees[:, others] < 0).all(axis=1)
    return is_alone


def _expected(features: pd.DataFrame) -> NDArray[np.float64]:
    """Per record the number of other firms of the list that have its name by chance."""
    import numpy as np

    distinct = {name: name.split() for name in features["name"] if name}
    shares = Counter(word for words in distinct.values() for word in set(words))
    known = {word: rules()["known_name"] for word in shares if _is_known(word)}
    chance = {}
    for name, words in distinct.items():
        of_words = [max(shares[word] / len(distinct), known.get(word, 0)) for word in set(words)]
        chance[name] = len(distinct) * float(np.prod(of_words))
    return np.array([chance.get(name, 1.0) for name in features["name"]])


def _holders(features: pd.DataFrame) -> NDArray[np.int64]:
    """Per record the number of records with its name, copies that were not compared included."""
    held = features["copies"].astype(int).groupby(features["name"].fillna("")).transform("sum")
    holders: NDArray[np.int64] = held.to_numpy()
    return holders


def _other_numbers(
    features: pd.DataFrame, left: NDArray[np.int32], right: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Whether two names have different numbers: "Schacht 1" is not "Schacht 2"."""
    import numpy as np

    numbers = [" ".join(re.findall(r"\d+", name or "")) for name in features["name"]]
    if not any(numbers):
        return np.zeros(len(left), dtype=bool)
    coded = np.unique(numbers, return_inverse=True)[1]
    differ: NDArray[np.bool_] = coded[left] != coded[right]
    return differ


def _is_known(word: str) -> bool:
    return word in _family_names() or is_given_name(word)


@cache
def _family_names() -> frozenset[str]:
    """Family names that Faker lists for German and English."""
    from faker.providers import person

    names: set[str] = set()
    for module in pkgutil.iter_modules(person.__path__):
        if module.name.startswith(LANGUAGES):
            provider = import_module(f"{person.__name__}.{module.name}").Provider
            listed = getattr(provider, "last_names", ())
            names.update(filter(None, map(person_name, listed)))
    return frozenset(names)
