"""A home after its night, made once, and a copy of it for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from config import Settings
from tests.report.call_company import make_home


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return make_home(tmp_path_factory.mktemp("calls"))


@pytest.fixture
def settings(built: Settings, tmp_path: Path) -> Settings:
    """A copy of the home after its night, without lists."""
    shutil.copytree(built.home, tmp_path / "home")
    shutil.copytree(built.config, tmp_path / "config")
    return built.model_copy(update={"home": tmp_path / "home", "config": tmp_path / "config"})
