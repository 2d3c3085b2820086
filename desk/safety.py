"""What keeps other sites and foreign text away from the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from fastapi import HTTPException

from config.language import _

if TYPE_CHECKING:
    from fastapi import Request

# Nothing of a page may load or run anything or send a form elsewhere, and no other site may show it
# in a frame. Frames of a page (the preview of a mail) inherit this.
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:;"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def require_own_page(request: Request) -> None:
    """Make sure that a page of this server sent the form, not one of another site.

    Airflow's cookie is `SameSite=Lax`, so browsers do not send it with forms of other sites. Other
    hosts of the same site are refused here: every browser names the origin of a form
    (https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html).

    Raises:
        HTTPException: the form comes from elsewhere, or its origin is not told.

    """
    origin = urlsplit(request.headers.get("origin", ""))
    fetched = request.headers.get("sec-fetch-site", "same-origin")
    own = {request.headers.get("host", ""), request.app.state.host} - {""}
    if fetched != "same-origin" or origin.netloc not in own:
        raise HTTPException(
            403, _("This form comes from another page; please use the one in Airflow's menu.")
        )
