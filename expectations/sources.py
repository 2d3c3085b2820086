"""`sources.yml`: which records an expectation needs, and what firms call them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from config import read_yaml

if TYPE_CHECKING:
    import duckdb

    from expectations.specification import Expectation

FILE: Final = Path(__file__).with_name("sources.yml")
# Order lines are delivered with their orders.
COMES_WITH: Final = {"order_lines": "orders"}
NARROWED_BY: Final = {"interactions": "kind", "consents": "purpose"}
Texts = Mapping[Literal["de", "en"], str]


class Source(BaseModel):
    """One kind of record: its mart, which of its rows, its name and the usual ways to get it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mart: str
    kinds: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    usually: str | None = None
    name: Texts
    ways: Texts

    @property
    def values(self) -> tuple[str, ...]:
        """The kinds or purposes that belong to it; empty means every row of the mart."""
        return self.kinds or self.purposes


@cache
def read_sources() -> dict[str, Source]:
    """Read the sources by their names in `sources.yml`."""
    return TypeAdapter(dict[str, Source]).validate_python(read_yaml(FILE))


def needed(expectation: Expectation) -> tuple[str, ...]:
    """Name the sources that an expectation reads, in the order of `sources.yml`.

    For interactions and consents: the sources of the kinds or purposes in its SQL.
    """
    sources, found = read_sources(), set()
    for mart in {COMES_WITH.get(mart, mart) for mart in expectation.marts}:
        asked = _asked(expectation.records, NARROWED_BY.get(mart))
        narrow = {
            name
            for name, source in sources.items()
            if source.mart == mart
            and any(value.startswith(one) for one in source.values for value in asked)
        }
        found |= narrow or {mart} & set(sources)
    return tuple(name for name in sources if name in found)


def missing_sources(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Name the sources of which the marts hold no record; none before the first build."""
    built = {
        name
        for (name,) in connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts'"
        ).fetchall()
    }
    return frozenset(
        name
        for name, source in read_sources().items()
        if source.mart in built and not _has_records(connection, source)
    )


def _asked(sql: str, column: str | None) -> set[str]:
    """Find the values that a query selects in a column: `= 'a'`, `in ('a', 'b')`, `like 'a%'`."""
    if column is None:
        return set()
    listed = re.findall(rf"\b{column}\s*(?:=|in|like)\s*(\([^)]*\)|'[^']*')", sql)
    return {value.rstrip("%") for part in listed for value in re.findall(r"'([^']*)'", part)}


def _has_records(connection: duckdb.DuckDBPyConnection, source: Source) -> bool:
    rows = connection.table(f"marts.{source.mart}")
    if source.values:
        column = NARROWED_BY[source.mart]
        rows = rows.filter(" or ".join(f"starts_with({column}, '{v}')" for v in source.values))
    return rows.limit(1).fetchone() is not None
