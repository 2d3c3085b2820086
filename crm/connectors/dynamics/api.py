"""A session with one Dataverse through Microsoft's client; its errors become ours."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import requests

from config import Settings
from config.language import _
from crm.calling import RateLimit
from crm.connectors.lookups import chunks
from crm.connectors.paging import Pages
from crm.credentials import Credentials, read_credentials
from crm.errors import (
    CrmError,
    CrmLoginError,
    CrmRejectedError,
    CrmSetupError,
    CrmUnreachableError,
)
from crm.records import Outcome, RefusalKind

if TYPE_CHECKING:
    from PowerPlatform.Dataverse.client import DataverseClient
    from PowerPlatform.Dataverse.models.batch import BatchItemResponse
    from PowerPlatform.Dataverse.operations.batch import BatchRequest

Result = TypeVar("Result")
Row = Mapping[str, Any]
TIMEOUT_SECONDS: Final = 120.0
CALLS, IN_SECONDS = 6_000, 300.0  # Dataverse's service protection, for each of its servers
IDS_PER_QUERY: Final = 300
"""Values in a query's condition. Its address has 32 KB at most, the condition 500 parts."""
ROWS_PER_PAGE: Final = 5_000
MISSING_RIGHT: Final = "is missing prv"  # to a kind of record; one to a single record reads else
FORMATTED: Final = "OData.Community.Display.V1.FormattedValue"
# Dataverse's codes: https://learn.microsoft.com/power-apps/developer/data-platform/reference/web-service-error-codes
KINDS: Final[Mapping[str, RefusalKind]] = {
    "0x80044331": "too_long",
    "0x8004431a": "unknown_value",
    "0x80044330": "unknown_value",
    "0x80040203": "missing_value",
    "0x80040220": "no_permission",
    "0x80040265": "rule_of_the_crm",
    "0x80040217": "gone",
    "0x80060891": "gone",
    "0x80040237": "duplicate",
    "0x80060892": "duplicate",
    "0x80060882": "locked",  # another version than the update is meant for
}


class DataverseApi:
    """One application user's session; safe to be used by several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._credentials: Credentials | None = None
        self._client: DataverseClient | None = None
        self._lock = threading.Lock()
        self._rate = RateLimit(CALLS, IN_SECONDS)
        self._versions: dict[str, str] = {}  # of the records that are being updated

    @property
    def url(self) -> str:
        """The environment's address."""
        return self._given.require_url()

    def log_in(self) -> None:
        """Make sure that the environment answers and lets us in."""
        self.call(lambda client: client.records.list("account", select=["accountid"], top=1))

    def rows(
        self,
        table: str,
        select: Sequence[str],
        condition: str | None = None,
        *,
        named: bool = False,
    ) -> Iterator[Row]:
        """Yield the rows of a table page by page.

        Args:
            table: its logical name.
            select: the columns.
            condition: OData's filter; None: all rows.
            named: also give the names of what a row refers to.

        """

        def ask(client: DataverseClient) -> Iterator[Any]:
            return client.records.list_pages(
                table,
                select=list(select),
                filter=condition,
                page_size=ROWS_PER_PAGE,
                include_annotations=FORMATTED if named else None,
            )

        pages, seen = self.call(ask), Pages(table)
        while (page := self.call(lambda _client: next(pages, None))) is not None:
            rows = list(page)
            seen.turn(dict(rows[-1]) if rows else f"empty {len(seen)}")
            yield from rows

    def rows_in(
        self, table: str, select: Sequence[str], column: str, values: Sequence[str], more: str = ""
    ) -> list[Row]:
        """Return the rows whose column holds one of the values."""
        found: list[Row] = []
        for chunk in chunks(values, IDS_PER_QUERY):
            texts = ",".join("'" + value.replace("'", "''") + "'" for value in chunk)
            condition = (
                f"Microsoft.Dynamics.CRM.In(PropertyName='{column}',PropertyValues=[{texts}])"
            )
            found += self.rows(table, select, condition + more)
        return found

    def batch(
        self, fill: Callable[[BatchRequest], None], versions: Mapping[str, str] | None = None
    ) -> list[Outcome]:
        """Do several requests in one call, each on its own; one outcome each, in their order.

        Args:
            fill: puts the requests into the batch.
            versions: by the record's id the version (ETag) that an update is meant for; a record
                that has another by now is refused.

        """

        def ask(client: DataverseClient) -> Sequence[BatchItemResponse]:
            batch = client.batch.new()
            fill(batch)
            return batch.execute(continue_on_error=True).responses

        expected = versions or {}
        self._versions |= expected
        try:
            responses = self.call(ask)
        finally:
            for crm_id in expected:
                del self._versions[crm_id]
        words = [response.error_message or "" for response in responses if not response.is_success]
        if words and len(words) == len(responses) and all(MISSING_RIGHT in one for one in words):
            raise _not_allowed(words[0])
        return [to_outcome(response) for response in responses]

    def call(self, ask: Callable[[DataverseClient], Result]) -> Result:
        """Ask, within the rate limit.

        Raises:
            CrmUnreachableError, CrmLoginError, CrmSetupError, CrmRejectedError: see their classes.

        """
        from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
        from PowerPlatform.Dataverse.core.errors import DataverseError

        client = self._open()
        self._rate.wait()
        try:
            return ask(client)
        except DataverseError as error:
            raise to_error(error) from error
        except ClientAuthenticationError as error:
            raise CrmLoginError(
                _(
                    "Microsoft refuses the application {user} ({reason}): correct"
                    " REIFEGRAD_CRM_USER (application id), REIFEGRAD_CRM_PASSWORD (its secret)"
                    " and REIFEGRAD_CRM_DATABASE (directory id)."
                ).format(user=self._given.user, reason=str(error).splitlines()[0])
            ) from error
        except requests.exceptions.SSLError as error:
            raise CrmError(
                _(
                    "The CRM at {url} shows a certificate that does not fit it: correct"
                    " REIFEGRAD_CRM_URL or the certificate. Nothing was sent."
                ).format(url=self.url)
            ) from error
        except (requests.RequestException, ServiceRequestError) as error:
            raise CrmUnreachableError(
                _(
                    "The CRM does not answer at {url} ({reason}): is REIFEGRAD_CRM_URL right?"
                ).format(url=self.url, reason=type(error).__name__)
            ) from error

    @property
    def _given(self) -> Credentials:
        if self._credentials is None:
            self._credentials = read_credentials(self._settings)
        return self._credentials

    def _open(self) -> DataverseClient:
        with self._lock:
            if self._client is None:
                self._client = self._make_client()
            return self._client

    def _make_client(self) -> DataverseClient:
        from azure.identity import ClientSecretCredential
        from PowerPlatform.Dataverse.client import DataverseClient
        from PowerPlatform.Dataverse.core.config import DataverseConfig

        given = self._given
        try:
            credential = ClientSecretCredential(
                str(given.extra.get("tenant_id") or given.database),
                str(given.extra.get("client_id") or given.user),
                given.secret.get_secret_value(),
            )
            # The push repeats what is safe to repeat; the client would repeat anything.
            config = DataverseConfig(http_retries=1, http_timeout=TIMEOUT_SECONDS)
            client = DataverseClient(self.url, credential, config=config).__enter__()
        except ValueError as error:
            raise CrmSetupError(
                _("Dataverse cannot be called: {reason}").format(reason=error)
            ) from error
        _send_versions(client, self._versions)
        return client


def _send_versions(client: DataverseClient, versions: Mapping[str, str]) -> None:
    """Let updates name the version that they are meant for.

    Microsoft's client says `If-Match: *` (any version) and offers no other.
    """
    odata = client._get_odata()
    build = odata._build_update

    def build_for_version(table: str, record_id: str, *rest: Any, **options: Any) -> Any:  # noqa: ANN401
        request = build(table, record_id, *rest, **options)
        if record_id in versions:
            request.headers = {**(request.headers or {}), "If-Match": versions[record_id]}
        return request

    odata._build_update = build_for_version  # type: ignore[method-assign]


def to_outcome(response: BatchItemResponse) -> Outcome:
    """Return what became of one request of a batch.

    Raises:
        CrmUnreachableError: the server was busy.
        CrmSetupError: it names a column that is not there.

    """
    if response.is_success:
        return Outcome(response.entity_id)
    code, words = (response.error_code or "").lower(), response.error_message or ""
    if response.status_code == requests.codes.too_many_requests or is_down(response.status_code):
        raise CrmUnreachableError(
            _("The CRM answers HTTP {status}: {reason}").format(
                status=response.status_code, reason=words
            )
        )
    if _names_a_column(words):
        raise _lacks(words)
    return Outcome(refused=words or code, kind=KINDS.get(code, "other"))


def to_error(error: Exception) -> CrmError:
    """Turn an exception of Microsoft's client into one of ours."""
    status = getattr(error, "status_code", None) or 0
    details, words = getattr(error, "details", {}), str(error)
    if status == requests.codes.unauthorized:
        return CrmLoginError(
            _("The CRM does not accept the application's token: {reason}").format(reason=words)
        )
    if status == requests.codes.too_many_requests or is_down(status):
        return CrmUnreachableError(
            _("The CRM answers HTTP {status}: {reason}").format(status=status, reason=words),
            details.get("retry_after"),
        )
    if _names_a_column(words) or getattr(error, "code", "") == "metadata_error":
        return _lacks(words)
    if status in (requests.codes.forbidden, requests.codes.not_found):
        return _not_allowed(words)
    return CrmRejectedError(words)


def is_down(status: int) -> bool:
    """Whether the server is broken or in maintenance, rather than the request wrong."""
    return status >= 500 and status != 501  # not implemented: it never will be


def _names_a_column(words: str) -> bool:
    return "Could not find a property named" in words or "undeclared property" in words


def _not_allowed(words: str) -> CrmSetupError:
    return CrmSetupError(
        _(
            "The CRM does not allow this: {reason}. Give the user the right, see"
            " `reifegrad crm check`."
        ).format(reason=words.rstrip("."))
    )


def _lacks(words: str) -> CrmSetupError:
    return CrmSetupError(
        _(
            "The CRM lacks a field of ours, or its user may not see it: {reason} Run"
            " `reifegrad crm setup`."
        ).format(reason=words)
    )
