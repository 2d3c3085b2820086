"""JSON of any size: which list is read, what a record becomes, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest import UnreadableFile
from ingest.reading import refusals
from ingest.reading.handover import Handover, collect
from ingest.reading.json_files import read_json
from ingest.reading.tables import Table


def read(tmp_path: Path, content: str) -> list[Table]:
    path = tmp_path / "file.json"
    path.write_text(content, encoding="utf-8")
    handover = Handover(tmp_path)
    read_json(path, handover)
    handover.finish()
    return collect(tmp_path)


def test_the_only_list_of_records_is_read_with_numbers_as_written(tmp_path: Path) -> None:
    (table,) = read(
        tmp_path,
        '{"pages": [1, 2], "rows": [{"x": 1.50, "a": {"b": "ü"}}, {"y": null, "x": -0.10}]}',
    )
    assert table.columns == ["x", "a.b", "y"]
    assert table.rows == [["1.50", "ü", None], ["-0.10", None, None]]
    assert table.row_numbers == [1, 2]


def test_each_of_several_lists_is_a_table_of_its_name(tmp_path: Path) -> None:
    first, second = read(tmp_path, '{"data": {"firms": [{"x": 1}]}, "links": [{"href": "u"}]}')
    assert (first.name, first.rows, first.is_sheet) == ("data.firms", [["1"]], True)
    assert (second.name, second.columns) == ("links", ["href"])


def test_records_line_by_line_whatever_the_name(tmp_path: Path) -> None:
    (table,) = read(tmp_path, '{"x": 1}\n\n{"x": 2, "y": "a"}\n{"x": \n')
    assert (table.columns, table.rows) == (["x", "y"], [["1", None], ["2", "a"]])
    assert [(r.row_number, r.raw_text) for r in table.rejects] == [(4, '{"x":')]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[]", refusals.NOT_JSON),
        ('[{"x": 1}, 2]', refusals.NOT_JSON),
        ('{"a": {"b": [[{"x": 1}]]}}', refusals.NOT_JSON),
        ('[{"x": 1}, {"x": ', refusals.DAMAGED),
        ('[{"x": 1}] and more', refusals.DAMAGED),
    ],
)
def test_what_is_no_list_of_records_is_refused(
    tmp_path: Path, content: str, reason: refusals.Reason
) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read(tmp_path, content)
    assert caught.value.reason == reason
