"""In Airflow's menu: the maturity report with the page on scores, and the desk where people decide.

The report is for whoever is logged in to Airflow. On the desk whoever may look at the required
actions of `propose_actions` looks, and whoever may answer them decides.

Airflow loads plugins in every process, tasks included: everything heavy waits for a request.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from airflow.plugins_manager import AirflowPlugin

from config.language import spoken_language

if TYPE_CHECKING:
    from pathlib import Path

    from config import Settings

PREFIX = "/maturity"
DESK = "/desk"
# Rights on the desk are those on its required actions.
DAG = "propose_actions"
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

    @app.get("/market.html", dependencies=[Depends(get_user)])
    def show_market() -> Response:
        from report.market import market_path

        return show(market_path)

    @app.get("/proposals.html", dependencies=[Depends(get_user)])
    def show_proposals() -> Response:
        from proposals import page_path

        return show(page_path)

    return app


@cache
def _desk() -> Any:  # noqa: ANN401 - a FastAPI, imported when it is needed
    from urllib.parse import urlsplit

    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
    from airflow.api_fastapi.core_api.security import get_user, requires_access_dag
    from airflow.configuration import conf
    from fastapi import Depends, HTTPException, Request

    from desk.app import Person, make_app

    look = requires_access_dag("GET", DagAccessEntity.HITL_DETAIL, DAG)
    answer = requires_access_dag("PUT", DagAccessEntity.HITL_DETAIL, DAG)

    def person_of(request: Request, user: Any = Depends(get_user)) -> Person:  # noqa: ANN401, B008
        look(request, user)
        try:
            answer(request, user)
        except HTTPException:
            return Person(user.get_name(), may_decide=False)
        return Person(user.get_name(), may_decide=True)

    # FastAPI looks up the names of annotations that are text, which a function inside has not
    person_of.__annotations__ = {"request": Request, "user": Any}
    return make_app(person_of, urlsplit(conf.get("api", "base_url", fallback="")).netloc)


async def serve(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
    """Answer one request."""
    await _app()(scope, receive, send)


async def serve_desk(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
    """Answer one request."""
    await _desk()(scope, receive, send)


class MaturityReportPlugin(AirflowPlugin):
    """Pages of our own and the entries in the menu that lead to them."""

    name = "maturity_report"
    fastapi_apps = [  # noqa: RUF012
        {"app": serve, "url_prefix": PREFIX, "name": "Maturity report"},
        {"app": serve_desk, "url_prefix": DESK, "name": "Desk"},
    ]
    external_views = [  # noqa: RUF012 - as Airflow wants it
        {
            "name": "Reifegrad",
            "href": f"{PREFIX}/",
            "destination": "nav",
            "url_route": "maturity",
            "nav_top_level": True,
        },
        {
            "name": "Freigaben" if spoken_language() == "de" else "Releases",
            "href": f"{DESK}/",
            "destination": "nav",
            "url_route": "desk",
            "nav_top_level": True,
        },
    ]
