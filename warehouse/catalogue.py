"""What the marts promise: their columns, types and descriptions, from dbt's schema files."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from config import PROJECT_ROOT, read_yaml

MARTS = PROJECT_ROOT / "dbt_project" / "models" / "marts"


class Column(BaseModel):
    """A column of a mart; `personal` is the kind of personal data in it, None where there is none.

    The kind stands in the schema file as `config: {meta: {personal: <kind>}}`.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    data_type: str
    description: str
    personal: str | None


class Mart(BaseModel):
    """A mart with its columns in their order."""

    model_config = ConfigDict(frozen=True)

    name: str
    description: str
    columns: tuple[Column, ...]


def read_marts(folder: Path = MARTS) -> dict[str, Mart]:
    """Read every mart that has a contract.

    Args:
        folder: where the schema files (`*.yml`) lie.

    Returns:
        The marts by name.

    Raises:
        ConfigurationError: a file is no YAML.

    """
    return {
        model["name"]: Mart(
            name=model["name"],
            description=_text(model),
            columns=tuple(
                Column(
                    name=column["name"],
                    data_type=column["data_type"],
                    description=_text(column),
                    personal=column.get("config", {}).get("meta", {}).get("personal"),
                )
                for column in model["columns"]
            ),
        )
        for path in sorted(folder.glob("*.yml"))
        for model in read_yaml(path).get("models", ())
    }


def _text(described: dict[str, str]) -> str:
    return " ".join(described.get("description", "").split())
