"""What a demo does about older nights, and where it says to look."""

from __future__ import annotations

import io
import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from config import Settings
from config.language import use_language
from crm import Change
from ml import score_titles
from nights import manifest
from reifegrad import demo, stations
from reifegrad.services.airflow_api import Run
from reifegrad.services.following import NightFailedError
from reifegrad.services.passwords import airflow_password
from reifegrad.services.places import files_to_look_at, places

BEGUN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
NIGHT = Run("consolidate_customers", "manual__1", "running")


class Airflow:
    """Keeps what its answers are about: runs that are active, fewer at each look."""

    def __init__(self, *looks):
        self.looks = list(looks)
        self.given_up = []

    def active_since(self):
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    def give_up(self, run):
        self.given_up.append(run)


@pytest.fixture
def settings(tmp_path):
    use_language("de")
    return Settings(home=tmp_path, language="de", timezone="Europe/Berlin")


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=1000)


def told(console):
    return console.file.getvalue()


def test_a_night_that_an_interruption_left_is_given_up_and_told_in_the_companys_zone(
    settings, console
):
    api = Airflow({NIGHT: datetime(2026, 3, 2, 1, 14, tzinfo=UTC)})
    demo.give_up_older(settings, console, api, BEGUN)
    assert api.given_up == [NIGHT]
    assert "Die Nacht von 02:14 war unterbrochen worden" in told(console)


def test_a_night_that_airflow_itself_began_since_is_left_alone(settings, console):
    api = Airflow({NIGHT: BEGUN + timedelta(seconds=20)})
    demo.give_up_older(settings, console, api, BEGUN)
    assert (api.given_up, told(console)) == ([], "")


def test_a_running_night_is_waited_for_and_told_once(settings, console, monkeypatch):
    monkeypatch.setattr(demo, "LOOK_SECONDS", 0)
    running = {NIGHT: datetime(2026, 3, 2, 1, 14, tzinfo=UTC)}
    looks = []
    api = Airflow(running, running, {})
    demo.wait_for_older(settings, console, api, lambda: looks.append(1), 60)
    assert told(console).count("wartet auf die Nacht von 02:14, die noch läuft") == 1
    assert len(looks) == 2


def test_a_night_that_never_ends_is_not_waited_for_for_ever(settings, console, monkeypatch):
    monkeypatch.setattr(demo, "LOOK_SECONDS", 0)
    with pytest.raises(NightFailedError, match="02:14"):
        demo.wait_for_older(
            settings,
            console,
            Airflow({NIGHT: datetime(2026, 3, 2, 1, 14, tzinfo=UTC)}),
            lambda: None,
            0,
        )


class StartedError(Exception):
    """The services would start now."""


@pytest.mark.parametrize(
    "begin",
    [
        lambda settings: demo.run_demo(settings, 10, 12, keep=False, timeout=60),
        demo.start_everything,
    ],
    ids=["demo", "up"],
)
def test_airflow_starts_with_the_manifest_of_an_edited_model(
    settings, tmp_path, monkeypatch, begin
):
    made = shutil.copy(manifest.MANIFEST, tmp_path)  # by `make setup`
    monkeypatch.setattr(manifest, "MANIFEST", Path(made))
    os.utime(made, (0, 0))  # the project is newer than that

    def start(*_):
        manifest.current_manifest()  # or Airflow would show an import error
        raise StartedError

    monkeypatch.setattr(demo, "_start", start)
    monkeypatch.setattr(demo.stations, "check", lambda *_: [])
    monkeypatch.setattr(demo.signal, "signal", lambda *_: None)
    with pytest.raises(StartedError):
        begin(settings)
    nodes = json.loads(Path(made).read_bytes())["nodes"]
    assert any(node["name"] == "customers" for node in nodes.values())


@pytest.mark.parametrize("secretly", [True, False])
def test_no_password_goes_into_a_pipe(settings, console, secretly):
    for login in (False, True):
        given = settings.model_copy(update={"mlflow_login": login})
        console.print(places(given, secretly=secretly))
    shown = told(console)
    passwords = [airflow_password(settings)]
    passwords.append((settings.home / "airflow" / "mlflow_password").read_text())
    passwords.append((settings.home / "secrets.env").read_text().split("=")[1].strip())
    for password in passwords:
        assert (password in shown) == (not secretly)
    for file in ("passwords.json", "mlflow_password", "secrets.env"):
        assert (str(settings.home) in shown and file in shown) == secretly


def test_what_people_read_and_fill_in_is_named_once_it_is_there(settings, console):
    console.print(places(settings, secretly=True))
    assert "maturity.html" not in told(console)
    for path in ("reports/maturity.html", "review/to_do.xlsx", "review/identitaet_pruefen.xlsx"):
        file = settings.home / path
        file.parent.mkdir(exist_ok=True)
        file.touch()
    console.print(places(settings, secretly=True))
    for name in ("maturity.html", "to_do.xlsx", "identitaet_pruefen.xlsx"):
        assert name in told(console)


def test_a_night_by_hand_ends_with_its_files_and_no_service(settings, console, tmp_path):
    own = settings.model_copy(update={"config": tmp_path / "own"})
    own.config.mkdir()
    (own.config / "crm.yml").write_text("connector: excel\n", encoding="utf-8")
    own.reports.mkdir(parents=True, exist_ok=True)
    (own.reports / "maturity.html").touch()
    console.print(files_to_look_at(own))
    said = told(console)
    assert "Bewertungen.xlsx" in said and "maturity.html" in said
    assert "to_do.xlsx" not in said and "Airflow" not in said and "MLflow" not in said


def test_a_push_without_news_says_so(settings):
    unchanged = "Bei den Bewertungen hat sich in dieser Nacht nichts geändert."
    tell = stations.TOLD["push_to_crm"]
    assert next(tell(settings, [])) == unchanged
    change = Change(target="parties", key="C1", action="create")
    assert unchanged not in list(tell(settings, [change]))


def test_scores_are_called_as_people_call_them(settings):
    assert score_titles(settings)["churn"] == "Abwanderungsrisiko"
    english = settings.model_copy(update={"language": "en"})
    assert score_titles(english)["churn"] == "Churn risk"


def test_the_sample_company_gets_its_crm_once_and_no_other_company_does(
    settings, console, monkeypatch
):
    """A company's own files: nobody waits for the CRM; the sample's: told what it got, once."""
    from crm import sample_crm

    def wait(*_arguments):
        waited.append(True)

    def fill(_settings):
        (settings.home / "crm").mkdir()
        (settings.home / "crm" / "filled").touch()
        return sample_crm.Filled(527, 540)

    waited = []
    monkeypatch.setattr(demo.processes, "wait_until_ready", wait)
    monkeypatch.setattr(sample_crm, "fill_sample_crm", fill)
    settings.inbox.mkdir(parents=True)
    (settings.inbox / "crm_firmen.xlsx").touch()
    demo._fill_crm(settings, console)
    assert (waited, told(console)) == ([], "")
    (settings.home / "truth").mkdir()
    (settings.home / "truth" / "crm_since_export.csv").touch()
    demo._fill_crm(settings, console)
    demo._fill_crm(settings, console)
    assert waited == [True]
    assert told(console) == (
        "Im CRM stehen 527 Firmen und 540 Verkaufschancen aus seinem eigenen Export\n"
    )
