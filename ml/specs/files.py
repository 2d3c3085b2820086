"""Reading the YAML files of `models/`, and what `defaults.yml` adds to each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from config import ConfigurationError, Settings, explain, read_yaml
from config.language import _
from ml.specs.spec import Spec, SpecError, name_place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_core import ErrorDetails

SCORE: Final = "score"  # the kind of a YAML that names none
DEFAULTS = Path(__file__).with_name("defaults.yml")
# A score's YAML overrides single entries of these; every other section is replaced whole.
_MERGED = (
    "validation", "preparation", "leaks", "gates", "fairness", "explanation", "calls", "watching",
)  # fmt: skip


@dataclass(frozen=True)
class Specs:
    """The scores of the night: those that can be read, and by name what is wrong with the others.

    A YAML with a mistake stops its own score only; the scores that it has in force stay.
    """

    readable: tuple[Spec, ...]
    broken: dict[str, ConfigurationError]

    @property
    def names(self) -> set[str]:
        """All names: a score is gone when its file is, not when its file has a mistake."""
        return {spec.name for spec in self.readable} | set(self.broken)


def load_spec(path_or_dict: str | Path | dict[str, Any] | Spec) -> Spec:
    """Read one score's YAML (or the same as a dict) and fill in what `defaults.yml` holds.

    Raises:
        SpecError: the first mistake in one line with the file, the line, the field and what to
            change; `problems` holds all of them.

    """
    if isinstance(path_or_dict, Spec):
        return path_or_dict
    if isinstance(path_or_dict, dict):
        content, file, name, path = dict(path_or_dict), "spec", "table", None
    else:
        path = Path(path_or_dict)
        content, file, name = read_yaml(path), path.name, path.stem
        if content.setdefault("name", name) != name:
            raise SpecError(
                _("{file}: name: must be {name}, like the file.").format(file=file, name=name)
            )
    defaults = read_yaml(DEFAULTS)
    for section, values in defaults.items():
        given = content.get(section)
        if section in _MERGED and isinstance(given, dict):
            content[section] = values | given
        elif given is None:
            content[section] = values
    try:
        return Spec.model_validate({"name": name} | content | {"file": file, "path": path})
    except ValidationError as error:
        raise SpecError(*(one_line(file, path, each) for each in error.errors())) from error


def model_files(settings: Settings, names: list[str] | None = None) -> list[tuple[Path, str]]:
    """Every YAML of the folder `settings.models`, or the named ones, each with its `kind`.

    A file that can't be read counts as a score: whoever reads it tells what is wrong.

    Raises:
        SpecError: there is none of a name.

    """
    files = {path.stem: path for path in sorted(settings.models.glob("*.yml"))}
    for name in names or ():
        if name not in files:
            raise SpecError(
                _("{models}: no {name}.yml; there are {names}.").format(
                    models=settings.models, name=name, names=", ".join(files) or _("no scores")
                )
            )
    return [(path, kind_of(path)) for stem, path in files.items() if not names or stem in names]


def kind_of(path: Path) -> str:
    """Say of which kind the model of a YAML is; a score, unless it says so itself."""
    try:
        return str(read_yaml(path).get("kind", SCORE))
    except ConfigurationError:
        return SCORE


def load_specs(settings: Settings, names: list[str] | None = None) -> list[Spec]:
    """Every score of the folder `settings.models`, or the named ones, in alphabetical order.

    Raises:
        SpecError: a file is wrong, or there is none of a name.

    """
    found = model_files(settings, names)
    return [load_spec(path) for path, kind in found if names or kind == SCORE]


def read_specs(settings: Settings) -> Specs:
    """Read every score of the folder `settings.models` that needs no table of its own.

    A file that is wrong stops no other; whoever calls this tells it.
    """
    readable, broken = [], {}
    for path, kind in model_files(settings):
        if kind != SCORE:
            continue
        try:
            spec = load_spec(path)
        except ConfigurationError as error:
            broken[path.stem] = error
            continue
        if spec.snapshots:
            readable.append(spec)
    return Specs(tuple(readable), broken)


def broken_titles(settings: Settings, broken: Iterable[str], language: str) -> dict[str, str]:
    """Say what people call the scores whose YAML is wrong: its title, where that can be read."""
    titles = {}
    for name in broken:
        try:
            content = read_yaml(settings.models / f"{name}.yml")
        except ConfigurationError:
            content = {}
        given = content.get("title")
        title = given.get(language) if isinstance(given, dict) else None
        titles[name] = str(title or name)
    return titles


def one_line(file: str, path: Path | None, problem: ErrorDetails) -> str:
    """Say what pydantic found in one line: file, line, field, and what to change."""
    field = ".".join(str(part) for part in problem["loc"])
    message = explain(problem)
    if problem["type"] == "extra_forbidden":
        message = _("there is no such field; remove it or mend its name")
    elif problem["type"] == "missing":
        message = _("is missing; add it")
    elif not isinstance(problem["input"], dict | list):
        message = _("{message} (given: {value!r})").format(message=message, value=problem["input"])
    elif not field and (named := re.match(r"([\w.]+): ", message)):
        # What does not fit together names its field itself, at the beginning of the sentence.
        field, message = named[1], message[named.end() :]
    return f"{name_place(file, field, path)}: {message}."
