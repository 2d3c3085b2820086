"""`config/crm.yml` as typed objects."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from config import ConfigurationError, Settings, explain, read_yaml


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


EXCEL: Final = "excel"
"""The connector of a company without a CRM: the scores become a workbook in the outbox."""


class Creation(_Strict):
    """Which records the push may add. Nothing unless the company says so: it is their CRM."""

    parties: bool = False
    opportunities: bool = False


class Guard(_Strict):
    """When a push stops before it writes. Shares are of the scores that the CRM shows now.

    The defaults are those of the project's `config/crm.yml`, which gives the reason of each.
    """

    max_share_cleared: float = Field(default=0.2, ge=0, le=1)
    max_share_band_changed: float = Field(default=0.5, ge=0, le=1)
    min_records: int = Field(default=20, ge=0)


class CrmConfig(_Strict):
    """All of `config/crm.yml`; only `connector` must be said.

    `valid_days`: so many days after its night the Excel list counts as out of date. A list may be
    printed and taken along; after a week orders and tickets have moved on. `list_order`: what
    stands at the top of it, the most points or the largest amount at stake.
    """

    connector: str
    create: Creation = Creation()
    recreate_deleted: bool = False
    guard: Guard = Guard()
    batch_size: int = Field(default=200, gt=0)
    attempts: int = Field(default=5, gt=0)
    valid_days: int = Field(default=7, gt=0)
    list_order: Literal["points", "amount"] = "points"

    @property
    def has_crm(self) -> bool:
        """Whether the scores go into a CRM, embedded or not, rather than into an Excel list."""
        return self.connector != EXCEL


def load_config(settings: Settings) -> CrmConfig:
    """Read `crm.yml` from the settings' config folder.

    Raises:
        ConfigurationError: the file is missing or a value is not allowed; names the value.

    """
    path = settings.config / "crm.yml"
    try:
        return CrmConfig(**read_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path}: {name}: {explain(first)}.") from error
