"""Mails and their attachments, pages saved as one file, and business cards."""

from __future__ import annotations

import datetime as dt
import mailbox
import struct
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from ingest import Table, UnreadableFile, read_file
from ingest.reading import refusals
from tests.ingest.reading.compound_writer import compound_tree

Read = Callable[[Path], list[Table]]
CSV = "KdNr;Firma\n1001;Brandner GmbH\n".encode("cp1252")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def mail() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Mira Brändner <mira@brandner.example>"
    message["To"] = "vertrieb@nordhang.example"
    message["Date"] = "Tue, 07 Jan 2025 09:30:00 +0100"
    message["Subject"] = "Aufträge für März"
    message["Message-ID"] = "<1@brandner.example>"
    message.set_content("Guten Tag,\nanbei die Liste.\n")
    message.add_alternative("<p>Guten Tag,<br>anbei die Liste.</p>", subtype="html")
    message.add_attachment(CSV, "text", "csv", filename="auftraege_märz.csv")
    message.add_attachment(PNG, "image", "png", filename="logo.png")
    return message


@pytest.mark.parametrize("first_lines", [b"", b"Received: from a\r\n\tby b; Tue\r\n" * 12])
def test_a_mail_is_a_row_and_its_attachments_are_tables(
    tmp_path: Path, read: Read, first_lines: bytes
) -> None:
    (tmp_path / "a.eml").write_bytes(first_lines + mail().as_bytes())
    letter, attachment = read(tmp_path / "a.eml")
    assert (letter.name, attachment.name) == ("mail", "auftraege_märz.csv")
    assert letter.rows == [
        ["mira@brandner.example", "Mira Brändner", "vertrieb@nordhang.example", None,
         "2025-01-07 09:30:00+01:00", "Aufträge für März", "Guten Tag,\nanbei die Liste.",
         "<1@brandner.example>", "auftraege_märz.csv; logo.png"]
    ]  # fmt: skip
    assert (attachment.columns, attachment.rows) == (["KdNr", "Firma"], [["1001", "Brandner GmbH"]])


def test_a_mail_of_html_alone_and_one_forwarded_within(tmp_path: Path, read: Read) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@b.example", "c@d.example", "WG: Liste"
    message.set_content("<style>p {}</style><p>Zur&nbsp;Info</p><p>Gruß</p>", subtype="html")
    message.add_attachment(mail())
    (tmp_path / "a.eml").write_bytes(message.as_bytes())
    outer, inner, attachment = read(tmp_path / "a.eml")
    assert outer.rows[0][6] == "Zur Info\nGruß"
    assert inner.rows[0][5] == "Aufträge für März"
    assert attachment.rows == [["1001", "Brandner GmbH"]]


def test_a_mailbox_is_a_row_for_each_mail(tmp_path: Path, read: Read) -> None:
    answer = EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = "c@d.example", "a@b.example", "Re: Liste"
    answer.set_content("Danke.\n\nFrom now on bitte als Excel.\n")
    path = tmp_path / "Gesendet"  # as Thunderbird calls it
    box = mailbox.mbox(path)
    for message in (mail(), answer):
        box.add(message)
    box.flush()
    (table,) = read(path)
    assert [row[5] for row in table.rows] == ["Aufträge für März", "Re: Liste"]
    assert table.rows[0][8] == "auftraege_märz.csv; logo.png"
    assert str(table.rows[1][6]).endswith("From now on bitte als Excel.")
    assert table.row_numbers == [1, 2]
    (note,) = table.notes
    assert note.de.startswith("Eine Anlage ist nur genannt") and ".eml" in note.en


def test_a_text_that_begins_with_from_is_no_mailbox(tmp_path: Path, read: Read) -> None:
    (tmp_path / "a.csv").write_text("From X at 10:00;To\nA;B\nC;D\n", encoding="utf-8")
    (table,) = read(tmp_path / "a.csv")
    assert table.columns == ["From X at 10:00", "To"] and len(table.rows) == 2


def test_a_pdf_attached_is_told(tmp_path: Path, read: Read) -> None:
    message = mail()
    message.add_attachment(b"%PDF-1.7\n", "application", "pdf", filename="angebot.pdf")
    (tmp_path / "a.eml").write_bytes(message.as_bytes())
    *_, refused = read(tmp_path / "a.eml")
    assert refused.name == "angebot.pdf" and "PDF" in refused.rejects[0].reason


def test_a_table_with_colons_is_no_mail(tmp_path: Path, read: Read) -> None:
    (tmp_path / "a.csv").write_text("From: ;To: ;Subject: \n1;2;3\n4;5;6\n", encoding="utf-8")
    (table,) = read(tmp_path / "a.csv")
    assert table.row_count == 2


def properties(header: int, texts: dict[int, str], numbers: dict[int, tuple[int, int]],
               binaries: dict[int, bytes] | None = None) -> dict[str, Any]:  # fmt: skip
    """Return the streams of a message's or attachment's properties; see [MS-OXMSG] 2.4."""
    stream, streams = bytes(header), {}
    for number, text in texts.items():
        content = text.encode("utf-16-le")
        stream += struct.pack("<HHIII", 0x1F, number, 6, len(content) + 2, 0)
        streams[f"__substg1.0_{number:04X}001F"] = content
    for number, content in (binaries or {}).items():
        stream += struct.pack("<HHIII", 0x102, number, 6, len(content), 0)
        streams[f"__substg1.0_{number:04X}0102"] = content
    for number, (kind, value) in numbers.items():
        stream += struct.pack("<HHIQ", kind, number, 6, value)
    return {"__properties_version1.0": stream, **streams}


def test_a_mail_saved_by_outlook(tmp_path: Path, read: Read) -> None:
    sent = dt.datetime(2025, 1, 7, 8, 30, tzinfo=dt.UTC)
    ticks = int((sent - dt.datetime(1601, 1, 1, tzinfo=dt.UTC)).total_seconds()) * 10**7
    message = properties(
        32,
        {0x1A: "IPM.Note", 0x37: "Aufträge für März", 0x1000: "Anbei die Liste.",
         0x0C1A: "Mira Brändner", 0x5D01: "mira@brandner.example",
         0x0C1F: "mira@brandner.example"},
        {0x39: (0x40, ticks), 0x340D: (3, 0x40000)},
    )  # fmt: skip
    message["__nameid_version1.0"] = {"__substg1.0_00020102": b""}
    message["__recip_version1.0_#00000000"] = properties(
        8, {0x3001: "Vertrieb", 0x3003: "vertrieb@nordhang.example"}, {}
    )
    message["__attach_version1.0_#00000000"] = properties(
        8, {0x3707: "auftraege.csv"}, {0x3705: (3, 1)}, {0x3701: CSV}
    )
    (tmp_path / "a.msg").write_bytes(compound_tree(message))
    letter, attachment = read(tmp_path / "a.msg")
    row = dict(zip(letter.columns, letter.rows[0], strict=True))
    assert row["subject"] == "Aufträge für März" and row["text"] == "Anbei die Liste."
    assert (row["from"], row["from_name"]) == ("mira@brandner.example", "Mira Brändner")
    assert row["to"] == "vertrieb@nordhang.example"
    assert row["date"] == "2025-01-07 08:30:00+00:00"
    assert attachment.rows == [["1001", "Brandner GmbH"]]
    for content in (compound_tree(message)[:1500], compound_tree(properties(32, {}, {}))):
        (tmp_path / "b.msg").write_bytes(content)
        with pytest.raises(UnreadableFile):
            read(tmp_path / "b.msg")


def test_a_page_saved_as_one_file(tmp_path: Path, read: Read) -> None:
    """As Excel and browsers write MHTML: the sheets are pages of their own."""
    page = "<html><body><table><tr><td>Nr<td>Ort</tr><tr><td>01<td>Köln</tr></table></body></html>"
    text = (
        "MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\nContent-Type: multipart/related;"
        ' boundary="x"; type="text/html"\r\n\r\n--x\r\nContent-Location: file:///a.htm\r\n'
        'Content-Type: text/html; charset="utf-8"\r\n\r\n<html><frameset></frameset></html>\r\n'
        "--x\r\nContent-Location: file:///s1.htm\r\nContent-Transfer-Encoding: 8bit\r\n"
        f'Content-Type: text/html; charset="utf-8"\r\n\r\n{page}\r\n--x--\r\n'
    )
    (tmp_path / "a.xls").write_bytes(text.encode())
    (table,) = read(tmp_path / "a.xls")
    assert (table.columns, table.rows) == (["Nr", "Ort"], [["01", "Köln"]])


CARDS = {
    "2.1": "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;Mira\n"
    "TEL;WORK;VOICE:+49 351 1\nTEL;CELL:+49 170 2\nTEL;WORK;FAX:+49 351 3\n"
    "ADR;WORK:;;Ring 4;Dresden;;01067;Deutschland\nEND:VCARD\n",
    "3.0": "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Müller;Mira;;;\r\nTEL;TYPE=WORK,VOICE:+49 351 1\r\n"
    "TEL;TYPE=CELL:+49 170 2\r\nTEL;TYPE=FAX:+49 351 3\r\nPHOTO;ENCODING=b:iVBORw0KGgo=\r\n"
    "ADR;TYPE=WORK:;;Ring 4;Dresden;;010\r\n 67;Deutschland\r\nEND:VCARD\r\n",
    "4.0": "BEGIN:VCARD\nVERSION:4.0\nFN:Mira Müller\nN:Müller;Mira;;;\n"
    'TEL;VALUE=uri;TYPE="voice,work":tel:+49 351 1\nTEL;TYPE=cell:+49 170 2\n'
    "TEL;TYPE=fax:+49 351 3\nADR:;;Ring 4;Dresden;;01067;Deutschland\nEND:VCARD\n",
}


@pytest.mark.parametrize("version", list(CARDS))
def test_cards_of_every_version(tmp_path: Path, version: str) -> None:
    """In the process of its own, where vobject must find what Arrow must not."""
    second = "BEGIN:VCARD\nVERSION:3.0\nN:Lindthal;Ole;;;\nORG:Lindthal KG;Einkauf\nEND:VCARD\n"
    (tmp_path / "a.vcf").write_text(CARDS[version] + second, encoding="utf-8")
    (table,) = read_file(tmp_path / "a.vcf")
    first = dict(zip(table.columns, table.rows[0], strict=True))
    assert {k: v for k, v in first.items() if v and k != "full_name"} == {
        "family_name": "Müller", "given_name": "Mira", "phone": "+49 351 1",
        "mobile": "+49 170 2", "fax": "+49 351 3", "street": "Ring 4", "postcode": "01067",
        "city": "Dresden", "country": "Deutschland",
    }  # fmt: skip
    other = dict(zip(table.columns, table.rows[1], strict=True))
    assert (other["organization"], other["department"]) == ("Lindthal KG", "Einkauf")


def test_a_second_number_has_a_column_a_broken_card_costs_one(tmp_path: Path, read: Read) -> None:
    good = "BEGIN:VCARD\nVERSION:3.0\nFN:A\nTEL:1\nTEL;TYPE=PREF:2\nEMAIL:a@b.example\nEND:VCARD\n"
    broken = "BEGIN:VCARD\nVERSION:3.0\nBEGIN:VCARD\nFN:B\nEND:VCARD\n"
    (tmp_path / "a.vcf").write_text(f"{good}{broken}{good}", encoding="utf-8")
    (table,) = read(tmp_path / "a.vcf")
    first = dict(zip(table.columns, table.rows[0], strict=True))
    assert (first["phone"], first["phone_2"]) == ("2", "1")
    assert table.row_numbers == [1, 13]
    assert [(r.row_number, r.reason) for r in table.rejects] == [(8, refusals.BROKEN_CARD.de)]
