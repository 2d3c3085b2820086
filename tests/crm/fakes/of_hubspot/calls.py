"""What the tests of HubSpot's fake call again and again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hubspot import HubSpot as Client
from hubspot.crm import companies


def refused(error: pytest.ExceptionInfo[Any]) -> tuple[int, str, str]:
    """Return status, category and message of what the client raised."""
    body = json.loads(error.value.body)
    return error.value.status, body["category"], body["message"]


def change(client: Client, *pairs: tuple[str, dict[str, str]]) -> Any:
    inputs = [
        companies.SimplePublicObjectBatchInput(id=id_, properties=values) for id_, values in pairs
    ]
    return client.crm.companies.batch_api.update(
        companies.BatchInputSimplePublicObjectBatchInput(inputs=inputs)
    )


def upsert(client: Client, *pairs: tuple[str, dict[str, str]], by: str = "reifegrad_key") -> Any:
    inputs = [
        companies.SimplePublicObjectBatchInputUpsert(id=id_, id_property=by, properties=values)
        for id_, values in pairs
    ]
    return client.crm.companies.batch_api.upsert(
        companies.BatchInputSimplePublicObjectBatchInputUpsert(inputs=inputs)
    )


def read(client: Client, *ids: str, by: str | None = None) -> Any:
    return client.crm.companies.batch_api.read(
        companies.BatchReadInputSimplePublicObjectId(
            inputs=[companies.SimplePublicObjectId(id=id_) for id_ in ids],
            id_property=by,
            properties=["name", "reifegrad_points", "hs_merged_object_ids"],
            properties_with_history=[],
        )
    )
