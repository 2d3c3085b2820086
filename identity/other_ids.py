"""Official numbers of any kind, several per record: passports, licences, tax numbers, DUNS, LEI.

Numbers of one kind are compared with each other; two kinds say nothing about each other.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from identity.normalise import register_number
from vocabulary.folding import fold
from vocabulary.words import known

if TYPE_CHECKING:
    import pandas as pd

# A number that more different names than this carry is a placeholder, not a key: one firm has
# few spellings, while somebody's own VAT id may stand in every row of a file.
MAX_NAMES_PER_KEY = 8
# Columns of which a person has one value for life: records with the same number share it.
LASTING = (
    "birth_date", "generation", "given_name", "given_root", "given_initials", "given_known",
    "given_gender", "given_sound",
)  # fmt: skip


def parse(text: str | None) -> str | None:
    """Read "LEI: 5493 001K; DUNS: 31-572" as "duns:31572 lei:5493001K"; None if there is none."""
    found = set()
    for part in re.split(r"[;\n]", text or ""):
        kind, _, number = part.rpartition(":")
        if written := register_number(known(number)):
            found.add(f"{fold(kind).replace(' ', '')}:{written}")
    return " ".join(sorted(found)) or None


def find_holders(column: Iterable[str | None]) -> dict[str, list[int]]:
    """Find per number the positions of the records that have it."""
    holders: dict[str, list[int]] = defaultdict(list)
    for position, numbers in enumerate(column):
        for number in numbers.split() if numbers else ():
            holders[number].append(position)
    return holders


def find_pairs(features: pd.DataFrame) -> Iterator[tuple[int, int]]:
    """Pair each record with the first one that shares a number and a word of its name.

    Their check digits are not verified, so a typing slip may give two strangers the same number.
    """
    words, names = list(features["words"]), list(features["name"])
    for first, *others in find_holders(features["other_ids"]).values():
        if len({names[position] for position in (first, *others)}) > MAX_NAMES_PER_KEY:
            continue
        own = words[first]
        for other in others:
            if not (own and words[other] and own.keys().isdisjoint(words[other])):
                yield first, other


def share_lasting(features: pd.DataFrame, pairs: Iterable[tuple[int, int]]) -> pd.DataFrame:
    """Fill gaps in a person's lasting attributes from other records with the same number.

    Args:
        features: of the records.
        pairs: of positions that are surely one, each with the first one of its number.

    """
    import pandas as pd

    mates: dict[int, set[int]] = defaultdict(set)
    for first, other in pairs:
        mates[first].update((first, other))
    filled = {}
    for column in LASTING:
        if mates and features[column].notna().any():
            values = list(features[column])
            for group in mates.values():
                told = {values[position] for position in group} - {None}
                for position in group if len(told) == 1 else ():
                    values[position] = min(told)
            filled[column] = pd.Series(values, index=features.index, dtype=object)
    return features.assign(**filled)
