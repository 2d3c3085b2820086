"""What the YAML of every kind of model but the score holds, and reading it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from config import read_yaml
from config.language import _
from ml.specs.feature import Part, Text
from ml.specs.files import one_line
from ml.specs.spec import SpecError


class KindSpec(Part):
    """One model that is no score; each kind adds its own sections.

    `learns_from` is the stage of `use_case` from which a model is trained. It is trained again when
    the last training is `most_age_days` ago; one that was not taken is tried again after
    `retrain_after_days` (a night more teaches nothing).
    """

    kind: str
    name: str
    file: str
    path: Path
    title: Text
    use_case: str
    decision: Text
    purpose: Text
    learns_from: Literal[1, 2, 3]
    approval: Literal["automatic", "person"] = "automatic"
    most_age_days: int = Field(default=30, ge=1)
    retrain_after_days: int = Field(default=7, ge=1)

    @model_validator(mode="after")
    def _ages_fit(self) -> Self:
        if self.retrain_after_days > self.most_age_days:
            raise ValueError(_("retrain_after_days: must not be more than most_age_days"))
        return self


S = TypeVar("S", bound=KindSpec)


def load_as(path: Path, form: type[S]) -> S:
    """Read a YAML of `models/` as a kind's own form.

    Raises:
        ConfigurationError: it is no YAML.
        SpecError: the first mistake in one line with the file, the line, the field and what to
            change; `problems` holds all of them.

    """
    content = read_yaml(path)
    content |= {"name": path.stem, "file": path.name, "path": path}
    try:
        return form.model_validate(content)
    except ValidationError as error:
        raise SpecError(*(one_line(path.name, path, each) for each in error.errors())) from error
