"""The sample company that the benchmarks damage or draw, and a damaged copy of it."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import duckdb

from benchmarks.maturity.damages import Mutation, deriving
from config import Settings
from warehouse import open_warehouse


def company_in(home: Path | None, folder: Path) -> Settings:
    """Copy the warehouse of a home, so that the home stays as it is, or make a company anew."""
    if home is None:
        return _made(Settings(home=folder))
    shutil.copy(home / "warehouse.duckdb", folder)
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        (night,) = connection.execute("select max(night) from ops.built_nights").fetchone() or (0,)
    return Settings(home=folder, as_of=night)


def _made(settings: Settings) -> Settings:
    """Make the sample company until yesterday, ingest and build it."""
    from ingest import ingest_inbox
    from nights.building import build
    from sample import make_company

    make_company(settings.inbox, settings.home / "truth")
    ingest_inbox(settings)
    build(settings)
    return settings


def damaged_copy(company: Settings, folder: Path, damage: Mutation | None) -> Settings:
    """Copy the company's warehouse into a new folder and damage the copy."""
    folder.mkdir()
    settings = company.model_copy(update={"home": folder})
    shutil.copy(company.warehouse, settings.warehouse)
    if damage:
        with open_warehouse(settings) as connection:
            execute(connection, damage.sql + deriving(), settings.night)
    return settings


def execute(connection: duckdb.DuckDBPyConnection, sql: str, night: date) -> None:
    """Run the SQL of a damage."""
    connection.execute(sql.replace("{night}", str(night)))
