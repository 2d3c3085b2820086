"""Where to look after a night: addresses with their logins, and the files for people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rich.table import Table

from config import Settings
from config.language import _
from reifegrad.services.environment import AIRFLOW_USER, password_file
from reifegrad.services.passwords import airflow_password, mlflow_password

# MLflow's page opens as a workspace for language models unless its address asks for this one.
MODEL_TRAINING: Final = "/#/experiments?workflowType=machine_learning"


def places(settings: Settings, *, secretly: bool) -> Table:
    """List everything that there is to look at; files that no night has written are left out.

    Args:
        settings: say where everything is.
        secretly: name the file in which a password stands instead of the password, because the
            output goes into a file or a mail.

    """
    table = _table(_("What"), _("Address"), _("User / password"))
    url = "http://127.0.0.1"
    own, shown = password_file(settings), airflow_password(settings)
    secret = _secret(shown, own, secretly=secretly)
    table.add_row("Airflow", f"{url}:{settings.airflow_port}", f"{AIRFLOW_USER} / {secret}")
    mlflow = f"{url}:{settings.mlflow_port}{MODEL_TRAINING}"
    table.add_row("MLflow", mlflow, _mlflow_login(settings, secretly=secretly))
    table.add_row(*_scores_place(settings, secretly=secretly))
    for row in _files(settings):
        table.add_row(*row)
    return table


def files_to_look_at(settings: Settings) -> Table:
    """List the files that a night by hand has left for people; it runs beside no service."""
    from crm import list_path, load_config

    table = _table(_("What"), _("Address"))
    if not load_config(settings).has_crm:
        table.add_row(_("List of scores"), str(list_path(settings)))
    for row in _files(settings):
        table.add_row(*row)
    return table


def _table(*columns: str) -> Table:
    table = Table(title=_("Where to look"), title_justify="left", title_style="bold", box=None)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _files(settings: Settings) -> Iterator[tuple[str, str]]:
    """Name the files that are there, by what people call them."""
    from crm.duplicates import FILE as DUPLICATES
    from crm.refusals import FILE as REJECTED
    from identity.review_list import NAMES as REVIEW_LISTS
    from proposals import list_path, page_path
    from report.calls import lists_folder
    from report.writing import report_path, scores_path
    from workbooks.to_do import NAME as TO_DO

    data_docs = settings.reports / "data_docs" / "index.html"
    for name, path, shown_as in (
        (_("Report"), report_path(settings), report_path(settings).as_uri()),
        (_("Page on scores"), scores_path(settings), scores_path(settings).as_uri()),
        (_("The day's lists: whom to call"), lists_folder(settings), None),
        (_("Proposals to release"), list_path(settings), None),
        (_("Page on proposals"), page_path(settings), page_path(settings).as_uri()),
        (_("To-do list to fill in"), settings.review / TO_DO, None),
        (
            _("Review list: one customer or two?"),
            settings.review / REVIEW_LISTS[settings.language],
            None,
        ),
        (_("Duplicates in your CRM"), settings.review / DUPLICATES, None),
        (_("Refused by the CRM"), settings.review / REJECTED, None),
        (_("Data docs"), data_docs, data_docs.as_uri()),
        (_("Published warehouse"), settings.published, None),
        (_("Logs"), settings.home / "logs", None),
    ):
        if path.exists():
            yield name, shown_as or str(path)


def _scores_place(settings: Settings, *, secretly: bool) -> tuple[str, ...]:
    """Return where sales finds the scores: the CRM, or the list of a company without one."""
    from crm import list_path, load_config

    if not load_config(settings).has_crm:
        return _("List of scores"), str(list_path(settings))
    if settings.crm_url:
        return "CRM", settings.crm_url, settings.crm_user
    from crm.embedded import has_web_client
    from crm.password import ensure_password

    url = f"http://127.0.0.1:{settings.crm_port}"
    note = "" if has_web_client() else " (" + _("without its web client: Node.js is missing") + ")"
    kept = settings.home / "secrets.env"
    secret = _secret(ensure_password(settings), kept, secretly=secretly)
    return "CRM", url + note, f"{settings.crm_user} / {secret}"


def _mlflow_login(settings: Settings, *, secretly: bool) -> str:
    if not settings.mlflow_login:
        return ""
    kept = password_file(settings).with_name("mlflow_password")
    secret = _secret(mlflow_password(settings), kept, secretly=secretly)
    return f"{AIRFLOW_USER} / {secret}"


def _secret(password: str, file: Path, *, secretly: bool) -> str:
    return _("stands in {file}").format(file=file) if secretly else password
