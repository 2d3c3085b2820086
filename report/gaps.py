"""What records lack: for each to complete, which columns, and which use cases that would help."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from config import Settings
from report.fields import SHEETS, Kind, Sheet
from report.receipts import read_refused

if TYPE_CHECKING:
    import duckdb

    from expectations import Assessment


# A sheet. Nobody fills in more on a page; the list holds them all.
MAX_KEPT: Final = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """An expectation with records that lack something, and the column to mend if there is one.

    Unmet ones belong to the next stage; with `is_met` it belongs to a stage reached already.
    """

    use_case: str
    expectation: str
    title: str
    stage: int
    is_met: bool
    mart: str | None
    column: str | None

    @property
    def sheet(self) -> Sheet | None:
        """The sheet in which it can be filled in."""
        sheet = SHEETS.get(self.mart or "")
        return sheet if sheet and self.column in sheet.fields else None


@dataclass(slots=True)
class Line:
    """A record as people know it, and per column to fill the use cases that it helps.

    `keeps`: use cases whose stage is reached and whose results the value would improve. `refused`:
    per column what was filled in and can't be taken over, and why.
    """

    key: str
    helps: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    keeps: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)
    record: str = ""
    name: str = ""
    shown: tuple[Any, ...] = ()
    worth: int = 0

    @property
    def columns(self) -> set[str]:
        """The columns to fill in."""
        return set(self.helps) | set(self.keeps) | set(self.refused)

    @property
    def rank(self) -> tuple[bool, int, int, str]:
        """Sort key: refused first, then by expectations helped, then by worth."""
        return not self.refused, -sum(map(len, self.helps.values())), -self.worth, self.key


Lists = dict[str, dict[str, Line]]


class Empty(BaseModel):
    """A cell to fill; `refused` stands there now and cannot be taken, `reason` says why."""

    model_config = ConfigDict(frozen=True)

    column: str
    kind: Kind
    refused: str | None = None
    reason: str | None = None


class Gap(BaseModel):
    """A line as it is kept; `shown` are the columns by which people know the record."""

    model_config = ConfigDict(frozen=True)

    mart: str
    record_id: str
    name: str
    shown: tuple[tuple[str, str | None], ...]
    worth: int
    helps: tuple[str, ...]
    keeps: tuple[str, ...]
    cells: tuple[Empty, ...]


def read_lines(
    connection: duckdb.DuckDBPyConnection, settings: Settings, assessments: Sequence[Assessment]
) -> Lists:
    """Read per mart the records to complete, as people know them, with what was refused of them.

    Args:
        connection: to the warehouse.
        settings: of the home.
        assessments: of the last night.

    """
    lists = find_lines(connection, settings, _wishes(settings, assessments))
    refused = read_refused(connection, settings.language)
    for mart in set(refused) & set(SHEETS):
        lists[mart] = lists[mart]  # refused entries get a sheet even without other records
    for mart, lines in lists.items():
        _describe(connection, SHEETS[mart], lines, refused.get(mart, {}))
    return lists


def find_lines(
    connection: duckdb.DuckDBPyConnection, settings: Settings, wishes: Iterable[Wish]
) -> Lists:
    """Find per mart the records to complete, each once however many use cases want it.

    Gaps that people have filled since the last build are left out.
    """
    from expectations import unmet_records

    lists: Lists = defaultdict(dict)
    for wish in wishes:
        if wish.sheet is None or wish.column is None:
            continue
        found = unmet_records(connection, settings, wish.use_case, wish.expectation)
        for (key,) in found.project("record_id").fetchall():
            line = lists[wish.sheet.mart].setdefault(key, Line(key))
            if wish.is_met:
                line.keeps[wish.column].add(wish.title)
            else:
                line.helps[wish.column].add(f"{wish.title} {wish.stage}")
    return lists


def _wishes(settings: Settings, assessments: Sequence[Assessment]) -> Iterable[Wish]:
    """Find what the next stages lack, and the gaps that the reached stages tolerate."""
    from expectations.assessment import latest
    from expectations.specification import read_use_cases

    cases = {case.name: case for case in read_use_cases(settings.expectations).use_cases}
    results = {(r.use_case, r.expectation): r for r in latest(settings)}
    for found in assessments:
        unmet = {result.expectation for result in found.unmet}
        reached = found.stage if found.measured_stage is None else found.measured_stage
        for stage, item in cases[found.use_case].checks if found.use_case in cases else ():
            result = results.get((found.use_case, item.name))
            bears = (
                result is not None
                and item.type == "complete"
                and stage <= reached
                and bool(result.records_unmet)
            )
            if item.name in unmet or bears:
                yield Wish(
                    found.use_case,
                    item.name,
                    getattr(found, f"title_{settings.language}"),
                    stage,
                    item.name not in unmet,
                    *(item.target or (None, None)),
                )


def _describe(
    connection: duckdb.DuckDBPyConnection,
    sheet: Sheet,
    lines: dict[str, Line],
    refused: Mapping[str, Mapping[str, tuple[str, str]]],
) -> None:
    """Add the names by which people know the records; drop gaps filled in meanwhile.

    `refused`: per record and column the refused entries; such a record always has a line.
    """
    for (key,) in (
        connection.execute(
            f"select m.{sheet.key} from marts.{sheet.mart} as m"
            f" where list_contains(?, {sheet.record})",
            [list(refused)],
        ).fetchall()
        if refused
        else ()
    ):
        lines.setdefault(key, Line(key))
    shown = ", ".join(f"({sql})::varchar" for _, sql in sheet.shown)
    filled = {
        (record, column)
        for record, column in connection.execute(
            "select record_id, column_name from ops.corrections where mart = ?", [sheet.mart]
        ).fetchall()
    }
    rows = connection.execute(
        "select list(key), record, max(name), max(shown), sum(worth)::bigint from ("
        f"  select m.{sheet.key} as key, {sheet.record} as record, {sheet.name} as name,"
        f"  [{shown}] as shown, {sheet.worth} as worth"
        f"  from marts.{sheet.mart} as m semi join (select unnest(?) as wanted) as w"
        f"  on m.{sheet.key} = w.wanted"
        ") where record is not null group by record",
        [list(lines)],
    ).fetchall()
    found = dict(lines)
    lines.clear()
    for keys, record, name, cells, worth in rows:
        line = Line(min(keys), record=record, name=name, shown=tuple(cells), worth=worth)
        line.refused = dict(refused.get(record, {}))
        for key in keys:
            for gaps, of_line in ((found[key].helps, line.helps), (found[key].keeps, line.keeps)):
                for column, cases in gaps.items():
                    if (record, column) not in filled:
                        of_line[column] |= cases
        if line.columns:
            lines[line.key] = line


_GAPS: Final[TypeAdapter[list[Gap]]] = TypeAdapter(list[Gap])


def keep_lines(settings: Settings, lists: Lists) -> None:
    """Keep the first lines of each sheet, for pages: to find them takes seconds."""
    gaps = [
        _gap(sheet, line)
        for mart, sheet in SHEETS.items()
        for line in sorted(lists.get(mart, {}).values(), key=lambda line: line.rank)[:MAX_KEPT]
    ]
    path = _kept_at(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)  # it names customers
    fresh.write_bytes(_GAPS.dump_json(gaps))
    fresh.replace(path)


def read_kept(settings: Settings) -> tuple[list[Gap], datetime]:
    """Return the lines that the last night kept and when (UTC); none before the first one."""
    path = _kept_at(settings)
    try:
        return _GAPS.validate_json(path.read_bytes()), datetime.fromtimestamp(
            path.stat().st_mtime, UTC
        )
    except (OSError, ValidationError):  # none yet, or of another version
        return [], datetime.now(UTC)


def _kept_at(settings: Settings) -> Path:
    return settings.home / "run" / "gaps.json"


def _gap(sheet: Sheet, line: Line) -> Gap:
    refused = {column: line.refused.get(column, (None, None)) for column in line.columns}
    return Gap(
        mart=sheet.mart,
        record_id=line.record,
        name=line.name or line.record,
        shown=tuple(
            (column, value) for (column, _sql), value in zip(sheet.shown, line.shown, strict=True)
        ),
        worth=line.worth,
        helps=tuple(sorted(set().union(*line.helps.values()))),
        keeps=tuple(sorted(set().union(*line.keeps.values()))),
        cells=tuple(
            Empty(column=column, kind=kind, refused=refused[column][0], reason=refused[column][1])
            for column, kind in sheet.fields.items()
            if column in line.columns
        ),
    )
