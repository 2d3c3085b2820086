"""Great Expectations, run inside the warehouse: suites, checkpoints and data docs of one night."""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from expectations.checks import ExpectationResult, gx_expectation, measure, statement
from expectations.specification import Expectation

if TYPE_CHECKING:
    import great_expectations as gx
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.data_context import EphemeralDataContext
    from great_expectations.data_context.types.resource_identifiers import (
        ValidationResultIdentifier,
    )

_Key = TypeVar("_Key", bound=tuple[Any, ...])
SITE = "data_docs"
# Failing records listed on a page; the lists in full are a query away (`unexpected_index_query`).
LISTED_RECORDS = 50


class CheckError(Exception):
    """A check could not be run; the message names it and says why."""


@dataclass(frozen=True)
class Check:
    """One expectation of one use case and stage, with the SQL of its records."""

    use_case: str
    stage: int
    expectation: Expectation
    records: str
    folder: Path

    @property
    def place(self) -> str:
        """Where a person finds it."""
        item, file = self.expectation, self.folder / f"{self.use_case}.yml"
        return f"{file}, line {item.line}, stage {self.stage}, expectation {item.name}"

    @property
    def columns(self) -> list[str]:
        """The columns of the records that the check names."""
        item = self.expectation
        others = [item.arguments.get(key) for key in ("column_A", "column_B")]
        lists = item.arguments.get("column_list", [])
        return [name for name in (item.id, item.column, *others, *lists) if name]


def run_checks(
    checks: Sequence[Check], warehouse: Path, night: date, docs: Path | None = None
) -> tuple[list[ExpectationResult], dict[str, str]]:
    """Run the checks by Great Expectations inside the DuckDB file.

    One suite per use case and set of records; one checkpoint per use case and id column.
    If `docs` is given, the data docs (static HTML) are written into that folder.

    Returns:
        The results, and per use case that could not be checked why, in one line that names the
        place; such a use case has no results.

    """
    outcomes: dict[tuple[str, str], tuple[dict[str, Any], bool]] = {}
    problems: dict[str, str] = {}
    context = _context(docs)
    places = {(check.use_case, check.expectation.name): check.place for check in checks}
    with _datasource(context, warehouse, checks) as batches:
        for (use_case, record_id), chosen in _grouped(checks, _checkpoint_key):
            try:
                definitions = [
                    _definition(context, batches[records], suite, night)
                    for (records,), suite in _grouped(chosen, lambda check: (check.records,))
                ]
                name = f"{use_case} {record_id}"
                for outcome in _run(context, name, definitions, record_id, night):
                    key = (use_case, outcome.expectation_config.meta["name"])
                    _refuse_error(outcome, places[key])
                    outcomes[key] = (outcome.result, bool(outcome.success))
            except CheckError as error:
                problems.setdefault(use_case, str(error))
        if docs is not None:
            context.build_data_docs(site_names=[SITE])
    results = []
    for check in checks:
        item = check.expectation
        if check.use_case not in problems:
            outcome, succeeded = outcomes[check.use_case, item.name]
            results.append(measure(check.use_case, check.stage, item, outcome, succeeded, night))
    return results, problems


def _context(docs: Path | None) -> EphemeralDataContext:
    gx = import_great_expectations()
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        # The results show each expectation already; pages of the suites would repeat them.
        "site_section_builders": {"expectations": "None"},
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(docs),
        },
    }
    config = DataContextConfig(
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        data_docs_sites={SITE: site} if docs else {},
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def failing_ids(check: Check, warehouse: Path, night: date) -> list[Any]:
    """List the ids of all records that break one row-wise check.

    Raises:
        CheckError: Great Expectations could not compute the check.

    """
    context = _context(None)
    with _datasource(context, warehouse, [check]) as batches:
        result_format = {
            "result_format": "COMPLETE",
            "unexpected_index_column_names": [check.expectation.id],
        }
        outcome = (
            batches[check.records]
            .get_batch()
            .validate(_expectation(check, night), result_format=result_format)
        )
    _refuse_error(outcome, check.place)
    listed = outcome.result.get("unexpected_index_list") or []
    return [record[check.expectation.id] for record in listed]


@contextmanager
def _datasource(
    context: EphemeralDataContext, warehouse: Path, checks: Sequence[Check]
) -> Iterator[dict[str, BatchDefinition[Any]]]:
    """Connect to the warehouse; gives the batch of every set of records, by its SQL.

    All assets are given at once, since Great Expectations writes its configuration anew for each
    that is added later.
    """
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.datasource.fluent.sql_datasource import QueryAsset

    from expectations.dialect import url

    names = _asset_names(checks)
    assets = [
        QueryAsset(name=name, query=sql, batch_definitions=[BatchDefinition(name="all")])
        for sql, name in names.items()
    ]
    datasource = context.data_sources.add_sql(
        "warehouse", connection_string=url(warehouse), assets=assets
    )
    try:
        yield {
            sql: datasource.get_asset(name).get_batch_definition("all")
            for sql, name in names.items()
        }
    finally:
        # Whatever stays open here would keep the file locked for every other process.
        datasource.get_execution_engine().close()
        datasource.get_engine().dispose()


def import_great_expectations() -> ModuleType:
    """Import it without its line per class and its warnings about itself.

    It takes seconds, so callers do this before they open the warehouse and shut others out.
    """
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("great_expectations")


def _checkpoint_key(check: Check) -> tuple[str, str]:
    return check.use_case, check.expectation.id


def _grouped(
    checks: Sequence[Check], key: Callable[[Check], _Key]
) -> Iterator[tuple[_Key, list[Check]]]:
    for value, group in groupby(sorted(checks, key=key), key=key):
        yield value, list(group)


def _asset_names(checks: Sequence[Check]) -> dict[str, str]:
    """Name every set of records by its mart or by the first check that asks for it."""
    names: dict[str, str] = {}
    for check in checks:
        item = check.expectation
        wanted = [item.mart or item.name, item.name, f"{check.use_case} {item.name}"]
        free = [name for name in wanted if name not in names.values()]
        names.setdefault(check.records, free[0])
    return names


def _definition(
    context: EphemeralDataContext,
    batch: BatchDefinition[Any],
    checks: Sequence[Check],
    night: date,
) -> gx.ValidationDefinition:
    import great_expectations as gx

    first = checks[0]
    name = f"{first.use_case} {batch.data_asset.name} by {first.expectation.id}"
    suite = context.suites.add(
        gx.ExpectationSuite(
            name=name,
            expectations=[_expectation(check, night) for check in checks],
        )
    )
    return context.validation_definitions.add(
        gx.ValidationDefinition(name=name, data=batch, suite=suite)
    )


def _expectation(check: Check, night: date) -> gx.expectations.Expectation:
    import great_expectations.expectations as gxe

    item = check.expectation
    class_name, arguments = gx_expectation(item, night)
    kind = getattr(gxe, class_name, None)
    if kind is None:
        raise CheckError(f"{check.place}: Great Expectations has no {class_name}.")
    stage = f"Stage {check.stage}, " if check.stage else ""
    try:
        return kind(
            **arguments,
            # A `$` would open a placeholder in Great Expectations' templates.
            description=f"{stage}{statement(item)}".replace("$", "$$"),
            meta={"name": item.name},
        )
    except ValueError as error:
        raise CheckError(f"{check.place}: {' '.join(str(error).split())}") from error


def _run(
    context: EphemeralDataContext,
    name: str,
    definitions: list[gx.ValidationDefinition],
    record_id: str,
    night: date,
) -> Iterator[gx.ExpectationValidationResult]:
    import great_expectations as gx

    checkpoint = context.checkpoints.add(
        gx.Checkpoint(
            name=name,
            validation_definitions=definitions,
            result_format={
                "result_format": "SUMMARY",
                "unexpected_index_column_names": [record_id],
                "partial_unexpected_count": LISTED_RECORDS,
            },
        )
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = checkpoint.run(run_id=gx.RunIdentifier(run_name=f"{night:%Y-%m-%d}"))
    for identifier, validation in result.run_results.items():
        _name_records(context, identifier, validation)
        yield from validation.results


def _name_records(
    context: EphemeralDataContext,
    identifier: ValidationResultIdentifier,
    validation: gx.ExpectationSuiteValidationResult,
) -> None:
    """Let the pages list failing records by id.

    They do so only for the result format COMPLETE, which would fetch every failing row of a
    mart; the sample of SUMMARY is bounded.
    """
    for outcome in validation.results:
        listed = outcome.result.get("partial_unexpected_index_list")
        if listed:
            outcome.result["unexpected_index_list"] = listed
    context.validation_results_store.set(identifier, validation)


def _refuse_error(outcome: gx.ExpectationValidationResult, place: str) -> None:
    exceptions = outcome.exception_info or {}
    found = exceptions if "raised_exception" in exceptions else next(iter(exceptions.values()), {})
    if found.get("raised_exception"):
        message = " ".join(str(found.get("exception_message")).split())
        raise CheckError(f"{place}: {message}")
