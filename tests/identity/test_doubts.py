"""Which pairs a person is asked about, and the evidence in words."""

import pandas as pd

from identity.comparisons import COMPARISONS
from identity.doubts import rules
from identity.resolve import resolve_with_doubts
from tests.identity.test_decisions import decisions
from tests.identity.test_resolve import TEN


def test_every_degree_has_its_words_in_both_languages():
    assert set(rules()["evidence"]) == {comparison.name for comparison in COMPARISONS}
    for comparison in COMPARISONS:
        for words in rules()["evidence"][comparison.name].values():
            assert len(words) == 1 + len(comparison.prior_m), comparison.name


def doubts(records, *sentences):
    frame = resolve_with_doubts(records, decisions(sentences), [], pd.Timestamp.max.date())[1]
    return {(a, b): row for a, b, *row in frame.itertuples(index=False, name=None)}


def test_what_is_neither_sure_nor_unlikely_is_asked_with_its_evidence():
    found = doubts(TEN)
    assert list(found) == [("list:1", "list:2")]
    probability, german, english = found["list:1", "list:2"]
    assert 0.1 < probability <= 0.5
    assert german.startswith("Name gleich (+3,")
    assert english.startswith("Name the same (+3.")


def test_what_a_person_decided_is_not_asked_again():
    assert doubts(TEN, "list:1=list:2") == {}
    assert doubts(TEN, "list:1≠list:2") == {}


def test_a_number_that_everybody_has_answers_no_question():
    own = TEN.assign(vat_id="DE136695976")  # the company's own, in every row of its files
    own["name"] = [f"{name} {chr(97 + n) * 3}" for n, name in enumerate(TEN["name"])]
    assert doubts(own).keys() == doubts(own.drop(columns="vat_id")).keys() != set()


def test_of_more_doubts_than_are_kept_those_that_cost_most_are(monkeypatch):
    names = ["Berta Kern", "Berta Kern", "Carl Otto", "Karl Otto"]
    rows = [(f"list:{n}", "list", name) for n, name in enumerate(names, start=3)]
    records = pd.concat([TEN, pd.DataFrame(rows, columns=["record_id", "source", "name"])])
    every = doubts(records)
    assert len(every) == 3
    # two pairs were joined: 2 (1 - p); one of a single name was left apart: p
    dearest = max(every, key=lambda pair: min(every[pair][0], 2 * (1 - every[pair][0])))
    monkeypatch.setitem(rules(), "max_kept", 1)
    assert doubts(records) == {dearest: every[dearest]}
    assert doubts(records, "list:5≠list:6") != {}  # what is settled takes nobody's place
