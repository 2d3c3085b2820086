"""Reading a DAG file is quick and does nothing: it reads settings and the manifest only."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config import PROJECT_ROOT, load_settings
from nights import manifest

FILES = sorted((PROJECT_ROOT / "dags").glob("*.py"))

LOOK = """
import json, os, runpy, sys
import airflow.sdk, cosmos
did = []
def look(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        did.append(("open", os.path.abspath(arguments[0])))
    elif event in ("subprocess.Popen", "os.system", "os.posix_spawn", "os.fork"):
        did.append(("run", str(arguments[:2])))
    elif event in ("socket.connect", "sqlite3.connect"):
        did.append(("connect", str(arguments)))
sys.addaudithook(look)
told = {}
for file in sys.argv[1:]:
    did.clear()
    runpy.run_path(file)
    told[file] = list(did)
print(json.dumps({"did": told, "loaded": list(sys.modules)}))
"""
HEAVY = {"pandas", "duckdb", "dbt", "mlflow", "sklearn", "great_expectations", "splink"}
ROOMS = {"ingest", "identity", "expectations", "ml", "crm", "report", "warehouse"}


@pytest.fixture(scope="module")
def parsed(dagbag):
    """What reading the DAG files does, in a process that does nothing else."""
    command = [sys.executable, "-c", LOOK, *map(str, FILES)]
    ended = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_reading_a_dag_file_reads_settings_and_the_manifest_and_runs_nothing(parsed, file):
    did = parsed["did"][str(file)]
    assert [what for kind, what in did if kind == "connect"] == []
    assert [what for kind, what in did if kind == "run" and "dbt" in what] == []
    opened = {Path(what) for kind, what in did if kind == "open"}
    ours = {path for path in opened if path.is_relative_to(PROJECT_ROOT)}
    data = {path for path in ours if path.suffix not in (".py", ".pyc")}
    project = {path for path in data if path.is_relative_to(PROJECT_ROOT / "dbt_project")}
    libraries = {path for path in data if path.is_relative_to(sys.prefix)}
    left = {path.name for path in data - project - libraries}
    assert left <= {"settings.env", "manifest.json"}
    home = load_settings().home
    assert [p for p in opened if p.is_relative_to(home) and "airflow" not in p.parts] == []
    assert ("manifest.json" in left) == (file.stem == "consolidate_customers"), "the look looks"


def test_reading_the_dag_files_loads_nothing_heavy_and_no_room(parsed):
    assert {name.partition(".")[0] for name in parsed["loaded"]} & (HEAVY | ROOMS) == set()


def test_an_outdated_manifest_is_an_import_error_that_says_what_to_do(
    dagbag, tmp_path, monkeypatch
):
    from airflow.dag_processing.dagbag import DagBag

    def error():
        errors = DagBag(PROJECT_ROOT / "dags" / "consolidate_customers.py").import_errors
        return next(iter(errors.values())).strip().splitlines()[-1] if errors else None

    assert error() is None
    made, ours = manifest.current_manifest(), tmp_path / "manifest.json"
    monkeypatch.setattr(manifest, "MANIFEST", ours)
    assert "`make setup`" in error(), "missing"
    shutil.copy(made, ours)
    assert error() is None
    changed = max(path.stat().st_mtime for path in manifest.PROJECT.rglob("*.sql"))
    os.utime(ours, (changed - 1, changed - 1))
    assert "`make setup`" in error(), "older than a model"
