"""Which pairs are compared at all: records that share a key, in groups of bounded size."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

# A larger group is split by further columns: pairs grow with its square, and what so many share
# is no sign of identity.
MAX_BLOCK = 100
RARE_WORDS = 3
TEXT_COLUMNS = (
    "name", "given_name", "family_name", "birth_date", "street", "number", "address", "postcode",
    "city", "phone", "email", "domain", "vat_key", "registration_key",
)  # fmt: skip
SINGLE_KEYS = ("vat_key", "registration_key", "email", "domain", "address", "name", "birth_date")
# Keys of several columns, each cut to so many characters.
JOINED_KEYS = (
    (("postcode", 9), ("name", 4)),
    (("postcode", 9), ("number", 9)),
    (("city", 99), ("name", 4)),
    (("family_name", 99), ("given_name", 1)),
    (("family_name", 99), ("postcode", 9)),
    (("given_name", 99), ("postcode", 9)),
    (("given_name", 99), ("family_name", 2)),
    (("street", 99), ("city", 3)),
    (("city", 99), ("given_name", 3)),
    (("city", 99), ("family_name", 3)),
)


def build_blocks(features: pd.DataFrame) -> pd.DataFrame:
    """Build the block keys of every record.

    Args:
        features: as `features.build_features` returns them.

    Returns:
        A frame with the same index and columns `block_0, block_1, …`, text or None: two records
        with the same text in one column are compared. No text occurs more than MAX_BLOCK times.

    """
    import pandas as pd

    text = {column: [value or "" for value in features[column]] for column in TEXT_COLUMNS}
    rare = [
        sorted(row, key=lambda word: (-row[word], word))
        for row in features["words"].map(lambda w: w or {})
    ]
    keys = [
        *([text[column]] for column in SINGLE_KEYS),
        [[value[-7:] for value in text["phone"]]],
        *([[row[n] if len(row) > n else "" for row in rare]] for n in range(RARE_WORDS)),
        *(
            [[value[:length] for value in text[column]] for column, length in parts]
            for parts in JOINED_KEYS
        ),
    ]
    finer = [
        text["postcode"],
        [a + b for a, b in zip(text["name"], text["family_name"], strict=True)],
        text["address"],
    ]
    blocks = [_bounded(parts, finer) for parts in keys]
    return pd.DataFrame(
        {f"block_{n}": block for n, block in enumerate(blocks) if any(block)},
        index=features.index,
        dtype=object,
    )


def _bounded(parts: list[list[str]], finer: list[list[str]]) -> list[str | None]:
    """Join `parts` to a key, splitting groups that are too large by `finer` and then by order.

    A key that only one record has becomes None.
    """
    keys = ["|".join(row) if all(row) else None for row in zip(*parts, strict=True)]
    for column in finer:
        size = Counter(keys)
        keys = [
            f"{key}|{more}" if key and size[key] > MAX_BLOCK else key
            for key, more in zip(keys, column, strict=True)
        ]
    size, seen = Counter(keys), Counter[str]()
    for position, key in enumerate(keys):
        if key and size[key] > MAX_BLOCK:
            keys[position] = f"{key}|{seen[key] // MAX_BLOCK}"
            seen[key] += 1
    return [key if key and size[key] != 1 else None for key in keys]
