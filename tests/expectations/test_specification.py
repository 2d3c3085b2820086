from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from config import PROJECT_ROOT, ConfigurationError, read_yaml
from expectations.specification import load_audit, load_use_cases

GOOD: dict[str, Any] = {
    "title_de": "Angebote",
    "title_en": "Offers",
    "decision_de": "Welches Angebot?",
    "decision_en": "Which offer?",
    "stages": {
        1: {
            "description_de": "Regeln",
            "description_en": "Rules",
            "expectations": [
                {
                    "name": "industry_known",
                    "type": "complete",
                    "mart": "customers",
                    "id": "customer_id",
                    "column": "industry",
                    "mostly": 0.8,
                    "reason": "because",
                    "todo_de": "{unmet} von {total}",
                    "todo_en": "{unmet} of {total}",
                }
            ],
        }
    },
}


def _write(folder: Path, change: dict[str, Any] | None = None, **top: Any) -> Path:
    content = yaml.safe_load(yaml.safe_dump(GOOD | top))
    expectation = content["stages"][max(content["stages"])]["expectations"][0]
    for field, value in (change or {}).items():
        expectation[field] = value
        if value is None:
            del expectation[field]
    (folder / "offers.yml").write_text(yaml.safe_dump(content))
    return folder


def test_the_projects_own_files_are_valid() -> None:
    names = [case.name for case in load_use_cases(PROJECT_ROOT / "expectations")]
    assert {"churn", "lead_scoring"} <= set(names)
    assert "audit" not in names
    assert load_audit(PROJECT_ROOT / "expectations").expectations


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reason": None}, "say why this threshold"),
        ({"type": "compleet"}, "no type 'compleet'"),
        ({"column": None}, "needs `column`"),
        ({"type": "rows", "column": None}, "needs `at_least`"),
        ({"type": "in_set"}, "needs `values`"),
        ({"todo_de": "{wieviele} fehlen"}, "knows no {wieviele}"),
        ({"todo_de": "{unmet:fehlt}"}, "knows no {unmet:fehlt}"),
        ({"mart": None}, "either `mart` or `query`"),
        ({"query": "select 1"}, "either `mart` or `query`"),
        ({"mostly": 1.2}, "`mostly`"),
        ({"mostli": 0.8}, "`mostli`"),
    ],
)
def test_an_error_names_file_stage_expectation_and_remedy(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        load_use_cases(_write(tmp_path, change))
    message = str(error.value)
    assert "offers.yml, line " in message
    assert ", stage 1, expectation industry_known" in message
    assert said in message
    assert "\n" not in message


def test_stages_without_a_gap(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="without a gap"):
        load_use_cases(_write(tmp_path, stages={2: GOOD["stages"][1]}))


def test_a_name_is_there_once(tmp_path: Path) -> None:
    stages = {1: GOOD["stages"][1], 2: GOOD["stages"][1]}
    with pytest.raises(ConfigurationError, match=r"industry_known: the name is there twice"):
        load_use_cases(_write(tmp_path, stages=stages))


def test_a_folder_without_use_cases(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no"):
        load_use_cases(tmp_path)


@pytest.mark.parametrize(
    ("change", "marts"),
    [
        ({"column": "industry"}, {"customers"}),
        ({"column": "last_order_on"}, {"customers", "orders"}),
        ({"where": "order_count > 0"}, {"customers", "orders"}),
        ({"where": "reorder_count > 0"}, {"customers"}),
        (
            {
                "mart": None,
                "query": "select customer_id, industry from marts.leads join marts.tickets",
            },
            {"leads", "tickets"},
        ),
        (
            {"mart": None, "query": "select * from marts.customers where first_order_on is null"},
            {"customers", "orders"},
        ),
    ],
)
def test_an_expectation_rests_on_the_marts_that_fill_its_columns(
    tmp_path: Path, change: dict[str, Any], marts: set[str]
) -> None:
    """Where the orders did not come, what customers have from them says nothing of customers."""
    (case,) = load_use_cases(_write(tmp_path, change))
    ((_, expectation),) = case.checks
    assert expectation.marts == marts


SHARED = """\
half:
  reason: half is the floor
industry_known:
  like: half
  type: complete
  mart: customers
  id: customer_id
  column: industry
  todo_de: "{unmet} fehlen für Stufe {stage}"
  todo_en: "{unmet} are missing for stage {stage}"
"""


def _share(folder: Path, item: str, shared: str = SHARED) -> Path:
    head = yaml.safe_dump(GOOD | {"stages": None}).replace("stages: null\n", "")
    (folder / "offers.yml").write_text(
        f"{head}stages:\n  1:\n    description_de: Regeln\n    description_en: Rules\n"
        f"    expectations:\n      - {item}\n"
    )
    (folder / "shared.yml").write_text(shared)
    return folder


def test_a_shared_check_has_the_fields_of_both_and_the_stage_in_its_text(tmp_path: Path) -> None:
    (case,) = load_use_cases(_share(tmp_path, "industry_known: {mostly: 0.4}"))
    ((_, item),) = case.checks
    assert (item.name, item.mart, item.mostly) == ("industry_known", "customers", 0.4)
    assert (item.reason, item.todo_en) == (
        "half is the floor",
        "{unmet} are missing for stage 1",
    )
    assert item.line == 10
    (case,) = load_use_cases(_share(tmp_path, "industry_known"))
    assert [item.mostly for _, item in case.checks] == [1]
    (case,) = load_use_cases(_share(tmp_path, "{name: own, like: industry_known, reason: mine}"))
    assert [(item.name, item.reason) for _, item in case.checks] == [("own", "mine")]


@pytest.mark.parametrize(
    ("item", "old", "new", "said"),
    [
        (
            "industry_nown: {mostly: 0.4}",
            "",
            "",
            "offers.yml, line 10: there is no check",
        ),
        ("industry_nown", "", "", "there is no check industry_nown in"),
        ("industry_known", "like: half", "like: industry_known", "or it is like itself"),
        (
            "industry_known: {mostly: 4}",
            "",
            "",
            "offers.yml, line 10, stage 1, ",
        ),
        (
            "industry_known: {mostli: 1}",
            "",
            "",
            "offers.yml, line 10, stage 1, ",
        ),
        (
            "industry_known",
            "id: customer_id",
            "id: [a]",
            "shared.yml, line 7, stage 1, expect",
        ),
        (
            "industry_known",
            "reason: half",
            "reasn: half",
            "shared.yml, line 2, stage 1, expect",
        ),
        ("industry_known", SHARED, "industry_known: 1", "shared.yml, line 1: industry_known needs"),
    ],
)
def test_an_error_is_told_where_it_stands_here_or_in_the_shared_file(
    tmp_path: Path, item: str, old: str, new: str, said: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        load_use_cases(_share(tmp_path, item, SHARED.replace(old, new) if old else SHARED))
    assert said in str(error.value)


def test_a_missing_shared_file_is_named(tmp_path: Path) -> None:
    _share(tmp_path, "industry_known")
    (tmp_path / "shared.yml").unlink()
    with pytest.raises(ConfigurationError, match=r"shared\.yml is missing"):
        load_use_cases(tmp_path)


def test_the_projects_shared_checks_are_each_named_twice_or_more() -> None:
    folder = PROJECT_ROOT / "expectations"
    shared = read_yaml(folder / "shared.yml")
    files = [path for path in folder.glob("*.yml") if path.stem != "sources"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    named = {name: len(re.findall(rf"(?m)(?:- |like: ){name}\b", text)) for name in shared}
    assert {name for name, count in named.items() if count < 2} == set()
    why = [fields[key] for fields in shared.values() for key in ("reason",) if key in fields]
    assert len(why) == len(set(why))
