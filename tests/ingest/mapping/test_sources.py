from __future__ import annotations

import pytest

from config import PROJECT_ROOT, ConfigurationError, Settings
from ingest import load_sources
from tests.ingest.conftest import Write

GOOD = """
sources:
  erp_customers:
    files: "erp_kunden*.csv"
    kind: snapshot
    maps:
      company:
        key: [KdNr]
        columns: {name: Name1}
  erp_orders:
    files: "erp_auftraege*.csv"
    sheet: "Auf*"
    kind: events
    locale: de
    maps:
      order_line:
        key: [Auftrag, Pos]
        columns:
          company: {column: KdNr, source: erp_customers}
          is_cancelled: {column: Storno, values: {Yes: "true", No: "false"}, otherwise: unknown}
        attributes: [Branche]
        where: {column: Typ, equals: 1}
"""


def test_reads_the_documented_form(settings: Settings, write_sources: Write) -> None:
    write_sources(GOOD)
    orders = load_sources(settings).sources["erp_orders"]
    assert orders.file_columns == ["Auftrag", "Pos", "KdNr", "Storno", "Branche", "Typ"]
    assert orders.maps["order_line"].columns["is_cancelled"].values == {
        "Yes": "true",
        "No": "false",
    }
    assert orders.maps["order_line"].where and orders.maps["order_line"].where.equals == "1"


def test_the_sample_companys_map_is_right() -> None:
    assert load_sources(Settings(config=PROJECT_ROOT / "config")).sources


def test_globs_ignore_case_and_how_umlauts_are_stored(
    settings: Settings, write_sources: Write
) -> None:
    write_sources(GOOD.replace("erp_kunden*.csv", "Aufträge*.csv"))
    source = load_sources(settings).sources["erp_customers"]
    assert source.claims("sub/AUFTRA\u0308GE_2025.CSV")
    assert not source.claims("kunden.csv")
    assert load_sources(settings).sources["erp_orders"].wants_sheet("AUFTRÄGE")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("kind: snapshot", "kind: daily", ["erp_customers", "kind", "events", "snapshot"]),
        ("kind: snapshot", "kinds: snapshot", ["erp_customers", "kind", "Add it"]),
        ("files:", "file:", ["erp_customers", "files"]),
        ("company:\n        key", "firm:\n        key", ["erp_customers", "firm", "company"]),
        ("name: Name1", "nam: Name1", ["maps.company.columns.nam", "attributes"]),
        ("name: Name1", "name: {source: erp_orders, column: N}", ["only for columns that refer"]),
        ("name: Name1", "name: {column: N, value: x}", ["exactly one of"]),
        ("name: Name1", "name: {kinds: {lei: L}}", ["kinds is only for", "name"]),
        ("name: Name1", "other_ids: LEI", ["other_ids", "{kinds: {lei:"]),
        (", source: erp_customers", "", ["refers to a company"]),
        ("source: erp_customers", "source: erp_x", ["erp_x does not map company"]),
        ("source: erp_customers", "source: erp_orders", ["erp_orders does not map company"]),
        ("key: [KdNr]", "key: []", ["maps.company.key"]),
        ("erp_orders:\n", "erp_customers:\n", ["`erp_customers` is given twice"]),
        ("{name: Name1}", "{name: Name1, name: Name2}", ["line", "`name` is given twice"]),
        ("erp_orders:\n", "Orders!:\n", ["rename it"]),
        ("erp_orders:\n", "companies:\n", ["choose another"]),
        ("key: [KdNr]", "key: [KdNr]\n        key_form: K-5", ["key_form", "00000, K-00000"]),
        ("key: [KdNr]", "key: [Nr, Pos]\n        key_form: upper", ["a key of one column"]),
        ("kind: snapshot", "kind: snapshot\n    may_be_unread: 5", ["may_be_unread", "1"]),
        ("sources:", "source:", ["sources:"]),
    ],
)
def test_errors_name_the_place_and_what_to_change(
    settings: Settings, write_sources: Write, old: str, new: str, words: list[str]
) -> None:
    assert old in GOOD
    write_sources(GOOD.replace(old, new, 1))
    with pytest.raises(ConfigurationError) as caught:
        load_sources(settings)
    message = str(caught.value)
    assert "\n" not in message and "sources.yml" in message
    for word in words:
        assert word in message, message


def test_the_fingerprint_follows_the_entry(settings: Settings, write_sources: Write) -> None:
    write_sources(GOOD)
    before = load_sources(settings).sources
    write_sources(GOOD.replace("name: Name1", "name: Name2"))
    after = load_sources(settings).sources
    assert before["erp_customers"].fingerprint != after["erp_customers"].fingerprint
    assert before["erp_orders"].fingerprint == after["erp_orders"].fingerprint
    write_sources(GOOD.replace("kind: events", "kind: events\n    expected: weekly"))
    weekly = load_sources(settings).sources["erp_orders"]
    assert weekly.expected == "weekly"
    assert weekly.fingerprint == before["erp_orders"].fingerprint  # nothing need be loaded anew
    write_sources(GOOD.replace("key: [KdNr]", "key: [KdNr]\n        key_form: upper"))
    written = load_sources(settings).sources
    # Keys that become one are told when they are loaded; references are read from what is there.
    assert written["erp_customers"].fingerprint != before["erp_customers"].fingerprint
    assert written["erp_orders"].fingerprint == before["erp_orders"].fingerprint
