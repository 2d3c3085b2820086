"""Does the assessment notice damaged data? One damage at a time to the sample company.

`python -m benchmarks.maturity mutations [--home HOME] [--only TEXT] [--show]` makes the sample
company (or takes a home in which it was built), adds what it lacks for the highest stage of three
use cases, and damages a copy of its marts in every way of `damages.yml`. Each copy
is measured by Great Expectations as a night does it, all use cases and the audit (what reads no
mart that differs from the undamaged one is not checked twice); the stages, what is named as the
cause and the records listed are compared with what the damage's author declared.

- *missed*: a stage that must fall does not, or not so far; the cause or the records are wrong.
- *false alarm*: a stage or an expectation of the audit falls that must not.

Exit code 1 if there is either. `--only` measures the damages whose kind and name hold the text,
`--show` prints every use case that fell.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from benchmarks.maturity.company import company_in, damaged_copy, execute
from benchmarks.maturity.damages import (
    Mutation,
    Records,
    all_mutations,
    completing,
)
from config import Settings
from config.settings import ConfigurationError
from expectations import ExpectationResult, unmet_records
from expectations.checks import records_sql
from expectations.history import empty_marts
from expectations.specification import Audit, UseCase, load_audit, load_use_cases
from expectations.stages import fall, reached_stage
from expectations.validation import Check, import_great_expectations, run_checks
from warehouse import open_warehouse


@dataclass(frozen=True)
class Measured:
    """What one measurement found: results per use case (and `audit`), marts without rows."""

    results: dict[str, list[ExpectationResult]]
    empty: set[str]

    @property
    def stages(self) -> dict[str, int]:
        """The stage that each use case has reached."""
        return {
            name: reached_stage(found) for name, found in self.results.items() if name != "audit"
        }

    def named(self, use_case: str, expectation: str) -> ExpectationResult:
        """Find one result."""
        return next(r for r in self.results[use_case] if r.expectation == expectation)

    def unmet(self, use_case: str, above: int) -> list[str]:
        """Name what does not hold in the stage after `above` (of the audit: at all)."""
        return [
            found.expectation
            for found in self.results[use_case]
            if not found.is_met and (use_case == "audit" or found.stage == above + 1)
        ]


@dataclass
class Verdict:
    """What was wrong with the measurement of one damage, and what fell."""

    mutation: Mutation
    fell: dict[str, int]
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)

    @property
    def word(self) -> str:
        """Say it as the table does."""
        if self.missed or self.false:
            words = {"missed": self.missed, "false alarm": self.false}
            return ", ".join(word for word, wrong in words.items() if wrong)
        if self.mutation.why_unnoticed:
            return "not noticed"
        return "caught" if self.mutation.falls or self.mutation.audit else "quiet"


class Bench:
    """The undamaged company, and how a damaged copy of it is measured."""

    def __init__(self, settings: Settings) -> None:
        """Complete the company in `settings.home` and measure it."""
        self.settings = settings
        self.cases: list[UseCase] = load_use_cases(settings.expectations)
        self.specs: list[UseCase | Audit] = [*self.cases, load_audit(settings.expectations)]
        with open_warehouse(settings) as connection:
            execute(connection, completing(), settings.night)
            self.contents = _contents(connection)
        self.before = self.measure(settings, {})

    def measure(self, settings: Settings, known: dict[str, tuple[int, int]]) -> Measured:
        """Run Great Expectations on whatever reads a mart that is not as it is known."""
        with open_warehouse(settings) as connection:
            empty, contents = empty_marts(connection), _contents(connection)
        values = ", ".join(
            f"('{mart}', {rows}, {self.contents[mart][0]})" for mart, (rows, _) in contents.items()
        )
        mart_rows = f"(select * from (values {values}) as t(mart, rows_now, rows_published))"
        changed = {mart for mart, content in contents.items() if known.get(mart) != content}
        checks = [
            Check(
                spec.name,
                stage,
                item,
                records_sql(item, settings.night).replace("{mart_rows}", mart_rows),
                settings.expectations,
            )
            for spec in self.specs
            for stage, item in spec.checks
            if item.marts & changed or not item.marts
        ]
        results, problems = run_checks(checks, settings.warehouse, settings.night)
        if problems:
            raise SystemExit("\n".join(problems.values()))
        found = {(result.use_case, result.expectation): result for result in results}
        return Measured(
            {
                spec.name: [
                    found.get((spec.name, item.name)) or self.before.named(spec.name, item.name)
                    for _, item in spec.checks
                ]
                for spec in self.specs
            },
            empty,
        )

    def judge(self, mutation: Mutation, folder: Path) -> Verdict:
        """Damage a copy, measure it and compare."""
        settings = damaged_copy(self.settings, folder, mutation)
        after = self.measure(settings, self.contents)
        stages = after.stages
        fell = {
            name: stages[name] for name, was in self.before.stages.items() if stages[name] < was
        }
        verdict = Verdict(mutation, fell)
        for name in sorted(mutation.falls.keys() | stages):
            self._compare_stage(verdict, after, name)
        unmet = set(after.unmet("audit", 0))
        verdict.missed += [f"audit {name}" for name in sorted(mutation.audit - unmet)]
        verdict.false += [f"audit {name}" for name in sorted(unmet - mutation.audit)]
        with open_warehouse(settings) as connection:
            for records in mutation.records:
                if wrong := _wrong_records(connection, settings, records):
                    verdict.missed.append(wrong)
        return verdict

    def _compare_stage(self, verdict: Verdict, after: Measured, name: str) -> None:
        was, now = self.before.stages[name], after.stages[name]
        wanted, expectation = verdict.mutation.falls.get(name, (was, ""))
        if now > wanted:
            verdict.missed.append(f"{name} {now} rather than {wanted} by {expectation}")
        elif now < wanted:
            verdict.false.append(f"{name} {now} rather than {wanted} by {after.unmet(name, now)}")
        elif now < was:
            if expectation not in after.unmet(name, now):
                verdict.missed.append(f"{name} by {after.unmet(name, now)}, not by {expectation}")
            case = next(case for case in self.cases if case.name == name)
            items = {item.name: item for _, item in case.checks}
            why = fall(was, now, after.results[name], items, after.empty, set())
            said, cause = why.cause if why else None, verdict.mutation.cause
            if cause not in (None, said):
                verdict.missed.append(f"{name}: cause {said} rather than {cause}")


def _contents(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int]]:
    """Count the rows of every mart and sum up what stands in them."""
    names = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'marts' order by 1"
    ).fetchall()
    found = {}
    for (name,) in names:
        sql = f'select count(*), coalesce(sum(hash(t)), 0) from marts."{name}" t'
        rows, content = connection.execute(sql).fetchone() or (0, 0)
        found[name] = (int(rows), int(content))
    return found


def _wrong_records(
    connection: duckdb.DuckDBPyConnection, settings: Settings, records: Records
) -> str | None:
    """Compare the records that the to-do lists with those that a person would."""
    wanted = connection.execute(records.sql.replace("{night}", str(settings.night))).fetchall()
    try:
        relation = unmet_records(connection, settings, records.use_case, records.expectation)
    except ConfigurationError as error:
        return str(error)
    listed = relation.project("record_id").fetchall()
    if not wanted or {str(key) for (key,) in wanted} != {key for (key,) in listed}:
        return (
            f"{records.use_case}.{records.expectation} lists {len(listed)} records"
            f" rather than {len(wanted)}"
        )
    return None


def table_of(verdicts: Sequence[Verdict], before: dict[str, int], is_long: bool) -> Table:
    """Show a line per damage: what must fall, what fell."""
    table = Table("kind", "damage", "must fall", "fell", "verdict")
    for verdict in verdicts:
        mutation = verdict.mutation
        wanted = {name: stage for name, (stage, _) in mutation.falls.items()}
        said = [
            ", ".join(f"{name} {before[name]}→{stage}" for name, stage in sorted(what.items()))
            if is_long
            else str(len(what))
            for what in (wanted, verdict.fell)
        ]
        wrong = "; ".join([*verdict.missed, *verdict.false]) or mutation.why_unnoticed
        word = f"{verdict.word}: {wrong}" if wrong else verdict.word
        table.add_row(mutation.kind, mutation.name, *said, word)
    return table


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", default="", help="text in the kind and name of a damage")
    parser.add_argument("--show", action="store_true", help="name the use cases that fall")


def run(arguments: argparse.Namespace, folder: Path) -> int:
    """Print a line per damage and the table; 1 if one is missed or falsely alarms."""
    started = time.perf_counter()
    import_great_expectations()
    bench = Bench(company_in(arguments.home, folder))
    print(f"Undamaged: {bench.before.stages}, audit {bench.before.unmet('audit', 0) or 'met'}")
    verdicts = []
    for number, mutation in enumerate(all_mutations()):
        if arguments.only in f"{mutation.kind} {mutation.name}":
            verdicts.append(verdict := bench.judge(mutation, folder / str(number)))
            print(f"{mutation.kind}: {mutation.name}: {verdict.word}", flush=True)
            for wrong in (*verdict.missed, *verdict.false):
                print(f"  {wrong}", flush=True)
            shutil.rmtree(folder / str(number))
    Console(width=None if sys.stdout.isatty() else 180).print(
        table_of(verdicts, bench.before.stages, arguments.show)
    )
    touched = {name for verdict in verdicts for name in verdict.mutation.falls}
    falls = sum(len(verdict.mutation.falls) for verdict in verdicts)
    print(f"{len(verdicts)} damages, {falls} falls of {len(touched)} use cases declared,",
          f"in {time.perf_counter() - started:.0f} s:",
          dict(Counter(verdict.word for verdict in verdicts)))  # fmt: skip
    return int(any(verdict.missed or verdict.false for verdict in verdicts))
