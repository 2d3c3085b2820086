"""Building the marts: dbt in a process of its own, watched line by line."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from config import PROJECT_ROOT, Settings
from config.language import _
from warehouse.files import open_warehouse
from warehouse.page import read_manifest, read_rows, read_sources, read_tables, render

DBT_PROJECT = PROJECT_ROOT / "dbt_project"
FULL_DOCS = "warehouse_dbt.html"
FAILED = ("error", "fail", "runtime error")
logger = logging.getLogger(__name__)


class BuildFailedError(Exception):
    """A model or test of dbt failed; the message names it and dbt's log."""


class BuildResult(BaseModel):
    """What one run of dbt built.

    `seconds` maps each model, seed and test that ran to the time that it took.
    """

    model_config = ConfigDict(frozen=True)

    models: int
    tests: int
    warnings: tuple[str, ...]
    seconds: dict[str, float]


def build(settings: Settings, *, full_refresh: bool = False) -> BuildResult:
    """Build and test staging, intermediate, marts and sync from the views that ingest made.

    Where nothing changed, rows of the last build are reused, with the same result; `full_refresh`
    rebuilds everything. dbt keeps the DuckDB file open until its process ends, hence the child
    process; its state lies in `<home>/dbt`, because the project's folder may be read-only.

    Raises:
        BuildFailedError: a model or test failed, or nothing was ingested yet.
        WarehouseLockedError: another process holds the warehouse.

    """
    with open_warehouse(settings) as connection:
        (views,) = connection.execute(
            "select count(*) from information_schema.tables where table_schema = 'raw'"
        ).fetchone() or (0,)
    if not views:
        raise BuildFailedError(
            _(
                "The warehouse holds no raw data yet: put files into {inbox} and run"
                " `reifegrad ingest` first."
            ).format(inbox=settings.inbox)
        )
    folder = settings.home / "dbt"
    results = folder / "target" / "run_results.json"
    results.unlink(missing_ok=True)
    # unit tests check the SQL, not the data: they belong to `make test`
    verb = ["build", "--exclude-resource-type", "unit_test"]
    _run(_command(folder, *verb, *(["--full-refresh"] if full_refresh else [])), settings)
    return _read_results(results, folder / "logs" / "dbt.log")


def document(settings: Settings) -> Path:
    """Write the page about the tables and their lineage, and return its path.

    dbt's own pages, with SQL, tests and the whole graph, lie beside it and are linked from it.

    Raises:
        BuildFailedError: dbt could not write it.
        WarehouseLockedError: another process holds the warehouse.

    """
    with open_warehouse(settings) as connection:  # raises if it is locked
        sources, rows = read_sources(connection), read_rows(connection)
    folder = settings.home / "dbt" / "docs"
    written = folder / "target" / "static_index.html"
    written.unlink(missing_ok=True)
    _run(_command(folder, "docs", "generate", "--static"), settings)
    if not written.is_file():
        raise BuildFailedError(
            _("dbt could not write the page; the reason is in {folder}.").format(
                folder=folder / "logs" / "dbt.log"
            )
        )
    page = settings.reports / "warehouse.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    written.replace(page.with_name(FULL_DOCS))
    tables = read_tables(read_manifest(folder / "target" / "manifest.json"), rows)
    fresh = page.with_name(f".{page.name}.new")
    fresh.write_text(render(settings, sources, tables, FULL_DOCS), encoding="utf-8")
    return fresh.replace(page)


def _command(folder: Path, *verb: str) -> list[str]:
    return [
        *(sys.executable, "-W", "ignore", "-c", "from dbt.cli.main import cli; cli()", *verb),
        *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)),
        *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        *("--log-format", "json", "--no-version-check"),
    ]


def _environment(settings: Settings) -> dict[str, str]:
    return os.environ | {
        "REIFEGRAD_HOME": str(settings.home),
        "REIFEGRAD_CONFIG": str(settings.config),
        "REIFEGRAD_LANGUAGE": settings.language,
        "REIFEGRAD_TIMEZONE": settings.timezone,
        "REIFEGRAD_AS_OF": settings.night.isoformat(),
    }


def _run(command: list[str], settings: Settings) -> None:
    """Run dbt to its end and log its progress; its results say whether it succeeded."""
    with subprocess.Popen(
        command,
        cwd=PROJECT_ROOT,
        env=_environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            for level, message in _messages(process.stdout or ()):
                logger.log(level, "dbt: %s", message)
        except BaseException:  # Ctrl-C and Airflow's end of a task too: leave no dbt behind
            process.terminate()
            raise


def _messages(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield level and text per line of dbt's JSON log; a line of anything else is a warning."""
    levels = logging.getLevelNamesMapping()
    for line in lines:
        try:
            info = json.loads(line)["info"]
        except (ValueError, KeyError, TypeError):
            yield logging.WARNING, line.rstrip()
            continue
        level = levels.get(info["level"].upper(), logging.DEBUG)
        if info["name"] == "LogStartLine":  # its end is logged as well
            level = logging.DEBUG
        if message := info["msg"].strip():
            yield level, message


def _read_results(results: Path, log: Path) -> BuildResult:
    if not results.is_file():
        raise BuildFailedError(
            _("dbt could not start building; the reason is in {log}.").format(log=log)
        )
    nodes = json.loads(results.read_text(encoding="utf-8"))["results"]
    name = {node["unique_id"]: node["unique_id"].split(".")[2] for node in nodes}
    failed = [name[node["unique_id"]] for node in nodes if node["status"] in FAILED]
    if failed:
        raise BuildFailedError(
            _("dbt: {names} failed; nothing is published. Details: {log}.").format(
                names=", ".join(failed), log=log
            )
        )
    return BuildResult(
        models=sum(node["unique_id"].startswith("model.") for node in nodes),
        tests=sum(node["unique_id"].startswith("test.") for node in nodes),
        warnings=tuple(
            f"{name[node['unique_id']]}: {node['message']}"
            for node in nodes
            if node["status"] == "warn"
        ),
        seconds={name[node["unique_id"]]: node["execution_time"] for node in nodes},
    )
