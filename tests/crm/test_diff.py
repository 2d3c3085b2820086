"""The comparison between what should be shown and what is shown."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import PROJECT_ROOT, ConfigurationError, Settings
from crm import Change, CrmConfig, GuardError, Record, Row, Score, find_changes, load_config
from crm.diff import check_plausible

CONFIG = load_config(Settings(config=PROJECT_ROOT / "config"))
KEYS = st.sampled_from([f"C{i}" for i in range(8)])
SCORES = st.builds(
    Score,
    points=st.integers(0, 3),
    band=st.sampled_from(["high", "medium", "low"]),
    reasons=st.sampled_from(["", "Lange keine Bestellung."]),
    scored_on=st.dates(date(2026, 1, 1), date(2026, 1, 3)),
)
ROWS = st.dictionaries(KEYS, st.none() | SCORES).map(
    lambda d: [Row(key=k, score=s, master={"name": k}) for k, s in d.items()]
)
RECORDS = st.dictionaries(KEYS, st.tuples(st.none() | SCORES, st.booleans())).map(
    lambda d: {k: Record(key=k, crm_id=k, score=s, is_active=a) for k, (s, a) in d.items()}
)
WRITTEN = st.sets(KEYS)


def config(**values: object) -> CrmConfig:
    return CrmConfig(**(CONFIG.model_dump() | values))


def apply(records: dict[str, Record], changes: list[Change]) -> dict[str, Record]:
    after = dict(records)
    for change in changes:
        if change.action == "skip":
            continue
        new = Score(**change.new_values) if change.new_values else None
        old = records.get(change.key, Record(key=change.key, crm_id=change.key, score=None))
        after[change.key] = old.model_copy(update={"score": new})
    return after


@given(ROWS, RECORDS, WRITTEN)
def test_after_the_push_the_crm_shows_just_what_it_should(rows, records, written):
    after = apply(
        records, find_changes("parties", rows, records, config=CONFIG, written_before=written)
    )
    wanted = {row.key: row.score for row in rows}
    for key, record in after.items():
        expected = wanted.get(key) if record.is_active else None
        assert (record.score is None) == (expected is None)
        if record.score and expected:
            assert record.score.says_the_same(expected)


@given(ROWS, RECORDS, WRITTEN)
def test_a_second_push_changes_nothing(rows, records, written):
    first = find_changes("parties", rows, records, config=CONFIG, written_before=written)
    # The ledger knows from then on what the first push has written.
    known = written | {c.key for c in first if c.action != "skip"}
    second = find_changes(
        "parties", rows, apply(records, first), config=CONFIG, written_before=known
    )
    again = {c.key for c in second if c.action != "skip"}
    deleted = {c.key for c in first if c.reason == "deleted in the CRM"}
    assert not again - deleted


@given(ROWS, RECORDS, WRITTEN)
def test_every_row_is_told_once_and_only_new_records_get_master_data(rows, records, written):
    changes = find_changes("parties", rows, records, config=CONFIG, written_before=written)
    assert [c.key for c in changes[: len(rows)]] == [row.key for row in rows]
    assert len({c.key for c in changes}) == len(changes)
    for change in changes:
        assert (change.action == "create") == (change.master is not None)
        assert change.action != "create" or change.key not in records
        assert (
            change.action == "skip"
            or change.old_values != change.new_values
            or (change.action == "create")
        )


def test_a_new_date_alone_is_no_change():
    old = Score(points=70, band="high", reasons="Still.", scored_on=date(2026, 1, 1))
    new = old.model_copy(update={"scored_on": date(2026, 1, 2)})
    records = {"C1": Record(key="C1", crm_id="7", score=old)}
    (change,) = find_changes("parties", [Row(key="C1", score=new)], records, config=CONFIG)
    assert (change.action, change.reason) == ("skip", "unchanged")
    assert change.new_values == change.old_values


def test_what_a_person_deleted_stays_deleted_unless_the_crm_is_a_new_one():
    rows = [Row(key=f"C{i}", score=None) for i in range(3)]
    records = {"C0": Record(key="C0", crm_id="1", score=None)}
    written = {"C0", "C1"}
    actions = [
        (c.action, c.reason)
        for c in find_changes("parties", rows, records, config=CONFIG, written_before=written)
    ]
    assert actions == [("skip", "no score"), ("skip", "deleted in the CRM"), ("create", None)]
    fresh = find_changes("parties", rows, {}, config=CONFIG, written_before=written)
    assert {c.action for c in fresh} == {"create"}
    released = config(recreate_deleted=True)
    again = find_changes("parties", rows, records, config=released, written_before=written)
    assert [c.action for c in again] == ["skip", "create", "create"]


def test_creation_can_be_forbidden_and_needs_the_customer():
    row = Row(key="L1", score=None, parent="C1")
    no = config(create={"parties": True, "opportunities": False})
    reasons = [
        find_changes("opportunities", [row], {}, config=no, parents={"C1"})[0].reason,
        find_changes("opportunities", [row], {}, config=CONFIG, parents=set())[0].reason,
    ]
    assert reasons == [
        "not in the CRM, and crm.yml does not allow creating",
        "its customer is not in the CRM",
    ]
    assert find_changes("opportunities", [row], {}, config=CONFIG, parents={"C1"})[0].action == (
        "create"
    )


def records_and_rows(count: int, cleared: int = 0, moved: int = 0):
    high = Score(points=90, band="high", reasons="", scored_on=date(2026, 1, 1))
    low = high.model_copy(update={"points": 1, "band": "low"})
    records = {f"C{i}": Record(key=f"C{i}", crm_id="1", score=high) for i in range(count)}
    wanted = [None] * cleared + [low] * moved + [high] * (count - cleared - moved)
    return records, [Row(key=k, score=s) for k, s in zip(records, wanted, strict=True)]


@pytest.mark.parametrize(
    ("count", "cleared", "moved", "word"),
    [(100, 21, 0, "cleared"), (100, 0, 51, "another band"), (20, 20, 0, "cleared")],
)
def test_the_guard_stops_what_is_not_plausible(count, cleared, moved, word):
    records, rows = records_and_rows(count, cleared, moved)
    changes = find_changes("parties", rows, records, config=CONFIG)
    with pytest.raises(GuardError, match=rf"{word}.*--dry-run.*--force"):
        check_plausible("parties", changes, records, CONFIG.guard)


@pytest.mark.parametrize(("count", "cleared", "moved"), [(100, 20, 50), (19, 19, 0), (0, 0, 0)])
def test_the_guard_lets_an_ordinary_night_pass(count, cleared, moved):
    records, rows = records_and_rows(count, cleared, moved)
    changes = find_changes("parties", rows, records, config=CONFIG)
    check_plausible("parties", changes, records, CONFIG.guard)


def test_a_wrong_value_in_crm_yml_is_named(tmp_path):
    text = (PROJECT_ROOT / "config" / "crm.yml").read_text(encoding="utf-8")
    (tmp_path / "crm.yml").write_text(text.replace("batch_size: 200", "batch_size: 0"))
    with pytest.raises(ConfigurationError, match="batch_size"):
        load_config(Settings(config=tmp_path))
