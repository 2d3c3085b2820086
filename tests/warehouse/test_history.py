"""What snapshots keep of customers, night after night: real dbt on a hand-made mart."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

from config import PROJECT_ROOT, Settings
from tests.warehouse.conftest import fill_raw
from warehouse import open_warehouse

FIRST, FAILED, THIRD = date(2025, 12, 1), date(2025, 12, 2), date(2025, 12, 3)
Version = tuple[str, str, date, date | None]


class Nights:
    """A home in which only the snapshot of customers is built."""

    def __init__(self, home: Path) -> None:
        self.settings = Settings(home=home)
        fill_raw(self.settings)

    def snapshot(self, night: date, customers: dict[str, str], *, succeeds: bool = True) -> None:
        """Snapshot customers (id to city); `succeeds` is what `remember` does after a build."""
        with open_warehouse(self.settings) as connection:
            connection.execute(
                "create or replace table marts.customers as select unnest(?) as customer_id,"
                " unnest(?) as city, null::varchar as name, null::varchar as street,"
                " null::varchar as postcode, null::varchar as country, null::varchar as phone,"
                " null::varchar as email, null::varchar as website, null::varchar as vat_id,"
                " null::varchar as registration_no, null::varchar as industry,"
                " null::integer as employees, null::varchar as account_manager,"
                " null::date as customer_since",
                [list(customers), list(customers.values())],
            )
        folder = self.settings.home / "dbt"
        run = subprocess.run(
            [
                *(Path(sys.executable).with_name("dbt"), "snapshot", "--select", "snap_customers"),
                *("--project-dir", PROJECT_ROOT / "dbt_project", "--target-path", folder),
                *("--profiles-dir", PROJECT_ROOT / "dbt_project", "--log-path", folder / "logs"),
            ],
            env={
                "REIFEGRAD_HOME": str(self.settings.home),
                "REIFEGRAD_AS_OF": night.isoformat(),
                "PATH": "",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout
        if succeeds:
            with open_warehouse(self.settings) as connection:
                connection.execute("insert or ignore into ops.built_nights values (?)", [night])

    def versions(self) -> list[Version]:
        with duckdb.connect(str(self.settings.warehouse), read_only=True) as connection:
            return connection.sql(
                "select customer_id, city, dbt_valid_from, dbt_valid_to"
                " from snapshots.snap_customers order by all"
            ).fetchall()


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    nights = Nights(tmp_path_factory.mktemp("history") / "home")
    nights.snapshot(FIRST, {"A": "Kiel", "B": "Ulm"})
    # the next night changes A, loses B and finds C; then its build fails
    nights.snapshot(FAILED, {"A": "Bonn", "C": "Jena"}, succeeds=False)
    return nights


@pytest.fixture(scope="module")
def third(nights: Nights) -> list[Version]:
    nights.snapshot(THIRD, {"A": "Köln", "B": "Ulm", "D": "Hof"})
    return nights.versions()


def test_versions_are_valid_from_night_to_night_and_failed_builds_are_forgotten(
    third: list[Version],
) -> None:
    assert third == [
        ("A", "Kiel", FIRST, THIRD),
        ("A", "Köln", THIRD, None),
        ("B", "Ulm", FIRST, None),
        ("D", "Hof", THIRD, None),
    ]


def test_a_night_run_again_replaces_what_it_found_before(
    nights: Nights, third: list[Version]
) -> None:
    # A changes once more, B is gone after all and so is D, which nobody ever saw
    nights.snapshot(THIRD, {"A": "Celle"})
    assert nights.versions() == [
        ("A", "Celle", THIRD, None),
        ("A", "Kiel", FIRST, THIRD),
        ("B", "Ulm", FIRST, THIRD),
    ]
    # one that looks back counts as the last one
    nights.snapshot(FIRST, {"A": "Köln", "B": "Ulm", "D": "Hof"})
    assert nights.versions() == third


def test_a_night_run_again_after_an_upgrade_gives_the_history_its_new_column(
    nights: Nights, third: list[Version]
) -> None:
    with duckdb.connect(str(nights.settings.warehouse)) as connection:
        connection.execute("alter table snapshots.snap_customers drop column phone")
    nights.snapshot(THIRD, {"A": "Köln", "B": "Ulm", "E": "Hof"})
    with duckdb.connect(str(nights.settings.warehouse), read_only=True) as connection:
        columns = connection.sql("describe snapshots.snap_customers").fetchall()
    assert "phone" in {column[0] for column in columns}
