"""Make `home.tar.xz`: a tiny home as the last release left it, for `test_upgrade.py`.

Done once per release, when its code is final:

    git worktree add ../release v1.2.0 && make -C ../release setup
    .venv/bin/python -m tests.last_release.make ../release

Everything is done by that release's own command line: files of a company of eighteen customers, a
night, a decision of a person about two records, a cell filled in in the to-do list, and another
night, whose scores go to the Excel list (so there is a ledger without a CRM). Kept are the files of
the inbox and the archive, the settings and the warehouse; of what is made anew each night, nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Final

import duckdb
from openpyxl import load_workbook

ARCHIVE: Final = Path(__file__).with_name("home.tar.xz")
NIGHTS: Final = ("2026-11-28", "2026-11-29")
KEPT: Final = ("inbox", "archive", "config", "warehouse.duckdb")
SAMPLE: Final = ("--customers", "18", "--months", "14", "--until", "2026-11-27")

PEOPLES: Final = ("identity_decisions", "corrections", "maturity_stages", "push_ledger")
MADE_ANEW: Final = ("staging", "intermediate", "sync")
FILLED_IN: Final = {"Industry": "Maschinenbau", "Role": "Einkauf"}


def make(release: Path) -> Path:
    """Let the code in `release` make the home, and return the archive of it."""
    with tempfile.TemporaryDirectory(prefix="reifegrad-") as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        _configure(release, home)
        _command(release, home, NIGHTS[0], "sample", *SAMPLE)
        _command(release, home, NIGHTS[0], "run")
        _command(release, home, NIGHTS[1], "identity", "decide", *_two_records(home), "same")
        _fill_in(home / "review" / "to_do.xlsx")
        _command(release, home, NIGHTS[1], "run")
        _require_rows(home)
        _compact(home / "warehouse.duckdb")
        with tarfile.open(ARCHIVE, "w:xz", preset=9) as archive:
            for name in KEPT:
                archive.add(home / name, name)
    return ARCHIVE


def _configure(release: Path, home: Path) -> None:
    """Give the home a configuration of its own, without a CRM."""
    (home / "config").mkdir()
    for name in ("sources.yml", "golden_record.yml", "settings.env"):
        shutil.copy(release / "config" / name, home / "config" / name)
    (home / "config" / "crm.yml").write_text("connector: excel\n", encoding="utf-8")


def _command(release: Path, home: Path, night: str, *arguments: str) -> None:
    environment = os.environ | {
        "REIFEGRAD_HOME": str(home),
        "REIFEGRAD_AS_OF": night,
        "REIFEGRAD_LANGUAGE": "en",
        "LOGNAME": "anna",  # whose decision it is
    }
    program = release.resolve() / ".venv" / "bin" / "reifegrad"
    subprocess.run([str(program), *arguments], check=True, env=environment, cwd=release)


def _two_records(home: Path) -> list[str]:
    """Two records of customers that the machine holds apart."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        found = connection.sql(
            "select min(record_id) from marts.customer_records group by customer_id order by all"
        ).fetchall()
    return [record for (record,) in found[:2]]


def _fill_in(path: Path) -> None:
    """Fill in one empty cell of the list, as a person would."""
    book = load_workbook(path)
    for sheet in book.worksheets[1:]:
        for cell in sheet[1]:
            field = str(cell.value).removesuffix(" (please fill in)")
            if field != cell.value and field in FILLED_IN:
                sheet.cell(2, cell.column, FILLED_IN[field])
                book.save(path)
                return
    raise SystemExit(f"{path} asks for none of {', '.join(FILLED_IN)}: take a larger sample")


def _require_rows(home: Path) -> None:
    """Stop where the home has nothing of something that the test looks for."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        for table in PEOPLES:
            if not connection.sql(f"select 1 from ops.{table} limit 1").fetchall():
                raise SystemExit(f"ops.{table} is empty: take a larger sample")


def _compact(path: Path) -> None:
    """Write the database anew without what a build makes of the rest, and without empty room."""
    fresh, whole = path.with_suffix(".new"), path.with_suffix(".whole")
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as old (read_only); attach '{whole}' as whole")
        connection.execute("copy from database old to whole")
        for schema in MADE_ANEW:
            connection.execute(f"drop schema if exists whole.{schema} cascade")
        connection.execute(f"attach '{fresh}' as fresh; copy from database whole to fresh")
    whole.unlink()
    fresh.replace(path)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.last_release.make FOLDER-OF-THE-RELEASE")
    written = make(Path(sys.argv[1]))
    sys.stdout.write(f"{written}: {written.stat().st_size:,} bytes\n")
