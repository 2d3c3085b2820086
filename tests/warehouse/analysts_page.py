"""The questions of docs/how-to/analysts.md and their answers for the sample company.

`python -m tests.warehouse.analysts_page` (`make answers`) writes the answers anew.
"""

from __future__ import annotations

import re
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from config import PROJECT_ROOT, Settings

PAGE = PROJECT_ROOT / "docs" / "how-to" / "analysts.md"
# What the page says of the company: reifegrad sample --customers 80 --months 30 --until 2025-12-31
NIGHT = date(2026, 1, 1)
CUSTOMERS, MONTHS, SEED, LAST_DAY = 80, 30, 1, date(2025, 12, 31)
QUESTION = re.compile(
    r"^(```sql\n(?P<sql>.+?)^```\n)(?P<answer>\n(?:\|[^\n]*\n)+)?", re.DOTALL | re.MULTILINE
)


def publish_sample(home: Path) -> Settings:
    """Make the sample company of the page, score it and publish its marts."""
    from expectations import assess
    from reifegrad import stations

    settings = Settings(home=home, as_of=NIGHT)
    stations.make_sample(settings, CUSTOMERS, MONTHS, SEED, LAST_DAY)
    list(stations.ingest(settings))
    stations.build(settings)
    assess(settings)
    list(stations.score(settings))
    stations.publish(settings)
    return settings


def answered(page: str, published: Path) -> str:
    """Return the page with each question's answer as a table below its SQL."""
    with duckdb.connect(str(published), read_only=True) as connection:
        return QUESTION.sub(
            lambda found: f"{found[1]}\n{_table(connection.sql(found['sql']))}\n", page
        )


def _table(answer: duckdb.DuckDBPyRelation) -> str:
    rows = [answer.columns, ["---"] * len(answer.columns), *answer.fetchall()]
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in rows)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.10g}"
    return "" if value is None else str(value)


def main() -> None:
    """Write the answers into the page."""
    with tempfile.TemporaryDirectory() as folder:
        settings = publish_sample(Path(folder))
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(answered(page, settings.published), encoding="utf-8")


if __name__ == "__main__":
    main()
