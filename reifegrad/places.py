"""Where to look after a night: addresses with their logins, and the files for people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from rich.table import Table

from config import Settings
from reifegrad.environment import AIRFLOW_USER, password_file
from reifegrad.passwords import airflow_password, mlflow_password

Language = Literal["de", "en"]

TEXTS: Final[dict[str, dict[Language, str]]] = {
    "where": {"de": "Wo Sie nachsehen", "en": "Where to look"},
    "what": {"de": "Was", "en": "What"},
    "address": {"de": "Adresse", "en": "Address"},
    "login": {"de": "Benutzer / Kennwort", "en": "User / password"},
    "in_file": {"de": "steht in {file}", "en": "stands in {file}"},
    "report": {"de": "Bericht", "en": "Report"},
    "to_do": {"de": "Aufgabenliste zum Ausfüllen", "en": "To-do list to fill in"},
    "review": {"de": "Prüfliste: ein Kunde oder zwei?", "en": "Review list: one customer or two?"},
    "list": {"de": "Liste der Bewertungen", "en": "List of scores"},
    "docs": {"de": "Prüfberichte (Data Docs)", "en": "Data docs"},
    "published": {"de": "Veröffentlichtes Warehouse", "en": "Published warehouse"},
    "logs": {"de": "Protokolle", "en": "Logs"},
    "no_client": {
        "de": "ohne Web-Oberfläche: Node.js fehlt",
        "en": "without its web client: Node.js is missing",
    },
}


def places(settings: Settings, *, secretly: bool) -> Table:
    """List everything that there is to look at; files that no night has written are left out.

    Args:
        settings: say where everything is.
        secretly: name the file in which a password stands instead of the password, because the
            output goes into a file or a mail.

    """
    table = _table(settings, "what", "address", "login")
    url = "http://127.0.0.1"
    own, shown = password_file(settings), airflow_password(settings)
    secret = _secret(settings, shown, own, secretly=secretly)
    table.add_row("Airflow", f"{url}:{settings.airflow_port}", f"{AIRFLOW_USER} / {secret}")
    table.add_row(
        "MLflow", f"{url}:{settings.mlflow_port}", _mlflow_login(settings, secretly=secretly)
    )
    table.add_row(*_scores_place(settings, secretly=secretly))
    for row in _files(settings):
        table.add_row(*row)
    return table


def files_to_look_at(settings: Settings) -> Table:
    """List the files that a night by hand has left for people; it runs beside no service."""
    from crm import list_path, load_config

    table = _table(settings, "what", "address")
    if not load_config(settings).has_crm:
        table.add_row(_say("list", settings), str(list_path(settings)))
    for row in _files(settings):
        table.add_row(*row)
    return table


def _table(settings: Settings, *columns: str) -> Table:
    table = Table(title=_say("where", settings), title_justify="left", title_style="bold", box=None)
    for column in columns:
        table.add_column(_say(column, settings), overflow="fold")
    return table


def _files(settings: Settings) -> Iterator[tuple[str, str]]:
    """Name the files that are there, by what people call them."""
    from identity.review_list import NAMES as REVIEW_LISTS
    from report.writing import report_path
    from workbooks.to_do import NAME as TO_DO

    data_docs = settings.reports / "data_docs" / "index.html"
    for name, path, shown_as in (
        ("report", report_path(settings), report_path(settings).as_uri()),
        ("to_do", settings.review / TO_DO, None),
        ("review", settings.review / REVIEW_LISTS[settings.language], None),
        ("docs", data_docs, data_docs.as_uri()),
        ("published", settings.published, None),
        ("logs", settings.home / "logs", None),
    ):
        if path.exists():
            yield _say(name, settings), shown_as or str(path)


def _scores_place(settings: Settings, *, secretly: bool) -> tuple[str, ...]:
    """Return where sales finds the scores: the CRM, or the list of a company without one."""
    from crm import list_path, load_config

    if not load_config(settings).has_crm:
        return _say("list", settings), str(list_path(settings))
    if settings.crm_url:
        return "CRM", settings.crm_url, settings.crm_user
    from crm.embedded import has_web_client
    from crm.password import ensure_password

    url = f"http://127.0.0.1:{settings.crm_port}"
    note = "" if has_web_client() else f" ({_say('no_client', settings)})"
    kept = settings.home / "secrets.env"
    secret = _secret(settings, ensure_password(settings), kept, secretly=secretly)
    return "CRM", url + note, f"{settings.crm_user} / {secret}"


def _mlflow_login(settings: Settings, *, secretly: bool) -> str:
    if not settings.mlflow_login:
        return ""
    kept = password_file(settings).with_name("mlflow_password")
    secret = _secret(settings, mlflow_password(settings), kept, secretly=secretly)
    return f"{AIRFLOW_USER} / {secret}"


def _secret(settings: Settings, password: str, file: Path, *, secretly: bool) -> str:
    return _say("in_file", settings, file=file) if secretly else password


def _say(name: str, settings: Settings, /, **values: object) -> str:
    return TEXTS[name][settings.language].format(**values)
