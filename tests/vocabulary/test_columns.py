"""A customer's columns are declared once: what is made of it; nothing lists them again."""

from __future__ import annotations

import re

import jinja2
import pytest

from config import PROJECT_ROOT
from vocabulary import columns, seeds
from vocabulary.columns import company_columns, customer_attributes

MODELS = PROJECT_ROOT / "dbt_project"
LOOPS = [
    "snapshots/snap_customers.sql",
    "models/staging/stg_inbox__companies.sql",
    "models/intermediate/int_cells_counted.sql",
    "models/intermediate/int_customer_attributes_ranked.sql",
    "models/intermediate/int_customers_merged.sql",
    "models/marts/customers.sql",
    "models/marts/customer_history.sql",
    "models/marts/customer_360.sql",
]


def macro(text: str, name: str, *kind: str) -> list[str]:
    environment = jinja2.Environment(autoescape=False)
    module = environment.from_string(text).module
    return str(getattr(module, name)(*kind)).split()


def test_the_macros_say_what_is_declared() -> None:
    text = (MODELS / "macros" / "columns.sql").read_text(encoding="utf-8")
    assert macro(text, "company_columns") == list(company_columns())
    assert macro(text, "customer_attributes") == list(customer_attributes())
    for kind in {*company_columns().values(), "boolean"}:
        expected = [name for name, found in customer_attributes().items() if found == kind]
        assert macro(text, "customer_attributes", kind) == expected


def test_a_declared_column_reaches_the_macros(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = columns._company() | {"columns": company_columns() | {"legal_form_code": "text"}}
    monkeypatch.setattr(columns, "_company", lambda: declared)
    text = seeds.files()[MODELS / "macros" / "columns.sql"]
    assert macro(text, "company_columns", "text")[-1] == "legal_form_code"
    assert macro(text, "customer_attributes")[-1] == "legal_form_code"


@pytest.mark.parametrize("path", LOOPS)
def test_no_model_lists_the_columns_again(path: str) -> None:
    text = (MODELS / path).read_text(encoding="utf-8")
    assert "customer_attributes(" in text or "company_columns(" in text
    for column in ("registration_no", "account_manager", "customer_since"):
        named = re.findall(rf"\b{column}\b", text)
        assert len(named) <= (path.endswith("customer_360.sql") and column == "registration_no")
