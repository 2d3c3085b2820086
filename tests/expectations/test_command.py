"""`reifegrad assess` as a person types it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

from config import ConfigurationError, Settings
from reifegrad.cli import app


@pytest.fixture(name="run")
def _run(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    (settings.expectations / "churn.yml").unlink()
    monkeypatch.setenv("REIFEGRAD_HOME", str(settings.home))
    monkeypatch.setenv("REIFEGRAD_EXPECTATIONS", str(settings.expectations))
    monkeypatch.setenv("REIFEGRAD_AS_OF", f"{settings.night:%Y-%m-%d}")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["assess", *arguments])

    return run


def test_a_broken_file_is_told_after_the_others_were_measured(run, settings: Settings) -> None:
    path = settings.expectations / "letters.yml"
    path.write_text("title_de: Briefe\nstages: {1: {}}\n")
    result = run("--json")
    assert isinstance(result.exception, ConfigurationError)
    assert "letters.yml, Zeile 1, " in str(result.exception)
    found = {each["use_case"]: each for each in json.loads(result.stdout)}
    assert found["lead_scoring"]["stage"] == 3
    assert found["letters"]["cause"] == "unmeasured"

    path.unlink()
    assert run().exit_code == 0
    ahead = run("--what-if", "customers.industry=60%", "--what-if", "won_leads=39", "--json")
    (outlook,) = json.loads(ahead.stdout)
    assert (outlook["stage"], outlook["stage_then"]) == (3, 2)
    assert {unmet["expectation"] for unmet in outlook["unmet"]} == {
        "won_leads",
        "industry_complete",
    }
    shown = run("--what-if", "won_leads=39").stdout
    assert "In zwei Jahren wurden 39 Leads gewonnen; zum Lernen fehlt 1." in shown
