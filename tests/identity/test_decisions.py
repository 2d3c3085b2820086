"""Decisions of people: they act, hold through third records, and may contradict each other."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from identity.decisions import Decision, Rulings

START = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def decisions(sentences):
    """From "a=b" and "a≠b", each a minute after the one before."""
    for minute, sentence in enumerate(sentences):
        sign = "=" if "=" in sentence else "≠"
        a, b = sorted(sentence.split(sign))
        verdict = "same" if sign == "=" else "different"
        yield Decision(a, b, verdict, START + timedelta(minutes=minute))


def rulings(*sentences):
    return Rulings(decisions(sentences))


def test_a_circle_is_told_by_name_and_the_newest_does_not_act():
    found = rulings("a=b", "b=c", "a≠c")
    assert [it.tell("en") for it in found.contradictions] == ["a ≠ c, but a = b and b = c"]
    assert list(found.same("abc")) == [("a", "b"), ("a", "c")]
    assert list(found.different("abc")) == []
    found = rulings("a=b", "b≠c", "c=d", "a=d")
    assert [it.tell("en") for it in found.contradictions] == [
        "a = d, but a = b and b ≠ c and c = d"
    ]
    assert list(found.different("abcd")) == [("a", "c")]


def test_decisions_hold_through_records_that_are_gone():
    found = rulings("a=b", "b=c", "b≠d")
    assert list(found.same("acd")) == [("a", "c")]
    assert list(found.different("acd")) == [("a", "d")]
    assert list(found.different("ac")) == []
    assert found.is_decided("a", "d")
    assert not found.is_decided("a", "e")


@st.composite
def sentences(draw):
    pairs = st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")).filter(
        lambda pair: pair[0] != pair[1]
    )
    return [
        sign.join(pair)
        for pair, sign in draw(st.lists(st.tuples(pairs, st.sampled_from("=≠")), max_size=12))
    ]


@settings(max_examples=100)
@given(sentences())
def test_what_acts_never_contradicts_itself_and_what_does_not_act_is_told(made):
    found = rulings(*made)
    group = {record: record for record in "abcdef"}
    for a, b in found.same("abcdef"):
        group = {record: group[a] if name == group[b] else name for record, name in group.items()}
    assert all(group[a] != group[b] for a, b in found.different("abcdef"))
    silent = {it.decision for it in found.contradictions}
    for decision in set(decisions(made)) - silent:
        is_same = group[decision.record_a] == group[decision.record_b]
        assert is_same == (decision.verdict == "same")
    for contradiction in found.contradictions:
        assert all(other not in silent for other in contradiction.others)
        signs = [other.verdict for other in contradiction.others]
        expected = 0 if contradiction.decision.verdict == "different" else 1
        assert signs.count("different") == expected
