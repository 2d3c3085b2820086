"""The CRM user's password: given by the company, else made once and kept in the home."""

from __future__ import annotations

import os
import secrets

from config import Settings
from config.language import _
from crm.errors import CrmLoginError

VARIABLE = "REIFEGRAD_CRM_PASSWORD"


def read_password(settings: Settings) -> str:
    """Return the password from the settings, else from `secrets.env` in the home.

    Raises:
        CrmLoginError: there is none; says where to set it.

    """
    if settings.crm_password:
        return settings.crm_password
    path = settings.home / "secrets.env"
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith(f"{VARIABLE}="):
                return line.partition("=")[2].strip()
    raise CrmLoginError(
        _("There is no password for the CRM: set {variable}.").format(variable=VARIABLE)
    )


def ensure_password(settings: Settings) -> str:
    """Return the password; the first time it is made and kept, readable by the owner only."""
    try:
        return read_password(settings)
    except CrmLoginError:
        password = secrets.token_urlsafe(12)
    settings.home.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    with os.fdopen(os.open(settings.home / "secrets.env", flags, 0o600), "w") as file:
        file.write(f"{VARIABLE}={password}\n")
    return password
