"""The day's list as a mail: the same table as HTML and as plain text, the Excel file with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from email.utils import localtime, make_msgid
from pathlib import Path
from typing import Final

from ml.reasons.wording import number
from report.calls.book import COLOURS
from report.calls.cells import Column, Teller, notes_of, shown_columns, subtitle_of
from report.calls.rows import Call, CallList

TEMPLATE: Final = "call_list.html.j2"
WORKBOOK: Final = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")
AMOUNTS: Final = {"calls_amount", "calls_expected"}


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the HTML table."""

    lines: tuple[str, ...]
    is_number: bool
    is_name: bool
    colour: str | None


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the HTML table, and its share of the width."""

    text: str
    is_number: bool
    percent: int


def make_mail(
    found: CallList,
    teller: Teller,
    title: str,
    of: tuple[str, date],
    addresses: tuple[str, Sequence[str]],
    book: Path | None = None,
) -> EmailMessage:
    """Write the mail with a list.

    Args:
        found: the list; it has rows.
        teller: words its cells.
        title: its heading.
        of: the company and the night.
        addresses: of the sender and of those who get it.
        book: the Excel file to attach.

    """
    words, (_company, night), (sender, to) = teller.words, of, addresses
    mail = EmailMessage()
    mail["Subject"] = words.counted("mail_subject", len(found.calls), day=words.day(night))
    mail["From"], mail["To"] = sender, ", ".join(to)
    mail["Date"] = localtime()
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].rstrip("> "))
    mail["Auto-Submitted"] = "auto-generated"  # so that no absence note answers it (RFC 3834)
    mail.set_content(_as_text(found, teller, title, of))
    mail.add_alternative(_as_html(found, teller, title, of), subtype="html")
    if book is not None and book.is_file():
        maintype, subtype = WORKBOOK
        mail.add_attachment(
            book.read_bytes(), maintype=maintype, subtype=subtype, filename=book.name
        )
    return mail


def _as_html(found: CallList, teller: Teller, title: str, of: tuple[str, date]) -> str:
    from report.writing import template_named

    words = teller.words
    columns = shown_columns(found.calls, teller)
    width = sum(column.width for column in columns)
    return template_named(TEMPLATE).render(
        language=words.language,
        title=title,
        greeting=words("mail_greeting"),
        intro=words("mail_intro"),
        subtitle=subtitle_of(found, words, *of),
        headings=[
            Heading(words(one.name), one.name in AMOUNTS, round(100 * one.width / width))
            for one in columns
        ],
        rows=[[_cell(column, call, teller) for column in columns] for call in found.calls],
        notes=notes_of(found, teller, of[1]),
    )


def _cell(column: Column, call: Call, teller: Teller) -> Cell:
    colour = COLOURS.get((call["entity"], call["band"])) if column.name == "calls_hint" else None
    return Cell(
        tuple(_written(column, call, teller).split("\n")),
        column.name in AMOUNTS,
        column.name == "calls_name",
        colour,
    )


def _written(column: Column, call: Call, teller: Teller) -> str:
    value = column.cell(call, teller)
    if column.name in AMOUNTS and isinstance(value, int):
        return number(value, teller.words.language)
    return "" if value is None else str(value)


def _as_text(found: CallList, teller: Teller, title: str, of: tuple[str, date]) -> str:
    words = teller.words
    rank, *others = shown_columns(found.calls, teller)
    columns = [column for column in others if column.name != "calls_name"]
    lines = [
        words("mail_greeting"), "", words("mail_intro"), "", title,
        subtitle_of(found, words, *of), "",
    ]  # fmt: skip
    for call in found.calls:
        who = teller.customer(call).replace("\n", ", ")
        lines.append(f"{_written(rank, call, teller)}. {who}".rstrip())
        for column in columns:
            if text := _written(column, call, teller):
                between = "\n     " if column.name == "calls_reasons" else ", "
                lines.append(f"   {words(column.name)}: {text.replace(chr(10), between)}")
        lines.append("")
    return "\n".join([*lines, *notes_of(found, teller, of[1])]) + "\n"
