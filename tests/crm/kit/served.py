"""What the fakes that are served on the loopback have in common under test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from crm import Score
from crm.connectors import Connector
from tests.crm.fakes.certificates import make_certificate
from tests.crm.fakes.serving import App, Fault, Server, serve


class Served:
    """The part of `CrmUnderTest` that is the server's."""

    connector: Connector

    def __init__(self, server: Server) -> None:
        self.server = server

    def is_write(self, method: str, path: str, body: bytes) -> bool:
        """Whether this request changes a record of ours: what planned faults meet."""
        raise NotImplementedError

    def spoil(self, score: Score) -> Score:
        return score.model_copy(update={"band": "extreme"})

    def writes(self) -> int:
        return len(self.server.log.writes)

    def fail(self, *faults: Fault) -> None:
        self.server.faults.next(*faults, when=self.is_write)

    def storm(self, rates: Mapping[Fault, float], seed: int) -> None:
        self.server.faults.rates, self.server.faults.seed = rates, seed

    def calm(self) -> None:
        self.server.faults.off()


@contextmanager
def serve_by_tls(app: App, folder: Path) -> Iterator[Server]:
    """Serve by TLS, for clients that insist on it; the certificate is made once a session."""
    kept = folder.parent.parent / "tls"
    if not kept.exists():
        kept.mkdir()
        make_certificate(kept)
    files = (kept / "fake.pem", kept / "fake.key")
    with (
        patch.dict("os.environ", {"REQUESTS_CA_BUNDLE": str(files[0])}),
        serve(app, certificate=files) as server,
    ):
        yield server
