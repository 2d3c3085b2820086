"""HubSpot's fake, served, and HubSpot's own client to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hubspot import HubSpot as Client
from hubspot.crm import properties

from tests.crm.fakes.hubspot import HubSpot
from tests.crm.fakes.serving import Server, serve


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def hubspot(now: list[float]) -> HubSpot:
    return HubSpot(clock=lambda: now[0])


@pytest.fixture
def server(hubspot: HubSpot) -> Iterator[Server]:
    with serve(hubspot.app) as running:
        yield running


@pytest.fixture
def client(server: Server) -> Client:
    return Client(access_token="pat-eu1-test", host=server.url, retry=False)


@pytest.fixture
def fields(client: Client) -> None:
    """Our group and two properties of ours, one of them unique, made as a setup makes them."""
    client.crm.properties.groups_api.create(
        "companies", properties.PropertyGroupCreate(name="reifegrad", label="Reifegrad")
    )
    for name, kind, field, more in (
        ("reifegrad_key", "string", "text", {"has_unique_value": True}),
        ("reifegrad_points", "number", "number", {}),
        ("reifegrad_scored_on", "date", "date", {}),
        ("reifegrad_band", "enumeration", "select", {"options": OPTIONS}),
    ):
        client.crm.properties.core_api.create(
            "companies",
            properties.PropertyCreate(
                name=name, label=name, type=kind, field_type=field, group_name="reifegrad", **more
            ),
        )


OPTIONS = [
    properties.OptionInput(label="Hoch", value="high", hidden=False, display_order=0),
    properties.OptionInput(label="Niedrig", value="low", hidden=False, display_order=1),
]
