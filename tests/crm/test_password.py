"""The CRM's password."""

from __future__ import annotations

import pytest

from config import Settings, load_settings
from crm import CrmLoginError, CrmUnreachableError, push
from crm.password import ensure_password, read_password


def test_it_is_made_once_and_kept_for_the_owner_only(tmp_path, monkeypatch):
    settings = Settings(home=tmp_path)
    with pytest.raises(CrmLoginError, match="REIFEGRAD_CRM_PASSWORD"):
        read_password(settings)
    (tmp_path / "secrets.env").touch(0o600)
    (tmp_path / "secrets.env").write_text("REIFEGRAD_OTHER=1\n")
    first = ensure_password(settings)
    assert len(first) >= 12
    assert ensure_password(settings) == read_password(settings) == first
    assert (tmp_path / "secrets.env").stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("REIFEGRAD_HOME", str(tmp_path))
    assert load_settings().crm_password == first


def test_the_companys_own_password_wins(tmp_path):
    assert ensure_password(Settings(home=tmp_path, crm_password="own")) == "own"
    assert not (tmp_path / "secrets.env").exists()


def test_a_crm_that_is_not_there_is_named(settings, show, score, unused_port):
    show({"C1": score(10)})
    settings = settings.model_copy(update={"crm_port": unused_port, "crm_password": "x"})
    with pytest.raises(CrmUnreachableError, match=rf"127.0.0.1:{unused_port}.*make up"):
        push(settings)
