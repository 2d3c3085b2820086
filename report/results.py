"""What the last night came to, as the command line and the report show it."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from fetch.standing import Silent
from report.unusable import UnmetReference


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class LoadedFile(_Frozen):
    """The last load of one file and sheet, and how the file was found in the last night.

    `in_force_since`: when the rows in the warehouse were loaded; after a failure those of an
    earlier version. `standing`: new | changed | unchanged | gone (no longer in the inbox).
    `unread`: its columns of which too many cells cannot be read.
    """

    file: str
    sheet: str | None
    source: str | None
    standing: str | None
    changed_on: date | None
    status: str
    rows_found: int
    rows_loaded: int
    rows_quarantined: int
    loaded_at: datetime
    in_force_since: datetime | None
    reason_de: str | None
    reason_en: str | None
    notes_de: tuple[str, ...]
    notes_en: tuple[str, ...]
    unread: tuple[str, ...] = ()


class OverdueSource(_Frozen):
    """A source that did not come although it was expected."""

    source: str
    last_night: date | None
    reason_de: str
    reason_en: str


class OpenFormat(_Frozen):
    """A column with values that can be read in more than one way; `example` is one of them."""

    source: str
    entity: str
    column_name: str
    format: str
    example: str | None
    values_for: int
    values_against: int


class QuarantineGroup(_Frozen):
    """Rows of one file in quarantine for the same reason, and the numbers of the first of them."""

    file: str
    sheet: str | None
    rows: int
    first_rows: tuple[int, ...]
    reason_de: str
    reason_en: str


class ScoreGroup(_Frozen):
    """The scores in force of one use, counted by band; `auc` is the model's, out of sample.

    `alarms` are what the last watch found: `auc`, `calibration` or inputs that moved, as people
    call them. Of a model, `meaning` says what its points mean, and `expected_amount` is the sum of
    what is at stake (euros), called `expected_title`. `as_of`: the day up to which the data
    reached; `is_old`: that is longer ago than the score's YAML allows in silence
    (`snapshots.stale_days`).
    """

    score: str
    title: str
    entity: str
    night: str
    as_of: date | None = None
    is_old: bool = False
    stage: int
    method: str
    model_version: str | None
    auc: float | None = None
    meaning: str | None = None
    expected_title: str | None = None
    expected_amount: float | None = None
    alarms: tuple[str, ...] = ()
    high: int
    medium: int
    low: int


class PushGroup(_Frozen):
    """What the last push wrote into one target of the CRM."""

    connector: str
    target: str
    pushed_at: datetime
    created: int
    changed: int
    cleared: int


class PushProblem(_Frozen):
    """Why the last push failed. Times are UTC; `failing_since`: the first that failed in a row."""

    connector: str
    problem: str
    failing_since: datetime
    failed_at: datetime


class ProposalGroup(_Frozen):
    """The proposals of one use case: how many wait for people, and what went out last.

    `shown`: those that stand beside a customer without a release; `control`: left alone by chance.
    """

    use_case: str
    waiting: int
    released: int
    shown: int = 0
    control: int = 0
    sent_on: date | None = None
    sent: int = 0


class Overview(_Frozen):
    """Everything that `reifegrad status` tells.

    `night`: the night that it describes. `held`: the process that holds the warehouse, where this
    is the overview kept from an earlier read; else None.
    """

    night: date | None = None
    held: str | None = None

    files: tuple[LoadedFile, ...] = ()
    overdue: tuple[OverdueSource, ...] = ()
    silent: tuple[Silent, ...] = ()
    open_formats: tuple[OpenFormat, ...] = ()
    unmet: tuple[UnmetReference, ...] = ()
    quarantine: tuple[QuarantineGroup, ...] = ()
    customers: int | None = None
    customer_records: int | None = None
    stages: tuple[dict[str, Any], ...] = ()
    report: Path | None = None
    scores: tuple[ScoreGroup, ...] = ()
    pushes: tuple[PushGroup, ...] = ()
    push_problems: tuple[PushProblem, ...] = ()
    proposals: tuple[ProposalGroup, ...] = ()
