"""The CRM goes down in the middle of a push, and is there again the next night."""

from __future__ import annotations

import io
from collections import Counter
from contextlib import ExitStack

import pytest
from rich.console import Console

from config.language import use_language
from crm import CrmUnreachableError, GuardError, push
from reifegrad.terminal.overview_tables import tables
from report.overview import read_overview
from tests.crm.fakes.odoo import Odoo
from tests.crm.fakes.serving import serve

CUSTOMERS = 30
A_ROUND = 20  # four batches of five


@pytest.fixture
def odoo(settings, monkeypatch):
    (settings.config / "crm.yml").write_text(
        "connector: odoo\ncreate: {parties: true, opportunities: true}\nattempts: 2\n"
        "batch_size: 5\nparallel: 1\n",
        encoding="utf-8",
    )
    monkeypatch.setattr("crm.calling._backoff", lambda _state: 0.0)
    return Odoo()


@pytest.fixture
def at(settings, unused_port):
    """Return the settings of a company with that Odoo."""
    values = {
        "crm_url": f"http://127.0.0.1:{unused_port}", "crm_database": "firma",
        "crm_user": "reifegrad", "crm_password": "geheim", "language": "en",
    }  # fmt: skip
    return settings.model_copy(update=values)


def status(settings, language="en"):
    console = Console(width=300, record=True, file=io.StringIO())
    use_language(language)
    spoken = settings.model_copy(update={"language": language})
    for table in tables(read_overview(spoken), spoken):
        console.print(table)
    use_language("en")
    return console.export_text()


def set_up(at):
    from crm import load_config, open_connector

    open_connector(at, load_config(at)).setup()


def test_what_was_written_stays_the_night_says_so_and_the_next_one_does_the_rest(
    at, odoo, show, score, unused_port
):
    show({f"C{i:02}": score(i) for i in range(CUSTOMERS)}, {"L01": score(80)})
    with ExitStack() as running:
        running.enter_context(serve(odoo.app, port=unused_port, is_down_after=True))
        set_up(at)

        def go_down(_target, done, _count):
            if done == A_ROUND:
                running.close()

        with pytest.raises(CrmUnreachableError) as stopped:
            push(at, progress=go_down)
    line = str(stopped.value)
    assert line.endswith(" 20 of 31 records were written; the next push writes the rest.")
    told = status(at)
    assert "! No push has succeeded since " in told and line in told
    assert "! Seit " in status(at, "de")
    assert read_overview(at).pushes[0].created == A_ROUND  # not those that were only announced

    with serve(odoo.app, port=unused_port):
        push(at)
        assert {change.action for change in push(at)} == {"skip"}
    companies = [row for row in odoo.database.rows["res.partner"].values() if row.get("is_company")]
    keys = Counter(row["x_reifegrad_key"] for row in companies)
    assert keys == {f"C{i:02}": 1 for i in range(CUSTOMERS)}
    assert {row["x_reifegrad_key"]: row["x_reifegrad_points"] for row in companies} == {
        f"C{i:02}": i for i in range(CUSTOMERS)
    }
    assert "push has succeeded" not in status(at)


def test_a_guard_that_stopped_the_push_stands_in_the_status_until_a_push_succeeds(
    at, odoo, show, score, unused_port
):
    with serve(odoo.app, port=unused_port):
        set_up(at)
        show({f"C{i:02}": score(i) for i in range(CUSTOMERS)})
        push(at)
        show(dict.fromkeys(f"C{i:02}" for i in range(CUSTOMERS)))
        with pytest.raises(GuardError):
            push(at)
        push(at, dry_run=True)  # a look changes nothing
        assert "30 of 30 scores" in status(at)
        push(at, force=True)
    assert "30 of 30 scores" not in status(at)
