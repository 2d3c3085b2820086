"""What the last night did, read from the warehouse."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from config import Settings

if TYPE_CHECKING:
    import duckdb

    from expectations import Assessment


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class LoadedFile(_Frozen):
    """The last load of one file and sheet."""

    file: str
    sheet: str | None
    source: str | None
    status: str
    rows_found: int
    rows_loaded: int
    rows_quarantined: int
    loaded_at: datetime
    reason_de: str | None
    reason_en: str | None


class QuarantineGroup(_Frozen):
    """Rows of one file that wait for the same reason."""

    file: str
    sheet: str | None
    rows: int
    first_row: int
    reason_de: str
    reason_en: str


class ScoreGroup(_Frozen):
    """The scores in force of one use, counted by band; `auc` is the model's, out of sample."""

    score: str
    entity: str
    night: str
    stage: int
    method: str
    model_version: str | None
    auc: float | None = None
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


class Overview(_Frozen):
    """Everything that `reifegrad status` tells."""

    files: tuple[LoadedFile, ...]
    quarantine: tuple[QuarantineGroup, ...]
    customers: int | None
    customer_records: int | None
    stages: tuple[dict[str, Any], ...]
    scores: tuple[ScoreGroup, ...]
    pushes: tuple[PushGroup, ...]


FILES = """
select file, sheet, source, status, rows_found, rows_loaded, rows_quarantined, loaded_at,
    reason_de, reason_en
from ops.loads
qualify row_number() over (
    partition by file, sheet, source order by loaded_at desc, load_id desc
) = 1
order by file, sheet, source
"""
QUARANTINE = """
select file, sheet, count(*) as rows, min(row_number) as first_row, reason_de, reason_en
from ops.quarantine
group by file, sheet, reason_de, reason_en
order by file, sheet, rows desc, first_row
"""
SCORES = """
select score, entity, max(night)::varchar as night, max(stage) as stage, method, model_version,
    count(*) filter (band = 'high') as high,
    count(*) filter (band = 'medium') as medium,
    count(*) filter (band = 'low') as low
from ops.scores
group by score, entity, method, model_version
order by score, method
"""
PUSHES = """
select connector, target, max(pushed_at) as pushed_at,
    count(*) filter (action = 'create') as created,
    count(*) filter (action = 'change') as changed,
    count(*) filter (action = 'clear') as cleared
from ops.push_ledger
where push_id = (select push_id from ops.push_ledger order by pushed_at desc limit 1)
group by connector, target
order by connector, target desc
"""
COUNT = "select count(*) from marts.{table}"
HAS_TABLE = (
    "select count(*) > 0 from information_schema.tables"
    " where table_schema = 'marts' and table_name = ?"
)


def read_overview(settings: Settings) -> Overview:
    """Read files, quarantine, customers, stages, scores and the last push.

    Raises:
        WarehouseLockedError: a night is running; its message names the process.

    """
    from expectations import status as read_stages
    from warehouse import open_warehouse

    with open_warehouse(settings) as connection:
        files = [LoadedFile(**row) for row in _rows(connection, FILES)]
        quarantine = [QuarantineGroup(**row) for row in _rows(connection, QUARANTINE)]
        scores = [ScoreGroup(**row) for row in _rows(connection, SCORES)]
        pushes = [PushGroup(**row) for row in _rows(connection, PUSHES)]
        customers = _count(connection, "customers")
        records = _count(connection, "customer_records")
    return Overview(
        files=tuple(files),
        quarantine=tuple(quarantine),
        customers=customers,
        customer_records=records,
        stages=tuple(_stage(assessment) for assessment in read_stages(settings)),
        scores=tuple(_with_auc(settings, scores)),
        pushes=tuple(pushes),
    )


def _with_auc(settings: Settings, groups: list[ScoreGroup]) -> list[ScoreGroup]:
    """Look up in MLflow how well the models in force did; rules have no such figure."""
    if not any(group.method == "model" for group in groups):
        return groups
    from ml import registry

    found = []
    with registry.tracking(settings) as client:
        for group in groups:
            auc = None
            if group.model_version:
                name = registry.model_name(group.score)
                run_id = client.get_model_version(name, group.model_version).run_id
                auc = client.get_run(run_id).data.metrics.get("auc") if run_id else None
            found.append(group.model_copy(update={"auc": auc}))
    return found


def _stage(assessment: Assessment) -> dict[str, Any]:
    return assessment.model_dump(mode="json")


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int | None:
    """Count a mart's rows; None where dbt has not built it yet."""
    (is_there,) = connection.execute(HAS_TABLE, [table]).fetchone() or (False,)
    if not is_there:
        return None
    (rows,) = connection.execute(COUNT.format(table=table)).fetchone() or (0,)
    return int(rows)
