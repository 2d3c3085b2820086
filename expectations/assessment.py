"""Measures which stage the data have reached, and whether the warehouse may be published."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

from config import Settings
from config.language import _
from config.settings import ConfigurationError
from expectations.checks import effort, records_sql
from expectations.data_docs import replaced_folder
from expectations.edges import deciding
from expectations.history import (
    Standing,
    empty_marts,
    latest_results,
    measured_stages,
    overdue_marts,
    standings,
    write,
)
from expectations.results import Assessment, ExpectationResult
from expectations.specification import (
    Audit,
    Specifications,
    UseCase,
    load_audit,
    read_use_cases,
)
from expectations.stages import fall, reached_stage, stage_in_force, unmeasured
from expectations.validation import Check, CheckError, import_great_expectations, run_checks
from warehouse import open_warehouse

logger = logging.getLogger(__name__)


class AuditFailedError(Exception):
    """The warehouse breaks what must always hold; the message names it in one line."""


def audit(settings: Settings) -> list[ExpectationResult]:
    """Check what must always hold of the marts and write `ops.expectation_results`.

    Raises:
        AuditFailedError: an expectation of `audit.yml` is unmet; the results are written.
        ConfigurationError: `audit.yml` is wrong; nothing is written.

    """
    spec = load_audit(settings.expectations)
    import_great_expectations()
    with open_warehouse(settings) as connection:
        mart_rows = _mart_rows(connection, settings.published)
        checks, problems = _prepared(connection, settings, [spec], mart_rows)
        for problem in problems.values():
            raise ConfigurationError(problem)
        with replaced_folder(settings.reports / "data_docs_audit", settings.language) as docs:
            results, failed = run_checks(checks, settings.warehouse, settings.night, docs)
            for problem in failed.values():
                raise CheckError(problem)
        write(connection, settings.night, "use_case = 'audit'", results)
    unmet = [result for result in results if not result.is_met]
    if unmet:
        todo = f"todo_{settings.language}"
        named = "; ".join(f"{r.expectation}: {getattr(r, todo)}" for r in unmet)
        raise AuditFailedError(_("Audit failed, nothing is published: {unmet}").format(unmet=named))
    return results


def assess(settings: Settings) -> list[Assessment]:
    """Measure every use case of `expectations/*.yml` for `settings.night`.

    Writes `ops.expectation_results` and `ops.maturity_stages` (that night's rows are replaced)
    and the data docs below `settings.reports`. A use case whose YAML is wrong or names what the
    marts do not have keeps its last stage, with the cause `unmeasured`; the others are measured.

    Raises:
        ConfigurationError: nothing can be measured, since every YAML is wrong or there are no
            marts; no stage is changed.

    """
    specs = read_use_cases(settings.expectations)
    import_great_expectations()
    with open_warehouse(settings) as connection:
        empty, overdue = empty_marts(connection), overdue_marts(connection)
        checks, refused = _prepared(connection, settings, specs.use_cases)
        problems = specs.problems | refused
        _refuse_if_none(specs.names, problems)
        with replaced_folder(settings.reports / "data_docs", settings.language) as docs:
            results, failed = run_checks(checks, settings.warehouse, settings.night, docs)
            problems |= failed
            _refuse_if_none(specs.names, problems)
        history = measured_stages(connection, settings.night)
        measured = [
            _measured(
                case,
                settings,
                _of(results, case.name),
                history.get(case.name, []),
                (empty, overdue),
            )
            for case in specs.use_cases
            if case.name not in problems
        ]
        for problem in problems.values():
            logger.warning(_("Not measured: {problem}").format(problem=problem))
        kept = _unmeasured(connection, settings, specs, problems)
        _write(connection, settings, results, measured, kept)
    position = specs.names.index
    return sorted([*measured, *kept], key=lambda found: position(found.use_case))


def status(settings: Settings) -> list[Assessment]:
    """Read the last assessments back from `ops`; empty before the first night."""
    specs = read_use_cases(settings.expectations)
    cases = {case.name: case for case in specs.use_cases}
    with open_warehouse(settings) as connection:
        found, results = standings(connection), latest_results(connection)
    return [
        _assessment(name, cases.get(name), found[name], _of(results, name))
        for name in specs.names
        if name in found
    ]


def latest(settings: Settings) -> list[ExpectationResult]:
    """Read the results of each use case's latest measured night."""
    with open_warehouse(settings) as connection:
        return latest_results(connection)


def _measured(
    case: UseCase,
    settings: Settings,
    results: Sequence[ExpectationResult],
    history: Sequence[int],
    silent: tuple[set[str], set[str]],
) -> Assessment:
    """Turn a use case's results into its assessment; `silent`: empty and overdue marts."""
    measured = reached_stage(results)
    before = stage_in_force(history[:-1], history[-1], case.nights_to_fall) if history else 0
    items = {item.name: item for _, item in case.checks}
    why = fall(before, measured, results, items, *silent)
    standing = Standing(
        settings.night,
        stage_in_force(history, measured, case.nights_to_fall),
        measured,
        *((why.cause, why.cause_de, why.cause_en) if why else (None, None, None)),
    )
    return _assessment(case.name, case, standing, results)


def _unmeasured(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    specs: Specifications,
    problems: Mapping[str, str],
) -> list[Assessment]:
    """Let what could not be measured keep its last stage."""
    last = standings(connection, settings.night)
    results = latest_results(connection)
    cases = {case.name: case for case in specs.use_cases}
    kept = []
    for name, problem in problems.items():
        why = unmeasured(problem)
        stage = last[name].stage if name in last else 0
        standing = Standing(settings.night, stage, None, why.cause, why.cause_de, why.cause_en)
        kept.append(_assessment(name, cases.get(name), standing, _of(results, name)))
    return kept


def _assessment(
    name: str, case: UseCase | None, standing: Standing, results: Sequence[ExpectationResult]
) -> Assessment:
    reached = standing.stage if standing.measured_stage is None else standing.measured_stage
    following = min((r.stage for r in results if r.stage > reached), default=None)
    unmet = [r for r in results if r.stage == following and not r.is_met]
    method = case.stages.get(standing.stage) if case else None
    items = {item.name: item for _, item in case.checks} if case else {}
    return Assessment(
        use_case=name,
        phase=case.phase if case else "all",
        title_de=case.title_de if case else name,
        title_en=case.title_en if case else name,
        next_stage=following,
        method_de=method.description_de if method else None,
        method_en=method.description_en if method else None,
        unmet=tuple(sorted(unmet, key=effort)),
        edge=() if standing.measured_stage is None else deciding(reached, results, items),
        **vars(standing),
    )


def _of(results: Iterable[ExpectationResult], use_case: str) -> list[ExpectationResult]:
    return [result for result in results if result.use_case == use_case]


def _refuse_if_none(names: Sequence[str], problems: Mapping[str, str]) -> None:
    if set(names) <= set(problems):
        raise ConfigurationError(next(iter(problems.values())))


def _prepared(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    specs: Sequence[UseCase | Audit],
    mart_rows: str = "",
) -> tuple[list[Check], dict[str, str]]:
    """Turn expectations into checks; DuckDB confirms first that every column they name exists.

    Returns:
        The checks, and per use case that has one its first problem; it has no checks then.

    """
    checks: list[Check] = []
    problems: dict[str, str] = {}
    for spec in specs:
        own = []
        for stage, item in spec.checks:
            sql = records_sql(item, settings.night).replace("{mart_rows}", mart_rows)
            own.append(Check(spec.name, stage, item, sql, settings.expectations))
        try:
            for check in own:
                _bind(connection, check)
        except CheckError as error:
            problems[spec.name] = str(error)
        else:
            checks += own
    return checks, problems


def _bind(connection: duckdb.DuckDBPyConnection, check: Check) -> None:
    columns = ", ".join(f'"{column}"' for column in check.columns)
    try:
        connection.execute(f"describe select {columns} from ({check.records})")
        if check.expectation.concerns and check.expectation.target:
            mart, column = check.expectation.target
            connection.execute(f'describe select "{column}" from marts."{mart}"')
    except duckdb.Error as error:
        message = " ".join(str(error).split("\nLINE ")[0].split())
        raise CheckError(
            _(
                "{place}: {message} Correct the YAML, or build the marts first; the"
                " stage was not changed."
            ).format(place=check.place, message=message)
        ) from error


def _mart_rows(connection: duckdb.DuckDBPyConnection, published: Path) -> str:
    """Write the SQL of a table (mart, rows_now, rows_published) of the marts published last."""
    now = {
        mart: _rows(connection, f'marts."{mart}"')
        for (mart,) in connection.execute(
            "select table_name from information_schema.tables where table_schema = 'marts'"
        ).fetchall()
    }
    before: dict[str, int] = {}
    if published.exists():
        with tempfile.TemporaryDirectory(prefix="reifegrad-") as folder:
            # It can't be read while an analyst has it open for writing.
            copy = shutil.copy(published, folder)
            with duckdb.connect(copy, read_only=True) as last:
                names = last.execute("select table_name from duckdb_tables()").fetchall()
                known = sorted({name for (name,) in names} & set(now))
                before = {mart: _rows(last, f'"{mart}"') for mart in known}
    rows = [f"('{mart}', {now[mart]}, {count})" for mart, count in before.items()]
    values = ", ".join(rows or ["('', 0, 0)"])
    nothing = "" if rows else " where false"
    return f"(select * from (values {values}) as t(mart, rows_now, rows_published){nothing})"


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    (count,) = connection.execute(f"select count(*) from {table}").fetchone() or (0,)
    return int(count)


def _write(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    results: Sequence[ExpectationResult],
    measured: Sequence[Assessment],
    kept: Sequence[Assessment],
) -> None:
    """Write the night; results of an earlier run stay where nothing could be measured now."""
    last = standings(connection, settings.night)
    stays = [
        a.use_case for a in kept if a.use_case in last and last[a.use_case].night == settings.night
    ]
    carried = [a for a in kept if a.use_case in last and a.use_case not in stays]
    names = {assessment.use_case for assessment in measured}
    which = " and ".join(["use_case != 'audit'", *(f"use_case != '{name}'" for name in stays)])
    shown = [result for result in results if result.use_case in names]
    write(connection, settings.night, which, shown, [*measured, *carried])
