"""HubSpot's own client: which of its calls are used, within its limits, its errors as ours."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, Final, TypeVar

from config import Settings
from config.language import _
from crm.calling import RateLimit
from crm.connectors.http import TIMEOUT_SECONDS, retry_after
from crm.connectors.hubspot.refusals import as_sentence, kind_of
from crm.connectors.lookups import chunks
from crm.connectors.paging import Pages
from crm.credentials import read_credentials
from crm.errors import (
    CrmError,
    CrmLoginError,
    CrmRejectedError,
    CrmSetupError,
    CrmUnreachableError,
)

Result = TypeVar("Result")
Row = dict[str, Any]  # id, properties, and what else was asked for
URL: Final = "https://api.hubapi.com"
PER_BATCH: Final = 100
PER_SEARCH: Final = 200
PER_PAGE: Final = 100
VALUES_PER_SEARCH: Final = 100  # of one `IN`
# "API usage guidelines": a private app may call 190 times in ten seconds, searches are counted
# apart, five in a second. A little is left for whatever else uses the same app.
CALLS: Final = (180, 10.0)
SEARCHES: Final = (4, 1.0)
A_DAY: Final = 24 * 3600.0
UNKNOWN_PROPERTY: Final = re.compile(
    r"PROPERTY_DOESNT_EXIST|does not exist|by non-unique", re.IGNORECASE
)
REFUSED: Final = frozenset({400, 404, 409})
BUSY: Final = frozenset({423, 429, 477})


class HubspotApi:
    """Calls of one HubSpot account; safe to be used by several threads."""

    def __init__(self, settings: Settings) -> None:
        found = read_credentials(settings)
        self._url, self._token = found.url or URL, found.secret
        self._limit, self._search_limit = RateLimit(*CALLS), RateLimit(*SEARCHES)

    @cached_property
    def client(self) -> Any:  # noqa: ANN401
        """HubSpot's own client."""
        from hubspot import HubSpot

        token = self._token.get_secret_value()
        return HubSpot(access_token=token, host=self._url, retry=False)

    @cached_property
    def _crm(self) -> Any:  # noqa: ANN401
        return self.client.crm

    @cached_property
    def _batch(self) -> Any:  # noqa: ANN401 - each access of the client makes a pool of connections
        return self._crm.objects.batch_api

    @cached_property
    def _basic(self) -> Any:  # noqa: ANN401
        return self._crm.objects.basic_api

    @cached_property
    def _search_api(self) -> Any:  # noqa: ANN401
        return self._crm.objects.search_api

    @cached_property
    def _associations(self) -> Any:  # noqa: ANN401
        return self._crm.associations.v4.batch_api

    @cached_property
    def _properties(self) -> Any:  # noqa: ANN401
        return self._crm.properties

    def page(
        self, kind: str, properties: Sequence[str], after: str | None = None, size: int = PER_PAGE
    ) -> tuple[list[Row], str | None]:
        """Return one page of all records, and where the next one starts."""
        told = self._call(
            self._basic.get_page, kind, limit=size, properties=list(properties), after=after
        )
        following = told.paging.next.after if told.paging and told.paging.next else None
        return [_row(one) for one in told.results], following

    def get(self, kind: str, crm_id: str, properties: Sequence[str]) -> Row | None:
        """Return one record, the survivor if it was merged; None if it is gone."""
        try:
            found = self._call(self._basic.get_by_id, kind, crm_id, properties=list(properties))
        except CrmRejectedError:
            return None
        return _row(found)

    def read(
        self, kind: str, ids: Iterable[str], properties: Sequence[str], by: str | None = None
    ) -> list[Row]:
        """Return the records with these ids, or values of the unique property `by`."""
        from hubspot.crm.objects import BatchReadInputSimplePublicObjectId, SimplePublicObjectId

        rows: list[Row] = []
        for chunk in chunks(sorted(set(ids)), PER_BATCH):
            body = BatchReadInputSimplePublicObjectId(
                inputs=[SimplePublicObjectId(id=one) for one in chunk],
                id_property=by,
                properties=list(properties),
                properties_with_history=[],
            )
            rows += [_row(one) for one in self._call(self._batch.read, kind, body).results]
        return rows

    def search(
        self, kind: str, groups: Sequence[Sequence[Row]], properties: Sequence[str]
    ) -> list[Row]:
        """Return all records that meet one of the groups of filters.

        HubSpot ends a search at 10,000 records, so each page starts behind the last id.
        """
        from hubspot.crm.objects import Filter, FilterGroup, PublicObjectSearchRequest

        rows: list[Row] = []
        last, pages = "0", Pages(kind)
        while True:
            behind = {"propertyName": "hs_object_id", "operator": "GT", "value": last}
            body = PublicObjectSearchRequest(
                filter_groups=[
                    FilterGroup(
                        filters=[
                            Filter(
                                property_name=one["propertyName"],
                                operator=one["operator"],
                                value=one.get("value"),
                                values=one.get("values"),
                            )
                            for one in [*group, behind]
                        ]
                    )
                    for group in groups
                ],
                sorts=["hs_object_id"],
                properties=list(properties),
                limit=PER_SEARCH,
                after="0",
                query=None,
            )
            self._search_limit.wait()
            page = [_row(one) for one in self._call(self._search_api.do_search, kind, body).results]
            rows += page
            if len(page) < PER_SEARCH:
                return rows
            last = page[-1]["id"]
            pages.turn(last)

    def update(self, kind: str, rows: Sequence[tuple[str, Row]]) -> Any:  # noqa: ANN401
        """Write properties to records by id; the answer tells the results from the errors."""
        from hubspot.crm.objects import (
            BatchInputSimplePublicObjectBatchInput,
            SimplePublicObjectBatchInput,
        )

        inputs = [
            SimplePublicObjectBatchInput(
                id=crm_id, properties=values, object_write_trace_id=str(place)
            )
            for place, (crm_id, values) in enumerate(rows)
        ]
        body = BatchInputSimplePublicObjectBatchInput(inputs=inputs)
        return self._call(self._batch.update, kind, body)

    def upsert(self, kind: str, by: str, rows: Sequence[tuple[str, Row]]) -> Any:  # noqa: ANN401
        """Create records, or change those that have the unique value already."""
        from hubspot.crm.objects import (
            BatchInputSimplePublicObjectBatchInputUpsert,
            SimplePublicObjectBatchInputUpsert,
        )

        inputs = [
            SimplePublicObjectBatchInputUpsert(
                id=value, id_property=by, properties=values, object_write_trace_id=str(place)
            )
            for place, (value, values) in enumerate(rows)
        ]
        body = BatchInputSimplePublicObjectBatchInputUpsert(inputs=inputs)
        return self._call(self._batch.upsert, kind, body)

    def create(self, kind: str, rows: Sequence[tuple[Row, Sequence[tuple[str, int]]]]) -> list[Row]:
        """Create records with associations: the other record's id and the kind of association."""
        from hubspot.crm.objects import (
            AssociationSpec,
            BatchInputSimplePublicObjectBatchInputForCreate,
            PublicAssociationsForObject,
            PublicObjectId,
            SimplePublicObjectBatchInputForCreate,
        )

        inputs = [
            SimplePublicObjectBatchInputForCreate(
                properties=values,
                object_write_trace_id=str(place),
                associations=[
                    PublicAssociationsForObject(
                        to=PublicObjectId(id=other),
                        types=[
                            AssociationSpec(
                                association_category="HUBSPOT_DEFINED", association_type_id=kind_id
                            )
                        ],
                    )
                    for other, kind_id in links
                ],
            )
            for place, (values, links) in enumerate(rows)
        ]
        body = BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs)
        return [_row(one) for one in self._call(self._batch.create, kind, body).results]

    def associated(self, kind: str, other: str, ids: Iterable[str]) -> dict[str, list[str]]:
        """Return the ids of the other kind per record."""
        from hubspot.crm.associations.v4 import (
            BatchInputPublicFetchAssociationsBatchRequest,
            PublicFetchAssociationsBatchRequest,
        )

        found: dict[str, list[str]] = {}
        for chunk in chunks(sorted(set(ids)), PER_BATCH):
            body = BatchInputPublicFetchAssociationsBatchRequest(
                inputs=[PublicFetchAssociationsBatchRequest(id=one) for one in chunk]
            )
            for one in self._call(self._associations.get_page, kind, other, body).results:
                found[_id(one)] = [str(to.to_object_id) for to in one.to]
        return found

    def associate(self, kind: str, other: str, pairs: Sequence[tuple[str, str]]) -> None:
        """Associate records; again does no harm."""
        from hubspot.crm.associations.v4 import (
            BatchInputPublicDefaultAssociationMultiPost,
            PublicDefaultAssociationMultiPost,
            PublicObjectId,
        )

        inputs = [
            PublicDefaultAssociationMultiPost(
                **{"_from": PublicObjectId(id=one), "to": PublicObjectId(id=to)}
            )
            for one, to in pairs
        ]
        body = BatchInputPublicDefaultAssociationMultiPost(inputs=inputs)
        self._call(self._associations.create_default, kind, other, body)

    def properties(self, kind: str) -> dict[str, Any]:
        """Return the properties of a kind of record, by name."""
        told = self._call(self._properties.core_api.get_all, kind)
        return {one.name: one for one in told.results}

    def groups(self, kind: str) -> set[str]:
        """Return the names of the groups of properties."""
        return {one.name for one in self._call(self._properties.groups_api.get_all, kind).results}

    def make_group(self, kind: str, name: str, label: str) -> None:
        """Add a group of properties."""
        from hubspot.crm.properties import PropertyGroupCreate

        self._call(
            self._properties.groups_api.create, kind, PropertyGroupCreate(name=name, label=label)
        )

    def make_property(self, kind: str, **values: Any) -> None:  # noqa: ANN401
        """Add a property."""
        from hubspot.crm.properties import OptionInput, PropertyCreate

        options = [OptionInput(hidden=False, **one) for one in values.pop("options", [])]
        more = {"options": options} if options else {}
        body = PropertyCreate(**values, **more)
        self._call(self._properties.core_api.create, kind, body)

    def owners(self) -> dict[str, str]:
        """Return the ids of the account managers by name."""
        found: dict[str, str] = {}
        after, pages = None, Pages("owners")
        while True:
            told = self._call(self._crm.owners.owners_api.get_page, limit=100, after=after)
            for one in told.results:
                found[f"{one.first_name or ''} {one.last_name or ''}".strip()] = str(one.id)
            after = told.paging.next.after if told.paging and told.paging.next else None
            if not after:
                return found
            pages.turn(after)

    @cached_property
    def first_stage(self) -> tuple[str, str]:
        """Pipeline and stage with which a new deal starts."""
        told = self._call(self._crm.pipelines.pipelines_api.get_all, "deals").results
        pipeline = min(told, key=lambda one: one.display_order)
        return pipeline.id, min(pipeline.stages, key=lambda one: one.display_order).id

    def _call(self, function: Callable[..., Result], *arguments: Any, **named: Any) -> Result:  # noqa: ANN401
        from urllib3.exceptions import HTTPError, SSLError

        self._limit.wait()
        given = {name: value for name, value in named.items() if value is not None}
        try:
            return function(*arguments, _request_timeout=TIMEOUT_SECONDS, **given)
        except SSLError as error:
            raise CrmError(
                _(
                    "The CRM at {url} shows a certificate that does not fit it: correct"
                    " REIFEGRAD_CRM_URL or the certificate. Nothing was sent."
                ).format(url=self._url)
            ) from error
        except HTTPError as error:
            raise CrmUnreachableError(
                _(
                    "The CRM does not answer at {url} ({reason}): is REIFEGRAD_CRM_URL right?"
                ).format(url=self._url, reason=type(error).__name__)
            ) from error
        except Exception as error:  # each part of the client has a class of its own
            if not isinstance(getattr(error, "status", None), int):
                raise
            raise self._to_error(error) from error

    def _to_error(self, error: Any) -> CrmError:  # noqa: ANN401
        """Turn an `ApiException` of the client into one of ours."""
        status, told = error.status, _body(error.body)
        words = " ".join(str(told.get("message", "")).split())
        if status in BUSY or status >= 500:
            pause = retry_after(error.headers or {})
            if "DAILY" in str(told.get("policyName", "")):
                words, pause = _("HubSpot's calls of this day are used up."), A_DAY
            said = _("HubSpot is busy (HTTP {status}): {words}").format(status=status, words=words)
            return CrmUnreachableError(said, pause)
        if status == 401:
            return CrmLoginError(
                _(
                    "HubSpot does not accept the token: make a new one in HubSpot (private app) and"
                    " set REIFEGRAD_CRM_PASSWORD to it."
                )
            )
        if status == 403:
            return CrmSetupError(
                _("HubSpot's app lacks a scope: add {scopes} to it.").format(
                    scopes=", ".join(_scopes(told)) or words
                )
            )
        if status in REFUSED and UNKNOWN_PROPERTY.search(words) and "roperty" in words:
            return CrmSetupError(
                _("HubSpot lacks a property of ours ({words}): run `reifegrad crm setup`.").format(
                    words=words
                )
            )
        if status in REFUSED:
            return CrmRejectedError(as_sentence(words), kind_of(words))
        return CrmError(
            _("HubSpot failed (HTTP {status}): {words}").format(status=status, words=words)
        )


def _scopes(told: Row) -> list[str]:
    scopes: list[str] = []
    for one in [told, *(told.get("errors") or [])]:
        scopes += (one.get("context") or {}).get("requiredGranularScopes") or []
        scopes += (one.get("context") or {}).get("requiredScopes") or []
    return list(dict.fromkeys(scopes))


def _body(text: str | bytes | None) -> Row:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _row(one: Any) -> Row:  # noqa: ANN401
    return {"id": str(one.id), "properties": one.properties or {}, "updated": one.updated_at}


def _id(one: Any) -> str:  # noqa: ANN401
    start = one._from
    return str(start.id)
