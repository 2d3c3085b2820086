"""The run over messy files: read, refused, crashed or too slow."""

from __future__ import annotations

from benchmarks.ingest_messy import LIMIT_SECONDS, Reading, files_below, read


def test_a_file_is_read_refused_or_crashes(tmp_path):
    good = tmp_path / "good.csv"
    good.write_text("Nr;Name\n1;Müller\n2;Lang\n3;zu;viel\n", encoding="utf-8")
    empty = tmp_path / "empty.csv"
    empty.touch()
    one = read(good, "de")
    assert (one.outcome, one.tables, one.rows, one.rejects) == ("read", 1, 2, 1)
    refused = read(empty, "en")
    assert refused.outcome == "refused"
    assert refused.text.startswith("The file holds no data.")
    gone = read(tmp_path / "gone.csv", "de")
    assert gone.outcome == "crashed"
    assert [reading.is_failure for reading in (one, refused, gone)] == [False, False, True]


def test_a_slow_file_is_a_failure(tmp_path):
    assert Reading(tmp_path, "read", LIMIT_SECONDS + 0.1).is_failure


def test_licences_and_readmes_are_no_data(tmp_path):
    for name in ("LICENSE.txt", "README.md", "b.csv", "a.xlsx"):
        (tmp_path / name).touch()
    assert [path.name for path in files_below([tmp_path])] == ["a.xlsx", "b.csv"]
