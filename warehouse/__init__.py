"""Opening, locking, building and publishing the DuckDB warehouse."""

from warehouse.dbt import BuildFailedError, BuildResult, build, document
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
    "require_marts",
    "serve",
]
