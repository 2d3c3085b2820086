"""Airflow's four parts as one service: `python -m reifegrad.services.airflow_parts`.

In the place of `airflow standalone`, which says nothing when a part has died, makes its database
in place (an interrupted first start leaves half of one) and opens two log servers to the network
on ports that two homes would share. Here a part that ends is started again, the database appears
whole, and the parts read each other's logs from the disk that they share.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Final, NoReturn

from config import Settings, load_settings
from config.language import _
from reifegrad.services.environment import airflow_database

PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "api-server": ("api-server",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
LOOK_SECONDS: Final = 1.0
# A part that ends so often in so short a time will not get well by another start.
MOST_ENDS: Final = 3
WINDOW_SECONDS: Final = 300.0


class PartEndedError(Exception):
    """A part of Airflow ends again and again, or its database can't be made; says which."""


def main() -> None:
    """Make or migrate the database, then keep the parts running until told to end."""
    signal.signal(signal.SIGTERM, _end)
    airflow = str(Path(sys.executable).with_name("airflow"))
    try:
        prepare_database(load_settings(), airflow)
        keep_running({name: (airflow, *arguments) for name, arguments in PARTS.items()})
    except PartEndedError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(0)


def prepare_database(settings: Settings, airflow: str) -> None:
    """Make or migrate Airflow's database beside its place and put it there in one step.

    Nothing is done where it is as this version of Airflow needs it. A database that a killed
    start left half made holds nothing yet and is made anew.

    Raises:
        PartEndedError: Airflow can't make it; holds its last line.

    """
    database = airflow_database(settings)
    mark = database.with_suffix(".version")
    wanted = version("apache-airflow")
    if database.exists() and mark.is_file() and mark.read_text(encoding="utf-8") == wanted:
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    fresh = database.with_name("fresh.db")
    _remove(fresh)
    if _is_whole(database):
        with closing(sqlite3.connect(database)) as old, closing(sqlite3.connect(fresh)) as new:
            old.backup(new)
    done = subprocess.run(
        [airflow, "db", "migrate"],
        env=os.environ | {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{fresh}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or [_("no output")]
        raise PartEndedError(_("airflow db migrate failed: {reason}").format(reason=lines[-1]))
    with closing(sqlite3.connect(fresh)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    _remove(database)
    fresh.replace(database)
    _remove(fresh)
    mark.write_text(wanted, encoding="utf-8")


def keep_running(commands: Mapping[str, Sequence[str]]) -> NoReturn:
    """Start the parts, each in a process group of its own, and start again what ends.

    What an ended part leaves behind is ended too: its tasks would go on beside their next try.

    Raises:
        PartEndedError: one ended `MOST_ENDS` times within `WINDOW_SECONDS`; all are ended then.

    """
    running = {name: _start(command) for name, command in commands.items()}
    ends: dict[str, list[float]] = {name: [] for name in commands}
    try:
        while True:
            time.sleep(LOOK_SECONDS)
            for name, process in running.items():
                code = process.poll()
                if code is None:
                    continue
                _signal(process, signal.SIGKILL)
                now = time.monotonic()
                ends[name] = [end for end in ends[name] if now - end < WINDOW_SECONDS] + [now]
                if len(ends[name]) >= MOST_ENDS:
                    raise PartEndedError(
                        _(
                            "Airflow's {name} ended {count} times within"
                            " {seconds:.0f} s; its last lines stand above"
                        ).format(name=name, count=MOST_ENDS, seconds=WINDOW_SECONDS)
                    )
                told = _("Airflow's {name} ended (code {code}) and is started again")
                print(told.format(name=name, code=code), flush=True)
                running[name] = _start(commands[name])
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            for process in running.values():
                _signal(process, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                for process in running.values():
                    process.wait(timeout=10)


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, process_group=0)


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _is_whole(database: Path) -> bool:
    """Tell whether Airflow finished making it: the version is written last."""
    if not database.is_file():
        return False
    try:
        with closing(sqlite3.connect(database)) as connection:
            return connection.execute("select 1 from alembic_version").fetchone() is not None
    except sqlite3.DatabaseError:
        return False


def _remove(database: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def _end(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    main()
