"""The comparison between what should be shown and what is shown."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import PROJECT_ROOT, ConfigurationError, Settings
from crm import Change, GuardError, Record, Row, Score, load_config
from crm.diff import find_changes
from crm.fields import differing, is_scored
from crm.guards import check_fresh, check_plausible
from crm.matching import Match

CONFIG = load_config(Settings(config=PROJECT_ROOT / "config"))
KEYS = st.sampled_from([f"C{i}" for i in range(8)])
SCORES = st.builds(
    Score,
    points=st.integers(0, 3),
    band=st.sampled_from(["high", "medium", "low"]),
    reasons=st.sampled_from(["Lange keine Bestellung.", "Zwei Reklamationen."]),
    scored_on=st.dates(date(2026, 1, 1), date(2026, 1, 3)),
    valid_until=st.just(date(2026, 1, 9)),
)
VALUES = st.builds(lambda score: score.values if score else {}, st.none() | SCORES)
ROWS = st.dictionaries(KEYS, st.none() | SCORES).map(
    lambda d: [Row(key=k, score=s, master={"name": k}) for k, s in d.items()]
)
RECORDS = st.dictionaries(KEYS, st.tuples(VALUES, st.booleans())).map(
    lambda d: {k: Record(crm_id=k, values=v, is_active=a) for k, (v, a) in d.items()}
)


def compare(rows: list[Row], records: dict[str, Record], **options: object) -> list[Change]:
    """Compare, with records whose id is the key of their row."""
    match = Match(records={row.key: [records[row.key]] for row in rows if row.key in records})
    shown = {crm_id: record for crm_id, record in records.items() if is_scored(record.values)}
    return find_changes(
        "parties",
        rows,
        match,
        shown,
        **({"may_create": True} | options),  # type: ignore[arg-type]
    )


def apply(records: dict[str, Record], changes: list[Change]) -> dict[str, Record]:
    after = dict(records)
    for change in changes:
        if change.writes:
            old = records.get(change.key, Record(crm_id=change.key))
            after[change.key] = old.model_copy(update={"values": old.values | change.writes})
    return after


@given(ROWS, RECORDS)
def test_after_the_push_the_crm_shows_just_what_it_should(rows, records):
    after = apply(records, compare(rows, records))
    wanted = {row.key: row.score for row in rows}
    for key, record in after.items():
        expected = wanted.get(key) if record.is_active else None
        assert is_scored(record.values) == (expected is not None)
        if expected:
            assert differing(record.values, expected.values) <= {"scored_on"}


@given(ROWS, RECORDS)
def test_a_second_push_changes_nothing(rows, records):
    after = apply(records, compare(rows, records))
    assert not [change for change in compare(rows, after) if change.writes]


@given(ROWS, RECORDS)
def test_every_row_is_told_once_and_only_new_records_get_master_data(rows, records):
    changes = compare(rows, records)
    assert [c.key for c in changes[: len(rows)]] == [row.key for row in rows]
    assert len({c.key for c in changes}) == len(changes)
    for change in changes:
        assert (change.action == "create") == (change.master is not None)
        assert change.action != "create" or change.key not in records
        assert (change.action in ("skip", "conflict")) == (not change.writes)


@given(ROWS, RECORDS, RECORDS)
def test_a_field_that_a_person_changed_stays_theirs(rows, before, now):
    written = {crm_id: record.values for crm_id, record in before.items()}
    changes = compare(rows, now, last_written=written)
    after = apply(now, changes)
    for change in changes:
        if change.key in written and change.key in now:
            theirs = differing(written[change.key], now[change.key].values)
            for name in theirs:
                shown = after[change.key].values.get(name)
                wanted = next((r.score for r in rows if r.key == change.key), None)
                kept = now[change.key].values.get(name)
                is_active = now[change.key].is_active
                same = wanted.values.get(name) if wanted and is_active else None
                assert shown in (kept, same)
                assert (name in change.kept) == (same != kept)


def test_a_persons_edit_is_a_conflict_and_an_objection_clears_it_all_the_same():
    ours = Score(points=70, band="high", reasons="Still.", scored_on=date(2026, 1, 1))
    edited = ours.values | {"band": "low"}
    records = {"C1": Record(crm_id="C1", values=edited)}
    written = {"C1": ours.values}
    (change,) = compare([Row(key="C1", score=ours)], records, last_written=written)
    assert (change.action, change.kept) == ("conflict", ("band",))
    assert change.reason == "changed by a person: Band"
    newer = ours.model_copy(update={"points": 80})
    (change,) = compare([Row(key="C1", score=newer)], records, last_written=written)
    assert (change.action, change.writes, change.kept) == ("change", {"points": 80}, ("band",))
    assert change.new_values["band"] == "low"
    objected = Row(key="C1", score=None, has_objected=True)
    (change,) = compare([objected], records, last_written=written)
    assert (change.action, change.kept, change.new_values) == ("clear", (), None)


def test_a_new_date_alone_is_no_change_until_the_score_runs_out():
    old = Score(
        points=70, band="high", reasons="Still.",
        scored_on=date(2026, 1, 1), valid_until=date(2026, 1, 8),
    )  # fmt: skip
    records = {"C1": Record(crm_id="C1", values=old.values)}
    for day, expected in ((2, "skip"), (7, "skip"), (8, "change")):
        new = old.model_copy(
            update={"scored_on": date(2026, 1, day), "valid_until": date(2026, 1, day + 7)}
        )
        (change,) = compare([Row(key="C1", score=new)], records)
        assert change.action == expected
    assert change.reason == "still valid"
    assert change.writes == {"scored_on": "2026-01-08", "valid_until": "2026-01-15"}


def test_the_crms_own_blanks_and_line_ends_are_no_difference():
    assert not differing({"reasons": "a\nb"}, {"reasons": "a \r\nb\n"})
    assert not differing({"next_step": None}, {"next_step": ""})


def test_only_what_is_allowed_is_created():
    row = Row(key="L1", score=None, parent="C1")
    told = [
        find_changes("opportunities", [row], Match(), {}, may_create=may, parents=parents)[0]
        for may, parents in ((False, {"C1"}), (True, set()), (True, {"C1"}))
    ]
    assert [(change.action, change.reason) for change in told] == [
        ("skip", "not in the CRM, and crm.yml does not allow creating"),
        ("skip", "its customer is not in the CRM"),
        ("create", None),
    ]


def records_and_rows(count: int, cleared: int = 0, moved: int = 0, **newer: object):
    high = Score(points=90, band="high", reasons="", scored_on=date(2026, 1, 1), stage=2)
    low = high.model_copy(update={"points": 1, "band": "low"})
    new = high.model_copy(update=newer)
    records = {f"C{i}": Record(crm_id=f"C{i}", values=high.values) for i in range(count)}
    wanted = [None] * cleared + [low] * moved + [new] * (count - cleared - moved)
    return records, [Row(key=k, score=s) for k, s in zip(records, wanted, strict=True)]


@pytest.mark.parametrize(
    ("count", "cleared", "moved", "newer", "word"),
    [
        (100, 21, 0, {}, "cleared"),
        (100, 0, 51, {}, "another band"),
        (20, 20, 0, {}, "cleared"),
        (100, 0, 49, {"stage": 3}, "another maturity stage"),
    ],
)
def test_the_guard_stops_what_is_not_plausible(count, cleared, moved, newer, word):
    records, rows = records_and_rows(count, cleared, moved, **newer)
    changes = compare(rows, records)
    with pytest.raises(GuardError, match=rf"{word}.*--dry-run.*--force"):
        check_plausible("parties", changes, CONFIG.guard)


@pytest.mark.parametrize(("count", "cleared", "moved"), [(100, 20, 50), (19, 19, 0), (0, 0, 0)])
def test_the_guard_lets_an_ordinary_night_pass(count, cleared, moved):
    records, rows = records_and_rows(count, cleared, moved)
    check_plausible("parties", compare(rows, records), CONFIG.guard)


def test_scores_that_nobody_made_anew_are_not_pushed():
    _records, rows = records_and_rows(1)
    check_fresh("parties", rows, date(2026, 1, 8), CONFIG.guard)
    with pytest.raises(GuardError, match=r"of 2026-01-01, more than 7 days ago"):
        check_fresh("parties", rows, date(2026, 1, 9), CONFIG.guard)


def test_a_wrong_value_in_crm_yml_is_named(tmp_path):
    text = (PROJECT_ROOT / "config" / "crm.yml").read_text(encoding="utf-8")
    for wrong, name in (("batch_size: 0", "batch_size"), ("fields: {point: x}", "fields")):
        (tmp_path / "crm.yml").write_text(text + wrong)
        with pytest.raises(ConfigurationError, match=name):
            load_config(Settings(config=tmp_path))


def test_values_that_a_merge_brought_from_another_record_of_ours_are_no_persons_change():
    then, other, now = (
        Score(points=p, band="low", reasons="r", scored_on=date(2026, 1, 1)) for p in (1, 2, 3)
    )
    record = Record(crm_id="8", values=other.values)  # merged, it shows what record 7 showed
    written = {"7": other.values, "8": then.values}
    row = Row(key="C1", score=now)
    for match in (
        Match(records={"C1": [record]}, former={"8": ["7"]}),
        Match(records={"C1": [record]}, gone=["7"]),  # a CRM that does not say into what
    ):
        (change,) = find_changes("parties", [row], match, {}, may_create=True, last_written=written)
        assert (change.action, change.kept) == ("change", ())
    alone = Match(records={"C1": [record]})
    (change,) = find_changes("parties", [row], alone, {}, may_create=True, last_written=written)
    assert change.kept == ("points",)
    edited = Record(crm_id="8", values=other.values | {"points": 77})
    merged = Match(records={"C1": [edited]}, former={"8": ["7"]}, gone=["7"])
    (change,) = find_changes("parties", [row], merged, {}, may_create=True, last_written=written)
    assert change.kept == ("points",)
