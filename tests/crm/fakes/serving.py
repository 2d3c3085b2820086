"""Serves a fake CRM on the loopback: a log of its requests, and faults on the way to it.

A fake is an ASGI app with state of its own. Its endpoints are `async def` and change the state
without awaiting in between, so each request is done whole or not at all, as behind a real API.

    with serve(make_hubspot()) as server:
        server.url                  # "http://127.0.0.1:40123"
        server.log.calls            # each request: method, path, status, rows, wrote, fault
        server.log.writes           # those that ask for a change: empty after a dry run
        server.faults.next("lost_answer", path="/batch/")   # the next request there meets it
        server.faults.rates = {"503": 0.1, "cut": 0.05}     # … or each one by chance, from the seed
        server.faults.off()

The app says with `note(request, rows=…, wrote=…)` how many rows came and whether the
request asks for a change, done or refused. What people do in the CRM meanwhile, each fake offers
under the same names: `add(kind, **values)`, `edit(kind, id, **values)`, `merge(kind, keep, lose)`,
`remove(kind, id)` and `record(kind, id)`.
A program, for benchmarks: `main(make_hubspot)` takes `--port`, `--seed`, `--fault 503=0.1` and
`--latency`, and answers `GET /__log__` with the log as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

Scope = dict[str, Any]
Meets = Callable[[str, str, bytes], bool]
App = Callable[[Scope, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Any]

Fault = Literal["409", "429", "500", "502", "503", "timeout", "lost_answer", "cut"]
"""What happens to a request.

409, 429, 500, 502, 503: answered before the app sees it (429 and 503 with `Retry-After`).
`timeout`: never reaches the app, no answer for `hang_seconds`, then the connection closes.
`lost_answer`: the app does what was asked, and the answer never comes. `cut`: the connection
breaks, before or after the app has done it (drawn from the seed).
"""


@dataclass(frozen=True)
class Call:
    """One request as it came in. `wrote` and `rows` are what the app noted."""

    method: str
    path: str
    status: int | None
    rows: int = 0
    wrote: bool = False
    fault: str | None = None


@dataclass
class Log:
    """Requests in the order in which they ended."""

    calls: list[Call] = field(default_factory=list)

    @property
    def writes(self) -> list[Call]:
        return [call for call in self.calls if call.wrote]

    def clear(self) -> None:
        self.calls.clear()


def note(request: Any, *, rows: int = 0, wrote: bool = False) -> None:
    """Tell the log about this request; `request` is a Starlette request or an ASGI scope."""
    scope = getattr(request, "scope", request)
    scope["fake.rows"] = rows
    scope["fake.wrote"] = wrote or scope.get("fake.wrote", False)


@dataclass
class Faults:
    """Which requests fail, and how.

    A draw depends on seed, method, path, body and how often the same request has come, not on the
    order in which several connections are served: a run can be repeated.

    Args:
        seed: of all draws.
        rates: probability of each fault, for each request. The sum is at most one.
        retry_after: seconds named by a 429.
        hang_seconds: how long a `timeout` or `lost_answer` keeps the line open.

    """

    seed: int = 0
    rates: Mapping[Fault, float] = field(default_factory=dict)
    retry_after: int = 1
    hang_seconds: float = 0.05
    planned: deque[tuple[Fault, Meets]] = field(default_factory=deque)
    seen: Counter[str] = field(default_factory=Counter)

    def next(self, *kinds: Fault, path: str = "", when: Meets | None = None) -> None:
        """Let the next requests whose path contains `path` meet these, one each.

        `when` chooses them by method, path and body instead.
        """
        for kind in kinds:
            if kind not in get_args(Fault):
                raise ValueError(f"no such fault: {kind!r}; there is {get_args(Fault)}")
            self.planned.append((kind, when or (lambda _method, asked, _body: path in asked)))

    def off(self) -> None:
        self.rates = {}
        self.planned.clear()

    def draw(self, method: str, path: str, body: bytes) -> tuple[Fault | None, random.Random]:
        key = f"{self.seed} {method} {path} {hashlib.sha256(body).hexdigest()}"
        self.seen[key] += 1
        rng = random.Random(f"{key} {self.seen[key]}")
        for planned in self.planned:
            if planned[1](method, path, body):
                self.planned.remove(planned)
                return planned[0], rng
        point = rng.random()
        for kind, rate in self.rates.items():
            if point < rate:
                return kind, rng
            point -= rate
        return None, rng


class SlidingWindow:
    """At most `limit` requests in any `seconds`; what does not fit says how long to wait."""

    def __init__(
        self, limit: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limit, self.seconds, self.clock = limit, seconds, clock
        self.times: deque[float] = deque()

    def take(self) -> float:
        """Count one request; return 0 if it fits, else the seconds until one fits."""
        now = self.clock()
        while self.times and self.times[0] <= now - self.seconds:
            self.times.popleft()
        if len(self.times) >= self.limit:
            return self.times[0] + self.seconds - now
        self.times.append(now)
        return 0.0

    @property
    def remaining(self) -> int:
        return self.limit - len(self.times)


class _Connections(H11Protocol):
    """Knows the open connections by the client's address, so that one can be cut from the app."""

    open: dict[tuple[str, int], asyncio.Transport] = {}  # noqa: RUF012 - one for all is meant

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client:
            self.open[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.open.pop(self.client, None)  # type: ignore[arg-type]
        super().connection_lost(exc)


class _Wire:
    """The ASGI app around the fake: draws faults, keeps the log."""

    def __init__(self, app: App, log: Log, faults: Faults, latency: float) -> None:
        self.app, self.log, self.faults, self.latency = app, log, faults, latency

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if scope["path"] == "/__log__":
            body = json.dumps([asdict(call) for call in self.log.calls]).encode()
            return await _answer(send, 200, body)
        body = await _read(receive)
        if self.latency:
            await asyncio.sleep(self.latency)
        fault, rng = self.faults.draw(scope["method"], scope["path"], body)
        status = await self._meet(fault, rng, scope, body, send)
        self.log.calls.append(
            Call(
                scope["method"],
                scope["path"],
                status,
                scope.get("fake.rows", 0),
                scope.get("fake.wrote", False),
                fault,
            )
        )
        if fault in ("timeout", "lost_answer"):
            await asyncio.sleep(self.faults.hang_seconds)
        if fault in ("timeout", "lost_answer", "cut"):
            await _cut(scope)
        return None

    async def _meet(
        self, fault: Fault | None, rng: random.Random, scope: Scope, body: bytes, send: Any
    ) -> int | None:
        if fault in ("409", "429", "500", "502", "503"):
            wait = [(b"retry-after", str(self.faults.retry_after).encode())]
            text = json.dumps({"status": "error", "message": f"fault: {fault}"}).encode()
            await _answer(send, int(fault), text, wait if fault in ("429", "503") else [])
            return int(fault)
        if fault == "timeout" or (fault == "cut" and rng.random() < 0.5):
            return None
        sent: list[int] = []

        async def forward(message: Any) -> None:
            if message["type"] == "http.response.start":
                sent.append(message["status"])
            if fault is None:
                await send(message)

        await self.app(scope, _replay(body), forward)
        return sent[0] if sent and fault is None else None


async def _read(receive: Any) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _replay(body: bytes) -> Callable[[], Awaitable[Any]]:
    messages = deque([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Any:
        return messages.popleft() if messages else {"type": "http.disconnect"}

    return receive


async def _answer(
    send: Any, status: int, body: bytes, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    kind = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": kind + (headers or [])})
    await send({"type": "http.response.body", "body": body})


async def _cut(scope: Scope) -> None:
    """Break the connection without an answer; returns when the server knows."""
    client = tuple(scope["client"])
    if transport := _Connections.open.get(client):
        transport.abort()
    while client in _Connections.open:
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Server:
    """A running fake: where it listens, what it was asked, what it is to spoil."""

    url: str
    log: Log
    faults: Faults


@contextmanager
def serve(
    app: App,
    *,
    port: int = 0,
    faults: Faults | None = None,
    latency: float = 0.0,
    certificate: tuple[Path, Path] | None = None,
    is_down_after: bool = False,
) -> Iterator[Server]:
    """Run the app in a thread until the block ends.

    Args:
        app: the fake.
        port: 0 for a free one.
        faults: what to spoil; nothing without it.
        latency: seconds by which each answer is late, to measure calls as over a network.
        certificate: certificate and key (PEM), to serve by TLS.
        is_down_after: at the end of the block wait until nothing is answered any more.

    """
    log, faults = Log(), faults or Faults()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    server = uvicorn.Server(_config(_Wire(app, log, faults, latency), certificate))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the fake CRM did not start")
        time.sleep(0.005)
    scheme = "https" if certificate else "http"
    try:
        yield Server(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}", log, faults)
    finally:
        # It closes its sockets and ends a quarter of a second later, for which few have to wait.
        server.should_exit = server.force_exit = True
        if is_down_after:
            thread.join()


def main(make_app: Callable[[], App]) -> None:
    """Run the fake as a program until it is interrupted; prints its address."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds per answer")
    parser.add_argument("--fault", action="append", default=[], metavar="503=0.1")
    chosen = parser.parse_args()
    rates: dict[Any, float] = {}
    for text in chosen.fault:
        kind, _, rate = text.partition("=")
        if kind not in get_args(Fault):
            parser.error(f"--fault: one of {', '.join(get_args(Fault))}")
        rates[kind] = float(rate)
    faults = Faults(seed=chosen.seed, rates=rates)
    with serve(make_app(), port=chosen.port, faults=faults, latency=chosen.latency) as server:
        print(server.url, flush=True)  # noqa: T201 - the answer of a program
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


def _config(app: Any, certificate: tuple[Path, Path] | None) -> uvicorn.Config:
    files: dict[str, Any] = {}
    if certificate:
        files = {"ssl_certfile": certificate[0], "ssl_keyfile": certificate[1]}
    return uvicorn.Config(
        app,
        http=_Connections,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        h11_max_incomplete_event_size=2**18,  # addresses as long as CRMs take them, and longer
        **files,
    )
