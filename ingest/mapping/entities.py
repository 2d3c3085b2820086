"""The canonical entities of `vocabulary/entities.yml`: what file columns are mapped to."""

from __future__ import annotations

from functools import cache
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from config import PROJECT_ROOT

ENTITIES = PROJECT_ROOT / "vocabulary" / "entities.yml"

Kind = Literal["text", "number", "boolean", "date", "timestamp", "numbers"]


class CanonicalColumn(BaseModel):
    """One canonical column; `ref` names the entity it points to, if it does.

    One of the kind `numbers` takes several file columns, each with the kind of number it holds.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    kind: Kind
    ref: str | None = None

    @property
    def is_plain(self) -> bool:
        """Whether a file column fills it as it is."""
        return self.ref is None and self.kind != "numbers"


class Entity(BaseModel):
    """One canonical entity, given to dbt as the view `raw.<view>`.

    `ties` are the columns by which the customer of a record is found; none if it needs no customer.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    view: str
    columns: dict[str, CanonicalColumn]
    ties: tuple[str, ...] = ()


@cache
def load_entities() -> dict[str, Entity]:
    """Return all entities by name."""
    content = yaml.safe_load(ENTITIES.read_text(encoding="utf-8"))
    return {
        name: Entity(
            name=name,
            view=entry["view"],
            ties=entry.get("ties", ()),
            columns={column: _column(column, kind) for column, kind in entry["columns"].items()},
        )
        for name, entry in content.items()
    }


def _column(name: str, kind: str) -> CanonicalColumn:
    word, _, ref = kind.partition(" ")
    if word == "ref":
        return CanonicalColumn(name=name, kind="text", ref=ref)
    return CanonicalColumn.model_validate({"name": name, "kind": word})
