"""Which stage the data have reached, and whether the warehouse may be published at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
from pydantic import BaseModel, ConfigDict

from config import Settings
from config.settings import ConfigurationError
from expectations.checks import ExpectationResult, records_sql
from expectations.data_docs import replaced_folder
from expectations.journey import Phase
from expectations.specification import Audit, UseCase, load_audit, load_use_cases
from expectations.validation import Check, import_great_expectations, run_checks
from warehouse import open_warehouse

AUDIT_FAILED = {
    "de": "Prüfung nicht bestanden, veröffentlicht wird nichts",
    "en": "Audit failed, nothing is published",
}


class AuditFailedError(Exception):
    """The warehouse breaks what must always hold; the message names it in one line."""


class Assessment(BaseModel):
    """The stage that one use case has reached on one night, and what would raise it.

    `stage` is 0 (not even stage 1) to 3; `method_*` says what the stage's method does (None at
    stage 0). `unmet` are the expectations of `next_stage` that do not hold, least work first.
    """

    model_config = ConfigDict(frozen=True)

    use_case: str
    phase: Phase
    title_de: str
    title_en: str
    night: date
    stage: int
    next_stage: int | None
    method_de: str | None
    method_en: str | None
    unmet: tuple[ExpectationResult, ...]


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
        checks = _prepared(connection, settings, [spec], mart_rows)
        with replaced_folder(settings.reports / "data_docs_audit") as docs:
            results = run_checks(checks, settings.warehouse, settings.night, docs)
        _write(connection, settings.night, "use_case = 'audit'", results, [])
    failed = [result for result in results if not result.is_met]
    if failed:
        language = settings.language
        named = "; ".join(f"{r.expectation}: {getattr(r, f'todo_{language}')}" for r in failed)
        raise AuditFailedError(f"{AUDIT_FAILED[language]}: {named}")
    return results


def assess(settings: Settings) -> list[Assessment]:
    """Measure every use case of `expectations/*.yml` for `settings.night`.

    Writes `ops.expectation_results` and `ops.maturity_stages` (that night's rows are replaced)
    and the data docs below `settings.reports`.

    Raises:
        ConfigurationError: a YAML file is wrong or names what the marts do not have; no stage is
            changed.

    """
    use_cases = load_use_cases(settings.expectations)
    import_great_expectations()
    with open_warehouse(settings) as connection:
        checks = _prepared(connection, settings, use_cases)
        with replaced_folder(settings.reports / "data_docs") as docs:
            results = run_checks(checks, settings.warehouse, settings.night, docs)
        assessments = [
            _assessment(case.name, case, settings.night, _of(results, case.name))
            for case in use_cases
        ]
        _write(connection, settings.night, "use_case != 'audit'", results, assessments)
    return assessments


def status(settings: Settings) -> list[Assessment]:
    """Read the latest night's assessments back from `ops`; empty before the first night."""
    specs = {case.name: case for case in load_use_cases(settings.expectations)}
    columns = list(ExpectationResult.model_fields)
    with open_warehouse(settings) as connection:
        stages = connection.execute(
            "select use_case, stage, night from ops.maturity_stages"
            " where night = (select max(night) from ops.maturity_stages) order by use_case"
        ).fetchall()
        rows = connection.execute(
            f"select {', '.join(columns)} from ops.expectation_results"
            " where night = (select max(night) from ops.maturity_stages)"
        ).fetchall()
    results = [ExpectationResult(**dict(zip(columns, row, strict=True))) for row in rows]
    return [
        _assessment(name, specs.get(name), night, _of(results, name), stage)
        for name, stage, night in stages
    ]


def reached_stage(results: Iterable[ExpectationResult]) -> int:
    """Find the highest stage for which everything required up to it holds, else 0."""
    results = list(results)
    stages = sorted({result.stage for result in results})
    unmet = {result.stage for result in results if not result.is_met}
    return max((s for s in stages if not any(u <= s for u in unmet)), default=0)


def _assessment(
    name: str,
    spec: UseCase | None,
    night: date,
    results: Sequence[ExpectationResult],
    stage: int | None = None,
) -> Assessment:
    reached = reached_stage(results) if stage is None else stage
    following = min((r.stage for r in results if r.stage > reached), default=None)
    unmet = [r for r in results if r.stage == following and not r.is_met]
    method = spec.stages.get(reached) if spec else None
    return Assessment(
        use_case=name,
        phase=spec.phase if spec else "all",
        title_de=spec.title_de if spec else name,
        title_en=spec.title_en if spec else name,
        night=night,
        stage=reached,
        next_stage=following,
        method_de=method.description_de if method else None,
        method_en=method.description_en if method else None,
        unmet=tuple(sorted(unmet, key=_effort)),
    )


def _effort(result: ExpectationResult) -> tuple[bool, int, str]:
    # What no work on records mends (a source that went stale, history) comes last.
    count = result.records_to_next
    return count is None, count or 0, result.expectation


def _of(results: Iterable[ExpectationResult], use_case: str) -> list[ExpectationResult]:
    return [result for result in results if result.use_case == use_case]


def _prepared(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    specs: Sequence[UseCase | Audit],
    mart_rows: str = "",
) -> list[Check]:
    """Turn expectations into checks, after DuckDB has bound every column that they name."""
    checks = []
    for spec in specs:
        for stage, item in spec.checks:
            sql = records_sql(item, settings.night).replace("{mart_rows}", mart_rows)
            check = Check(spec.name, stage, item, sql)
            columns = ", ".join(f'"{column}"' for column in check.columns)
            try:
                connection.execute(f"describe select {columns} from ({sql})")
            except duckdb.Error as error:
                raise ConfigurationError(
                    f"{settings.expectations}/{check.place}: {_one_line(error)}"
                ) from error
            checks.append(check)
    return checks


def _one_line(error: duckdb.Error) -> str:
    message = str(error).split("\nLINE ")[0]
    return (
        " ".join(message.split())
        + " Correct the YAML, or build the marts first; no stage was changed."
    )


def _mart_rows(connection: duckdb.DuckDBPyConnection, published: Path) -> str:
    """Write the SQL of a table (mart, rows_now, rows_published) of what was published last."""
    now = {
        mart: _rows(connection, f'marts."{mart}"')
        for (mart,) in connection.execute(
            "select table_name from information_schema.tables where table_schema = 'marts'"
        ).fetchall()
    }
    before: dict[str, int] = {}
    if published.exists():
        with tempfile.TemporaryDirectory(prefix="reifegrad-") as folder:
            # An analyst who has the file open for writing would shut out a reader of it.
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
    night: date,
    which: str,
    results: Sequence[ExpectationResult],
    assessments: Sequence[Assessment],
) -> None:
    """Replace the night's rows of the use cases that the condition `which` names."""
    columns = list(ExpectationResult.model_fields)
    at = datetime.now(UTC).replace(tzinfo=None)
    connection.begin()
    connection.execute(f"delete from ops.expectation_results where night = ? and {which}", [night])
    connection.execute(f"delete from ops.maturity_stages where night = ? and {which}", [night])
    connection.executemany(
        f"insert into ops.expectation_results (night, {', '.join(columns)})"
        f" values (?{', ?' * len(columns)})",
        [[night, *result.model_dump().values()] for result in results],
    )
    if assessments:
        connection.executemany(
            "insert into ops.maturity_stages (night, use_case, stage, assessed_at)"
            " values (?, ?, ?, ?)",
            [[night, a.use_case, a.stage, at] for a in assessments],
        )
    connection.commit()
