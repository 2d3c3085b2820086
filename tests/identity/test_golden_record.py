"""The company's own rules of the golden record: what holds, and what is told of a wrong file."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import PROJECT_ROOT, ConfigurationError, Settings
from identity.golden_record import (
    ATTRIBUTES,
    LAST_RULE,
    RULES,
    attribute_rules,
    load_golden_record,
)
from ingest.mapping.entities import load_entities

SOURCES = """
sources:
  erp:
    files: "erp*.csv"
    kind: snapshot
    maps: {company: {key: [No], columns: {name: Name}}}
"""


def settings(folder: Path, text: str | None) -> Settings:
    (folder / "sources.yml").write_text(SOURCES, encoding="utf-8")
    if text is not None:
        (folder / "golden_record.yml").write_text(text, encoding="utf-8")
    return Settings(home=folder, config=folder)


def test_a_company_without_the_file_has_the_projects_rules(tmp_path: Path) -> None:
    own = load_golden_record(Settings(config=PROJECT_ROOT / "config"))
    assert load_golden_record(settings(tmp_path, None)) == own


def test_every_attribute_has_rules_that_leave_one_record(tmp_path: Path) -> None:
    text = """
trust: [erp]
default: [frequent]
customers:
  groups: {place: {attributes: [city, postcode], rules: [complete, newest]}}
  attributes: {phone: [trusted]}
"""
    rules = {
        (row.entity, row.attribute): row
        for row in attribute_rules(load_golden_record(settings(tmp_path, text)))
    }
    assert set(rules) == {(e, a) for e, attributes in ATTRIBUTES.items() for a in attributes}
    assert rules["customers", "name"].rules == ("frequent", LAST_RULE)
    assert rules["customers", "phone"].rules == ("trusted", LAST_RULE)
    assert rules["customers", "city"][2:] == ("place", True, ("complete", "newest"))
    assert rules["contacts", "email"][2:] == ("email", False, ("frequent", LAST_RULE))


def test_the_attributes_are_those_that_files_can_have() -> None:
    companies = {entity.view: set(entity.columns) for entity in load_entities().values()}
    # of a customer's numbers none survives the others: all are kept (int_customer_numbers)
    assert set(ATTRIBUTES["customers"]) == companies["companies"] - {"other_ids", "customer_no"}
    assert set(ATTRIBUTES["contacts"]) < companies["contacts"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("default: [biggest]", f"default: 'biggest' is no rule; choose of {', '.join(RULES)}"),
        ("trust: [erp]", "default: Field required"),
        ("default: []", "default: Tuple should have at least 1 item"),
        ("default: [newest]\nrules: {}", "rules: this key means nothing here"),
        ("default: [newest]\ntrust: [crm]", "trust: 'crm' is no source of sources.yml"),
        ("default: [newest]\ntrust: [erp, erp]", "trust: 'erp' is named twice"),
        (
            "default: [newest]\ncustomers: {attributes: {zip: [newest]}}",
            "customers.attributes: 'zip' is no attribute; choose of name, street, postcode",
        ),
        (
            "default: [newest]\ncustomers: {attributes: {phone: [newst]}}",
            "customers.attributes.phone: 'newst' is no rule",
        ),
        (
            "default: [newest]\n"
            "contacts: {groups: {a: {attributes: [email, fax], rules: [newest]}}}",
            "contacts.groups.a.attributes: 'fax' is no attribute",
        ),
        (
            "default: [newest]\ncustomers:\n  attributes: {city: [newest]}\n"
            "  groups: {place: {attributes: [city, postcode], rules: [newest]}}",
            "customers.attributes.city: a group has it already",
        ),
        (
            "default: [newest]\ncustomers:\n"
            "  groups: {city: {attributes: [city, postcode], rules: [newest]}}",
            "customers.groups.city: 'city' is an attribute; call the group otherwise",
        ),
        (
            "default: [newest]\ncustomers:\n  groups:\n"
            "    a: {attributes: [city, postcode], rules: [newest]}\n"
            "    b: {attributes: [city, street], rules: [newest]}",
            "customers.groups: 'city' is named twice",
        ),
    ],
)
def test_a_wrong_file_is_told_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        load_golden_record(settings(tmp_path, text), ["erp"])
    message = str(error.value)
    assert message.startswith(str(tmp_path / "golden_record.yml"))
    assert told in message
    assert "\n" not in message
