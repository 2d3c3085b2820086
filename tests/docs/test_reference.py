"""The pages of docs/reference say what code and YAML say, and nothing that they tell is missing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from config import PROJECT_ROOT, Settings
from expectations.checks import statement
from expectations.specification import load_audit, load_use_cases
from ingest.mapping.expressions import in_form, literal
from reifegrad import reference


def _page(name: str) -> str:
    return (reference.FOLDER / f"{name}.md").read_text(encoding="utf-8")


def test_the_pages_are_what_code_and_yaml_say() -> None:
    assert reference.stale() == []


def test_a_page_that_lags_behind_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "FOLDER", tmp_path)
    for path, content in reference.pages().items():
        path.write_text(content, encoding="utf-8")
    assert reference.stale() == []
    (tmp_path / "marts.md").write_text("as it was", encoding="utf-8")
    (tmp_path / "settings.md").unlink()
    assert {path.name for path in reference.stale()} == {"marts.md", "settings.md"}


def test_the_command_of_lint_passes() -> None:
    command = [sys.executable, "-m", "reifegrad.reference", "--check"]
    assert subprocess.run(command, cwd=PROJECT_ROOT, check=False).returncode == 0


def test_every_setting_says_what_it_means() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_every_variable_that_the_code_reads_is_on_the_page() -> None:
    page, read = _page("settings"), set()
    for room in ("config", "reifegrad", "nights", "crm", "warehouse", "ml", "ingest", "identity"):
        for path in (PROJECT_ROOT / room).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            read |= set(re.findall(r'environ(?:\.get\(|\[)"((?:REIFEGRAD|MLFLOW)_\w+)"', text))
    assert "REIFEGRAD_HOME" in read
    assert {name for name in read if f"`{name}`" not in page} == set()


def test_the_forms_of_keys_write_what_the_page_says() -> None:
    for forms, said in reference.KEY_FORMS:
        form = re.findall(r"[^`\", ]+", forms)[0]
        *written, wanted = re.findall(r"`([^`]+)`", said.rpartition(": ")[2])
        for text in written:
            found = duckdb.execute(f"select {in_form(literal(text), form)}").fetchone()
            assert found == (wanted,), (form, text)


def test_every_expectation_is_there_with_its_threshold() -> None:
    page, folder = _page("expectations"), PROJECT_ROOT / "expectations"
    for spec in (*load_use_cases(folder), load_audit(folder)):
        for stage, item in spec.checks:
            required = statement(item).removeprefix(f"{item.name}: ").split(". ")[0]
            mart = f"`{item.mart}`" if item.mart else "a query"
            assert f"| {stage or 'audit'} | `{item.name}` | {mart} | {required} |" in page
