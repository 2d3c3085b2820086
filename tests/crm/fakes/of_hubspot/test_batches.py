"""HubSpot's fake: batches, as HubSpot's own client sees them."""

from __future__ import annotations

import json

import pytest
from hubspot import HubSpot as Client
from hubspot.crm import companies, contacts

from tests.crm.fakes.hubspot import HubSpot
from tests.crm.fakes.of_hubspot.calls import change, read, refused, upsert


def test_batch_update_and_read(client: Client, hubspot: HubSpot, fields: None) -> None:
    ids = [hubspot.add("companies", name=f"Firma {n}") for n in range(3)]
    answer = change(client, *((id_, {"reifegrad_points": "71"}) for id_ in ids))
    assert [one.properties["reifegrad_points"] for one in answer.results] == ["71"] * 3
    assert {one.id for one in read(client, *ids).results} == set(ids)


def test_ids_that_are_gone_are_told_beside_the_results(
    client: Client, hubspot: HubSpot, fields: None
) -> None:
    kept, gone = hubspot.add("companies", name="A"), hubspot.add("companies", name="B")
    hubspot.remove("companies", gone)
    answer = change(client, (kept, {"reifegrad_points": "5"}), (gone, {"reifegrad_points": "5"}))
    (error,) = answer.errors
    assert (error.category, error.context["ids"]) == ("OBJECT_NOT_FOUND", [gone])
    assert [one.id for one in answer.results] == [kept]
    answer = read(client, kept, gone)
    assert (answer.num_errors, answer.errors[0].context["ids"]) == (1, [gone])


def test_upsert_creates_changes_and_repeats(client: Client, hubspot: HubSpot, fields: None) -> None:
    first = upsert(client, ("K1", {"name": "Müller"}), ("K2", {"name": "Maier"}))
    again = upsert(client, ("K1", {"name": "Müller"}), ("K2", {"name": "Mayer"}))
    assert [one.new for one in first.results] == [True, True]
    assert [one.new for one in again.results] == [False, False]
    assert [one.id for one in first.results] == [one.id for one in again.results]
    (found,) = read(client, "K2", by="reifegrad_key").results
    assert found.properties["name"] == "Mayer"


@pytest.mark.parametrize("by", ["name", "hs_object_id"])
def test_upsert_needs_a_unique_property(client: Client, by: str) -> None:
    with pytest.raises(companies.ApiException) as error:
        upsert(client, ("Müller", {"city": "Köln"}), by=by)
    assert refused(error) == (
        400,
        "VALIDATION_ERROR",
        f"Unable to perform update/upsert by non-unique 0-2 property {by} in portal ID 4711",
    )


def test_one_bad_row_refuses_the_batch(client: Client, hubspot: HubSpot, fields: None) -> None:
    ids = [hubspot.add("companies", name=f"Firma {n}") for n in range(3)]
    for name, value, code in (
        ("reifegrad_band", "sehr hoch", "INVALID_OPTION"),
        ("reifegrad_points", "viele", "INVALID_NUMBER"),
        ("reifegrad_points", "7 ", "LEADING_TRAILING_WHITESPACE"),
        ("reifegrad_scored_on", "2026-11-22T13:00:00Z", "INVALID_DATE"),
        ("reifegrad_scored_on", "gestern", "INVALID_DATE"),
        ("no_such_property", "1", "PROPERTY_DOESNT_EXIST"),
        ("hs_object_id", "1", "READ_ONLY_VALUE"),
        ("name", "x" * 65_537, "PROPERTY_VALUE_TOO_LONG"),
    ):
        with pytest.raises(companies.ApiException) as error:
            change(
                client,
                (ids[0], {"reifegrad_points": "1"}),
                (ids[1], {name: value}),
                (ids[2], {"reifegrad_points": "1"}),
            )
        status, category, message = refused(error)
        assert (status, category) == (400, "VALIDATION_ERROR")
        assert json.loads(message.partition(": ")[2])[0]["error"] == code
    assert all("reifegrad_points" not in (hubspot.record("companies", i) or {}) for i in ids)


def test_values_are_kept_and_cleared(client: Client, hubspot: HubSpot, fields: None) -> None:
    id_ = hubspot.add("companies", name="A")
    change(client, (id_, {"reifegrad_band": "high", "reifegrad_scored_on": "2026-11-22"}))
    assert (hubspot.record("companies", id_) or {})["reifegrad_scored_on"] == "2026-11-22"
    answer = change(client, (id_, {"reifegrad_band": ""}))
    assert answer.results[0].properties["reifegrad_band"] is None


def test_a_batch_that_creates_tells_each_row_if_they_are_named(
    client: Client, hubspot: HubSpot
) -> None:
    inputs = [
        contacts.SimplePublicObjectBatchInputForCreate(
            properties={"email": email}, associations=[], object_write_trace_id=trace
        )
        for trace, email in (("a", "eins@mueller.example"), ("b", "schon@mueller.example"))
    ]
    there = hubspot.add("contacts", email="schon@mueller.example")
    batch = contacts.BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs)
    answer = client.crm.contacts.batch_api.create(batch)
    assert [one.object_write_trace_id for one in answer.results] == ["a"]
    (problem,) = answer.errors
    assert problem.context["objectWriteTraceId"] == ["b"]
    assert problem.message == f"Contact already exists. Existing ID: {there}"


def test_a_taken_value_is_a_conflict_of_the_whole_batch(
    client: Client, hubspot: HubSpot, fields: None
) -> None:
    one = hubspot.add("companies", name="A", reifegrad_key="K1")
    two = hubspot.add("companies", name="B")
    with pytest.raises(companies.ApiException) as error:
        change(client, (one, {"name": "AA"}), (two, {"reifegrad_key": "K1"}))
    status, category, message = refused(error)
    assert (status, category) == (409, "CONFLICT")
    assert f"{one} already has that value" in message
    assert (hubspot.record("companies", one) or {})["name"] == "A"
    hubspot.remove("companies", one)
    assert change(client, (two, {"reifegrad_key": "K1"})).results


def test_a_batch_takes_100_and_each_once(client: Client, hubspot: HubSpot) -> None:
    ids = [hubspot.add("companies", name=f"Firma {n}") for n in range(101)]
    with pytest.raises(companies.ApiException) as error:
        change(client, *((id_, {"city": "Köln"}) for id_ in ids))
    assert refused(error)[0] == 400
    assert len(change(client, *((id_, {"city": "Köln"}) for id_ in ids[:100])).results) == 100
    with pytest.raises(companies.ApiException) as error:
        change(client, (ids[0], {"city": "Bonn"}), (ids[0], {"city": "Bonn"}))
    assert "Duplicate IDs found in batch input" in refused(error)[2]
