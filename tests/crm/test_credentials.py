"""Where the CRM is and who writes there."""

from __future__ import annotations

import pytest

from config import ConfigurationError
from crm import CrmLoginError
from crm.config import load_config
from crm.connectors.http import retry_after
from crm.credentials import read_credentials

VARIABLE = "AIRFLOW_CONN_REIFEGRAD_CRM"


def test_a_connection_goes_before_the_settings(settings, monkeypatch):
    own = settings.model_copy(
        update={"crm_url": "https://crm.example/", "crm_user": "a", "crm_password": "b"}
    )
    found = read_credentials(own)
    assert (found.url, found.user, found.secret.get_secret_value()) == (
        "https://crm.example",
        "a",
        "b",
    )
    monkeypatch.setenv(VARIABLE, "odoo://anna:p%40ss@odoo.example:8443/firm?api_key=9")
    found = read_credentials(own)
    assert (found.url, found.database) == ("https://odoo.example:8443", "firm")
    assert (found.user, found.secret.get_secret_value()) == ("anna", "p@ss")
    assert found.extra == {"api_key": "9"}
    assert "p@ss" not in repr(found)
    monkeypatch.setenv(
        VARIABLE, '{"conn_type": "http", "host": "https://x.example", "password": "t"}'
    )
    assert read_credentials(own).url == "https://x.example"


def test_secrets_env_of_the_home_holds_a_connection_too(settings):
    settings.home.mkdir()
    (settings.home / "secrets.env").write_text(f"{VARIABLE}=hubspot://:token@/\n")
    found = read_credentials(settings)
    assert (found.url, found.secret.get_secret_value()) == (None, "token")
    with pytest.raises(ConfigurationError, match="REIFEGRAD_CRM_URL"):
        found.require_url()


def test_what_is_missing_or_in_clear_text_is_one_line(settings, monkeypatch):
    with pytest.raises(CrmLoginError, match="REIFEGRAD_CRM_PASSWORD"):
        read_credentials(settings)
    plain = settings.model_copy(update={"crm_url": "http://crm.example", "crm_password": "b"})
    with pytest.raises(ConfigurationError, match="clear text"):
        read_credentials(plain)
    monkeypatch.setenv(VARIABLE, "odoo://anna@odoo.example/firm")
    with pytest.raises(CrmLoginError, match="no password"):
        read_credentials(settings)


def test_a_login_in_the_address_is_refused_and_not_repeated(settings):
    given = {"crm_url": "https://anna:secret-7@crm.example", "crm_password": "b"}
    with pytest.raises(ConfigurationError, match="login before the @") as error:
        read_credentials(settings.model_copy(update=given))
    assert "secret-7" not in str(error.value)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("-5", 0), ("nan", None), ("soon", None), ("Wed, 21 Oct 2015 07:28:00 -0000", 0)],
)
def test_whatever_pause_a_crm_asks_for_is_one_that_can_be_kept(header, seconds):
    assert retry_after({"Retry-After": header}) == seconds


@pytest.mark.parametrize(
    ("connector", "fields", "told"),
    [
        ("odoo", "{points: probability}", "probability is a field of the CRM's own"),
        ("salesforce", "{reasons: Description}", "Description is a field of the CRM's own"),
        ("hubspot", "{reasons: description}", "description is a field of the CRM's own"),
        ("hubspot", "{points: a, stage: a}", "two of our fields are called a"),
    ],
)
def test_no_name_of_ours_is_a_field_of_the_crms_own(settings, connector, fields, told):
    (settings.config / "crm.yml").write_text(f"connector: {connector}\nfields: {fields}\n")
    with pytest.raises(ConfigurationError, match=told):
        load_config(settings)
