"""What may stand in `fetch.yml`, where logins come from, names of files, the seam to CRMs."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import PROJECT_ROOT, ConfigurationError
from crm import CrmUnreachableError
from fetch import CrmTable, FetchRunningError, fetch_all, load_entries, silent_sources
from fetch.parcels import safe_name, safe_path
from fetch.running import _alone

SQL = "a: {kind: sql, connection: c, table: t, file: a.parquet"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("a: {connection: c}", "entry a: `kind` is missing: one of sql, rest"),
        ("a: {kind: sq, connection: c}", "entry a: `kind` is one of sql, rest"),
        (SQL + ", tabel: x}", "entry a: tabel: no such field"),
        ("a: {kind: sql, table: t, file: a.parquet}", "entry a: connection: is missing"),
        (SQL + ", password: x}", "password: no such field"),
        (SQL + ", query: select 1}", "give either `table` or `query`"),
        (SQL + ", start: 1}", "`start` and `overlap` need a `cursor`"),
        ("a: {kind: sql, connection: c, query: delete from t, file: a.parquet}", "fetch only read"),
        ("a: {kind: sql, connection: c, query: select 1, cursor: x, file: a.parquet}", ":since"),
        ("a: {kind: sql, connection: c, table: t, file: ../a.parquet}", "below the inbox"),
        ("a: {kind: sql, connection: c, table: t, file: /a.parquet}", "below the inbox"),
        ("a: {kind: sql, connection: c, table: t, file: .a.parquet}", "below the inbox"),
        ("a: {kind: sql, connection: c, table: t, file: a.csv}", "must end in .parquet"),
        ("a: {kind: rest, connection: c, path: x, file: a.jsonl, headers: {X-Api-Key: k}}",
         "secrets do not stand here"),
        ("a: {kind: folder, folder: exports}", "a full path of this machine"),
        ("a: {kind: folder, folder: /a/../b}", "`..` may not stand"),
        ("a: {kind: mailbox, connection: c, senders: []}", "senders"),
        ("A-b: {kind: folder, folder: /x}", "only small letters, digits and _"),
        ("a: 3", "one entry per name"),
        (SQL + "}\n  b: {kind: sql, connection: c, table: u, file: a.parquet}",
         "a and b both write a.parquet"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(settings, write_entries, entry, problem):
    write_entries(f"  {entry}")
    with pytest.raises(ConfigurationError) as error:
        load_entries(settings)
    assert problem in str(error.value)
    assert "\n" not in str(error.value)


def test_without_a_file_nothing_is_fetched_and_the_projects_own_names_nothing(settings):
    assert fetch_all(settings) == []
    assert load_entries(settings.model_copy(update={"config": PROJECT_ROOT / "config"})) == {}


def test_an_unknown_name_is_told_with_the_nearest(settings, write_entries):
    write_entries(f"  {SQL}}}")
    with pytest.raises(ConfigurationError, match=r"has no entry 'b'; there is a\."):
        fetch_all(settings, ["b"])


def test_two_fetches_of_one_home_do_not_meet(settings, write_entries):
    write_entries(f"  {SQL}}}")
    with _alone(settings), pytest.raises(FetchRunningError, match="wait until it is done"):
        fetch_all(settings)


@given(st.text(min_size=0, max_size=300))
def test_a_name_given_by_others_stays_in_its_folder_and_ingest_reads_it(name):
    safe = safe_name(name)
    assert safe and safe not in (".", "..") and "/" not in safe and "\\" not in safe
    assert "\0" not in safe and not safe.startswith((".", "~$"))
    assert len(safe.encode()) <= 200
    assert safe_name(safe) == safe
    assert ".." not in safe_path(f"a/{name}/../b").split("/")


def test_what_a_crm_gives_becomes_files_and_its_cursor_moves_after_them(
    settings, write_entries, table
):
    write_entries("  crm: {kind: crm, objects: [companies, deals]}")
    asked = []

    def reader(_settings, entry, since):
        asked.append((entry.objects, dict(since)))
        yield CrmTable("companies", [{"id": "7", "name": "Ö"}], is_whole=True)
        yield CrmTable(
            "deals", [] if since else [{"id": 1}], is_whole=False, cursor=lambda: "2026-01-01"
        )

    (first,) = fetch_all(settings, crm_reader=reader)
    assert first.files == ("crm/companies.jsonl", "crm/deals_000001.jsonl")
    assert table("crm/companies.jsonl") == [{"id": "7", "name": "Ö"}]
    (second,) = fetch_all(settings, crm_reader=reader)
    assert second.files == ("crm/companies.jsonl",)
    assert asked == [(("companies", "deals"), {}),
                     (("companies", "deals"), {"deals": "2026-01-01"})]  # fmt: skip


def test_a_crm_that_does_not_answer_says_so_in_its_own_words_and_since_when(
    settings, write_entries
):
    write_entries("  crm: {kind: crm, objects: [companies]}")

    def reader(*_args):
        raise CrmUnreachableError("the CRM sleeps")

    for _night in range(2):
        (result,) = fetch_all(settings, crm_reader=reader)
        assert result.problem == "the CRM sleeps"
    (silent,) = silent_sources(settings)
    assert (silent.name, silent.problem, silent.fetched_at) == ("crm", "the CRM sleeps", None)
    assert silent.since == result.failing_since
    (result,) = fetch_all(settings)
    assert result.problem == "No connector here reads from a CRM: remove the entry."
    fetch_all(settings, crm_reader=lambda *_: [CrmTable("companies", [], is_whole=True)])
    assert silent_sources(settings) == []


def test_a_damaged_memory_is_told_with_what_to_do_and_the_others_go_on(settings, write_entries):
    write_entries(
        "  crm: {kind: crm, objects: [companies]}\n  other: {kind: folder, folder: /nowhere}"
    )
    (settings.home / "fetch").mkdir()
    (settings.home / "fetch" / "crm.json").write_text("{")
    damaged, other = fetch_all(settings)
    assert "remove it, and all of crm is fetched anew" in damaged.problem
    assert "is not there" in other.problem
    assert [one.name for one in silent_sources(settings)] == ["crm", "other"]
    assert (settings.home / "fetch" / "crm.json").read_text() == "{"


def test_importing_the_room_loads_nothing_heavy():
    code = (
        "import sys, fetch, fetch.running, fetch.standing\n"
        "heavy = {'dlt', 'sqlalchemy', 'fsspec', 'paramiko', 'duckdb', 'pyarrow', 'imap_tools'}\n"
        "print(heavy & set(sys.modules))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT_ROOT
    )
    assert told.stdout.strip() == "set()"
