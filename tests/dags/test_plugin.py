"""The report in Airflow's menu: for whoever is logged in, and nothing but the report."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from types import ModuleType

import pytest

from config import PROJECT_ROOT, load_settings
from report import report_path

PLUGIN = PROJECT_ROOT / "plugins" / "maturity_report.py"


@pytest.fixture(scope="module")
def plugin() -> ModuleType:
    spec = importlib.util.spec_from_file_location("maturity_report", PLUGIN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def client(plugin, tmp_path, monkeypatch):
    from starlette.testclient import TestClient

    monkeypatch.setenv("REIFEGRAD_HOME", str(tmp_path))
    yield TestClient(plugin.serve)
    plugin._app().dependency_overrides.clear()


def log_in(plugin):
    from airflow.api_fastapi.core_api.security import get_user

    plugin._app().dependency_overrides[get_user] = lambda: "somebody"


def test_the_menu_leads_to_the_pages(plugin):
    views = plugin.MaturityReportPlugin.external_views
    apps = plugin.MaturityReportPlugin.fastapi_apps
    assert [view["name"] for view in views] == ["Reifegrad", "Freigaben"]
    assert [view["href"] for view in views] == [f"{app['url_prefix']}/" for app in apps]
    assert {view["destination"] for view in views} == {"nav"}


def test_without_a_login_nothing_is_shown(client):
    path = report_path(load_settings())
    path.parent.mkdir(parents=True)
    path.write_text("secret")
    answer = client.get("/")
    assert answer.status_code == 401
    assert "secret" not in answer.text


def test_with_a_login_there_is_the_report_and_nothing_else(plugin, client):
    log_in(plugin)
    missing = client.get("/")
    assert missing.status_code == 404
    assert "Noch ist nichts gemessen." in missing.text
    path = report_path(load_settings())
    path.parent.mkdir(parents=True)
    path.write_text("<h1>Reifegrad</h1>")
    shown = client.get("/")
    assert (shown.status_code, shown.text) == (200, "<h1>Reifegrad</h1>")
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    (path.parent / "other.html").write_text("other")
    for way in ("/other.html", "/..%2fwarehouse.duckdb", "/docs", "/openapi.json"):
        assert client.get(way).status_code == 404


@pytest.fixture
def desk_for(plugin, tmp_path, monkeypatch):
    """The desk under Airflow's own rights, as somebody of a role sees it."""
    from airflow.api_fastapi import app
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from airflow.api_fastapi.core_api.security import get_user
    from starlette.testclient import TestClient

    monkeypatch.setenv("REIFEGRAD_HOME", str(tmp_path))
    monkeypatch.setattr("airflow.models.dag.DagModel.get_team_name", lambda *_args, **_more: None)
    monkeypatch.setattr(app._AuthManagerState, "instance", None)
    app.create_auth_manager()

    def client(role):
        user = SimpleAuthManagerUser(username="Anna Berg", role=role)
        plugin._desk().dependency_overrides[get_user] = lambda: user
        return TestClient(plugin.serve_desk, headers={"origin": "http://testserver"})

    yield client
    plugin._desk().dependency_overrides.clear()


def test_on_the_desk_airflows_rights_count(plugin, desk_for, client):
    from starlette.testclient import TestClient

    stranger = TestClient(plugin.serve_desk).get("/")
    assert stranger.status_code == 401
    assert "zuerst in Airflow anmelden" in stranger.text
    assert desk_for(None).get("/").status_code == 403
    assert "darf ansehen" in desk_for("VIEWER").get("/").text
    assert desk_for("VIEWER").post("/customers", data={"x": ""}).status_code == 403
    page = desk_for("USER").get("/").text
    assert "Anna Berg" in page
    assert "darf ansehen" not in page
    assert desk_for("USER").post("/customers", data={"x": ""}).status_code == 200


def test_tasks_do_not_pay_for_it():
    code = (
        f"import runpy, sys; runpy.run_path({str(PLUGIN)!r});"
        "print({'fastapi', 'duckdb', 'altair', 'expectations', 'desk', 'babel'} & set(sys.modules))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT_ROOT
    )
    assert told.stdout.strip().endswith("set()")
