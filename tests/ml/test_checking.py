"""`reifegrad models check` names every mistake of a score's YAML with its line."""

import pandas as pd
import pytest

from config import PROJECT_ROOT
from ml.checking import check_spec

CHURN = (PROJECT_ROOT / "models/churn.yml").read_text(encoding="utf-8")
TABLE = """target: {column: bought, positive: "Yes"}
features:
  size: {type: numeric}
  colour: {type: categorical}
"""


@pytest.fixture
def churn(tmp_path):
    return tmp_path / "churn.yml"


def said(findings, level):
    return [finding.says for finding in findings if finding.level == level]


def line_of(text, part):
    return text[: text.index(part)].count("\n") + 1


def test_every_mistake_of_the_form_is_named_with_its_line(firm, tmp_path):
    path = tmp_path / "sale.yml"
    path.write_text(TABLE.replace("numeric", "number").replace("column: bought", "colum: bought"))
    found = said(check_spec(firm, path), "error")
    assert len(found) == 3  # target.column missing, target.colum unknown, features.size.type
    assert any("sale.yml, line 3: features.size.type" in problem for problem in found)
    assert any("sale.yml, line 1: target.colum" in problem for problem in found)


def test_each_feature_whose_sql_fails_is_named_with_its_line(firm, churn):
    broken = CHURN.replace("usual_gap(list(known_on))", "usual_gab(list(known_on))")
    broken = broken.replace("kind in ('email_open'", "kin in ('email_open'")
    churn.write_text(broken)
    found = said(check_spec(firm, churn), "error")
    assert len(found) == 3
    gap = line_of(broken, "sql: usual_gab(")
    assert any(f"churn.yml, line {gap}: features.usual_gap_days.sql" in line for line in found)


def test_a_derived_feature_that_fails_is_named_when_all_others_work(firm, churn):
    broken = CHURN.replace("(orders_quarter + 0.5)", "(orders_quartr + 0.5)")
    churn.write_text(broken)
    (problem,) = said(check_spec(firm, churn), "error")
    line = line_of(broken, "sql: (orders_quartr")
    assert f"churn.yml, line {line}: features.order_trend.sql" in problem


def test_a_rule_that_is_no_sql_is_named_with_its_line(firm, churn):
    part = "when: silence_ratio > 2 and days_silent > longest_gap_days and days_silent > 180"
    churn.write_text(CHURN.replace(part, part.replace("180", "oft"), 1))
    (problem,) = said(check_spec(firm, churn), "error")
    assert f"churn.yml, line {line_of(CHURN, part)}: rules.stage_1.0.when" in problem


def test_a_right_spec_tells_what_it_would_do(firm, churn):
    churn.write_text(CHURN)
    found = check_spec(firm, churn)
    assert said(found, "error") == []
    assert any("would be scored tonight" in line for line in said(found, "ok"))
    assert any("known outcome" in line for line in said(found, "ok"))
    notes = said(found, "warning")
    # The tiny firm has no interactions: nobody reads a newsletter.
    assert any("features.engagement_quarter: the same in all rows" in note for note in notes)
    assert any("rules.stage_2" in note and "hold for nobody" in note for note in notes)


def test_a_spec_of_any_table_is_checked_against_the_table(firm, tmp_path):
    path = tmp_path / "sale.yml"
    path.write_text(TABLE)
    good = pd.DataFrame({"bought": ["Yes", "No"], "size": ["1", "2"], "colour": ["red", "red"]})
    assert said(check_spec(firm, path, good), "error") == []
    assert any("features.colour" in line for line in said(check_spec(firm, path, good), "warning"))
    wrong = good.drop(columns="size").assign(bought="maybe")
    found = said(check_spec(firm, path, wrong), "error")
    assert any("features.size" in problem for problem in found)
    assert any("target.positive" in problem for problem in found)


def test_the_command_names_mistakes_and_fails(firm, tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from reifegrad.cli import app

    monkeypatch.setenv("REIFEGRAD_HOME", str(firm.home))
    monkeypatch.setenv("REIFEGRAD_LANGUAGE", "en")
    path, table = tmp_path / "sale.yml", tmp_path / "sale.csv"
    path.write_text(TABLE.replace("size:", "length:"))
    table.write_text("bought;size;colour\nYes;1;red\nNo;2;blue\n")
    failed = CliRunner().invoke(app, ["models", "check", str(path), "--table", str(table)])
    assert failed.exit_code == 1
    assert "features.length" in failed.stdout
    path.write_text(TABLE)
    assert (
        CliRunner().invoke(app, ["models", "check", str(path), "--table", str(table)]).exit_code
        == 0
    )


def test_the_command_try_shows_how_good_a_model_would_be(tmp_path, table, monkeypatch):
    from typer.testing import CliRunner

    from reifegrad.cli import app

    monkeypatch.setenv("REIFEGRAD_LANGUAGE", "en")
    path, file = tmp_path / "sale.yml", tmp_path / "sale.csv"
    path.write_text(TABLE)
    table[["bought", "size", "colour"]].to_csv(file, index=False)
    shown = CliRunner().invoke(app, ["models", "try", str(path), "--table", str(file)])
    assert shown.exit_code == 0, shown.output
    assert "(chosen)" in shown.stdout
