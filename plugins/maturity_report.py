"""The maturity report in Airflow's menu, and the page on scores to which it leads.

For whoever is logged in to Airflow.

Airflow loads plugins in every process, tasks included: everything heavy waits for a request.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from airflow.plugins_manager import AirflowPlugin

if TYPE_CHECKING:
    from pathlib import Path

    from config import Settings

PREFIX = "/maturity"
# Nothing of the page may load or run anything, and no other site may show it in a frame.
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:;"
    " frame-ancestors 'self'",
}


@cache
def _app() -> Any:  # noqa: ANN401 - a FastAPI, imported when it is needed
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi import Depends, FastAPI
    from fastapi.responses import FileResponse, HTMLResponse, Response

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    def show(path_of: Callable[[Settings], Path]) -> Response:
        from config import load_settings
        from report import missing_page

        settings = load_settings()
        path = path_of(settings)
        if not path.is_file():
            return HTMLResponse(missing_page(settings), status_code=404, headers=HEADERS)
        return FileResponse(path, media_type="text/html", headers=HEADERS)

    @app.get("/", dependencies=[Depends(get_user)])
    @app.get("/maturity.html", dependencies=[Depends(get_user)])
    def show_report() -> Response:
        from report import report_path

        return show(report_path)

    @app.get("/scores.html", dependencies=[Depends(get_user)])
    def show_scores() -> Response:
        from report import scores_path

        return show(scores_path)

    @app.get("/proposals.html", dependencies=[Depends(get_user)])
    def show_proposals() -> Response:
        from proposals import page_path

        return show(page_path)

    return app


async def serve(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
    """Answer one request."""
    await _app()(scope, receive, send)


class MaturityReportPlugin(AirflowPlugin):
    """A page of its own and the entry in the menu that leads to it."""

    name = "maturity_report"
    fastapi_apps = [{"app": serve, "url_prefix": PREFIX, "name": "Maturity report"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012 - as Airflow wants it
        {
            "name": "Reifegrad",
            "href": f"{PREFIX}/",
            "destination": "nav",
            "url_route": "maturity",
            "nav_top_level": True,
        }
    ]
