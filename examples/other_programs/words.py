"""Names, articles, and the headers as the three programs write them; README.md has the sources."""

from __future__ import annotations

from typing import NamedTuple


class Article(NamedTuple):
    """What is sold; `price` in euros per unit."""

    number: str
    name: str
    group: str
    price: float


ARTICLES = (
    Article("100210", "Prüfstand Getriebe PG 200", "ANLAGEN", 148000.0),
    Article("100215", "Prüfstand Elektromotor PE 90", "ANLAGEN", 92000.0),
    Article("100320", "Förderlinie Kisten FK 12", "ANLAGEN", 64000.0),
    Article("100331", "Palettierzelle PZ 4", "ANLAGEN", 121000.0),
    Article("100412", "Waschanlage Teile WT 60", "ANLAGEN", 57500.0),
    Article("200110", "Umbausatz Steuerung S7", "UMBAU", 8400.0),
    Article("200115", "Nachrüstung Schutzzaun", "UMBAU", 3100.0),
    Article("300105", "Antriebsriemen 2400 mm", "ERSATZTEILE", 185.0),
    Article("300118", "Lagersatz Förderrolle", "ERSATZTEILE", 92.5),
    Article("300131", "Sensor Drehmoment 500 Nm", "ERSATZTEILE", 1240.0),
    Article("300144", "Dichtungssatz Pumpe", "ERSATZTEILE", 64.9),
    Article("900100", "Wartung jährlich", "DIENSTLEISTUNG", 1850.0),
    Article("900110", "Inbetriebnahme Tagessatz", "DIENSTLEISTUNG", 1180.0),
)

# Sage 100: fields of KHKKontokorrent beside KHKAdressen, KHKArtikel, KHKVKBelege beside its lines
ERP_CUSTOMER = (
    *("Kto", "Matchcode", "Adresse", "Name1", "Name2", "LieferStrasse", "LieferLand", "LieferPLZ"),
    *("LieferOrt", "Telefon", "Telefax", "EMail", "Homepage", "Kundengruppe", "Vertreter"),
    *("Zahlungsbedingung", "Kreditlimit", "WKz"),
)
ERP_ARTICLE = (
    *("Artikelnummer", "Matchcode", "Bezeichnung1", "Artikelgruppe", "Mengeneinheit", "Aktiv"),
)
ERP_LINE = (
    *("Belegart", "Belegjahr", "Belegnummer", "Belegdatum", "Liefertermin", "A0Empfaenger"),
    *("A0Matchcode", "Position", "Artikelnummer", "Artikelgruppe", "Bezeichnung1", "Menge"),
    *("Mengeneinheit", "Einzelpreis", "Rabatt", "Gesamtpreis", "WKz"),
)
# HubSpot: labels of the properties; `ERP customer number` is one that the company made itself
CRM_COMPANY = (
    *("Record ID", "Company name", "Company Domain Name", "Company owner", "Phone Number"),
    *("Street Address", "Postal Code", "City", "Country/Region", "Industry"),
    *("Number of Employees", "Lifecycle Stage", "ERP customer number", "Create Date"),
    "Last Activity Date",
)
CRM_CONTACT = (
    *("Record ID", "First Name", "Last Name", "Email", "Phone Number", "Job Title"),
    *("Contact owner", "Lifecycle Stage", "Create Date", "Last Activity Date"),
    *("Associated Company IDs (Primary)", "Associated Company (Primary)"),
)
CRM_DEAL = (
    *("Record ID", "Deal Name", "Pipeline", "Deal Stage", "Amount", "Close Date", "Create Date"),
    *("Deal owner", "Associated Company IDs (Primary)", "Associated Company (Primary)"),
    "Associated Contact IDs",
)
# Mailchimp: audience export, and the report's email-activity
_OF_MEMBER = (
    *("Email Address", "First Name", "Last Name", "Company", "MEMBER_RATING", "OPTIN_TIME"),
    *("OPTIN_IP", "CONFIRM_TIME", "CONFIRM_IP", "CC", "LAST_CHANGED", "LEID", "EUID", "NOTES"),
)
MEMBER = (*_OF_MEMBER, "TAGS")
GONE = (
    *_OF_MEMBER,
    *("UNSUB_TIME", "UNSUB_CAMPAIGN_TITLE", "UNSUB_REASON", "UNSUB_REASON_OTHER", "TAGS"),
)
ACTIVITY = (
    *("campaign_id", "campaign_title", "email_id", "email_address", "action", "timestamp", "url"),
)

OPEN_STAGES = (
    *("Appointment Scheduled", "Qualified To Buy", "Presentation Scheduled"),
    *("Decision Maker Bought-In", "Contract Sent"),
)
OWNERS = ("Jana Petersen", "Ulrich Vogt", "Selin Kaya")
PAGES = ("pruefstand", "foerderlinie", "wartung", "referenzen")
PLANTS = (
    "test rig",
    "conveyor line",
    "palletising cell",
    "washing plant",
    "spare parts",
    "retrofit",
)
LEGAL_FORMS = ("GmbH", "GmbH", "GmbH", "GmbH & Co. KG", "AG", "KG")
TRADES = (
    ("Antriebstechnik", "Machinery"),
    ("Getriebebau", "Machinery"),
    ("Fördertechnik", "Logistics and Supply Chain"),
    ("Kunststoffwerk", "Plastics"),
    ("Lebensmittel", "Food Production"),
    ("Automotive", "Automotive"),
    ("Gießerei", "Mining & Metals"),
    ("Elektromotoren", "Electrical/Electronic Manufacturing"),
    ("Verpackung", "Packaging and Containers"),
)
FAMILIES = (
    *("Ahlers", "Böttcher", "Claasen", "Dörfler", "Eggers", "Fröhlich", "Gärtner", "Hollmann"),
    *("Immel", "Jäckel", "Kröger", "Lüders", "Mertens", "Nöthen", "Oberhauser", "Pohlmann"),
    *("Quandt", "Rößler", "Stübing", "Tiemann", "Uhlig", "Veith", "Wüstefeld", "Zöllner"),
)
SURNAMES = (
    *("Albrecht", "Bauer", "Çelik", "Dietz", "Engel", "Fuchs", "Groß", "Hartmann", "Ivanov"),
    *("Jung", "Köhler", "Lorenz", "Möller", "Nowak", "Otto", "Pfeiffer", "Richter", "Schäfer"),
)
GIVEN = (
    *("Anna", "Bernd", "Claudia", "Dirk", "Elif", "Frank", "Greta", "Holger", "Inés", "Jörg"),
    *("Katrin", "Lars", "Martina", "Norbert", "Olga", "Peter", "Renate", "Stefan", "Uwe"),
)
JOBS = (
    *("Head of Purchasing", "Plant Manager", "Maintenance Manager", "Managing Director"),
    *("Project Engineer", "Head of Production", "Buyer", "Quality Manager"),
)
STREETS = (
    *("Industriestraße", "Am Hafen", "Werkstraße", "Gewerbepark", "Bahnhofstraße", "Im Lohfeld"),
    *("Siemensstraße", "Ringstraße", "Zum Kanal", "Mühlenweg"),
)
PLACES = (
    *(("20457", "Hamburg"), ("28195", "Bremen"), ("30159", "Hannover"), ("33602", "Bielefeld")),
    *(
        ("34117", "Kassel"),
        ("38100", "Braunschweig"),
        ("42275", "Wuppertal"),
        ("44135", "Dortmund"),
    ),
    *(("48143", "Münster"), ("58095", "Hagen"), ("70173", "Stuttgart"), ("73430", "Aalen")),
    *(("78532", "Tuttlingen"), ("80331", "München"), ("86150", "Augsburg"), ("89073", "Ulm")),
    *(("90402", "Nürnberg"), ("97421", "Schweinfurt"), ("99084", "Erfurt"), ("09111", "Chemnitz")),
)
