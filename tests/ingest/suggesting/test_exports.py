"""Exports of programs: keys, consents, references, kinds and globs that a person would choose."""

from __future__ import annotations

import pytest
import yaml

from benchmarks.header_sets.rows import header_sets
from benchmarks.suggest_headers import measure
from config import PROJECT_ROOT, Settings
from ingest import ingest_inbox
from ingest.mapping.sources import Source, Sources
from ingest.suggesting.keys import sample_table
from ingest.suggesting.names import files_glob
from ingest.suggesting.one_file import suggest
from ingest.suggesting.proposal import propose, propose_all
from ingest.suggesting.subjects import EntityProposal
from ingest.suggesting.text import source_text
from tests.ingest.conftest import Drop

NONE = Sources(sources={})
RECIPIENTS = """\
E-Mail;Registriert;Aktiviert;Abgemeldet;Quelle;Firma;Bounces
mira@brandner.example;05.01.2024 10:00:00;05.01.2024 10:05:00;;Formular;Brandner GmbH;0
ole@okeler.example;06.01.2024 10:00:00;06.01.2024 10:05:00;01.12.2024 08:00:00;Import;Okeler;0
jan@okeler.example;07.01.2024 10:00:00;07.01.2024 10:05:00;;Formular;Okeler AG;0
"""


def main_entity(file: str, text: str) -> EntityProposal:
    header, *rows = (line.split(";") for line in text.splitlines())
    (source,) = propose(file, [sample_table(file, header, rows)], NONE)
    return source.entities[0]


@pytest.mark.parametrize("half", ["open", "held", "fresh"])
def test_exports_of_programs_are_mapped_as_a_person_would(half: str) -> None:
    """At least 95 % of the fields right, no wrong key; the benchmark prints each set."""
    outcomes = [o for files in header_sets(half).values() for o in measure(files, is_read=False)]
    true = sum(o.true for o in outcomes)
    right = true - sum(len(o.missed) for o in outcomes)
    assert right >= 0.95 * true
    assert right >= 0.95 * sum(o.proposed for o in outcomes)
    assert [o.name for o in outcomes if o.wrong_keys] == []
    assert [o.name for o in outcomes if not o.is_glob_right] == []


@pytest.mark.parametrize(
    ("header", "first", "key"),
    [
        ("Datensatz-ID", "20000000000", "Datensatz-ID"),
        ("Record ID", "20000000000", "Record ID"),
        ("Account ID", "001Hs0000000", "Account ID"),
        ("(Nicht ändern) Firma", "7f3c1a2b-9d10-4e55-8000-0", "(Nicht ändern) Firma"),
        ("Customer", "100000", "Customer"),
        ("Lfd. Kennung", "100000", "Lfd. Kennung"),  # said by nothing but its values
    ],
)
def test_a_number_beats_street_name_and_email_as_key(header: str, first: str, key: str) -> None:
    rows = [
        f"Firma {c} GmbH;Weg {n};Ulm;a{n}@{c}.example;{first}{n}" for n, c in enumerate("abcdef")
    ]
    lines = [line.rpartition(";") for line in rows]
    turned = "\n".join(f"{number};{rest}" for rest, _, number in lines)
    table = f"{header};Firma;Straße;Ort;E-Mail\n{turned}"
    assert main_entity("export.csv", table).key == (key,)


@pytest.mark.parametrize("header", ["Kto", "Kundennr."])
def test_the_number_at_which_another_file_points_is_the_key(header: str) -> None:
    """Whatever it is called, and even where another number is called like one."""
    customers = [[f"K{n}0", f"1000{n}", f"Bau {n} KG"] for n in range(6)]
    orders = [[f"A{n}", f"1000{n % 4}", "2", f"0{n + 1}.02.2025"] for n in range(6)]
    files = {
        "kunden.csv": [sample_table("t", [header, "Kto-Zahl", "Firma"], customers)],
        "auftraege.csv": [sample_table("t", ["Auftrag", "Empf", "Menge", "Datum"], orders)],
    }
    found = {source.name: source for source in propose_all(files, NONE)}
    (main,) = found["kunden"].entities
    assert main.key == ("Kto-Zahl",)
    assert [note for note in main.notes if "andere Datei" in note.de]


def test_turnover_is_no_key_however_different() -> None:
    rows = "\n".join(f"Firma {c} GmbH;{n}00" for n, c in enumerate("abcdef", 1))
    assert main_entity("liste.csv", f"Kunde;Umsatz\n{rows}").key == ("Kunde",)


def test_who_has_no_day_of_leaving_still_agrees(settings: Settings, drop: Drop, query) -> None:
    """The mapping is loaded: empty is a yes, a day a no, and the time is that of the last word."""
    told = suggest(settings, drop("cleverreach_empfaenger.csv", RECIPIENTS), "de", write=True)
    assert "bitte prüfen" not in told.text  # the address is the key of who agreed
    ingest_inbox(settings)
    assert query(
        "select email, is_granted, decided_on, purpose from raw.consents order by email"
    ) == [
        ("jan@okeler.example", "true", "07.01.2024 10:05:00", "newsletter"),
        (
            "mira@brandner.example",
            "true",
            "05.01.2024 10:05:00",
            "newsletter",
        ),
        ("ole@okeler.example", "false", "01.12.2024 08:00:00", "newsletter"),
    ]


def test_no_consent_without_a_value() -> None:
    rows = RECIPIENTS.replace(";Abgemeldet", ";Land").replace("01.12.2024 08:00:00", "DE")
    header, *lines = (line.split(";") for line in rows.splitlines())
    (source,) = propose("empfaenger.csv", [sample_table("t", header, lines)], NONE)
    assert "consent" not in {part.entity for part in source.entities}
    assert any("keine Spalte sagt, wer zugestimmt hat" in note.de for note in source.notes)


def test_a_list_of_customers_by_mail_asks_nothing_about_consents() -> None:
    table = sample_table("t", ["KdNr", "Firma"], [[f"1000{n}", f"F {n} GmbH"] for n in range(6)])
    (source,) = propose("kunden_email.csv", [table], NONE)
    assert source.notes == ()


@pytest.mark.parametrize(
    ("marks", "granted"), [(("ja", "nein"), {"ja": "false"}), (("x", ""), {"x": "false"})]
)
def test_a_mark_of_those_who_do_not_want_it_is_turned_round(marks, granted) -> None:
    rows = "\n".join(f"K{n};Berg;a{n}@alt.example;{marks[n % 2]}" for n in range(6))
    header, *lines = (f"Kontakt-ID;Nachname;E-Mail;Newsletter abgemeldet\n{rows}").splitlines()
    table = sample_table("t", header.split(";"), [line.split(";") for line in lines])
    (source,) = propose("kontakte.csv", [table], NONE)
    consent = next(part for part in source.entities if part.entity == "consent")
    entry = yaml.load(f"sources:\n{source_text(source, 'de')}", Loader=yaml.BaseLoader)
    mapping = Sources.model_validate(entry).sources[source.name].maps["consent"]
    assert mapping.columns["is_granted"].values == granted
    assert mapping.columns["is_granted"].otherwise == "true"
    assert consent.implied["purpose"] == "newsletter"


def test_a_mobile_number_is_a_phone_only_where_there_is_no_other() -> None:
    both = "Nachname;Mobil;Telefon\n" + "\n".join(
        f"Berg;+49 171 55500{n};+49 711 44400{n}" for n in range(6)
    )
    found = {g.canonical: g.column.name for g in main_entity("kontakte.csv", both).guesses}
    assert found["phone"] == "Telefon"
    alone = both.replace("Telefon", "Bemerkung")
    found = {g.canonical: g.column.name for g in main_entity("kontakte.csv", alone).guesses}
    assert found["phone"] == "Mobil"


MAPPED = """\
sources:
  kunden:
    files: "kunden*"
    kind: snapshot
    maps: {company: {key: [Kd.-Nr.], columns: {name: Firma}}}
"""
ORDERS = "Auftrag;Pos;Kundennummer;Menge;Datum\n" + "\n".join(
    f"A{n};1;1000{n};2;0{n}.02.2025" for n in range(1, 6)
)


@pytest.mark.parametrize("is_there", [True, False])
def test_references_into_a_source_that_is_mapped_but_not_loaded(
    settings: Settings, drop: Drop, write_sources, is_there: bool
) -> None:
    write_sources(MAPPED)
    if is_there:
        drop("kunden.csv", "Kd.-Nr.;Firma\n" + "\n".join(f"1000{n};F{n}" for n in range(1, 6)))
    text = suggest(settings, drop("auftraege.csv", ORDERS), "de").text
    assert "company: {column: Kundennummer, source: kunden}" in text
    assert ("100 % der Werte sind Schlüssel" in text) is is_there
    assert ("noch keine Datei vor" in text) is not is_there


@pytest.mark.parametrize(
    ("second", "kind"), [(range(2, 12), "snapshot"), (range(20, 30), "events")]
)
def test_files_that_share_their_keys_replace_each_other(second: range, kind: str) -> None:
    def table(numbers):
        return sample_table(
            "t", ["KdNr", "Firma"], [[f"{n + 10000}", f"Bau {n} KG"] for n in numbers]
        )

    files = {"kunden_2025-01.csv": [table(range(10))], "kunden_2025-02.csv": [table(second)]}
    (source,) = propose_all(files, NONE)
    assert source.kind == kind and "Schlüssel" in source.notes[0].de


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (["crm/companies_000001.jsonl"], "events"),
        (["crm/companies_000001.jsonl", "crm/companies_000002.jsonl"], "events"),
        (["crm/companies_202611.jsonl"], "snapshot"),
        (["crm/companies.jsonl"], "snapshot"),
    ],
)
def test_what_fetch_numbers_holds_changes_and_replaces_nothing(files: list[str], kind: str) -> None:
    rows = [[f"{n + 10000}", f"Bau {n} KG"] for n in range(10)]
    table = sample_table("t", ["KdNr", "Firma"], rows)
    (source,) = propose_all({file: [table] for file in files}, NONE)
    assert source.kind == kind


@pytest.mark.parametrize(
    ("file", "later", "other"),
    [
        ("Aktive Firmen 14.03.2025 10-22-05.xlsx", "Aktive Firmen 02.04.2025 08-01-59.xlsx",
         "Aktive Kontakte 14.03.2025 10-22-05.xlsx"),
        ("Active Accounts 3-14-2025 10-22-05 AM.xlsx", "Active Accounts 4-2-2025 1-22-05 PM.xlsx",
         "Active Contacts 3-14-2025 10-22-05 AM.xlsx"),
        ("members_Kunden_Mar_14_2025.csv", "members_Kunden_Apr_2_2025.csv", "members_Alle.csv"),
        ("export_86009cc361.csv", "export_7f01b2aa90.csv", "exporte_86009cc361.csv"),
    ],
)  # fmt: skip
def test_globs_match_next_month_and_no_other_list(file: str, later: str, other: str) -> None:
    source = Source(name="one", files=files_glob(file), kind="snapshot", maps={})
    assert source.claims(file) and source.claims(later) and not source.claims(other)


def test_an_account_at_a_bank_is_nothing_to_keep_unasked() -> None:
    header = "Konto;Firma;IBAN-Nr. 1;Ort\n"
    rows = "\n".join(f"1000{n};F {n} GmbH;DE0012345{n};Ulm {n % 2}" for n in range(6))
    assert main_entity("kunden.csv", header + rows).attributes == ()


def test_customers_and_suppliers_in_one_file_are_a_question() -> None:
    table = sample_table("t", ["Konto", "Firma"], [[f"1000{n}", f"F{n} GmbH"] for n in range(6)])
    (source,) = propose("Debitoren_Kreditoren.csv", [table], NONE)
    assert source.entities[0].entity == "company"
    assert any("wer Kunde" in note.de for note in source.notes)


def test_the_rules_name_no_vendor() -> None:
    rules = (PROJECT_ROOT / "ingest" / "suggesting").glob("*.*")
    text = "".join(path.read_text().lower() for path in rules)
    names = ["hubspot", "salesforce", "pipedrive", "odoo", "shopify", "mailchimp", "cleverreach"]
    assert not [name for name in names if name in text]
