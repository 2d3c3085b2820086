"""When it pays to learn again: after an alarm, or when a month has passed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from config.language import _
from ml import registry
from ml.specs.spec import Spec

if TYPE_CHECKING:
    import duckdb
    from mlflow import MlflowClient


def why_train(
    connection: duckdb.DuckDBPyConnection, client: MlflowClient, spec: Spec, night: date
) -> str:
    """Say why a score should be trained tonight; empty if it need not be.

    The model's files are gone; there is no model; the last training is a month ago
    (`watching.most_age_days`); or the last watch raised an alarm. But for the first, the last
    training must not be of the last days (`retrain_after_days`): one more night teaches nothing.
    """
    try:
        has_model = registry.champion(client, spec.name) is not None
    except registry.ModelGoneError as error:
        return str(error)
    newest = registry.newest_night(client, spec.name)
    age = (night - date.fromisoformat(newest)).days if newest else spec.watching.most_age_days
    if age < spec.watching.retrain_after_days:
        return ""
    if not has_model:
        return _("no model is in force yet")
    if age >= spec.watching.most_age_days:
        return _("the last training was {days} days ago").format(days=age)
    alarms = connection.execute(
        "select distinct case when measure = 'drift' then subject else measure end as named"
        " from ops.score_watch where score = ? and night = (select max(night) from"
        " ops.score_watch where score = ? and night <= ?) and is_alarm order by 1",
        [spec.name, spec.name, night],
    ).fetchall()
    if alarms:
        return _("alarm: {names}").format(names=", ".join(name for (name,) in alarms))
    return ""
