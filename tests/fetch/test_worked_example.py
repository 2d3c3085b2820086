"""The example of docs/how-to/fetch.md, step by step as it is written there."""

from __future__ import annotations

import re
import textwrap

import pytest
import sqlalchemy as sa
import yaml
from typer.testing import CliRunner

from config import PROJECT_ROOT
from ingest import ingest_inbox
from reifegrad.cli import app
from reifegrad.preflight import check_setup
from warehouse import open_warehouse

PAGE = PROJECT_ROOT / "docs" / "how-to" / "fetch.md"


def blocks(language):
    text = PAGE.read_text(encoding="utf-8").split("## An example")[1]
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(block) for _indent, block in found]


def test_every_entry_that_the_page_shows_can_stand_in_the_file(settings):
    from fetch import load_entries

    for block in re.findall(
        r"```yaml\n(fetch:.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
    ):
        (settings.config / "fetch.yml").write_text(block, encoding="utf-8")
        assert load_entries(settings)


def test_the_page_is_right(postgres, settings, monkeypatch):
    url, engine = postgres
    (statements,) = blocks("sql")
    with engine.begin() as connection:
        connection.execute(sa.text("drop table if exists kunden, auftragspositionen"))
        connection.exec_driver_sql(statements.replace("%", "%%"))
    (settings.home / "secrets.env").write_text(f"AIRFLOW_CONN_ERP={url}\n", encoding="utf-8")
    written = {next(iter(yaml.safe_load(block))): block for block in blocks("yaml")}
    (settings.config / "fetch.yml").write_text(written["fetch"], encoding="utf-8")
    (settings.config / "sources.yml").write_text(written["sources"], encoding="utf-8")
    monkeypatch.setenv("REIFEGRAD_HOME", str(settings.home))
    monkeypatch.setenv("REIFEGRAD_CONFIG", str(settings.config))
    monkeypatch.setenv("REIFEGRAD_LANGUAGE", "en")
    findings = [f for f in check_setup(settings) if f.check == "fetch"]
    assert [(f.level, f.says) for f in findings] == [
        ("ok", "Each of the 2 sources to fetch has its connection.")
    ]
    told = CliRunner().invoke(app, ["fetch"])
    assert told.exit_code == 0, told.output
    (expected,) = blocks("text")
    assert _without_times(told.output) == _without_times(expected)
    assert [load.rows_loaded for load in ingest_inbox(settings)] == [1, 1]
    with open_warehouse(settings) as connection:
        company = connection.execute("select name, postcode from raw.companies").fetchall()
        line = connection.execute(
            "select company, quantity, net_amount, formats['net_amount'] from raw.order_lines"
        ).fetchall()
    assert company == [("Müller Antriebe GmbH", "01067")]
    assert line == [("erp_customers:1001", "1.500", "29.85", "point")]
    # A source that no longer answers: told, not in the way, and known to the overview.
    (settings.home / "secrets.env").write_text(
        "AIRFLOW_CONN_ERP=postgresql://erp:x@127.0.0.1:1/postgres\n", encoding="utf-8"
    )
    told = CliRunner().invoke(app, ["fetch", "erp_customers"])
    assert "! erp_customers: 127.0.0.1:1 does not answer" in told.output
    assert "What is there is of" in told.output
    assert str(told.exception) == "Not fetched, see above: erp_customers"
    from report.overview import read_overview

    (silent,) = read_overview(settings).silent
    assert silent.name == "erp_customers" and silent.fetched_at < silent.since


def test_the_look_before_the_night_tells_what_does_not_fit(settings, write_entries):
    from nights.preflight import check_setup as look

    write_entries(
        "  a: {kind: sql, connection: nowhere, table: t, cursor: c, file: erp/a.parquet}\n"
        "  b: {kind: folder, folder: /x}"
    )
    (settings.config / "sources.yml").write_text(
        "sources:\n  s:\n    files: 'erp/a_*.parquet'\n    kind: snapshot\n    maps: {}\n"
    )
    said = [f.says for f in look(settings) if f.check == "fetch"]
    assert "There is no connection 'nowhere'" in said[0]
    assert "brings only what is new, but s says `kind: snapshot`" in said[1]
    (settings.config / "sources.yml").write_text("sources: {}\n")
    said = [f.says for f in look(settings) if f.check == "fetch"]
    assert "No source claims erp/a_*.parquet" in said[1]
    write_entries("  a: {kind: sqll}")
    found = [f for f in look(settings) if f.level == "error"]
    assert any("fetch.yml: entry a: `kind` is one of" in f.says for f in found)


def _without_times(text):
    return re.sub(r"[\d.]+ s\)", "s)", text).split("\n")[:2]


@pytest.mark.parametrize("language", ["sql", "yaml"])
def test_the_page_has_its_parts(language):
    assert blocks(language)
