"""What one YAML of `models/` says: the target, the features, the rules, the gates, the texts."""

from __future__ import annotations

import string
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import yaml
from pydantic import Field, field_validator, model_validator

from config import ConfigurationError
from config.language import _
from config.yaml_lines import YamlLines
from ml.specs.feature import Feature, Measure, Part, Source, Text
from ml.specs.sections import (
    Bands,
    Calls,
    CandidateModel,
    Explanation,
    Fairness,
    Gates,
    Leaks,
    Preparation,
    Rules,
    Snapshots,
    Target,
    Validation,
    Watching,
    Worth,
)

if TYPE_CHECKING:
    pass


class SpecError(ConfigurationError):
    """A YAML of `models/` is wrong; the message names file, line and field and what to change.

    `problems` holds one line for each mistake that was found, the message is the first.
    """

    def __init__(self, message: str, *others: str) -> None:
        super().__init__(message)
        self.problems = (message, *others)


def name_place(file: str, field: str, path: Path | None) -> str:
    """Name file, line (where the file is there) and field, or the file alone for field ""."""
    if not field:
        return file
    line = _line_of(field, path)
    if line is None:
        return f"{file}: {field}"
    return _("{file}, line {line}: {field}").format(file=file, line=line, field=field)


def _line_of(field: str, path: Path | None) -> int | None:
    if path is None or not path.is_file():
        return None
    steps = [int(step) if step.isdigit() else step for step in field.split(".")]
    return YamlLines(path.read_text(encoding="utf-8")).of(steps)


class Spec(Part):
    """One score, as its YAML says it. Only `target` and `features` must be given."""

    kind: Literal["score"] = "score"
    name: str = "table"
    file: str = "spec"
    path: Path | None = None
    title: Text | None = None
    use_case: str | None = None
    entity: Literal["customer", "lead"] | None = None
    decision: Text | None = None
    purpose: Text | None = None
    target: Target
    snapshots: Snapshots | None = None
    sources: dict[str, Source] = Field(default_factory=dict)
    features: dict[str, Feature] = Field(min_length=1)
    rules: Rules | None = None
    worth: Worth | None = None
    meaning: Text | None = None
    calls: Calls
    candidates: dict[str, CandidateModel] = Field(min_length=1)
    validation: Validation
    preparation: Preparation
    leaks: Leaks
    gates: Gates
    approval: Literal["automatic", "person"]
    fairness: Fairness
    watching: Watching
    bands: Bands
    explanation: Explanation

    def place(self, field: str) -> str:
        """Name a field for a message: `churn.yml, line 12: features.days_silent`."""
        return name_place(self.file, field, self.path)

    def line(self, field: str) -> int | None:
        """Line of a field in the file; none where there is no file (a dict, a stored spec)."""
        return _line_of(field, self.path)

    @property
    def inputs(self) -> dict[str, Feature]:
        """The features that the model sees (the others only serve texts and rules)."""
        return {name: feature for name, feature in self.features.items() if feature.in_model}

    def text(self) -> str:
        """Write it as YAML that `ml.load_spec` reads back to an equal one."""
        content = self.model_dump(mode="json", by_alias=True, exclude={"kind", "file", "path"})
        return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)

    @field_validator("features", mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        if isinstance(value, dict):
            return {
                str(name): feature | {"name": str(name)} if isinstance(feature, dict) else feature
                for name, feature in value.items()
            }
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        known = {"entity", "features", *self.sources}
        measures: dict[str, Feature | Measure] = {
            f"features.{n}": f for n, f in self.features.items()
        }
        if self.snapshots:
            measures |= {
                "snapshots.population": self.snapshots.population,
                "snapshots.label": self.snapshots.label,
            }
        for field, measure in measures.items():
            if measure.source not in known:
                raise ValueError(
                    _("{field}: from: {source} is none of {names}").format(
                        field=field, source=measure.source, names=", ".join(sorted(known))
                    )
                )
            if self.snapshots and not self.snapshots.every_days and measure.source in self.sources:
                raise ValueError(
                    _(
                        "{field}: without snapshots.every_days nothing tells what was"
                        " known when, so only columns of the entity may be used (from:"
                        " entity)"
                    ).format(field=field)
                )
        self._check_members()
        if not self.inputs:
            raise ValueError(_("features: at least one needs in_model: true"))
        self._check_cleared()
        if self.gates.baseline and self.gates.baseline not in self.inputs:
            raise ValueError(
                _("gates.baseline: {baseline} is not a feature of the model").format(
                    baseline=self.gates.baseline
                )
            )
        self._check_placeholders()
        if self.bands.medium > self.bands.high:
            raise ValueError(_("bands: medium must not lie above high"))
        if self.snapshots:
            self._check_score()
        return self

    def _check_cleared(self) -> None:
        for name, why in self.leaks.cleared.items():
            if name not in self.inputs or not why.strip():
                raise ValueError(
                    _(
                        "leaks.cleared.{name}: name a feature of the model, and why its value was"
                        " known before the outcome"
                    ).format(name=name)
                )

    def _check_members(self) -> None:
        for name, model in self.candidates.items():
            for member in model.members:
                if member not in self.candidates or self.candidates[member].members:
                    raise ValueError(
                        _(
                            "candidates.{name}.members: {member} is no other candidate that is"
                            " fitted by itself"
                        ).format(name=name, member=member)
                    )

    def _check_placeholders(self) -> None:
        texts: list[tuple[str, Text]] = [
            (f"features.{name}.reasons", text)
            for name, feature in self.features.items()
            for text in (*feature.reasons.up, *feature.reasons.down)
        ]
        for stage in (1, 2) if self.rules else ():
            listed = self.rules.of(stage) if self.rules else ()
            texts += [
                (f"rules.stage_{stage}.{index}.reason", text)
                for index, rule in enumerate(listed)
                for text in rule.reason
            ]
        for field, text in texts:
            for _text, name, *_rest in string.Formatter().parse(text.de + text.en):
                if name and name not in {"value", "title", *self.features}:
                    raise ValueError(
                        _("{field}: {{{name}}} is not a feature").format(field=field, name=name)
                    )

    def _check_score(self) -> None:
        """Refuse a score without what the GDPR asks for, or without rules to fall back on."""
        needed = ("title", "use_case", "entity", "decision", "purpose", "rules")
        for field in needed:
            if getattr(self, field) is None:
                raise ValueError(
                    _("{field}: is missing (a spec with snapshots needs {names})").format(
                        field=field, names=", ".join(needed)
                    )
                )
        unexplained = [name for name, feature in self.features.items() if not feature.why]
        if unexplained:
            raise ValueError(
                _("features.{unexplained}.why: is missing; say why it may be used").format(
                    unexplained=unexplained[0]
                )
            )
