"""The macros by which dbt reads text as values, for code that reads `raw` before a build."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from config import PROJECT_ROOT

PROJECT: Final = PROJECT_ROOT / "dbt_project"
READERS: Final = {
    "number": "parse_number",
    "date": "parse_date",
    "timestamp": "parse_timestamp",
    "boolean": "parse_boolean",
}


def typed(column: str, kind: str, written: str | None = None) -> str:
    """Return the SQL that reads a column of a view `raw.<view>` as staging does.

    Args:
        column: its name.
        kind: as in `vocabulary/entities.yml`; all but number, date, timestamp and boolean is
            text.
        written: the format of numbers and dates (`comma`, `dmy` …), which says how an ambiguous
            cell is meant; without it the row's `formats` do.

    """
    read = getattr(_macros(), READERS.get(kind, "parse_text"))
    return str(read(column, f"'{written}'") if written else read(column))


def is_placeholder(column: str) -> str:
    """Return the SQL that tells whether a cell only says that nothing is known."""
    return str(_macros().is_placeholder(column))


@cache
def units() -> tuple[str, ...]:
    """Return the units that may stand behind a number, as patterns."""
    return tuple(_project()["vars"]["units"])


@cache
def _macros() -> Any:  # noqa: ANN401 - a Jinja module, its macros are attributes
    import jinja2

    environment = jinja2.Environment(autoescape=False)  # noqa: S701 - SQL, not HTML
    text = "".join(
        (PROJECT / "macros" / name).read_text(encoding="utf-8")
        for name in ("vocabulary.sql", "parse.sql")
    )
    functions = {"var": _project()["vars"].get, "env_var": lambda _name, default: default}
    return environment.from_string(text, globals=functions).module


@cache
def _project() -> dict[str, Any]:
    import yaml

    content: dict[str, Any] = yaml.safe_load((PROJECT / "dbt_project.yml").read_text("utf-8"))
    return content
