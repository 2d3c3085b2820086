"""Which records violate an expectation: the rows behind a to-do."""

from __future__ import annotations

from datetime import date

import duckdb

from config import Settings
from config.language import _
from config.settings import ConfigurationError
from expectations.checks import records_sql
from expectations.specification import Expectation, load_use_cases
from expectations.validation import Check, failing_ids

NONE = "select null::varchar as record_id, null::varchar as value where false"


def unmet_records(
    connection: duckdb.DuckDBPyConnection, settings: Settings, use_case: str, expectation: str
) -> duckdb.DuckDBPyRelation:
    """Name exactly the records that break an expectation now.

    Returns:
        One row per record: `record_id`, `id_column` (what it is an id of), `mart` and `column_name`
        (what to mend; null where no single column is at fault) and `value` (what stands there now),
        all text. An expectation over leads or lines names each record to mend once; a row without
        such a record (a lead without a customer) is left out. No rows where records are missing
        altogether (types rows, distinct, fresh, history).

    Raises:
        ConfigurationError: there is no such use case or expectation, or the marts lack what it
            names.

    """
    item = _find(settings, use_case, expectation)
    mart, column = item.target or (None, None)
    try:
        found = connection.sql(_failing(item, use_case, settings))
    except duckdb.Error as error:
        message = " ".join(str(error).split("\nLINE ")[0].split())
        raise ConfigurationError(
            _("{expectations}/{use_case}.yml, line {line}: {message}").format(
                expectations=settings.expectations,
                use_case=use_case,
                line=item.line,
                message=message,
            )
        ) from error
    named = ", ".join(
        f"{_literal(value)}::varchar as {name}"
        for name, value in (("id_column", item.id), ("mart", mart), ("column_name", column))
    )
    listed = found.filter("record_id is not null").project(f"record_id, {named}, value")
    return listed.distinct().order("record_id")


def unmet_sql(item: Expectation, night: date) -> str | None:
    """Write the SQL of the failing rows (record_id, value); None where only a class of
    Great Expectations' own can tell.
    """  # noqa: D205
    value = f'"{item.column}"'
    condition = {
        "complete": f"{value} is null",
        # Nulls are no duplicates: Great Expectations ignores them too.
        "unique": f"{value} is not null qualify count(*) over (partition by {value}) > 1",
        "in_set": f"{value} not in ({', '.join(_literal(v) for v in item.values or ())})",
        "in_range": " or ".join(
            f"{value} {sign} {end}"
            for sign, end in (("<", item.min), (">", item.max))
            if end is not None
        ),
    }.get(item.type)
    if item.type.startswith("Expect"):
        return None
    if condition is None:
        return NONE
    columns = f'"{item.id}"::varchar as record_id, {value}::varchar as value'
    return f"select {columns} from ({records_sql(item, night)}) where {condition}"


def _failing(item: Expectation, use_case: str, settings: Settings) -> str:
    sql = unmet_sql(item, settings.night)
    if sql is not None:
        return sql
    check = Check(use_case, 0, item, records_sql(item, settings.night), settings.expectations)
    ids = failing_ids(check, settings.warehouse, settings.night)
    if not ids:
        return NONE
    rows = ", ".join(f"({_literal(str(record))})" for record in ids)
    return f"select record_id, null::varchar as value from (values {rows}) as t(record_id)"


def _find(settings: Settings, use_case: str, expectation: str) -> Expectation:
    for case in load_use_cases(settings.expectations):
        if case.name == use_case:
            for _stage, item in case.checks:
                if item.name == expectation:
                    return item
    raise ConfigurationError(
        _("{expectations} has no expectation {expectation} of a use case {use_case}.").format(
            expectations=settings.expectations, expectation=expectation, use_case=use_case
        )
    )


def _literal(value: str | float | None) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower()
