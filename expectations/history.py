"""Results of earlier nights and deliveries of the sources: the assessment's memory in `ops`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

import duckdb

from config.language import _
from config.settings import ConfigurationError
from expectations.results import Assessment, ExpectationResult

# Which marts the entities of vocabulary/entities.yml feed.
MARTS_OF_ENTITY: Final = {
    "company": ("customers",),
    "contact": ("contacts",),
    "lead": ("leads",),
    "lead_stage": ("lead_stages",),
    "lead_contact": ("lead_contacts",),
    "offer_line": ("offer_lines",),
    "order_line": ("orders", "order_lines"),
    "product": ("products",),
    "competitor_price": ("competitor_prices",),
    "ticket": ("tickets",),
    "interaction": ("interactions",),
    "consent": ("consents",),
}
STAGE_COLUMNS: Final = ("stage", "measured_stage", "cause", "cause_de", "cause_en")


@dataclass(frozen=True)
class Standing:
    """A use case's latest row of `ops.maturity_stages`."""

    night: date
    stage: int
    measured_stage: int | None
    cause: str | None
    cause_de: str | None
    cause_en: str | None


def measured_stages(connection: duckdb.DuckDBPyConnection, before: date) -> dict[str, list[int]]:
    """Stages measured on earlier nights per use case, oldest first."""
    rows = connection.execute(
        "select use_case, list(coalesce(measured_stage, stage) order by night)"
        " from ops.maturity_stages where night < ? and cause is distinct from 'unmeasured'"
        " group by use_case",
        [before],
    ).fetchall()
    return dict(rows)


def standings(
    connection: duckdb.DuckDBPyConnection, until: date | None = None
) -> dict[str, Standing]:
    """Find the latest row per use case, of the night `until` or before."""
    rows = connection.execute(
        # Rows without `measured_stage` are older than that column: `stage` was the measured one.
        "select use_case, night, stage, case when cause is distinct from 'unmeasured'"
        " then coalesce(measured_stage, stage) end, cause, cause_de, cause_en"
        " from ops.maturity_stages"
        " where night <= coalesce(?, night)"
        " qualify night = max(night) over (partition by use_case)",
        [until],
    ).fetchall()
    return {name: Standing(*rest) for name, *rest in rows}


def latest_results(connection: duckdb.DuckDBPyConnection) -> list[ExpectationResult]:
    """Read the results of each use case's latest measured night."""
    columns = list(ExpectationResult.model_fields)
    rows = connection.execute(
        f"select {', '.join(columns)} from ops.expectation_results where use_case != 'audit'"
        " qualify night = max(night) over (partition by use_case)"
    ).fetchall()
    return [ExpectationResult(**dict(zip(columns, row, strict=True))) for row in rows]


def empty_marts(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Name the marts without a row.

    Raises:
        ConfigurationError: there are no marts at all.

    """
    names = connection.execute(
        "select table_name from information_schema.tables where table_schema = 'marts'"
    ).fetchall()
    if not names:
        raise ConfigurationError(
            _(
                "The warehouse has no marts: run `reifegrad ingest` and `reifegrad"
                " build` first; no stage was changed."
            )
        )
    return {
        name
        for (name,) in names
        if connection.execute(f'select 1 from marts."{name}" limit 1').fetchone() is None
    }


def overdue_marts(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Name the marts with an overdue source."""
    entities = connection.execute(
        "select distinct unnest(entities) from ops.overdue_sources"
    ).fetchall()
    return {mart for (entity,) in entities for mart in MARTS_OF_ENTITY.get(entity, ())}


def write(
    connection: duckdb.DuckDBPyConnection,
    night: date,
    which: str,
    results: Sequence[ExpectationResult],
    assessments: Sequence[Assessment] = (),
) -> None:
    """Replace the night's rows of the use cases that the condition `which` names, all or none."""
    at = datetime.now(UTC).replace(tzinfo=None)
    stages = [
        [night, a.use_case, at, *(getattr(a, column) for column in STAGE_COLUMNS)]
        for a in assessments
    ]
    connection.begin()
    for table in ("expectation_results", "maturity_stages"):
        connection.execute(f"delete from ops.{table} where night = ? and {which}", [night])
    _insert(
        connection,
        "expectation_results",
        ["night", *ExpectationResult.model_fields],
        [[night, *result.model_dump().values()] for result in results],
    )
    _insert(
        connection, "maturity_stages", ["night", "use_case", "assessed_at", *STAGE_COLUMNS], stages
    )
    connection.commit()


def _insert(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> None:
    if rows:
        places = ", ".join("?" * len(columns))
        connection.executemany(
            f"insert into ops.{table} ({', '.join(columns)}) values ({places})", rows
        )
