"""Of several columns or rows that would do, which are taken, and what is told of the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from config import Settings
from ingest import ingest_inbox
from ingest.mapping.sources import Source, Sources
from ingest.suggesting.keys import sample_table
from ingest.suggesting.names import files_glob
from ingest.suggesting.one_file import suggest
from ingest.suggesting.proposal import propose, propose_all
from ingest.suggesting.subjects import SourceProposal

Drop = Callable[..., Path]
NONE = Sources(sources={})


def proposed(file: str, text: str, delimiter: str = ";") -> dict[str, str]:
    """Return what a file's main entity is proposed to take from which of its columns."""
    header, *rows = (line.split(delimiter) for line in text.splitlines())
    (source,) = propose(file, [sample_table(file, header, rows)], NONE)
    return {guess.canonical: guess.column.name for guess in source.entities[0].guesses}


LEFT = """\
Email Address;OPTIN_TIME;CONFIRM_TIME;LAST_CHANGED;{gone}
a@alt.de;2023-01-01 10:00:00;2023-01-01 10:05:00;2025-05-05 09:00:00;2025-05-05 09:00:00
b@bau.de;2023-02-01 10:00:00;2023-02-01 10:05:00;2025-06-05 09:00:00;2025-06-05 09:00:00
"""


@pytest.mark.parametrize(
    ("file", "gone"),
    [
        ("unsubscribed_members_export_86009cc361.csv", "UNSUB_TIME"),
        ("cleaned_members_export_86009cc361.csv", "CLEAN_TIME"),
        ("Widersprueche.csv", "Abgemeldet am"),
        ("newsletter_optout.csv", "Opted Out At"),
    ],
)
def test_who_left_decided_when_they_left_and_not_when_they_came(file: str, gone: str) -> None:
    assert proposed(file, LEFT.format(gone=gone))["decided_on"] == gone


def test_who_stayed_decided_when_they_came() -> None:
    assert proposed("subscribed_members_export.csv", LEFT.format(gone="UNSUB_TIME"))[
        "decided_on"
    ] in {"OPTIN_TIME", "CONFIRM_TIME"}


def test_a_column_that_says_the_same_of_all_rows_tells_the_decision_too() -> None:
    lines = LEFT.format(gone="Abmeldedatum").splitlines()
    rows = [f"{lines[0]};Status", *(f"{line};abgemeldet" for line in lines[1:])]
    assert proposed("Verteiler.csv", "\n".join(rows))["decided_on"] == "Abmeldedatum"


BOTH = """\
Email Address;Opt-in Datum;{changed};Status
a@alt.de;2023-01-01;2023-01-01;aktiv
b@bau.de;2023-02-01;2025-06-05;abgemeldet
"""


def test_a_list_with_both_decisions_takes_the_time_that_fits_both() -> None:
    header, *rows = (line.split(";") for line in BOTH.format(changed="Status seit").splitlines())
    (source,) = propose("Verteiler.csv", [sample_table("t", header, rows)], NONE)
    (main,) = source.entities
    assert {g.canonical: g.column.name for g in main.guesses}["decided_on"] == "Status seit"
    assert not any("Opt-in" in note.en for note in main.notes)


def test_a_list_with_both_decisions_and_the_time_of_one_says_so() -> None:
    header, *rows = (line.split(";") for line in BOTH.format(changed="Land").splitlines())
    (source,) = propose("Verteiler.csv", [sample_table("t", header, rows)], NONE)
    (main,) = source.entities
    assert {g.canonical: g.column.name for g in main.guesses}["decided_on"] == "Opt-in Datum"
    assert [note for note in main.notes if "„Opt-in Datum“" in note.de and "“Opt-in" in note.en]


def test_when_a_crm_made_the_record_is_not_since_when_it_is_a_customer() -> None:
    header = ["Record ID", "Company name", "Create Date", "City"]
    rows = [[str(n), f"Firma {n} GmbH", f"2025-01-{n:02}", "Ulm"] for n in range(10, 20)]
    (source,) = propose("hubspot_companies.csv", [sample_table("t", header, rows)], NONE)
    assert "customer_since" not in {g.canonical for g in source.entities[0].guesses}
    header[2] = "Became a Customer Date"
    (source,) = propose("hubspot_companies.csv", [sample_table("t", header, rows)], NONE)
    assert "customer_since" in {g.canonical for g in source.entities[0].guesses}


@pytest.mark.parametrize(("street", "is_told"), [("Lieferadresse Straße", True), ("Straße", False)])
def test_a_delivery_address_taken_for_the_customers_is_told(street: str, is_told: bool) -> None:
    header = ["Kundennummer", "Firma", street, "Ort"]
    rows = [[str(n), f"Firma {n} GmbH", f"Hauptstraße {n}", "Ulm"] for n in range(10, 20)]
    (source,) = propose("Kunden.csv", [sample_table("t", header, rows)], NONE)
    (main,) = source.entities
    assert {g.canonical: g.column.name for g in main.guesses}["street"] == street
    assert any(street in note.de and street in note.en for note in main.notes) == is_told


def entry(files: dict[str, str], name: str) -> SourceProposal:
    """Return what is proposed for one of several files that stand in a folder together."""
    samples = {}
    for file, text in files.items():
        header, *rows = (line.split(";") for line in text.splitlines())
        samples[file] = [sample_table(file, header, rows)]
    return next(p for p in propose_all(samples, NONE) if p.name == name)


DEBTORS = """\
Nr.;Name;PLZ-Code;Ort
D1001;Antriebe Nord GmbH;20457;Hamburg
D1002;Werk Ost AG;04109;Leipzig
D1003;Holding KG;10115;Berlin
"""
LINES = """\
Document No.;Line No.;{first};{second};Order Date;Item No.;Quantity
S-1;1;{a[0]};{b[0]};2025-01-25;11;12
S-1;2;{a[1]};{b[1]};2025-01-25;42;10
S-2;1;{a[2]};{b[2]};2025-02-03;11;5
"""
BUYERS, PAYERS = ("D1001", "D1001", "D1002"), ("D1003", "D1003", "D1003")
OF_ANOTHER_LIST = ("X9001", "X9001", "D1002")


@pytest.mark.parametrize(
    ("columns", "chosen"),
    [
        ((("Bill-to Customer No.", PAYERS), ("Sell-to Customer No.", BUYERS)),
         "Sell-to Customer No."),
        ((("Sell-to Customer No.", BUYERS), ("Bill-to Customer No.", PAYERS)),
         "Sell-to Customer No."),
        ((("Rech. an Deb.-Nr.", PAYERS), ("Verk. an Deb.-Nr.", BUYERS)), "Verk. an Deb.-Nr."),
        ((("Sell-to Customer No.", OF_ANOTHER_LIST), ("Bill-to Customer No.", PAYERS)),
         "Bill-to Customer No."),
        ((("Invoice Customer No.", PAYERS), ("Customer No.", BUYERS)), "Customer No."),
    ],
)  # fmt: skip
def test_the_customer_is_who_meets_more_customers_and_of_two_who_buys(columns, chosen) -> None:
    (first, a), (second, b) = columns
    lines = LINES.format(first=first, second=second, a=a, b=b)
    found = entry({"sales_lines.csv": lines, "customers.csv": DEBTORS}, "sales_lines")
    (main,) = found.entities
    assert [reference.column.name for reference in main.references] == [chosen]
    (left,) = {first, second} - {chosen}
    assert any(f"not “{left}”" in note.en for note in main.notes)
    assert left not in main.attributes


def test_keys_of_records_to_which_nothing_can_refer_are_told_and_no_attribute() -> None:
    contacts = "Record ID;First Name;Last Name;Email\n" + "".join(
        f"5120{n};Anna{n};Berg{n};a{n}@alt.de\n" for n in range(6)
    )
    deals = "Deal ID;Deal Name;Deal Stage;Amount;Associated Contact IDs\n" + "".join(
        f"D{n};Line {n};Open;{n}00;5120{n}, 5120{(n + 1) % 6}\n" for n in range(6)
    )
    found = entry({"contacts.csv": contacts, "deals.csv": deals}, "deals")
    (main,) = found.entities
    assert "Associated Contact IDs" not in main.attributes
    assert [column.name for column, _reason in found.undecided] == ["Associated Contact IDs"]
    (note,) = main.notes
    assert "Associated Contact IDs" in note.de and "mehrere in einer Zelle" in note.de
    assert "contacts" in note.en


VOUCHERS = """\
Belegart;Belegnummer;Belegdatum;Position;Artikelnummer;Menge
{0};1001;10.12.2025;1;100210;1
{1};1002;11.12.2025;1;100210;2
{2};1003;12.12.2025;1;100215;3
"""


@pytest.mark.parametrize(
    ("kinds", "counting"),
    [
        (("Auftragsbestätigung", "Angebot", "Gutschrift"), ("Auftragsbestätigung",)),
        (("Angebot", "Rechnung", "Gutschrift"), ("Rechnung", "Gutschrift")),
        (("Auftrag", "Terminauftrag", "Lieferschein"), ("Auftrag", "Terminauftrag")),
        (("VK1", "VK2", "VK3"), None),
        (("Auftrag", "Auftrag", "Auftrag"), None),
    ],
)
def test_offers_and_credit_notes_are_no_orders(kinds, counting) -> None:
    found = entry({"Belege.csv": VOUCHERS.format(*kinds)}, "belege")
    (main,) = found.entities
    assert (main.where.values if main.where else None) == counting
    told = [note for note in main.notes if "Belegart" in note.de]
    assert bool(told) == (len(set(kinds)) > 1)
    for note in told:
        assert all(f"{kind} (1)" in note.de for kind in kinds)
        assert f"{len(counting)} von 3" in note.de if counting else "Alle 3" in note.de


def test_only_orders_reach_the_warehouse(settings: Settings, drop: Drop, query) -> None:
    file = drop("Belege.csv", VOUCHERS.format("Auftrag", "Angebot", "Sofortauftrag"))
    suggest(settings, file, "de", write=True)
    ingest_inbox(settings)
    assert query("select order_no from raw.order_lines order by 1") == [("1001",), ("1003",)]


def test_next_months_export_is_claimed_and_another_list_is_not() -> None:
    source = Source(name="debtors", files=files_glob("Debitoren.csv"), kind="snapshot", maps={})
    for name in ("Debitoren.csv", "Debitoren_2026-12.csv", "Debitoren 2026.csv"):
        assert source.claims(name), name
    for name in ("Debitorenposten.csv", "Alte Debitoren.csv", "Debitoren.xlsx"):
        assert not source.claims(name), name
