"""A server that answers with the same full page again and again ends in an error, not in a loop."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from config import Settings
from crm import CrmError
from crm.connectors.dynamics.api import DataverseApi
from crm.connectors.hubspot.api import PER_SEARCH, HubspotApi
from crm.connectors.hubspot.export import export as export_hubspot
from crm.connectors.odoo.rpc import OdooRpc
from crm.connectors.paging import MOST_PAGES, Pages
from crm.connectors.pipedrive.api import PipedriveApi
from crm.connectors.salesforce.rest import SalesforceRest
from crm.connectors.tryton.export import export as export_tryton
from crm.connectors.tryton.rpc import TrytonRpc

SETTINGS = Settings(crm_url="https://crm.example", crm_password="geheim")


def always(answer: Any) -> Callable[..., Any]:
    return lambda *_, **__: answer


def odoo() -> None:
    rpc = OdooRpc(SETTINGS)
    rpc.call = always([{"id": 1}, {"id": 2}])  # type: ignore[method-assign]
    rpc.search("res.partner", [["id", ">", 0]], ["name"], 2)


def pipedrive() -> None:
    api = PipedriveApi(SETTINGS)
    answer = {"data": [{"id": 1}], "additional_data": {"next_cursor": "abc"}}
    api.call = always(answer)  # type: ignore[method-assign]
    list(api.rows("/api/v2/organizations"))


def salesforce() -> None:
    rest = SalesforceRest(SETTINGS)
    page = {"records": [{"Id": "1"}], "done": False, "nextRecordsUrl": "/query/01g"}
    rest.call = always(page)  # type: ignore[method-assign]
    rest.query("SELECT Id FROM Account")


def dynamics() -> None:
    api = DataverseApi(SETTINGS)
    pages = itertools.repeat([{"accountid": "1"}])
    client = SimpleNamespace(records=SimpleNamespace(list_pages=always(pages)))
    api.call = lambda ask: ask(client)  # type: ignore[method-assign, assignment, arg-type]
    list(api.rows("account", ["accountid"]))


def hubspot_page() -> SimpleNamespace:
    row = SimpleNamespace(id="7", properties={}, updated_at=None, first_name="A", last_name="B")
    following = SimpleNamespace(next=SimpleNamespace(after="7"))
    return SimpleNamespace(results=[row] * PER_SEARCH, paging=following)


def hubspot(ask: Callable[[HubspotApi], Any]) -> None:
    api = HubspotApi(SETTINGS)
    api._call = always(hubspot_page())  # type: ignore[method-assign]
    ask(api)


def tryton() -> None:
    rpc = TrytonRpc(SETTINGS)
    row = {"id": 1, "code": "1", "name": "A", "active": True}
    rpc.call = always([row])  # type: ignore[method-assign]
    list(export_tryton(rpc, "companies", None))


@pytest.mark.parametrize(
    "read",
    [
        odoo, pipedrive, salesforce, dynamics, tryton,
        lambda: hubspot(lambda api: api.search("companies", [[]], ["name"])),
        lambda: hubspot(lambda api: list(export_hubspot(api, "companies", None))),
        lambda: hubspot(lambda api: api.owners()),
    ],
    ids=["odoo", "pipedrive", "salesforce", "dynamics", "tryton", "search", "list", "owners"],
)  # fmt: skip
def test_the_same_page_again_is_an_error(read: Callable[[], None]) -> None:
    with pytest.raises(CrmError, match="same page of"):
        read()


def test_a_list_without_an_end_is_an_error() -> None:
    pages = Pages("accounts")
    with pytest.raises(CrmError, match="does not end"):
        for number in range(MOST_PAGES + 1):
            pages.turn(number)
