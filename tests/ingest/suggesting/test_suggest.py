"""From unknown files to a mapping that is valid and claims them."""

from __future__ import annotations

import string
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from config import PROJECT_ROOT, Settings
from ingest import ingest_inbox, load_sources
from ingest.mapping.sources import Sources
from ingest.suggesting.keys import sample_table
from ingest.suggesting.names import files_glob, source_name
from ingest.suggesting.one_file import SuggestionError, suggest
from ingest.suggesting.proposal import propose
from ingest.suggesting.shapes import file_column, recode
from ingest.suggesting.text import masked, scalar, source_text
from tests.ingest.conftest import Drop

NONE = Sources(sources={})

CUSTOMERS = """\
Kd.-Nr.;Firmenname 1;Strasse;PLZ;Ort;Tel. geschäftl.;Mailadresse;USt-Id;Umsatz (EUR);Geburtsdatum
10001;Alt GmbH;Weg 1;70173;Stuttgart;0711 123456;info@alt.de;DE136695976;1.234,50;01.02.1970
10002;Bau AG;Weg 2;80331;München;089 765432;info@bau.de;DE129273398;99,00;03.04.1980
10003;Cam KG;Weg 3;10115;Berlin;030 998877;info@cam.de;;7,10;05.06.1990
"""
ORDERS = """\
Order No,Line,Order Date,Customer Number,SKU,Qty,Unit Price,Status
A1,1,2025-01-31,10001,X-1,2,10.50,shipped
A1,2,2025-01-31,10001,X-2,1,3.20,cancelled
A2,1,2025-02-01,10002,X-1,5,10.50,shipped
A3,1,2025-02-02,10003,X-1,5,10.50,shipped
"""
OPPORTUNITIES = """\
Opportunity ID\tOpportunity Name\tAccount Name\tStage\tStatus\tAmount\tClose Date\tLoss Reason
006A\tLine 5\tAlt GmbH\tProposal\tOpen\t1000\t
006B\tPress\tBau AG\tClosed\tClosed Won\t2500\t2025-03-01\t
006C\tRobot\tCam KG\tClosed\tClosed Lost\t700\t2025-03-02\tprice
"""
TICKETS = """\
{"Ticket#": "7001", "CustomerID": "10001", "Created": "2025-01-02 10:00:00", "Queue": "Support",
 "Subject": "Pump leaks", "Body": "The pump that we bought in May leaks, and we need it by Monday."}
"""
SUBSCRIBERS = """\
E-Mail-Adresse|Opt-in Datum|Status
a@alt.de|2025-01-01|aktiv
b@bau.de|2025-02-01|abgemeldet
"""


def found(text: str) -> Sources:
    content = yaml.load(f"sources:\n{text}", Loader=yaml.BaseLoader)
    return Sources.model_validate(content)


@pytest.mark.parametrize(
    ("file", "glob", "name"),
    [
        ("erp_kunden.csv", "erp_kunden[-_. 0-9]*csv", "erp_kunden"),
        ("Kunden_2025-03-31.csv", "Kunden_*.csv", "kunden"),
        ("Rechnungen März 2025 (2).xlsx", "Rechnungen *.xlsx", "rechnungen"),
        ("Export[1] KW12.csv", "Export[[]*] *.csv", "export"),
        ("20250131.csv", "20250131.csv", "file"),
        ("Tickets.xlsx", "Tickets[-_. 0-9]*xlsx", "tickets_list"),
    ],
)
def test_names_forget_what_changes(file: str, glob: str, name: str) -> None:
    assert files_glob(file) == glob
    assert source_name(file.partition(".")[0], "", set()) == name
    entry = {"files": glob, "kind": "snapshot", "maps": {}}
    assert Sources.model_validate({"sources": {name: entry}}).claiming(file)


def test_examples_do_not_name_persons() -> None:
    assert masked("maria.anders@alt.de", False) == "m…@alt.de"
    assert "123" not in masked("+49 711 123456", True)
    assert masked("Berger", True) == "B…"
    assert masked("bat um Rückruf von Herrn Berger", False) == "bat …"


def test_outcomes_are_recoded() -> None:
    codes = recode("outcome", ["Gewonnen", "Closed Lost", "offen"])
    assert codes == {"Gewonnen": "won", "Closed Lost": "lost"}


CELLS = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.sampled_from(["a@b.de", "ja", "storniert", "Gewonnen", "1.234,50", "31.12.2025", "x: y #z"]),
)
HEADERS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=12),
    st.sampled_from(["KdNr", "Firma", "Auftrag", "Pos", "Status", "Datum", "E-Mail", "Nachname"]),
)


@given(
    headers=st.lists(HEADERS, min_size=2, max_size=6, unique_by=lambda text: text.casefold()),
    rows=st.lists(st.lists(CELLS, min_size=6, max_size=6), min_size=1, max_size=6),
    file=st.text(string.ascii_letters + string.digits + " _-()[]äöü", min_size=1, max_size=12),
)
@hypothesis_settings(max_examples=30)
def test_every_proposal_is_valid_and_claims_its_file(
    headers: list[str], rows: list[list[str | None]], file: str
) -> None:
    table = sample_table("t", headers, [row[: len(headers)] for row in rows])
    for proposal in propose(f"{file}.csv", [table], NONE):
        for language in ("de", "en"):
            sources = found(source_text(proposal, language))
            assert sources.claiming(f"{file}.csv")
            columns = sources.sources[proposal.name].file_columns
            assert set(columns) <= {" ".join(header.split()) for header in headers} | set(headers)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_scalars_come_back_as_they_were(text: str) -> None:
    assert yaml.load(f"[{scalar(text)}]", Loader=yaml.BaseLoader) == [text]


def test_a_key_is_called_like_one_or_found_by_trying() -> None:
    rows = [["A", "1", "x"], ["A", "2", "x"], ["B", "1", "x"], [None, "Summe", None]]
    table = sample_table("t", ["Auftrag", "Pos", "Artikelnummer"], rows)
    (proposal,) = propose("Auftraege.csv", [table], NONE)
    assert proposal.entities[0].key == ("Auftrag", "Pos")
    assert len(table.rows) == 3  # the total is no record


def test_what_is_known_only_afterwards_is_no_attribute() -> None:
    rows = [[f"D{n}", "Titel", "offen", None, "Nord"] for n in range(6)]
    rows += [["D7", "Titel", "Verloren", "Preis", "Süd"], ["D8", "Titel", "Gewonnen", None, "Süd"]]
    headers = ["Deal-ID", "Dealname", "Status", "Verlustgrund", "Gebiet"]
    (proposal,) = propose("deals.csv", [sample_table("t", headers, rows)], NONE)
    assert proposal.entities[0].attributes == ("Gebiet",)
    assert [column.name for column, _ in proposal.undecided] == ["Verlustgrund"]


def test_suppliers_are_no_customers() -> None:
    table = sample_table("t", ["Nr.", "Firma", "Ort"], [["1", "Alt GmbH", "Ulm"]])
    (proposal,) = propose("Lieferanten.csv", [table], NONE)
    assert not proposal.entities


def test_five_files_become_five_sources(settings: Settings, drop: Drop) -> None:
    """Proposed, written and loaded one after the other, each knows those before it."""
    drop("Kunden_2025-01.csv", CUSTOMERS.encode("cp1252"))
    drop("orders_2025.csv", ORDERS)
    drop("opportunities.txt", OPPORTUNITIES.replace("1000\t\n", "1000\t\t\n"))
    second = TICKETS.replace("7001", "7002").replace("10001", "10002").replace("\n", "")
    drop("cases.jsonl", TICKETS.replace("\n", "") + "\n" + second + "\n")
    drop("newsletter_abonnenten.csv", SUBSCRIBERS)
    names = ["Kunden_2025-01.csv", "orders_2025.csv", "opportunities.txt", "cases.jsonl"]
    for name in [*names, "newsletter_abonnenten.csv"]:
        suggest(settings, settings.inbox / name, "de", write=True)
        loads = {load.file: load for load in ingest_inbox(settings)}
        assert loads[name].status == "loaded", loads[name].reason_de
        assert loads[name].rows_loaded == loads[name].rows_found

    sources = load_sources(settings).sources
    company = sources["kunden"].maps["company"]
    assert company.key == ("Kd.-Nr.",)
    assert {name: origin.column for name, origin in company.columns.items()} == {
        "name": "Firmenname 1", "street": "Strasse", "postcode": "PLZ", "city": "Ort",
        "phone": "Tel. geschäftl.", "email": "Mailadresse", "vat_id": "USt-Id",
    }  # fmt: skip
    assert "Geburtsdatum" not in sources["kunden"].file_columns
    assert sources["kunden"].locale == "de" and sources["kunden"].kind == "snapshot"
    line = sources["orders"].maps["order_line"]
    assert line.key == ("Order No", "Line") and sources["orders"].kind == "events"
    assert line.columns["company"].source == "kunden"
    assert line.columns["company"].column == "Customer Number"
    assert line.columns["is_cancelled"].values == {"cancelled": "true"}
    lead = sources["opportunities"].maps["lead"]
    assert lead.columns["outcome"].values == {"Closed Won": "won", "Closed Lost": "lost"}
    assert sources["cases"].maps["ticket"].columns["company"].source == "kunden"
    consent = sources["newsletter_abonnenten"].maps["consent"]
    assert consent.columns["purpose"].value == "newsletter"


def test_nothing_is_written_unless_asked_and_what_stands_there_stays(
    settings: Settings, drop: Drop, write_sources: Callable[[str], None]
) -> None:
    before = """\
# mine
sources:
    old:   # kept
        files: "old*"
        kind: events
        maps: {}
"""
    write_sources(before)
    path = settings.config / "sources.yml"
    file = drop("kunden.csv", CUSTOMERS)
    assert "kunden:" in suggest(settings, file, "en").text
    assert path.read_text() == before
    suggest(settings, file, "en", write=True)
    assert path.read_text().startswith(before)
    assert list(load_sources(settings).sources) == ["old", "kunden"]
    assert [path.name for path in settings.config.iterdir()] == ["sources.yml"]


def test_a_claimed_file_is_compared_and_never_written(settings: Settings, drop: Drop) -> None:
    file = drop("kunden_1.csv", CUSTOMERS)
    suggest(settings, file, "de", write=True)
    before = (settings.config / "sources.yml").read_bytes()
    changed = drop("kunden_2.csv", CUSTOMERS.replace("Mailadresse", "Mail neu"))
    told = suggest(settings, changed, "de")
    assert told.is_claimed
    assert "fehlen: Mailadresse." in told.text and "Mail neu" in told.text
    with pytest.raises(SuggestionError, match="gehört schon"):
        suggest(settings, changed, "de", write=True)
    assert (settings.config / "sources.yml").read_bytes() == before


def test_files_of_other_sources_stay_theirs(
    settings: Settings, drop: Drop, write_sources: Callable[[str], None]
) -> None:
    write_sources('sources: {mine: {files: "kunden_1.csv", kind: events, maps: {}}}')
    drop("kunden_1.csv", CUSTOMERS)
    assert 'files: "kunden_2.csv"' in suggest(settings, drop("kunden_2.csv", CUSTOMERS), "de").text


def test_bad_input_is_named(settings: Settings, drop: Drop) -> None:
    with pytest.raises(SuggestionError, match=r"a\.pdf: .*PDF"):
        suggest(settings, drop("a.pdf", b"%PDF-1.7 x"), "de")
    with pytest.raises(SuggestionError, match="no table"):
        suggest(settings, drop("one.csv", "Notiz\nhallo\n"), "en")


def test_the_sample_companys_mapping_is_found(tmp_path: Path) -> None:
    """Knowing no other source, all but references; benchmarks/suggest.py measures every file."""
    from datetime import date

    from sample import make_company

    make_company(tmp_path / "inbox", tmp_path / "truth", 40, 6, 1, until=date(2026, 6, 30))
    truth = load_sources(Settings(config=PROJECT_ROOT / "config"))
    settings = Settings(home=tmp_path / "home", config=tmp_path)
    for name, entity in (("erp_kunden.csv", "company"), ("erp_auftraege.csv", "order_line")):
        text = suggest(settings, tmp_path / "inbox" / name, "de").text
        (proposed,) = found(text).sources.values()
        (expected,) = truth.claiming(name)
        assert proposed.maps[entity].key == expected.maps[entity].key
        for column, origin in expected.maps[entity].columns.items():
            if not origin.source:
                assert proposed.maps[entity].columns[column].file_columns == origin.file_columns


def test_empty_marks_are_no_values() -> None:
    assert file_column("a", ["NULL", " x ", None, "n/a", ""]).values == ("x",)
