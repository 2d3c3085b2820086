"""References that meet no key are told, with the form in which they would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config import Settings
from ingest import Load, ingest_inbox
from ingest.loading import unmet_references

Write = Callable[[str], None]
Drop = Callable[..., Path]
Query = Callable[[str], list[tuple[Any, ...]]]

SOURCES = """
sources:
  kunden:
    files: "kunden*"
    kind: events
    maps:
      company:
        key: [KdNr]
        columns: {name: Firma}
  auftraege:
    files: "auftraege*"
    kind: events
    locale: de
    maps:
      order_line:
        key: [Nr]
        columns: {company: {column: KdNr, source: kunden}, net_amount: Netto}
"""


def customers(*keys: str) -> str:
    return "KdNr;Firma\n" + "".join(f"{key};Firma {place} GmbH\n" for place, key in enumerate(keys))


def orders(*keys: str) -> str:
    return "Nr;KdNr;Netto\n" + "".join(f"A{place};{key};1,50\n" for place, key in enumerate(keys))


def told(settings: Settings) -> list[Load]:
    return [load for load in ingest_inbox(settings) if load.status == "unmet"]


def test_orders_of_customers_that_no_file_holds(
    settings: Settings, drop: Drop, write_sources: Write, query: Query
) -> None:
    write_sources(SOURCES)
    drop("kunden.csv", customers("100", "101"))
    drop("auftraege.csv", orders("100", "900", "900", "", "901"))
    (load,) = told(settings)
    assert load.reason_de and load.reason_en and load.is_warning
    assert load.reason_de.startswith(
        "Aufträge: 3 von 4 Zeilen nennen in „KdNr“ einen Kunden, den keine Datei der Quelle kunden"
        " enthält, z. B. „900“ (auftraege.csv, Zeile 3)."
    )
    assert "key_form" not in load.reason_de  # no writing would meet
    assert "3 of 4 rows name in “KdNr” a customer that no file of source kunden holds" in (
        load.reason_en
    )
    asked = "select filled, unmet, is_told from ops.unmet_references"
    assert query(asked) == [(4, 3, True)]
    drop("kunden_neu.csv", customers("900", "901"))
    assert told(settings) == []
    assert query(asked) == [(4, 0, False)]


@pytest.mark.parametrize(
    ("keys", "references", "form"),
    [
        (["00123", "00124"], ["123", "124"], "00000"),
        (["123", "124"], ["00123", "0124"], "0"),
        (["K-123", "K-124"], ["123", "124"], "K-0"),
        (["K-00123", "K-00124"], ["123", "k 124"], "K-00000"),
        (["123", "124"], ["K-123", "K-00124"], "[K-]0"),
        (["D-123", "D-99124"], ["Kd 123", "kd99124"], "[Kd ]D-0"),
        (["AB1X", "CD2Y"], ["ab1x", "CD 2Y"], "upper"),
        (["ab1x", "cd2y"], ["AB1X", "Cd2y"], "lower"),
        (["12346", "12347"], ["12346.0", "12347.0"], "0"),
    ],
)
def test_the_hint_names_the_form_and_it_mends(
    settings: Settings,
    drop: Drop,
    write_sources: Write,
    query: Query,
    keys: list[str],
    references: list[str],
    form: str,
) -> None:
    write_sources(SOURCES)
    drop("kunden.csv", customers(*keys))
    drop("auftraege.csv", orders(*references))
    (load,) = told(settings)
    assert f'`key_form: "{form}"` in sources.yml bei kunden.maps.company' in str(load.reason_de)
    assert "2 von 2 Zeilen" in str(load.reason_de) and "finden 2 davon" in str(load.reason_de)
    before = query("select record_id from raw.companies order by 1")
    write_sources(SOURCES.replace("key: [KdNr]", f'key: [KdNr]\n        key_form: "{form}"'))
    assert told(settings) == []
    met = "select count(*) from raw.order_lines semi join raw.companies on company = record_id"
    assert query(met.replace("record_id", "companies.record_id")) == [(2,)]
    assert query("select record_id from raw.companies order by 1") == before  # ids stay


def test_two_spellings_of_one_key_become_one_record(
    settings: Settings, drop: Drop, write_sources: Write, query: Query
) -> None:
    write_sources(SOURCES.replace("key: [KdNr]", 'key: [KdNr]\n        key_form: "00000"'))
    drop("kunden_a.csv", customers("00123"))
    drop("kunden_b.csv", customers("123"))
    drop("auftraege.csv", orders("123", "00123"))
    assert told(settings) == []
    assert query("select distinct record_id from raw.companies") == [("kunden:00123",)]
    assert query("select distinct company from raw.order_lines") == [("kunden:00123",)]


def test_no_form_is_advised_that_would_make_two_customers_one(
    settings: Settings, drop: Drop, write_sources: Write
) -> None:
    write_sources(SOURCES)
    drop("kunden.csv", customers("00123", "123", "124"))
    drop("auftraege.csv", orders("0124", "000124"))
    (load,) = told(settings)
    assert "key_form" not in str(load.reason_de)


def test_a_few_old_customers_are_no_alarm_but_stand_in_the_table(
    settings: Settings, drop: Drop, write_sources: Write, query: Query
) -> None:
    write_sources(SOURCES)
    drop("kunden.csv", customers("100", "101"))
    drop("auftraege.csv", orders(*["100"] * 60, "900", "901"))
    assert told(settings) == []
    assert query("select unmet, is_told from ops.unmet_references") == [(2, False)]


def test_a_few_that_another_writing_would_meet_are_told(
    settings: Settings, drop: Drop, write_sources: Write
) -> None:
    write_sources(SOURCES)
    drop("kunden.csv", customers("00100", "00101"))
    drop("auftraege.csv", orders(*["00100"] * 60, "100", "101"))
    (load,) = told(settings)
    assert "2 von 62 Zeilen" in str(load.reason_de) and 'key_form: "00000"' in str(load.reason_de)


def test_a_source_that_has_not_come_yet_is_named(
    settings: Settings, drop: Drop, write_sources: Write
) -> None:
    write_sources(SOURCES)
    drop("auftraege.csv", orders("100"))
    (load,) = told(settings)
    assert "Von kunden ist noch nichts geladen: bitte die Datei (kunden*)" in str(load.reason_de)


def test_a_night_without_news_compares_nothing_and_keeps_what_was_found(
    settings: Settings,
    drop: Drop,
    write_sources: Write,
    query: Query,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_sources(SOURCES)
    drop("kunden.csv", customers("100"))
    drop("auftraege.csv", orders("900", "901"))
    (first,) = told(settings)
    kept = query("from ops.unmet_references")
    compared = []
    compare = unmet_references._compare
    monkeypatch.setattr(
        unmet_references, "_compare", lambda *given: compared.append(1) or compare(*given)
    )
    assert told(settings) == [] and compared == []
    assert query("from ops.unmet_references") == kept
    drop("auftraege_2.csv", orders("902"))
    (again,) = told(settings)
    assert (
        compared == [1] and "3 von 3" in str(again.reason_de) and "2 von 2" in str(first.reason_de)
    )
    write_sources(SOURCES.replace("company: {column: KdNr, source: kunden}, ", ""))
    ingest_inbox(settings)
    assert query("from ops.unmet_references") == []
