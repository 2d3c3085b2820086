"""Opening, locking, building and publishing the DuckDB warehouse."""

from warehouse.files import WarehouseLockedError, open_warehouse, publish

__all__ = ["WarehouseLockedError", "open_warehouse", "publish"]
