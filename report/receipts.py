"""What became of filled to-do lists: a receipt per night and file, kept in `ops.receipts`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from report.words import Language

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Receipt:
    """How many values a night took over and refused, and which stages changed with them.

    `moved`: use case, its stage before the list was read and in that night. `fields`: marts and
    columns that the lists filled in, which show whose stage they can have changed.
    """

    night: date
    taken: int
    refused: int
    moved: tuple[tuple[str, int, int], ...] = ()
    fields: frozenset[tuple[str, str]] = frozenset()


def keep_receipt(
    connection: duckdb.DuckDBPyConnection,
    night: date,
    file: str,
    taken: int,
    refused: int,
) -> None:
    """Add newly taken values to a night's receipt; its refused ones are those still refused.

    The stages before are those before the first list of the night, also for a second list.
    """
    connection.execute(
        "insert into ops.receipts select ?, ?, ?, ?, coalesce("
        "  (select any_value(stages_before) from ops.receipts where night = ?),"
        "  (select map(list(use_case order by use_case), list(stage order by use_case)) from ("
        "    from ops.maturity_stages where night <= ?"
        "    qualify night = max(night) over (partition by use_case))))"
        " on conflict (night, file) do update"
        " set taken = taken + excluded.taken, refused = excluded.refused",
        [night, file, taken, refused, night, night],
    )


def last_receipt(connection: duckdb.DuckDBPyConnection, first: date, night: date) -> Receipt | None:
    """Read the receipt of the last night in the interval with new values; None without one."""
    rows = connection.execute(
        "select night, sum(taken)::bigint, sum(refused)::bigint, any_value(stages_before)"
        " from ops.receipts where night between ? and ? group by night order by night desc limit 1",
        [first, night],
    ).fetchall()
    if not rows:
        return None
    at, taken, refused, before = rows[0]
    after = dict(
        connection.execute(
            "select use_case, stage from ops.maturity_stages where night = ?", [at]
        ).fetchall()
    )
    fields = connection.execute(
        "select distinct mart, column_name from ops.corrections"
        " semi join (select file from ops.receipts where night = ?) using (file)",
        [at],
    ).fetchall()
    return Receipt(at, taken, refused, tuple(_moved(before or {}, after)), frozenset(fields))


def _moved(before: dict[str, int], after: dict[str, int]) -> Iterable[tuple[str, int, int]]:
    for name, stage in after.items():
        if before.get(name, stage) != stage:
            yield name, before[name], stage


def read_refused(
    connection: duckdb.DuckDBPyConnection, language: Language
) -> dict[str, dict[str, dict[str, tuple[str, str]]]]:
    """Read the refused values per mart, record and column, with the reason alone."""
    found: dict[str, dict[str, dict[str, tuple[str, str]]]] = {}
    for mart, record, column, value, reason in connection.execute(
        f"select mart, record_id, column_name, value, reason_{language} from ops.refused_cells"
    ).fetchall():
        bare = reason.partition(": ")[2]  # without its place in the old list
        found.setdefault(mart, {}).setdefault(record, {})[column] = (value, bare)
    return found
