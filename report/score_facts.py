"""The facts of the page on scores: what is in force, how good it was, what it got wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from config import Settings
from report.words import LANGUAGES
from warehouse import open_warehouse

if TYPE_CHECKING:
    import duckdb

    from ml import Spec

QUARTER_DAYS: Final = 92  # what "last quarter" means: outcomes that became known in so many days
MISTAKES_SHOWN: Final = 5  # of each kind: enough to talk about, few enough to be read


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure of `ops.score_watch`; `value` is None where there is too little to say.

    `is_own`: it is of what is in force now, not of versions or rules before it.
    """

    value: float | None
    low: float | None
    high: float | None
    expected: float | None
    n: int
    is_alarm: bool
    is_own: bool = True


@dataclass(frozen=True, slots=True)
class Mistake:
    """Somebody of whom a score said something else than what happened."""

    name: str
    points: int
    said_on: date


@dataclass(frozen=True, slots=True)
class Unfair:
    """A group of customers that a model treats otherwise than all others, by one measure."""

    group: str
    value: str
    measure: str


@dataclass(frozen=True, slots=True)
class ScoreFacts:
    """Everything that the page shows of one score, independent of language.

    `model` is what was kept with the champion: `metrics`, `calibration`, `importance`, `left_out`;
    `shown` are the figures of what people saw by measure; `drift` the inputs that raised an alarm;
    `as_of` is the day up to which the data of the scores in force reached; `night` theirs.
    `watched` how many inputs were tested. `compared` counts comparisons of groups of customers,
    `unfair` are those that failed.
    """

    spec: Spec
    stage: int
    method: str | None
    scored: int
    night: date | None = None
    as_of: date | None = None
    version: str | None = None
    candidate: str = ""
    since: date | None = None
    problem: str = ""
    model: Mapping[str, Any] = field(default_factory=dict)
    shown: Mapping[str, Figure] = field(default_factory=dict)
    challenger: Figure | None = None
    drift: tuple[str, ...] = ()
    watched: int = 0
    too_high: tuple[Mistake, ...] = ()
    too_low: tuple[Mistake, ...] = ()
    judged: int = 0
    unfair: tuple[Unfair, ...] = ()
    compared: int = 0


@dataclass(frozen=True, slots=True)
class Broken:
    """A score whose YAML is wrong: its title by language, and the night of those in force."""

    title: Mapping[str, str]
    problem: str
    night: date | None


def read_score_facts(settings: Settings) -> tuple[list[ScoreFacts], list[Broken]]:
    """Read what is in force of each score of `models/`, how it has done, and which YAML is wrong.

    Raises:
        WarehouseLockedError: a night is running.

    """
    from ml import broken_titles, read_specs

    specs = read_specs(settings)
    titles = {language: broken_titles(settings, specs.broken, language) for language in LANGUAGES}
    with open_warehouse(settings) as connection:
        found = [_read(connection, settings, spec) for spec in specs.readable]
        nights = dict(
            connection.execute("select score, max(night) from ops.scores group by score").fetchall()
        )
    broken = [
        Broken({of: said[name] for of, said in titles.items()}, str(problem), nights.get(name))
        for name, problem in specs.broken.items()
    ]
    return _with_models(settings, found), broken


def _read(connection: duckdb.DuckDBPyConnection, settings: Settings, spec: Spec) -> ScoreFacts:
    stage, method, version, scored, night, as_of = connection.execute(
        "select max(stage), any_value(method), any_value(model_version), count(*), max(night),"
        " max(as_of) from ops.scores where score = ?",
        [spec.name],
    ).fetchone() or (None, None, None, 0, None, None)
    figures, drift, watched = _watched(connection, spec, settings.night)
    too_high, too_low, judged = _mistakes(connection, spec, settings.night)
    unfair, compared = _fairness(connection, spec, version)
    return ScoreFacts(
        spec=spec,
        stage=stage or 0,
        method=method,
        scored=scored,
        night=night,
        as_of=as_of,
        version=version,
        shown={measure: one for (subject, measure), one in figures.items() if subject == "shown"},
        challenger=figures.get(("challenger", "auc")),
        drift=drift,
        watched=watched,
        too_high=too_high,
        too_low=too_low,
        judged=judged,
        unfair=unfair,
        compared=compared,
    )


def _watched(
    connection: duckdb.DuckDBPyConnection, spec: Spec, night: date
) -> tuple[dict[tuple[str, str], Figure], tuple[str, ...], int]:
    """Read the last watch: figures by subject and measure, inputs that drifted, inputs tested."""
    figures: dict[tuple[str, str], Figure] = {}
    drift: list[str] = []
    watched = 0
    rows = connection.execute(
        "select subject, measure, value, low, high, expected, n, is_alarm, p_value,"
        " note is distinct from 'earlier'"
        " from ops.score_watch where score = ? and night = (select max(night) from ops.score_watch"
        " where score = ? and night <= ?) order by value desc",
        [spec.name, spec.name, night],
    ).fetchall()
    for subject, measure, value, low, high, expected, n, is_alarm, p_value, own in rows:
        if measure == "drift":
            watched += p_value is not None
            drift += [subject] if is_alarm else []
        else:
            figures[subject, measure] = Figure(value, low, high, expected, n, is_alarm, own)
    return figures, tuple(drift), watched


def _mistakes(
    connection: duckdb.DuckDBPyConnection, spec: Spec, night: date
) -> tuple[tuple[Mistake, ...], tuple[Mistake, ...], int]:
    """Find whom the score got wrong most, among outcomes that became known last quarter."""
    import pandas as pd

    from ml.watching.history import SHOWN, read_outcomes
    from ml.watching.outcomes import newest_each

    known = newest_each(read_outcomes(connection, spec, SHOWN, night))
    horizon = timedelta(days=spec.snapshots.horizon_days if spec.snapshots else 0)
    oldest = pd.Timestamp(night - timedelta(days=QUARTER_DAYS) - horizon)
    recent = known[known["counted_from"] > oldest]
    if recent.empty:
        return (), (), 0
    connection.register("recent", recent[["entity_id", "customer_id", "points", "band", "outcome",
                                          "counted_from"]])  # fmt: skip
    name, join = "c.name", ""
    if spec.entity == "lead":
        name = "concat_ws(': ', c.name, l.title)"
        join = " left join marts.leads l on l.lead_id = r.entity_id"
    wrong = connection.execute(
        f"select coalesce({name}, r.entity_id), r.points, r.counted_from::date, r.band"
        " from recent r"
        f" left join marts.customers c using (customer_id){join}"
        " where (r.band = 'high' and r.outcome = 0) or (r.band = 'low' and r.outcome = 1)"
        " order by abs(r.points - 100 * r.outcome) desc, 1"
    ).fetchall()
    by_band = {
        band: tuple(Mistake(*rest) for *rest, of in wrong if of == band)[:MISTAKES_SHOWN]
        for band in ("high", "low")
    }
    return by_band["high"], by_band["low"], len(recent)


def _fairness(
    connection: duckdb.DuckDBPyConnection, spec: Spec, version: str | None
) -> tuple[tuple[Unfair, ...], int]:
    """Read which groups failed their comparison, and how many comparisons were made."""
    rows = connection.execute(
        "select group_name, group_value, measure, verdict from ops.score_fairness"
        " where score = ? and version = ? and verdict <> 'too small' order by all",
        [spec.name, version],
    ).fetchall()
    unfair = tuple(Unfair(*rest) for *rest, verdict in rows if verdict == "failed")
    return unfair, len(rows)


def _with_models(settings: Settings, found: list[ScoreFacts]) -> list[ScoreFacts]:
    """Add what MLflow keeps with the models in force; without its store the rest stands."""
    from dataclasses import replace

    from ml import registry

    if not any(one.version for one in found):
        return found
    told = []
    try:
        with registry.tracking(settings) as client:
            for one in found:
                champion = registry.champion(client, one.spec.name) if one.version else None
                if champion is None or champion.version != one.version:
                    told.append(one)
                    continue
                told.append(
                    replace(
                        one,
                        candidate=champion.spec.candidates[champion.candidate_name].kind,
                        since=champion.trained_on,
                        model=registry.kept_with(client, champion, registry.PAGE),
                    )
                )
    except registry.StoreError as error:
        return [replace(one, problem=str(error)) for one in found]
    return told
