from __future__ import annotations

import csv
import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
import yaml
from python_calamine import CalamineWorkbook
from stdnum.de import vat

from config.settings import PROJECT_ROOT
from sample import SampleError, make_company
from tests.sample.conftest import UNTIL, Made

SOURCES = yaml.safe_load((PROJECT_ROOT / "config" / "sources.yml").read_text("utf-8"))["sources"]
NOTES_ABOVE = {
    "messe_kontakte.xlsx": 4, "kundenliste_aussendienst.xlsx": 2, "wettbewerbspreise.xlsx": 2,
}  # fmt: skip
UTF8 = ("newsletter_empfaenger.csv", "newsletter_aktionen.csv")
FILES = {
    "erp_kunden.csv", "erp_auftraege.csv", "erp_artikel.csv", "crm_firmen.xlsx",
    "crm_kontakte.xlsx", "crm_deals.xlsx", *UTF8, "web_visits.jsonl", "tickets.xlsx",
    "messe_kontakte.xlsx", "kundenliste_aussendienst.xlsx", "widersprueche.csv",
    "erp_angebotspositionen.csv", "crm_deal_kontakte.xlsx", "wettbewerbspreise.xlsx",
}  # fmt: skip


def text_of(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def read(path: Path, sheet: str | None = None) -> list[dict[str, str]]:
    """The whole rows of a file as text, the broken ones left out."""
    if path.suffix == ".xlsx":
        book, skip = CalamineWorkbook.from_path(path), NOTES_ABOVE.get(path.name, 0)
        rows = []
        for name in [sheet] if sheet else book.sheet_names:
            lines = book.get_sheet_by_name(name).to_python(skip_empty_area=False)[skip:]
            header = [str(title) for title in lines[0]]
            rows += [dict(zip(header, map(text_of, line), strict=True)) for line in lines[1:]]
        return rows
    if path.suffix == ".jsonl":
        lines = path.read_text("utf-8").splitlines()
        return [
            {key: text_of(value) for key, value in json.loads(line).items()}
            for line in lines
            if line.endswith("}")
        ]
    encoding, delimiter = ("utf-8", ",") if path.name in UTF8 else ("cp1252", ";")
    with path.open(encoding=encoding, newline="") as file:
        header, *rows = csv.reader(file, delimiter=delimiter)
    return [dict(zip(header, row, strict=True)) for row in rows if len(row) == len(header)]


def read_source(name: str, inbox: Path) -> list[dict[str, str]]:
    (path,) = inbox.glob(SOURCES[name]["files"])
    return read(path, SOURCES[name].get("sheet"))


def truth(made: Made, name: str) -> list[dict[str, str]]:
    with (made.truth / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def all_text(inbox: Path) -> str:
    cells = (value for path in sorted(inbox.iterdir()) for row in sheets_and_rows(path)
             for value in row)  # fmt: skip
    return "\n".join(cells)


def sheets_and_rows(path: Path) -> list[list[str]]:
    if path.suffix == ".xlsx":
        book = CalamineWorkbook.from_path(path)
        return [
            list(map(text_of, row))
            for name in book.sheet_names
            for row in book.get_sheet_by_name(name).to_python()
        ]
    encoding = "utf-8" if path.name in UTF8 or path.suffix == ".jsonl" else "cp1252"
    return [[line] for line in path.read_text(encoding).splitlines()]


def test_same_arguments_give_the_same_bytes_and_another_seed_another_company(
    tmp_path: Path,
) -> None:
    def bytes_of(folder: str, seed: int, customers: int = 12) -> dict[str, bytes]:
        home = tmp_path / folder
        make_company(home / "inbox", home / "truth", customers, 8, seed, UNTIL)
        return {p.name: p.read_bytes() for p in sorted(home.glob("*/*"))}

    first = bytes_of("a", 1)
    assert first == bytes_of("b", 1)
    assert bytes_of("a", 1) == first  # over the old files
    other = bytes_of("a", 2)
    assert {name for name in first if first[name] == other[name]} <= {"erp_artikel.csv"}
    assert not list(tmp_path.glob("**/.sample-*"))


def test_every_file_is_there_and_the_summary_counts_its_rows(company: Made) -> None:
    assert {path.name for path in company.inbox.iterdir()} == FILES
    assert {written.file for written in company.summary.files} == FILES
    counted = {(w.file, w.sheet): w.rows for w in company.summary.files}
    orders = (company.inbox / "erp_auftraege.csv").read_bytes().count(b"\r\n") - 1
    assert counted["erp_auftraege.csv", ""] == orders
    assert counted["crm_deals.xlsx", "Deals"] == len(
        read(company.inbox / "crm_deals.xlsx", "Deals")
    )
    assert company.summary.customers == 150


@pytest.mark.parametrize("name", list(SOURCES))
def test_sources_yml_names_the_columns_that_the_files_have(company: Made, name: str) -> None:
    rows = read_source(name, company.inbox)
    assert rows
    for mapping in SOURCES[name]["maps"].values():
        wanted = [*mapping["key"], *mapping.get("attributes", [])]
        for column in mapping["columns"].values():
            if isinstance(column, str):
                wanted.append(column)
            else:
                wanted += column.get("columns", [])
                wanted += [column["column"]] if "column" in column else []
        assert set(wanted) <= set(rows[0])


WITHOUT_FIRM_OF_THEIR_OWN = {
    "erp_orders", "erp_articles", "erp_offer_lines", "crm_deal_stages", "crm_deal_contacts",
    "competitor_list",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(SOURCES) - WITHOUT_FIRM_OF_THEIR_OWN))
def test_the_truth_knows_every_record_and_no_other(company: Made, name: str) -> None:
    (mapping, *_) = SOURCES[name]["maps"].values()
    (key,) = mapping["key"]
    found = [row[key] for row in read_source(name, company.inbox) if row[key]]
    known = [
        row["key"]
        for file in ("identities.csv", "interactions.csv")
        for row in truth(company, file)
        if row["source"] == name
    ]
    assert sorted(found) == sorted(known)
    assert len(set(found)) == len(found)


def test_refs_point_to_records_that_exist(company: Made) -> None:
    for name, source in SOURCES.items():
        for mapping in source["maps"].values():
            for column in mapping["columns"].values():
                if isinstance(column, str) or "source" not in column:
                    continue
                (target, *_) = SOURCES[column["source"]]["maps"].values()
                there = {
                    row[target["key"][0]] for row in read_source(column["source"], company.inbox)
                }
                here = {row[column["column"]] for row in read_source(name, company.inbox)} - {""}
                assert here <= there, name


def test_the_truth_is_not_in_the_inbox(company: Made, tmp_path: Path) -> None:
    text = all_text(company.inbox)
    assert not re.search(r"\b[TP]\d{6}\b", text)
    assert not {p.name for p in company.truth.iterdir()} & {p.name for p in company.inbox.iterdir()}
    with pytest.raises(SampleError, match="must not lie in the inbox"):
        make_company(tmp_path / "inbox", tmp_path / "inbox" / "truth", until=UNTIL)
    assert not (tmp_path / "inbox").exists()


def test_nothing_of_the_future_is_in_the_inbox(company: Made) -> None:
    text = all_text(company.inbox)
    # A promised delivery may lie ahead; it was promised on a day that does not.
    promised = {row["Zugesagt"] for row in read(company.inbox / "erp_auftraege.csv")}
    days = {datetime.strptime(d, "%d.%m.%Y").date()  # noqa: DTZ007
            for d in re.findall(r"\b\d\d\.\d\d\.20\d\d\b", text) if d not in promised}  # fmt: skip
    days |= {date.fromisoformat(d) for d in re.findall(r"\b20\d\d-\d\d-\d\d", text)}
    assert max(days) == UNTIL
    for row in read(company.inbox / "erp_auftraege.csv"):
        for column in ("Auftragsdatum", "Geliefert"):
            day = row[column]
            assert not day or datetime.strptime(day, "%d.%m.%Y").date() <= UNTIL  # noqa: DTZ007


def test_erp_is_cp1252_with_umlauts_and_the_newsletter_is_utf8(company: Made) -> None:
    for name in ("erp_kunden.csv", "erp_auftraege.csv", "widersprueche.csv"):
        content = (company.inbox / name).read_bytes()
        assert re.search("[äöüßÜ]", content.decode("cp1252"))
        with pytest.raises(UnicodeDecodeError):
            content.decode("utf-8")
    for name in UTF8:
        assert re.search("[äöüÖ]", (company.inbox / name).read_text("utf-8"))


def test_nothing_real_is_in_the_files(company: Made) -> None:
    text = all_text(company.inbox)
    domains = set(re.findall(r"@([\w.-]+)", text)) | set(re.findall(r"www\.([\w.-]+)", text))
    domains |= {row["domain"] for row in read(company.inbox / "web_visits.jsonl") if row["domain"]}
    assert domains
    assert all(domain.endswith(".example") for domain in domains)
    ids = {row["USt-IdNr"] for row in read(company.inbox / "erp_kunden.csv")} - {""}
    assert len(ids) > 100
    assert all(vat.is_valid(number) and number.startswith("DE90") for number in ids)
    reserved = ("8999998", "6990009", "2214710", "4066969", "3023125")
    numbers = [row["Telefon"] for row in read(company.inbox / "crm_kontakte.xlsx")]
    for number in numbers:
        parsed = phonenumbers.parse(number, "DE")
        assert phonenumbers.is_valid_number(parsed)
        assert str(parsed.national_number).startswith(reserved)


def test_broken_rows_stand_where_the_truth_says(company: Made) -> None:
    defects = truth(company, "defects.csv")
    assert {d["file"] for d in defects} == {
        "erp_kunden.csv", "erp_auftraege.csv", "newsletter_aktionen.csv", "web_visits.jsonl",
        "tickets.xlsx", "messe_kontakte.xlsx", "kundenliste_aussendienst.xlsx",
        "erp_angebotspositionen.csv",
    }  # fmt: skip
    for defect in defects:
        path, at = company.inbox / defect["file"], int(defect["row_number"]) - 1
        if path.suffix == ".xlsx":
            sheet = CalamineWorkbook.from_path(path).get_sheet_by_name(defect["sheet"])
            row = sheet.to_python(skip_empty_area=False)[at]
            assert row[0] == ""  # no key, so that no entity takes it
            assert defect["text"].split(" | ")[-1] in row
        else:
            assert sheets_and_rows(path)[at] == [defect["text"]]


def test_the_same_firm_is_written_differently(company: Made) -> None:
    names: dict[str, set[str]] = {}
    columns = {"erp_customers": ("KdNr", "Name1", "Name2"), "crm_companies": ("Firmen-ID", "Firma"),
               "fair_contacts": ("Lead-Nr.", "Firma"), "sales_list": ("Nr.", "Kunde")}  # fmt: skip
    who = {(r["source"], r["key"]): r["customer"] for r in truth(company, "identities.csv")}
    for source, (key, *parts) in columns.items():
        for row in read_source(source, company.inbox):
            if row[key]:
                name = " ".join(row[part] for part in parts if row[part])
                names.setdefault(who[source, row[key]], set()).add(name)
    spellings = [len(found) for found in names.values()]
    assert sum(n > 1 for n in spellings) > 0.3 * 150
    assert max(spellings) >= 4
    written = " ".join(name for found in names.values() for name in found)
    for trace in ("Fa. ", "GmbH&Co.KG", "oe", "ö"):
        assert trace in written


def test_people_object_and_share_mailboxes(company: Made) -> None:
    objections = read(company.inbox / "widersprueche.csv")
    assert len(objections) >= 3
    assert any(row["Widerspruch gegen"] == "Profilbildung" for row in objections)
    mails = [row["E-Mail"] for row in read(company.inbox / "crm_kontakte.xlsx")]
    assert any(mail.startswith("info@") for mail in mails)


def test_wrong_arguments_are_named(tmp_path: Path) -> None:
    for wrong in ({"customers": 0}, {"customers": 100_001}, {"months": 3}, {"seed": -1}):
        with pytest.raises(SampleError, match=f"{next(iter(wrong))}=.*choose a number from"):
            make_company(tmp_path / "inbox", tmp_path / "truth", until=UNTIL, **wrong)
    assert not any(tmp_path.iterdir())


def test_the_smallest_company_has_every_file(tmp_path: Path) -> None:
    made = make_company(tmp_path / "inbox", tmp_path / "truth", customers=1, months=6, until=UNTIL)
    assert {path.name for path in (tmp_path / "inbox").iterdir()} == FILES
    assert made.customers == 1
