"""One HTTP call to a CRM: what goes wrong on the way becomes an error of ours."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import requests

from config.language import _
from crm.errors import CrmError, CrmUnreachableError

TIMEOUT_SECONDS: Final = (5, 120)  # to connect, to answer


def send(http: requests.Session, method: str, url: str, **options: Any) -> requests.Response:  # noqa: ANN401
    """Send a request and return the answer, unless the CRM is busy, down or in maintenance.

    Raises:
        CrmUnreachableError: no answer, HTTP 429 or 5xx; with the pause that the CRM asks for.
        CrmError: its certificate does not fit.

    """
    response = exchange(http, method, url, **options)
    require_available(response.status_code, url, response.headers)
    return response


def exchange(http: requests.Session, method: str, url: str, **options: Any) -> requests.Response:  # noqa: ANN401
    """Send a request and return the answer, whatever its status.

    Raises:
        CrmUnreachableError: no answer.
        CrmError: the CRM's certificate does not fit.

    """
    options.setdefault("timeout", TIMEOUT_SECONDS)
    try:
        return http.request(method, url, **options)
    except requests.exceptions.SSLError as error:
        raise CrmError(
            _(
                "The CRM at {url} shows a certificate that does not fit it: correct"
                " REIFEGRAD_CRM_URL or the certificate. Nothing was sent."
            ).format(url=url)
        ) from error
    except requests.RequestException as error:
        raise CrmUnreachableError(
            _("The CRM does not answer at {url} ({reason}): is REIFEGRAD_CRM_URL right?").format(
                url=url, reason=type(error).__name__
            )
        ) from error


def require_available(status: int, url: str, headers: Mapping[str, str]) -> None:
    """Turn HTTP 429 and 5xx into an error after which the push tries again."""
    if status == requests.codes.too_many_requests or status >= requests.codes.server_error:
        raise CrmUnreachableError(
            _("The CRM at {url} answers HTTP {status}.").format(url=url, status=status),
            retry_after(headers),
        )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the header `Retry-After` asks for, given as such or as a date."""
    text = headers.get("Retry-After")
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        if moment.tzinfo is None:  # "-0000": without a zone, meant as UTC
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.now(UTC)).total_seconds()
    return None if math.isnan(seconds) else max(0.0, seconds)
