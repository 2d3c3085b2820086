"""Training and applying a recommendation: the choice is kept in MLflow, the counts are tonight's.

What is registered is the choice alone: method, ridge, weight of looks, with the test's figures.
The weights between articles are computed each night anew, in seconds, from tonight's purchases:
so they know last week's, and of whoever objects to profiling nothing stays in a stored model.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from config import Settings
from config.language import _
from ml import registry
from ml.judging import decisions
from ml.recommend.facts import Facts, read_facts
from ml.recommend.forward import Tested, cutoffs, walk_forward
from ml.recommend.gate import figures, judge
from ml.recommend.history import History, history_before
from ml.recommend.methods import Setting, learn
from ml.recommend.spec import RecommendSpec
from ml.recommend.telling import again_rows, new_rows
from ml.results import Applied, Training
from warehouse import open_warehouse

if TYPE_CHECKING:
    import duckdb
    from mlflow import MlflowClient

FILE: Final = "recommend.json"
TABLE: Final = "ops.recommendations"


def train(settings: Settings, spec: RecommendSpec) -> Training:
    """Test the methods forward in time, choose EASE's setting, and put it in force if it is better.

    Raises:
        ConfigurationError: the SQL of the YAML is wrong.
        StoreError: MLflow's store can't be used.

    """
    with open_warehouse(settings) as connection:
        facts = read_facts(connection, spec, settings.night)
    if not cutoffs(facts, spec):
        told = _("purchases must reach {days} days back to be tested").format(
            days=spec.gate.learn_days + spec.gate.horizon_days
        )
        return Training(spec.name, "skipped", told)
    with registry.tracking(settings) as client:
        registry.finish_killed(client, spec.name)
        fingerprint = _fingerprint(facts, spec)
        decided = registry.decided_version(client, spec.name, fingerprint)
        if decided:
            told = _("version {version} already learnt from these {count} rows.")
            message = told.format(version=decided.version, count=len(facts.bought))
            return Training(spec.name, "unchanged", message, str(decided.version))
        return _train(client, settings, spec, facts, fingerprint)


def _train(
    client: MlflowClient, settings: Settings, spec: RecommendSpec, facts: Facts, fingerprint: str
) -> Training:
    tested = walk_forward(facts, spec)
    findings, measured = judge(tested, spec.gate), figures(tested)
    message = _told(facts, tested, measured)
    candidate = f"EASE, {tested.plain.ridge:g}"
    learnt = registry.Learnt(
        parameters={"customers": len(facts.customers), "articles": len(facts.articles)}
        | _kept(tested.plain, "plain")
        | _kept(tested.with_signals, "with_signals"),
        metrics=measured,
        files={
            FILE: {
                "plain": _kept(tested.plain),
                "with_signals": _kept(tested.with_signals),
                "findings": [finding.says for finding in findings],
            }
        },
        card=message,
        tags={"fingerprint": fingerprint, "candidate": candidate},
    )
    version = registry.register_learnt(client, settings, spec, learnt)
    verdict, message, before = decisions.settle(
        client, settings, spec.name, version, findings, spec.approval, message
    )
    return Training(
        spec.name, verdict, message, version, candidate, measured,
        findings=tuple(findings), replaces=before,
    )  # fmt: skip


def _kept(setting: Setting | None, prefix: str = "") -> dict[str, float]:
    if setting is None:
        return {}
    start = f"{prefix}_" if prefix else ""
    return {f"{start}ridge": setting.ridge, f"{start}weight": setting.weight}


def _told(facts: Facts, tested: Tested, measured: dict[str, float]) -> str:
    told = _("EASE with ridge {ridge:g} over {customers} customers and {articles} articles").format(
        ridge=tested.plain.ridge, customers=len(facts.customers), articles=len(facts.articles)
    )
    if "again_own" in measured:
        told += _(
            "; what they order again: {own:.1%} find one of the first ten, {popular:.1%} by what is"
            " popular"
        ).format(own=measured["again_own"], popular=measured["again_popular"])
    if tested.with_signals:
        told += (
            _("; visits and searches count {weight:g} of a purchase")
            if tested.with_signals.weight
            else _("; visits and searches made it no better and do not count")
        ).format(weight=tested.with_signals.weight)
    return told


def _fingerprint(facts: Facts, spec: RecommendSpec) -> str:
    import pandas as pd

    digest = hashlib.sha256(spec.model_dump_json(exclude={"path", "file"}).encode())
    for rows in (facts.bought, facts.looked, facts.rejected):
        digest.update(pd.util.hash_pandas_object(rows, index=False).to_numpy().tobytes())
    for names in (facts.customers, facts.articles, facts.topics):
        digest.update("\n".join(names).encode())
    digest.update(facts.is_offered.tobytes())
    return digest.hexdigest()


def apply(settings: Settings, spec: RecommendSpec, stage: int) -> Applied:
    """Write tonight's recommendations into `ops.recommendations`, replacing those in force.

    From stage 2 on; at stage 3 with what customers looked at. Where no model is in force, what is
    popular in the product groups from which a customer buys takes its place.

    Raises:
        ConfigurationError: the SQL of the YAML is wrong; the rows of before stay.
        StoreError: MLflow's store can't be used; likewise.

    """
    setting = _setting(settings, spec, stage) if stage >= spec.learns_from else None
    method = _method(setting, stage, spec)
    with open_warehouse(settings) as connection:
        if method == "none":
            _replace(connection, spec.name, [], settings.night)
            told = _("recommends from stage {stage} on").format(stage=spec.learns_from)
            return Applied(spec.name, stage, method, 0, told)
        facts = read_facts(connection, spec, settings.night)
        history = history_before(facts, spec, facts.last_day + 1)
        learnt = learn(history, spec, setting) if setting and len(history.pool) else None
        rows = [*again_rows(history, spec), *new_rows(history, spec, learnt, method)]
        _replace(connection, spec.name, rows, settings.night)
    return Applied(spec.name, stage, method, len(rows), _counted(history, rows, method))


def _setting(settings: Settings, spec: RecommendSpec, stage: int) -> Setting | None:
    """Read the setting in force for the stage; None where no model is."""
    if not registry.is_used(settings):
        return None
    with registry.tracking(settings) as client:
        kept = registry.kept(client, spec.name)
        if kept is None:
            return None
        content = kept.file(FILE)
    chosen = content.get("with_signals") if stage >= 3 else None
    return Setting(**(chosen or content["plain"]))


def _method(setting: Setting | None, stage: int, spec: RecommendSpec) -> str:
    if stage < spec.learns_from:
        return "none"
    if setting is None:
        return "popular_in_groups"
    return "ease_with_signals" if setting.weight else "ease"


def _replace(
    connection: duckdb.DuckDBPyConnection, model: str, rows: list[dict[str, Any]], night: date
) -> None:
    import pyarrow as pa

    connection.begin()
    connection.execute(f"delete from {TABLE} where model = ?", [model])
    if rows:
        told = [row | {"model": model, "night": night} for row in rows]
        connection.register("recommended", pa.Table.from_pylist(told))
        connection.execute(f"insert into {TABLE} by name from recommended")
        connection.unregister("recommended")
    connection.commit()


def _counted(history: History, rows: list[dict[str, Any]], method: str) -> str:
    by_kind = {kind: [row for row in rows if row["kind"] == kind] for kind in ("again", "new")}
    told = _(
        "due again: {again} for {again_of} customers; new: {new} for {new_of} ({method})"
    ).format(
        again=len(by_kind["again"]),
        again_of=len({row["customer_id"] for row in by_kind["again"]}),
        new=len(by_kind["new"]),
        new_of=len({row["customer_id"] for row in by_kind["new"]}),
        method=_named(method),
    )
    if history.too_many:
        told += _("; {count} rarer articles are left out (new.most_articles)").format(
            count=history.too_many
        )
    day = date(1970, 1, 1) + timedelta(days=history.cutoff - 1)
    return told + _("; purchases reach to {day}").format(day=day)


def _named(method: str) -> str:
    return {
        "ease": _("what is bought together"),
        "ease_with_signals": _("what is bought together and looked at"),
        "popular_in_groups": _("what is popular in the same product groups, no model is in force"),
    }[method]
