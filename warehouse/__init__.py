"""Opening, locking, building and publishing the DuckDB warehouse."""

from warehouse.dbt import BuildFailedError, BuildResult, build, document, remember, take_decisions
from warehouse.files import WarehouseLockedError, open_warehouse
from warehouse.publishing import publish
from warehouse.serving import ServingError, serve

__all__ = [
    "BuildFailedError",
    "BuildResult",
    "ServingError",
    "WarehouseLockedError",
    "build",
    "document",
    "open_warehouse",
    "publish",
    "remember",
    "serve",
    "take_decisions",
]
