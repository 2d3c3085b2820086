"""The first night of companies of their own: a folder of files, three commands, what came of it.

`python -m benchmarks.first_night NAME=FOLDER …` runs `reifegrad start FOLDER`, `check` and `run`
for each folder in a home of its own, as a new user would, editing nothing, and prints per company
what was understood and what the night found. `--keep FOLDER` leaves the homes there to look at.
`NAME=FOLDER@2010-12-10` lets the night be another than today's: for files that ended long ago.

Clock seconds are the program's; what a person reads and answers in between comes on top.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

REIFEGRAD = Path(sys.executable).with_name("reifegrad")
HEADER = (
    "| company | files | rows found = loaded + quarantined | customers"
    " | orders, contacts, leads with their customer | stages 0, 1, 2, 3 | scores: high, medium, low"
    " | `start`, `check`, `run`: exit code, seconds |"
)


@dataclass(frozen=True)
class Step:
    """One command: its name, its exit code and clock seconds."""

    command: str
    code: int
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("companies", nargs="+", metavar="NAME=FOLDER[@NIGHT]")
    parser.add_argument("--language", choices=("de", "en"), default="de")
    parser.add_argument("--keep", type=Path, help="Where the homes stay; each must be new.")
    arguments = parser.parse_args()
    print(HEADER)
    print("|---" * HEADER.count(" | ") + "|---|")
    for company in arguments.companies:
        name, _, place = company.partition("=")
        folder, _, night = place.partition("@")
        settings = {"LANGUAGE": arguments.language} | ({"AS_OF": night} if night else {})
        with _home(arguments.keep, name) as home:
            steps = first_night(home, name, Path(folder), settings)
            print(f"| {name} | {describe(home)} | {_told(steps)} |", flush=True)


def first_night(home: Path, name: str, folder: Path, settings: Mapping[str, str]) -> list[Step]:
    """Run the three commands; what each prints stays in `<home>/<command>.txt`."""
    variables = {f"REIFEGRAD_{setting}": value for setting, value in settings.items()}
    return [
        _run(home, variables, "start", str(folder.resolve()), "--company", name),
        _run(home, variables, "check"),
        _run(home, variables, "run"),
    ]


def describe(home: Path) -> str:
    """Say in the cells of a table what the night found; empty cells where it made nothing."""
    warehouse = home / "warehouse.duckdb"
    if not warehouse.exists():
        return " | ".join(["–"] * (HEADER.count(" | ") - 1))
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return " | ".join(_cells(connection))


def _cells(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    def rows(query: str) -> Sequence[tuple[int, ...]]:
        with contextlib.suppress(duckdb.CatalogException):
            return connection.execute(query).fetchall()
        return []

    loads = rows(
        "select count(distinct file), sum(rows_found), sum(rows_loaded), sum(rows_quarantined)"
        " from ops.loads"
    )
    files, found, loaded, quarantined = loads[0] if loads else (0, 0, 0, 0)
    yield str(files)
    yield f"{found:,} = {loaded:,} + {quarantined:,}"
    yield ", ".join(f"{count:,}" for (count,) in rows("select count(*) from marts.customers"))
    yield ", ".join(
        f"{tied:,} of {count:,}"
        for mart in ("orders", "contacts", "leads")
        for tied, count in rows(f"select count(customer_id), count(*) from marts.{mart}")
    )
    stages = dict(
        rows(
            "select stage, count(*) from ops.maturity_stages where night ="
            " (select max(night) from ops.maturity_stages) group by stage"
        )
    )
    yield ", ".join(str(stages.get(stage, 0)) for stage in range(4))
    bands = dict(rows("select band, count(*) from ops.scores group by band"))
    yield ", ".join(str(bands.get(band, 0)) for band in ("high", "medium", "low"))


def _run(home: Path, variables: Mapping[str, str], *command: str) -> Step:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("REIFEGRAD_")},
        **variables,
        "REIFEGRAD_HOME": str(home),
        "COLUMNS": "120",
    }
    started = time.perf_counter()
    done = subprocess.run(
        [REIFEGRAD, *command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    home.mkdir(parents=True, exist_ok=True)
    (home / f"{command[0]}.txt").write_text(done.stdout, encoding="utf-8")
    return Step(command[0], done.returncode, time.perf_counter() - started)


def _told(steps: Sequence[Step]) -> str:
    return ", ".join(f"{step.code} ({step.seconds:.0f} s)" for step in steps)


@contextlib.contextmanager
def _home(keep: Path | None, name: str) -> Iterator[Path]:
    if keep:
        home = keep / name
        if home.exists():
            sys.exit(f"{home} is there already: name another folder or remove it.")
        yield home
        return
    with tempfile.TemporaryDirectory(prefix="first-night-") as folder:
        yield Path(folder) / name


if __name__ == "__main__":
    main()
