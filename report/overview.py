"""The results of the last night, read from the warehouse."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from config import Settings
from fetch.standing import silent_sources
from report.results import (
    LoadedFile,
    OpenFormat,
    OverdueSource,
    Overview,
    ProposalGroup,
    PushGroup,
    PushProblem,
    QuarantineGroup,
    ScoreGroup,
)
from report.unusable import read_unmet

if TYPE_CHECKING:
    import duckdb

    from expectations import Assessment


FILES = """
select file, sheet, source,
    case
        when not is_there then 'gone'
        when first_seen_on = max(seen_on) over () then 'new'
        when changed_on = max(seen_on) over () then 'changed'
        when is_there then 'unchanged'
    end as standing,
    changed_on, status, rows_found, rows_loaded, rows_quarantined, loaded_at,
    (
        select max(before.loaded_at)
        from ops.source_files as in_force
        inner join ops.loads as before using (load_id)
        where in_force.source = loads.source and in_force.file = loads.file
    ) as in_force_since,
    reason_de, reason_en,
    coalesce(notes_de, []) as notes_de, coalesce(notes_en, []) as notes_en,
    coalesce((
        select list(distinct name order by name)
        from (select unnest(file_columns) as name from ops.unread_cells as cells
            where cells.load_id = loads.load_id and is_unread)
    ), []) as unread
from ops.loads as loads
left join ops.inbox_files using (file)
-- A workbook's sheets are loaded together; what a failure says holds for all of them.
qualify load_id in (
    select arg_max(load_id, (loaded_at, load_id))
    from ops.loads
    group by file, source
)
order by file, sheet, source
"""
OVERDUE = "from ops.overdue_sources order by source"
OPEN_FORMATS = """
select source, entity, column_name, format, example, values_for, values_against
from ops.column_formats
where is_ambiguous
order by all
"""
QUARANTINE = """
select file, sheet, count(*) as rows, min(row_number, 5) as first_rows, reason_de, reason_en
from ops.quarantine
group by file, sheet, reason_de, reason_en
order by file, sheet, rows desc, first_rows
"""
SCORES = """
select score, entity, max(night)::varchar as night, max(as_of) as as_of,
    max(stage) as stage, method, model_version, sum(expected_amount) as expected_amount,
    count(*) filter (band = 'high') as high,
    count(*) filter (band = 'medium') as medium,
    count(*) filter (band = 'low') as low
from ops.scores
group by score, entity, method, model_version
order by score, method
"""
ALARMS = """
select score, if(measure = 'drift', subject, measure) as alarm
from ops.score_watch as watched
where is_alarm and night = (select max(night) from ops.score_watch where score = watched.score)
order by score, measure = 'drift', value desc
"""
PUSHES = """
select connector, target, max(pushed_at) as pushed_at,
    count(*) filter (action = 'create') as created,
    count(*) filter (action = 'change') as changed,
    count(*) filter (action = 'clear') as cleared
from ops.push_ledger
where confirmed_at is not null and push_id = (
    select push_id from ops.push_ledger
    where confirmed_at is not null
    order by pushed_at desc limit 1
)
group by connector, target
order by connector, target desc
"""
PUSH_PROBLEMS = """
select connector, problem, failing_since, failed_at
from ops.push_problems
order by connector
"""
PROPOSALS = """
select use_case,
    count(*) filter (state = 'open') as waiting,
    count(*) filter (state = 'released') as released,
    count(*) filter (state = 'shown') as shown,
    count(*) filter (state = 'control') as control,
    max(delivered_on) filter (state = 'sent') as sent_on,
    count(*) filter (state = 'sent' and delivered_on = last_on) as sent
from (
    select *, max(delivered_on) over (partition by use_case) as last_on from ops.proposal_states
)
group by use_case
order by use_case
"""
COUNT = "select count(*) from marts.{table}"
HAS_TABLE = (
    "select count(*) > 0 from information_schema.tables"
    " where table_schema = 'marts' and table_name = ?"
)


def read_overview(settings: Settings) -> Overview:
    """Read what came, is missed, open or in quarantine; stages, scores, pushes and proposals.

    The result is kept in the home (`run/overview.json`, no personal data); while a night holds the
    warehouse, the last one kept is returned.

    Raises:
        WarehouseLockedError: a night is running and nothing was kept yet; names the process.

    """
    from warehouse import WarehouseLockedError

    if not settings.warehouse.exists():  # a look makes nothing
        return Overview(night=settings.night, silent=tuple(silent_sources(settings)))
    kept = settings.home / "run" / "overview.json"
    try:
        overview = _read_overview(settings)
    except WarehouseLockedError as error:
        try:
            earlier = Overview.model_validate_json(kept.read_bytes())
        except (OSError, ValueError):  # none yet, or one of another version
            raise error from None
        silent = tuple(silent_sources(settings))
        return earlier.model_copy(update={"held": str(error), "silent": silent})
    kept.parent.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(overview.model_dump_json(), encoding="utf-8")
    fresh.replace(kept)
    return overview


def _read_overview(settings: Settings) -> Overview:
    from expectations import status as read_stages
    from report import report_path
    from warehouse import open_warehouse

    with open_warehouse(settings) as connection:
        files = [LoadedFile(**row) for row in _rows(connection, FILES)]
        overdue = [OverdueSource(**row) for row in _rows(connection, OVERDUE)]
        open_formats = [OpenFormat(**row) for row in _rows(connection, OPEN_FORMATS)]
        quarantine = [QuarantineGroup(**row) for row in _rows(connection, QUARANTINE)]
        unmet = read_unmet(connection)
        scores = _scores(settings, connection)
        pushes = [PushGroup(**row) for row in _rows(connection, PUSHES)]
        problems = [PushProblem(**row) for row in _rows(connection, PUSH_PROBLEMS)]
        proposals = [ProposalGroup(**row) for row in _rows(connection, PROPOSALS)]
        customers = _count(connection, "customers")
        records = _count(connection, "customer_records")
    return Overview(
        night=_night(settings, scores),
        files=tuple(files),
        overdue=tuple(overdue),
        silent=tuple(silent_sources(settings)),
        open_formats=tuple(open_formats),
        unmet=tuple(unmet),
        quarantine=tuple(quarantine),
        customers=customers,
        customer_records=records,
        stages=tuple(with_missing(settings, [_stage(found) for found in read_stages(settings)])),
        report=report_path(settings) if report_path(settings).is_file() else None,
        scores=tuple(_with_auc(settings, scores)),
        pushes=tuple(pushes),
        push_problems=tuple(problems),
        proposals=tuple(proposals),
    )


def _scores(settings: Settings, connection: duckdb.DuckDBPyConnection) -> list[ScoreGroup]:
    from ml import old_scores, read_specs, score_texts, score_titles

    titles, texts = score_titles(settings), score_texts(settings)
    old = old_scores(settings, connection)
    features = {
        (spec.name, name): str(getattr(feature.title, settings.language, name))
        for spec in read_specs(settings).readable
        for name, feature in spec.features.items()
    }
    alarms: dict[str, list[str]] = {}
    for score, alarm in connection.execute(ALARMS).fetchall():
        alarms.setdefault(score, []).append(features.get((score, alarm), alarm))
    found = []
    for row in _rows(connection, SCORES):
        name, group = row["score"], ScoreGroup(**row, title=titles.get(row["score"], row["score"]))
        told = texts.get(name)
        by_model = group.method == "model" and told is not None
        meaning = told.meaning if by_model and told else None
        found.append(
            group.model_copy(
                update={
                    "is_old": name in old,
                    "alarms": tuple(alarms.get(name, ())),
                    "meaning": meaning.format(points=told.high) if meaning and told else None,
                    "expected_title": told.expected_amount if by_model and told else None,
                }
            )
        )
    return found


def _night(settings: Settings, scores: list[ScoreGroup]) -> date:
    """Return the night of the newest scores; before the first ones, today."""
    return max((date.fromisoformat(group.night) for group in scores), default=settings.night)


def _with_auc(settings: Settings, groups: list[ScoreGroup]) -> list[ScoreGroup]:
    """Look up in MLflow how well the models in force did; rules have no such figure."""
    if not any(group.method == "model" for group in groups):
        return groups
    from ml import registry

    found = []
    try:
        with registry.tracking(settings) as client:
            for group in groups:
                auc = None
                if group.model_version:
                    name = registry.model_name(group.score)
                    run_id = client.get_model_version(name, group.model_version).run_id
                    auc = client.get_run(run_id).data.metrics.get("auc") if run_id else None
                found.append(group.model_copy(update={"auc": auc}))
    except registry.StoreError:  # a look goes on without this one figure
        return groups
    return found


def with_missing(settings: Settings, stages: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add to each unmet expectation which sources are missing for it, as people call them.

    Args:
        settings: of the home.
        stages: assessments as dumped; `missing_de` and `missing_en` of their unmet are added.

    """
    from expectations.sources import missing_sources, read_sources
    from expectations.specification import read_use_cases
    from report.steps import blocking
    from warehouse import open_warehouse

    with open_warehouse(settings) as connection:
        missing = missing_sources(connection)
    items = {
        (case.name, item.name): item
        for case in read_use_cases(settings.expectations).use_cases
        for _stage_no, item in case.checks
    }
    sources, told = read_sources(), []
    for stage in stages:
        unmet = []
        for lacking in stage["unmet"]:
            item = items.get((stage["use_case"], lacking["expectation"]))
            absent = [sources[name] for name in (blocking(item, missing) if item else ())]
            names: dict[str, list[str]] = {
                "missing_de": [source.name["de"] for source in absent],
                "missing_en": [source.name["en"] for source in absent],
            }
            unmet.append(lacking | names)
        told.append(stage | {"unmet": unmet})
    return told


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
