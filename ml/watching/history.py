"""`ops.score_history`: what was said of whom, kept until it is known what came of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from ml.features.frames import outcome_frame
from ml.features.known import MARTS
from ml.specs.spec import Spec

if TYPE_CHECKING:
    import duckdb
    import pandas

SHOWN, CHALLENGER = "shown", "challenger"


def is_due(
    connection: duckdb.DuckDBPyConnection, spec: Spec, role: str, night: date, version: str | None
) -> bool:
    """Whether tonight's scores are to be kept: a week has passed, or the model is another one."""
    last = connection.execute(
        "select night, model_version from ops.score_history"
        " where score = ? and role = ? and night < ? order by night desc limit 1",
        [spec.name, role, night],
    ).fetchone()
    if last is None:
        return True
    kept, kept_version = last
    return bool((night - kept).days >= spec.watching.keep_every_days or kept_version != version)


def keep(
    connection: duckdb.DuckDBPyConnection, spec: Spec, role: str, rows: pandas.DataFrame
) -> None:
    """Keep a night's scores; those of the same night are replaced.

    Args:
        connection: to the warehouse.
        spec: of the score.
        role: `SHOWN` or `CHALLENGER`.
        rows: of one night, with the columns of the table but `score` and `role`.

    """
    if rows.empty:
        return
    connection.register("kept_rows", rows)
    connection.begin()
    try:
        connection.execute(
            "delete from ops.score_history where score = ? and role = ?"
            " and night in (select night from kept_rows)",
            [spec.name, role],
        )
        connection.execute(
            "insert into ops.score_history by name select ? as score, ? as role, * replace ("
            "night::date as night, counted_from::date as counted_from,"
            " probability::double as probability, points::integer as points,"
            " model_version::varchar as model_version) from kept_rows",
            [spec.name, role],
        )
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    finally:
        connection.unregister("kept_rows")


def shown_tonight(
    connection: duckdb.DuckDBPyConnection, spec: Spec, night: date
) -> pandas.DataFrame:
    """Read what people see of a score tonight, in the columns that `keep` takes."""
    return connection.execute(
        "select night, entity_id, customer_id, coalesce(as_of, night) as counted_from, method,"
        " model_version, probability, points, band from ops.scores where score = ? and night = ?"
        " order by entity_id",
        [spec.name, night],
    ).df()


def forget(connection: duckdb.DuckDBPyConnection, spec: Spec, night: date) -> None:
    """Delete what is too old, and whoever is gone or has objected to profiling since."""
    mart, key = MARTS[str(spec.entity)], f"{spec.entity}_id"
    excluded = spec.snapshots.excluded if spec.snapshots else "false"
    connection.execute(
        "delete from ops.score_history where score = $score and (night < $oldest"
        f" or entity_id not in (select {key} from marts.{mart})"
        " or customer_id in (select customer_id from marts.customers"
        f" where coalesce(({excluded}), false)))",
        {"score": spec.name, "oldest": night - timedelta(days=spec.watching.keep_days)},
    )


def forget_scores(connection: duckdb.DuckDBPyConnection, names: list[str]) -> None:
    """Delete the history of scores whose YAML is gone."""
    for table in ("score_history", "score_watch"):
        connection.execute(
            f"delete from ops.{table} where not list_contains(?::varchar[], score)", [names]
        )


def read_outcomes(
    connection: duckdb.DuckDBPyConnection, spec: Spec, role: str, night: date
) -> pandas.DataFrame:
    """Read the kept scores of the last `outcome_days` whose outcome is known by now.

    Returns:
        The columns of `ops.score_history` and `outcome` (0 or 1), oldest first.

    """
    oldest = night - timedelta(days=spec.watching.outcome_days + _horizon(spec))
    kept = connection.execute(
        "select * from ops.score_history where score = ? and role = ? and night < ?"
        " and night >= ? order by night, entity_id",
        [spec.name, role, night, oldest],
    ).df()
    if kept.empty:  # perhaps there are no marts yet
        return kept.assign(outcome=0)
    days = sorted({day.date() for day in kept["counted_from"]})
    known = outcome_frame(connection, spec, days, night)
    known["cutoff"] = known["cutoff"].astype(kept["counted_from"].dtype)
    return kept.merge(
        known.rename(columns={"cutoff": "counted_from"}), on=["entity_id", "counted_from"]
    )


def _horizon(spec: Spec) -> int:
    return spec.snapshots.horizon_days if spec.snapshots else 0
