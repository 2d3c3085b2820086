"""Which night a run is of: told once, and the same whenever a task of it runs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

from config import ConfigurationError, Settings
from nights.dates import night_of, settle

BERLIN = Settings(timezone="Europe/Berlin")
DUE = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def context(night=None, events=(), logical=None, due=DUE):
    return {
        "params": {"night": night},
        "triggering_asset_events": {f"asset{n}": [event] for n, event in enumerate(events)},
        "dag_run": SimpleNamespace(logical_date=logical, run_after=due),
    }


def told(night):
    return SimpleNamespace(extra={"night": night})


BY_HAND = SimpleNamespace(extra={})  # an event made in Airflow's page


@pytest.mark.parametrize(
    ("known", "night"),
    [
        # the clock's runs: the logical date in the company's zone
        (context(logical=datetime(2026, 3, 2, 1, tzinfo=UTC)), date(2026, 3, 2)),
        (context(logical=datetime(2026, 3, 1, 23, 30, tzinfo=UTC)), date(2026, 3, 2)),
        (context(logical=datetime(2026, 3, 1, 22, 30, tzinfo=UTC)), date(2026, 3, 1)),
        (context(logical=datetime(2026, 7, 1, 22, 30, tzinfo=UTC)), date(2026, 7, 2)),
        # made up for days later: still the night that was missed
        (context(logical=DUE, due=DUE + timedelta(days=3)), date(2026, 3, 2)),
        # by hand, without a logical date
        (context(due=datetime(2026, 3, 1, 23, 30, tzinfo=UTC)), date(2026, 3, 2)),
        (context(night="2026-01-15", logical=DUE), date(2026, 1, 15)),
        # started by assets: their night, though it is past midnight
        (context(events=[told("2026-03-01")]), date(2026, 3, 1)),
        (context(events=[told("2026-02-28"), told("2026-03-01"), BY_HAND]), date(2026, 3, 1)),
        (context(events=[BY_HAND]), date(2026, 3, 2)),
        (context(night="2026-01-15", events=[told("2026-03-01")]), date(2026, 1, 15)),
    ],
)
def test_a_run_tells_its_night(known, night):
    assert night_of(BERLIN, known) == night


def test_a_fixed_day_of_the_settings_counts_for_the_clocks_runs_only():
    fixed = Settings(as_of=date(2010, 12, 10))
    assert night_of(fixed, context(logical=DUE)) == date(2010, 12, 10)
    assert night_of(fixed, context(events=[told("2010-12-01")])) == date(2010, 12, 1)
    assert night_of(fixed, context(night="2010-12-02")) == date(2010, 12, 2)


def test_a_command_that_begins_before_midnight_ends_as_that_night(monkeypatch):
    class Clock(datetime):
        at = datetime(2026, 3, 1, 22, 59, tzinfo=UTC)  # 23:59 in Berlin

        @classmethod
        def now(cls, tz=None):
            return cls.at.astimezone(tz)

    monkeypatch.setattr("config.settings.datetime", Clock)
    monkeypatch.setattr("nights.dates.datetime", Clock)
    settings = settle(BERLIN)
    Clock.at += timedelta(minutes=2)
    assert BERLIN.night == date(2026, 3, 2)
    assert settings.night == date(2026, 3, 1)
    assert settle(BERLIN, date(2026, 2, 1)).night == date(2026, 2, 1)
    assert settle(BERLIN, date(2026, 3, 2)).night == date(2026, 3, 2)
    with pytest.raises(ConfigurationError, match="2026-03-03 is yet to come; today is 2026-03-02"):
        settle(BERLIN, date(2026, 3, 3))


def test_a_night_to_come_is_refused():
    with pytest.raises(ConfigurationError, match="yet to come"):
        night_of(BERLIN, context(night="9999-01-01"))
