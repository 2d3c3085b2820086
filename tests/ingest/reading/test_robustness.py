"""A full disk and a kill: a clear line, the warehouse as it was, and the next run succeeds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from config import PROJECT_ROOT, Settings
from ingest import ingest_inbox
from tests.ingest.conftest import ORDERS_SOURCES, Drop, Query, Write

EVERYTHING = ("from raw.orders", "from raw.order_lines", "from ops.quarantine")


@pytest.fixture(autouse=True)
def sources(write_sources: Write) -> None:
    write_sources(ORDERS_SOURCES)


def in_a_process(settings: Settings, before: str) -> subprocess.CompletedProcess[str]:
    """Run the ingest in a process of its own after some lines of Python."""
    program = (
        f"{before}\nfrom pathlib import Path\nfrom config import Settings\n"
        f"from ingest.loading.inbox_run import ingest_inbox\nhome = Path({str(settings.home)!r})\n"
        "ingest_inbox(Settings(home=home, config=home / 'config'))\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT_ROOT, check=False, text=True,
        capture_output=True,
    )  # fmt: skip


def test_a_full_disk_is_named_and_leaves_the_warehouse_as_it_was(
    settings: Settings, drop: Drop, query: Query
) -> None:
    drop("auftraege_a.csv", "Nr;Wert\n1;5,50\n")
    ingest_inbox(settings)
    before = [query(sql) for sql in EVERYTHING]
    rows = "".join(f"{number};{hash(number * 7919)},5\n" for number in range(2, 60_000))
    drop("auftraege_b.csv", "Nr;Wert\n" + rows)
    # No file may grow beyond this: what a full disk does, without one.
    size = settings.warehouse.stat().st_size + 100_000
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"
    ended = in_a_process(settings, limit)
    assert ended.returncode == 1
    assert "DiskFullError: Kein Speicherplatz mehr" in ended.stderr.splitlines()[-1]
    assert [query(sql) for sql in EVERYTHING] == before
    assert [load.status for load in ingest_inbox(settings)] == ["unchanged", "loaded"]
    assert query("select count(*) from raw.order_lines") == [(59_999,)]


KILLS = (
    "ingest.loading.inbox_run.read_file",
    "ingest.loading.taking.write_source",
    "ingest.loading.raw._quarantine_keyless",
    "ingest.loading.taking.remember_columns",
    "ingest.loading.archive.Copy.keep",
    "ingest.loading.inbox_run.close_night",
)


def test_killed_anywhere_and_run_again_gives_the_same_as_undisturbed(
    settings: Settings, drop: Drop, query: Query, tmp_path: Path
) -> None:
    drop("auftraege_a.csv", "Nr;Wert\n1;5,50\n;6,50\n")
    drop("auftraege_b.csv", "Nr;Wert\n2;1.234,50\n")
    for point in KILLS:
        module, _, name = point.rpartition(".")
        kill = (
            "import importlib, os, signal, pydoc\n"
            f"owner = pydoc.locate({module!r})\n"
            f"assert hasattr(owner, {name!r})\n"
            f"setattr(owner, {name!r}, lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL))"
        )
        assert in_a_process(settings, kill).returncode == -9, point
    ingest_inbox(settings)
    loaded = query("select record_id, net_amount, formats from raw.order_lines order by 1")
    assert loaded == [
        ("orders:1", "5,50", {"net_amount": "comma"}),
        ("orders:2", "1.234,50", {"net_amount": "comma"}),
    ]
    assert query("select count(*) from raw.orders") == [(2,)]
    assert query("select row_number, raw_text from ops.quarantine") == [(3, ";6,50")]
    assert query("select file, status from ops.loads order by 1") == [
        ("auftraege_a.csv", "loaded"), ("auftraege_b.csv", "loaded")
    ]  # fmt: skip
    assert not list(settings.archive.glob(".*"))


def test_killed_right_after_the_commit_the_views_are_those_of_the_load(
    settings: Settings, drop: Drop, query: Query
) -> None:
    drop("auftraege_a.csv", "Nr;Wert\n1;1,234.50\n")
    kill = (
        "import os, signal, ingest.loading.loads as m\n"
        "m.Load.lines = lambda *a: os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert in_a_process(settings, kill).returncode == -9
    assert query("select record_id, formats from raw.order_lines") == [
        ("orders:1", {"net_amount": "point"})
    ]
