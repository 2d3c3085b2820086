"""What lies in the inbox: fresh, growing, doubled, gone, missed and unreadable files."""

from __future__ import annotations

import itertools
import os
import threading
import time
from datetime import date, timedelta

import pytest

from config import Settings
from ingest import Load, ingest_inbox
from tests.ingest.conftest import ORDERS_SOURCES, Drop, Query, Write

ORDERS = "Nr;Wert\n1;5,50\n2;6,50\n"
NIGHT = date(2026, 3, 2)


@pytest.fixture(autouse=True)
def sources(write_sources: Write) -> None:
    write_sources(ORDERS_SOURCES)


def ingest_on(settings: Settings, days: int) -> list[Load]:
    return ingest_inbox(settings.model_copy(update={"as_of": NIGHT + timedelta(days=days)}))


def statuses(loads: list[Load]) -> list[tuple[str, str]]:
    return [(load.file, load.status) for load in loads]


def test_a_growing_file_waits_for_the_next_night(settings: Settings, query: Query) -> None:
    path = settings.inbox / "auftraege.csv"
    path.write_text(ORDERS)
    is_done = threading.Event()

    def upload() -> None:
        while not is_done.is_set():
            with path.open("a") as file:
                file.write("3;7,50\n")
            time.sleep(0.2)

    uploading = threading.Thread(target=upload)
    uploading.start()
    (load,) = ingest_on(settings, 0)
    is_done.set()
    uploading.join()
    assert load.status == "growing" and "wird noch geschrieben" in (load.reason_de or "")
    assert query("select count(*) from raw.order_lines") == [(0,)]
    os.utime(path, (1_750_000_000, 1_750_000_000))
    (load,) = ingest_on(settings, 1)
    assert load.status == "loaded" and load.rows_loaded >= 3


def test_the_same_content_under_another_name_is_told_and_not_loaded_again(
    settings: Settings, drop: Drop, query: Query
) -> None:
    drop("auftraege_a.csv", ORDERS)
    drop("auftraege_b.csv", ORDERS)
    for _ in range(2):
        loads = ingest_inbox(settings)
        assert statuses(loads)[1] == ("auftraege_b.csv", "duplicate")
        assert "gleich wie in auftraege_a.csv" in (loads[1].reason_de or "")
    assert query("select count(*) from raw.orders") == [(2,)]
    assert query("select count(*) from ops.loads where status = 'duplicate'") == [(1,)]
    drop("auftraege_a.csv", "Nr;Wert\n9;1,00\n")  # the content is now in the other file only
    assert statuses(ingest_inbox(settings)) == [
        ("auftraege_a.csv", "loaded"),
        ("auftraege_b.csv", "loaded"),
    ]
    assert query("select record_id from raw.order_lines order by 1") == [
        ("orders:1",), ("orders:2",), ("orders:9",)
    ]  # fmt: skip


def test_a_file_that_left_is_told_once_and_its_rows_follow_the_mapping(
    settings: Settings, drop: Drop, query: Query, write_sources: Write
) -> None:
    drop("auftraege.csv", ORDERS + ";8,50\n")
    ingest_on(settings, 0)
    (settings.inbox / "auftraege.csv").unlink()
    (load,) = ingest_on(settings, 1)
    assert load.status == "gone" and "(2 Zeilen), bleibt" in (load.reason_de or "")
    assert ingest_on(settings, 1) == []
    assert query("select count(*) from ops.quarantine") == [(1,)]
    write_sources(ORDERS_SOURCES.replace("key: [Nr]", "key: [_row_number]"))
    (load,) = ingest_on(settings, 2)  # from the archive
    assert (load.status, load.rows_loaded) == ("loaded", 3)
    assert query("from ops.quarantine") == []
    assert query("select is_there, changed_on from ops.inbox_files") == [(False, NIGHT)]


def test_a_source_that_came_every_night_is_missed(
    settings: Settings, drop: Drop, query: Query
) -> None:
    for day in range(4):
        drop("auftraege.csv", f"Nr;Wert\n{day};1,00\n", age_days=9 - day)
        assert statuses(ingest_on(settings, day)) == [("auftraege.csv", "loaded")]
    for _ in range(2):
        unchanged, missed = ingest_on(settings, 4)
        assert (unchanged.status, missed.status) == ("unchanged", "overdue")
    assert "Quelle orders ist ausgeblieben: sie kommt sonst jede Nacht, zuletzt am 05.03.2026" in (
        missed.reason_de or ""
    )
    assert query("select source, last_night from ops.overdue_sources") == [
        ("orders", date(2026, 3, 5))
    ]
    # The same content written anew has come; it needs no load.
    drop("auftraege.csv", "Nr;Wert\n3;1,00\n", age_days=1)
    assert statuses(ingest_on(settings, 5)) == [("auftraege.csv", "unchanged")]
    assert query("from ops.overdue_sources") == []


def test_empty_and_unreadable_files_are_named_and_stop_nothing(
    settings: Settings, drop: Drop
) -> None:
    drop("auftraege_1.csv", b"")
    (settings.inbox / "auftraege_2.csv").symlink_to(settings.inbox / "nowhere")
    drop("auftraege_3.csv", ORDERS)
    loads = ingest_inbox(settings)
    assert statuses(loads) == [
        ("auftraege_1.csv", "failed"), ("auftraege_2.csv", "failed"), ("auftraege_3.csv", "loaded")
    ]  # fmt: skip
    assert "keine Daten" in (loads[0].reason_de or "")
    assert "lässt sich nicht öffnen" in (loads[1].reason_de or "")


def test_a_name_is_bytes(settings: Settings, drop: Drop, query: Query) -> None:
    drop(os.fsdecode("auftr\u00e4ge.csv".encode("latin-1")), "Nr;Wert\n1;5,50\n")
    drop("auftraege_z.csv", "Nr;Wert\n2;6,50\n")
    (load,) = [load for load in ingest_on(settings, 0) if load.file.startswith("auftr\u00e4")]
    assert load.status == "failed" and "keine Quelle" in (load.reason_de or "")
    drop("auftraege\nzwei\udcfc.csv", "Nr;Wert\n3;7,50\n")
    drop("auftraege_\u00fc.csv", "Nr;Wert\n4;8,50\n")
    drop("auftraege_\udcfc.csv", "Nr;Wert\n5;9,50\n")  # read as text, it has the other's name
    loads = ingest_on(settings, 0)
    loaded = ["auftraege\\x0azwei\u00fc.csv", "auftraege_\u00fc.csv", "auftraege_\\xfc.csv"]
    assert {load.file for load in loads if load.status == "loaded"} == set(loaded)
    assert query("select count(*) from raw.orders") == [(4,)]
    assert {load.status for load in ingest_on(settings, 0)} == {"unchanged", "failed"}


def test_links_out_of_the_inbox_are_not_followed(
    settings: Settings, drop: Drop, query: Query
) -> None:
    outside = settings.home / "secret.csv"
    outside.write_text("root:x:0;geheim\n1;2\n")
    (settings.home / "folder").mkdir()
    (settings.inbox / "auftraege_1.csv").symlink_to(outside)
    (settings.inbox / "auftraege_2.csv").symlink_to("../secret.csv")
    (settings.inbox / "auftraege_3.csv").symlink_to(settings.home / "folder")
    drop("sub/inside.txt", ORDERS)
    (settings.inbox / "auftraege_4.csv").symlink_to("sub/inside.txt")
    drop("auftraege_5.csv", "Nr;Wert\n9;1,00\n")
    loads = {load.file: load for load in ingest_inbox(settings)}
    for number in (1, 2, 3):
        load = loads[f"auftraege_{number}.csv"]
        assert load.status == "failed" and "Verknüpfung" in (load.reason_de or "")
    assert "geheim" not in str(query("from ops.loads")) + str(query("from ops.quarantine"))
    assert [loads[f"auftraege_{number}.csv"].status for number in (4, 5)] == ["loaded"] * 2


@pytest.mark.parametrize("place", ["read_file", "write_source", "fit_tables", "_standing"])
def test_whatever_fails_at_one_file_is_told_and_the_others_go_on(
    settings: Settings, drop: Drop, query: Query, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    from ingest.loading import inbox_run, taking

    module = inbox_run if hasattr(inbox_run, place) else taking
    real, calls = getattr(module, place), itertools.count()

    def fails_first(*arguments: object) -> object:
        if next(calls) == 0:
            raise ZeroDivisionError
        return real(*arguments)

    monkeypatch.setattr(module, place, fails_first)
    drop("auftraege_1.csv", ORDERS)
    drop("auftraege_2.csv", "Nr;Wert\n9;1,00\n")
    first, second = ingest_inbox(settings)
    assert (first.status, second.status) == ("failed", "loaded")
    assert "(ZeroDivisionError)" in (first.reason_de or "")
    assert query("select record_id from raw.order_lines") == [("orders:9",)]
    assert statuses(ingest_inbox(settings))[0] == ("auftraege_1.csv", "loaded")
