"""Writing by `load`, Odoo's import: many records a call, each refused row named.

One bad row makes Odoo refuse its batch, but the answer says which rows are bad: the others are sent
again at once. Cells that are sent empty are emptied, so only records of which the same fields
change go together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from crm.config import CrmConfig
from crm.connectors.odoo.fields import MODELS, field_names
from crm.connectors.odoo.rpc import OdooRpc, kind_of
from crm.errors import CrmRejectedError
from crm.fields import FIELDS
from crm.records import Change, Outcome, Target

NEVER_WRITTEN: Final = frozenset({"key"})  # only on records that the push creates


class Loader:
    """Writes our fields. Knows the labels of selections, by which Odoo's import names values."""

    def __init__(self, rpc: OdooRpc, config: CrmConfig) -> None:
        self._rpc, self._config = rpc, config
        self._labels: dict[Target, dict[str, dict[str, str]]] = {}

    def write(self, target: Target, changes: Sequence[Change]) -> list[Outcome]:
        """Write `change.writes` to the record `change.crm_id`; one `Outcome` each, in order.

        Raises:
            CrmRejectedError: Odoo refuses a batch and does not say which row.

        """
        outcomes: dict[int, Outcome] = {}
        groups: dict[tuple[str, ...], list[int]] = {}
        names = field_names(self._config, target)
        for place, change in enumerate(changes):
            fields = tuple(sorted(set(change.writes) & set(names) - NEVER_WRITTEN))
            groups.setdefault(fields, []).append(place)
        for fields, places in groups.items():
            if not fields:
                outcomes |= {place: Outcome(changes[place].crm_id) for place in places}
            else:
                outcomes |= self._load(target, fields, {p: changes[p] for p in places})
        return [outcomes[place] for place in range(len(changes))]

    def _load(
        self, target: Target, fields: tuple[str, ...], changes: Mapping[int, Change]
    ) -> dict[int, Outcome]:
        names = field_names(self._config, target)
        outcomes: dict[int, Outcome] = {}
        left = list(changes)
        while left:
            rows = [
                [changes[p].crm_id, *(self._cell(target, f, changes[p].writes[f]) for f in fields)]
                for p in left
            ]
            answer = self._rpc.call(
                MODELS[target],
                "load",
                fields=[".id", *(names[field] for field in fields)],
                data=rows,
                context={"active_test": False, "tracking_disable": True},
            )
            if answer["ids"]:
                return outcomes | {place: Outcome(changes[place].crm_id) for place in left}
            refused = _refused_rows(answer["messages"], len(left))
            outcomes |= {
                left[row]: Outcome(refused=words, kind=kind_of(words))
                for row, words in refused.items()
            }
            left = [place for row, place in enumerate(left) if row not in refused]
        return outcomes

    def _cell(self, target: Target, field: str, value: Any) -> str:  # noqa: ANN401
        if value is None:
            return ""
        if FIELDS[field].kind == "selection":
            return self._labels_of(target).get(field, {}).get(str(value), str(value))
        return str(value)

    def _labels_of(self, target: Target) -> dict[str, dict[str, str]]:
        if target not in self._labels:
            names = field_names(self._config, target)
            wanted = {names[name]: name for name, one in FIELDS.items() if one.kind == "selection"}
            told = self._rpc.call(
                MODELS[target],
                "fields_get",
                allfields=list(wanted),
                attributes=["selection"],
            )
            self._labels[target] = {
                wanted[field]: dict(one.get("selection") or []) for field, one in told.items()
            }
        return self._labels[target]


def _refused_rows(messages: Sequence[Mapping[str, Any]], count: int) -> dict[int, str]:
    """Return Odoo's words per row that it refused.

    Raises:
        CrmRejectedError: none of its messages names a row.

    """
    errors = [one for one in messages if one.get("type") == "error"]
    if len(errors) > 1 and errors[0].get("message") in {one.get("message") for one in errors[1:]}:
        # Odoo tried the batch, then each row: what it said of the batch stands first, as if it
        # were of the first row. If that one is bad, too, the next try says so.
        del errors[0]
    refused: dict[int, str] = {}
    for error in errors:
        rows = error.get("rows") or {}
        first = rows.get("from", error.get("record"))
        last = rows.get("to", first)
        if first is None or last is None or (first == 0 and last == count - 1 > 0):
            continue  # the batch as a whole
        words = str(error.get("message", ""))
        refused |= {row: words for row in range(first, last + 1) if row not in refused}
    if not refused:
        words = "; ".join(str(one.get("message", "")) for one in errors or messages)
        raise CrmRejectedError(words or "Odoo refused the batch")
    return refused
