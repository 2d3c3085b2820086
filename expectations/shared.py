"""Checks that several use cases share: written once in `shared.yml`, used by name.

An item of `expectations` that is only a name, or a name with fields (`orders_linked: {mostly:
0.8}`), is the shared check of that name; the item's own fields take precedence. `like: NAME` copies
the fields of a shared check under another name, also within `shared.yml`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from config.language import _
from config.settings import ConfigurationError, read_yaml
from config.yaml_lines import YamlLines

SHARED: Final = "shared"
Place = tuple[int | str, ...]


@dataclass(frozen=True)
class Origin:
    """Where the fields of one item come from."""

    steps: Place  # from the item to its own fields, in the file of the use case
    own: frozenset[str]
    like: str | None


class SharedChecks:
    """`shared.yml` of one folder, read when the first item names a check of it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"{SHARED}.yml"

    def expand(self, item: object) -> tuple[object, Origin]:
        """Return an item with the fields of the shared check that it names.

        Raises:
            KeyError: there is no such check; with its name.
            ConfigurationError: `shared.yml` is missing or broken.

        """
        own: object = item
        steps: Place = ()
        if isinstance(item, str):
            own = {"like": item, "name": item}
        elif isinstance(item, dict) and len(item) == 1:
            ((name, fields),) = item.items()
            if isinstance(fields, dict | None) and isinstance(name, str):
                own, steps = {"like": name, "name": name} | (fields or {}), (name,)
        if not isinstance(own, dict):
            return item, Origin((), frozenset(), None)
        like = own.get("like")
        fields = {field: value for field, value in own.items() if field != "like"}
        origin = Origin(steps, frozenset(fields), like)
        return (self._fields(like) if like is not None else {}) | fields, origin

    def line(self, name: str, field: str) -> int | None:
        """Find the line that gives a field of a shared check, directly or by its `like`."""
        content = self._content[name]
        if field in content:
            return self._lines.of([name, field])
        return self.line(content["like"], field) if "like" in content else None

    def _fields(self, name: str, *seen: str) -> dict[str, Any]:
        if name not in self._content or name in seen:
            raise KeyError(name)
        fields = dict(self._content[name])
        like = fields.pop("like", None)
        return (self._fields(like, name, *seen) if like is not None else {}) | fields

    @cached_property
    def _content(self) -> dict[str, dict[str, Any]]:
        content = read_yaml(self.path)
        for name, fields in content.items():
            if not isinstance(fields, dict):
                raise ConfigurationError(
                    _("{path}, line {line}: {name} needs fields, as an expectation has.").format(
                        path=self.path, line=self._lines.of([name]), name=name
                    )
                )
        return content

    @cached_property
    def _lines(self) -> YamlLines:
        return YamlLines(self.path.read_text(encoding="utf-8"))


def holders(content: dict[str, Any]) -> list[tuple[Place, list[Any]]]:
    """Return the lists of expectations in a file, with their places."""
    stages = content.get("stages")
    places: list[tuple[Place, Any]] = [((), content)]
    if isinstance(stages, dict):
        places += [(("stages", key), stage) for key, stage in stages.items()]
    found = [
        ((*place, "expectations"), holder.get("expectations"))
        for place, holder in places
        if isinstance(holder, dict)
    ]
    return [(place, items) for place, items in found if isinstance(items, list)]
