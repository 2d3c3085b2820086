"""Every command says on an empty home what to do, and what was refused ends with 1."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from reifegrad.cli import app
from reifegrad.stations import RefusedFilesError
from warehouse import NothingBuiltError

SOURCES = """
sources:
  firms:
    files: "firms.csv"
    kind: snapshot
    maps:
      company:
        key: [Nr]
        columns: {name: Name}
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("REIFEGRAD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize("command", ["audit", "publish", "report", "train", "score"])
def test_a_station_on_an_empty_home_says_what_to_do(home, command):
    ended = CliRunner().invoke(app, [command])
    assert isinstance(ended.exception, NothingBuiltError)
    assert "reifegrad start" in str(ended.exception)
    assert not (home / "published").exists() and not (home / "reports").exists()


def test_status_of_an_empty_home_says_how_to_begin(home):
    ended = CliRunner().invoke(app, ["status"])
    assert ended.exit_code == 0
    assert "reifegrad start" in ended.stdout and "make demo" in ended.stdout
    assert not home.exists()  # else the look would claim the home for the sample company


def test_a_refused_file_ends_with_1_and_quarantined_rows_with_0(home, tmp_path, monkeypatch):
    (tmp_path / "sources.yml").write_text(SOURCES, encoding="utf-8")
    monkeypatch.setenv("REIFEGRAD_CONFIG", str(tmp_path))
    (home / "inbox").mkdir(parents=True)
    (home / "inbox" / "firms.csv").write_text("Nr;Name\n1;A\n;B\n3;C\n", encoding="utf-8")
    ended = CliRunner().invoke(app, ["ingest"])
    assert ended.exit_code == 0 and "firms.csv" in ended.stdout
    (home / "inbox" / "firms.csv").write_bytes(b"PK\x03\x04 half a workbook")
    ended = CliRunner().invoke(app, ["ingest"])
    assert ended.exit_code == 1 and isinstance(ended.exception, RefusedFilesError)
    assert "firms.csv" in str(ended.exception) and "firms.csv" in ended.stdout


def test_customer_of_an_empty_home_says_how_to_get_there(home):
    ended = CliRunner().invoke(app, ["customer", "Anybody"])
    assert ended.exit_code == 1
    assert "reifegrad start" in str(ended.exception) and "reifegrad run" in str(ended.exception)
