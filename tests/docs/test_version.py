"""There is one version: that of pyproject.toml."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib

from config import PROJECT_ROOT, read_yaml


def test_the_version_stands_once() -> None:
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    version = project["project"]["version"]
    assert importlib.metadata.version("reifegrad") == version
    assert "version" not in read_yaml(PROJECT_ROOT / "dbt_project" / "dbt_project.yml")
    changes = (PROJECT_ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\d\S*)", changes, re.MULTILINE)[0] == version
