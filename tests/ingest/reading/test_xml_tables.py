"""XML of ERP systems and shops: elements that repeat become rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest import Table, UnreadableFile
from ingest.reading import refusals

Read = Callable[[Path], list[Table]]

SHOP = """<?xml version="1.0" encoding="{encoding}"?>
<export xmlns="urn:shop" xmlns:x="urn:x" date="2025-01-31"><shop>Nordhang</shop>
<orders><order id="A1"><customer><name>Müller &amp; Söhne</name><city>Köln</city></customer>
 <item sku="1">2</item><item sku="2">1</item><x:net>1.50</x:net></order>
<order id="A2"><customer><name>Brandner</name></customer><note>eilt</note></order></orders>
</export>"""


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "utf-16"])
def test_elements_that_repeat_become_rows(tmp_path: Path, read: Read, encoding: str) -> None:
    (tmp_path / "a.xml").write_bytes(SHOP.format(encoding=encoding).encode(encoding))
    (table,) = read(tmp_path / "a.xml")
    assert table.columns == ["id", "customer.name", "customer.city", "item", "net", "note"]
    assert table.rows == [
        ["A1", "Müller & Söhne", "Köln", '[{"sku": "1", "text": "2"}, {"sku": "2", "text": "1"}]',
         "1.50", None],
        ["A2", "Brandner", None, None, None, "eilt"],
    ]  # fmt: skip
    assert (table.name, table.notes) == ("a.xml", [refusals.outside_records(["shop"])])


def test_several_kinds_of_records_are_tables_and_xml_may_lack_its_line(
    tmp_path: Path, read: Read
) -> None:
    text = (
        "<data>\n<customer><no>1</no></customer><customer><no>2</no></customer>"
        '<order no="7"/><order no="8"/></data>'
    )
    (tmp_path / "a.xml").write_text(text, encoding="utf-8")
    customers, orders = read(tmp_path / "a.xml")
    assert (customers.name, customers.is_sheet, customers.rows) == (
        "customer",
        True,
        [["1"], ["2"]],
    )
    assert (orders.name, orders.rows) == ("order", [["7"], ["8"]])


def test_names_of_html_do_not_make_a_page(tmp_path: Path, read: Read) -> None:
    rows = "".join(f"<shoe><no>{n}</no><style>flach</style></shoe>" for n in (1, 2))
    text = f"<?xml version='1.0'?><catalogue><head/>{rows}</catalogue>"
    (tmp_path / "a.xml").write_text(text, encoding="utf-8")
    (table,) = read(tmp_path / "a.xml")
    assert table.rows == [["1", "flach"], ["2", "flach"]]


def test_a_file_of_one_record_is_read(tmp_path: Path, read: Read) -> None:
    text = "<?xml version='1.0'?><orders><order><no>1</no><city>Ulm</city></order></orders>"
    (tmp_path / "a.xml").write_text(text, encoding="utf-8")
    (table,) = read(tmp_path / "a.xml")
    assert (table.columns, table.rows) == (["no", "city"], [["1", "Ulm"]])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<?xml version='1.0'?><svg><g><path d='1'/><path d='2'/></g></svg>", refusals.MARKUP),
        ("<?xml version='1.0'?><note>Hallo</note>", refusals.MARKUP),
        ("<?xml version='1.0'?><a><b><c>1</c></b><b>", refusals.DAMAGED),
    ],
)
def test_xml_without_records_is_refused(
    tmp_path: Path, read: Read, text: str, reason: refusals.Reason
) -> None:
    (tmp_path / "a.xml").write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableFile) as caught:
        read(tmp_path / "a.xml")
    assert caught.value.reason == reason
