"""What the report says, and that it is written whole or not at all."""

from __future__ import annotations

import pytest

from config import PROJECT_ROOT, read_yaml
from expectations.specification import load_use_cases
from report import write_report, writing
from report.facts import read_facts
from report.view import find_best_step, make_view, spark
from report.words import Words
from tests.report.conftest import CASES, NIGHT, store_nights
from warehouse import open_warehouse


def test_the_journey_shows_every_use_case_in_its_phase_with_the_stage_in_force(settings):
    store_nights(settings)
    view = make_view(read_facts(settings), "de")
    shown = {tile.title: (phase.key, tile.stage) for phase in view.phases for tile in phase.tiles}
    assert shown == {de: (phase, last) for phase, de, _, _, last, _ in CASES.values()}
    assert [phase.key for phase in view.phases][-1] == "all"
    churn = view.phases[-1].tiles[0]
    # Two files of models/ act on a use case; the others are measured all the same.
    in_use = {tile.title for phase in view.phases for tile in phase.tiles if tile.is_in_use}
    assert in_use == {"Abwanderung erkennen", "Leads bewerten"}
    assert churn.next_said == "Für Stufe 3:"
    assert churn.todo.startswith("Bei 518 von 1.204 Firmen")
    assert churn.more == "und ein weiterer Punkt"
    assert churn.trend == "Verlauf der letzten Nächte: 1, 2"


def test_the_first_night_shows_no_history_that_there_is_not(settings):
    store_nights(settings, 1)
    view = make_view(read_facts(settings), "de")
    tile = view.phases[0].tiles[0]
    assert tile.trend == "erste Nacht"
    assert len(tile.spark.split()) == 2
    completeness, freshness, duplicates = view.figures
    assert "Kreis" not in completeness.note
    assert "Der Verlauf beginnt mit der zweiten Nacht." in duplicates.note
    assert freshness.lines[0] == "web_visits: ausgeblieben"


def test_nights_stand_at_their_day_tonight_at_the_right():
    from datetime import timedelta

    nights = [(NIGHT - timedelta(days=5), 1), (NIGHT, 2)]
    assert spark(nights, NIGHT) == "96,19 100,19 116,11 120,11"


def test_an_empty_warehouse_says_what_to_do(settings):
    page = write_report(settings).read_text(encoding="utf-8")
    assert "Noch ist nichts gemessen." in page
    assert "Dateien in den Eingangsordner legen" in page
    assert "Nothing has been measured yet." in page
    assert "noch nicht gemessen" in page


def test_the_set_language_comes_first(settings):
    english = settings.model_copy(update={"language": "en"})
    assert '<html lang="en">' in write_report(english).read_text(encoding="utf-8")


def test_what_helps_most_is_what_raises_a_use_case_on_its_own(settings):
    store_nights(settings)
    facts = read_facts(settings)
    _, alone, helped = find_best_step(facts.assessments.values(), facts.use_cases)
    assert alone == []
    assert len(helped) == max(
        len({c for c in facts.assessments if waits_for(facts, c, target)})
        for target in {t for c in facts.assessments for t in targets(facts, c)}
    )
    lone = facts.assessments["service_bot"]
    lone = lone.model_copy(update={"unmet": lone.unmet[:1]})
    asks, alone, _ = find_best_step(
        {**facts.assessments, "service_bot": lone}.values(), facts.use_cases
    )
    assert alone == ["service_bot"]
    assert targets(facts, "service_bot", asks.expectation) or asks.use_case == "service_bot"


def targets(facts, use_case, expectation=None):
    items = {i.name: i.target for c in facts.use_cases if c.name == use_case for _, i in c.checks}
    unmet = [u.expectation for u in facts.assessments[use_case].unmet]
    return {items[name] for name in unmet if expectation in (None, name)}


def waits_for(facts, use_case, target):
    return target in targets(facts, use_case)


def test_killed_half_way_yesterdays_page_stays(settings, monkeypatch):
    path = write_report(settings)
    before = path.read_bytes()
    store_nights(settings, 1)

    class KilledError(BaseException):
        pass

    def killed(*_):
        raise KilledError

    monkeypatch.setattr(writing, "render", killed)
    with pytest.raises(KilledError):
        write_report(settings)
    assert path.read_bytes() == before


def test_a_use_case_that_fell_or_could_not_be_measured_says_why(settings):
    store_nights(settings)
    with open_warehouse(settings) as connection:
        connection.execute(
            "update ops.maturity_stages set measured_stage = 0, cause = 'source',"
            " cause_de = 'Quelle fehlt.', cause_en = 'Source missing.'"
            " where use_case = 'churn' and night = ?",
            [NIGHT],
        )
    (settings.expectations / "pricing.yml").write_text("title_de: [")
    view = make_view(read_facts(settings), "de")
    tiles = {tile.title: tile for phase in view.phases for tile in phase.tiles}
    assert tiles["Abwanderung erkennen"].stage == 2
    assert tiles["Abwanderung erkennen"].warning == "Quelle fehlt."
    assert tiles["pricing"].stage == 1
    assert "Quelle fehlt." in write_report(settings).read_text(encoding="utf-8")


def test_what_people_wrote_stays_text(settings):
    hostile = settings.model_copy(update={"company": "<script>alert(1)</script> & Söhne"})
    page = write_report(hostile).read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_stage_at_its_edge_says_narrow(settings):
    store_nights(settings, 1)
    assert 'class="said">Stufe 2 von 3</span>' in write_report(settings).read_text("utf-8")
    assert "knapp" not in write_report(settings).read_text("utf-8")
    with open_warehouse(settings) as connection:
        connection.execute(
            "update ops.expectation_results set is_met = true, observed = required,"
            " records_total = 100, records_unmet = round(100 * (1 - required))"
            " where use_case = 'churn' and stage = 2"
        )
    page = write_report(settings).read_text(encoding="utf-8")
    assert page.count(">knapp</abbr>") == page.count(">narrow</abbr>") == 1
    assert "Wenige Datensätze mehr oder weniger ändern diese Stufe." in page


def test_cells_that_say_nothing_are_told_with_the_column_that_has_most(settings):
    store_nights(settings, 1)
    assert "Als leer zählen auch" not in write_report(settings).read_text("utf-8")
    with open_warehouse(settings) as connection:
        connection.execute("create schema if not exists marts")
        connection.execute(
            "create table marts.data_quality as from (values"
            " ('erp', 'companies', 'industry', 1200),"
            " ('crm', 'companies', 'industry', 34), ('crm', 'contacts', 'phone', 1000),"
            " ('crm', 'leads', 'amount', 0)) as t(source, entity, column_name, placeholders)"
        )
    page = write_report(settings).read_text(encoding="utf-8")
    assert (
        "Als leer zählen auch 2.234 Zellen, in denen nur „k. A.“, „-“ oder Ähnliches steht"
        " (die meisten: Branche · Firmen)."
    ) in page
    assert "2,234 cells that only say" in page


def test_one_night_and_one_cell_are_spoken_of_as_one(settings):
    store_nights(settings, 2)
    with open_warehouse(settings) as connection:
        connection.execute("create schema if not exists marts")
        connection.execute(
            "create table marts.data_quality as"
            " select 'leads' as entity, 'outcome' as column_name, 1 as placeholders"
        )
    page = write_report(settings).read_text(encoding="utf-8")
    assert "Kreis: gestern." in page
    assert "Circle: yesterday." in page
    assert "Als leer zählt auch 1 Zelle, in der" in page
    assert "(Ausgang · Leads)" in page


def test_every_column_that_the_report_can_name_has_words():
    entities = read_yaml(PROJECT_ROOT / "ingest" / "entities.yml").values()
    columns = {column for entity in entities for column in entity["columns"]}
    cases = load_use_cases(PROJECT_ROOT / "expectations")
    targets = {item.target for case in cases for _, item in case.checks if item.target}
    german, english = Words("de"), Words("en")
    for column in columns | {column for _, column in targets}:
        assert "_" not in german.column(column) + english.column(column), column
    for mart in {entity["view"] for entity in entities} | {mart for mart, _ in targets}:
        assert german.mart(mart) != mart, mart
