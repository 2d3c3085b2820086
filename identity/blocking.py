"""Blocking: only records that share a key are compared, in groups of bounded size."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

# A larger group is split by further columns: pairs grow with its square, and what so many share
# is no sign of identity.
MAX_BLOCK = 100
RARE_WORDS = 3
OTHER_IDS = 4
TEXT_COLUMNS = (
    "name", "given_name", "family_name", "birth_date", "street", "number", "address", "postcode",
    "city", "phone", "email", "domain", "vat_key", "registration_key", "registration", "other_ids",
    "sound", "earlier",
)  # fmt: skip
SINGLE_KEYS = (
    "vat_key", "registration_key", "registration", "email", "domain", "address", "name",
    "birth_date", "sound",
)  # fmt: skip
# Keys of several columns, each cut to the given number of characters.
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
_RAREST_WORDS = (
    "list_sort(list_transform(map_entries(words), lambda e: {'bits': -e.value, 'word': e.key}))"
)
# What splits a group that is too large, one after the other; the last one always does.
_FINER = (
    "postcode",
    "coalesce(name, '') || coalesce(family_name, '')",
    "address",
    "(row_number() over (partition by block order by position) - 1) // {limit}",
)


def key_expressions() -> list[tuple[str, str]]:
    """List the keys as their kind and SQL over the columns of a record; null where unknown.

    Keys of one kind are compared with each other: the rarest word of one name may be the second
    of another.
    """
    return [
        *((column, column) for column in SINGLE_KEYS),
        ("end of phone", "right(phone, 7)"),
        ("name", "earlier"),
        *(("other id", f"string_split(other_ids, ' ')[{n + 1}]") for n in range(OTHER_IDS)),
        *(("word", f"{_RAREST_WORDS}[{n + 1}].word") for n in range(RARE_WORDS)),
        *(
            (f"{parts}".replace("'", ""), " || '|' || ".join(f"left({c}, {n})" for c, n in parts))
            for parts in JOINED_KEYS
        ),
    ]


def find_candidates(connection: duckdb.DuckDBPyConnection, limit: int = MAX_BLOCK) -> int:
    """Find the pairs of records that share a block.

    Reads the table `records` (`position`, the columns of TEXT_COLUMNS as text or null, `words` as
    a map from word to bits). Writes the tables `blocks` (`key`: its number, `position, block`; no
    block has more than `limit` records) and `candidates` (`position_l` < `position_r`, each pair
    once).

    Returns:
        The number of candidates.

    """
    keyed = " union all ".join(
        f"select {n}::utinyint as key, position, hash('{kind}', {key}) as block"
        f" from records where ({key}) is not null"
        for n, (kind, key) in enumerate(key_expressions())
    )
    connection.execute(
        "create or replace table blocks (key utinyint, position integer, block ubigint)"
    )
    connection.execute(f"create or replace temp table keyed as {keyed}")
    for finer in _FINER:
        _keep_small(connection, limit)
        if not connection.execute("from keyed limit 1").fetchone():
            break
        connection.execute(
            f"create or replace temp table keyed as select key, position,"
            f" hash(block, {finer.format(limit=limit)}) as block"
            " from keyed join records using (position)"
        )
    _keep_small(connection, limit)
    connection.execute(
        "create or replace table candidates as"
        " select distinct a.position as position_l, b.position as position_r"
        " from blocks a join blocks b on a.block = b.block and a.position < b.position"
    )
    count: tuple[int] | None = connection.execute("select count(*) from candidates").fetchone()
    return count[0] if count else 0


def _keep_small(connection: duckdb.DuckDBPyConnection, limit: int) -> None:
    """Move groups of 2 to `limit` records from `keyed` to `blocks`; leave the larger ones."""
    connection.execute(
        "create or replace temp table sizes as"
        " select block, count(*) as size from keyed group by block having size > 1"
    )
    connection.execute(
        "insert into blocks from keyed"
        f" semi join (from sizes where size <= {limit}) as small using (block)"
    )
    connection.execute(
        "create or replace temp table keyed as from keyed"
        f" semi join (from sizes where size > {limit}) as large using (block)"
    )
