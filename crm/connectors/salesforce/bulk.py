"""Many rows at once through the Bulk API 2.0: one job instead of dozens of calls."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any, Final

from crm.connectors.salesforce.rest import KINDS, SalesforceRest
from crm.records import Outcome

FROM_ROWS: Final = 2_000
"""Below, ten calls of a collection are quicker than a job that waits its turn."""
NOTHING: Final = "#N/A"  # an empty cell would leave a field as it is
WAIT_SECONDS: Final = 2


def update(rest: SalesforceRest, records: Sequence[dict[str, Any]]) -> list[Outcome]:
    """Change records, a job per kind; one outcome each, in their order.

    Args:
        rest: the session.
        records: as for a collection: `attributes`, `id` and the fields. A job writes the same
            fields of all its rows, so rows with other fields get a job of their own.

    """
    jobs: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for place, record in enumerate(records):
        fields = tuple(sorted(record.keys() - {"attributes", "id"}))
        jobs.setdefault((record["attributes"]["type"], fields), []).append(place)
    outcomes: dict[int, Outcome] = {}
    for (kind, fields), places in jobs.items():
        rows = [_row(records[place], fields) for place in places]
        refused = _run(rest, kind, rows)
        for place in places:
            crm_id = records[place]["id"]
            outcomes[place] = refused.get(crm_id[:15], Outcome(crm_id))
    return [outcomes[place] for place in range(len(records))]


def _run(rest: SalesforceRest, kind: str, rows: list[dict[str, str]]) -> dict[str, Outcome]:
    """Run a job to its end; return what it refused, by the record's id."""
    refused: dict[str, Outcome] = {}

    def update(client: Any) -> Any:  # noqa: ANN401
        return getattr(client.bulk2, kind).update(records=rows, wait=WAIT_SECONDS)

    for job in rest.call(update):
        for read in ("get_failed_records", "get_unprocessed_records"):
            for row in csv.DictReader(io.StringIO(rest.call(_read(kind, read, job["job_id"])))):
                code, _, words = row.get("sf__Error", "").partition(":")
                outcome = Outcome(refused=words or code or read, kind=KINDS.get(code, "other"))
                refused[(row.get("sf__Id") or row["Id"])[:15]] = outcome
    return refused


def _read(kind: str, read: str, job: str) -> Callable[[Any], str]:
    return lambda client: str(getattr(getattr(client.bulk2, kind), read)(job))


def _row(record: dict[str, Any], fields: Sequence[str]) -> dict[str, str]:
    values = {name: NOTHING if record[name] is None else str(record[name]) for name in fields}
    return {"Id": record["id"], **values}
