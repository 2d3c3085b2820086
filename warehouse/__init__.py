"""Opening, locking, building and publishing the DuckDB warehouse."""

from warehouse.dbt import BuildFailedError, BuildResult, build, document, remember, take_decisions
from warehouse.files import WarehouseLockedError, open_warehouse
from warehouse.publishing import NothingBuiltError, publish, require_marts
from warehouse.serving import ServingError, serve

__all__ = [
    "BuildFailedError",
    "BuildResult",
    "NothingBuiltError",
    "ServingError",
    "WarehouseLockedError",
    "build",
    "document",
    "open_warehouse",
    "publish",
    "remember",
    "require_marts",
    "serve",
    "take_decisions",
]
