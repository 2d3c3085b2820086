"""The gate of segments."""

import numpy as np
import pandas as pd
import pytest

from ml.segment.clusters import fit_clusters
from ml.segment.judging import explained, judge_stability, judge_worth
from ml.segment.training import is_drifted


def test_stable_segments_pass_and_noise_does_not(customers, spec):
    table, shares = customers
    assert judge_stability(fit_clusters(table, shares, spec.behaviour), spec.behaviour).passed
    random = np.random.default_rng(0)
    shape = (300, 5)
    noise = pd.DataFrame(random.normal(10, 1, shape), columns=list(spec.behaviour.traits))
    fit = fit_clusters(noise, pd.DataFrame(index=noise.index), spec.behaviour)
    finding = judge_stability(fit, spec.behaviour)
    assert not finding.passed
    assert "stability 0." in finding.says


def test_segments_must_tell_more_of_the_next_sales_than_the_groups(customers, spec):
    table, shares = customers
    groups = {name: f"group {number % 5}" for number, name in enumerate(table.index)}
    by_kind = table["amount"] / 8
    assert judge_worth(table, shares, by_kind, groups, spec.behaviour).passed
    random = np.random.default_rng(0)
    by_chance = pd.Series(random.uniform(1, 1000, len(table)), index=table.index)
    assert not judge_worth(table, shares, by_chance, groups, spec.behaviour).passed
    by_group = pd.Series([int(groups[one][-1]) * 100.0 for one in table.index], index=table.index)
    assert not judge_worth(table, shares, by_group, groups, spec.behaviour).passed


def test_explained_share_is_near_zero_for_many_groups_by_chance():
    random = np.random.default_rng(0)
    values = random.normal(size=300)
    assert abs(explained(values, random.integers(0, 60, 300))) < 0.1
    assert explained(np.arange(300.0) // 100, np.arange(300) // 100) == pytest.approx(1)
    assert explained(np.ones(5), np.arange(5)) == 0


def test_customers_have_drifted_only_when_surely_more_than_the_share_are_far():
    assert not is_drifted(0, 0, 0.03)
    assert not is_drifted(3, 60, 0.03)  # 5 %, but that may be chance
    assert is_drifted(60, 1000, 0.03)
