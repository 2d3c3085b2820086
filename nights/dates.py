"""Which night a run is of: settled once when it begins, so that all it writes speaks of one day.

A night that began before midnight ends as that night; one that is run again speaks of its own day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from config import ConfigurationError, Settings
from config.language import _

# The name of the DAGs' parameter, and of what an asset's event carries to the next DAG.
NIGHT_KEY: Final = "night"


def settle(settings: Settings, asked: date | None = None) -> Settings:
    """Return the settings with the night settled, for a command that begins now.

    Args:
        settings: as loaded.
        asked: the night that a person asks for; else that of the settings, else today in the
            company's zone.

    Raises:
        ConfigurationError: the night that was asked for is yet to come.

    """
    night = _not_to_come(settings, asked) if asked else settings.night
    return settings.model_copy(update={"as_of": night})


def night_of(settings: Settings, context: Mapping[str, Any]) -> date:
    """Tell which night a run of a DAG is of; the same whenever its tasks are run.

    Args:
        settings: as loaded.
        context: Airflow's, of a task. In this order count: the parameter `night`; the newest night
            that the events of assets tell which started the run; `REIFEGRAD_AS_OF`; the day of the
            logical date, or where a run has none of when it was due, in the company's zone.

    Raises:
        ConfigurationError: the night that the parameter names is yet to come.

    """
    if asked := context["params"].get(NIGHT_KEY):
        return _not_to_come(settings, date.fromisoformat(asked))  # Airflow takes nothing but a day
    events = (
        event for of_asset in context["triggering_asset_events"].values() for event in of_asset
    )
    # An event that somebody made by hand in Airflow's page tells none.
    if told_nights := [event.extra[NIGHT_KEY] for event in events if NIGHT_KEY in event.extra]:
        return max(date.fromisoformat(night) for night in told_nights)
    if settings.as_of:
        return settings.as_of
    run = context["dag_run"]
    moment: datetime = run.logical_date or run.run_after
    return moment.astimezone(ZoneInfo(settings.timezone)).date()


def _not_to_come(settings: Settings, night: date) -> date:
    """Refuse a night to come: customers' ids would be remembered since a day that never was."""
    today = datetime.now(ZoneInfo(settings.timezone)).date()
    if night > today:
        raise ConfigurationError(
            _("The night {night} is yet to come; today is {today}.").format(
                night=night, today=today
            )
        )
    return night
