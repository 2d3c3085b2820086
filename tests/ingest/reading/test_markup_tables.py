"""What ERP systems call .xls: HTML pages and Excel's XML of 2003."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest import Table, UnreadableFile, read_file
from ingest.reading import refusals

Read = Callable[[Path], list[Table]]

PAGE = """<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head>
<meta http-equiv=Content-Type content="text/html; charset={charset}">
<style>td {{color: red}}</style>
</head><body><h1>Kundenliste</h1>
<table><tr><th>Nr<th>Firma<th colspan=2>Umsatz</tr>
<tr><td></td><td></td><td>2024</td><td>2025</td></tr>
<tr><td>007</td><td rowspan="2">Müller &amp; Söhne</td><td>1.234,50&nbsp;€</td><td>&nbsp;</td></tr>
<tr><td>008</td><td>5</td><td>zwei<br>Zeilen  hier</td>
</table><table><tr><td>Ort</td><td>PLZ</td></tr><tr><td>Köln</td><td>50667</td></tr></table>
<script>var x = "<table>";</script></body></html>"""


@pytest.mark.parametrize("charset", ["utf-8", "windows-1252", "iso-8859-1", "utf-16"])
def test_tables_of_a_page(tmp_path: Path, read: Read, charset: str) -> None:
    path = tmp_path / "kunden.xls"
    path.write_bytes(PAGE.format(charset=charset).encode(charset.replace("iso-8859-1", "cp1252")))
    customers, places = read(path)
    assert customers.columns == ["Nr", "Firma", "Umsatz 2024", "Umsatz 2025"]
    assert customers.rows == [
        ["007", "Müller & Söhne", "1.234,50 €", None],
        ["008", "Müller & Söhne", "5", "zwei\nZeilen hier"],
    ]
    assert (places.name, places.is_sheet, places.rows) == ("Tabelle 2", True, [["Köln", "50667"]])


BOOK = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
 xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet" xmlns:html="http://www.w3.org/TR/html40">
<Worksheet ss:Name="Aufträge"><Table>
<Row><Cell><Data ss:Type="String">Nr</Data></Cell>
 <Cell><Data ss:Type="String">Firma</Data></Cell><Cell><Data ss:Type="String">Datum</Data></Cell>
 <Cell><Data ss:Type="String">Wert</Data></Cell></Row>
<Row ss:Index="3"><Cell><Data ss:Type="String">007</Data></Cell>
 <Cell ss:MergeDown="1"><ss:Data ss:Type="String"><html:B>Mü</html:B>ller</ss:Data></Cell>
 <Cell><Data ss:Type="DateTime">2025-12-31T00:00:00.000</Data></Cell>
 <Cell><Data ss:Type="Number">1.5E3</Data></Cell></Row>
<Row><Cell><Data ss:Type="Number">8</Data></Cell>
 <Cell ss:Index="3"><Data ss:Type="DateTime">2025-12-31T14:30:00.000</Data></Cell>
 <Cell ss:Formula="=1/0"><Data ss:Type="Error">#DIV/0!</Data></Cell></Row>
<Row><Cell><Data ss:Type="Number">9</Data></Cell><Cell ss:Index="4" ss:Formula="=RC[-3]*2"/></Row>
</Table></Worksheet>
<Worksheet ss:Name="Geheim"><Table><Row><Cell><Data ss:Type="String">x</Data></Cell></Row></Table>
<WorksheetOptions xmlns="urn:schemas-microsoft-com:office:excel"><Visible>SheetHidden</Visible>
</WorksheetOptions></Worksheet></Workbook>"""


def test_excel_xml_of_2003(tmp_path: Path, read: Read) -> None:
    path = tmp_path / "auftraege.xls"
    path.write_text(BOOK, "utf-8")
    (table,) = read(path)
    assert (table.name, table.is_sheet) == ("Aufträge", True)
    assert table.columns == ["Nr", "Firma", "Datum", "Wert"]
    assert table.rows == [
        ["007", "Müller", "2025-12-31", "1500"],
        ["8", "Müller", "2025-12-31 14:30:00", "#DIV/0!"],
    ]
    assert table.row_numbers == [3, 4]
    (reject,) = table.rejects
    assert (reject.row_number, reject.raw_text) == (5, "9;;;=RC[-3]*2")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("<!DOCTYPE html><html><body>Bitte anmelden</body></html>", refusals.MARKUP),
        ('<?xml version="1.0"?><orders><order/></orders>', refusals.MARKUP),
        (BOOK[:900], refusals.DAMAGED),
    ],
)
def test_markup_without_a_table(tmp_path: Path, read: Read, content: str, reason: object) -> None:
    path = tmp_path / "a.xls"
    path.write_text(content, "utf-8")
    with pytest.raises(UnreadableFile) as caught:
        read(path)
    assert caught.value.reason == reason


def test_an_xml_bomb_is_refused(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = BOOK.replace(
        "<Workbook", f'<!DOCTYPE b [<!ENTITY e0 "{"x" * 100}">{entities}]><Workbook', 1
    ).replace("Nr<", "&e11;<")
    (tmp_path / "a.xls").write_text(bomb, "utf-8")
    with pytest.raises(UnreadableFile):
        read_file(tmp_path / "a.xls")


NUMBERS = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
 xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Styles>
<Style ss:ID="p"><NumberFormat ss:Format="00000"/></Style><Style ss:ID="c" ss:Parent="p"/>
<Style ss:ID="e"><NumberFormat ss:Format="#,##0.00"/></Style></Styles>
<Worksheet ss:Name="Kunden"><Table><Column/><Column ss:StyleID="p"/>
<Row><Cell><Data ss:Type="String">Nr</Data></Cell><Cell><Data ss:Type="String">PLZ</Data></Cell>
 <Cell><Data ss:Type="String">Werk</Data></Cell></Row>
<Row><Cell><Data ss:Type="Number">1</Data></Cell><Cell><Data ss:Type="Number">1067</Data></Cell>
 <Cell ss:StyleID="c"><Data ss:Type="Number">12</Data></Cell></Row>
<Row><Cell><Data ss:Type="Number">2</Data></Cell>
 <Cell ss:StyleID="e"><Data ss:Type="Number">1067</Data></Cell>
 <Cell ss:StyleID="p"><Data ss:Type="Number">1.5</Data></Cell></Row></Table></Worksheet>
<Worksheet ss:Name="Alt"><Table><Row><Cell><Data ss:Type="String">x</Data></Cell></Row></Table>
<WorksheetOptions xmlns="urn:schemas-microsoft-com:office:excel"><Visible>SheetHidden</Visible>
</WorksheetOptions></Worksheet></Workbook>"""


def test_numbers_of_excel_2003_are_as_their_formats_show_them(tmp_path: Path, read: Read) -> None:
    (tmp_path / "a.xls").write_text(NUMBERS, encoding="utf-8")
    (table,) = read(tmp_path / "a.xls")
    assert table.rows == [["1", "01067", "00012"], ["2", "1067", "1.5"]]
    assert table.notes == [refusals.hidden_sheets({"Alt": 1})]


def test_hidden_text_is_no_part_of_a_cell_hidden_rows_are_data(tmp_path: Path, read: Read) -> None:
    page = """<h1>Liste</h1><table><tr><th>KdNr<th>Firma</tr>
    <tr><td>1001<span style="DISPLAY: none">sort=<b>00</b>1001<br></span> A</td>
    <td><i hidden>x<td>Brandner</tr>
    <tr style="display:none"><td>1002</td><td>Lindthal</td></tr></table>"""
    (tmp_path / "a.xls").write_text(page, encoding="utf-8")
    (table,) = read(tmp_path / "a.xls")
    assert table.rows == [["1001 A", None, "Brandner"], ["1002", "Lindthal", None]]
