"""Groups compared on predictions made by hand: what fails, what does not, what is too small."""

import numpy as np
import pandas as pd
import pytest

from ml.judging.fairness import compare_groups, read_groups
from ml.specs.files import load_spec

SPEC = load_spec({
    "target": {"column": "y"},
    "features": {"x": {"type": "numeric"}},
    "fairness": {"groups": ["country"]},
    "bands": {"why": "-", "high": 60, "medium": 30},
})  # fmt: skip


def company(seed, sizes, shift=None):
    """Customers of several countries whose promises hold; `shift` moves one country's promises."""
    random = np.random.default_rng(seed)
    country = np.repeat(list(sizes), list(sizes.values()))
    odds = random.normal(0, 1.5, len(country))
    outcome = (random.random(len(country)) < 1 / (1 + np.exp(-odds))).astype(float)
    for name, by in (shift or {}).items():
        odds = odds + by * (country == name)
    ids = [f"C{number}" for number in range(len(country))]
    tested = pd.DataFrame(
        {"entity_id": ids, "outcome": outcome, "probability": 1 / (1 + np.exp(-odds))}
    )
    return tested, pd.DataFrame({"entity_id": ids, "country": country})


def failed(found):
    return {(one.value, one.measure) for one in found if one.verdict == "failed"}


def test_a_group_is_an_expression_over_the_customer(marts):
    marts.execute("alter table marts.customers add column country_code varchar")
    marts.execute(
        "insert into marts.customers by name select * from (values ('C1', 'DE'), ('C2', null))"
        " as t(customer_id, country_code)"
    )
    content = {"entity": "customer", "fairness": {"groups": {"c": "lower(customer.country_code)"}}}
    spec = load_spec({"target": {"column": "y"}, "features": {"x": {"type": "numeric"}}} | content)
    assert dict(read_groups(marts, spec).to_numpy()) == {"C1": "de", "C2": "(unknown)"}


def test_alike_groups_fail_in_at_most_one_of_twenty_companies():
    runs = [
        compare_groups(*company(seed, {"DE": 200, "AT": 60, "CH": 60}), SPEC) for seed in range(40)
    ]
    assert sum(bool(failed(run)) for run in runs) <= 2


def test_a_group_called_high_without_reason_fails_and_is_named():
    found = compare_groups(*company(1, {"DE": 400, "AT": 200}, {"AT": 2.0}), SPEC)
    assert {("AT", "selection"), ("AT", "calibration")} <= failed(found)
    (said,) = [
        one.says("customer") for one in found if (one.value, one.measure) == ("AT", "selection")
    ]
    assert said.startswith("country AT: ") and "are called high, of the others" in said
    assert "200 customers" in said


def test_who_truly_leaves_more_often_may_be_called_more_often():
    tested, groups = company(2, {"DE": 600, "AT": 300})
    odds = np.log(tested["probability"] / (1 - tested["probability"])) + 2 * (
        groups["country"] == "AT"
    )
    random = np.random.default_rng(0)
    tested["probability"] = 1 / (1 + np.exp(-odds))
    tested["outcome"] = (random.random(len(tested)) < tested["probability"]).astype(float)
    assert ("AT", "selection") not in failed(compare_groups(tested, groups, SPEC))


def test_a_group_for_which_the_order_is_chance_fails():
    tested, groups = company(3, {"DE": 500, "AT": 400})
    random = np.random.default_rng(0)
    austrian = groups["country"] == "AT"
    tested.loc[austrian, "probability"] = random.permutation(tested.loc[austrian, "probability"])
    assert ("AT", "error") in failed(compare_groups(tested, groups, SPEC))


def test_a_small_group_is_told_as_too_small():
    found = compare_groups(*company(4, {"DE": 300, "CH": 8}, {"CH": 5.0}), SPEC)
    assert {one.verdict for one in found if one.value == "CH"} == {"too small"}
    said = [one.says("customer") for one in found if one.value == "CH"]
    assert said[0] == "country CH: 8 customers, too few to compare by selection"


def test_more_pictures_of_the_same_customers_do_not_fail_a_group():
    """30 customers seen twenty times are 30."""
    for seed in range(10):
        tested, groups = company(seed, {"DE": 40, "AT": 30})
        seen = pd.concat([tested] * 20, ignore_index=True)
        assert not failed(compare_groups(seen, groups, SPEC)), seed


@pytest.mark.parametrize("count", [10, 300])
def test_one_group_alone_can_not_be_compared(count):
    found = compare_groups(*company(5, {"DE": count}), SPEC)
    assert {one.verdict for one in found} == {"too small"}
