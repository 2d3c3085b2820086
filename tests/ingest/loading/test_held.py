"""What a load takes away waits for a person, and what was in force stays meanwhile."""

from __future__ import annotations

import time
from datetime import date, datetime
from typing import Any

import pytest

from config import Settings
from ingest import Load, ingest_inbox
from ingest.loading import inbox_run
from ingest.loading.held import NothingHeldError, decide_files
from ingest.loading.taking_away import Arriving, Judgement, Part, judge
from ingest.loading.versions import Version
from tests.ingest.conftest import ORDERS_SOURCES, Drop, Query, Write

SOURCES = """
sources:
  customers:
    files: "kunden*"
    kind: snapshot
    maps:
      company: {key: [KdNr], columns: {name: Firma}}
"""
HEADER = "KdNr;Firma\n"
NIGHTS = [date(2026, 1, day) for day in range(1, 9)]


@pytest.fixture(autouse=True)
def sources(write_sources: Write) -> None:
    write_sources(SOURCES)


def firms(*numbers: int) -> str:
    return HEADER + "".join(f"{n};Firma {n} GmbH\n" for n in numbers)


def ingest(settings: Settings, night: int) -> dict[str, str]:
    """Return what became of each file in a night."""
    return {load.file: load.status for load in loads_of(settings, night)}


def loads_of(settings: Settings, night: int) -> list[Load]:
    return ingest_inbox(settings.model_copy(update={"as_of": NIGHTS[night]}))


def release(settings: Settings, file: str, *, is_right: bool = True) -> None:
    decide_files(settings, [file] if is_right else [], [] if is_right else [file], "anna")


def in_force(query: Query) -> list[int]:
    return sorted(int(n) for (n,) in query('select "KdNr" from raw.customers'))


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((), ("keine Zeilen", "no rows")),
        ((1, 2, 3), ("Von 10 Datensätzen", "Of 10 records in force 7 are missing in it (70%")),
        (range(21, 31), ("Kein Schlüssel der 10", "None of the keys of the 10 records")),
    ],
)
def test_what_takes_too_much_away_waits_and_yesterday_stays(
    settings: Settings, drop: Drop, query: Query, numbers: range, words: tuple[str, str]
) -> None:
    drop("kunden.csv", firms(*range(1, 11)), age_days=3)
    ingest(settings, 0)
    before = query("from raw.customers"), query("from ops.source_files")
    drop("kunden.csv", firms(*numbers), age_days=2)
    for _ in range(2):  # told each night, recorded once
        (load,) = loads_of(settings, 1)
        assert load.status == "held" and load.is_warning
        assert words[0] in (load.reason_de or "") and words[1] in (load.reason_en or "")
        assert "`reifegrad ingest --accept kunden.csv`" in (load.reason_de or "")
    assert (query("from raw.customers"), query("from ops.source_files")) == before
    assert query("select count(*) from ops.loads where status = 'held'") == [(1,)]
    assert query("from ops.quarantine") == []
    release(settings, "kunden.csv")
    (load,) = loads_of(settings, 2)
    assert load.status == "loaded" and load.notes_de[-1].startswith("Freigegeben von anna am ")
    assert in_force(query) == sorted(numbers)
    assert query("from ops.held_files") == []
    assert ingest(settings, 3) == {"kunden.csv": "unchanged"}


def test_a_complete_file_lifts_the_hold(settings: Settings, drop: Drop, query: Query) -> None:
    """Under the held file's name or another one; then the held one stands as older."""
    drop("kunden_1.csv", firms(*range(1, 11)), age_days=9)
    ingest(settings, 0)
    drop("kunden_2.csv", HEADER, age_days=8)
    assert ingest(settings, 1)["kunden_2.csv"] == "held"
    drop("kunden_2.csv", firms(*range(1, 12)), age_days=7)
    assert ingest(settings, 2)["kunden_2.csv"] == "loaded"
    assert in_force(query) == [*range(1, 12)]
    drop("kunden_3.csv", HEADER, age_days=6)
    assert ingest(settings, 3)["kunden_3.csv"] == "held"
    drop("kunden_4.csv", firms(*range(1, 13)), age_days=5)
    assert ingest(settings, 4)["kunden_4.csv"] == "loaded"
    assert ingest(settings, 5)["kunden_3.csv"] == "superseded"
    assert in_force(query) == [*range(1, 13)]
    assert query(
        "select arg_max(status, loaded_at) from ops.loads where file = 'kunden_3.csv'"
    ) == [("superseded",)]


def test_a_held_file_that_left_the_inbox_is_not_lost(
    settings: Settings, drop: Drop, query: Query
) -> None:
    drop("kunden.csv", firms(1, 2, 3, 4))
    ingest(settings, 0)
    held = drop("kunden_neu.csv", firms(5, 6, 7, 8), age_days=-1)
    assert ingest(settings, 1)["kunden_neu.csv"] == "held"
    held.unlink()
    assert ingest(settings, 2)["kunden_neu.csv"] == "held"
    release(settings, "kunden_neu.csv")
    assert ingest(settings, 3)["kunden_neu.csv"] == "loaded"
    assert in_force(query) == [5, 6, 7, 8]


def test_turned_down_it_is_told_once_more_and_never_loaded(
    settings: Settings, drop: Drop, query: Query
) -> None:
    drop("kunden.csv", firms(1, 2, 3, 4), age_days=3)
    ingest(settings, 0)
    drop("kunden.csv", HEADER, age_days=2)
    ingest(settings, 1)
    release(settings, "kunden.csv", is_right=False)
    for night in (2, 3):
        (load,) = loads_of(settings, night)
        assert load.status == "skipped" and "Abgelehnt von anna" in (load.reason_de or "")
    assert in_force(query) == [1, 2, 3, 4]
    with pytest.raises(NothingHeldError, match=r"kunden\.csv"):
        release(settings, "kunden.csv")


def test_the_share_is_the_sources_own(
    settings: Settings, drop: Drop, query: Query, write_sources: Write
) -> None:
    """A list that turns over says so; a changed share judges anew what waits."""
    drop("kunden.csv", firms(*range(1, 11)), age_days=3)
    ingest(settings, 0)
    drop("kunden.csv", firms(*range(1, 8)), age_days=2)
    assert ingest(settings, 1) == {"kunden.csv": "held"}
    write_sources(SOURCES.replace("    maps:", "    max_share_gone: 0.3\n    maps:"))
    assert ingest(settings, 2) == {"kunden.csv": "loaded"}
    write_sources(SOURCES.replace("    maps:", "    max_share_gone: 1\n    maps:"))
    drop("kunden.csv", HEADER, age_days=1)
    assert ingest(settings, 3) == {"kunden.csv": "loaded"}
    assert in_force(query) == []


@pytest.mark.parametrize("newer", ["nord", "sued"])
def test_two_lists_of_one_night_without_a_common_key_are_united(
    settings: Settings, drop: Drop, query: Query, newer: str
) -> None:
    """Whichever is newer; later each renews its own rows, and losing them waits."""
    drop("kunden_nord.csv", firms(2001), age_days=3 - (newer == "nord"))
    drop("kunden_sued.csv", firms(3001), age_days=3 - (newer == "sued"))
    first = loads_of(settings, 0)
    assert [load.status for load in first] == ["loaded", "loaded"]
    assert [bool(load.notes_de) for load in first] == [False, True]
    assert "Gilt neben kunden_" in first[1].notes_de[0]
    assert in_force(query) == [2001, 3001]
    assert set(ingest(settings, 1).values()) == {"unchanged"}
    drop("kunden_nord.csv", firms(2001, 2002), age_days=1)
    assert ingest(settings, 2) == {"kunden_nord.csv": "loaded", "kunden_sued.csv": "unchanged"}
    assert in_force(query) == [2001, 2002, 3001]
    drop("kunden_sued.csv", HEADER, age_days=0)
    assert ingest(settings, 3)["kunden_sued.csv"] == "held"
    drop("kunden_alle.csv", firms(2001, 2002, 3001, 3002), age_days=-1)
    assert ingest(settings, 4)["kunden_alle.csv"] == "loaded"
    assert in_force(query) == [2001, 2002, 3001, 3002]
    assert ingest(settings, 5)["kunden_sued.csv"] == "superseded"


def test_of_two_versions_of_one_night_the_newer_counts_and_the_loss_is_told(
    settings: Settings, drop: Drop, query: Query
) -> None:
    drop("kunden_a.csv", firms(1, 2, 3, 4, 5), age_days=1)
    drop("kunden_b.csv", firms(5, 6, 7, 8, 9, 10), age_days=2)
    newer, older = loads_of(settings, 0)
    assert (newer.file, newer.status) == ("kunden_a.csv", "loaded")
    assert older.status == "superseded" and older.is_warning
    assert "kunden_a.csv is newer and has 1 of the 6 keys" in older.notes_en[0]
    assert in_force(query) == [1, 2, 3, 4, 5]
    again = loads_of(settings, 1)
    assert [load.is_warning for load in again] == [False, False]


def test_the_same_after_a_kill_between_the_files(
    settings: Settings, drop: Drop, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop("kunden_nord.csv", firms(2001), age_days=3)
    drop("kunden_sued.csv", firms(3001), age_days=2)
    calls = iter(range(9))
    read = inbox_run.read_file

    def die_at_the_second(path: Any) -> Any:
        if next(calls) == 1:
            raise KeyboardInterrupt
        return read(path)

    monkeypatch.setattr(inbox_run, "read_file", die_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        ingest(settings, 0)
    assert in_force(query) == [3001]
    ingest(settings, 0)
    assert in_force(query) == [2001, 3001]


def test_a_night_without_news_reads_no_file(
    settings: Settings, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what is held nor what is older is read again."""
    drop("kunden_1.csv", firms(*range(1, 11)), age_days=9)
    drop("kunden_0.csv", firms(*range(1, 9)), age_days=10)
    ingest(settings, 0)
    drop("kunden_2.csv", HEADER, age_days=8)
    drop("kunden_1b.csv", firms(*range(1, 12)), age_days=8.5)
    ingest(settings, 1)
    monkeypatch.setattr(inbox_run, "read_file", lambda _path: pytest.fail("read again"))
    started = time.perf_counter()
    assert set(ingest(settings, 2).values()) == {"unchanged", "superseded", "held"}
    assert time.perf_counter() - started < 5


def test_an_events_file_that_loses_its_own_rows_waits(
    settings: Settings, drop: Drop, query: Query, write_sources: Write
) -> None:
    """Its rows are replaced under its own name; another file takes nothing away."""
    write_sources(ORDERS_SOURCES)
    drop("auftraege.csv", "Nr;Wert\n" + "".join(f"A{n};1\n" for n in range(10)), age_days=3)
    ingest(settings, 0)
    drop("auftraege.csv", "Nr;Wert\nA1;1\n", age_days=2)
    drop("auftraege_neu.csv", "Nr;Wert\nC1;1\n", age_days=2)
    assert ingest(settings, 1) == {"auftraege.csv": "held", "auftraege_neu.csv": "loaded"}
    assert query("select count(*) from raw.orders") == [(11,)]
    release(settings, "auftraege.csv")
    ingest(settings, 2)
    assert query('select "Nr" from raw.orders order by 1') == [("A1",), ("C1",)]


def test_an_events_file_of_new_rows_only_is_loaded_and_told(
    settings: Settings, drop: Drop, query: Query, write_sources: Write
) -> None:
    """Some programs write what is new under one name; holding it back would stop all news."""
    write_sources(ORDERS_SOURCES)
    drop("auftraege.csv", "Nr;Wert\nA1;1\nA2;1\nA3;1\n", age_days=3)
    ingest(settings, 0)
    drop("auftraege.csv", "Nr;Wert\nB1;1\n", age_days=2)
    (load,) = loads_of(settings, 1)
    assert load.status == "loaded" and "None of the 3 rows" in " ".join(load.notes_en)
    assert query('select "Nr" from raw.orders') == [("B1",)]


def part(file: str, day: int, records: int, kept: int, tonight: bool = False) -> Part:
    return Part(file, file, version(day), records, kept, tonight)


def version(day: int) -> Version:
    return Version(*[datetime.combine(NIGHTS[day], datetime.min.time())] * 2)


@pytest.mark.parametrize(
    ("arriving", "parts", "verdict", "replaces"),
    [
        (Arriving("a", version(1), 5), [], "take", ()),
        (Arriving("b", version(2), 100), [part("a", 1, 100, 80)], "take", ("a",)),
        (Arriving("b", version(2), 100), [part("a", 1, 100, 79)], "hold", ("a",)),
        (Arriving("b", version(2), 1), [part("a", 1, 3, 1)], "take", ("a",)),  # too few to tell
        (Arriving("b", version(2), 0), [part("a", 1, 1, 0)], "hold", ("a",)),
        (Arriving("b", version(2), 0), [part("a", 1, 0, 0)], "take", ("a",)),
        (Arriving("b", version(1), 0), [part("a", 2, 9, 0)], "older", ("a",)),
        (Arriving("b", version(1), 9), [part("a", 2, 9, 9)], "older", ("a",)),
        (Arriving("a", version(1), 9), [part("a", 2, 9, 9)], "take", ("a",)),  # its own name
        (Arriving("b", version(1), 9), [part("a", 2, 9, 0, True)], "take", ()),
        (Arriving("b", version(1), 9), [part("a", 2, 9, 0)], "hold", ("a",)),
        (Arriving("c", version(3), 9), [part("a", 1, 9, 9), part("b", 2, 9, 0)], "take", ("a",)),
    ],
)
def test_judgements(
    arriving: Arriving, parts: list[Part], verdict: str, replaces: tuple[str, ...]
) -> None:
    judged = judge(arriving, parts, 0.2)
    assert (judged.verdict, judged.replaces) == (verdict, replaces)
    assert isinstance(judged, Judgement)
