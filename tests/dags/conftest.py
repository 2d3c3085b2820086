"""The DAGs as Airflow reads them, without a running Airflow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from config import PROJECT_ROOT, load_settings
from nights.manifest import renew_manifest
from reifegrad.services.environment import airflow_environment


@pytest.fixture(scope="module")
def dagbag(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REIFEGRAD_HOME", str(tmp_path_factory.mktemp("home")))
        for name, value in airflow_environment(load_settings()).items():
            patch.setenv(name, value)
        renew_manifest()  # as `make test` does by its `make setup`
        from airflow.dag_processing.dagbag import DagBag

        yield DagBag(PROJECT_ROOT / "dags")
