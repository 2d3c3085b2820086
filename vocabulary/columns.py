"""The columns of `entities.yml`, for rooms that list them: dbt's models and the golden record."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

FILE: Final = Path(__file__).with_name("entities.yml")


def company_columns() -> dict[str, str]:
    """Return the kind (text, number, date, …) of each column of a company record."""
    return dict(_company()["columns"])


def customer_attributes() -> dict[str, str]:
    """Return the kind of each column that customers take over from their records."""
    kept = _company()["of_records"]
    return {name: kind for name, kind in company_columns().items() if name not in kept}


@cache
def _company() -> dict[str, Any]:
    content: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return content["company"]
