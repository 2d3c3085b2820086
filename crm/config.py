"""`config/crm.yml` as typed objects."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from config import ConfigurationError, Settings, explain, read_yaml
from crm.fields import FIELDS


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


EXCEL: Final = "excel"
"""The connector of a company without a CRM: the scores become a workbook in the outbox."""
CUSTOM: Final = {"odoo": ("x_", ""), "salesforce": ("", "__c")}
"""What the names of custom fields begin and end with, in CRMs that insist on it. Elsewhere ours are
known by `OURS`."""
OURS: Final = re.compile(r"reifegrad|^rei_", re.IGNORECASE)
Lookup = Literal["key", "vat_id", "customer_no", "website", "email"]
"""What a record can be found by; `key` is our own id on a record that an earlier push created."""


class Creation(_Strict):
    """Which records the push may add. Nothing unless the company says so: it is their CRM."""

    parties: bool = False
    opportunities: bool = False


class RecordSource(_Strict):
    """The source of `sources.yml` that is this CRM's own export, or what `fetch` reads from it.

    `id_field`: the CRM's field that its export gives as the key; None for the CRM's own id.
    """

    source: str
    id_field: str | None = None


class RecordSources(_Strict):
    """Which sources know the CRM's own ids."""

    parties: RecordSource | None = None
    opportunities: RecordSource | None = None


class Guard(_Strict):
    """When a push stops before it writes. Shares are of the scores that the CRM shows now.

    The defaults are those of the project's `config/crm.yml`, which gives the reason of each.
    """

    max_share_cleared: float = Field(default=0.2, ge=0, le=1)
    max_share_band_changed: float = Field(default=0.5, ge=0, le=1)
    min_records: int = Field(default=20, ge=0)
    max_age_days: int = Field(default=7, gt=0)
    stop_on_new_model: bool = True


class CrmConfig(_Strict):
    """All of `config/crm.yml`; only `connector` must be said.

    `records`: which sources carry the CRM's ids; `find_by`: how a record is looked for whose id no
    source knows, in this order; `fields`: other names of our fields in the CRM. `approval: person`
    lets the push wait for a person in Airflow. `batch_size`, `parallel`: records per call and
    calls at once; None: what the CRM allows.
    `tasks`: whether the day's list and proposals become tasks in the CRM.
    `valid_days`: so many days after its night a score counts as out of date. A list may be
    printed and taken along; after a week orders and tickets have moved on. `list_order`: what
    stands at the top of it, the most points or the largest amount at stake.
    `read_back`: so many records are read again after a push, to prove what the CRM shows.
    """

    connector: str
    records: RecordSources = RecordSources()
    find_by: tuple[Lookup, ...] = ("vat_id", "customer_no", "website", "email")
    create: Creation = Creation()
    recreate_deleted: bool = False
    fields: dict[str, str] = {}
    approval: Literal["none", "person"] = "none"
    tasks: bool = False
    guard: Guard = Guard()
    batch_size: int | None = Field(default=None, gt=0)
    parallel: int | None = Field(default=None, gt=0)
    attempts: int = Field(default=5, gt=0)
    read_back: int = Field(default=20, ge=0)
    valid_days: int = Field(default=7, gt=0)
    list_order: Literal["points", "amount"] = "points"

    @field_validator("fields")
    @classmethod
    def _only_ours(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        if unknown := sorted(set(value) - set(FIELDS)):
            raise ValueError(f"{unknown[0]} is none of {', '.join(FIELDS)}")
        twice = [name for name, count in Counter(value.values()).items() if count > 1]
        if twice:
            raise ValueError(f"two of our fields are called {twice[0]}")
        begin, end = CUSTOM.get(info.data.get("connector", ""), ("", ""))
        for name in value.values():
            is_custom = name.startswith(begin) and name.endswith(end)
            if not (is_custom if begin or end else OURS.search(name)):
                must = f"{begin}…{end}" if begin or end else "called something with reifegrad"
                raise ValueError(f"{name} is a field of the CRM's own, or may be: ours are {must}")
        return value

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
