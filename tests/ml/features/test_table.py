"""Any table: typed inputs, labels, and mistakes that are named."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.features.table import MISSING, TableError, read_inputs, read_labels, unread
from ml.specs.files import load_spec


def spec(kind="numeric", **target):
    return load_spec({"target": {"column": "y"} | target, "features": {"x": {"type": kind}}})


def test_numbers_written_as_text_are_numbers_and_blanks_are_missing():
    frame = pd.DataFrame({"x": ["1.5", " 2 ", " ", "", None, "n/a", "inf"]})
    numbers = read_inputs(frame, spec())["x"].tolist()
    assert numbers[:2] == [1.5, 2.0]
    assert np.isnan(numbers[2:]).all()


@given(st.lists(st.one_of(st.none(), st.integers(-9, 9), st.booleans(), st.text(max_size=3))))
def test_a_category_is_text_whatever_it_was(values):
    frame = pd.DataFrame({"x": pd.Series(values, dtype=object)})
    read = read_inputs(frame, spec("categorical"))["x"]
    assert all(isinstance(value, str) and value for value in read)


def test_a_category_is_the_same_as_number_and_as_text():
    frame = pd.DataFrame({"x": [1, 1.0, "1", np.nan, None]}, dtype=object)
    read = read_inputs(frame, spec("categorical"))["x"].tolist()
    assert read == ["1", "1", "1", MISSING, MISSING]


@pytest.mark.parametrize(
    ("values", "target", "expected"),
    [
        (["Yes", "No", None], {"positive": True}, [1, 0, np.nan]),  # what YAML makes of Yes
        (["ja", "nein"], {"positive": True}, [1, 0]),
        ([1, 0, 1], {}, [1, 0, 1]),
        ([1.0, 0.0, np.nan], {"positive": 1}, [1, 0, np.nan]),
        ([True, False], {}, [1, 0]),
        (["won", "lost", "open"], {"positive": "won", "negative": "lost"}, [1, 0, np.nan]),
        (["won", "lost", "open"], {"positive": "won"}, [1, 0, 0]),
    ],
)
def test_labels(values, target, expected):
    labels = read_labels(pd.DataFrame({"y": values}), spec(**target))
    np.testing.assert_array_equal(labels, expected)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        ({"z": [1]}, "no column 'x'"),
        ({"x": pd.to_datetime(["2025-01-01"])}, "date"),
        ({"x": ["red", "blue"]}, "categorical"),
    ],
)
def test_a_column_that_does_not_fit_is_named(frame, said):
    with pytest.raises(TableError, match=said):
        read_inputs(pd.DataFrame(frame), spec())


def test_a_positive_value_that_never_comes_is_named_with_those_that_do():
    with pytest.raises(TableError, match=r"'gewonnen'.*'lost', 'won'"):
        read_labels(pd.DataFrame({"y": ["won", "lost"]}), spec(positive="gewonnen"))


def test_a_column_that_is_there_twice_is_named():
    frame = pd.DataFrame([[1, 2]], columns=["x", "x"])
    with pytest.raises(TableError, match="twice"):
        read_inputs(frame, spec())


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["29,85", "1.234,50", "1.234", "n/a", None], [29.85, 1234.5, 1234.0, np.nan, np.nan]),
        (["29.85", "1,234.50", "1.234"], [29.85, 1234.5, 1.234]),
        (["12,50 €", "CHF 99,-", "10 %"], [12.5, 99.0, 0.1]),
        (["1.234", "5.678", "7"], [np.nan, np.nan, 7.0]),  # thousands or decimals: nobody knows
        ([3, "4,5", True], [3.0, 4.5, 1.0]),
    ],
)
def test_numbers_are_read_as_ingest_reads_them(written, read):
    frame = pd.DataFrame({"x": pd.Series(written, dtype=object)})
    assert np.allclose(read_inputs(frame, spec())["x"], read, equal_nan=True)


def test_what_is_not_read_is_told_with_share_and_example():
    frame = pd.DataFrame({"x": ["1,5"] * 6 + ["viel"] * 2 + [None, "-"]})
    assert unread(frame, read_inputs(frame, spec()), spec()) == [
        "x: 25% of the values are no number ('viel'): they count as missing."
    ]
    few = load_spec(
        {
            "target": {"column": "y"},
            "features": {"x": {"type": "numeric"}},
            "preparation": {"unread_share": 0.3},
        }
    )
    assert unread(frame, read_inputs(frame, few), few) == []


DAYS = ["01.03.2026", "2026-03-02", None, "05.03.2026"]


def test_days_left_as_text_are_told_or_count_before_the_rows_day():
    frame = pd.DataFrame({"x": DAYS, "on": pd.to_datetime(["2026-03-11"] * 4)})
    as_text = spec("categorical")
    (told,) = unread(frame, read_inputs(frame, as_text), as_text)
    assert told.startswith("x: 100% of the values are days ('01.03.2026')")
    with pytest.raises(TableError, match=r"is a date \(01\.03\.2026\)"):
        read_inputs(frame, spec())
    dated = load_spec(
        {
            "target": {"column": "y"},
            "features": {"x": {"type": "numeric"}},
            "validation": {"time": "on"},
        }
    )
    numbers = read_inputs(frame, dated)["x"]
    assert np.allclose(numbers, [10, 9, np.nan, 6], equal_nan=True)
    frame["x"] = pd.to_datetime(["2026-03-01", "2026-03-02", None, "2026-03-05"])
    assert np.allclose(read_inputs(frame, dated)["x"], numbers, equal_nan=True)
