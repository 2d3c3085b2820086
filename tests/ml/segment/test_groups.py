"""Groups of customers with the same attributes."""

from hypothesis import given
from hypothesis import strategies as st

from ml.segment.groups import OTHER, group_customers


def _rows(**counts):
    """Customers named after their attributes, so many of each."""
    return {
        f"{name}{number}": name.split("_")
        for name, count in counts.items()
        for number in range(count)
    }


def test_a_combination_that_too_few_share_loses_its_last_attribute():
    found = group_customers(_rows(Bau_klein=6, Bau_gross=5, Chemie_klein=2), at_least=5)
    assert set(found.values()) == {"Bau · klein", "Bau · gross", OTHER}
    found = group_customers(_rows(Bau_klein=3, Bau_gross=3), at_least=5)
    assert set(found.values()) == {"Bau"}


def test_a_blank_attribute_ends_the_combination():
    rows = {"a": ["Bau", None, "7"], "b": ["Bau", "", "7"], "c": [None, "klein", "7"]}
    assert group_customers(rows, at_least=2) == {"a": "Bau", "b": "Bau", "c": OTHER}


def test_a_group_of_last_night_stays_though_one_customer_less_is_in_it():
    rows = _rows(Bau_klein=9)
    assert set(group_customers(rows, 10).values()) == {OTHER}
    assert set(group_customers(rows, 10, {"Bau · klein"}, 0.8).values()) == {"Bau · klein"}
    assert set(group_customers(_rows(Bau_klein=7), 10, {"Bau · klein"}, 0.8).values()) == {OTHER}


attribute = st.sampled_from(["x", "y", "z", None])


@given(st.dictionaries(st.text("abcdef", min_size=1), st.lists(attribute, min_size=3, max_size=3)))
def test_every_customer_is_in_one_group_and_all_groups_are_large_enough(rows):
    found = group_customers(rows, at_least=3)
    assert set(found) == set(rows)
    names = list(found.values())
    assert all(names.count(name) >= 3 for name in set(names) - {OTHER})
