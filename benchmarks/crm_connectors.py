"""Calls and rows a second of each connector over the fake of its CRM.

    python -m benchmarks.crm_connectors [--records 10000] [hubspot odoo …]

Per CRM: all records get a score, in batches at the CRM's limit and as many at once as the connector
allows; then all are read, as by id and as what shows a score; then 200 records one by one, as a
script without batches would. What is measured is our side and the fake, which answers at once; only
HubSpot's limit of calls (180 in ten seconds) holds here, too.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from config import Settings
from crm.connectors import Connector
from crm.records import Change
from tests.crm.kit.registry import starter

CRMS = ("dynamics", "hubspot", "odoo", "odoo:start_19", "pipedrive", "salesforce")
ONE_BY_ONE = 200
HEAD = (
    "CRM", "a call", "write calls", "rows/s", "one by one, rows/s", "by id", "rows/s", "shown",
    "rows/s",
)  # fmt: skip
SCORE = {
    "points": 71, "band": "high", "reasons": "Seit 143 Tagen keine Bestellung.", "stage": 3,
    "method": "model", "scored_on": "2026-11-22", "valid_until": "2026-11-29",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("crms", nargs="*", default=CRMS)
    chosen = parser.parse_args()
    print(f"| {' | '.join(HEAD)} |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in chosen.crms:
        with tempfile.TemporaryDirectory() as folder:
            cells = measure(name, Path(folder), chosen.records)
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def measure(name: str, folder: Path, count: int) -> list[str]:
    """Return the cells of one CRM's row."""
    (folder / "config").mkdir()
    (folder / "crm").mkdir()
    text = f"connector: {name.partition(':')[0]}\n"
    (folder / "config" / "crm.yml").write_text(text, encoding="utf-8")
    settings = Settings(home=folder / "home", config=folder / "config")
    with starter(name)(settings, folder / "crm") as crm:
        ids = [crm.add("parties", f"Kunde {number}") for number in range(count)]
        connector, log = crm.connector, crm.server.log  # type: ignore[attr-defined]
        connector.read("parties", ids[:1])  # logged in, fields known
        log.clear()
        written = timed(lambda: write(connector, ids, connector.limits.batch))
        calls = len(log.writes)
        few = ids[:ONE_BY_ONE]
        alone = timed(lambda: write(connector, few, 1, parallel=1))
        log.clear()
        by_id = timed(lambda: expect(count, connector.read("parties", ids)))
        reads = len(log.calls)
        log.clear()
        scored = timed(lambda: expect(count, connector.shown("parties")))
        return [
            str(connector.limits.batch),
            f"{calls:,}",
            f"{count / written:,.0f}",
            f"{len(few) / alone:,.0f}",
            f"{reads:,} calls",
            f"{count / by_id:,.0f}",
            f"{len(log.calls):,} calls",
            f"{count / scored:,.0f}",
        ]


def write(connector: Connector, ids: Sequence[str], size: int, parallel: int | None = None) -> None:
    """Write the score to all records; each must be accepted."""
    changes = [
        Change(target="parties", key=one, action="change", crm_id=one, writes=SCORE) for one in ids
    ]
    batches = [changes[start : start + size] for start in range(0, len(changes), size)]
    with ThreadPoolExecutor(parallel or connector.limits.parallel) as pool:
        for outcomes in pool.map(lambda batch: connector.write("parties", batch), batches):
            if refused := [one.refused for one in outcomes if one.refused]:
                raise SystemExit(f"refused: {refused[0]}")


def expect(count: int, found: dict[str, Any]) -> None:
    if len(found) != count:
        raise SystemExit(f"{len(found)} records instead of {count}")


def timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
