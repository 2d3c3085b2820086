"""What of the files cannot be used: columns that cannot be read, references that meet no key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    import duckdb


class UnreadColumn(BaseModel):
    """A column of which more cells than allowed cannot be read, as in the newest of its files.

    `files`: of how many files in force that is true.
    """

    model_config = ConfigDict(frozen=True)

    source: str
    file: str
    files: int
    found_de: str
    found_en: str


class UnmetReference(BaseModel):
    """Rows of a source that name records that no file holds.

    `is_told`: more than allowed, or another writing would meet; else it is only shown.
    """

    model_config = ConfigDict(frozen=True)

    source: str
    is_told: bool
    found_de: str
    found_en: str
    todo_de: str
    todo_en: str


UNREAD: Final = """
select source, arg_max(file, (modified_at, file)) as file, count(distinct file) as files,
    arg_max(found_de, (modified_at, file)) as found_de,
    arg_max(found_en, (modified_at, file)) as found_en
from ops.unread_cells
inner join ops.source_files using (source, load_id)
where is_unread
group by source, file_columns
order by source, file_columns
"""
UNMET: Final = """
select source, is_told, found_de, found_en, todo_de, todo_en
from ops.unmet_references
where unmet > 0
order by is_told desc, source, entity, column_name
"""


def read_unread(connection: duckdb.DuckDBPyConnection) -> list[UnreadColumn]:
    """Read the columns of the files in force that cannot be read."""
    rows = connection.execute(UNREAD).fetchall()
    names = list(UnreadColumn.model_fields)
    return [UnreadColumn.model_validate(dict(zip(names, row, strict=True))) for row in rows]


def read_unmet(connection: duckdb.DuckDBPyConnection) -> list[UnmetReference]:
    """Read the references that meet no key, those to be told first."""
    rows = connection.execute(UNMET).fetchall()
    names = list(UnmetReference.model_fields)
    return [UnmetReference.model_validate(dict(zip(names, row, strict=True))) for row in rows]
