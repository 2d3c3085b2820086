"""What DNS does outside a test: a client that knows a vendor's own addresses reaches the fake."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter


class _ToFake(HTTPAdapter):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.target = urlsplit(url)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> Any:
        asked = urlsplit(request.url or "")
        request.url = str(urlunsplit(asked._replace(scheme="http", netloc=self.target.netloc)))
        return super().send(request, *args, **options)


def session_to(url: str) -> requests.Session:
    """Return a session whose every https address is the fake at `url`, which speaks plain HTTP."""
    session = requests.Session()
    session.mount("https://", _ToFake(url))
    return session
