"""Time of an assessment of a large company, beside plain SQL of the same checks.

`python -m benchmarks.assessment [--customers 100000] [--lines 5000000]` makes the marts of an
invented company directly (no files, no dbt) and measures

- `expectations.assess` as each night runs it: Great Expectations with data docs, results written;
- the same checks as plain SQL in one DuckDB session: one `select count(*), count(*) filter (...)`
  per expectation of `expectations/*.yml`, one after the other, nothing written.

Both start with the marts on disk and Great Expectations imported, whose import is told apart.
Beside the seconds stand those of all processor cores together, which other work on the machine
changes less. The counts of both must agree, or the exit code is 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

import expectations
from config import Settings
from expectations.checks import COUNT_CLASSES, DATE_CLASSES, records_sql
from expectations.records import unmet_sql
from expectations.specification import Expectation, load_use_cases
from expectations.validation import import_great_expectations
from warehouse import open_warehouse

Key = tuple[str, str]  # use case, expectation
NIGHT = date(2026, 3, 2)
MARTS = """
create table marts.customers as
select 'C' || n as customer_id, 'Firma ' || n as name, (10000 + n % 89999)::varchar as postcode,
    case when n % 11 > 0 then 'Branche ' || n % 12 end as industry,
    case when n % 9 > 0 then 5 + n % 300 end as employees, 'Berg' as account_manager,
    case when n % 10 > 0 then 'DE' end as country, 'info@firma.example' as email,
    'www.firma.example' as website, 20 as order_count,
    date '{night}' - (n % 200)::int as last_order_on, n % 50 = 0 as has_objected_to_profiling
from range({customers}) t(n);

create table marts.orders as
select 'O' || n as order_id, 'C' || n % {customers} as customer_id,
    date '{night}' - (n % 1000)::int as ordered_on, ordered_on + 14 as promised_on,
    ordered_on + 15 as delivered_on, 1::bigint as days_late, 30.0::double as net_amount,
    n % 100 = 0 as is_cancelled
from range({lines} // 5) t(n);

create table marts.order_lines as
select 'L' || n as order_line_id, 'O' || n // 5 as order_id, 'S' || n % 5000 as sku,
    (1 + n % 7)::double as quantity, 15.0::double as unit_price,
    14.0::double * (1 + n % 7) as net_amount,
    n % 100 = 0 as is_cancelled
from range({lines}) t(n);

create table marts.products as
select 'P' || n as product_id, 'S' || n as sku, 'Welle ' || n as name,
    case when n % 20 > 0 then 'Gruppe ' || n % 6 end as product_group
from range(5000) t(n);

create table marts.contacts as
select 'K' || n as contact_id, 'C' || n % {customers} as customer_id, 'Anna' as given_name,
    case when n % 30 > 0 then 'Berg' end as family_name,
    case when n % 5 > 0 then 'Einkauf' end as role,
    case when n % 8 > 0 then 'p' || n || '@firma.example' end as email, n % 20 > 0 as is_active
from range({customers} * 2) t(n);

create table marts.leads as
select 'D' || n as lead_id, 'C' || n % {customers} as customer_id, 'Anfrage' as title,
    ['open', 'won', 'lost'][1 + n % 3] as outcome, 1000.0 as amount, 'Messe' as lead_source,
    date '{night}' - (n % 900 + 20)::int as created_on,
    case when n % 3 > 0 then created_on + 20 end as closed_on,
    'p' || n || '@firma.example' as contact_email, 'Branche' as industry, 50 as employees
from range({customers} // 2) t(n);

create table marts.interactions as
select 'I' || n as interaction_id, case when n % 9 > 0 then 'C' || n % {customers} end
        as customer_id, 'K' || n % ({customers} * 2) as contact_id,
    ['email_open', 'email_click', 'web_visit', 'email_bounce', 'fair_visit'][1 + n % 5] as kind,
    timestamp '{night} 09:00' - to_minutes((n * 97 % 1400000)::int) as occurred_at,
    'Kampagne ' || n % 60 as detail, 'p' || n % ({customers} * 2) || '@firma.example' as email
from range({lines} // 2) t(n);

create table marts.tickets as
select 'T' || n as ticket_id, 'C' || n % {customers} as customer_id,
    timestamp '{night} 09:00' - to_hours((n * 7 % 22000)::int) as opened_at,
    opened_at + interval 2 day as closed_at,
    case when n % 15 > 0 then 'Kategorie ' || n % 6 end as category, 'Frage' as subject,
    'Text der Anfrage' as body, n % 4 = 0 as is_complaint
from range({customers}) t(n);

create table marts.consents as
select 'E' || n as consent_id, 'C' || n % {customers} as customer_id,
    'p' || n || '@firma.example' as email, 'newsletter' as purpose, n % 3 > 0 as is_granted,
    date '{night}' as decided_on
from range({customers}) t(n);
"""


def plain_sql(item: Expectation, night: date) -> str:
    """Write what a person would write to check an expectation: one figure, by hand."""
    records = records_sql(item, night)
    if item.type in COUNT_CLASSES:
        what = "count(*)" if item.type == "rows" else f'count(distinct "{item.column}")'
        return f"select {what} from ({records})"
    if item.type in DATE_CLASSES:
        what = "max" if item.type == "fresh" else "min"
        return f"select date '{night}' - {what}(\"{item.column}\") from ({records})"
    if item.type == "complete":
        return f'select count(*) - count("{item.column}") from ({records})'
    if item.type == "ExpectColumnPairValuesAToBeGreaterThanB":
        a, b = item.arguments["column_A"], item.arguments["column_B"]
        return f'select count(*) filter ("{a}" < "{b}") from ({records})'
    return f"select count(*) from ({unmet_sql(item, night)})"


@dataclass
class Took:
    """Seconds on the clock, and of all processor cores together."""

    wall: float = 0
    cpu: float = 0


@contextmanager
def timed() -> Iterator[Took]:
    took, wall, cpu = Took(), time.perf_counter(), time.process_time()
    yield took
    took.wall, took.cpu = time.perf_counter() - wall, time.process_time() - cpu


def by_hand(settings: Settings) -> tuple[Took, dict[Key, float | None]]:
    """Run the checks as plain SQL; gives the time and the figure of each."""
    checks = [
        (case.name, item.name, plain_sql(item, settings.night))
        for case in load_use_cases(settings.expectations)
        for _, item in case.checks
    ]
    with timed() as took, duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        found = {
            (use_case, name): (connection.execute(sql).fetchone() or (None,))[0]
            for use_case, name, sql in checks
        }
    return took, found


def by_assessment(settings: Settings) -> tuple[Took, dict[Key, float | None]]:
    """Assess as the night does; gives the time and the figure that plain SQL counts too."""
    with timed() as took:
        expectations.assess(settings)
    with open_warehouse(settings) as connection:
        rows = connection.execute(
            "select use_case, expectation, unit, observed, records_unmet"
            " from ops.expectation_results where use_case <> 'audit'"
        ).fetchall()
    return took, {
        (use_case, name): unmet if unit == "share" else observed
        for use_case, name, unit, observed, unmet in rows
    }


def make_company(settings: Settings, customers: int, lines: int) -> None:
    """Write the marts into a fresh warehouse."""
    with open_warehouse(settings) as connection:
        connection.execute(MARTS.format(night=NIGHT, customers=customers, lines=lines))
        connection.execute("checkpoint")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--lines", type=int, default=5_000_000)
    parser.add_argument("--folder", type=Path, help="where to put the warehouse meanwhile")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        settings = Settings(home=Path(folder), as_of=NIGHT)
        make_company(settings, arguments.customers, arguments.lines)
        with timed() as importing:
            import_great_expectations()
        hand, counted = by_hand(settings)
        assessed, measured = by_assessment(settings)
    table = Table("what", "seconds", "of all cores", "times plain SQL", "of all cores")
    for what, took in (
        (f"plain SQL, {len(counted)} checks", hand),
        ("reifegrad assess", assessed),
        ("import of Great Expectations", importing),
    ):
        times = (f"{took.wall / hand.wall:.1f}", f"{took.cpu / hand.cpu:.1f}")
        table.add_row(what, f"{took.wall:.1f}", f"{took.cpu:.1f}", *times)
    Console().print(table)
    different = {key for key, figure in counted.items() if measured.get(key) != figure}
    for use_case, name in sorted(different):
        key = (use_case, name)
        print(f"{use_case}.{name}: by hand {counted[key]}, assessed {measured.get(key)}")
    return int(bool(different))


if __name__ == "__main__":
    sys.exit(main())
