"""A folder of business cards and mails: a source for all cards, one for all mails."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

from config import Settings
from ingest.suggesting.folder import suggest_folder

PEOPLE = (
    ("Mira", "Brändner", "Brändner GmbH", "mira@braendner.example"),
    ("Jon", "Ott", "Ott KG", "jon@ott.example"),
    ("Eva", "Lang", "Lang Bau AG", "e.lang@lang-bau.example"),
)


def card(given: str, family: str, firm: str, email: str, more: str = "") -> str:
    lines = (
        "BEGIN:VCARD", "VERSION:3.0", f"N:{family};{given};;;", f"FN:{given} {family}",
        f"ORG:{firm}", f"EMAIL:{email}", f"{more}END:VCARD",
    )  # fmt: skip
    return "\n".join(lines) + "\n"


def mail(given: str, family: str, email: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = f"{given} {family} <{email}>", "vertrieb@nordhang.example"
    message["Date"], message["Subject"] = "Tue, 07 Jan 2025 09:30:00 +0100", "Anfrage"
    message["Message-ID"] = f"<1.{email}>"
    message.set_content("Bitte ein Angebot.\n")
    return message.as_bytes()


def test_cards_and_mails_are_a_source_each_whatever_their_files_are_called(
    settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for number, (given, family, firm, email) in enumerate(PEOPLE):
        more = "TEL:+49 89 123450\nTEL;TYPE=FAX:+49 89 9\n" if number == 1 else ""
        text = card(given, family, firm, email, more)
        (folder / f"{given} {family}.vcf").write_text(text, encoding="utf-8")
        (folder / f"AW {firm}.eml").write_bytes(mail(given, family, email))
    cards, mails = sorted(suggest_folder(settings, folder).proposals, key=lambda p: p.name)
    assert (cards.name, cards.files, cards.kind) == ("business_cards", "*.vcf", "events")
    assert (mails.name, mails.files, mails.kind) == ("mails", "*.eml", "events")
    found = {
        (part.entity, guess.canonical): guess.column.name
        for proposal in (cards, mails)
        for part in proposal.entities
        for guess in part.guesses
    }
    assert found["company", "name"] == "organization"
    assert found["contact", "family_name"] == "family_name"
    assert found["interaction", "email"] == "from"
    assert ("company", "vat_id") not in found
    assert [part.key for part in cards.entities] == [("email",), ("email",)]
    assert [part.key for part in mails.entities] == [("message_id",)]
