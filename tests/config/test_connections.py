"""Connections: where they are looked for, and that their secrets are never told."""

from __future__ import annotations

import pytest

from config import ConfigurationError, Settings
from config.connections import find_login, parse_login


def test_logins_come_from_the_environment_then_from_the_home(tmp_path, monkeypatch):
    settings = Settings(home=tmp_path)
    monkeypatch.delenv("AIRFLOW_CONN_ERP", raising=False)
    with pytest.raises(ConfigurationError, match="set AIRFLOW_CONN_ERP in the environment or in"):
        find_login(settings, "erp")
    (settings.home / "secrets.env").write_text("AIRFLOW_CONN_ERP=mysql://a:b%40=c@h:1/d?x=y\n")
    login = find_login(settings, "erp")
    assert (login.scheme, login.user, login.secret) == ("mysql", "a", "b@=c")
    assert (login.host, login.port, login.path, login.extra) == ("h", 1, "d", {"x": "y"})
    monkeypatch.setenv(
        "AIRFLOW_CONN_ERP",
        '{"conn_type": "mssql", "host": "s", "login": "u", "password": "p", "schema": "d",'
        ' "extra": {"token": "geheim"}}',
    )
    login = find_login(settings, "erp")
    assert (login.scheme, login.host, login.user, login.path) == ("mssql", "s", "u", "d")
    assert login.hide("u p geheim") == "u *** ***"
    assert "'p'" not in repr(login) and "geheim" not in login.hide(str(login.extra))


@pytest.mark.parametrize("given", ["nonsense", "a://h:port/x", '{"host"', "://"])
def test_a_connection_that_can_not_be_read_is_told_without_it(given):
    with pytest.raises(ConfigurationError, match="AIRFLOW_CONN_X can't be read") as error:
        parse_login("x", given)
    assert "port/x" not in str(error.value).replace("host:port/name", "")
