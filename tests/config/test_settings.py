"""Settings: what wins over what, and errors that say what to change."""

import os
from datetime import date
from pathlib import Path

import pytest

from config import PROJECT_ROOT, ConfigurationError, load_settings, read_yaml


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("REIFEGRAD_")]:
        monkeypatch.delenv(name)  # what fixtures of the whole session have set
    config = tmp_path / "config"
    config.mkdir()
    monkeypatch.setenv("REIFEGRAD_CONFIG", str(config))
    monkeypatch.setenv("REIFEGRAD_HOME", str(tmp_path / "home"))
    return config


def test_environment_wins_over_the_file_and_the_file_over_defaults(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "settings.env").write_text(
        "# comment\nREIFEGRAD_LANGUAGE=en\nREIFEGRAD_AIRFLOW_PORT=9000\n", encoding="utf-8"
    )
    monkeypatch.setenv("REIFEGRAD_AIRFLOW_PORT", "9001")
    settings = load_settings()
    assert (settings.language, settings.airflow_port, settings.mlflow_port) == ("en", 9001, 5000)


def test_secrets_of_the_home_are_read(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "secrets.env").write_text("REIFEGRAD_CRM_PASSWORD=s3=cret\n")
    settings = load_settings()
    assert settings.crm_password == "s3=cret"
    assert "s3=cret" not in repr(settings)


def test_two_homes_never_touch_each_other(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_settings()
    monkeypatch.setenv("REIFEGRAD_HOME", str(tmp_path / "other"))
    second = load_settings()
    for name in ("inbox", "archive", "warehouse", "published", "reports", "mlflow_artifacts"):
        assert getattr(first, name).is_relative_to(tmp_path / "home")
        assert getattr(second, name).is_relative_to(tmp_path / "other")


def test_a_home_with_a_config_folder_of_its_own_is_read_from_there(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "home" / "config"
    own.mkdir(parents=True)
    (own / "settings.env").write_text("REIFEGRAD_COMPANY=Northwind\nREIFEGRAD_HOME=elsewhere\n")
    assert load_settings().config == folder  # REIFEGRAD_CONFIG wins
    monkeypatch.delenv("REIFEGRAD_CONFIG")
    settings = load_settings()
    assert (settings.company, settings.config) == ("Northwind", own)
    assert settings.home == tmp_path / "home"


def test_a_folder_without_settings_is_no_config_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home" / "config").mkdir(parents=True)
    monkeypatch.delenv("REIFEGRAD_CONFIG")
    assert load_settings().config == PROJECT_ROOT / "config"


def test_the_night_is_the_set_day(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REIFEGRAD_AS_OF", "2010-12-10")
    assert load_settings().night == date(2010, 12, 10)


def test_a_wrong_value_names_the_variable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REIFEGRAD_LANGUAGE", "fr")
    with pytest.raises(ConfigurationError, match=r"REIFEGRAD_LANGUAGE='fr'.*'de' oder 'en'"):
        load_settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: [", r"sources.yml, line \d"),
        ("- a\n- b\n", "expected `name: value` pairs"),
    ],
)
def test_broken_yaml_names_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "sources.yml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        read_yaml(path)


def test_a_missing_yaml_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"crm\.yml is missing"):
        read_yaml(tmp_path / "crm.yml")
