"""Does chance change a stage? The sample company drawn anew a hundred times.

`python -m benchmarks.maturity edges [--home HOME] [--draws 100] [--damage TEXT] [--seed 1]` draws
the customers of the sample company with replacement, each with all rows of all marts (rows of no
customer one by one), checks what `expectations/*.yml` ask by the plain SQL of
`benchmarks.assessment`, and prints per use case in how many draws its stage is another, by which
expectations, and whether the assessment says beforehand that the stage is at its edge. With
`--damage` also for the company after every damage whose kind and name hold the text. A customer
who is drawn twice is two: ids, name and addresses are told apart.

Exit code 1 if a stage changes in 2 % of the draws or more and nothing says so.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.assessment import plain_sql
from benchmarks.maturity.company import company_in, damaged_copy
from benchmarks.maturity.damages import KEYS, Mutation, all_mutations
from config import Settings
from expectations import ExpectationResult
from expectations.checks import COUNT_CLASSES, DATE_CLASSES, measure, records_sql
from expectations.edges import deciding
from expectations.specification import Expectation, UseCase, load_use_cases
from expectations.stages import reached_stage

NOISE = 0.02  # a stage that changes in so many draws must be said to be at its edge
# Mart that is drawn -> its columns with addresses of people.
DRAWN: dict[str, tuple[str, ...]] = {
    "customers": (),
    "orders": (),
    "order_lines": (),
    "contacts": ("email",),
    "leads": ("contact_email",),
    "tickets": (),
    "interactions": ("email",),
    "consents": ("email",),
}


@dataclass
class Outcome:
    """How often the stage of one use case was another, and what then decided."""

    stage: int
    edge: tuple[str, ...]
    changes: int = 0
    deciders: Counter[str] = field(default_factory=Counter)


def check(
    connection: duckdb.DuckDBPyConnection, case: UseCase, night: date, known: dict[str, Any]
) -> list[ExpectationResult]:
    """Check a use case by plain SQL; `known` holds what was asked before."""

    def ask(sql: str) -> Any:  # noqa: ANN401 - a number or nothing
        if sql not in known:
            known[sql] = (connection.execute(sql).fetchone() or (None,))[0]
        return known[sql]

    results = []
    for stage, item in case.checks:
        figure = ask(plain_sql(item, night))
        if item.type in DATE_CLASSES:
            newest = None if figure is None else date.fromordinal(night.toordinal() - figure)
            outcome: dict[str, Any] = {"observed_value": newest}
            bound = item.at_most if item.type == "fresh" else item.at_least
            is_met = figure is not None and (
                figure <= (bound or 0) if item.type == "fresh" else figure >= (bound or 0)
            )
        elif item.type in COUNT_CLASSES:
            outcome, is_met = {"observed_value": figure}, figure >= (item.at_least or 0)
        else:
            total = ask(f"select {_counted(item)} from ({records_sql(item, night)})")
            outcome = {"element_count": total, "unexpected_count": figure}
            is_met = total - figure >= item.mostly * total - 1e-9
        results.append(measure(case.name, stage, item, outcome, is_met, night))
    return results


def _counted(item: Expectation) -> str:
    """Count as Great Expectations does: all, or what has a value."""
    if item.type == "complete":
        return "count(*)"
    columns = [item.column] if item.column else [item.arguments[f"column_{x}"] for x in "AB"]
    present = " and ".join(f'"{column}" is not null' for column in columns)
    return f"count(*) filter ({present})"


def draw(connection: duckdb.DuckDBPyConnection, random: np.random.Generator) -> None:
    """Fill schema `marts` with a company drawn from `source.marts`."""
    connection.execute("create or replace temp table drawn (unit varchar, copy integer)")
    for mart in DRAWN:
        key = KEYS[mart]
        own = "" if mart == "customers" else " where customer_id is null"
        unit = "order_id" if mart == "order_lines" else key
        if mart == "order_lines":
            continue  # its orders are drawn
        units = connection.execute(
            f"select {unit} from source.marts.{mart}{own} order by 1"
        ).fetchnumpy()[unit]
        if len(units):
            copies = random.multinomial(len(units), np.full(len(units), 1 / len(units)))
            chosen = {"unit": np.repeat(units, copies),
                      "copy": np.concatenate([np.arange(n) for n in copies])}  # fmt: skip
            connection.register("chosen", chosen)
            connection.execute("insert into drawn select unit, copy from chosen")
    for mart, addresses in DRAWN.items():
        key = KEYS[mart]
        unit = "order_id" if mart == "order_lines" else key
        columns = {key, "customer_id", *(["order_id"] if mart == "order_lines" else [])}
        replaced = [f"{column} || '#' || copy as {column}" for column in sorted(columns)]
        replaced += [f"copy || '.' || {column} as {column}" for column in addresses]
        if mart == "customers":
            replaced.append("name || ' #' || copy as name")
        connection.execute(
            f"create or replace table marts.{mart} as"
            f" select m.* replace ({', '.join(replaced)}) from source.marts.{mart} m"
            f" join drawn on coalesce(customer_id, {unit}) = unit"
        )


def bootstrap(settings: Settings, draws: int, seed: int) -> dict[str, Outcome]:
    """Draw the company in `settings.home` and compare each draw's stages with its own."""
    cases = load_use_cases(settings.expectations)
    random = np.random.default_rng(seed)
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"attach '{settings.warehouse}' as source (read_only)")
        connection.execute("create schema marts")
        for mart in (*DRAWN, "products"):
            connection.execute(f"create table marts.{mart} as from source.marts.{mart}")
        outcomes, before = {}, {}
        known: dict[str, Any] = {}
        for case in cases:
            results = before[case.name] = check(connection, case, settings.night, known)
            stage = reached_stage(results)
            items = {item.name: item for _, item in case.checks}
            outcomes[case.name] = Outcome(stage, deciding(stage, results, items))
        for _ in range(draws):
            draw(connection, random)
            known = {}
            for case in cases:
                results = check(connection, case, settings.night, known)
                outcome = outcomes[case.name]
                if reached_stage(results) != outcome.stage:
                    outcome.changes += 1
                    pairs = zip(before[case.name], results, strict=True)
                    outcome.deciders.update(
                        now.expectation for was, now in pairs if was.is_met != now.is_met
                    )
    return outcomes


def table_of(outcomes: dict[str, Outcome], draws: int) -> Table:
    """Show a line per use case."""
    table = Table("use case", "stage", "another stage", "by", "said to be at its edge")
    for name, found in outcomes.items():
        by = ", ".join(f"{name} ({n})" for name, n in found.deciders.most_common(3))
        share = f"{found.changes / draws:.0%}"
        table.add_row(name, str(found.stage), share, by, ", ".join(found.edge))
    return table


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--damage", help="text in the kind and name of damages to do before")
    parser.add_argument("--seed", type=int, default=1)


def run(arguments: argparse.Namespace, folder: Path) -> int:
    """Print the tables; 1 if a stage changes and nothing says so."""
    started = time.perf_counter()
    damages: list[Mutation | None] = [None]
    if arguments.damage is not None:
        damages += [m for m in all_mutations() if arguments.damage in f"{m.kind} {m.name}"]
    unsaid, said = 0, Counter[str]()
    company = company_in(arguments.home, folder)
    for number, damage in enumerate(damages):
        settings = damaged_copy(company, folder / str(number), damage)
        outcomes = bootstrap(settings, arguments.draws, arguments.seed)
        print(f"{damage.kind}: {damage.name}" if damage else "The company as it is")
        Console(width=None if sys.stdout.isatty() else 160).print(
            table_of(outcomes, arguments.draws)
        )
        for found in outcomes.values():
            is_noisy = found.changes >= NOISE * arguments.draws
            unsaid += is_noisy and not found.edge
            said[f"{'changes' if is_noisy else 'stands'}, {'edge' if found.edge else 'firm'}"] += 1
    print(dict(said), f"in {time.perf_counter() - started:.0f} s")
    return int(unsaid > 0)
