"""`config/crm.yml` as typed objects."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from config import ConfigurationError, Settings, read_yaml


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Creation(_Strict):
    """Which records the push may add."""

    parties: bool
    opportunities: bool


class Guard(_Strict):
    """When a push stops before it writes. Shares are of the scores that the CRM shows now."""

    max_share_cleared: float = Field(ge=0, le=1)
    max_share_band_changed: float = Field(ge=0, le=1)
    min_records: int = Field(ge=0)


class CrmConfig(_Strict):
    """All of `config/crm.yml`."""

    connector: str
    create: Creation
    recreate_deleted: bool
    guard: Guard
    batch_size: int = Field(gt=0)
    attempts: int = Field(gt=0)


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
        raise ConfigurationError(f"{path}: {name}: {first['msg']}.") from error
