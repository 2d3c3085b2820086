"""The one clock of training and scoring: the day to which the data reach, and earlier cut-offs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

import duckdb

from config.language import _
from ml.features.querying import quoted, run
from ml.features.table import NotEnoughDataError
from ml.specs.sections import Snapshots
from ml.specs.spec import Spec


class Reach(NamedTuple):
    """From which day the data reach up to (not including) which."""

    first: date
    until: date

    @property
    def days(self) -> int:
        """How many days that is."""
        return (self.until - self.first).days


def find_reach(connection: duckdb.DuckDBPyConnection, spec: Spec, night: date) -> Reach | None:
    """Ask the columns of `snapshots.clock` how far the data reach before the night.

    With several columns the latest day of any of them counts: a lead's steps tell that its file is
    fresh, also in weeks without a new lead. None if there is no clock or nothing is dated.
    """
    clock = spec.snapshots.clock if spec.snapshots else ()
    if not clock:
        return None
    spans = " union all ".join(
        f"select min({quoted(column)})::date as first, max({quoted(column)})::date + 1 as until"
        f" from marts.{quoted(mart)} where {quoted(column)} < date '{night}'"
        for mart, column in (name.split(".") for name in clock)
    )
    found = run(
        connection,
        spec,
        "snapshots.clock",
        f"select min(first) as first, max(until) as until from ({spans})",
    ).iloc[0]
    if found.isna().any():
        return None
    return Reach(found["first"].date(), found["until"].date())


def find_cutoffs(reach: Reach | None, spec: Spec, snapshots: Snapshots) -> list[date]:
    """Return the cut-offs whose label is known, oldest first.

    Raises:
        NotEnoughDataError: the history is too short for one.

    """
    needed = snapshots.history_days + snapshots.horizon_days
    if reach is None or reach.days < needed:
        raise NotEnoughDataError(
            _(
                "{name}: {clock} reaches over {history} days, a first cut-off needs"
                " {needed}: load older files, or lower history_days in {file}."
            ).format(
                name=spec.name,
                clock=", ".join(snapshots.clock),
                history=reach.days if reach else 0,
                needed=needed,
                file=spec.file,
            )
        )
    last = reach.until - timedelta(days=snapshots.horizon_days)
    step = timedelta(days=snapshots.every_days or 1)
    oldest = reach.first + timedelta(days=snapshots.history_days)
    wanted = (last - index * step for index in range(snapshots.at_most))
    return sorted(cutoff for cutoff in wanted if cutoff >= oldest)


def find_as_of(connection: duckdb.DuckDBPyConnection, spec: Spec, night: date) -> date:
    """Return the cut-off of tonight's scores: the day after the last one that the data reach.

    Counted from the night, a file that comes late would make everybody look silent. Without a
    clock, or without any data, it is the night.
    """
    reach = find_reach(connection, spec, night)
    return reach.until if reach else night


def tell_age(spec: Spec, cutoffs: Iterable[date], night: date) -> str:
    """Say it when the data that scores were counted from are old; else an empty text."""
    snapshots, as_of = spec.snapshots, max(cutoffs, default=night)
    days = (night - as_of).days
    if snapshots is None or days <= snapshots.stale_days:
        return ""
    return _(
        ", as of {as_of}: {clock} reaches no further, {days} days before the night; is a"
        " file missing?"
    ).format(as_of=as_of, clock=", ".join(snapshots.clock), days=days)
