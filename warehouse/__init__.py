"""Opening, locking, building and publishing the DuckDB warehouse."""

from warehouse.dbt import BuildFailedError, BuildResult, build, remember, take_decisions
from warehouse.files import WarehouseLockedError, open_warehouse
from warehouse.publishing import publish

__all__ = [
    "BuildFailedError",
    "BuildResult",
    "WarehouseLockedError",
    "build",
    "open_warehouse",
    "publish",
    "remember",
    "take_decisions",
]
