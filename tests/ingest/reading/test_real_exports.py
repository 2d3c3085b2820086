"""Files as the programs and people of small and mid-sized companies write them, truth beside.

Shortened by hand, each with the oddity for which its program is known. What is silently wrong here
would be wrong for every customer who uses that program. `real_exports.yml` says how each file of
`real_exports/` should be read: a line per row, its cells set apart by `¦`, line ends in cells as
`␍` and `␊`, the numbers of the rows in quarantine behind `✗`, an empty line between two tables.
Blanks around a cell, which staging drops, are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from config.settings import read_yaml
from ingest import Table

Read = Callable[[Path], list[Table]]

FOLDER = Path(__file__).with_name("real_exports")
EXPORTS: dict[str, str] = read_yaml(FOLDER.with_suffix(".yml"))
# What is not yet read as it should be.
KNOWN_FAULTS = {
    "amazon_report_quotes_nothing.txt": "quotes nothing: a cell that begins with a quote",
    "unquoted_quotation_marks.csv": "quotes nothing: a cell that begins with a quote",
    "names_in_first_column.csv": "a form, its names in the first column, is taken for a table",
    "open_items_by_customer.csv": "the title of a group, above its repeated header, is taken for"
    " a row",
    "titles_of_groups.xlsx": "the title of a group of rows is taken for a row",
}


def written(table: Table) -> str:
    """Write a table as `real_exports.yml` does."""
    lines = ["¦".join((cell or "").strip() for cell in r) for r in (table.columns, *table.rows)]
    lines = [line.replace("\r", "␍").replace("\n", "␊") for line in lines]
    if table.rejects:
        lines.append(" ".join(["✗", *(str(reject.row_number) for reject in table.rejects)]))
    return "\n".join(lines)


def test_every_file_has_its_truth() -> None:
    assert {path.name for path in FOLDER.iterdir()} == EXPORTS.keys() >= KNOWN_FAULTS.keys()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.xfail(strict=True, reason=KNOWN_FAULTS[name]))
        if name in KNOWN_FAULTS
        else name
        for name in EXPORTS
    ],
)
def test_export_is_read_as_its_program_meant_it(name: str, read: Read) -> None:
    assert "\n\n".join(map(written, read(FOLDER / name))) == EXPORTS[name]


@pytest.mark.parametrize("name", ["customers.txt", "customers.csv", "customers"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_list_of_records_is_json_whatever_it_is_called(
    name: str, encoding: str, read: Read, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text('[\n {"Nr": 1, "Firma": "Müller, Meier"},\n {"Nr": 2}\n]', encoding=encoding)
    (found,) = read(path)
    assert (found.columns, found.rows) == (["Nr", "Firma"], [["1", "Müller, Meier"], ["2", None]])
