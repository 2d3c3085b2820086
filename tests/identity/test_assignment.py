"""Two lists that name each firm once: the best for both, told by the data alone."""

import numpy as np
import pandas as pd
import pytest

import identity
from benchmarks import registers
from benchmarks.identity import pairwise
from identity.assignment import best_for_both
from identity.pairs import Pairs


def pairs(source, ends):
    left, right = (np.array(side, dtype=np.int32) for side in zip(*ends, strict=True))
    pattern = np.zeros(len(left), dtype=np.int32)
    return Pairs(np.array(source), left, right, pattern, np.zeros((1, 0), dtype=np.int8), [])


def lists(count):
    """Records 0 to count - 1 of one list, their partners in the other."""
    return [0] * count + [1] * count, [(n, count + n) for n in range(count)]


def test_of_two_rivals_the_one_that_leaves_a_partner_for_the_other_is_chosen():
    source, ends = lists(40)
    # record 0 is as good for partner 41 as for its own, record 1 has only partner 41
    compared = pairs(source, [*ends, (0, 41)])
    probability = np.array([0.95] * 40 + [0.97])
    found = best_for_both(compared, probability)
    assert found[:40].min() >= 0.95
    assert found[-1] < 0.7  # greedy would have taken it: it is the likeliest of all


def test_a_doubtful_pair_that_no_stranger_is_as_good_as_is_raised():
    source, ends = lists(60)
    probability = np.array([0.99] * 50 + [0.5] * 10)
    strangers = [(n, n + 1) for n in range(0, 20, 2)]
    found = best_for_both(
        pairs(source, [*ends, *strangers]), np.concatenate([probability, [0.01] * 10])
    )
    assert found[50:60].min() > 2 / 3
    likely_strangers = np.concatenate([probability, [0.5] * 10])
    found = best_for_both(pairs(source, [*ends, *strangers]), likely_strangers)
    assert found[50:60].max() < 2 / 3


def test_lists_that_repeat_themselves_stay_as_they_are():
    source, ends = lists(60)
    repeated = [(n, n + 1) for n in range(0, 20, 2)]
    probability = np.array([0.9] * 60 + [0.99] * 10)
    compared = pairs(source, [*ends, *repeated])
    assert (best_for_both(compared, probability) == probability).all()


@pytest.mark.parametrize(
    ("by", "precision", "f1"), [("lists", 0.98, 0.98), ("one list", 0.97, 0.97)]
)
def test_two_years_of_a_chambers_list(by, precision, f1):
    records, truth = registers.two_lists(registers.CHAMBER, 0, "chamber", 2, 250)
    if by == "one list":
        records = records.assign(source="list")
    found = identity.resolve(records).set_index("record_id")["customer_id"]
    reached = pairwise(pd.Series(found.loc[records["record_id"]].to_numpy()), truth)
    assert reached[0] >= precision
    assert reached[2] >= f1
