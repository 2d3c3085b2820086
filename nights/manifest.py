"""dbt's manifest, from which Airflow takes a task per model: made by `make setup`, only read later.

Reading a DAG file happens every few minutes and must be quick; dbt takes five seconds for it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from config import PROJECT_ROOT, ConfigurationError
from config.language import _

PROJECT: Final = PROJECT_ROOT / "dbt_project"
MANIFEST: Final = PROJECT_ROOT / ".tools" / "dbt" / "manifest.json"
# What dbt itself writes into a project. The Makefile leaves out the same.
WRITTEN_BY_DBT: Final = ("target", "logs", "dbt_packages", ".user.yml")
# dbt's unit tests check the SQL, not the data: they belong to `make test`.
DBT_ENVIRONMENT: Final = {
    "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "False",
}


def current_manifest() -> Path:
    """Return where the manifest lies.

    Raises:
        ConfigurationError: there is none, or the dbt project changed since it was made.

    """
    if is_outdated():
        raise ConfigurationError(
            _("The manifest of {project} is missing or older than it: run `make setup`.").format(
                project=PROJECT
            )
        )
    return MANIFEST


def is_outdated() -> bool:
    """Tell whether a file of the dbt project was changed, added or removed since, or none is there.

    A folder's time tells what was added or removed.
    """
    if not MANIFEST.is_file():
        return True
    own = [path for path in PROJECT.iterdir() if path.name not in WRITTEN_BY_DBT]
    paths = [*own, *(path for folder in own for path in folder.rglob("*"))]
    return max(path.stat().st_mtime for path in paths) > MANIFEST.stat().st_mtime


def renew_manifest() -> None:
    """Make the manifest if it is missing or older than the dbt project.

    Raises:
        ConfigurationError: dbt can't read the project.

    """
    if is_outdated():
        make_manifest()


def make_manifest() -> None:
    """Let dbt read the project and keep its manifest, whole or not at all.

    Raises:
        ConfigurationError: dbt can't read the project.

    """
    MANIFEST.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=MANIFEST.parent) as folder:
        command = [
            *(sys.executable, "-m", "dbt.cli.main", "--quiet", "parse", "--no-partial-parse"),
            *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
            *("--target-path", folder, "--log-path", folder),
        ]
        # No warehouse is opened; the profile only wants to know where one would be.
        environment = os.environ | DBT_ENVIRONMENT | {"REIFEGRAD_HOME": folder}
        parsed = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )
        if parsed.returncode:
            raise ConfigurationError(
                _("dbt can't read {project}: {reason}").format(
                    project=PROJECT, reason=(parsed.stdout or parsed.stderr).strip()[-500:]
                )
            )
        (Path(folder) / "manifest.json").replace(MANIFEST)


if __name__ == "__main__":
    try:
        make_manifest()
    except ConfigurationError as error:
        sys.exit(str(error))
