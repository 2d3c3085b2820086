"""What dbt is given: one view per entity, whatever the files call things."""

from __future__ import annotations

import openpyxl
import pytest

from config import Settings
from ingest import ingest_inbox
from ingest.mapping.entities import load_entities
from ingest.mapping.views import renew_outdated_views
from reifegrad import stations
from tests.ingest.conftest import Drop, Query, Write
from warehouse import open_warehouse
from warehouse.dbt import BuildResult

SOURCES = """
sources:
  erp:
    files: "kunden.csv"
    kind: snapshot
    locale: de
    maps:
      company:
        key: [Nr]
        columns: {name: {columns: [Name1, Name2]}, employees: Mitarbeiter, customer_since: Seit}
        attributes: [Sperre]
  fair:
    files: "messe.csv"
    kind: events
    maps:
      contact:
        key: [Firma, Name]
        columns:
          company: {columns: [Land, KdNr], source: erp}
          family_name: Name
        where: {column: Art, equals: Besuch}
      interaction:
        key: [Firma]
        columns:
          company_name: Firma
          kind: {value: fair_visit}
          detail: {column: Art, values: {Besuch: visit, Anruf: call}, otherwise: other}
          occurred_at: Zeit
"""


def test_every_view_is_there_with_the_same_columns_even_without_sources(
    settings: Settings, write_sources: Write, query: Query
) -> None:
    write_sources("sources: {}")
    assert ingest_inbox(settings) == []
    for entity in load_entities().values():
        described = {str(row[0]): row[1] for row in query(f"describe raw.{entity.view}")}
        assert list(described)[:9] == [
            "record_id", "source", "file", "row_number", "load_id", "loaded_at",
            "version_at", "modified_at", "changed_at",
        ]  # fmt: skip
        assert described["formats"] == described["attributes"] == "MAP(VARCHAR, VARCHAR)"
        assert list(described)[11:] == list(entity.columns)
        assert query(f"select count(*) from raw.{entity.view}") == [(0,)]


def test_mapped_columns_recodes_constants_joins_refs_and_conditions(
    settings: Settings, write_sources: Write, drop: Drop, query: Query
) -> None:
    write_sources(SOURCES)
    drop("kunden.csv", """\
        Nr;Name1;Name2;Mitarbeiter;Seit;Sperre
        7;Müller;Söhne;1.234;03/04/2020;ja
        8;Meier;;12;31/12/2021;
        """)  # fmt: skip
    drop("messe.csv", """\
        Firma;Name;Art;Land;KdNr;Zeit
        Alpha;Berger;Besuch;DE;7;12/31/2024
        Alpha;;ANRUF;;;01/02/2025
        Beta;Kurz;Mail;DE;8;01/02/2025
        """)  # fmt: skip
    loads = [load for load in ingest_inbox(settings) if load.status != "unmet"]  # DE|7 is no key
    assert [load.rows_quarantined for load in loads] == [0, 0]
    companies = query(
        "select record_id, source, file, row_number, name, employees, street, formats, attributes"
        " from raw.companies order by 1"
    )
    formats = {"customer_since": "dmy", "employees": "comma"}
    assert companies == [
        ("erp:7", "erp", "kunden.csv", 2, "Müller Söhne", "1.234", None, formats, {"Sperre": "ja"}),
        ("erp:8", "erp", "kunden.csv", 3, "Meier", "12", None, formats, {"Sperre": None}),
    ]
    assert query("select record_id, company, family_name from raw.contacts") == [
        ("fair:Alpha|Berger", "erp:DE|7", "Berger")
    ]
    assert query("select kind, detail, formats from raw.interactions order by row_number") == [
        ("fair_visit", "visit", {"occurred_at": "mdy"}),
        ("fair_visit", "call", {"occurred_at": "mdy"}),
        ("fair_visit", "other", {"occurred_at": "mdy"}),
    ]
    assert query("select column_name, is_ambiguous from ops.column_formats order by all") == [
        ("customer_since", False),
        ("employees", True),
        ("occurred_at", False),
    ]


def test_numbers_of_several_kinds_are_one_text(
    settings: Settings, write_sources: Write, drop: Drop, query: Query
) -> None:
    write_sources("""
        sources:
          crm:
            files: "crm.csv"
            kind: snapshot
            maps:
              company: {key: [Nr], columns: {other_ids: {kinds: {lei: LEI, duns: D-U-N-S}}}}
    """)
    drop("crm.csv", "Nr;LEI;D-U-N-S\n1;5493 001K;31-572\n2;;31-573\n3;;\n")
    ingest_inbox(settings)
    assert query("select other_ids from raw.companies order by record_id") == [
        ("lei: 5493 001K; duns: 31-572",),
        ("duns: 31-573",),
        (None,),
    ]


def test_an_empty_reference_is_null(
    settings: Settings, write_sources: Write, drop: Drop, query: Query
) -> None:
    write_sources("""
        sources:
          crm:
            files: "crm.csv"
            kind: snapshot
            maps:
              company: {key: [Nr], columns: {name: Name}}
              contact: {key: [Nr], columns: {company: {column: Firma, source: crm}}}
    """)
    drop("crm.csv", "Nr;Name;Firma\n1;A; 5 \n2;B; \n3;C;\n")
    ingest_inbox(settings)
    assert query("select company from raw.contacts order by record_id") == [
        ("crm:5",),
        (None,),
        (None,),
    ]


def test_views_and_formats_follow_mapping_and_files(
    settings: Settings, write_sources: Write, drop: Drop, query: Query
) -> None:
    write_sources(SOURCES)
    drop("kunden.csv", "Nr;Name1;Name2;Mitarbeiter;Seit;Sperre\n7;A;B;1.234;03/04/2020;\n")
    ingest_inbox(settings)
    write_sources(SOURCES.replace("[Name1, Name2]", "[Name2]").replace("locale: de", "locale: en"))
    ingest_inbox(settings)
    assert query("select name, formats from raw.companies") == [
        ("B", {"customer_since": "mdy", "employees": "point"})
    ]
    drop("kunden.csv", "Nr;Name1;Name2;Mitarbeiter;Seit;Sperre\n7;A;B;1.234,5;23/04/2020;\n")
    ingest_inbox(settings)
    assert query("select formats from raw.companies") == [
        ({"customer_since": "dmy", "employees": "comma"},)
    ]
    write_sources("sources: {}")
    ingest_inbox(settings)
    assert query("select count(*) from raw.companies") == [(0,)]


def test_numbers_of_json_have_a_point_whatever_the_locale(
    settings: Settings, write_sources: Write, drop: Drop, query: Query
) -> None:
    write_sources("""
        sources:
          shop:
            files: "shop*.jsonl"
            kind: events
            locale: de
            maps: {order_line: {key: [id], columns: {net_amount: betrag}}}
    """)
    drop("shop.jsonl", '{"id": 1, "betrag": 1.234}\n')
    ingest_inbox(settings)
    assert query("select net_amount, formats from raw.order_lines") == [
        ("1.234", {"net_amount": "point"})
    ]


def test_a_column_of_typed_and_of_text_cells_is_mixed(
    settings: Settings, write_sources: Write, query: Query
) -> None:
    write_sources("""
        sources:
          shop:
            files: "shop.xlsx"
            kind: snapshot
            maps: {order_line: {key: [id], columns: {net_amount: betrag}}}
    """)
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in [["id", "betrag"], [1, 1234.5], [2, "1.234,50"], [3, 1.234], [4, "7"]]:
        book.active.append(row)
    book.save(settings.inbox / "shop.xlsx")
    ingest_inbox(settings)
    assert query("select net_amount, formats from raw.order_lines order by row_number") == [
        (text, {"net_amount": "mixed"}) for text in ("1234.5", "1.234,50", "1.234", "7")
    ]
    assert query("select is_ambiguous, example from ops.column_formats") == [(True, "1.234")]


def test_evidence_is_counted_once_per_load_and_again_for_another_mapping(
    settings: Settings, write_sources: Write, drop: Drop, query: Query
) -> None:
    write_sources(SOURCES)
    drop("messe.csv", "Firma;Name;Art;Land;KdNr;Zeit\nA;B;Besuch;DE;7;31/12/2024\n")
    ingest_inbox(settings)
    before = query("select load_id, values_per_format from ops.format_evidence")
    assert len(before) == 1
    ingest_inbox(settings)
    assert query("select load_id, values_per_format from ops.format_evidence") == before
    write_sources(SOURCES.replace("occurred_at: Zeit", "occurred_at: KdNr"))
    ingest_inbox(settings)
    assert query("select format from ops.column_formats") == [("dmy",)]
    assert query("select map_extract(values_per_format, 'dmy') from ops.format_evidence") == [
        ([0],)
    ]


def as_before_an_upgrade(settings: Settings, view: str, column: str) -> None:
    """Make a view as a version made it whose `entities.yml` did not know the column yet."""
    with open_warehouse(settings) as connection:
        (sql,) = connection.execute(
            "select sql from duckdb_views() where schema_name = 'raw' and view_name = ?", [view]
        ).fetchall()[0]
        body = sql.partition(" AS ")[2].rstrip(";")
        connection.execute(
            f"create or replace view raw.{view} as select * exclude ({column}) from ({body})"
        )


def test_a_build_after_an_upgrade_finds_the_new_columns_in_the_views(
    settings: Settings,
    write_sources: Write,
    drop: Drop,
    query: Query,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_sources(SOURCES)
    drop("kunden.csv", "Nr;Name1;Name2;Mitarbeiter;Seit;Sperre\n1;Alt;GmbH;12;2020-01-01;\n")
    ingest_inbox(settings)
    as_before_an_upgrade(settings, "companies", "customer_no")
    assert "customer_no" not in {row[0] for row in query("describe raw.companies")}
    seen = []

    def dbt(settings: Settings, *, full_refresh: bool) -> BuildResult:
        seen.append(query("select name, customer_no from raw.companies"))
        return BuildResult(models=1, tests=1, warnings=(), seconds={})

    monkeypatch.setattr("warehouse.build", dbt)
    monkeypatch.setattr("nights.building.remember", lambda settings: None)  # nothing was built
    stations.build(settings)
    assert seen == [[("Alt GmbH", None)]]
    assert renew_outdated_views(settings) is False  # what is as it should be stays


def test_nothing_ingested_yet_has_no_views_to_renew(settings: Settings) -> None:
    assert renew_outdated_views(settings) is False
