"""The kinds of models beside the score: which there are, and what each must be able to do.

A YAML of `models/` says its `kind`; the kind's folder says the rest. Training and scoring know
none of them by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, cast

from config import ConfigurationError, Settings
from config.language import _
from ml import registry
from ml.results import Applied, Training
from ml.specs.files import SCORE, broken_titles, kind_of, model_files
from ml.specs.kind import KindSpec
from ml.specs.spec import SpecError, name_place

# Kind -> the module that does it. Imported when a YAML asks for it: some load heavy libraries.
KINDS: Final[dict[str, str]] = {
    "forecast": "ml.forecast",
    "recommend": "ml.recommend",
    "segment": "ml.segment",
    "text": "ml.text",
}


class Kind(Protocol):
    """What the module of a kind gives.

    `TABLES` are the tables of `ops` that it fills, each with a column `model`: the rows of a model
    whose YAML is gone, or whose use case is below stage 1, are deleted there. A kind that knows
    better than the age of its model when to learn has a function `why_learn` of its own.
    """

    TABLES: tuple[str, ...]

    def load(self, path: Path) -> KindSpec:
        """Read a YAML; raises `ConfigurationError` with file, line and what to change."""
        ...

    def train(self, settings: Settings, spec: KindSpec) -> Training:
        """Learn, hold it against the plain baseline, register it, and say what came of it."""
        ...

    def apply(self, settings: Settings, spec: KindSpec, stage: int) -> Applied:
        """Make tonight's rows by the method of the stage (1 to 3), replacing those in force."""
        ...


@dataclass(frozen=True)
class Model:
    """One model that is no score, and the module that trains and applies it."""

    spec: KindSpec
    kind: Kind


@dataclass(frozen=True)
class Models:
    """Those that can be read, and by name what is wrong with the others' YAML."""

    readable: tuple[Model, ...]
    broken: dict[str, ConfigurationError]

    @property
    def names(self) -> set[str]:
        """All names: a model is gone when its file is, not when its file has a mistake."""
        return {model.spec.name for model in self.readable} | set(self.broken)


def read_models(settings: Settings, names: list[str] | None = None) -> Models:
    """Read every YAML of `models/` that is no score, or the named ones of these.

    A file that is wrong stops no other; whoever calls this tells it.

    Raises:
        SpecError: there is no file of a name.

    """
    readable, broken = [], {}
    for path, kind in model_files(settings, names):
        if kind == SCORE:
            continue
        try:
            readable.append(load_model(path))
        except ConfigurationError as error:
            broken[path.stem] = error
    return Models(tuple(readable), broken)


def model_titles(settings: Settings) -> dict[str, str]:
    """Return what people call the models that are no scores, by name, in the set language."""
    models = read_models(settings)
    said = {
        model.spec.name: str(getattr(model.spec.title, settings.language))
        for model in models.readable
    }
    return said | broken_titles(settings, models.broken, settings.language)


def load_model(path: Path) -> Model:
    """Read the YAML of a model that is no score.

    Raises:
        ConfigurationError: the file is wrong, or there is no such kind.

    """
    kind = kind_of(path)
    if kind not in KINDS:
        told = _("{place}: {kind} is none of {kinds}.")
        place = name_place(path.name, "kind", path)
        raise SpecError(told.format(place=place, kind=kind, kinds=", ".join([SCORE, *KINDS])))
    module = kind_module(kind)
    return Model(module.load(path), module)


def kind_module(kind: str) -> Kind:
    """Import the module of a kind."""
    return cast("Kind", import_module(KINDS[kind]))


def all_tables() -> Iterator[str]:
    """Yield the tables that models of any kind fill."""
    for kind in KINDS:
        yield from kind_module(kind).TABLES


def why_learn(settings: Settings, model: Model) -> str:
    """Say why a model should be trained tonight; empty if it need not be.

    The kind's own `why_learn` says it, if there is one. Else: there is none, or the last training
    is `most_age_days` ago; after a training that gave none, `retrain_after_days` pass first.

    Raises:
        StoreError: MLflow's store can't be used.

    """
    spec = model.spec
    own = getattr(model.kind, "why_learn", None)
    if own is not None:
        return str(own(settings, spec))
    if not registry.is_used(settings):
        return _("no model is in force yet")
    with registry.tracking(settings) as client:
        newest = registry.newest_night(client, spec.name)
        in_force = registry.version_in_force(client, spec.name)
    age = (settings.night - date.fromisoformat(newest)).days if newest else spec.most_age_days
    if age < spec.retrain_after_days:
        return ""
    if not in_force:
        return _("no model is in force yet")
    if age >= spec.most_age_days:
        return _("the last training was {days} days ago").format(days=age)
    return ""
