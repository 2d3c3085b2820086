# ruff: noqa: E501 - lines are as long as those of the programs that write them
"""Files as the programs and people of small and mid-sized companies write them, truth beside.

Shortened by hand, each with the oddity for which its program is known. What is silently wrong here
would be wrong for every customer who uses that program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ingest import Table

Read = Callable[[Path], list[Table]]


@dataclass(frozen=True)
class Truth:
    """A table as it should be read; cells are set apart by `¦`, empty ones are empty."""

    columns: str
    rows: tuple[str, ...]
    rejects: tuple[int, ...]


def table(columns: str, *rows: str, rejects: tuple[int, ...] = ()) -> Truth:
    return Truth(columns, rows, rejects)


@dataclass(frozen=True)
class Export:
    """A file, and the tables in it."""

    text: str
    tables: tuple[Truth, ...]
    name: str = "export.csv"
    encoding: str = "utf-8"


def export(text: str, *tables: Truth, name: str = "export.csv", encoding: str = "utf-8") -> Export:
    return Export(text.removeprefix("\n"), tables, name, encoding)


EXPORTS = {
    "sap_list_with_borders": export(
        """
25.01.2025                        Dynamische Listenausgabe                                1
-------------------------------------------------------------------------------------------
|Debitor   |Name 1             |Ort       |PLZ  |      Umsatz|
-------------------------------------------------------------------------------------------
|0000100001|Müller GmbH        |Köln      |50667|   12.345,67|
|0000100002|Schmidt & Söhne KG |Bonn      |53111|      890,00-|
|0000100003|Meier AG           |Ulm       |89073|        1,00|
-------------------------------------------------------------------------------------------
|*         |                   |          |     |   11.456,67|
-------------------------------------------------------------------------------------------
""",
        table(
            "Debitor¦Name 1¦Ort¦PLZ¦Umsatz",
            "0000100001¦Müller GmbH¦Köln¦50667¦12.345,67",
            "0000100002¦Schmidt & Söhne KG¦Bonn¦53111¦890,00-",
            "0000100003¦Meier AG¦Ulm¦89073¦1,00",
            rejects=(4, 8, 9, 10),
        ),
        name="sap.txt",
    ),
    "sap_tabs_with_blank_line_below_header": export(
        "25.01.2025\t\t\tAuswertung Debitoren\t\t1\n\n"
        "\tDebitor\tName 1\tOrt\tPLZ\tUmsatz\n\n"
        "\t100001\tMüller GmbH\tKöln\t50667\t12.345,67\n"
        "\t100002\tSchmidt KG\tBonn\t53111\t890,00-\n"
        "\t100003\tMeier AG\tUlm\t89073\t1,00\n",
        table(
            "Debitor¦Name 1¦Ort¦PLZ¦Umsatz",
            "100001¦Müller GmbH¦Köln¦50667¦12.345,67",
            "100002¦Schmidt KG¦Bonn¦53111¦890,00-",
            "100003¦Meier AG¦Ulm¦89073¦1,00",
        ),
        name="sap.xls",
    ),
    "sap_table_browser": export(
        "Tabelle:        KNA1\nAngezeigte Felder:   4 von   4  Feststehende Führungsspalten: 2\n\n"
        "\tKUNNR\tNAME1\tORT01\tPSTLZ\n\n"
        "\t0000100001\tMüller GmbH\tKöln\t50667\n"
        "\t0000100002\tSchmidt KG\tBonn\t53111\n",
        table(
            "KUNNR¦NAME1¦ORT01¦PSTLZ",
            "0000100001¦Müller GmbH¦Köln¦50667",
            "0000100002¦Schmidt KG¦Bonn¦53111",
        ),
        name="KNA1.txt",
    ),
    "datev_debtors": export(
        '"EXTF";700;16;"Debitoren/Kreditoren";5;20250125101500000;;"RE";"max";"";29098;55003;20250101'
        ';4;;;"";"";;0;;"";;"";;;"";;;"";""\n'
        "Konto;Name (Adressattyp Unternehmen);Unternehmensgegenstand;Straße;Postleitzahl;Ort;Kurzbezeichnung\n"
        '10000;"Müller GmbH";"";"Hauptstr. 5";"50667";"Köln";"MUELLER"\n'
        '10001;"""Zur Post"" Hotel";"";"";"01067";"Dresden";"ZURPOST"\n',
        table(
            "Konto¦Name (Adressattyp Unternehmen)¦Unternehmensgegenstand¦Straße¦Postleitzahl¦Ort¦Kurzbezeichnung",
            "10000¦Müller GmbH¦¦Hauptstr. 5¦50667¦Köln¦MUELLER",
            '10001¦"Zur Post" Hotel¦¦¦01067¦Dresden¦ZURPOST',
        ),
        encoding="cp1252",
    ),
    "datev_bookings_short_last_row": export(
        '"EXTF";700;21;"Buchungsstapel";12;20250125;;;;;29098;55003;20250101;4;20250101;20250131;"Jan"\n'
        "Umsatz (ohne Soll/Haben-Kz);Soll/Haben-Kennzeichen;WKZ Umsatz;Kurs;Konto;Gegenkonto (ohne BU-Schlüssel);Belegdatum;Belegfeld 1;Buchungstext\n"
        '119,00;"S";"EUR";;10000;8400;0501;"RE-1";"Müller GmbH"\n'
        '59,50;"H";"EUR";;10001;8400;0601;"RE-2";""\n',
        table(
            "Umsatz (ohne Soll/Haben-Kz)¦Soll/Haben-Kennzeichen¦WKZ Umsatz¦Kurs¦Konto"
            "¦Gegenkonto (ohne BU-Schlüssel)¦Belegdatum¦Belegfeld 1¦Buchungstext",
            "119,00¦S¦EUR¦¦10000¦8400¦0501¦RE-1¦Müller GmbH",
            "59,50¦H¦EUR¦¦10001¦8400¦0601¦RE-2¦",
        ),
        encoding="cp1252",
    ),
    "outlook_contacts": export(
        '"Anrede","Vorname","Weitere Vornamen","Nachname","Suffix","Firma","Abteilung","Position",'
        '"Straße geschäftlich","Ort geschäftlich","Telefon geschäftlich","E-Mail-Adresse","Notizen"\n'
        '"","Anna","","Müller","","Müller GmbH","","","Hauptstr. 5\r\nHinterhaus","Köln","+49 (221) 12345","anna@mueller.de",""\n'
        '"","","","","","Total Deutschland GmbH","","","","Berlin","","",""\n'
        '"","","","","","Stand Bau GmbH","","","","","","",""\n'
        '"","","","O\'Neil","","","","","","","","",""\n',
        table(
            "Anrede¦Vorname¦Weitere Vornamen¦Nachname¦Suffix¦Firma¦Abteilung¦Position"
            "¦Straße geschäftlich¦Ort geschäftlich¦Telefon geschäftlich¦E-Mail-Adresse¦Notizen",
            "¦Anna¦¦Müller¦¦Müller GmbH¦¦¦Hauptstr. 5\r\nHinterhaus¦Köln¦+49 (221) 12345¦anna@mueller.de¦",
            "¦¦¦¦¦Total Deutschland GmbH¦¦¦¦Berlin¦¦¦",
            "¦¦¦¦¦Stand Bau GmbH¦¦¦¦¦¦¦",
            "¦¦¦O'Neil¦¦¦¦¦¦¦¦¦",
        ),
        encoding="cp1252",
    ),
    "google_contacts": export(
        """
First Name,Middle Name,Last Name,Organization Name,Labels,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value
Anna,,Müller,Müller GmbH,* myContacts,* Work,anna@mueller.de,Work,+49 221 12345
Taxi Köln,,,,* myContacts,,,Mobile,0221 2882
,,,,* myContacts,*,info@ende.de ::: post@ende.de,,
""",
        table(
            "First Name¦Middle Name¦Last Name¦Organization Name¦Labels¦E-mail 1 - Label"
            "¦E-mail 1 - Value¦Phone 1 - Label¦Phone 1 - Value",
            "Anna¦¦Müller¦Müller GmbH¦* myContacts¦* Work¦anna@mueller.de¦Work¦+49 221 12345",
            "Taxi Köln¦¦¦¦* myContacts¦¦¦Mobile¦0221 2882",
            "¦¦¦¦* myContacts¦*¦info@ende.de ::: post@ende.de¦¦",
        ),
    ),
    "salesforce_report": export(
        """
"Accountname","Straße","Ort","Jahresumsatz"
"Müller GmbH","Hauptstr. 5","Köln","1.000,00"
"Gesamt AG","","Bonn",""
"Meier AG","","","2.000,00"
""
""
"Copyright (c) 2000-2025 salesforce.com, inc. Alle Rechte vorbehalten."
"Vertrauliche Informationen - Nicht weitergeben"
"Erstellt von: Max Muster 25.01.2025 10:00"
"Beispiel AG"
""",
        table(
            "Accountname¦Straße¦Ort¦Jahresumsatz",
            "Müller GmbH¦Hauptstr. 5¦Köln¦1.000,00",
            "Gesamt AG¦¦Bonn¦",
            "Meier AG¦¦¦2.000,00",
            rejects=(7, 8, 9, 10),
        ),
    ),
    "hubspot_companies": export(
        '''
Record ID,Company name,Company owner,Create Date,Phone Number,City,Country/Region,Industry
8123456789,"Müller, Schulze & Co. KG",Max Muster,2025-01-25 10:15,+49 221 12345,Köln,Germany,
8123456790,"""GAM MODEL"" srl",,2025-01-25 10:16,,Milano,Italy,MACHINERY
8123456791,--,,,,,,
''',
        table(
            "Record ID¦Company name¦Company owner¦Create Date¦Phone Number¦City¦Country/Region¦Industry",
            "8123456789¦Müller, Schulze & Co. KG¦Max Muster¦2025-01-25 10:15¦+49 221 12345¦Köln¦Germany¦",
            '8123456790¦"GAM MODEL" srl¦¦2025-01-25 10:16¦¦Milano¦Italy¦MACHINERY',
            "8123456791¦--¦¦¦¦¦¦",
        ),
    ),
    "pipedrive_deals": export(
        """
"Deal - Titel","Deal - Organisation","Deal - Wert","Deal - Währung von Wert","Deal - Status","Deal - Erwartetes Abschlussdatum"
"Müller GmbH Deal","Müller GmbH","12000.5","EUR","Offen","2025-03-01"
"Deal 2","","0","EUR","Verloren",""
""",
        table(
            "Deal - Titel¦Deal - Organisation¦Deal - Wert¦Deal - Währung von Wert¦Deal - Status"
            "¦Deal - Erwartetes Abschlussdatum",
            "Müller GmbH Deal¦Müller GmbH¦12000.5¦EUR¦Offen¦2025-03-01",
            "Deal 2¦¦0¦EUR¦Verloren¦",
        ),
    ),
    "shopify_orders": export(
        """
Name,Email,Financial Status,Paid at,Total,Lineitem quantity,Lineitem name,Lineitem price,Billing Name,Billing Zip
#1001,anna@mueller.de,paid,2025-01-25 10:15:00 +0100,59.80,1,Schraube M8,9.90,Anna Müller,'01067
#1001,anna@mueller.de,,,,2,"Rohr 5"" verzinkt",24.95,,
#1002,,paid,2025-01-26 09:00:00 +0100,5.00,1,Mutter,5.00,Gesamt AG,'50667
""",
        table(
            "Name¦Email¦Financial Status¦Paid at¦Total¦Lineitem quantity¦Lineitem name"
            "¦Lineitem price¦Billing Name¦Billing Zip",
            "#1001¦anna@mueller.de¦paid¦2025-01-25 10:15:00 +0100¦59.80¦1¦Schraube M8¦9.90¦Anna Müller¦'01067",
            '#1001¦anna@mueller.de¦¦¦¦2¦Rohr 5" verzinkt¦24.95¦¦',
            "#1002¦¦paid¦2025-01-26 09:00:00 +0100¦5.00¦1¦Mutter¦5.00¦Gesamt AG¦'50667",
        ),
    ),
    "amazon_report_quotes_nothing": export(
        "order-id\torder-item-id\tpurchase-date\tbuyer-name\tproduct-name\tquantity\n"
        '302-1\t5501\t2025-01-25T10:15:00+00:00\tAnna Müller\t5" Rohr verzinkt\t1\n'
        '302-2\t5502\t2025-01-25T10:16:00+00:00\t"GAM MODEL" srl\tDichtung 3/4" und 1"\t2\n'
        "302-3\t5503\t2025-01-25T10:17:00+00:00\tO'Neil\t'Premium' Schraube\t2\n",
        table(
            "order-id¦order-item-id¦purchase-date¦buyer-name¦product-name¦quantity",
            '302-1¦5501¦2025-01-25T10:15:00+00:00¦Anna Müller¦5" Rohr verzinkt¦1',
            '302-2¦5502¦2025-01-25T10:16:00+00:00¦"GAM MODEL" srl¦Dichtung 3/4" und 1"¦2',
            "302-3¦5503¦2025-01-25T10:17:00+00:00¦O'Neil¦'Premium' Schraube¦2",
        ),
        name="amazon.txt",
    ),
    "bank_sparkasse_camt": export(
        """
"Auftragskonto";"Buchungstag";"Valutadatum";"Buchungstext";"Verwendungszweck";"Beguenstigter/Zahlungspflichtiger";"Kontonummer/IBAN";"BIC (SWIFT-Code)";"Betrag";"Waehrung";"Info"
"DE12345678901234567890";"25.01.25";"25.01.25";"GUTSCHR. UEBERWEISUNG";"RE 1001 SUMME 119,00";"Müller GmbH";"DE02120300000000202051";"BYLADEM1001";"119,00";"EUR";"Umsatz gebucht"
"DE12345678901234567890";"26.01.25";"26.01.25";"LASTSCHRIFT";"";"";"";"";"-5,90";"EUR";"Umsatz gebucht"
""",
        table(
            "Auftragskonto¦Buchungstag¦Valutadatum¦Buchungstext¦Verwendungszweck"
            "¦Beguenstigter/Zahlungspflichtiger¦Kontonummer/IBAN¦BIC (SWIFT-Code)¦Betrag¦Waehrung¦Info",
            "DE12345678901234567890¦25.01.25¦25.01.25¦GUTSCHR. UEBERWEISUNG¦RE 1001 SUMME 119,00"
            "¦Müller GmbH¦DE02120300000000202051¦BYLADEM1001¦119,00¦EUR¦Umsatz gebucht",
            "DE12345678901234567890¦26.01.25¦26.01.25¦LASTSCHRIFT¦¦¦¦¦-5,90¦EUR¦Umsatz gebucht",
        ),
        encoding="cp1252",
    ),
    "bank_dkb_preamble": export(
        """
"Kontonummer:";"DE12120300000012345678 / Girokonto";

"Von:";"01.01.2025";
"Bis:";"31.01.2025";
"Kontostand vom 31.01.2025:";"1.234,56 EUR";

"Buchungstag";"Wertstellung";"Buchungstext";"Auftraggeber / Begünstigter";"Verwendungszweck";"Betrag (EUR)";
"25.01.2025";"25.01.2025";"Gutschrift";"Müller GmbH";"RE 1001";"119,00";
"26.01.2025";"26.01.2025";"Lastschrift";"Telekom";"";"-39,95";
""",
        table(
            "Buchungstag¦Wertstellung¦Buchungstext¦Auftraggeber / Begünstigter¦Verwendungszweck¦Betrag (EUR)",
            "25.01.2025¦25.01.2025¦Gutschrift¦Müller GmbH¦RE 1001¦119,00",
            "26.01.2025¦26.01.2025¦Lastschrift¦Telekom¦¦-39,95",
        ),
        encoding="cp1252",
    ),
    "bank_dkb_new": export(
        """
"Girokonto";"DE12120300000012345678"
"Zeitraum:";"01.01.2025 - 31.01.2025"
"Kontostand vom 31.01.2025:";"1.234,56 €"
""
"Buchungsdatum";"Wertstellung";"Status";"Zahlungspflichtige*r";"Zahlungsempfänger*in";"Verwendungszweck";"Betrag (€)"
"25.01.25";"25.01.25";"Gebucht";"Müller GmbH";"Wir";"RE 1001";"119"
""",
        table(
            "Buchungsdatum¦Wertstellung¦Status¦Zahlungspflichtige*r¦Zahlungsempfänger*in¦Verwendungszweck¦Betrag (€)",
            "25.01.25¦25.01.25¦Gebucht¦Müller GmbH¦Wir¦RE 1001¦119",
        ),
    ),
    "google_analytics": export(
        """
# ----------------------------------------
# Alle Websitedaten
# Akquisition
# 20250101-20250131
# ----------------------------------------

Quelle/Medium,Nutzer,Neue Nutzer,Sitzungen
google / organic,"1.234","1.000","2.345"
(direct) / (none),567,500,800
,"1.801","1.500","3.145"

Tagesindex,Nutzer
01.01.25,45
02.01.25,46
,91
""",
        table(
            "Quelle/Medium¦Nutzer¦Neue Nutzer¦Sitzungen",
            "google / organic¦1.234¦1.000¦2.345",
            "(direct) / (none)¦567¦500¦800",
            "¦1.801¦1.500¦3.145",
        ),
        table("Tagesindex¦Nutzer", "01.01.25¦45", "02.01.25¦46", "¦91"),
    ),
    "google_ads": export(
        """
Kampagnenbericht
1. Januar 2025 - 31. Januar 2025
Kampagnenstatus,Kampagne,Budget,Währungscode,Klicks,CTR,Kosten
Aktiviert,Marke,"10,00",EUR,120,"3,50 %","98,20"
Pausiert,Gesamt Deutschland,"5,00",EUR,10,"1,00 %","12,00"
Gesamt: Kampagnen, --,"15,00",EUR,130,"3,00 %","110,20"
""",
        table(
            "Kampagnenstatus¦Kampagne¦Budget¦Währungscode¦Klicks¦CTR¦Kosten",
            "Aktiviert¦Marke¦10,00¦EUR¦120¦3,50 %¦98,20",
            "Pausiert¦Gesamt Deutschland¦5,00¦EUR¦10¦1,00 %¦12,00",
            rejects=(6,),
        ),
    ),
    "linkedin_connections": export(
        """
Notes:
"When exporting your connection data, you may notice that some of the email addresses are missing. You will only see email addresses for connections who have allowed their connections to see or download their email address using this setting https://www.linkedin.com/psettings/privacy/email. You can learn more here https://www.linkedin.com/help/linkedin/answer/261"

First Name,Last Name,URL,Email Address,Company,Position,Connected On
Anna,Müller,https://www.linkedin.com/in/anna,,Müller GmbH,"Head of Sales, DACH",25 Jan 2025
Bob,O'Neil,https://www.linkedin.com/in/bob,,Total,CEO,24 Jan 2025
""",
        table(
            "First Name¦Last Name¦URL¦Email Address¦Company¦Position¦Connected On",
            "Anna¦Müller¦https://www.linkedin.com/in/anna¦¦Müller GmbH¦Head of Sales, DACH¦25 Jan 2025",
            "Bob¦O'Neil¦https://www.linkedin.com/in/bob¦¦Total¦CEO¦24 Jan 2025",
        ),
    ),
    "teams_attendance": export(
        "1. Zusammenfassung\nBesprechungstitel\tWebinar Pumpen\nTeilnehmer\t2\n"
        "Startzeit\t25.01.25, 10:00:00\n\n"
        "2. Teilnehmer\nName\tErster Beitritt\tLetzter Austritt\tDauer\tE-Mail-Adresse\tRolle\n"
        "Anna Müller\t25.01.25, 10:00:00\t25.01.25, 11:00:00\t1h\tanna@mueller.de\tOrganisator\n"
        "Bob Meier\t25.01.25, 10:02:00\t25.01.25, 11:00:00\t58m\tbob@meier.de\tTeilnehmer\n",
        table(
            "Name¦Erster Beitritt¦Letzter Austritt¦Dauer¦E-Mail-Adresse¦Rolle",
            "Anna Müller¦25.01.25, 10:00:00¦25.01.25, 11:00:00¦1h¦anna@mueller.de¦Organisator",
            "Bob Meier¦25.01.25, 10:02:00¦25.01.25, 11:00:00¦58m¦bob@meier.de¦Teilnehmer",
        ),
        encoding="utf-16",
    ),
    "apple_numbers_title": export(
        """
Tabelle 1;;;
Kunde;Ort;Umsatz;Notiz
Müller GmbH;Köln;12,50;
Meier AG;Ulm;8,00;ruft an
""",
        table("Kunde¦Ort¦Umsatz¦Notiz", "Müller GmbH¦Köln¦12,50¦", "Meier AG¦Ulm¦8,00¦ruft an"),
    ),
    "excel_title_merged_total_at_right": export(
        """
Kundenliste 2025;;;;;;
;;;;;;
Nr.;Firma;Ort;Umsatz;;Gesamtumsatz;1.500,00
1;Müller GmbH;Köln;1.000,00;;;
2;Meier AG;Ulm;500,00;;;
""",
        table(
            "Nr.¦Firma¦Ort¦Umsatz¦Gesamtumsatz¦1.500,00",
            "1¦Müller GmbH¦Köln¦1.000,00¦¦",
            "2¦Meier AG¦Ulm¦500,00¦¦",
        ),
    ),
    "pivot_with_blank_groups": export(
        """
Region;Kunde;Umsatz
Nord;Müller GmbH;100
;Meier AG;200
Nord Ergebnis;;300
Süd;Ulmer KG;50
Süd Ergebnis;;50
Gesamtergebnis;;350
""",
        table(
            "Region¦Kunde¦Umsatz",
            "Nord¦Müller GmbH¦100",
            "¦Meier AG¦200",
            "Süd¦Ulmer KG¦50",
            rejects=(4, 6, 7),
        ),
    ),
    "units_below_header": export(
        """
Artikel;Menge;Preis
;Stk;€
Schraube;10;0,50
Mutter;20;0,30
""",
        table("Artikel¦Menge¦Preis", "¦Stk¦€", "Schraube¦10¦0,50", "Mutter¦20¦0,30"),
    ),
    "header_of_two_lines": export(
        """
;Umsatz;;Absatz;
Kunde;2023;2024;2023;2024
Müller GmbH;100;200;3;4
Meier AG;50;60;1;2
""",
        table("Kunde¦2023¦2024¦2023_4¦2024_5", "Müller GmbH¦100¦200¦3¦4", "Meier AG¦50¦60¦1¦2"),
    ),
    "header_cells_of_two_lines": export(
        '"Kunden-\nNr.";"Firma\n(Name 1)";Ort\n1;Müller GmbH;Köln\n2;Meier AG;Ulm\n',
        table("Kunden- Nr.¦Firma (Name 1)¦Ort", "1¦Müller GmbH¦Köln", "2¦Meier AG¦Ulm"),
    ),
    "names_in_first_column": export(
        """
Firma;Müller GmbH
Straße;Hauptstr. 5
PLZ;50667
Ort;Köln
Telefon;0221 12345
""",
        table(
            "column_1¦column_2",
            "Firma¦Müller GmbH",
            "Straße¦Hauptstr. 5",
            "PLZ¦50667",
            "Ort¦Köln",
            "Telefon¦0221 12345",
        ),
    ),
    "empty_first_column": export(
        ";Nr;Firma;Ort\n;1;Müller GmbH;Köln\n;2;Meier AG;Ulm\n",
        table("Nr¦Firma¦Ort", "1¦Müller GmbH¦Köln", "2¦Meier AG¦Ulm"),
    ),
    "one_row": export("Firma;Ort\nMüller GmbH;Köln\n", table("Firma¦Ort", "Müller GmbH¦Köln")),
    "one_row_that_repeats_words": export(
        "Name;Ort;Status\nStatus Software AG;Ort;offen\n",
        table("Name¦Ort¦Status", "Status Software AG¦Ort¦offen"),
    ),
    "one_column_of_names": export(
        """
Firma
Müller GmbH
Stand Bau GmbH
Seite 7 Verlag
Ende GmbH
Total
Report Mainz eG
Source Code AG
# 12 Schraubenhandel
Summe Maschinenbau GmbH
Page & Partner
Quelle Versand
""",
        table(
            "Firma",
            "Müller GmbH",
            "Stand Bau GmbH",
            "Seite 7 Verlag",
            "Ende GmbH",
            "Total",
            "Report Mainz eG",
            "Source Code AG",
            "Summe Maschinenbau GmbH",
            "Page & Partner",
            "Quelle Versand",
            rejects=(9,),
        ),
    ),
    "one_column_of_mails": export(
        "anna@mueller.de\nbob@meier.de\ninfo@ulm.de\n",
        table("column_1", "anna@mueller.de", "bob@meier.de", "info@ulm.de"),
    ),
    "customers_named_like_notes": export(
        """
Nr;Firma;Ort;Umsatz
1;Müller GmbH;Köln;12,00
;Stand Bau GmbH;;
;Ende GmbH;;
;Seite 7 Verlag;;
;Quelle Versand;;
2;Total;;5,00
;Summe Maschinenbau GmbH;;7,00
;Gesamt AG;;
""",
        table(
            "Nr¦Firma¦Ort¦Umsatz",
            "1¦Müller GmbH¦Köln¦12,00",
            "¦Stand Bau GmbH¦¦",
            "¦Ende GmbH¦¦",
            "¦Seite 7 Verlag¦¦",
            "¦Quelle Versand¦¦",
            "2¦Total¦¦5,00",
            "¦Gesamt AG¦¦",
            rejects=(8,),  # so do subtotals by customer read
        ),
    ),
    "articles_named_like_comments": export(
        """
Artikel;Preis;Lager
# 12 Schraube;0,50;
-- gesperrt --;;
// Sonderposten;;
#13 Mutter;;
Summenzähler DN25;12,00;
Gesamtpaket Wartung;99,00;
Totalisator;5,00;
Anzahlung;100,00;
Saldo Software;10,00;
""",
        table(
            "Artikel¦Preis¦Lager",
            "# 12 Schraube¦0,50¦",
            "#13 Mutter¦¦",
            "Summenzähler DN25¦12,00¦",
            "Gesamtpaket Wartung¦99,00¦",
            "Totalisator¦5,00¦",
            "Anzahlung¦100,00¦",
            rejects=(3, 4, 10),  # a firm's Saldo Software cannot be told from a balance
        ),
    ),
    "formula_signs": export(
        """
Firma;Telefon;Wert
=Müller GmbH;+49 221 12345;-5,00
@home GmbH;-;+3
-;0221/12345;=1+1
""",
        table(
            "Firma¦Telefon¦Wert",
            "=Müller GmbH¦+49 221 12345¦-5,00",
            "@home GmbH¦-¦+3",
            "-¦0221/12345¦=1+1",
        ),
    ),
    "unquoted_apostrophes": export(
        """
Nr;Firma;Ort
1;'s Backstüble;Ulm
2;L'Oréal;Düsseldorf
3;Zum Wirt';Köln
4;'n Lütten';Kiel
""",
        table(
            "Nr¦Firma¦Ort",
            "1¦'s Backstüble¦Ulm",
            "2¦L'Oréal¦Düsseldorf",
            "3¦Zum Wirt'¦Köln",
            "4¦'n Lütten'¦Kiel",
        ),
    ),
    "unquoted_quotation_marks": export(
        """
Nr;Firma;Ort
1;"GAM MODEL" srl;Milano
2;Rohr 5";Köln
3;Hotel "Zur Post";Ulm
4;Meier AG;Bonn
""",
        table(
            "Nr¦Firma¦Ort",
            '1¦"GAM MODEL" srl¦Milano',
            '2¦Rohr 5"¦Köln',
            '3¦Hotel "Zur Post"¦Ulm',
            "4¦Meier AG¦Bonn",
        ),
    ),
    "first_column_often_empty": export(
        """
Kategorie;Artikel;Preis
Schrauben;M8;0,50
;M10;0,60
;M12;0,70
;;
Muttern;M8;0,10
;M10;0,20
""",
        table(
            "Kategorie¦Artikel¦Preis",
            "Schrauben¦M8¦0,50",
            "¦M10¦0,60",
            "¦M12¦0,70",
            "Muttern¦M8¦0,10",
            "¦M10¦0,20",
        ),
    ),
    "group_titles_between_rows": export(
        """
Firma;Ort;Umsatz
A
Adler GmbH;Köln;5
Arndt AG;Ulm;6
B
Bauer KG;Bonn;7
""",
        table(
            "Firma¦Ort¦Umsatz",
            "Adler GmbH¦Köln¦5",
            "Arndt AG¦Ulm¦6",
            "Bauer KG¦Bonn¦7",
            rejects=(2, 5),
        ),
    ),
    "sparse_rows_after_blank_ones": export(
        """
Nr;Firma;Ort;Telefon
1;Müller GmbH;Köln;0221 1
2;Meier AG;Ulm;0731 2
;;;
;Adler GmbH;;
;Bauer KG;;
;;;
3;Conrad;Bonn;0228 3
""",
        table(
            "Nr¦Firma¦Ort¦Telefon",
            "1¦Müller GmbH¦Köln¦0221 1",
            "2¦Meier AG¦Ulm¦0731 2",
            "¦Adler GmbH¦¦",
            "¦Bauer KG¦¦",
            "3¦Conrad¦Bonn¦0228 3",
        ),
    ),
    "years_as_columns": export(
        ";2023;2024\nMüller GmbH;100;200\nMeier AG;50;60\n",
        table("column_1¦2023¦2024", "Müller GmbH¦100¦200", "Meier AG¦50¦60"),
    ),
    "months_as_columns": export(
        "Produkt;Jan;Feb;Mrz\nPumpe;1;2;3\nVentil;4;;6\n",
        table("Produkt¦Jan¦Feb¦Mrz", "Pumpe¦1¦2¦3", "Ventil¦4¦¦6"),
    ),
    "dates_as_columns": export(
        "Kunde;01.01.2024;01.02.2024;01.03.2024\nMüller GmbH;100;200;0\nMeier AG;50;60;7\n",
        table(
            "Kunde¦01.01.2024¦01.02.2024¦01.03.2024", "Müller GmbH¦100¦200¦0", "Meier AG¦50¦60¦7"
        ),
    ),
    "numbers_as_columns": export(
        "Artikel;1;2;3;4\nPumpe;10;0;3;9\nVentil;4;;6;1\n",
        table("Artikel¦1¦2¦3¦4", "Pumpe¦10¦0¦3¦9", "Ventil¦4¦¦6¦1"),
    ),
    "unknown_first_word_numbers_as_columns": export(
        "Warengruppe;01/2024;02/2024;03/2024\nPumpen;10;0;3\nVentile;4;7;6\n",
        table("Warengruppe¦01/2024¦02/2024¦03/2024", "Pumpen¦10¦0¦3", "Ventile¦4¦7¦6"),
    ),
    "french_words_only": export(
        """
Raison sociale;Ville;Pays;Interlocuteur
Dupont SARL;Lyon;France;Marie Curie
Société Générale;Paris;France;Jean Moulin
""",
        table(
            "Raison sociale¦Ville¦Pays¦Interlocuteur",
            "Dupont SARL¦Lyon¦France¦Marie Curie",
            "Société Générale¦Paris¦France¦Jean Moulin",
        ),
    ),
    "italian": export(
        "Ragione sociale;Città;Provincia;CAP\nRossi S.p.A.;Milano;MI;20100\nTotale Servizi srl;Roma;RM;00100\n",
        table(
            "Ragione sociale¦Città¦Provincia¦CAP",
            "Rossi S.p.A.¦Milano¦MI¦20100",
            "Totale Servizi srl¦Roma¦RM¦00100",
        ),
    ),
    "polish_cp1250": export(
        """
Nazwa firmy;Miasto;Ulica;Kod pocztowy
Zakład Mięsny Łukasz;Łódź;Święty Marcin 5;90-001
Żółć Sp. z o.o.;Kraków;Długa 7;31-147
Spółdzielnia Pracy;Częstochowa;Główna 12;42-200
""",
        table(
            "Nazwa firmy¦Miasto¦Ulica¦Kod pocztowy",
            "Zakład Mięsny Łukasz¦Łódź¦Święty Marcin 5¦90-001",
            "Żółć Sp. z o.o.¦Kraków¦Długa 7¦31-147",
            "Spółdzielnia Pracy¦Częstochowa¦Główna 12¦42-200",
        ),
        encoding="cp1250",
    ),
    "czech_cp1250": export(
        """
Název;Město;Ulice;PSČ
Škoda Auto;Mladá Boleslav;Třída Václava Klementa 869;293 01
Řeznictví Dvořák;Plzeň;Náměstí Republiky 5;301 00
Žižkov s.r.o.;Praha;Koněvova 12;130 00
""",
        table(
            "Název¦Město¦Ulice¦PSČ",
            "Škoda Auto¦Mladá Boleslav¦Třída Václava Klementa 869¦293 01",
            "Řeznictví Dvořák¦Plzeň¦Náměstí Republiky 5¦301 00",
            "Žižkov s.r.o.¦Praha¦Koněvova 12¦130 00",
        ),
        encoding="cp1250",
    ),
    "turkish_utf8": export(
        "Firma Adı;Şehir;Telefon\nÖzgür İnşaat A.Ş.;İstanbul;0212 1\nYıldız Ltd.;Ankara;0312 2\n",
        table(
            "Firma Adı¦Şehir¦Telefon",
            "Özgür İnşaat A.Ş.¦İstanbul¦0212 1",
            "Yıldız Ltd.¦Ankara¦0312 2",
        ),
    ),
    "russian_cp1251": export(
        """
Название;Город;Телефон
ООО Ромашка;Москва;495 1
ЗАО Весна;Казань;843 2
""",
        table("Название¦Город¦Телефон", "ООО Ромашка¦Москва¦495 1", "ЗАО Весна¦Казань¦843 2"),
        encoding="cp1251",
    ),
    "latin9_euro": export(
        "Firma;Betrag\nMüller GmbH;5 €\nWürth;7 €\n",
        table("Firma¦Betrag", "Müller GmbH¦5 €", "Würth¦7 €"),
        encoding="iso-8859-15",
    ),
    "utf8_written_twice_is_kept": export(
        "Firma;Ort\nMÃ¼ller GmbH;KÃ¶ln\nMeier;Ulm\n",
        table("Firma¦Ort", "MÃ¼ller GmbH¦KÃ¶ln", "Meier¦Ulm"),
    ),
    "excel_unicode_text": export(
        'Firma\tOrt\tNotiz\r\nMüller GmbH\tKöln\t"ruft ""bald"" an"\r\nŁukasz\tŁódź\t"a, b"\r\n',
        table("Firma¦Ort¦Notiz", 'Müller GmbH¦Köln¦ruft "bald" an', "Łukasz¦Łódź¦a, b"),
        name="unicode.txt",
        encoding="utf-16",
    ),
    "concatenated_with_marks": export(
        "\ufeffNr;Firma\n1;Müller\n2;Meier\n\ufeffNr;Firma\n3;Schulz\n4;Adler\n",
        table("Nr¦Firma", "1¦Müller", "2¦Meier", "3¦Schulz", "4¦Adler", rejects=(4,)),
    ),
    "line_ends_in_quoted_cells": export(
        'Nr;Notiz;Ort\r\n1;"eins\nzwei";Köln\r\n2;"eins\r\nzwei\rdrei";Ulm\r\n3;;Bonn\r\n',
        table("Nr¦Notiz¦Ort", "1¦eins\nzwei¦Köln", "2¦eins\r\nzwei\rdrei¦Ulm", "3¦¦Bonn"),
    ),
    "thousands_by_blank_and_apostrophe": export(
        "Firma;Umsatz;Gewinn\nMüller;1'234.50;1 234,50\nMeier;12'000;12 000\n",
        table("Firma¦Umsatz¦Gewinn", "Müller¦1'234.50¦1 234,50", "Meier¦12'000¦12 000"),
    ),
    "psql_output": export(
        """
 id |    name     |  ort
----+-------------+-------
  1 | Müller GmbH | Köln
  2 | Meier AG    | Ulm
(2 rows)

""",
        table("id¦name¦ort", "1¦Müller GmbH¦Köln", "2¦Meier AG¦Ulm", rejects=(2, 5)),
        name="out.txt",
    ),
    "markdown_table": export(
        "| Nr | Firma | Ort |\n|----|-------|-----|\n| 1 | Müller GmbH | Köln |\n| 2 | Meier AG | Ulm |\n",
        table("Nr¦Firma¦Ort", "1¦Müller GmbH¦Köln", "2¦Meier AG¦Ulm", rejects=(2,)),
        name="out.md",
    ),
    "mysql_and_pg_copy_nulls": export(
        "id\tname\tcity\n1\tMüller GmbH\t\\N\n2\tA\\tB\tKöln\n",
        table("id¦name¦city", "1¦Müller GmbH¦\\N", "2¦A\\tB¦Köln"),
        name="dump.tsv",
    ),
    "powershell_type_line": export(
        '#TYPE Selected.Microsoft.ActiveDirectory.Management.ADUser\n"Name","Mail","Department"\n'
        '"Anna Müller","anna@mueller.de","Vertrieb"\n"Bob Meier",,"Einkauf"\n',
        table("Name¦Mail¦Department", "Anna Müller¦anna@mueller.de¦Vertrieb", "Bob Meier¦¦Einkauf"),
    ),
    "pandas_index": export(
        ",name,city\n0,Müller GmbH,Köln\n1,Meier AG,Ulm\n",
        table("column_1¦name¦city", "0¦Müller GmbH¦Köln", "1¦Meier AG¦Ulm"),
    ),
    "google_forms": export(
        """
Zeitstempel,"Wie zufrieden sind Sie mit uns, alles in allem?",Was sollen wir besser machen?,E-Mail-Adresse
2025/01/25 10:15:00 AM MEZ,5,"Nichts.
Weiter so!",anna@mueller.de
2025/01/26 11:00:00 AM MEZ,3,,bob@meier.de
""",
        table(
            "Zeitstempel¦Wie zufrieden sind Sie mit uns, alles in allem?¦Was sollen wir besser machen?¦E-Mail-Adresse",
            "2025/01/25 10:15:00 AM MEZ¦5¦Nichts.\nWeiter so!¦anna@mueller.de",
            "2025/01/26 11:00:00 AM MEZ¦3¦¦bob@meier.de",
        ),
    ),
    "datev_account_sheet": export(
        """
Mandant: 55003 Beispiel GmbH;;;;
Summen- und Saldenliste;;;Stand: 31.01.2025;
;;;;
Konto;Bezeichnung;Soll;Haben;Saldo
10000;Müller GmbH;119,00;0,00;119,00
10001;Total Energie;59,50;59,50;0,00
Summe Debitoren;;178,50;59,50;119,00
70000;Stadtwerke;0,00;50,00;-50,00
Summe Kreditoren;;0,00;50,00;-50,00
Gesamtsumme;;178,50;109,50;69,00
""",
        table(
            "Konto¦Bezeichnung¦Soll¦Haben¦Saldo",
            "10000¦Müller GmbH¦119,00¦0,00¦119,00",
            "10001¦Total Energie¦59,50¦59,50¦0,00",
            "70000¦Stadtwerke¦0,00¦50,00¦-50,00",
            rejects=(7, 9, 10),
        ),
        encoding="cp1252",
    ),
    "months_with_total_in_every_column": export(
        """
Kunde;Jan;Feb;Mrz
Müller GmbH;1;2;3
Total;4;5;6
Summe;5;7;9
""",
        table("Kunde¦Jan¦Feb¦Mrz", "Müller GmbH¦1¦2¦3", "Total¦4¦5¦6", rejects=(4,)),
    ),
    "open_items_by_customer": export(
        """
Offene Posten Liste;;;
Kunde 10000 Müller GmbH;;;
Beleg;Datum;Fällig;Betrag
RE-1;01.01.2025;15.01.2025;119,00
RE-2;05.01.2025;19.01.2025;59,50
Summe Kunde 10000;;;178,50
Kunde 10001 Meier AG;;;
Beleg;Datum;Fällig;Betrag
RE-3;07.01.2025;21.01.2025;10,00
Summe Kunde 10001;;;10,00
""",
        table(
            "Beleg¦Datum¦Fällig¦Betrag",
            "RE-1¦01.01.2025¦15.01.2025¦119,00",
            "RE-2¦05.01.2025¦19.01.2025¦59,50",
            "RE-3¦07.01.2025¦21.01.2025¦10,00",
            rejects=(6, 7, 8, 10),
        ),
    ),
    "paypal_short_rows_of_text": export(
        '"Datum","Uhrzeit","Name","Typ","Brutto","Absender E-Mail-Adresse"\n'
        '"25.01.2025","10:15:00","Anna Müller","Zahlung","59,80","anna@mueller.de"\n'
        '"26.01.2025","10:15:00","","Bankgutschrift","-59,80",""\n',
        table(
            "Datum¦Uhrzeit¦Name¦Typ¦Brutto¦Absender E-Mail-Adresse",
            "25.01.2025¦10:15:00¦Anna Müller¦Zahlung¦59,80¦anna@mueller.de",
            "26.01.2025¦10:15:00¦¦Bankgutschrift¦-59,80¦",
        ),
    ),
    "all_columns_text_unknown_words": export(
        """
Anlage;Baugruppe;Bauteil
Presse 1;Antrieb;Zahnrad
Presse 1;Antrieb;Riemen
Presse 2;Hydraulik;Pumpe
""",
        table(
            "Anlage¦Baugruppe¦Bauteil",
            "Presse 1¦Antrieb¦Zahnrad",
            "Presse 1¦Antrieb¦Riemen",
            "Presse 2¦Hydraulik¦Pumpe",
        ),
    ),
    "header_in_capitals_with_underscores": export(
        "KD_NR;KD_NAME1;KD_PLZ;KD_ORT\n00123;Müller GmbH;01067;Dresden\n00124;Meier AG;04109;Leipzig\n",
        table(
            "KD_NR¦KD_NAME1¦KD_PLZ¦KD_ORT",
            "00123¦Müller GmbH¦01067¦Dresden",
            "00124¦Meier AG¦04109¦Leipzig",
        ),
    ),
    "yes_no_matrix": export(
        """
Kunde;Newsletter;Messe;Muster
Müller GmbH;x;;x
Meier AG;;x;
Adler;;;
Bauer;x;x;x
""",
        table(
            "Kunde¦Newsletter¦Messe¦Muster",
            "Müller GmbH¦x¦¦x",
            "Meier AG¦¦x¦",
            "Adler¦¦¦",
            "Bauer¦x¦x¦x",
        ),
    ),
    "note_in_a_row_of_its_own": export(
        """
Kunde;Ort;Umsatz
Müller GmbH;Köln;5
;Achtung: neue Adresse ab März;
Meier AG;Ulm;6
""",
        table(
            "Kunde¦Ort¦Umsatz",
            "Müller GmbH¦Köln¦5",
            "¦Achtung: neue Adresse ab März¦",
            "Meier AG¦Ulm¦6",
        ),
    ),
    "letters_without_known_words_pipe": export(
        "A001|Pumpe|12.50\nA002|Ventil|3.10\nA003|Rohr 5'|0.99\n",
        table(
            "column_1¦column_2¦column_3",
            "A001¦Pumpe¦12.50",
            "A002¦Ventil¦3.10",
            "A003¦Rohr 5'¦0.99",
        ),
    ),
}

# What is not yet read as it should be, by the name of the export.
KNOWN_FAULTS = {
    "amazon_report_quotes_nothing": "a file that quotes nothing: a cell that begins with a quote",
    "unquoted_quotation_marks": "a file that quotes nothing: a cell that begins with a quote",
    "names_in_first_column": "a form, its names in the first column, is taken for a table",
    "open_items_by_customer": "the title of a group, above its repeated header, is taken for a row",
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.xfail(strict=True, reason=KNOWN_FAULTS[name]))
        if name in KNOWN_FAULTS
        else name
        for name in EXPORTS
    ],
)
def test_export_is_read_as_its_program_meant_it(name: str, read: Read, tmp_path: Path) -> None:
    case = EXPORTS[name]
    path = tmp_path / case.name
    path.write_bytes(case.text.encode(case.encoding))
    found = [
        table(
            "¦".join(found.columns),
            *("¦".join((cell or "").strip() for cell in row) for row in found.rows),
            rejects=tuple(reject.row_number for reject in found.rejects),
        )
        for found in read(path)
    ]
    assert found == list(case.tables)


@pytest.mark.parametrize("name", ["customers.txt", "customers.csv", "customers"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_list_of_records_is_json_whatever_it_is_called(
    name: str, encoding: str, read: Read, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text('[\n {"Nr": 1, "Firma": "Müller, Meier"},\n {"Nr": 2}\n]', encoding=encoding)
    (found,) = read(path)
    assert (found.columns, found.rows) == (["Nr", "Firma"], [["1", "Müller, Meier"], ["2", None]])


SHEETS: dict[str, tuple[list[list[Any]], dict[str, str], Truth]] = {
    "postcode_by_number_format": (
        [["Nr", "PLZ", "EAN"], [1, 1067, 4006381333931], [2, 50667, 4006381333948]],
        {"B2": "00000", "B3": "00000", "C2": "0", "C3": "0"},
        table("Nr¦PLZ¦EAN", "1¦01067¦4006381333931", "2¦50667¦4006381333948"),
    ),
    "dates_as_columns": (
        [["Kunde", date(2025, 1, 1), date(2025, 2, 1)], ["A GmbH", 5, 6], ["B AG", 7, 8]],
        {"B1": "MMM YY", "C1": "MMM YY"},
        table("Kunde¦2025-01-01¦2025-02-01", "A GmbH¦5¦6", "B AG¦7¦8"),
    ),
    "years_as_columns": (
        [[None, 2023, 2024], ["A GmbH", 5, 6], ["B AG", 7, 8]],
        {},
        table("column_1¦2023¦2024", "A GmbH¦5¦6", "B AG¦7¦8"),
    ),
    "months_by_number": (
        [["Artikel", 1, 2, 3], ["Pumpe", 5, 6, 7], ["Ventil", 7, 8, 9]],
        {},
        table("Artikel¦1¦2¦3", "Pumpe¦5¦6¦7", "Ventil¦7¦8¦9"),
    ),
    "dates_as_text_among_dates": (
        [["Nr", "Datum"], [1, "25.01.2025"], [2, date(2025, 1, 26)], [3, "ca. März"]],
        {},
        table("Nr¦Datum", "1¦25.01.2025", "2¦2025-01-26", "3¦ca. März"),
    ),
    "pivot": (
        [
            ["Summe von Umsatz", "Spaltenbeschriftungen", None, None],
            ["Zeilenbeschriftungen", "2023", "2024", "Gesamtergebnis"],
            ["A GmbH", 5, 6, 11],
            ["B AG", 7, 8, 15],
            ["Gesamtergebnis", 12, 14, 26],
        ],
        {},
        table("Zeilenbeschriftungen¦2023¦2024¦Gesamtergebnis", "A GmbH¦5¦6¦11", "B AG¦7¦8¦15",
              rejects=(5,)),
    ),
    "titles_of_groups": (
        [["Firma", "Ort", "Umsatz"], ["Nord"], ["A GmbH", "Kiel", 5], ["Süd"], ["C KG", "Ulm", 7]],
        {},
        table("Firma¦Ort¦Umsatz", "A GmbH¦Kiel¦5", "C KG¦Ulm¦7", rejects=(2, 4)),
    ),
}  # fmt: skip
FAULTS_OF_SHEETS = {
    "titles_of_groups": "the title of a group of rows is taken for a row",
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.xfail(strict=True, reason=FAULTS_OF_SHEETS[name]))
        if name in FAULTS_OF_SHEETS
        else name
        for name in SHEETS
    ],
)
def test_sheet_is_read_as_a_person_sees_it(name: str, read: Read, tmp_path: Path) -> None:
    rows, formats, truth = SHEETS[name]
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for place, number_format in formats.items():
        sheet[place].number_format = number_format
    workbook.save(tmp_path / "book.xlsx")
    (found,) = read(tmp_path / "book.xlsx")
    assert truth == table(
        "¦".join(found.columns),
        *("¦".join(cell or "" for cell in row) for row in found.rows),
        rejects=tuple(reject.row_number for reject in found.rejects),
    )
