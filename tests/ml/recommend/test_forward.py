"""The test forward in time, and the gate that reads it."""

import numpy as np
import pytest

from ml.recommend.forward import cutoffs, walk_forward
from ml.recommend.gate import figures, judge
from tests.ml.recommend.shop import customers_with_tastes, facts_of, make_spec


@pytest.fixture
def quick(tmp_path):
    """Fewer articles in the tests than ten fit into a hit list: the first three count."""
    return make_spec(tmp_path, gate={"hit_at": 3})


def passed(tested, spec):
    return {finding.check: finding.passed for finding in judge(tested, spec.gate)}


def test_ease_passes_where_articles_belong_together(connection, quick):
    facts = facts_of(connection, quick, customers_with_tastes(120))
    tested = walk_forward(facts, quick)
    assert passed(tested, quick) == {"size": True, "rules": True}
    measured = figures(tested)
    assert measured["new_ease"] > measured["new_popular"] + 0.2


def test_it_passes_with_fifty_customers_too(connection, quick):
    facts = facts_of(connection, quick, customers_with_tastes(50))
    assert passed(walk_forward(facts, quick), quick) == {"size": True, "rules": True}


def test_it_fails_where_chance_alone_buys(connection, quick):
    rng = np.random.default_rng(5)
    rows = [(f"C{n:03d}", f"A{rng.integers(40):02d}", int(rng.integers(0, 540)))
            for n in range(120) for _purchase in range(12)]  # fmt: skip
    tested = walk_forward(facts_of(connection, quick, rows), quick)
    assert passed(tested, quick) == {"size": True, "rules": False}


def test_it_does_not_pass_where_groups_tell_as_much(connection, quick):
    """The plain way that knows the product groups is the baseline, too."""
    rows = customers_with_tastes(120, share=1.0)
    goods = [(f"A{n:02d}", "", f"Taste {n // 10}", True) for n in range(40)]
    tested = walk_forward(facts_of(connection, quick, rows, goods=goods), quick)
    assert passed(tested, quick) == {"size": True, "rules": False}


def test_few_customers_prove_nothing(connection, quick):
    tested = walk_forward(facts_of(connection, quick, customers_with_tastes(20)), quick)
    assert passed(tested, quick)["size"] is False


def test_too_short_a_history_has_no_test(connection, quick):
    facts = facts_of(connection, quick, customers_with_tastes(20, days=250))
    assert cutoffs(facts, quick) == []


def test_looks_are_taken_where_they_tell_more(connection, quick):
    """What the firms look at is what they will buy; their purchases of before are chance."""
    rng = np.random.default_rng(7)
    rows, looks = [], []
    for number in range(150):
        name = f"C{number:03d}"
        rows += [(name, f"B{rng.integers(30):02d}", int(d)) for d in rng.integers(0, 540, 6)]
        for begin in range(0, 540, 90):
            topic = rng.integers(6)
            looks.append((name, f"/topic-{topic}", begin + 80))
            rows += [(name, f"A{topic * 6 + n}", begin + 95 + n) for n in range(2)
                     if begin < 450]  # fmt: skip
    tested = walk_forward(facts_of(connection, quick, rows, looks=looks), quick)
    measured = figures(tested)
    assert tested.with_signals.weight > 0
    assert measured["new_ease_with_signals"] > measured["new_ease"]


def test_a_purchase_after_the_cutoff_changes_no_recommendation_before_it(connection, quick):
    """The figures of the earlier cut-off stay, whatever is bought after its horizon."""
    rows = customers_with_tastes(80)
    before = walk_forward(facts_of(connection, quick, rows), quick).new
    early = before[before["cutoff"] == before["cutoff"].min()]
    edge = int(early["cutoff"].iloc[0]) + 90 - 19723  # day 0 of the tests is 19,723 since 1970
    assert len(early)
    last = max(d for _c, _a, d in rows)
    noise = [(f"C{n:03d}", f"A{(n * 7) % 40:02d}", edge + n % (last - edge)) for n in range(80)]
    after = walk_forward(facts_of(connection, quick, rows + noise), quick).new
    late = after[after["cutoff"] == early["cutoff"].iloc[0]]
    assert late["popular"].tolist() == early["popular"].tolist()
    assert late["ease"].tolist() == early["ease"].tolist()
