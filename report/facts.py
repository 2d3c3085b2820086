"""The report's facts, read from the warehouse: only what the nights have stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from config import ConfigurationError, Settings, read_yaml
from expectations import Assessment, status
from expectations.sources import missing_sources
from expectations.specification import Expectation, UseCase, read_use_cases
from report.priorities import Priorities, read_priorities
from report.receipts import Receipt, last_receipt
from report.unusable import UnmetReference, UnreadColumn, read_unmet, read_unread
from warehouse import open_warehouse

if TYPE_CHECKING:
    import duckdb

NIGHTS_SHOWN = 30  # a month: long enough for a trend, short enough for one line


@dataclass(frozen=True, slots=True)
class SourceRhythm:
    """In which nights a source brought something new, and whether it is missing now.

    `held`: why a file of it waits for a person, in German and English.
    """

    source: str
    nights: tuple[date, ...]
    is_overdue: bool
    held: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """How complete one column of a mart is: 0 to 1 per night, and the required share."""

    mart: str
    column: str
    by_night: tuple[tuple[date, float], ...]
    required: float
    is_met: bool
    use_cases: int


@dataclass(frozen=True, slots=True)
class Doubles:
    """Numbers of company records and of customers in one night."""

    night: date
    records: int
    customers: int


@dataclass(frozen=True, slots=True)
class Placeholders:
    """The number of placeholder cells ("n/a") in a column."""

    view: str
    column: str
    cells: int


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the report shows, independent of language."""

    company: str
    night: date
    use_cases: tuple[UseCase, ...]
    priorities: Priorities
    missing: frozenset[str] = frozenset()  # sources of which there is no record
    receipt: Receipt | None = None
    # use case that the system acts on -> the stage from which it does
    in_use: Mapping[str, int] = field(default_factory=dict)
    assessments: dict[str, Assessment] = field(default_factory=dict)
    stages: dict[str, tuple[tuple[date, int], ...]] = field(default_factory=dict)
    shares: tuple[Share, ...] = ()
    sources: tuple[SourceRhythm, ...] = ()
    doubles: tuple[Doubles, ...] = ()
    still_double: int | None = None
    placeholders: tuple[Placeholders, ...] = ()
    unread: tuple[UnreadColumn, ...] = ()
    unmet: tuple[UnmetReference, ...] = ()


def read_facts(settings: Settings) -> Facts:
    """Read stages, completeness, deliveries and duplicates of the last nights.

    Raises:
        ConfigurationError: a file of `models/` or `priorities.yml` is wrong, or there is none in
            `expectations/`.
        WarehouseLockedError: a night is running.

    """
    assessments = {found.use_case: found for found in status(settings)}
    use_cases = read_use_cases(settings.expectations).use_cases
    night = max((found.night for found in assessments.values()), default=settings.night)
    first = night - timedelta(days=NIGHTS_SHOWN - 1)
    with open_warehouse(settings) as connection:
        stages: dict[str, list[tuple[date, int]]] = {}
        for use_case, at, stage in connection.execute(
            "select use_case, night, stage from ops.maturity_stages"
            " where night between ? and ? order by all",
            [first, night],
        ).fetchall():
            stages.setdefault(use_case, []).append((at, stage))
        results = _results(connection, first, night)
        return Facts(
            company=settings.company,
            night=night,
            use_cases=use_cases,
            priorities=read_priorities(settings),
            missing=missing_sources(connection),
            receipt=last_receipt(connection, first, night),
            in_use=find_in_use(settings),
            assessments=assessments,
            stages={name: tuple(nights) for name, nights in stages.items()},
            shares=tuple(find_shares(use_cases, results, night)),
            sources=tuple(_sources(connection, night)),
            doubles=tuple(_doubles(connection, first, night)),
            still_double=find_still_double(use_cases, results, night),
            placeholders=tuple(_placeholders(connection)),
            unread=tuple(read_unread(connection)),
            unmet=tuple(one for one in read_unmet(connection) if one.is_told),
        )


def find_in_use(settings: Settings) -> dict[str, int]:
    """Find the use cases that the system acts on, and the stage from which it does.

    A file of `models/` learns or computes something from stage 1 on; one of `proposals/` proposes
    from the lowest stage of its actions on. A file of `proposals/` with a mistake proposes nothing
    (the step that proposes tells it), so it does not count.

    Raises:
        ConfigurationError: a file of `models/` is no YAML.

    """
    found = {str(read_yaml(path).get("use_case")): 1 for path in settings.models.glob("*.yml")}
    for path in settings.proposals.glob("*.yml"):
        try:
            content = read_yaml(path)
            lowest = min(int(action["stage"]) for action in content["actions"].values())
        except (ConfigurationError, KeyError, AttributeError, TypeError, ValueError):
            continue
        name = str(content.get("name", path.stem))
        found[name] = min(lowest, found.get(name, lowest))
    return found


Results = dict[tuple[str, str], list[dict[str, Any]]]


def find_shares(use_cases: Iterable[UseCase], results: Results, night: date) -> Iterable[Share]:
    """Find for every column that must be complete how complete it is.

    Where several expectations check the same column over different records, the least complete ones
    count; the required share is the highest of theirs.
    """
    asked: dict[tuple[str, str], list[tuple[UseCase, Expectation]]] = {}
    for case in use_cases:
        for _, item in case.checks:
            if item.type == "complete" and item.target:
                asked.setdefault(item.target, []).append((case, item))
    for (mart, column), wishes in asked.items():
        measured = [(case, item, results.get((case.name, item.name), [])) for case, item in wishes]
        # As it was measured: the YAML file may ask for something else by now.
        tonight = [
            (rows[-1]["observed"], -rows[-1]["required"], case.name, item.name)
            for case, item, rows in measured
            if rows
            and rows[-1]["night"] == night
            and None not in (rows[-1]["observed"], rows[-1]["required"])
        ]
        if not tonight:
            continue
        *_, case_name, item_name = min(tonight)
        shown = [r for r in results[case_name, item_name] if r["observed"] is not None]
        required = max(-negative for _, negative, _, _ in tonight)
        yield Share(
            mart,
            column,
            tuple((row["night"], row["observed"]) for row in shown),
            required,
            shown[-1]["observed"] >= required,
            len({case.name for case, _ in wishes}),
        )


def find_still_double(use_cases: Iterable[UseCase], results: Results, night: date) -> int | None:
    """Count the customers that are there more than once, if an expectation looks for them."""
    counts = [
        row["records_unmet"]
        for case in use_cases
        for _, item in case.checks
        if item.type == "unique" and item.id == "customer_id"
        for row in results.get((case.name, item.name), ())
        if row["night"] == night and row["records_unmet"] is not None
    ]
    return max(counts, default=None)


def _results(connection: duckdb.DuckDBPyConnection, first: date, night: date) -> Results:
    found: Results = {}
    for use_case, expectation, at, observed, required, unmet in connection.execute(
        "select use_case, expectation, night, observed, required, records_unmet"
        " from ops.expectation_results where night between ? and ? order by night",
        [first, night],
    ).fetchall():
        row = {
            "night": at,
            "observed": observed,
            "required": required,
            "records_unmet": unmet,
        }
        found.setdefault((use_case, expectation), []).append(row)
    return found


def _sources(connection: duckdb.DuckDBPyConnection, night: date) -> Sequence[SourceRhythm]:
    """Read when each source came; the longest silent one first."""
    rows = connection.execute(
        "select source, list(night order by night) filter (night is not null),"
        " bool_or(is_overdue) from ("
        "  select source, night, false as is_overdue from ops.source_nights where night <= ?"
        "  union all select source, last_night, true from ops.overdue_sources)"
        " group by source order by max(night) nulls first, source",
        [night],
    ).fetchall()
    held: dict[str, list[dict[str, str]]] = {}
    for source, file, german, english in connection.execute(
        "select source, file, reason_de, reason_en from ops.held_files"
        " where verdict = 'waiting' order by source, file"
    ).fetchall():
        texts = {"de": f"{file}: {german}", "en": f"{file}: {english}"}
        held.setdefault(source, []).append(texts)
    return [
        SourceRhythm(source, tuple(nights or ()), late, tuple(held.get(source, ())))
        for source, nights, late in rows
    ]


def _placeholders(connection: duckdb.DuckDBPyConnection) -> Iterable[Placeholders]:
    """Count the placeholder cells per column, most first; none before the first build."""
    (is_built,) = connection.execute(
        "select count(*) > 0 from duckdb_tables()"
        " where schema_name = 'marts' and table_name = 'data_quality'"
    ).fetchone() or (False,)
    if is_built:
        rows = connection.execute(
            "select entity, column_name, sum(placeholders)::bigint from marts.data_quality"
            " where placeholders > 0 group by 1, 2 order by 3 desc, 1, 2"
        ).fetchall()
        yield from (Placeholders(*row) for row in rows)


def _doubles(connection: duckdb.DuckDBPyConnection, first: date, night: date) -> Sequence[Doubles]:
    rows = connection.execute(
        "select nights.night, count(*), count(distinct customer_id)"
        " from (select distinct night from ops.maturity_stages where night between ? and ?) nights"
        " inner join ops.customer_ids as ids"
        " on ids.since <= nights.night and (ids.until is null or ids.until > nights.night)"
        " group by 1 order by 1",
        [first, night],
    ).fetchall()
    return [Doubles(*row) for row in rows]
