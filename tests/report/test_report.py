"""What the report says, and that it is written whole or not at all."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from config import PROJECT_ROOT, read_yaml
from expectations.sources import needed, read_sources
from expectations.specification import load_use_cases
from report import charts, write_report, writing
from report.facts import SourceRhythm, read_facts
from report.view import make_view, spark
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
    # Files of models/ and proposals/ act on some use cases; the others are measured all the same.
    in_use = {tile.title for phase in view.phases for tile in phase.tiles if tile.is_in_use}
    acted_on = {read_yaml(path)["use_case"] for path in (PROJECT_ROOT / "models").glob("*.yml")}
    acted_on |= {path.stem for path in (PROJECT_ROOT / "proposals").glob("*.yml")}
    assert {"churn", "lead_scoring", "automated_mailings", "pricing"} <= acted_on < set(CASES)
    assert in_use == {CASES[name][1] for name in acted_on if CASES[name][4] > 0}
    assert churn.next_said == "Für Stufe 3:"
    assert churn.todo.startswith("Bei 518 von 1.204 Firmen")
    assert churn.more == "und ein weiterer Punkt"
    assert churn.trend == "Verlauf der letzten Nächte: 1, 2"


def test_in_use_is_what_proposes_at_the_stage_that_is_reached(settings, tmp_path):
    store_nights(settings)
    written = {
        "pricing": "actions: {hint: {stage: 1}, later: {stage: 3}}",  # stage 1 is reached
        "sentiment": "actions: {call: {stage: 2}}",  # only stage 1 is
        "service_bot": "actions: [a mistake]",
        "presentations": "actions: {slides: {stage: 1}",  # no YAML
    }
    for folder in ("proposals", "models"):
        (tmp_path / folder).mkdir()
    for name, text in written.items():
        (tmp_path / "proposals" / f"{name}.yml").write_text(text, encoding="utf-8")
    (tmp_path / "models" / "churn.yml").write_text("use_case: churn", encoding="utf-8")
    folders = {name: tmp_path / name for name in ("proposals", "models")}
    view = make_view(read_facts(settings.model_copy(update=folders)), "en")
    in_use = {tile.title for phase in view.phases for tile in phase.tiles if tile.is_in_use}
    assert in_use == {"Pricing", "Churn"}


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


def test_what_was_measured_is_shown_though_the_file_asks_for_something_else_since(settings):
    store_nights(settings)
    before = read_facts(settings).shares
    assert before
    for path in settings.expectations.glob("*.yml"):
        spec = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"mostly: [0-9.]+", "mostly: 0.01", spec), encoding="utf-8")
    assert read_facts(settings).shares == before


def test_nights_stand_at_their_day_tonight_at_the_right():
    from datetime import timedelta

    nights = [(NIGHT - timedelta(days=5), 1), (NIGHT, 2)]
    assert spark(nights, NIGHT) == "96,19 100,19 116,11 120,11"


def test_an_empty_warehouse_says_what_to_do(settings):
    page = write_report(settings).read_text(encoding="utf-8")
    assert "Noch ist nichts gemessen." in page
    assert "reifegrad start ORDNER erkennt die Spalten" in page
    assert "sources.yml" not in page
    assert "Nothing has been measured yet." in page
    assert "noch nicht gemessen" in page


def test_the_set_language_comes_first(settings):
    english = settings.model_copy(update={"language": "en"})
    assert '<html lang="en">' in write_report(english).read_text(encoding="utf-8")


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


def test_what_does_not_fit_in_the_files_is_said_without_words_of_engineers(settings):
    store_nights(settings, 1)
    assert "Was in den Dateien nicht passt" not in write_report(settings).read_text("utf-8")
    with open_warehouse(settings) as connection:
        for number in range(2):
            connection.execute(
                "insert into ops.source_files (source, file, sha256, fingerprint, modified_at,"
                " load_id) values ('erp', ?, 'x', 'x', ?, ?)",
                [f"auftraege_{number}.csv", NIGHT + timedelta(days=number), f"load {number}"],
            )
            connection.execute(
                "insert into ops.unread_cells values ('erp', 'order_line', 'ordered_on', ?, 'x', 2,"
                " 2, true, ['Datum'], ?, ?)",
                [f"load {number}", f"„Datum“: {number} von 2.", f"“Datum”: {number} of 2."],
            )
        connection.execute(
            "insert into ops.unread_cells values ('erp', 'order_line', 'net_amount', 'load 0', 'x',"
            " 9, 1, false, ['Netto'], 'ein Versehen', 'a slip')"
        )
        for entity, is_told in (("order_line", True), ("ticket", False)):
            connection.execute(
                "insert into ops.unmet_references values ('erp', ?, 'company', 'kunden', 'x', 400,"
                " 312, ?, '312 von 400', '312 of 400', 'sources.yml', 'sources.yml')",
                [entity, is_told],
            )
    page = write_report(settings).read_text(encoding="utf-8")
    assert "„Datum“: 1 von 2. So auch in 1 weiteren Datei." in page  # the newest file's
    assert "“Datum”: 1 of 2. So also in 1 more file." in page
    assert page.count("<dd>312 von 400</dd>") == page.count("<dd>312 of 400</dd>") == 1
    assert "Versehen" not in page and "sources.yml" not in page


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
    entities = read_yaml(PROJECT_ROOT / "vocabulary" / "entities.yml").values()
    columns = {column for entity in entities for column in entity["columns"]}
    cases = load_use_cases(PROJECT_ROOT / "expectations")
    targets = {item.target for case in cases for _, item in case.checks if item.target}
    german, english = Words("de"), Words("en")
    for column in columns | {column for _, column in targets}:
        assert "_" not in german.column(column) + english.column(column), column
    for mart in {entity["view"] for entity in entities} | {mart for mart, _ in targets}:
        assert german.mart(mart) != mart, mart


def test_no_card_speaks_of_what_only_engineers_know():
    engineering = re.compile(r"\byml\b|yaml|\bmarts?\b|reifegrad |\bkind\b|sources\.|config", re.I)
    for case in load_use_cases(PROJECT_ROOT / "expectations"):
        for _, item in case.checks:
            assert not engineering.search(item.todo_de + item.todo_en), (case.name, item.name)
    for source in read_sources().values():
        said = [*source.name.values(), *source.ways.values()]
        assert not engineering.search(" ".join(said)), source.name


def test_every_mart_that_an_expectation_reads_has_a_name_in_business_words():
    for case in load_use_cases(PROJECT_ROOT / "expectations"):
        for _, item in case.checks:
            # what no file can hold yet is told by its own sentence
            is_unread = "select cast(null as varchar)" in (item.query or "")
            assert needed(item) or is_unread, (case.name, item.name)


def test_an_unmeasured_use_case_names_no_file_on_its_card(settings):
    store_nights(settings)
    with open_warehouse(settings) as connection:
        connection.execute(
            "update ops.maturity_stages set cause = 'unmeasured', cause_de = '/churn.yml',"
            " cause_en = '/churn.yml' where use_case = 'churn'"
        )
    page = write_report(settings).read_text(encoding="utf-8")
    assert "churn.yml" not in page
    assert "In der letzten Nacht nicht gemessen" in page


def test_a_missing_source_is_named_once_with_its_ways_and_what_it_opens(settings):
    store_nights(settings, 1)
    with open_warehouse(settings) as connection:
        connection.execute(
            "create table marts.tickets (ticket_id varchar); create table marts.leads as"
            " select 'l:1' as lead_id; create table marts.interactions (kind varchar)"
        )
    facts = read_facts(settings)
    assert facts.missing >= {"tickets", "interactions.web_visit", "interactions"}
    assert "leads" not in facts.missing
    page = write_report(settings).read_text(encoding="utf-8")
    german = page[: page.index('lang="en" class')]
    assert german.count("Export aus dem Ticketsystem") == 1
    view = make_view(facts, "de")
    (tickets,) = [source for source in view.missing if source.name.startswith("Serviceanfragen")]
    waiting = [
        case.title_de
        for case in facts.use_cases
        for unmet in facts.assessments[case.name].unmet
        if {i.name: i.mart for _, i in case.checks}[unmet.expectation] == "tickets"
    ]
    assert waiting
    assert set(tickets.opens.split(", ")) == set(waiting)
    (tile,) = [t for phase in view.phases for t in phase.tiles if t.title == waiting[0]]
    assert tile.missing.startswith("Es fehlt: ")
    assert "Serviceanfragen und Reklamationen" in tile.missing


def test_long_names_of_sources_stay_apart_and_whole():
    names = [
        "hubspot_crm_exports_all_companies",
        "hubspot_crm_exports_all_contacts",
        "an_export_with_a_very_long_name_of_the_old_program_2024",
        "an_export_with_a_very_long_name_of_the_old_program_2025",
    ]
    rhythms = [SourceRhythm(name, (NIGHT,), is_overdue=False) for name in names]
    svg = charts.freshness(rhythms, NIGHT, 14, Words("de"))
    labels = re.findall(r"<text[^>]*>([^<]+)</text>", svg)
    assert set(names[:2]) <= set(labels)
    assert len({label for label in labels if label.startswith("an_export")}) == 2
    assert charts.shortened(names[3]).endswith("program_2025")
