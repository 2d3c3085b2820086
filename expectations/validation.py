"""Great Expectations, run inside the warehouse: suites, checkpoints and data docs of one night."""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from config.language import _
from expectations.checks import gx_expectation, measure, statement
from expectations.results import ExpectationResult
from expectations.specification import Expectation

if TYPE_CHECKING:
    import great_expectations as gx
    import sqlalchemy
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.data_context import EphemeralDataContext
    from great_expectations.data_context.types.resource_identifiers import (
        ValidationResultIdentifier,
    )

_Key = TypeVar("_Key", bound=tuple[Any, ...])
SITE = "data_docs"
# Failing records listed on a page; the lists in full are a query away (`unexpected_index_query`).
LISTED_RECORDS = 50
MOST_RECORDS = 2**31 - 1


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
        return _("{file}, line {line}, stage {stage}, expectation {name}").format(
            file=file, line=item.line, stage=self.stage, name=item.name
        )

    @property
    def key(self) -> tuple[str, str]:
        """Its identity: use case and expectation."""
        return self.use_case, self.expectation.name

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

    One suite per set of records and one checkpoint per id column, for all use cases together:
    shared checks run once, and Great Expectations needs one query per suite. If `docs` is given,
    the data docs (static HTML) are written into that folder.

    Returns:
        The results, and per use case that could not be checked why, in one line that names the
        place; such a use case has no results.

    """
    run = _Run(_context(docs), night)
    with _datasource(run.context, warehouse, checks) as batches:
        for (record_id,), chosen in _grouped(checks, lambda check: (check.expectation.id,)):
            definitions = [
                _definition(run, batches[records], suite)
                for (records,), suite in _grouped(chosen, lambda check: (check.records,))
            ]
            _check(run, record_id, [definition for definition in definitions if definition])
        if docs is not None:
            run.context.build_data_docs(site_names=[SITE])
    results = []
    for check in checks:
        if check.use_case not in run.problems:
            outcome, succeeded = run.outcomes[check.key]
            item = check.expectation
            results.append(measure(check.use_case, check.stage, item, outcome, succeeded, night))
    return results, run.problems


@dataclass
class _Run:
    """The results so far of one night's run of Great Expectations."""

    context: EphemeralDataContext
    night: date
    # By use case and expectation.
    outcomes: dict[tuple[str, str], tuple[dict[str, Any], bool]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    # By the label that Great Expectations hands back: the checks that share an expectation of it.
    asked: dict[str, list[Check]] = field(default_factory=dict)

    def refuse(self, checks: Sequence[Check], problem: str) -> None:
        """Record that these checks could not run."""
        for check in checks:
            self.problems.setdefault(check.use_case, f"{check.place}: {problem}")


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
            # For pairs of columns Great Expectations lists at most this number, even with COMPLETE.
            "partial_unexpected_count": MOST_RECORDS,
        }
        outcome = (
            batches[check.records]
            .get_batch()
            .validate(_expectation([check], night), result_format=result_format)
        )
    if problem := _problem(outcome):
        raise CheckError(f"{check.place}: {problem}")
    listed = outcome.result.get("unexpected_index_list") or []
    return [record[check.expectation.id] for record in listed]


@contextmanager
def _datasource(
    context: EphemeralDataContext, warehouse: Path, checks: Sequence[Check]
) -> Iterator[dict[str, BatchDefinition[Any]]]:
    """Connect to the warehouse; return the batch of every set of records by its SQL.

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
    _learn_columns_without_rows(datasource.get_execution_engine().engine, set(names))
    try:
        yield {
            sql: datasource.get_asset(name).get_batch_definition("all")
            for sql, name in names.items()
        }
    finally:
        # Whatever stays open here would keep the file locked for every other process.
        datasource.get_execution_engine().close()
        datasource.get_engine().dispose()


def _learn_columns_without_rows(engine: sqlalchemy.Engine, queries: set[str]) -> None:
    """Limit to no rows the queries that Great Expectations runs only to learn the columns.

    Without this each asset's query runs in full; with five million rows that would take longer than
    all checks.
    """
    from sqlalchemy import event

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def limit(*args: Any) -> tuple[str, Any]:  # noqa: ANN401 - SQLAlchemy's, of many kinds
        _, _, statement, parameters, *_ = args
        if statement in queries:
            statement = f"select * from ({statement}) limit 0"
        return statement, parameters


def import_great_expectations() -> ModuleType:
    """Import it without its log line per class and its own warnings.

    It takes seconds, so callers do this before they open the warehouse and shut others out.
    """
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("great_expectations")


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
    run: _Run, batch: BatchDefinition[Any], checks: Sequence[Check]
) -> gx.ValidationDefinition | None:
    """Make the suite of one set of records; None if none of its checks can run."""
    import great_expectations as gx

    expectations = []
    for _key, alike in _grouped(
        checks, lambda check: (str(gx_expectation(check.expectation, run.night)),)
    ):
        label = str(len(run.asked))
        try:
            expectations.append(_expectation(alike, run.night, label))
            run.asked[label] = alike
        except CheckError as error:
            run.refuse(alike, str(error))
    if not expectations:
        return None
    name = f"{batch.data_asset.name} by {checks[0].expectation.id}"
    suite = run.context.suites.add(gx.ExpectationSuite(name=name, expectations=expectations))
    return run.context.validation_definitions.add(
        gx.ValidationDefinition(name=name, data=batch, suite=suite)
    )


def _expectation(
    alike: Sequence[Check], night: date, label: str = ""
) -> gx.expectations.Expectation:
    """Make one Great Expectations expectation for checks that are equal."""
    import great_expectations.expectations as gxe

    class_name, arguments = gx_expectation(alike[0].expectation, night)
    kind = getattr(gxe, class_name, None)
    if kind is None:
        raise CheckError(_("Great Expectations has no {class_name}.").format(class_name=class_name))
    wanted = ", ".join(f"{c.use_case} {c.stage}" if c.stage else c.use_case for c in alike)
    said = " ".join(dict.fromkeys(statement(check.expectation) for check in alike))
    try:
        return kind(
            **arguments,
            # A `$` would open a placeholder in Great Expectations' templates.
            description=f"{wanted}: {said}".replace("$", "$$"),
            meta={"label": label},
        )
    except ValueError as error:
        raise CheckError(" ".join(str(error).split())) from error


def _check(run: _Run, record_id: str, definitions: list[gx.ValidationDefinition]) -> None:
    """Run one checkpoint and keep its results per check."""
    import great_expectations as gx

    if not definitions:
        return
    checkpoint = run.context.checkpoints.add(
        gx.Checkpoint(
            name=record_id,
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
        result = checkpoint.run(run_id=gx.RunIdentifier(run_name=f"{run.night:%Y-%m-%d}"))
    for identifier, validation in result.run_results.items():
        _name_records(run.context, identifier, validation)
        for outcome in validation.results:
            alike = run.asked[outcome.expectation_config.meta["label"]]
            if problem := _problem(outcome):
                run.refuse(alike, problem)
            for check in alike:
                run.outcomes[check.key] = (outcome.result, bool(outcome.success))


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


def _problem(outcome: gx.ExpectationValidationResult) -> str | None:
    """Say in one line why Great Expectations could not compute a check."""
    exceptions = outcome.exception_info or {}
    found = exceptions if "raised_exception" in exceptions else next(iter(exceptions.values()), {})
    if not found.get("raised_exception"):
        return None
    return " ".join(str(found.get("exception_message")).split())
