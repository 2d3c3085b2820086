"""The pages: a FastAPI that renders forms on the server. It needs no script and loads nothing."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException as StarletteHTTPException

from config import ConfigurationError, Settings, load_settings
from config.language import _
from desk import safety, view
from desk.answers import Cell, Pair, Release
from desk.kept import Outcome, answer, forget_late, take_kept
from warehouse import WarehouseLockedError
from warehouse.migrating import NewerWarehouseError

MAX_FORM: Final = 1_000_000  # bytes; a whole sheet of filled cells has a tenth of that


@dataclass(frozen=True, slots=True)
class Person:
    """Who looks: the name that decisions bear, and whether they may decide at all."""

    name: str
    may_decide: bool


def make_app(person_of: Callable[..., Person], host: str = "") -> FastAPI:
    """Make the pages.

    Args:
        person_of: a dependency that tells who asks; it raises a 401 or 403 for whoever may not
            even look.
        host: under which browsers know this server (name and port), where a proxy hides it.

    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.host = host
    _add_proposals(app, person_of)
    _add_customers(app, person_of)
    _add_gaps(app, person_of)

    @app.exception_handler(StarletteHTTPException)
    def refuse(_request: Request, error: StarletteHTTPException) -> Response:
        settings = load_settings()  # sets the language
        return _page("refused.html.j2", settings, status=error.status_code, problem=_said(error))

    @app.exception_handler(ConfigurationError)
    @app.exception_handler(NewerWarehouseError)
    def tell(_request: Request, error: Exception) -> Response:
        return _page("refused.html.j2", status=500, problem=str(error))

    @app.middleware("http")
    async def protect(request: Request, call_next: Any) -> Any:  # noqa: ANN401 - as Starlette wants it
        response = await call_next(request)
        response.headers.update(safety.HEADERS)
        return response

    return app


def _add_proposals(app: FastAPI, person_of: Callable[..., Person]) -> None:
    Who = Annotated[Person, Depends(person_of)]  # noqa: N806 - a type

    @app.get("/")
    def show_proposals(request: Request, who: Who) -> Response:
        return _proposals(_settings(), who, view.Filter.of(request.query_params))

    @app.get("/proposal")
    def show_proposal(who: Who, id: str = "") -> Response:
        settings = _settings()
        found = view.find_proposal(settings, who.name, id)
        return _page(
            "proposal.html.j2", settings, who, status=200 if found else 404, place="proposals",
            found=found, html=view.preview(settings, found), reasons=view.reject_reasons(settings),
        )  # fmt: skip

    @app.post("/")
    def decide(who: Who, form: Annotated[FormData, Depends(_form)]) -> Response:
        settings = _settings()
        _require_right(who)
        wanted = view.Filter.of(form)
        try:
            answers = _releases(who, form)
        except ValueError as error:
            return _proposals(settings, who, wanted, problem=str(error), status=400)
        return _proposals(settings, who, wanted, outcome=answer(settings, answers))


def _add_customers(app: FastAPI, person_of: Callable[..., Person]) -> None:
    Who = Annotated[Person, Depends(person_of)]  # noqa: N806 - a type

    @app.get("/customers")
    def show_doubts(who: Who) -> Response:
        return _doubts(_settings(), who)

    @app.post("/customers")
    def tell_apart(who: Who, form: Annotated[FormData, Depends(_form)]) -> Response:
        settings = _settings()
        _require_right(who)
        return _doubts(settings, who, answer(settings, _pairs(who, form)))

    @app.post("/read")
    def forget(who: Who, _form: Annotated[FormData, Depends(_form)]) -> Response:
        settings = _settings()
        forget_late(settings, who.name)
        return _proposals(settings, who, view.Filter())


def _add_gaps(app: FastAPI, person_of: Callable[..., Person]) -> None:
    Who = Annotated[Person, Depends(person_of)]  # noqa: N806 - a type

    @app.get("/gaps")
    def show_gaps(who: Who, sheet: str = "") -> Response:
        return _gaps(_settings(), who, sheet)

    @app.post("/gaps")
    def fill(who: Who, form: Annotated[FormData, Depends(_form)]) -> Response:
        settings = _settings()
        _require_right(who)
        outcome = answer(settings, _cells(who, form))
        return _gaps(settings, who, str(form.get("sheet", "")), outcome)


def _settings() -> Settings:
    """Load the settings, and enter what waits if the warehouse is free."""
    settings = load_settings()
    brief = settings.model_copy(update={"lock_wait_seconds": view.PATIENCE})
    with suppress(WarehouseLockedError):  # the page says so
        take_kept(brief)
    return brief


async def _form(request: Request) -> FormData:
    """Read a form that a page of ours sent.

    Raises:
        HTTPException: it comes from elsewhere, or is too large.

    """
    safety.require_own_page(request)
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > MAX_FORM:
        raise HTTPException(413, _("That is more than a page can hold."))
    return await request.form()


def _require_right(who: Person) -> None:
    if not who.may_decide:
        raise HTTPException(
            403,
            _(
                "{person} may look, not decide: in Airflow this needs the right to answer required"
                " actions."
            ).format(person=who.name),
        )


def _releases(who: Person, form: FormData) -> list[Release]:
    """Read which proposals are released or rejected.

    Raises:
        ValueError: nothing is chosen, or a rejection has no reason; says what to do.

    """
    keys = [str(key) for key in form.getlist("key")]
    is_released = form.get("decision") == "release"
    comment = " ".join(str(form.get("comment", "")).split())[:500] or None
    reason = None if is_released else str(form.get("reason", "")) or None
    if not keys or form.get("decision") not in ("release", "reject"):
        raise ValueError(_("Nothing was chosen: please tick proposals, then release or reject."))
    if not is_released and not comment and not reason:
        raise ValueError(_("Please say why: the reason helps to make better proposals."))
    return [
        Release(
            person=who.name,
            at=_now(),
            proposal_id=key.partition(":")[0],
            sha256=key.partition(":")[2],
            is_released=is_released,
            comment=comment,
            reject_reason=reason,
        )
        for key in dict.fromkeys(keys)
    ]


def _pairs(who: Person, form: FormData) -> list[Pair]:
    at = _now()
    found = []
    for name, verdict in form.multi_items():
        if verdict in ("same", "different"):
            a, b = _names(name, 2)
            found.append(Pair(person=who.name, at=at, record_a=a, record_b=b, verdict=verdict))
    return found


def _cells(who: Person, form: FormData) -> list[Cell]:
    at = _now()
    found = []
    for name, value in form.multi_items():
        text = " ".join(str(value).split())
        if name != "sheet" and text:
            mart, record, column = _names(name, 3)
            found.append(
                Cell(person=who.name, at=at, mart=mart, record_id=record, column=column, value=text)
            )
    return found


def _names(name: str, count: int) -> list[str]:
    """Read what a field of a form is about.

    Raises:
        HTTPException: no page of ours wrote it.

    """
    try:
        found = json.loads(name)
    except ValueError:
        found = None
    if not isinstance(found, list) or [type(part) for part in found] != [str] * count:
        raise HTTPException(400, _("This form is none of this page; please load it anew."))
    return found


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _proposals(
    settings: Settings,
    who: Person,
    wanted: view.Filter,
    *,
    outcome: Outcome | None = None,
    problem: str | None = None,
    status: int = 200,
) -> Response:
    shown = view.proposals(settings, who.name, wanted)
    return _page(
        "proposals.html.j2", settings, who, status=status, place="proposals", shown=shown,
        told=view.told(settings, outcome), problem=problem,
    )  # fmt: skip


def _doubts(settings: Settings, who: Person, outcome: Outcome | None = None) -> Response:
    shown = view.doubts(settings)
    told = view.told(settings, outcome)
    return _page("customers.html.j2", settings, who, place="doubts", shown=shown, told=told)


def _gaps(settings: Settings, who: Person, sheet: str, outcome: Outcome | None = None) -> Response:
    shown = view.gaps(settings, sheet, outcome)
    told = view.told(settings, outcome)
    return _page("gaps.html.j2", settings, who, place="gaps", shown=shown, told=told)


def _said(error: StarletteHTTPException) -> str:
    if error.status_code == 401:
        return _("Please log in to Airflow first, then open this page again.")
    if error.status_code == 404:
        return _("There is no such page.")
    return str(error.detail)


def _page(
    template: str,
    settings: Settings | None = None,
    who: Person | None = None,
    *,
    status: int = 200,
    **values: Any,  # noqa: ANN401 - what the template shows
) -> Response:
    settings = settings or load_settings()
    late: Sequence[Any] = view.late(settings, who.name) if who else ()
    page = view.template(template).render(
        language=settings.language, company=settings.company, who=who, late=late,
        counts=view.counts(settings) if who else {}, **values,
    )  # fmt: skip
    return HTMLResponse(page, status_code=status)
