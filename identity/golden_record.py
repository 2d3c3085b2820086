"""`golden_record.yml`: which value holds where the records of one customer or contact differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from config import PROJECT_ROOT, ConfigurationError, Settings, explain, read_yaml
from config.language import _
from vocabulary.columns import customer_attributes

FILE: Final = "golden_record.yml"
Rule = Literal["frequent", "newest", "trusted", "complete"]
RULES: Final[tuple[Rule, ...]] = ("frequent", "newest", "trusted", "complete")
LAST_RULE: Final[Rule] = "newest"  # no two records are equally new
ATTRIBUTES: Final[dict[str, tuple[str, ...]]] = {
    "customers": tuple(customer_attributes()),
    "contacts": ("given_name", "family_name", "role", "email", "phone"),
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Group(_Strict):
    """Attributes that are taken together, from one record."""

    attributes: tuple[str, ...] = Field(min_length=2)
    rules: tuple[Rule, ...] = Field(min_length=1)


class Entity(_Strict):
    """The rules of customers or of contacts."""

    groups: dict[str, Group] = Field(default_factory=dict)
    attributes: dict[str, tuple[Rule, ...]] = Field(default_factory=dict)


class GoldenRecord(_Strict):
    """All of `golden_record.yml`."""

    trust: tuple[str, ...] = ()
    default: tuple[Rule, ...] = Field(min_length=1)
    customers: Entity = Entity()
    contacts: Entity = Entity()


class AttributeRules(NamedTuple):
    """What decides an attribute; attributes with the same `unit` come from one record."""

    entity: str
    attribute: str
    unit: str
    is_group: bool
    rules: tuple[Rule, ...]


def load_golden_record(settings: Settings, sources: Collection[str] | None = None) -> GoldenRecord:
    """Read `golden_record.yml` of the company, or the project's own where it has none.

    Args:
        settings: where the file lies.
        sources: those of `sources.yml`; with them the names of `trust` are checked, too.

    Raises:
        ConfigurationError: the file is no YAML, or names a rule, attribute or source that is not
            known; the message names the file, the key and what to change.

    """
    path, own = settings.config / FILE, True
    if not path.is_file():
        path, own = PROJECT_ROOT / "config" / FILE, False
    try:
        golden = GoldenRecord(**read_yaml(path))
    except ValidationError as error:
        raise ConfigurationError(_first_problem(path, error.errors()[0])) from error
    # The project's own file trusts the sources of the sample company: others may not have them.
    for problem in _problems(golden, sources if own else None):
        raise ConfigurationError(f"{path}: {problem}")
    return golden


def attribute_rules(golden: GoldenRecord) -> Iterator[AttributeRules]:
    """Tell for every attribute of every entity what decides it, with LAST_RULE at the end."""
    for name, attributes in ATTRIBUTES.items():
        entity: Entity = getattr(golden, name)
        group_of = {part: key for key, group in entity.groups.items() for part in group.attributes}
        for attribute in attributes:
            key = group_of.get(attribute)
            rules = entity.groups[key].rules if key else entity.attributes.get(attribute)
            acting = tuple(dict.fromkeys((*(rules or golden.default), LAST_RULE)))
            yield AttributeRules(name, attribute, key or attribute, key is not None, acting)


def _problems(golden: GoldenRecord, sources: Collection[str] | None) -> Iterator[str]:
    """Yield what a type alone cannot say."""
    for source in golden.trust if sources is not None else ():
        if source not in (sources or ()):
            yield (
                _(
                    "trust: {source!r} is no source of sources.yml; take it out or write"
                    " it as there ({names})."
                ).format(source=source, names=", ".join(sorted(sources or ())))
            )
    yield from _twice("trust", golden.trust)
    for name, attributes in ATTRIBUTES.items():
        entity: Entity = getattr(golden, name)
        for key, group in entity.groups.items():
            if key in attributes:
                yield _(
                    "{name}.groups.{key}: {key!r} is an attribute; call the group otherwise."
                ).format(name=name, key=key)
            yield from _unknown(f"{name}.groups.{key}.attributes", group.attributes, attributes)
        yield from _unknown(f"{name}.attributes", entity.attributes, attributes)
        used = [part for group in entity.groups.values() for part in group.attributes]
        yield from _twice(f"{name}.groups", used)
        for attribute in sorted(set(used) & set(entity.attributes)):
            yield (
                _(
                    "{name}.attributes.{attribute}: a group has it already; rules stand"
                    " there or here."
                ).format(name=name, attribute=attribute)
            )


def _unknown(key: str, named: Collection[str], known: Collection[str]) -> Iterator[str]:
    for attribute in named:
        if attribute not in known:
            yield _("{key}: {attribute!r} is no attribute; choose of {names}.").format(
                key=key, attribute=attribute, names=", ".join(known)
            )


def _twice(key: str, named: Collection[str]) -> Iterator[str]:
    for name, count in Counter(named).items():
        if count > 1:
            yield _("{key}: {name!r} is named twice; name it once.").format(key=key, name=name)


def _first_problem(path: Path, error: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    place = [str(part) for part in error["loc"] if not isinstance(part, int)]
    key = ".".join(place)
    if error["type"] == "literal_error":
        return _("{path}: {key}: {input!r} is no rule; choose of {names}.").format(
            path=path, key=key, input=error["input"], names=", ".join(RULES)
        )
    if error["type"] == "extra_forbidden":
        return _(
            "{path}: {key}: this key means nothing here; take it out or correct its spelling."
        ).format(path=path, key=key)
    return f"{path}: {key}: {explain(error)}."
