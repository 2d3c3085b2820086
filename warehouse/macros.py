"""The macros by which dbt reads text as values, for code that reads `raw` before a build."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from config import PROJECT_ROOT

READERS: Final = {
    "number": "parse_number",
    "date": "parse_date",
    "timestamp": "parse_timestamp",
    "boolean": "parse_boolean",
}


def typed(column: str, kind: str) -> str:
    """Return the SQL that reads a column of a view `raw.<view>` as staging does.

    Args:
        column: its name; the row's `formats` say how an ambiguous cell is meant.
        kind: as in `vocabulary/entities.yml`; all but number, date, timestamp and boolean is
            text.

    """
    return str(getattr(_macros(), READERS.get(kind, "parse_text"))(column))


@cache
def _macros() -> Any:  # noqa: ANN401 - a Jinja module, its macros are attributes
    import jinja2
    import yaml

    project = PROJECT_ROOT / "dbt_project"
    settings = yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8"))
    environment = jinja2.Environment(autoescape=False)  # noqa: S701 - SQL, not HTML
    text = "".join(
        (project / "macros" / name).read_text(encoding="utf-8")
        for name in ("vocabulary.sql", "parse.sql")
    )
    functions = {"var": settings["vars"].get, "env_var": lambda _name, default: default}
    return environment.from_string(text, globals=functions).module
