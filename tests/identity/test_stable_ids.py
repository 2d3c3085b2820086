"""A customer keeps its id over the nights: the laws of the rule in identity/stable_ids.py."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from identity.stable_ids import Membership, find_changes, keep_ids

FIRST = date(2026, 1, 1)
RECORDS = [f"erp:{n}" for n in range(6)]


def night(n):
    return FIRST + timedelta(days=n)


def follow(previous, current, on):
    """Write a night's ids beside the former ones, as `remember_customers` does in SQL."""
    kept = [
        row._replace(until=None if row.until and row.until >= on else row.until)
        for row in previous
        if row.since < on
    ]
    closed = [
        row._replace(until=on)
        if row.until is None and current.get(row.record_id) != row.customer_id
        else row
        for row in kept
    ]
    held = {(row.record_id, row.customer_id) for row in closed if row.until is None}
    return closed + [Membership(*pair, on, None) for pair in current.items() if pair not in held]


class Nights:
    """Nights of one company; `run` returns the customer id of every record."""

    def __init__(self):
        self.state, self.last = [], -1

    def run(self, *clusters, again=False):
        self.last += not again
        groups = [cluster.split() for cluster in clusters]
        ids = keep_ids(groups, self.state, night(self.last))
        current = {r: i for group, i in zip(groups, ids, strict=True) for r in group}
        self.changes = [
            (change.kind, change.old_id, change.new_id)
            for change in find_changes(current, self.state, night(self.last))
        ]
        self.state = follow(self.state, current, night(self.last))
        return current


def test_the_smaller_id_does_not_win_but_the_one_with_more_records():
    nights = Nights()
    ids = nights.run("a", "b c d")
    assert nights.run("a b c d") == dict.fromkeys("abcd", ids["b"])
    assert nights.changes == [("merged", ids["a"], ids["b"])]


def test_of_equally_many_the_larger_id_wins_then_the_older_one():
    nights = Nights()
    ids = nights.run("a b c", "d e")
    assert nights.run("a b d e", "c")["a"] == ids["a"]  # two of three against two of two
    nights = Nights()
    old = nights.run("d")["d"]
    new = nights.run("d", "a")["a"]
    assert nights.run("a d")["a"] == old != new


def test_the_larger_part_keeps_the_id_and_the_other_gets_a_new_one():
    nights = Nights()
    (old,) = set(nights.run("a b c").values())
    ids = nights.run("a", "b c")
    assert ids["b"] == old != ids["a"]
    assert nights.changes == [("split", old, ids["a"])]


def test_of_two_equal_parts_the_one_that_had_the_id_first_keeps_it():
    nights = Nights()
    ids = nights.run("b")
    nights.run("a b")
    assert nights.run("a", "b")["b"] == ids["b"]


def test_merged_and_split_again_both_have_their_ids_back():
    nights = Nights()
    ids = nights.run("a b", "c d e")
    nights.run("a b c d e")
    assert nights.run("a b", "c d e") == ids
    assert sorted(nights.changes) == [
        ("returned", ids["a"], ids["a"]),
        ("split", ids["c"], ids["a"]),
    ]


def test_an_id_whose_records_are_gone_comes_back_with_them():
    nights = Nights()
    ids = nights.run("a b", "c")
    nights.run("c")
    assert nights.changes == [("gone", ids["a"], None)]
    nights.run("c")
    assert nights.changes == []
    assert nights.run("b x", "c")["b"] == ids["a"]
    assert nights.changes == [("returned", ids["a"], ids["a"])]


def test_what_comes_back_renames_nobody_who_stayed():
    nights = Nights()
    ids = nights.run("a b c d")
    nights.run("d")
    returned = nights.run("a b c", "d")
    assert returned["d"] == ids["d"] != returned["a"]


def test_a_former_id_whose_records_come_back_elsewhere_tells_where():
    nights = Nights()
    ids = nights.run("a b", "c")
    nights.run("c")
    assert nights.run("a b c")["a"] == ids["c"]
    assert nights.changes == [("merged", ids["a"], ids["c"])]


def test_records_that_change_sides_are_told():
    nights = Nights()
    ids = nights.run("a b c", "d e")
    assert nights.run("a b", "c d e")["c"] == ids["d"]
    assert nights.changes == [("moved", ids["a"], ids["d"])]


def test_a_night_run_again_starts_from_the_state_before_it():
    nights = Nights()
    ids = nights.run("a", "b c")
    nights.run("a b c")
    assert nights.run("a", "b c", again=True) == ids
    assert nights.changes == []
    nights.run("a b c", again=True)
    assert nights.changes == [("merged", ids["a"], ids["b"])]


def test_what_a_night_called_a_customer_holds_when_it_runs_again():
    nights = Nights()
    ids = nights.run("b c")
    assert nights.run("a b c", again=True)["a"] == ids["b"]


def test_the_first_night_names_a_customer_by_its_first_record():
    assert keep_ids([["erp:2", "crm:9"], ["erp:1"]], [], FIRST) == ["CKAQYIDR3JH", "CFTNFMMXQMV"]


@st.composite
def partitions(draw):
    labels = draw(st.lists(st.integers(-1, 4), min_size=len(RECORDS), max_size=len(RECORDS)))
    groups = {}
    for record, label in zip(RECORDS, labels, strict=True):
        if label >= 0:  # else it is not there tonight
            groups.setdefault(label, []).append(record)
    return list(groups.values())


@st.composite
def histories(draw):
    """Some nights, and the groups of the next one."""
    state = []
    nights = draw(st.lists(partitions(), max_size=4))
    for n, groups in enumerate(nights):
        ids = keep_ids(groups, state, night(n))
        current = {r: i for group, i in zip(groups, ids, strict=True) for r in group}
        state = follow(state, current, night(n))
    return state, night(len(nights)), draw(partitions())


def resolved(groups, state, on):
    ids = keep_ids(groups, state, on)
    assert len(set(ids)) == len(ids)
    return {record: i for group, i in zip(groups, ids, strict=True) for record in group}


@settings(max_examples=50)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(history, random):
    state, on, groups = history
    shuffled = [random.sample(group, len(group)) for group in random.sample(groups, len(groups))]
    assert resolved(groups, state, on) == resolved(shuffled, random.sample(state, len(state)), on)


@settings(max_examples=50)
@given(histories())
def test_the_same_groups_keep_their_ids_whether_the_night_is_the_same_or_the_next(history):
    state, on, groups = history
    current = resolved(groups, state, on)
    after = follow(state, current, on)
    assert resolved(groups, after, on) == current
    assert resolved(groups, after, on + timedelta(days=1)) == current
    assert follow(after, current, on) == after
    assert find_changes(current, after, on) == find_changes(current, state, on)
    assert find_changes(current, after, on + timedelta(days=1)) == []


@settings(max_examples=50)
@given(histories())
def test_a_customer_untouched_keeps_its_id_whatever_happens_elsewhere(history):
    state, on, groups = history
    before = {}
    for row in state:
        if row.until is None:
            before.setdefault(row.customer_id, set()).add(row.record_id)
    current = resolved(groups, state, on)
    for customer, records in before.items():
        if sorted(records) in [sorted(group) for group in groups]:
            assert {current[record] for record in records} == {customer}


@settings(max_examples=50)
@given(histories())
def test_every_id_that_is_no_longer_in_use_is_told(history):
    state, on, groups = history
    current = resolved(groups, state, on)
    changes = find_changes(current, state, on)
    before = {row.customer_id for row in state if row.until is None}
    told = {change.old_id for change in changes if change.kind in ("merged", "gone")}
    assert before - set(current.values()) <= told
    assert not told & set(current.values())
    merged = [change.old_id for change in changes if change.kind == "merged"]
    assert len(merged) == len(set(merged))
    for change in changes:
        assert (change.new_id is None) == (change.kind == "gone")
        assert change.new_id is None or change.new_id in set(current.values())
