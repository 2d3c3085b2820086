"""Preparing Airflow's database where its parts run apart, as in containers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from config import Settings
from config.language import _
from nights.airflow import WAREHOUSE_POOL, WAREHOUSE_POOL_NOTE
from reifegrad.services.passwords import airflow_password
from reifegrad.services.processes import ServiceError


def prepare_airflow(settings: Settings) -> None:
    """Make tables, the warehouse's pool and the user's password; again changes nothing.

    Raises:
        ServiceError: Airflow can't reach or change its database; holds its last line.

    """
    airflow_password(settings)
    airflow = str(Path(sys.executable).with_name("airflow"))
    for command in (["db", "migrate"], ["pools", "set", WAREHOUSE_POOL, "1", WAREHOUSE_POOL_NOTE]):
        done = subprocess.run([airflow, *command], capture_output=True, text=True, check=False)
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines() or [_("no output")]
            raise ServiceError(
                _("airflow {command} failed: {reason}").format(
                    command=" ".join(command[:2]), reason=lines[-1]
                )
            )
