"""Records that nothing ties to a customer are told, not passed over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from config import Settings, load_settings
from config.language import use_language
from ingest import Sources, ingest_inbox, load_sources, missing_references
from ingest.mapping.entities import load_entities
from ingest.mapping.references import NAMES

ORDERS = """\
sources:
  orders:
    files: "orders.csv"
    kind: events
    maps:
      order_line:
        key: [No, Line]
        columns: {order_no: No, line_no: Line, ordered_on: Date}
"""
FILE = "No;Line;Verk. an Deb.-Nr.;Date\n1;1;A;01.02.2026\n1;2;A;01.02.2026\n"


def mapped(entity: str, *columns: str) -> Sources:
    entry = {"key": ["k"], "columns": dict.fromkeys(columns, "c")}
    source = {"files": "f.csv", "kind": "events", "maps": {entity: entry}}
    return Sources.model_validate({"sources": {"s": source}})


def test_the_sample_company_ties_all_its_records() -> None:
    assert missing_references(load_sources(load_settings())) == []


def test_ties_are_columns_and_every_entity_that_needs_one_has_a_name() -> None:
    entities = load_entities()
    assert {name for name, entity in entities.items() if entity.ties} == set(NAMES)
    assert all(set(entity.ties) <= set(entity.columns) for entity in entities.values())


@pytest.mark.parametrize("entity", NAMES)
def test_one_tie_of_several_is_enough(entity: str) -> None:
    ties = load_entities()[entity].ties
    assert all(missing_references(mapped(entity, tie)) == [] for tie in ties)
    (missing,) = missing_references(mapped(entity))
    assert (missing.source, missing.entity, missing.columns) == ("s", entity, ties)
    assert NAMES[entity].de in missing.reason().de
    assert NAMES[entity].en in missing.reason().en


def test_a_load_tells_what_ties_nothing_and_which_columns_are_left(
    settings: Settings, write_sources: Callable[[str], None], drop: Callable[..., Path]
) -> None:
    write_sources(ORDERS)
    drop("orders.csv", FILE)
    (load,) = ingest_inbox(settings)
    assert load.status == "loaded"
    assert load.is_warning
    use_language("de")
    (line,) = (line for line in load.lines() if "Kunde" in line)
    assert "orders.maps.order_line.columns" in line
    assert "Verk. an Deb.-Nr." in line
    use_language("en")
    assert any("which customer these orders" in line for line in load.lines())
