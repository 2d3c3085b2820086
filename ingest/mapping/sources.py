"""`sources.yml`: which files come in and what their columns mean."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from config import ConfigurationError, Settings, explain, read_yaml
from config.language import _
from ingest.mapping.entities import Entity, load_entities
from ingest.mapping.key_forms import checked_form
from ingest.reading.tables import clean_name

SOURCES_FILE = "sources.yml"
Rhythm = Literal["daily", "weekly", "monthly", "never"]
_NAME = re.compile(r"[a-z][a-z0-9_]*")
# The share of a column's cells that may be unreadable, and of its references that may lead nowhere,
# before it is told as a fault of the column: one in twenty is no typing slip any more.
MAY_BE_UNREAD = 0.05
# The share of the records in force that may go with a new file before it waits for a person:
# exports cut off or filtered lose more. A list that turns over by its nature (open orders) says so
# in sources.yml. Okta pauses imports that end accounts at the same share (help.okta.com, "Import
# safeguards"), and our push clearing scores (`max_share_cleared` in crm.yml).
MAX_SHARE_GONE = 0.2
FileColumn = Annotated[str, AfterValidator(clean_name)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnMapping(_Strict):
    """Where a canonical column comes from: a file column, several, or a fixed value.

    `columns` are joined, of `first_of` the first that is filled counts; `kinds` are several file
    columns by what kind of number they hold. In `values`, "" is what an empty cell means.
    """

    column: FileColumn | None = None
    columns: tuple[FileColumn, ...] = ()
    first_of: tuple[FileColumn, ...] = ()
    value: str | None = None
    kinds: dict[str, FileColumn] = Field(default_factory=dict)
    values: dict[str, str] = Field(default_factory=dict)
    otherwise: str | None = None
    source: str | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> ColumnMapping:
        several = (bool(self.columns), bool(self.first_of), bool(self.kinds))
        if sum((self.column is not None, *several, self.value is not None)) != 1:
            raise ValueError(_("give exactly one of column, columns, first_of, kinds and value"))
        if self.otherwise is not None and not self.values:
            raise ValueError(_("otherwise needs values"))
        return self

    @model_serializer(mode="wrap")
    def _as_written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave `first_of` out where it is empty, so that older fingerprints stay valid."""
        written: dict[str, Any] = handler(self)
        return {name: value for name, value in written.items() if name != "first_of" or value}

    @property
    def file_columns(self) -> tuple[str, ...]:
        """The file columns that it reads."""
        if self.column is not None:
            return (self.column,)
        return self.columns or self.first_of or tuple(self.kinds.values())


class Where(_Strict):
    """Only rows whose `column` holds `equals`, or one of several, feed the entity."""

    column: FileColumn
    equals: str | tuple[str, ...]

    @property
    def values(self) -> tuple[str, ...]:
        """What the column may hold, trimmed as its cells are."""
        given = (self.equals,) if isinstance(self.equals, str) else self.equals
        return tuple(value.strip() for value in given)


def _as_mapping(value: Any) -> Any:  # noqa: ANN401 - what the YAML file holds
    return {"column": value} if isinstance(value, str) else value


class EntityMapping(_Strict):
    """How one source feeds one entity."""

    key: tuple[FileColumn, ...] = Field(min_length=1)
    key_form: Annotated[str, AfterValidator(checked_form)] | None = None
    columns: dict[str, Annotated[ColumnMapping, BeforeValidator(_as_mapping)]]
    attributes: tuple[FileColumn, ...] = ()
    where: Where | None = None

    @model_validator(mode="after")
    def _form_of_one(self) -> EntityMapping:
        if self.key_form is not None and len(self.key) > 1:
            raise ValueError(_("key_form is for a key of one column; remove it"))
        return self

    @property
    def file_columns(self) -> list[str]:
        """All file columns that it reads, each once."""
        mapped = [name for column in self.columns.values() for name in column.file_columns]
        conditions = [self.where.column] if self.where else []
        return list(dict.fromkeys([*self.key, *mapped, *self.attributes, *conditions]))

    @property
    def used_twice(self) -> dict[str, list[str]]:
        """File columns that fill several canonical columns as they are, with these columns.

        Columns used with `values` (a status read as two things) and references are excluded.
        """
        filled: dict[str, dict[str, str]] = {}
        for name, origin in self.columns.items():
            if origin.column is not None and not origin.values and origin.source is None:
                filled.setdefault(origin.column.casefold(), {})[name] = origin.column
        return {next(iter(f.values())): list(f) for f in filled.values() if len(f) > 1}


class Source(_Strict):
    """One kind of file. See docs/explanation/architecture.md for the meaning of each field."""

    name: str
    files: str = Field(min_length=1)
    sheet: str | None = None
    kind: Literal["events", "snapshot"]
    locale: Literal["de", "en", "auto"] = "auto"
    expected: Rhythm | None = None
    may_be_unread: float = Field(default=MAY_BE_UNREAD, ge=0, le=1)
    max_share_gone: float = Field(default=MAX_SHARE_GONE, ge=0, le=1)
    changed: FileColumn | None = None
    maps: dict[str, EntityMapping]

    @property
    def file_columns(self) -> list[str]:
        """All file columns that it reads, each once."""
        changed = [self.changed] if self.changed else []
        mapped = [name for mapping in self.maps.values() for name in mapping.file_columns]
        return list(dict.fromkeys([*mapped, *changed]))

    @property
    def fingerprint(self) -> str:
        """Changes whenever anything changes that decides how the source's files are loaded."""
        # What is not given is left out, so that a field more in a new release loads nothing anew.
        forms = {name: m.key_form for name, m in self.maps.items() if m.key_form}
        without: dict[str, Any] = {
            "expected": True,
            "may_be_unread": True,
            "max_share_gone": True,
            "maps": {"__all__": {"key_form"}},
        }
        if self.changed is None:
            without["changed"] = True
        entry = self.model_dump_json(exclude=without) + (repr(forms) if forms else "")
        return hashlib.sha256(entry.encode()).hexdigest()

    @property
    def judged_by(self) -> str:
        """Changes whenever anything changes that decides which files may replace others."""
        return f"{self.fingerprint} {self.max_share_gone}"

    def claims(self, file: str) -> bool:
        """Whether the file (its path below the inbox) belongs to this source."""
        return PurePosixPath(_folded(file)).match(_folded(self.files))

    def wants_sheet(self, sheet: str) -> bool:
        """Whether a workbook's sheet of this name is to be loaded."""
        return self.sheet is None or fnmatchcase(_folded(sheet), _folded(self.sheet))


class Sources(_Strict):
    """All sources by name."""

    sources: dict[str, Source]

    @model_validator(mode="before")
    @classmethod
    def _name_them(cls, content: Any) -> Any:  # noqa: ANN401 - what the YAML file holds
        entries = content.get("sources") if isinstance(content, dict) else None
        if not isinstance(entries, dict) or not all(isinstance(e, dict) for e in entries.values()):
            raise ValueError(_("expected `sources:` and below it one entry per source"))
        named = {name: {**entry, "name": name} for name, entry in entries.items()}
        return {**content, "sources": named}

    def key_form(self, origin: ColumnMapping, ref: str | None) -> str | None:
        """Return the form of the keys that a reference points to."""
        target = self.sources.get(origin.source) if origin.source else None
        mapping = target.maps.get(ref) if target and ref else None
        return mapping.key_form if mapping else None

    def claiming(self, file: str) -> list[Source]:
        """Return the sources that a file belongs to."""
        return [source for source in self.sources.values() if source.claims(file)]


def load_sources(settings: Settings) -> Sources:
    """Read and check `sources.yml` in the folder of the company's YAML files.

    Raises:
        ConfigurationError: the file is missing or wrong; one line names the source, the field
            and what to change.

    """
    path = settings.config / SOURCES_FILE
    read_yaml(path)  # for its errors; the texts below must not become booleans, dates, numbers
    with path.open(encoding="utf-8") as file:
        content = yaml.load(file, Loader=_TextLoader)  # noqa: S506 - builds on BaseLoader
    try:
        sources = Sources.model_validate(content)
    except ValidationError as error:
        raise ConfigurationError(_first_problem(path, error)) from error
    for source in sources.sources.values():
        for problem in _problems(source, sources):
            raise ConfigurationError(
                _("{path}: source {name}: {problem}").format(
                    path=path, name=source.name, problem=problem
                )
            )
    return sources


class _TextLoader(yaml.BaseLoader):
    """Loads every scalar as text (`No` is an answer, not false) and refuses a name given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _value in node.value]
        for twice in {name for name in names if names.count(name) > 1}:
            raise ConfigurationError(
                _("{name}, line {line}: `{twice}` is given twice. Keep one of the two.").format(
                    name=node.start_mark.name, line=node.start_mark.line + 1, twice=twice
                )
            )
        return super().construct_mapping(node, deep=deep)


def _problems(source: Source, sources: Sources) -> list[str]:
    """Return what is wrong beyond the form: names that do not exist, references into nothing."""
    entities = load_entities()
    problems = []
    if not _NAME.fullmatch(source.name):
        problems.append(_("a source's name has only small letters, digits and _: rename it."))
    if source.name in {entity.view for entity in entities.values()}:
        problems.append(_("this name is that of a view of all sources: choose another."))
    for name, mapping in source.maps.items():
        if name not in entities:
            problems.append(
                _("maps.{name}: no such entity. Choose from {names}.").format(
                    name=name, names=", ".join(entities)
                )
            )
            continue
        problems += [
            f"maps.{name}.columns.{column}: {problem}"
            for column, origin in mapping.columns.items()
            if (problem := _column_problem(entities[name], column, origin, sources))
        ]
    return problems


def _column_problem(
    entity: Entity, column: str, origin: ColumnMapping, sources: Sources
) -> str | None:
    if column not in entity.columns:
        return _("no such column. Choose from {names}, or use attributes.").format(
            names=", ".join(entity.columns)
        )
    if (entity.columns[column].kind == "numbers") != bool(origin.kinds):
        if origin.kinds:
            return _("kinds is only for columns of numbers of several kinds; remove it.")
        return _("say what kinds of numbers: {example}.").format(
            example="{kinds: {lei: <file column>, duns: <file column>}}"
        )
    ref = entity.columns[column].ref
    if ref is None:
        return _("source is only for columns that refer; remove it.") if origin.source else None
    if origin.source is None:
        return _("refers to a {ref}: write {{column: …, source: <source of the {ref}>}}.").format(
            ref=ref
        )
    target = sources.sources.get(origin.source)
    if target is None or ref not in target.maps:
        return _("source {source} does not map {ref}: name one that does.").format(
            source=origin.source, ref=ref
        )
    return None


def _first_problem(path: Path, error: ValidationError) -> str:
    first, *others = error.errors()
    place = [str(part) for part in first["loc"] if part != "function-before[_as_mapping()]"]
    where = ""
    if len(place) > 1:
        where = _("source {name}: {field}: ").format(name=place[1], field=".".join(place[2:]))
    message = {
        "missing": _("is missing. Add it."),
        "extra_forbidden": _("no such field. Remove it or correct its name."),
    }.get(first["type"], f"{explain(first)}.")
    more = _(" ({count} more)").format(count=len(others)) if others else ""
    return f"{path}: {where}{message}{more}"


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
