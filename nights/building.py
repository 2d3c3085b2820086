"""One build of the customers: what people decided before it, what the next night knows after it."""

from __future__ import annotations

import logging

import warehouse
from config import Settings
from desk import take_kept
from identity.golden_record import load_golden_record
from identity.memory import remember_customers
from identity.reviewing import renew_list, take_lists
from ingest import load_sources
from ingest.mapping.views import renew_outdated_views
from report import take_corrections
from report.calls import keep_rules, load_lists, take_feedback
from warehouse import BuildResult, open_warehouse

logger = logging.getLogger(__name__)


def build(settings: Settings, *, full_refresh: bool = False) -> BuildResult:
    """Take over people's decisions, build the marts, and keep what the next night needs.

    Raises:
        ConfigurationError: `golden_record.yml` is wrong.
        BuildFailedError: a model or test failed, or nothing was ingested yet.
        WarehouseLockedError: another process holds the warehouse.

    """
    take_decisions(settings)
    result = build_models(settings, full_refresh=full_refresh)
    remember(settings)
    return result


def build_models(settings: Settings, *, full_refresh: bool = False) -> BuildResult:
    """Build and test the marts, from views of the raw data that have this version's columns.

    Raises:
        BuildFailedError: a model or test failed, or nothing was ingested yet.
        WarehouseLockedError: another process holds the warehouse.

    """
    if renew_outdated_views(settings):  # after an upgrade; an ingest would have done so
        logger.info("the views of the raw data lacked columns of this version: written anew")
    return warehouse.build(settings, full_refresh=full_refresh)


def take_decisions(settings: Settings) -> None:
    """Take over what people filled in in lists; to be done before a build.

    Those of `review/`, the lists of the day, and what was said on the pages while a night worked.

    Raises:
        ConfigurationError: `golden_record.yml` or `lists.yml` is wrong; told now rather than in
            dbt's log.

    """
    load_golden_record(settings, load_sources(settings).sources)
    take_kept(settings)
    with open_warehouse(settings) as connection:
        taken = take_lists(connection, settings.review)
        for problem in (line for found in taken.values() for line in found.problems):
            logger.warning("%s", problem)
        take_corrections(connection, settings)
        lists = load_lists(settings)
        take_feedback(connection, settings, lists)
        keep_rules(connection, lists)


def remember(settings: Settings) -> None:
    """Keep what the next night must know of the customers that were just built and tested.

    Then write the list of what people should look at.
    """
    with open_warehouse(settings) as connection:
        remember_customers(connection, settings.night, settings.language)
        connection.execute("insert or ignore into ops.built_nights values (?)", [settings.night])
        renew_list(connection, settings.review, settings.night)
