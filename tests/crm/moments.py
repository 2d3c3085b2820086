"""The moments between the push's last look at a record and its writing, for `tests.crm.chaos`.

What a person writes then may be written over, unless the CRM has a write that holds only if nobody
wrote before. What a person writes earlier must stay, and is not told here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from crm import Change, Outcome, Record, ledger
from crm.connectors import Connector
from crm.records import Target

Place = tuple[Target, str]


class Moments:
    """A connector that notes which records the push has looked at and not yet written.

    `meets` is called with records when they are announced, and again when they are written: what a
    person does then meets the push.
    """

    def __init__(
        self, connector: Connector, meets: Callable[[Sequence[Place]], None] = lambda _places: None
    ) -> None:
        self._connector = connector
        self._meets = meets
        self._announced: set[Place] = set()
        self._looked_at: set[Place] = set()
        self._edited: dict[Place, set[str]] = {}  # since the push looked
        self._being_written: dict[Place, set[str]] = {}
        self.lost: set[tuple[Target, str, str]] = set()
        self.lock = threading.RLock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note what the push announces: what it reads of it from then on, it reads to write."""
        announce = ledger.announce

        def note(settings: Any, name: str, push_id: str, changes: dict[int, Change]) -> None:
            places = [(c.target, c.crm_id) for c in changes.values() if c.crm_id]
            with self.lock:
                self._announced |= set(places)
                self._meets(places)
            announce(settings, name, push_id, changes)

        with patch.object(ledger, "announce", note):
            yield

    def edited(self, target: Target, crm_id: str, name: str) -> None:
        """Note that a person wrote a field; under the lock, together with the writing."""
        place = (target, crm_id)
        if name in self._being_written.get(place, ()):
            self.lost.add((*place, name))
        elif place in self._looked_at:
            self._edited.setdefault(place, set()).add(name)

    def read(
        self, target: Target, ids: Collection[str], id_field: str | None = None
    ) -> dict[str, Record]:
        with self.lock:
            answer = self._connector.read(target, ids, id_field)
            for crm_id in ids:
                if (target, crm_id) in self._announced:
                    self._looked_at.add((target, crm_id))
                    self._edited.pop((target, crm_id), None)
        return answer

    def write(self, target: Target, changes: Sequence[Change]) -> list[Outcome]:
        fields = {(target, str(change.crm_id)): set(change.writes) for change in changes}
        with self.lock:
            self._meets(list(fields))
            for place, names in fields.items():
                self.lost |= {(*place, n) for n in self._edited.pop(place, set()) & names}
            self._being_written |= fields
        try:
            return self._connector.write(target, changes)
        finally:
            with self.lock:
                for place in fields:
                    del self._being_written[place]
