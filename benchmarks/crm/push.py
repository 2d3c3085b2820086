"""Calls, rows a second, processor time and memory of a push, over each fake and the real Tryton.

`python -m benchmarks.crm.push --rows 100000` fills each CRM with so many companies, then pushes a
score for all of them, again without news, and with one in a hundred changed. Beside it one record a
call (`batch_size: 1`) and, on HubSpot, drt (`drt-core`, an open-source reverse-ETL tool), each for
`--beside` rows. The fakes run in a thread of this process, whose time is taken off; the rate limits
of the CRMs are not waited for, so seconds are ours and the fake's; so is the memory, of which the
records that the fake keeps are the greater part of what is in use before. One CRM a process
(`--crm`), since memory once used is not given back. Linux only.
"""

from __future__ import annotations

import argparse
import gc
import logging
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import psutil

from config import Settings
from crm import Row, Score, calling, push_through, pushing
from crm.fields import Values
from tests.crm.fakes.hubspot import HubSpot
from tests.crm.fakes.serving import serve
from tests.crm.kit.registry import CRMS, starter
from tests.crm.kit.under_test import CrmUnderTest

NIGHT = date(2026, 11, 22)
CONFIG = """
connector: {name}
find_by: []
read_back: 20
records: {{parties: {{source: crm_companies}}}}
"""


@dataclass(frozen=True)
class Measured:
    """One push: write calls, other calls, seconds, our processor seconds, rows written.

    `before`, `peak`: MiB of this process when the push began and at most while it ran.
    """

    writes: int
    reads: int
    seconds: float
    cpu: float
    rows: int
    before: float
    peak: float


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--beside", type=int, default=1_000, help="rows for the slow peers")
    parser.add_argument("--crm", action="append", choices=CRMS)
    chosen = parser.parse_args()
    logging.disable(logging.ERROR)
    heads = "CRM", "rows", "push of", "write calls", "other calls", "seconds", "rows/s"
    print(f"| {' | '.join([*heads, 'our CPU s', 'MiB: before, at most'])} |\n|{'---|' * 9}")
    for name in chosen.crm or [one for one in CRMS if ":" not in one and one != "memory"]:
        rows = min(chosen.rows, 10_000) if name == "tryton" else chosen.rows
        _measure_crm(name, rows, chosen.beside)
    if not chosen.crm or "hubspot" in chosen.crm:
        _measure_drt(chosen.beside)


def _measure_crm(name: str, count: int, beside: int) -> None:
    with _crm(name) as (crm, settings):
        ids = [crm.add("parties", f"Firma {number}") for number in range(count)]
        wanted = [_row(number, crm_id, 1) for number, crm_id in enumerate(ids)]
        few = max(count // 100, 1)
        for what, changed in (("all", count), ("no news", 0), ("1 in 100", few)):
            for place in range(changed):
                wanted[place] = _row(place, ids[place], 2 if what == "1 in 100" else 1)
            _tell(name, count, what, _measure(crm, settings, wanted))
        path = settings.config / "crm.yml"
        path.write_text(path.read_text(encoding="utf-8") + "batch_size: 1\n", encoding="utf-8")
        for place in range(min(beside, count)):
            wanted[place] = _row(place, ids[place], 3)
        _tell(name, count, f"{min(beside, count):,}, one a call", _measure(crm, settings, wanted))


def _row(number: int, crm_id: str, version: int) -> Row:
    score = Score(
        points=(number + 37 * version) % 101,
        band=("low", "medium", "high")[(number + version) % 3],
        reasons=f"+ Seit {number % 300} Tagen keine Bestellung.\n− Zwei Reklamationen ({version}).",
        scored_on=NIGHT,
        stage=3,
        method="model",
        model_version="7",
        valid_until=date(2026, 11, 29),
    )
    return Row(key=f"C{number:06}", score=score, crm_ids=(crm_id,), customer_no=str(number))


def _measure(crm: CrmUnderTest, settings: Settings, wanted: list[Row]) -> Measured:
    calls, writes, before = _calls(crm), crm.writes(), _begin_peak()
    began, cpu = time.perf_counter(), _own_cpu()
    with patch.object(
        pushing, "read_rows", lambda *_: {"parties": wanted, "opportunities": []}
    ), patch.object(pushing, "_list_duplicates"):  # fmt: skip
        done = push_through(crm.connector, settings, force=True)
    seconds, cpu = time.perf_counter() - began, _own_cpu() - cpu
    written = crm.writes() - writes
    rows = sum(one.action == "change" for one in done)
    others = _calls(crm) - calls - written
    return Measured(written, others, seconds, cpu, rows, before, _memory("VmHWM"))


def _calls(crm: CrmUnderTest) -> int:
    """Return how many requests came; of Tryton only those that write are counted."""
    server = getattr(crm, "server", None)
    return len(server.log.calls) if server else crm.writes()


def _own_cpu() -> float:
    """Return the processor seconds of this process without those of the fake's thread."""
    fakes = {
        one.native_id for one in threading.enumerate() if one.daemon and one.name.endswith("(run)")
    }
    spent = {one.id: one.user_time + one.system_time for one in psutil.Process().threads()}
    return time.process_time() - sum(spent.get(number or 0, 0.0) for number in fakes)


def _begin_peak() -> float:
    """Let the peak of the memory begin anew; return what is in use, the fake's included."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _memory("VmRSS")


def _memory(name: str) -> float:
    """Return one of Linux' figures on this process, in MiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def _tell(name: str, count: int, what: str, one: Measured) -> None:
    speed = f"{one.rows / one.seconds:,.0f}" if one.rows else "–"
    print(
        f"| {name} | {count:,} | {what} | {one.writes:,} | {one.reads:,} | {one.seconds:.1f} |"
        f" {speed} | {one.cpu:.1f} | {one.before:,.0f}, {one.peak:,.0f} |",
        flush=True,
    )


@contextmanager
def _crm(name: str) -> Iterator[tuple[CrmUnderTest, Settings]]:
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "session" / "run"
        for part in ("config", "home", "crm"):
            (folder / part).mkdir(parents=True)
        config = CONFIG.format(name=name.partition(":")[0])
        (folder / "config" / "crm.yml").write_text(config, encoding="utf-8")
        settings = Settings(home=folder / "home", config=folder / "config", as_of=NIGHT)
        with (
            duckdb.connect(str(settings.warehouse)),
            patch.object(calling.RateLimit, "wait", lambda _self: None),
            starter(name)(settings, folder / "crm") as crm,
        ):
            yield crm, settings


def _measure_drt(count: int) -> None:
    """Let drt write the same fields into as many companies of a HubSpot of its own."""
    from drt.config.models import BearerAuth, HubSpotDestinationConfig, SyncOptions
    from drt.destinations import hubspot as peer

    fake = HubSpot(clock=_far_apart())
    names = sorted(Score.model_fields)
    fake.store.define("companies", _definition("reifegrad_key", unique=True))
    for name in names:
        fake.store.define("companies", _definition(f"reifegrad_{name}"))
    for number in range(count):
        fake.add("companies", name=f"Firma {number}", reifegrad_key=f"C{number:06}")
    records = [_properties(number) for number in range(count)]
    config = HubSpotDestinationConfig(
        type="hubspot",
        object_type="companies",
        id_property="reifegrad_key",
        auth=BearerAuth(type="bearer", token="pat-eu1-test"),
    )
    with serve(fake.app) as server:
        url = f"{server.url}/crm/v3/objects"
        for what in ("all", "no news"):
            before, memory = len(server.log.calls), _begin_peak()
            began, cpu = time.perf_counter(), _own_cpu()
            with (
                patch.object(peer, "_HUBSPOT_API", url),
                patch.object(peer, "resolve_rate_limiter", lambda *_, **__: _NoLimit()),
            ):
                result = peer.HubSpotDestination().load(records, config, SyncOptions())
            seconds, cpu = time.perf_counter() - began, _own_cpu() - cpu
            calls = len(server.log.calls) - before
            peak = _memory("VmHWM")
            told = Measured(calls, 0, seconds, cpu, result.success, memory, peak)
            _tell("hubspot, by drt", count, what, told)


class _NoLimit:
    def acquire(self) -> None:
        """Do not wait."""


def _far_apart() -> Callable[[], float]:
    """Return a clock by which each call comes a second later, far from any limit."""
    seconds = iter(range(10**9))
    return lambda: float(next(seconds))


def _definition(name: str, *, unique: bool = False) -> Mapping[str, Any]:
    plain = {"label": name, "groupName": "companiesinformation", "type": "string"}
    return {"name": name, **plain, "fieldType": "text", "hasUniqueValue": unique}


def _properties(number: int) -> Values:
    score = _row(number, "", 1).score
    values = score.values if score else {}
    own = {f"reifegrad_{name}": str(value) for name, value in values.items() if value is not None}
    return own | {"reifegrad_key": f"C{number:06}"}


if __name__ == "__main__":
    main()
