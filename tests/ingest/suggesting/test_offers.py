"""Lines of offers, people who take part in a deal and competitors' prices, known by headers."""

from __future__ import annotations

import pytest

from ingest.mapping.sources import Sources
from ingest.suggesting.keys import TableSample, sample_table
from ingest.suggesting.proposal import propose, propose_all
from ingest.suggesting.subjects import EntityProposal

NONE = Sources(sources={})
OFFER_LINES = """\
Angebot;Pos;Angebotsdatum;ArtNr;Bezeichnung;Menge;Einzelpreis;Nettowert
AN001;1;03.02.2025;X-1;Kupplung;2;10,50;21,00
AN001;2;03.02.2025;X-2;Lager;1;3,20;3,20
AN002;1;04.02.2025;X-1;Kupplung;5;10,50;52,50"""
QUOTE_ITEMS = """\
Quote Number;Line No.;Item No.;Description;Qty;Unit Price;Line Total
Q1;1;X-1;Coupling;2;10.50;21.00
Q1;2;X-2;Bearing;1;3.20;3.20
Q2;1;X-1;Coupling;5;10.50;52.50"""
DEAL_CONTACTS = """\
Deal-ID;Kontakt-ID;E-Mail;Rolle im Projekt
D-0001;K-0001;a@alt.de;Entscheider
D-0001;K-0002;b@alt.de;Einkäufer
D-0002;K-0001;a@alt.de;"""
CONTACT_ROLES = """\
Opportunity ID;Contact ID;Role
006A;003A;Decision Maker
006A;003B;Technical Buyer
006B;003A;Decision Maker"""
RIVALS = """\
Wettbewerber;Unsere ArtNr;Preis;Währung;Gesehen am
Vortek;X-1;9,90;EUR;03.02.2025
Vortek;X-2;3,00;EUR;03.02.2025
Redukta;X-1;12,40;CHF;04.02.2025"""
RIVALS_EN = """\
Competitor;Our SKU;Competitor Price;Seen On
Vortek;X-1;9.90;2025-02-03
Vortek;X-2;3.00;2025-02-03
Redukta;X-1;12.40;2025-02-04"""
ORDERS = """\
Order No;Line;Order Date;Customer Number;SKU;Qty;Unit Price;Quote No.
A1;1;2025-01-31;10001;X-1;2;10.50;Q1
A1;2;2025-01-31;10001;X-2;1;3.20;Q1
A2;1;2025-02-01;10002;X-1;5;10.50;Q2"""
OFFERS = """\
Angebotsnr.;Titel;Status;Betrag
AN001;Linie 1;offen;24,20
AN002;Presse;gewonnen;52,50"""
ARTICLES = """\
ArtNr;Bezeichnung;Warengruppe;Listenpreis;ME;EK netto
X-1;Kupplung;Antrieb;11,00;Stk;6,10
X-2;Lager;Lager;3,40;Stk;2,00"""
NEWSLETTER = """\
Kampagne;E-Mail;Aktion;Zeitpunkt;Link
Frühjahr;a@alt.de;Klick;2025-02-03 10:00:00;https://x.example/lager
Frühjahr;b@alt.de;Öffnung;2025-02-03 11:00:00;
Messe;a@alt.de;Klick;2025-03-03 10:00:00;https://x.example/messe"""


def table(file: str, text: str) -> TableSample:
    header, *rows = (line.split(";") for line in text.splitlines())
    return sample_table(file, header, rows)


def proposed(file: str, text: str) -> EntityProposal:
    (source,) = propose(file, [table(file, text)], NONE)
    return source.entities[0]


@pytest.mark.parametrize(
    ("file", "text", "entity", "key", "mapped"),
    [
        ("Angebotspositionen.csv", OFFER_LINES, "offer_line", ("Angebot", "Pos"),
         {"offer_no", "offered_on", "sku", "quantity", "unit_price", "net_amount"}),
        ("export.csv", QUOTE_ITEMS, "offer_line", ("Quote Number", "Line No."),
         {"offer_no", "sku", "quantity", "unit_price", "net_amount"}),
        ("crm_deal_kontakte.csv", DEAL_CONTACTS, "lead_contact", ("Deal-ID", "Kontakt-ID"),
         {"email", "role"}),
        ("OpportunityContactRole.csv", CONTACT_ROLES, "lead_contact",
         ("Opportunity ID", "Contact ID"), {"role"}),
        ("Wettbewerbspreise.csv", RIVALS, "competitor_price",
         ("Wettbewerber", "Unsere ArtNr", "Gesehen am"),
         {"competitor", "sku", "price", "currency", "seen_on"}),
        ("export.csv", RIVALS_EN, "competitor_price", ("Competitor", "Our SKU", "Seen On"),
         {"competitor", "sku", "price", "seen_on"}),
        ("Artikel.csv", ARTICLES, "product", ("ArtNr",), {"list_price", "unit_cost", "unit"}),
        ("newsletter_aktionen.csv", NEWSLETTER, "interaction", ("Zeitpunkt",),
         {"campaign", "topic", "kind"}),
        ("Orders.csv", ORDERS, "order_line", ("Order No", "Line"), {"order_no", "ordered_on"}),
    ],
)  # fmt: skip
def test_a_file_is_what_its_headers_say(
    file: str, text: str, entity: str, key: tuple[str, ...], mapped: set[str]
) -> None:
    found = proposed(file, text)
    assert found.entity == entity
    assert set(found.key) == set(key)
    assert mapped <= {guess.canonical for guess in found.guesses}


def test_where_leads_are_offers_the_number_of_an_offer_points_to_them() -> None:
    files = {"Angebote.csv": OFFERS, "Angebotspositionen.csv": OFFER_LINES}
    tables = {file: [table(file, text)] for file, text in files.items()}
    leads, lines = propose_all(tables, NONE)
    (reference,) = lines.entities[0].references
    assert (reference.canonical, reference.column.name) == ("lead", "Angebot")
    assert reference.source == leads.name
