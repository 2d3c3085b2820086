"""What people are told when MLflow's store is gone, damaged, full or does not answer."""

import errno
import shutil
from pathlib import Path

import pytest

from config import Settings
from ml import registry


def test_a_store_that_is_gone_is_told_and_not_made_anew(store):
    database = store.home / "mlflow/mlflow.db"
    aside = database.rename(store.home / "aside")
    assert registry.is_used(store)
    with (
        pytest.raises(registry.StoreError, match=r"mlflow\.db is gone, though models lie in"),
        registry.tracking(store) as client,
    ):
        registry.champion(client, "table")
    assert not database.exists()
    aside.rename(database)


def test_a_damaged_store_is_told(tmp_path):
    damaged = Settings(home=tmp_path)
    (tmp_path / "mlflow").mkdir()
    (tmp_path / "mlflow/mlflow.db").write_text("no database" * 500)
    with (
        pytest.raises(registry.StoreError, match="can't be read: put it back from the backup") as e,
        registry.tracking(damaged) as client,
    ):
        registry.champion(client, "table")
    assert "\n" not in str(e.value)


def test_what_lost_its_files_is_trained_again_on_the_same_rows_too(store):
    with registry.tracking(store) as client:
        assert registry.decided_version(client, "table", "f").version == 1
        shutil.rmtree(store.mlflow_artifacts / "table")
        assert registry.decided_version(client, "table", "f") is None


@pytest.mark.parametrize("part", ["artifacts", "spec", "model"])
def test_a_model_whose_files_are_gone_is_told(store, part):
    folder = store.mlflow_artifacts / "table"
    if part == "spec":
        next(folder.rglob("spec.yml")).unlink()
    elif part == "model":
        shutil.rmtree(next(folder.rglob("model.skops")).parent)
    else:
        shutil.rmtree(folder)
    with (
        pytest.raises(registry.ModelGoneError, match="run `reifegrad train table`") as e,
        registry.tracking(store) as client,
    ):
        registry.champion(client, "table").load()
    assert "\n" not in str(e.value)


def test_a_server_that_does_not_answer_is_told(store, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with (
        pytest.raises(registry.StoreError, match=r"http://127\.0\.0\.1:9 does not answer"),
        registry.tracking(store) as client,
    ):
        registry.champion(client, "table")


def test_a_full_disk_is_told(store, monkeypatch):

    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    with (
        pytest.raises(registry.StoreError, match="No space is left for MLflow's store"),
        registry.tracking(store) as client,
    ):
        run = client.get_model_version("reifegrad_table", "1").run_id
        monkeypatch.setattr("shutil.copyfileobj", full)
        client.log_text(run, "more", "more.txt")


def test_what_else_fails_meanwhile_keeps_its_name(store):
    with pytest.raises(FileNotFoundError), registry.tracking(store):
        Path("/nowhere").read_text()


def test_two_homes_in_one_process_keep_to_their_own_store(store, tmp_path):
    other = Settings(home=tmp_path)
    with registry.tracking(store):
        pass
    assert other.mlflow_tracking_uri == f"sqlite:///{tmp_path}/mlflow/mlflow.db"
