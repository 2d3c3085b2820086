"""Trying a score's YAML before a night runs by it: every mistake, not just the first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from config import Settings
from config.language import _
from ml.features.expressions import amounts, holds
from ml.features.frames import scoring_frame, training_frame
from ml.features.table import TableError, read_inputs, read_labels
from ml.kinds import load_model
from ml.reasons.explanation import conditions_of_texts
from ml.rules import hits
from ml.specs.files import SCORE, kind_of, load_spec
from ml.specs.spec import Spec, SpecError
from warehouse import open_warehouse

if TYPE_CHECKING:
    import duckdb
    import pandas

    from ml.specs.feature import Feature


@dataclass(frozen=True)
class Finding:
    """What was found: `error` is to be mended, `warning` is to be known, `ok` is good."""

    level: Literal["error", "warning", "ok"]
    says: str


def check_spec(
    settings: Settings, path: Path, table: pandas.DataFrame | None = None
) -> list[Finding]:
    """Try a score's YAML: its form, then its SQL on tonight's marts or its columns on a table.

    Nothing is written and no model is trained.

    Args:
        settings: say where the warehouse is.
        path: the YAML.
        table: for a spec without snapshots, the table that it is to be used on.

    """
    try:
        if kind_of(path) != SCORE:
            load_model(path)
            return [Finding("ok", _("{file}: the form is right.").format(file=path.name))]
        spec = load_spec(path)
    except SpecError as error:
        return [Finding("error", problem) for problem in error.problems]
    if spec.snapshots is None:
        if table is None:
            says = _("{file}: the form is right; with --table FILE its columns are looked at too.")
            return [Finding("ok", says.format(file=spec.file))]
        return list(_check_table(spec, table))
    with open_warehouse(settings) as connection:
        broken = list(_check_features(connection, spec, settings))
        return broken or list(_check_frames(connection, spec, settings))


def _check_table(spec: Spec, table: pandas.DataFrame) -> Iterator[Finding]:
    import pandas as pd

    broken = False
    for name, feature in spec.inputs.items():
        try:
            read_inputs(table, spec.model_copy(update={"features": {name: feature}}))
        except TableError as error:
            broken = True
            yield Finding("error", str(error))
    labels = None
    try:
        labels = read_labels(table, spec)
    except TableError as error:
        broken = True
        yield Finding("error", str(error))
    if broken or labels is None:
        return
    yield from _tell_rows(spec, pd.concat([table, labels.rename("outcome")], axis=1), "outcome")
    yield from _tell_inputs(spec, read_inputs(table, spec))


def _check_features(
    connection: duckdb.DuckDBPyConnection, spec: Spec, settings: Settings
) -> Iterator[Finding]:
    """Name each feature whose SQL fails; those made of others are tried when all others work."""
    try:
        scoring_frame(connection, spec, settings.night)
        return
    except SpecError as error:
        whole = str(error)
    stored = {name: f for name, f in spec.features.items() if f.source != "features"}
    made = {name: f for name, f in spec.features.items() if name not in stored}
    alone = {name: {name: feature} for name, feature in stored.items()}
    on_others = {name: stored | {name: feature} for name, feature in made.items()}
    for tried in (alone, on_others):
        problems = {
            name: problem
            for name, features in tried.items()
            if (problem := _try_features(connection, spec, settings, features))
        }
        if problems and len(problems) == len(stored) and len(set(problems.values())) == 1:
            break  # not the features: a mart, the population, or who is excluded
        for name, problem in problems.items():
            yield Finding("error", f"{spec.place(f'features.{name}.sql')}: {problem}")
        if problems:
            return
    yield Finding("error", whole)


def _try_features(
    connection: duckdb.DuckDBPyConnection,
    spec: Spec,
    settings: Settings,
    features: dict[str, Feature],
) -> str | None:
    try:
        scoring_frame(connection, spec.model_copy(update={"features": features}), settings.night)
    except SpecError as error:
        return str(error.__cause__ or error).splitlines()[0]
    return None


def _check_frames(
    connection: duckdb.DuckDBPyConnection, spec: Spec, settings: Settings
) -> Iterator[Finding]:
    frame = scoring_frame(connection, spec, settings.night)
    says = _("{file}: {count} would be scored tonight.")
    yield Finding(
        "ok" if len(frame) else "warning",
        says.format(file=spec.file, count=len(frame)),
    )
    yield from _check_rules(spec, frame)
    yield from _check_texts(spec, frame)
    try:
        known = training_frame(connection, spec, settings.night)
    except (SpecError, TableError) as error:
        level: Literal["error", "warning"] = "error" if isinstance(error, SpecError) else "warning"
        yield Finding(level, str(error))
        return
    yield from _tell_rows(spec, known, spec.target.column)
    yield from _tell_inputs(spec, read_inputs(known, spec))


def _check_rules(spec: Spec, frame: pandas.DataFrame) -> Iterator[Finding]:
    for stage in (1, 2):
        try:
            found = hits(frame, spec, stage)
        except SpecError as error:
            yield Finding("error", str(error))
            continue
        idle = [index for index, hit in enumerate(found.T) if not hit.any()]
        if len(frame) and idle:
            says = _("{place}: {count} of {all} rules hold for nobody tonight (lines {lines}).")
            lines = ", ".join(str(spec.line(f"rules.stage_{stage}.{index}")) for index in idle)
            place = spec.place(f"rules.stage_{stage}")
            yield Finding(
                "warning",
                says.format(place=place, count=len(idle), all=found.shape[1], lines=lines),
            )


def _check_texts(spec: Spec, frame: pandas.DataFrame) -> Iterator[Finding]:
    """Try the conditions of the sentences and the amount at stake, each by itself."""
    for place, when in conditions_of_texts(spec).items():
        try:
            holds(frame, spec, {place: when})
        except SpecError as error:
            yield Finding("error", str(error))
    try:
        amounts(frame, spec)
    except SpecError as error:
        yield Finding("error", str(error))


def _tell_rows(spec: Spec, known: pandas.DataFrame, outcome: str) -> Iterator[Finding]:
    answers = known[outcome].dropna()
    says = _("{file}: {count} rows with a known outcome, {positives} of them positive.")
    yield Finding(
        "ok", says.format(file=spec.file, count=len(answers), positives=int(answers.sum()))
    )
    if len(set(answers)) < 2:
        says = _("{place}: all rows have the same outcome; a model needs both.")
        yield Finding("warning", says.format(place=spec.place("target.column")))


def _tell_inputs(spec: Spec, inputs: pandas.DataFrame) -> Iterator[Finding]:
    for name in inputs:
        if inputs[name].nunique(dropna=False) > 1:
            continue
        says = _("{place}: the same in all rows ({value}): the model learns nothing from it.")
        value = inputs[name].iloc[0] if len(inputs) else None
        known = _("blank") if value is None or value != value else value
        yield Finding("warning", says.format(place=spec.place(f"features.{name}"), value=known))
