"""Where the CRM is and who writes there; nothing of it stands in YAML or in a log.

Either the connection `reifegrad_crm` (Airflow's, or `AIRFLOW_CONN_REIFEGRAD_CRM` in the environment
or in `secrets.env`), or the settings `REIFEGRAD_CRM_URL`, `…_USER`, `…_PASSWORD`, `…_DATABASE`.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, SecretStr

from config import ConfigurationError, Settings
from config.connections import Login, find_login, is_given
from config.language import _
from crm.calling import require_safe
from crm.errors import CrmLoginError
from crm.password import read_password

CONNECTION: Final = "reifegrad_crm"


class Credentials(BaseModel):
    """`url`: without a slash at the end; `secret`: password, key or token; `extra`: the rest.

    `database`: of the CRMs that have several; `extra` holds what a connector documents, such as
    `client_id` and `tenant_id`.
    """

    model_config = ConfigDict(frozen=True)

    url: str | None
    user: str | None
    secret: SecretStr
    database: str | None
    extra: dict[str, Any] = {}

    def require_url(self) -> str:
        """Return the CRM's address.

        Raises:
            ConfigurationError: none is set.

        """
        if self.url is None:
            raise ConfigurationError(
                _(
                    "There is no address of the CRM: set REIFEGRAD_CRM_URL, such as {example}."
                ).format(example="https://company.example.com")
            )
        return self.url


def read_credentials(settings: Settings) -> Credentials:
    """Return where the CRM is and as whom we write.

    Raises:
        CrmLoginError: there is no password, key or token.
        ConfigurationError: the connection can't be read, or it would send them in clear text.

    """
    if is_given(settings, CONNECTION):
        found = from_login(find_login(settings, CONNECTION))
    else:
        found = Credentials(
            url=settings.crm_url.rstrip("/") if settings.crm_url else None,
            user=settings.crm_user,
            secret=SecretStr(read_password(settings)),
            database=settings.crm_database,
        )
    if found.url is not None:
        require_safe(found.url)
    return found


def from_login(login: Login) -> Credentials:
    """Return the credentials that a connection holds.

    Raises:
        CrmLoginError: it has no password, key or token.

    """
    if login.password is None:
        raise CrmLoginError(
            _("The connection {name} has no password (or key): add it.").format(name=login.id)
        )
    url = None
    if "://" in login.host:  # as Airflow keeps it for a connection of the kind HTTP
        url = login.host.rstrip("/")
    elif login.host:
        scheme = "http" if login.scheme == "http" or login.is_loopback else "https"
        url = f"{scheme}://{login.host}" + (f":{login.port}" if login.port else "")
    return Credentials(
        url=url,
        user=login.user,
        secret=login.password,
        database=login.path or None,
        extra=login.extra,
    )
