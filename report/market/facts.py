"""What the page on the market shows, read from the marts; independent of language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import duckdb

MONTHS_OF_MOVES: Final = 3  # a quarter, as on the other pages


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment tonight, and by month (oldest first) its customers and their sales in a year."""

    key: str
    names: Mapping[str, str]
    traits: Mapping[str, list[str]]
    customers: int
    net_amount: float
    months: tuple[tuple[date, int, float], ...] = ()
    came: tuple[tuple[str | None, int], ...] = ()  # from which segment, how many
    went: tuple[tuple[str | None, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Segmentation:
    """The segments of one YAML and how they were made."""

    model: str
    stage: int
    method: str
    fitted_on: date | None
    as_of: date
    far: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected of one series over all units ahead."""

    series: str
    method: str
    unit: str
    starts_on: date
    units: int
    expected: float
    low: float
    high: float
    last_year: float | None
    error: float | None
    baseline_error: float | None
    coverage: float | None
    promised_coverage: float
    origins: int
    told: Mapping[str, list[str]]


def is_built(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the marts of segments and forecasts are there; a build makes them."""
    (count,) = connection.execute(
        "select count(*) from information_schema.tables where table_schema = 'marts'"
        " and table_name in ('segments', 'forecasts')"
    ).fetchone() or (0,)
    return bool(count == 2)


def read_segmentations(connection: duckdb.DuckDBPyConnection) -> list[Segmentation]:
    """Read every segmentation in force."""
    if not is_built(connection):
        return []
    return [
        _read_segmentation(connection, *row)
        for row in connection.execute(
            "select model, max(stage), max(method), max(fitted_on), max(as_of),"
            " count(*) filter (is_far) from marts.segments group by model order by model"
        ).fetchall()
    ]


def _read_segmentation(
    connection: duckdb.DuckDBPyConnection,
    model: str,
    stage: int,
    method: str,
    fitted_on: date | None,
    as_of: date,
    far: int,
) -> Segmentation:
    rows = connection.execute(
        "select names.segment, names.name_de, names.name_en, names.traits_de, names.traits_en,"
        " count(distinct segments.customer_id), coalesce(sum(orders.net_amount), 0)"
        " from ops.segment_names as names"
        " left join marts.segments as segments using (model, segment)"
        " left join (select customer_id, sum(net_amount) as net_amount from marts.orders"
        "  where not is_cancelled and ordered_on < $as_of"
        "  and ordered_on >= $as_of - interval 1 year group by customer_id) as orders"
        "  on orders.customer_id = segments.customer_id"
        " where names.model = $model"
        " group by names.segment, names.name_de, names.name_en, names.traits_de, names.traits_en,"
        " names.place order by names.place",
        {"model": model, "as_of": as_of},
    ).fetchall()
    months = _by_segment(
        connection,
        "select segment, month, customers, net_amount_12_months from marts.segment_profiles"
        " where model = ? order by segment, month",
        model,
    )
    moves = connection.execute(
        "with last as (select max(month) as month from marts.segment_profiles where model = $model)"
        " select from_segment, to_segment, count(*) from marts.segment_moves, last"
        f" where model = $model and segment_moves.month > last.month - interval {MONTHS_OF_MOVES}"
        " month group by all order by 3 desc, 1, 2",
        {"model": model},
    ).fetchall()
    segments = tuple(
        Segment(
            key,
            {"de": name_de, "en": name_en},
            {"de": traits_de, "en": traits_en},
            customers,
            net_amount,
            tuple(months.get(key, ())),
            tuple((old, count) for old, new, count in moves if new == key),
            tuple((new, count) for old, new, count in moves if old == key),
        )
        for key, name_de, name_en, traits_de, traits_en, customers, net_amount in rows
    )
    return Segmentation(model, stage, method, fitted_on, as_of, far, segments)


def _by_segment(
    connection: duckdb.DuckDBPyConnection, sql: str, model: str
) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for segment, *rest in connection.execute(sql, [model]).fetchall():
        found.setdefault(segment, []).append(tuple(rest))
    return found


def read_forecasts(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Forecast]]:
    """Read what is expected of each series, the largest first, per YAML."""
    if not is_built(connection):
        return {}
    rows = connection.execute(
        "select series.model, series.series, series.method, any_value(unit) as unit,"
        " min(starts_on) as starts_on, count(*)::integer as units,"
        " any_value(expected_total) as expected, any_value(low_total) as low,"
        " any_value(high_total) as high, any_value(last_year_total) as last_year,"
        " any_value(error) as error, any_value(baseline_error) as baseline_error,"
        " any_value(coverage) as coverage, any_value(promised_coverage) as promised_coverage,"
        " any_value(origins) as origins, {de: any_value(told_de), en: any_value(told_en)} as told"
        " from marts.forecast_series as series inner join marts.forecasts using (model, series)"
        " group by series.model, series.series, series.method"
        " order by series.model, expected desc, series.series"
    )
    names = [column[0] for column in rows.description or ()]
    found: dict[str, list[Forecast]] = {}
    for model, *row in rows.fetchall():
        values: dict[str, Any] = dict(zip(names[1:], row, strict=True))
        found.setdefault(model, []).append(Forecast(**values))
    return found
