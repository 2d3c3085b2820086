"""A firm that tried the push on a trial CRM names its real one, whose ids count from 1, too."""

from __future__ import annotations

from datetime import date

import pytest
from typer.testing import CliRunner

from crm import CrmError, exchange_tasks, load_config, open_connector, push
from crm.tasks import Wish, means
from reifegrad.cli import app
from tests.crm.fakes.odoo import Odoo
from tests.crm.fakes.serving import serve
from warehouse import open_warehouse

KEYS = [f"C{i:02}" for i in range(25)]


@pytest.fixture
def both(settings, show, score):
    """Yield settings and server of the trial, to which all was pushed, then of the real one."""
    (settings.config / "crm.yml").write_text(
        "connector: odoo\ncreate: {parties: true, opportunities: false}\ntasks: true\n",
        encoding="utf-8",
    )
    show({key: score(i) for i, key in enumerate(KEYS)})
    real = Odoo()
    for key in ("Z1", "Z2", *reversed(KEYS)):  # the trial's ids are other customers here
        real.add("res.partner", name=f"Kunde {key}", is_company=True, vat=f"DE{key}")
    with serve(Odoo().app) as first, serve(real.app) as second:
        values = {"crm_database": "firma", "crm_user": "reifegrad", "crm_password": "geheim"}
        trial, at = (
            settings.model_copy(update={**values, "crm_url": server.url, "language": "en"})
            for server in (first, second)
        )
        for one in (trial, at):
            open_connector(one, load_config(one)).setup()
        push(trial)
        wish = Wish(
            "churn:C01", "churn", "customer", "C01", "C01", date(2026, 11, 22), "Call", "Why", None
        )
        exchange_tasks(trial, [wish], means({}))
        yield trial, first, at, second, real


def run(settings, monkeypatch, *arguments):
    monkeypatch.setattr("reifegrad.crm.settings_now", lambda: settings)
    return CliRunner().invoke(app, ["crm", "forget", *arguments])


def test_the_real_crm_gets_its_scores_and_neither_is_asked_by_forgetting(both, monkeypatch):
    _trial, first, at, second, real = both
    with pytest.raises(CrmError, match="reifegrad crm forget"):
        push(at)
    partners = real.database.rows["res.partner"].values()
    assert not any(row.get("x_reifegrad_points") for row in partners)

    asked = run(at, monkeypatch)
    assert asked.exit_code == 0 and "25" in asked.stdout and "--yes" in asked.stdout
    with pytest.raises(CrmError, match="reifegrad crm forget"):
        push(at)  # it was only told
    calls = len(first.log.calls), len(second.log.calls)
    done = run(at, monkeypatch, "--yes")
    assert done.exit_code == 0 and "25" in done.stdout
    assert (len(first.log.calls), len(second.log.calls)) == calls

    assert {change.action for change in push(at)} == {"change"}  # found by the VAT id
    shown = {row["vat"]: row.get("x_reifegrad_points") or 0 for row in partners if row.get("vat")}
    assert shown == {f"DE{key}": i for i, key in enumerate(KEYS)} | {"DEZ1": 0, "DEZ2": 0}


def test_tasks_are_not_taken_for_those_of_the_new_crm_and_the_history_stays(both, monkeypatch):
    _trial, _first, at, _second, _real = both
    run(at, monkeypatch, "--yes")
    with open_warehouse(at) as warehouse:
        assert warehouse.execute("select count(*) from ops.crm_tasks").fetchone() == (0,)
        history = "select count(*) from ops.push_ledger where confirmed_at is not null"
        assert warehouse.execute(history).fetchone() == (25,)
    again = run(at, monkeypatch)
    assert again.exit_code == 0 and "--yes" not in again.stdout
