"""Which version of a row a cut-off may see: as it was known then, not as it stands today.

dbt's views `int_<mart>_known` hold every version of a mart's rows with the nights between which it
held; how these are counted says the macro `known_rows` (dbt_project/macros/history.sql). A mart
without a history is taken as it stands, by the days in it alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from ml.features.querying import quoted, run
from ml.specs.feature import Source
from ml.specs.spec import Spec

MARTS = {"customer": "customers", "lead": "leads"}
# What a row's own version adds to a source: the cut-off sees the row if its file had come by the
# night in which the data reached the cut-off, and of its versions the one that held on that day.
VERSION = ", arrived, known_from, known_until"
SEEN = "r.arrived <= s.known_by and r.known_from <= s.cutoff and r.known_until > s.cutoff"


@dataclass(frozen=True)
class Known:
    """Where rows are read from: as they were known, or as they stand tonight.

    `versions`: per mart the table of its versions and its columns. `entities`: the table of each
    snapshot's own row; none: the mart. `since`: the first night of the entity's history.
    """

    versions: Mapping[str, tuple[str, frozenset[str]]]
    entities: str | None = None
    since: date | None = None

    def rows(self, source: Source) -> tuple[str, bool]:
        """Return the table of a source's rows, and whether it holds versions.

        A column that the history does not keep makes the rows count as they stand tonight.
        """
        table, columns = self.versions.get(source.mart, ("", frozenset()))
        named = re.findall(r"\w+", re.sub(r"'[^']*'", "", source.where or ""))
        wanted = {source.key, source.known_on, *source.columns, *(set(named) - _WORDS)}
        if table and wanted <= columns:
            return table, True
        return f"marts.{quoted(source.mart)}", False


_WORDS = frozenset(["and", "or", "not", "is", "null", "in", "like", "true", "false", "between"])
TODAY = Known({})


def has_history(connection: duckdb.DuckDBPyConnection, mart: str) -> bool:
    """Whether nights have kept versions of this mart's rows."""
    (found,) = connection.execute(
        "select count(*) from information_schema.tables"
        " where table_schema = 'intermediate' and table_name = ?",
        [f"int_{mart}_known"],
    ).fetchone() or (0,)
    return bool(found)


def find_known(connection: duckdb.DuckDBPyConnection, spec: Spec) -> Known:
    """Copy the versions of the sources' rows once, since every feature reads them."""
    laid = {}
    for mart in dict.fromkeys(source.mart for source in spec.sources.values()):
        if has_history(connection, mart):
            name = f"score_known_{mart}"
            connection.execute(
                f"create or replace temp table {quoted(name)}"
                f" as from intermediate.{quoted(f'int_{mart}_known')}"
            )
            columns = connection.table(f"temp.{quoted(name)}").columns
            laid[mart] = (f"temp.{quoted(name)}", frozenset(columns))
    since = None
    if has_history(connection, MARTS[str(spec.entity)]):
        (since,) = connection.execute(
            f"select min(valid_from) from marts.{spec.entity}_history"
        ).fetchone() or (None,)
    return Known(laid, since=since)


def uses_own_row(spec: Spec) -> bool:
    """Whether a feature reads the entity's own row."""
    return any(
        feature.source == "entity" or "entity." in (feature.sql or "")
        for feature in spec.features.values()
    )


def find_nights(
    connection: duckdb.DuckDBPyConnection, spec: Spec, cutoffs: Sequence[date]
) -> list[date]:
    """Return for each cut-off the night by which the data reached it.

    Where files come late, that is later than the cut-off, as it is for tonight's scores.
    """
    clock = spec.snapshots.clock if spec.snapshots else ()
    days = [
        f"select greatest({quoted(column)}::date + 1, arrived) as night,"
        f" {quoted(column)}::date + 1 as until from intermediate.int_{mart}_known"
        f" where {quoted(column)} is not null"
        for mart, column in (name.split(".") for name in clock)
        if has_history(connection, mart)
    ]
    if not days:
        return list(cutoffs)
    wanted = ", ".join(f"date '{cutoff}'" for cutoff in cutoffs)
    rows = run(
        connection,
        spec,
        "snapshots.clock",
        f"with reached as ({' union all '.join(days)})"
        f" select cutoff, greatest(cutoff, coalesce((select min(night) from reached"
        " where until >= cutoff), cutoff)) as night"
        f" from (select unnest([{wanted}]) as cutoff) order by cutoff",
    )
    nights = dict(zip(rows["cutoff"].dt.date, rows["night"].dt.date, strict=True))
    return [nights[cutoff] for cutoff in cutoffs]


def lay_entities(connection: duckdb.DuckDBPyConnection, spec: Spec, spine: str) -> str:
    """Make each snapshot's own row as it was known; return the table's name.

    Of a lead only versions while it was open count: what is filled in afterwards knows the
    outcome. Before the history begins, its first version stands for the time before; columns
    without a history are today's. The spine gets the customer that the row belonged to then.
    """
    entity, key = str(spec.entity), f"{spec.entity}_id"
    columns = _columns(connection, "marts", MARTS[entity])
    values, joins = {name: f"e.{quoted(name)}" for name in columns}, ""
    for mart in dict.fromkeys([MARTS[entity], "customers"]):
        if not has_history(connection, mart):
            continue
        own = mart == MARTS[entity]
        by = key if own else "customer_id"
        versions = f"intermediate.{quoted(f'int_{mart}_known')}"
        if mart == "leads":
            versions += " where outcome = 'open' or known_from = date '-infinity'"
        joins += (
            f" asof left join (from {versions}) {mart}"
            f" on {mart}.{by} = {values[by]} and s.cutoff >= {mart}.known_from"
        )
        kept = _columns(connection, "intermediate", f"int_{mart}_known")
        for name in set(kept) & set(columns) - {key if own else "customer_id"}:
            column = quoted(name)
            values[name] = f"case when {mart}.{by} is null then e.{column} else {mart}.{column} end"
    selected = ", ".join(f"{value} as {quoted(name)}" for name, value in values.items())
    connection.execute(
        "create or replace temp table score_entities as"
        f" select s.spine_id, s.cutoff, {selected} from {spine} s"
        f" join marts.{MARTS[entity]} e on e.{key} = s.{key}{joins}"
    )
    connection.execute(
        f"update {spine} s set known_customer_id = k.customer_id from temp.score_entities k"
        " where k.spine_id = s.spine_id and k.customer_id is distinct from s.known_customer_id"
    )
    return "temp.score_entities"


def _columns(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> list[str]:
    return [
        row[0]
        for row in connection.execute(
            "select column_name from information_schema.columns where table_catalog ="
            " current_database() and table_schema = ? and table_name = ? order by ordinal_position",
            [schema, table],
        ).fetchall()
    ]
