"""A connector around which something happens whenever it writes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from crm.connectors import Connector
from tests.crm.memory_crm import KilledError


class Between:
    """The connector, with something that happens before or after each of its writes."""

    def __init__(self, connector: Connector, happens: Callable[[], None], *, before: bool) -> None:
        self._connector, self._happens, self._before = connector, happens, before
        self._lock = threading.Lock()  # batches are written by several threads

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._connector, name)
        if name not in ("create", "write"):
            return value

        def call(*arguments: Any) -> Any:
            if self._before:
                with self._lock:
                    self._happens()
            answer = value(*arguments)
            if not self._before:
                with self._lock:
                    self._happens()
            return answer

        return call


def die() -> None:
    """End the push as if its process were killed."""
    raise KilledError
