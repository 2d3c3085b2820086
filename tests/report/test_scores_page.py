"""The page on scores: what it says at each state of things, and that everybody can read it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from config import PROJECT_ROOT, Settings
from ml import load_spec
from report import scores_path, write_scores_page
from report.score_facts import Broken, Figure, Mistake, ScoreFacts, Unfair
from report.score_view import make_scores_view
from report.writing import SCORES_TEMPLATE, render
from warehouse import open_warehouse

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu"]
NIGHT = date(2026, 3, 2)
CHURN = load_spec(PROJECT_ROOT / "models" / "churn.yml")
MODEL = {
    "metrics": {"auc": 0.79, "auc_low": 0.76, "auc_high": 0.81, "n": 1600},
    "bands": {"high": {"share": 0.46, "low": 0.36, "high": 0.56, "n": 87}},
    "calibration": [
        {"promised": 0.05, "observed": 0.04, "low": 0.01, "high": 0.1, "n": 80},
        {"promised": 0.5, "observed": 0.55, "low": 0.44, "high": 0.66, "n": 80},
    ],
    "importance": [
        {"name": "days_silent", "share": 0.3},
        {"name": "orders_year", "share": 0.1},
    ],
    "left_out": {"amount_half": "alone it tells the outcome"},
}


def facts(**given: Any) -> ScoreFacts:
    usual: dict[str, Any] = {
        "spec": CHURN, "stage": 3, "method": "model", "scored": 287, "version": "4",
        "candidate": "logistic_regression", "since": date(2026, 2, 1), "model": MODEL,
    }  # fmt: skip
    return ScoreFacts(**usual | given)


def page(*found: ScoreFacts, language: Any = "en") -> str:
    views = [
        make_scores_view(found, "Muster GmbH", NIGHT, one)
        for one in (language, "de" if language == "en" else "en")
    ]
    return render(views, SCORES_TEMPLATE)


def first(text: str) -> str:
    """The part in the language that comes first."""
    return text.split('class="second"')[0]


def test_before_anything_is_known_the_figures_of_the_test_stand_there_and_it_says_so():
    said = first(page(facts(shown={"auc": Figure(None, None, None, 0.79, 0, False)})))
    assert "For 46 it came true: no order in the next 90 days" in said
    assert "between 36 and 56; in the test before it came into use, 87 outcomes" in said
    assert "79: who did it stood before who did not" in said
    assert "Of no score it is known yet what came of it: that shows 90 days after" in said
    assert "Model, version 4 (logistic regression), learnt in the night of 01 Feb 2026" in said


def test_a_yaml_with_a_mistake_is_told_and_the_other_scores_are_shown():
    problem = "lead.yml, line 7: snapshots.horizon_dais: there is no such field"
    title = {"de": "Abschlusswahrscheinlichkeit", "en": "Chance to win"}
    broken = [Broken(title, problem, date(2026, 2, 20)), Broken(title, problem, None)]
    view = make_scores_view([facts()], "Muster GmbH", NIGHT, "en", broken)
    assert view.broken == (
        "Chance to win: not computed anew, since its YAML has a mistake; those of 20 Feb 2026"
        f" still hold. {problem}",
        f"Chance to win: not computed, since its YAML has a mistake. {problem}",
    )
    said = render([view, make_scores_view([facts()], "Muster GmbH", NIGHT, "de", broken)],
                  SCORES_TEMPLATE)  # fmt: skip
    assert "those of 20 Feb 2026 still hold" in said
    assert "es gilt noch der Stand vom 20.02.2026" in said
    assert "Model, version 4" in said


def test_the_page_says_to_which_day_the_data_reached_and_when_that_is_old():
    fresh = first(page(facts(night=NIGHT, as_of=NIGHT - timedelta(days=2))))
    assert f"Counted from the data of {NIGHT - timedelta(days=2):%d %b %Y}." in fresh
    old = first(page(facts(night=NIGHT, as_of=NIGHT - timedelta(days=40)), language="de"))
    assert "das war 40 Tage vor der Nacht. Fehlt eine Datei?" in old


def test_what_was_observed_takes_the_place_of_what_was_promised():
    shown = {
        "auc": Figure(0.84, 0.79, 0.89, 0.79, 280, False),
        "share_high": Figure(0.61, 0.51, 0.7, None, 84, False),
        "calibration": Figure(0.02, -0.02, 0.06, 0.0, 280, False),
    }
    mistakes = {
        "too_high": (Mistake("Halver GmbH", 67, date(2025, 11, 3)),),
        "too_low": (),
        "judged": 280,
    }
    said = first(page(facts(shown=shown, watched=17, **mistakes), language="de"))
    assert "Bei 61 traf ein: keine Bestellung in den nächsten 90 Tagen" in said
    assert "beobachtet, 84 Ausgänge" in said
    assert "in der Prüfung dieses Modells: 79 (76 bis 81)" in said
    assert "Eingetroffen ist im Mittel 2 von 100 mehr als versprochen" in said
    assert "Keines von 17 geprüften Merkmalen" in said
    assert "Halver GmbH (67 Punkte am 03.11.2025)" in said
    assert "Keiner." in said
    assert "Umsatz in 180 Tagen: alone it tells the outcome" in said
    assert "Tage seit der letzten Bestellung" in said


def test_what_is_still_of_the_time_before_says_so():
    shown = {"share_high": Figure(0.61, 0.51, 0.7, None, 84, False, is_own=False)}
    assert "still from before what is in force now" in first(page(facts(shown=shown)))


def test_alarms_are_said_in_peoples_words():
    shown = {
        "auc": Figure(0.6, 0.5, 0.7, 0.79, 280, True),
        "calibration": Figure(0.2, 0.1, 0.3, 0.0, 280, True),
    }
    said = first(page(facts(shown=shown, drift=("days_silent", "score"), watched=17)))
    assert said.count('class="alarm"') == 3
    assert "these have moved: Days since the last order, the score itself" in said
    assert "within chance" not in said


def test_how_groups_are_treated_is_said_where_it_was_compared():
    assert "Groups of customers are treated alike (6 comparisons)." in first(
        page(facts(compared=6))
    )
    unfair = (Unfair("country", "AT", "calibration"),)
    said = first(page(facts(compared=6, unfair=unfair)))
    assert "Alarm: treated otherwise than all others: country AT." in said
    assert "treated alike" not in first(page(facts()))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"scored": 0, "stage": 0, "method": None}, "Not scored yet"),
        ({"stage": 2, "method": "rules", "model": {}}, "Rules of stage 2: the data of this use"),
        ({"stage": 3, "method": "rules", "model": {}}, "but none has passed its gates yet"),
        ({"problem": "mlflow.db is gone", "model": {}}, "Facts on the model are missing: mlflow"),
    ],
)
def test_where_something_is_not_there_yet_it_says_so_plainly(given, said):
    text = first(page(facts(version=None, **given)))
    assert said in text
    assert ("How good this score is can&#39;t be said yet" in text) == (given.get("scored") != 0)


def test_names_that_look_like_markup_stay_text():
    mistake = Mistake("<script>alert(1)</script>", 90, NIGHT)
    assert "<script" not in page(facts(too_high=(mistake,), judged=1))


def store(settings: Settings) -> None:
    """A quarter ago four customers were scored; one of them ordered within the 90 days."""
    said_on = NIGHT - timedelta(days=100)
    marts = (PROJECT_ROOT / "tests" / "ml" / "marts.sql").read_text(encoding="utf-8")
    with open_warehouse(settings) as connection:
        connection.execute(marts)
        for number in range(4):
            customer = f"C{number}"
            connection.execute(
                "insert into marts.customers by name select ? as customer_id, ? as name,"
                " false as has_objected_to_profiling",
                [customer, f"Firma {number}"],
            )
            points = 90 if number < 2 else 10
            connection.execute(
                "insert into ops.scores by name select 'churn' as score, 'customer' as entity,"
                " ? as entity_id, ?::date as night, 2 as stage, 'rules' as method, ? as points,"
                " 'low' as band, [] as reasons_de, [] as reasons_en",
                [customer, NIGHT, points],
            )
            connection.execute(
                "insert into ops.score_history by name select 'churn' as score, 'shown' as role,"
                " ?::date as night, ? as entity_id, ? as customer_id, ?::date as counted_from,"
                " 'rules' as method, ? as points, ? as band",
                [said_on, customer, customer, said_on, points, "high" if number < 2 else "low"],
            )
        for customer, on in (
            ("C0", said_on + timedelta(days=10)),
            ("C9", NIGHT - timedelta(days=1)),
        ):
            connection.execute(
                "insert into marts.orders by name select ? as order_id, ? as customer_id,"
                " ?::date as ordered_on, false as is_cancelled",
                [customer, customer, on],
            )


def test_it_names_whom_the_score_got_wrong_and_only_its_owner_can_read_it(tmp_path):
    (tmp_path / "models").mkdir()
    shutil.copy(PROJECT_ROOT / "models" / "churn.yml", tmp_path / "models")
    settings = Settings(home=tmp_path, models=tmp_path / "models", as_of=NIGHT, language="en")
    store(settings)
    text = first(write_scores_page(settings).read_text(encoding="utf-8"))
    high, low = text.split("Scored low, yet it came true")
    assert "Firma 0 (90 points on" in high  # it ordered
    assert "Firma 1" not in text  # high and silent: right
    assert "Firma 2 (10 points on" in low
    assert "Among 4 outcomes" in text
    assert scores_path(settings).stat().st_mode & 0o077 == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("width", [360, 800, 1280])
def test_at_every_width_and_in_both_languages_it_is_whole_and_accessible(browser, tmp_path, width):
    from axe_playwright_python.sync_playwright import Axe

    shown = {"auc": Figure(0.6, 0.5, 0.7, 0.79, 280, True)}
    mistake = Mistake("Donaudampfschifffahrtsgesellschaftsmaschinenbau GmbH & Co. KG", 90, NIGHT)
    found = facts(shown=shown, drift=("days_silent",), too_high=(mistake,), judged=1)
    lead = load_spec(PROJECT_ROOT / "models" / "lead.yml")
    rules = facts(spec=lead, stage=2, method="rules", model={}, version=None)
    path = tmp_path / "scores.html"
    path.write_text(page(found, rules, language="de"), encoding="utf-8")
    opened = browser.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    for language in ("de", "en"):
        opened.goto(f"{path.as_uri()}#{language}")
        assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert opened.locator(f"article#{language}").is_visible()
        violations = Axe().run(opened).response["violations"]
        assert violations == [], violations
    assert all(url.startswith("file:") for url in asked)
    opened.close()
