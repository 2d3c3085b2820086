"""The wire of the fakes: what it logs, and that each fault is what it says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.crm.fakes.serving import Faults, Server, SlidingWindow, note, serve


def counter() -> Starlette:
    """A fake of one number: POST adds the rows of its body, GET tells it."""
    state = {"count": 0}

    async def add(request: Request) -> JSONResponse:
        rows = await request.json()
        state["count"] += len(rows)
        note(request, rows=len(rows), wrote=True)
        return JSONResponse(state, status_code=201)

    async def tell(request: Request) -> JSONResponse:
        return JSONResponse(state)

    return Starlette(routes=[Route("/c", add, methods=["POST"]), Route("/c", tell)])


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(counter()) as running:
        yield running


def count(server: Server) -> int:
    return int(requests.get(f"{server.url}/c", timeout=5).json()["count"])


def add(server: Server, *rows: int) -> requests.Response:
    return requests.post(f"{server.url}/c", json=list(rows), timeout=5)


def test_log_tells_rows_and_writes(server: Server) -> None:
    add(server, 1, 2, 3)
    assert count(server) == 3
    first, second = server.log.calls
    assert (first.method, first.path, first.status, first.rows) == ("POST", "/c", 201, 3)
    assert server.log.writes == [first]
    assert (second.method, second.wrote) == ("GET", False)


@pytest.mark.parametrize("kind", ["409", "429", "500", "502", "503"])
def test_an_answered_fault_never_reaches_the_app(server: Server, kind: str) -> None:
    server.faults.next(kind)
    answer = add(server, 1)
    assert answer.status_code == int(kind)
    assert ("Retry-After" in answer.headers) == (kind in ("429", "503"))
    assert count(server) == 0
    assert server.log.calls[0].fault == kind
    assert not server.log.writes


@pytest.mark.parametrize(("kind", "written"), [("timeout", 0), ("lost_answer", 1)])
def test_no_answer_before_or_after_the_write(server: Server, kind: str, written: int) -> None:
    server.faults.next(kind)
    server.faults.hang_seconds = 1
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{server.url}/c", json=[1], timeout=0.2)
    assert count(server) == written


def test_a_line_that_hangs_is_cut_in_the_end(server: Server) -> None:
    server.faults.next("timeout")
    with pytest.raises(requests.ConnectionError):
        add(server, 1)


def test_a_cut_connection_happens_before_and_after_the_write(server: Server) -> None:
    outcomes = set()
    for row in range(20):
        before = count(server)
        server.faults.next("cut")
        with pytest.raises(requests.ConnectionError):
            add(server, row)
        outcomes.add(count(server) - before)
    assert outcomes == {0, 1}


def test_a_planned_fault_waits_for_its_path(server: Server) -> None:
    server.faults.next("500", path="/other")
    assert add(server, 1).status_code == 201
    assert requests.get(f"{server.url}/other", timeout=5).status_code == 500
    assert requests.get(f"{server.url}/other", timeout=5).status_code == 404


def test_the_same_seed_spoils_the_same_requests() -> None:
    def run(seed: int) -> list[str | None]:
        faults = Faults(seed=seed, rates={"500": 0.3, "cut": 0.1})
        return [faults.draw("POST", "/c", b"%d" % (row % 7))[0] for row in range(300)]

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert 60 < run(1).count("500") < 120
    assert 10 < run(1).count("cut") < 50


def test_faults_off(server: Server) -> None:
    server.faults.rates = {"500": 1.0}
    server.faults.next("cut")
    server.faults.off()
    assert add(server, 1).status_code == 201


def test_a_misspelt_fault_is_an_error(server: Server) -> None:
    with pytest.raises(ValueError, match="no such fault"):
        server.faults.next("504")


def test_window_counts_any_stretch_of_time() -> None:
    now = [0.0]
    window = SlidingWindow(2, 10, clock=lambda: now[0])
    assert window.take() == 0
    now[0] = 6.0
    assert window.take() == 0
    assert window.remaining == 0
    assert window.take() == 4.0
    now[0] = 10.0
    assert window.take() == 0
    assert window.take() == 6.0


def test_as_a_program() -> None:
    code = "from tests.crm.fakes import serving, test_serving; serving.main(test_serving.counter)"
    with subprocess.Popen(
        [sys.executable, "-c", code, "--fault", "503=1"],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        try:
            assert requests.get(f"{url}/c", timeout=5).status_code == 503
            (call,) = requests.get(f"{url}/__log__", timeout=5).json()
            assert (call["path"], call["fault"]) == ("/c", "503")
        finally:
            process.terminate()
