"""Which record of the CRM a score goes to."""

from __future__ import annotations

from crm import Record, Row
from crm.matching import DELETED, current_ids, match

LOOKUPS = ("vat_id", "email")


def records(*ids: str, **merged: str) -> dict[str, Record]:
    """Return records by id; `A="B"`: A was merged into B."""
    found = {crm_id: Record(crm_id=crm_id) for crm_id in ids}
    return found | {old: found[new] for old, new in merged.items()}


def ids(found: dict[str, list[Record]]) -> dict[str, list[str]]:
    return {key: [record.crm_id for record in own] for key, own in found.items()}


def test_the_crms_own_export_decides_and_every_record_of_a_customer_shows_its_score():
    rows = [Row(key="C1", score=None, crm_ids=("7", "8")), Row(key="C2", score=None)]
    found = match(rows, records("7", "8", "9"), {"C2": ["9"]}, {}, LOOKUPS)
    assert ids(found.records) == {"C1": ["7", "8"], "C2": ["9"]}


def test_a_merged_record_is_followed_and_counted_once():
    rows = [
        Row(key="C1", score=None, crm_ids=("7", "8")),
        Row(key="C2", score=None, crm_ids=("9",)),
    ]
    by_id = records("8", **{"7": "8", "9": "8"})
    found = match(rows, by_id, {}, {}, LOOKUPS)
    assert ids(found.records) == {"C1": ["8"]}
    assert found.reasons == {"C2": "merged in the CRM into the record of C1"}


def test_a_record_that_now_belongs_to_another_customer_shows_that_ones_score():
    rows = [Row(key="C1", score=None, crm_ids=("5",)), Row(key="C2", score=None, crm_ids=("7",))]
    found = match(rows, records("5", "7"), {"C1": ["7"], "C2": ["5"]}, {}, LOOKUPS)
    assert ids(found.records) == {"C1": ["5"], "C2": ["7"]}


def test_of_two_merged_records_the_customer_of_the_kept_one_shows_its_score():
    rows = [Row(key="C1", score=None, crm_ids=("7",)), Row(key="C2", score=None, crm_ids=("8",))]
    found = match(rows, records("8", **{"7": "8"}), {}, {}, LOOKUPS)
    assert ids(found.records) == {"C2": ["8"]}
    assert found.reasons == {"C1": "merged in the CRM into the record of C2"}


def test_a_deleted_record_is_looked_for_and_else_stays_deleted():
    rows = [
        Row(key="C1", score=None, crm_ids=("7",), lookups={"vat_id": "DE1"}),
        Row(key="C2", score=None, crm_ids=("8",)),
    ]
    found = match(rows, records("5"), {}, {"vat_id": {"DE1": ["5"]}}, LOOKUPS)
    assert ids(found.records) == {"C1": ["5"]}
    assert found.reasons == {"C2": DELETED}


def test_the_first_lookup_that_finds_anything_decides_and_two_hits_are_a_conflict():
    one = Row(key="C1", score=None, lookups={"vat_id": "DE1", "email": "a@b.example"})
    hits = {"vat_id": {"DE1": ["5"]}, "email": {"a@b.example": ["6", "7"]}}
    found = match([one], records("5", "6", "7"), {}, hits, LOOKUPS)
    assert ids(found.records) == {"C1": ["5"]}
    found = match([one], records("6", "7"), {}, {"email": hits["email"]}, LOOKUPS)
    assert found.records == {}
    assert found.reasons == {"C1": "2 records of the CRM have its email"}
    own = match([one], records("5", "9"), {}, hits | {"key": {"C1": ["9"]}}, LOOKUPS)
    assert ids(own.records) == {"C1": ["9"]}


def test_a_record_that_fits_two_customers_gets_no_score():
    rows = [
        Row(key="C1", score=None, lookups={"vat_id": "DE1"}),
        Row(key="C2", score=None, lookups={"vat_id": "DE1"}),
        Row(key="C3", score=None, crm_ids=("6",)),
        Row(key="C4", score=None, lookups={"email": "a@b.example"}),
    ]
    hits = {"vat_id": {"DE1": ["5"]}, "email": {"a@b.example": ["6"]}}
    found = match(rows, records("5", "6"), {}, hits, LOOKUPS)
    assert ids(found.records) == {"C3": ["6"]}
    assert found.reasons == {
        "C1": "the CRM's record 5 fits C2 as well",
        "C2": "the CRM's record 5 fits C1 as well",
        "C4": "the CRM's record 6 fits C3 as well",
    }


def test_without_any_record_there_is_nothing_in_the_way_of_creating_one():
    found = match([Row(key="C1", score=None)], {}, {}, {}, LOOKUPS)
    assert (found.records, found.reasons) == ({}, {})


def test_what_a_push_wrote_and_now_belongs_to_another_is_looked_for_as_if_new():
    rows = [Row(key="C1", score=None), Row(key="C2", score=None, crm_ids=("7",))]
    by_id = records("7", "8")
    written = current_ids(rows, by_id, {"C1": ["7"], "C2": ["8"]})
    assert written == {"C1": [], "C2": ["8"]}
    found = match(rows, by_id, written, {}, LOOKUPS)
    assert (ids(found.records), found.reasons) == ({"C2": ["7", "8"]}, {})
    merged = records("8", **{"7": "8"})  # merged in the CRM it is told as such, not created anew
    written = current_ids(rows, merged, {"C1": ["8"], "C2": ["7"]})
    assert written == {"C1": ["8"], "C2": ["7"]}
    found = match(rows, merged, written, {}, LOOKUPS)
    assert ids(found.records) == {"C1": ["8"]}
    assert found.reasons == {"C2": "merged in the CRM into the record of C1"}
    assert found.former == {"8": ["7"]}
