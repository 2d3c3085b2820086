"""From a folder of unknown files to a home that is ready for its first night."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config import ConfigurationError, Settings, load_settings
from ingest import load_sources
from ingest.loading.inbox_run import load_inbox
from reifegrad.start import own_settings, start
from reifegrad.terminal.start_tables import start_tables
from warehouse import open_warehouse

REIFEGRAD = Path(sys.executable).with_name("reifegrad")
# As Dynamics NAV writes them, in an order in which the references come before what they refer to.
ORDERS = """Belegnr.;Zeilennr.;Verk. an Deb.-Nr.;Auftragsdatum;Artikelnr.;Menge;VK-Preis;Betrag
1001;10000;D100;25.01.2025;11;12;14,00;168,00
1001;20000;D100;25.01.2025;42;10;9,80;98,00
1002;10000;D101;03.02.2025;11;5;14,00;70,00
1003;10000;D102;11.03.2025;42;2;9,80;19,60
"""
CUSTOMERS = """Nr.;Name;Adresse;PLZ-Code;Ort
D100;Antriebe Nord GmbH;Hafenstr. 1;20457;Hamburg
D101;Süd Getriebe KG;Ringweg 4;80331;München
D102;Werk Ost AG;Am Gleis 9;04109;Leipzig
"""


@pytest.fixture
def folder(tmp_path):
    files = tmp_path / "files"
    (files / "alt").mkdir(parents=True)
    (files / "Auftraege.csv").write_text(ORDERS, encoding="cp1252")
    (files / "alt" / "Debitoren.csv").write_text(CUSTOMERS, encoding="cp1252")
    (files / "Preisliste.pdf").write_bytes(b"%PDF-1.4 no table")
    return files


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home")


def test_an_order_finds_its_customer_in_the_file_beside_it(settings, folder):
    begun = start(settings, folder, "Nordhandel")
    orders = next(shown for shown in begun.previews if shown.entity == "order_line")
    assert (orders.rows, orders.with_customer, orders.is_untied) == (4, 4, False)
    shown = {column.name: column.values for column in orders.columns}
    assert shown["company"][0] == "Antriebe Nord GmbH"
    assert shown["ordered_on"][0] == "2025-01-25"
    assert shown["net_amount"][:2] == ("168", "98")


def test_the_companys_own_config_is_complete_and_found_from_then_on(settings, folder, monkeypatch):
    begun = start(settings, folder, "Nordhandel")
    config = settings.home / "config"
    assert {path.name for path in config.iterdir()} == {
        *("settings.env", "sources.yml", "crm.yml", "privacy.yml")
    }
    monkeypatch.setenv("REIFEGRAD_HOME", str(settings.home))
    monkeypatch.delenv("REIFEGRAD_CONFIG", raising=False)
    found = load_settings()
    assert (found.config, found.company) == (config, "Nordhandel")
    assert begun.settings.company == "Nordhandel"


def test_what_cannot_be_read_is_told_and_stays_where_it_is(settings, folder):
    begun = start(settings, folder, "Nordhandel")
    (refused,) = begun.refused
    assert refused.name == "Preisliste.pdf"
    assert "PDF" in refused.problem.en
    there = {path.name for path in settings.inbox.rglob("*") if path.is_file()}
    assert there == {"Auftraege.csv", "Debitoren.csv"}
    assert (folder / "Preisliste.pdf").exists()


def test_a_second_start_keeps_what_people_changed_and_adds_what_is_new(settings, folder):
    begun = start(settings, folder, "Nordhandel")
    sources = begun.settings.config / "sources.yml"
    sources.write_text(sources.read_text(encoding="utf-8") + "# ours\n", encoding="utf-8")
    again = start(begun.settings, folder, "Another name")
    assert (again.added, again.copied) == ((), ())
    assert again.settings.company == "Nordhandel"
    assert sources.read_text(encoding="utf-8").endswith("# ours\n")
    assert {load.status for load in again.loads} == {"unchanged"}
    (folder / "Artikel.csv").write_text("Artikelnr.;Beschreibung\n11;Welle\n42;Lager\n")
    third = start(begun.settings, folder, "Nordhandel")
    assert (third.added, third.copied) == (("artikel",), ("Artikel.csv",))
    assert "# ours" in sources.read_text(encoding="utf-8")
    assert len(load_sources(begun.settings).sources) == 3


def test_a_home_with_another_companys_data_is_refused(settings, folder):
    other = settings.model_copy(update={"config": folder.parent / "other"})
    other.config.mkdir()
    (other.config / "sources.yml").write_text(
        'sources:\n  firms:\n    files: "*.csv"\n    kind: snapshot\n'
        "    maps:\n      company:\n        key: [Nr.]\n        columns: {name: Name}\n",
        encoding="utf-8",
    )
    other.inbox.mkdir(parents=True)
    shutil.copy(folder / "alt" / "Debitoren.csv", other.inbox)
    assert [load.status for load in load_inbox(other)] == ["loaded"]
    with pytest.raises(ConfigurationError, match="REIFEGRAD_HOME="):
        start(settings, folder, "Nordhandel")
    assert not (settings.home / "config").exists()


def test_who_looked_first_can_still_start(settings, folder):
    """A look, or a night that loaded nothing, makes the home nobody's."""
    with open_warehouse(settings):
        pass
    settings.inbox.mkdir()
    (settings.inbox / "nobodys.csv").write_text("a;b\n1;2\n", encoding="utf-8")
    assert [load.status for load in load_inbox(settings)] == ["failed"]
    assert len(start(settings, folder, "Nordhandel").added) == 2


def test_a_folder_around_the_home_is_refused(tmp_path):
    settings = Settings(home=tmp_path / "files" / "home")
    (tmp_path / "files").mkdir()
    with pytest.raises(ConfigurationError, match="only has the files"):
        own_settings(settings, tmp_path / "files")


def test_a_folder_without_tables_writes_nothing(settings, tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "Preisliste.pdf").write_bytes(b"%PDF-1.4 no table")
    with pytest.raises(ConfigurationError, match=r"Preisliste\.pdf"):
        start(settings, tmp_path / "files", "Nordhandel")
    assert not settings.home.exists()


def test_exports_of_one_kind_are_one_source_and_others_stand_alone(settings, tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    lines = ORDERS.splitlines(keepends=True)
    (files / "Auftraege_2024.csv").write_text("".join(lines[:3]), encoding="cp1252")
    (files / "Auftraege_2025.csv").write_text("".join([lines[0], *lines[3:]]), encoding="cp1252")
    (files / "Export_1.csv").write_text(CUSTOMERS, encoding="cp1252")
    (files / "Export_2.csv").write_text("Artikelnr.;Beschreibung\n11;Welle\n42;Lager\n")
    begun = start(settings, files, "Nordhandel")
    globs = {s.files for s in load_sources(begun.settings).sources.values()}
    assert globs == {"Auftraege_*.csv", "Export_1.csv", "Export_2.csv"}
    orders = next(shown for shown in begun.previews if shown.entity == "order_line")
    assert (orders.rows, orders.with_customer) == (4, 4)


@pytest.mark.parametrize(
    ("language", "said"), [("de", "Weiter mit:"), ("en", "Every row has its customer.")]
)
def test_the_command_tells_what_it_understood_and_what_comes_next(tmp_path, folder, language, said):
    variables = {k: v for k, v in os.environ.items() if not k.startswith("REIFEGRAD_")}
    variables |= {"REIFEGRAD_HOME": str(tmp_path / "home"), "REIFEGRAD_LANGUAGE": language}
    command = [REIFEGRAD, "start", str(folder)]
    nameless = subprocess.run(
        command, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert (nameless.returncode, nameless.stdout) == (1, "")
    assert "--company" in nameless.stderr
    done = subprocess.run(
        [*command, "--company", "Nordhandel"], env=variables, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert said in done.stdout
    assert f"REIFEGRAD_HOME={tmp_path / 'home'} reifegrad check" in done.stdout


HEADERS = {  # as other programs call things -> what they mean
    "debitoren_nav.csv": (
        "company",
        "Nr.;Name;Adresse;PLZ-Code;Ort;Länder-/Regionscode;Telefonnr.;Verkäufercode\n"
        "D1;Antriebe Nord GmbH;Hafenstr. 1;20457;Hamburg;DE;040 123456;ML\n"
        "D2;Werk Ost AG;Am Gleis 9;04109;Leipzig;DE;0341 98765;ML\n",
        {"name", "street", "postcode", "city", "country", "phone", "account_manager"},
    ),
    "sales_lines_bc.csv": (
        "order_line",
        "Document No.;Line No.;Sell-to Customer No.;Order Date;Promised Delivery Date;No.;"
        "Description;Quantity;Unit Price Excl. VAT;Line Amount Excl. VAT\n"
        "S-1;10000;D1;2025-01-25;2025-02-20;11;Shaft;12;14.00;168.00\n"
        "S-2;10000;D2;2025-02-25;2025-03-20;42;Bearing;2;9.80;19.60\n",
        {"company", "order_no", "line_no", "ordered_on", "promised_on", "product_name"}
        | {"quantity", "unit_price", "net_amount"},
    ),
    "artikelliste.csv": (
        "product",
        "Nr.;Beschreibung;Artikelkategorie\n11;Welle;Antrieb\n42;Lager;Antrieb\n",
        {"sku", "name", "product_group"},
    ),
}


def test_headers_of_other_programs_are_understood(settings, tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    for name, (_entity, text, _columns) in HEADERS.items():
        (files / name).write_text(text, encoding="utf-8")
    begun = start(settings, files, "Nordhandel")
    found = {s.entity: {c.name for c in s.columns} for s in begun.previews}
    for entity, _text, columns in HEADERS.values():
        assert columns <= found[entity], entity


def test_contacts_are_known_by_a_number_rather_than_a_name(settings, folder):
    (folder / "Ansprechpartner.csv").write_text(
        "Debitor;Firma;Ansprechpartner;Position\n"
        "D100;Antriebe Nord GmbH;Anna Berg;Einkauf\nD101;Süd Getriebe KG;Jan Ott;Technik\n",
        encoding="cp1252",
    )
    begun = start(settings, folder, "Nordhandel")
    contacts = next(shown for shown in begun.previews if shown.entity == "contact")
    assert contacts.key == ("Debitor",)
    assert contacts.with_customer == contacts.rows == 2


def test_suggest_says_what_it_wrote_and_what_waits(tmp_path, folder):
    variables = {k: v for k, v in os.environ.items() if not k.startswith("REIFEGRAD_")}
    config = tmp_path / "config"
    config.mkdir()
    (config / "settings.env").write_text("REIFEGRAD_LANGUAGE=en\n")
    variables |= {"REIFEGRAD_HOME": str(tmp_path / "home"), "REIFEGRAD_CONFIG": str(config)}
    file = folder / "alt" / "Debitoren.csv"
    command = [REIFEGRAD, "sources", "suggest", str(file), "--write"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"Written into {config / 'sources.yml'}: debitoren." in done.stderr
    assert "debitoren:" in (config / "sources.yml").read_text(encoding="utf-8")


def test_a_glob_covers_next_month_and_catches_no_file_of_another_kind(settings, tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    (files / "Kunden.csv").write_text(CUSTOMERS, encoding="cp1252")
    (files / "Auftraege.csv").write_text(ORDERS, encoding="cp1252")
    (files / "Auftraege_2024.csv").write_text(ORDERS.replace(";100", ";200"), encoding="cp1252")
    (files / "Kunden_Artikel.csv").write_text("Artikelnr.;Beschreibung\n11;Welle\n42;Lager\n")
    begun = start(settings, files, "Nordhandel")
    found = load_sources(begun.settings).sources
    assert found["kunden"].files == "Kunden.csv"  # else it would claim the articles
    assert found["auftraege"].claims("Auftraege_2026-12.csv")
    assert found["auftraege"].claims("Auftraege_2024.csv")
    assert set(found) == {"kunden", "auftraege", "kunden_artikel"}


def test_what_was_chosen_is_told_and_missing_customers_once_for_all_files(settings, tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    lines = ["Belegart;Belegnr.;Pos;Datum;Artikelnr.;Menge", "Angebot;1;1;01.02.2025;11;1"]
    (files / "Belege.csv").write_text("\n".join([*lines, "Auftrag;2;1;02.02.2025;11;2"]))
    (files / "Tickets.csv").write_text(
        "Ticket-Nr.;Betreff;Kategorie;Eröffnet am\n1;Leck;Pumpe;01.02.2025\n"
        "2;Riss;Rohr;02.02.2025\n"
    )
    told = "\n".join(str(part) for part in start_tables(start(settings, files, "Nordhandel")))
    assert "Angebot (1), Auftrag (1)" in told or "Auftrag (1), Angebot (1)" in told
    assert told.count("No column says") + told.count("Keine Spalte sagt") == 1
    assert "belege (" in told and "tickets_list (" in told


def test_a_question_about_a_whole_file_is_asked(settings, tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    (files / "Debitoren_Kreditoren.csv").write_text(CUSTOMERS, encoding="cp1252")
    told = "\n".join(str(part) for part in start_tables(start(settings, files, "Nordhandel")))
    assert "suppliers or staff beside customers" in told
