"""The embedded CRM where nothing need be installed; test_night_tryton.py runs the real one."""

from __future__ import annotations

import configparser
import logging
import re
import socket
from pathlib import Path

import pytest

from config import PROJECT_ROOT
from crm import CrmError, embedded


def listen(settings, *host: str) -> str:
    argv = embedded.command(settings, *host)
    assert argv[-2:] == ["-d", "crm"]  # else the first login fails
    configuration = configparser.ConfigParser()
    configuration.read(argv[argv.index("-c") + 1])
    assert configuration["database"]["path"] == str(settings.home / "crm")
    return configuration["web"]["listen"]


def test_it_binds_to_the_loopback_unless_told_otherwise(settings):
    assert listen(settings) == "127.0.0.1:8069"
    assert listen(settings, "0.0.0.0") == "0.0.0.0:8069"


def test_without_node_it_goes_on_without_the_web_client(monkeypatch, caplog, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with caplog.at_level(logging.WARNING):
        assert embedded._install_web_client() is False
    assert "without its web client" in caplog.text


def test_what_is_missing_is_named(monkeypatch, tmp_path, settings):
    monkeypatch.setattr(embedded, "ENVIRONMENT", tmp_path)
    monkeypatch.setattr(embedded, "PYTHON", tmp_path / "bin" / "python")
    monkeypatch.setattr(embedded, "PROJECT_ROOT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("UV", raising=False)
    with pytest.raises(CrmError, match="uv is missing"):
        embedded._install_server()
    with pytest.raises(CrmError, match="not installed: run `make setup`"):
        embedded.activate(settings)


def test_a_failed_installer_says_its_last_line():
    with pytest.raises(CrmError, match=r"\(3\): the cause"):
        embedded._run(["sh", "-c", "echo detail >&2; echo the cause >&2; exit 3"])


def test_a_used_port_is_named_before_anything_starts(settings):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        used = settings.model_copy(update={"crm_port": other.getsockname()[1]})
        with pytest.raises(CrmError, match=r"in use.*REIFEGRAD_CRM_PORT"):
            embedded.start(used)


def test_the_uv_that_setup_installed_is_found_without_being_on_the_path(monkeypatch, tmp_path):
    uv = Path(re.search(r"^UV := (.+)$", (PROJECT_ROOT / "Makefile").read_text(), re.M)[1])
    (tmp_path / uv.parent).mkdir(parents=True)
    (tmp_path / uv).touch(mode=0o755)
    monkeypatch.setattr(embedded, "PROJECT_ROOT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("UV", raising=False)
    assert embedded._find_uv() == str(tmp_path / uv)
