"""The page about the warehouse: the way of each table, from a manifest as dbt writes it."""

from __future__ import annotations

import re
from typing import Any

import duckdb
import pytest

from config import Settings, read_yaml
from config.language import use_language
from warehouse.page import TEXTS, Source, read_sources, read_tables, render


def node(kind: str, *parents: str, **meta: str) -> dict[str, Any]:
    return {
        "resource_type": kind,
        "depends_on": {"nodes": [f"model.{parent}" for parent in parents]},
        "config": {"meta": meta},
    }


@pytest.fixture
def manifest() -> dict[str, Any]:
    nodes = {
        "stg_inbox__tickets": node("model"),
        "stg_inbox__companies": node("model"),
        "stg_ops__corrections": node("model"),
        "int_keys_listed": node("model", "stg_inbox__companies", lineage="identity"),
        "int_tickets_linked": node(
            "model", "stg_inbox__tickets", "int_keys_listed", "stg_ops__corrections"
        ),
        "tickets": node("model", "int_tickets_linked"),
        "sync_x__tickets": node("model", "tickets"),
    }
    return {
        "nodes": {f"model.{name}": one | {"name": name} for name, one in nodes.items()},
        "exposures": {
            "a": {
                "name": "crm",
                "label": "CRM",
                "depends_on": {"nodes": ["model.sync_x__tickets"]},
            }
        },
    }


def test_a_table_tells_its_files_its_steps_and_its_users(manifest: dict[str, Any]) -> None:
    (table,) = read_tables(manifest, {"tickets": 1234})
    assert (table.entities, table.identity, table.own) == (
        ("tickets",),
        ("companies",),
        ("corrections",),
    )
    assert table.steps == ("int_keys_listed", "int_tickets_linked")
    assert table.used_by == ("CRM",)


@pytest.mark.parametrize(
    ("language", "said"), [("de", ["1.234 Zeilen", "Tickets"]), ("en", ["1,234 rows", "Tickets"])]
)
def test_the_page_is_in_the_set_language_and_needs_no_network(
    manifest: dict[str, Any], language: str, said: list[str]
) -> None:
    use_language(language)
    settings = Settings(company="Öl & <Söhne>").model_copy(update={"language": language})
    sources = [Source(entity="tickets", files=(("tickets.xlsx", 1234),))]
    page = render(settings, sources, read_tables(manifest, {"tickets": 1234}), "full.html")
    for text in (*said, "tickets.xlsx", "Öl &amp; &lt;Söhne&gt;", 'href="full.html"'):
        assert text in page
    assert not re.search(r'(?:src|href)="https?:', page)
    for target in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{target}"' in page


def test_the_entities_of_the_inbox_are_found_with_their_files() -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create schema raw;"
            "create view raw.tickets as select * from (values ('1', 'a.csv', 'f'), ('2', 'a.csv',"
            " 'f'), ('3', 'b.xlsx', 'f')) as t(record_id, file, formats);"
            "create table raw.own_source as select 1 as record_id"
        )
        assert read_sources(connection) == [
            Source(entity="tickets", files=(("a.csv", 2), ("b.xlsx", 1)))
        ]


def test_every_text_is_there_in_both_languages() -> None:
    for group in read_yaml(TEXTS).values():
        for name, text in group.items():
            assert text.keys() == {"de", "en"}, name
