"""Segments in force, as MLflow keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from config.language import _
from ml import registry
from ml.segment.clusters import Layout
from ml.segment.spec import SegmentSpec
from ml.specs.feature import Text

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

FILE: Final = "segments.json"


@dataclass(frozen=True)
class Fitted:
    """Segments that were fitted once. `letters`: of each cluster; `used`: all there ever were."""

    version: str
    fitted_on: date
    spec: SegmentSpec
    layout: Layout
    letters: tuple[str, ...]
    names: dict[str, Text]
    used: tuple[str, ...]
    far: float
    kept: registry.Kept

    def pipeline(self) -> Pipeline:
        """Load scaler and k-means.

        Raises:
            ModelGoneError: the files are gone or damaged.

        """
        found: Pipeline = self.kept.load()
        return found


def read_fitted(kept: registry.Kept, spec: SegmentSpec) -> Fitted:
    """Read what was fitted; behaviour is read by the YAML of that day until there is a new fit.

    Raises:
        ModelGoneError: its files are gone, or of another version of the project.

    """
    content = kept.file(FILE)
    try:
        layout = content["layout"]
        return Fitted(
            kept.version,
            kept.night,
            SegmentSpec.model_validate(content["spec"] | {"path": spec.path}),
            Layout(tuple(layout["traits"]), dict(layout["typical"]), tuple(layout["interests"])),
            tuple(content["letters"]),
            {letter: Text(**name) for letter, name in content["names"].items()},
            tuple(content["used"]),
            float(content["far"]),
            kept,
        )
    except (KeyError, TypeError, ValueError) as error:
        told = _("{name}: version {version} can't be read: run `reifegrad train {name}`.")
        raise registry.ModelGoneError(told.format(name=spec.name, version=kept.version)) from error
