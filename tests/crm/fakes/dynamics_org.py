"""The state of the Dataverse fake: rows, what a save checks, merges, alternate keys, privileges.

Words and codes of errors are those of "Web service error codes" and of the examples in Microsoft's
Web API documentation.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from tests.crm.fakes import odata
from tests.crm.fakes.dynamics_schema import Column, Key, Table, guid_of, standard_tables

Row = dict[str, Any]


class DataverseError(Exception):
    """A request is refused: HTTP status, code, message."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    @property
    def body(self) -> Row:
        return {"error": {"code": self.code, "message": str(self)}}


@dataclass(frozen=True)
class Plugin:
    """A plug-in that an administrator registered: what it `refuses` is answered with `message`."""

    table: str
    refuses: Callable[[Row], bool]
    message: str


class Org:
    """One company's Dataverse environment."""

    def __init__(self) -> None:
        self.tables: dict[str, Table] = standard_tables()
        self.rows: dict[str, dict[str, Row]] = {name: {} for name in self.tables}
        self.index: dict[tuple[str, str], dict[tuple[Any, ...], list[str]]] = {}
        self.missing_privileges: set[str] = set()
        self.plugins: list[Plugin] = []
        self.polls_until_active = 2
        self.version = 1000
        self._undo: list[tuple[Table, str, Row | None]] | None = None
        self.user = self.insert("systemuser", fullname="# Reifegrad", domainname="app")

    # --- people's doings --------------------------------------------------------------------------

    def insert(self, name: str, /, row_id: str | None = None, **values: Any) -> str:
        """Put a row in as the company's people do: nothing is checked."""
        table = self.tables[name]
        key = row_id or str(uuid.uuid4())
        row = {column.name: column.default for column in table.columns.values()}
        row |= {table.primary: key, "createdon": timestamp()}
        if "ownerid" in table.columns:
            row["ownerid"] = self.user
        self._put(table, key, row, values)
        return key

    def edit(self, name: str, key: str, /, **values: Any) -> None:
        """Change a row as a person does."""
        self._put(self.tables[name], key, self.rows[name][key], values)

    def delete(self, name: str, key: str) -> None:
        table = self.tables[name]
        row = self.rows[name].pop(key)
        self._note(table, key, row)
        self._unindex(table, key, row)

    def merge(self, name: str, master: str, subordinate: str) -> None:
        """Merge as a person does: what hangs on the subordinate moves, it stays, inactive."""
        for table in self.tables.values():
            columns = [one.name for one in table.columns.values() if name in one.binds.values()]
            for key, row in self.rows[table.name].items():
                moved = {one: master for one in columns if row[one] == subordinate}
                if moved and key != master:
                    self._put(table, key, row, moved)
        self.edit(name, subordinate, merged=True, masterid=master, statecode=1, statuscode=2)

    def add_column(self, name: str, column: Column) -> None:
        table = self.tables[name]
        table.columns[column.name] = column
        for row in self.rows[name].values():
            row[column.name] = column.default

    def add_key(self, name: str, key: Key) -> None:
        """Add an alternate key. Its index is built in the background, if the values allow it."""
        table = self.tables[name]
        table.keys[key.name] = key
        index: dict[tuple[Any, ...], list[str]] = {}
        for row_id, row in self.rows[name].items():
            if (values := _values(key, row)) is not None:
                index.setdefault(values, []).append(row_id)
        key.failed = any(len(ids) > 1 for ids in index.values())
        self.index[name, key.name] = index

    # --- saving through the API -------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: an error takes back what was done inside."""
        if self._undo is not None:
            yield
            return
        self._undo = []
        try:
            yield
        except BaseException:
            for table, key, row in reversed(self._undo):
                if (now := self.rows[table.name].pop(key, None)) is not None:
                    self._unindex(table, key, now)
                if row is not None:
                    self.rows[table.name][key] = row
                    self._to_index(table, key, row)
            raise
        finally:
            self._undo = None

    def create(self, table: Table, values: Row, row_id: str | None = None) -> str:
        self.require("Create", table)
        clean = self._check(table, values)
        for column in table.columns.values():
            if column.required and clean.get(column.name) is None:
                raise DataverseError(
                    400, "0x80040203", f"{table.name} With Required attribute {column.name} missing"
                )
        self._check_whole(table, clean, None)
        return self.insert(table.name, row_id, **clean)

    def update(self, table: Table, key: str, values: Row) -> None:
        self.require("Write", table)
        row = self.find(table, key)
        clean = self._check(table, {k: v for k, v in values.items() if k != table.primary})
        self._check_whole(table, row | clean, key)
        self._put(table, key, row, clean)

    def find(self, table: Table, key: str) -> Row:
        row = self.rows[table.name].get(key.lower())
        if row is None:
            words = f"Entity '{table.name}' With Id = {key} Does Not Exist"
            raise DataverseError(404, "0x80040217", words)
        return row

    def by_key(self, table: Table, pairs: Row) -> str | None:
        """Return the row of an alternate key.

        Raises:
            DataverseError: there is no such key, or its index is not built yet.

        """
        for key in table.keys.values():
            if set(key.columns) == set(pairs) and key.status == "Active":
                values = tuple(odata.fold(pairs[name]) for name in key.columns)
                found = self.index[table.name, key.name].get(values, [])
                return found[0] if found else None
        words = f"The specified key attributes are not a defined key for the {table.name} entity"
        raise DataverseError(400, "0x80060891", words)

    def require(self, right: str, table: Table) -> None:
        name = f"prv{right}{table.name.capitalize()}"
        if name in self.missing_privileges:
            raise DataverseError(
                403,
                "0x80040220",
                f"Principal user (Id={self.user}, type=8, roleCount=1, privilegeCount=10,"
                f" accessMode='4 Non-interactive'), is missing {name} privilege"
                f" (Id={guid_of(name)}) on OTC={table.number} for entity '{table.name}'"
                f" (LocalizedName='{table.name.capitalize()}'). context.Caller={self.user}."
                " Consider adding missed privilege to one of the principal (user/team) roles.",
            )

    def _check(self, table: Table, values: Row) -> Row:
        clean: Row = {}
        for name, value in values.items():
            if name.endswith("@odata.bind"):
                column, key = self._bind(table, name.removesuffix("@odata.bind"), value)
                clean[column.name] = key
                continue
            if name.startswith("@odata."):
                continue
            found = table.columns.get(name)
            if found is None or found.shown_as != name:
                raise payload_error(
                    table,
                    f"The property '{name}' does not exist on type"
                    f" 'Microsoft.Dynamics.CRM.{table.name}'. Make sure to only use property names"
                    " that are defined by the type.",
                )
            if found.writable:
                clean[name] = clean_value(table, found, value)
        return clean

    def _bind(self, table: Table, name: str, value: Any) -> tuple[Column, str | None]:
        column = next((one for one in table.columns.values() if name in one.binds), None)
        if column is None:
            raise payload_error(
                table,
                f"An undeclared property '{name}' which only has property annotations in the"
                " payload but no property value was found in the payload.",
            )
        if value is None:
            return column, None
        target = self.tables[column.binds[name]]
        head, _, rest = str(value).rpartition("/")[2].partition("(")
        if head != target.set or not rest.endswith(")"):
            raise payload_error(table, f"Resource not found for the segment '{head}'.")
        key = odata.parse_key(rest[:-1])
        if isinstance(key, str):
            return column, str(self.find(target, key)[target.primary])
        found = self.by_key(target, key)
        if found is None:
            raise no_such_key(target)
        return column, found

    def _check_whole(self, table: Table, after: Row, row_id: str | None) -> None:
        for key in table.keys.values():
            values = _values(key, after)
            others = self.index[table.name, key.name].get(values, []) if values else []
            if key.status == "Active" and any(other != row_id for other in others):
                raise DataverseError(
                    412,
                    "0x80060892",
                    f"Entity Key {key.name} violated. A record with the same value for"
                    f" {', '.join(key.columns)} already exists. A duplicate record cannot be"
                    " created. Select one or more unique values and try again.",
                )
        for plugin in self.plugins:
            if plugin.table == table.name and plugin.refuses(after):
                raise DataverseError(400, "0x80040265", plugin.message)

    def _put(self, table: Table, key: str, row: Row, values: Row) -> None:
        is_new = key not in self.rows[table.name]
        self._note(table, key, None if is_new else dict(row))
        self._unindex(table, key, row)
        row |= values
        if table.name in ("contact", "lead"):
            names = [row.get("firstname"), row.get("lastname")]
            row["fullname"] = " ".join(name for name in names if name)
        self.version += 1
        row |= {"modifiedon": timestamp(), "versionnumber": self.version}
        self.rows[table.name][key] = row
        self._to_index(table, key, row)

    def _note(self, table: Table, key: str, before: Row | None) -> None:
        if self._undo is not None:
            self._undo.append((table, key, before))

    def _to_index(self, table: Table, row_id: str, row: Row) -> None:
        for key in table.keys.values():
            if (values := _values(key, row)) is not None:
                self.index[table.name, key.name].setdefault(values, []).append(row_id)

    def _unindex(self, table: Table, row_id: str, row: Row) -> None:
        for key in table.keys.values():
            ids = self.index[table.name, key.name].get(_values(key, row) or (), [])
            if row_id in ids:
                ids.remove(row_id)

    # --- reading ----------------------------------------------------------------------------------

    def select(self, table: Table, condition: odata.Condition | None) -> Iterable[Row]:
        """Return the rows that meet the condition; those named by id or key without a search."""
        self.require("Read", table)
        for name in odata.names(condition):
            require_property(table, name)
        rows: Iterable[Row] = self.rows[table.name].values()
        if (ids := odata.wanted(condition, table.primary)) is not None:
            known = self.rows[table.name]
            rows = [known[key] for key in dict.fromkeys(map(str, ids)) if key in known]
        for key in table.keys.values():
            values = odata.wanted(condition, key.columns[0]) if len(key.columns) == 1 else None
            if values is not None:
                index = self.index[table.name, key.name]
                found = [row_id for value in set(values) for row_id in index.get((value,), [])]
                rows = [self.rows[table.name][row_id] for row_id in found]
        for row in rows:
            if odata.matches(condition, lambda name, row=row: row[_stored(name)]):
                yield row


def _stored(name: str) -> str:
    return name[1:].removesuffix("_value") if name.startswith("_") else name


def _values(key: Key, row: Row) -> tuple[Any, ...] | None:
    values = tuple(odata.fold(row.get(name)) for name in key.columns)
    return None if None in values else values


def require_property(table: Table, name: str) -> Column:
    column = table.shown(name)
    if column is None:
        words = f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM."
        raise DataverseError(400, "0x80060888", f"{words}{table.name}'.")
    return column


def no_such_key(table: Table) -> DataverseError:
    words = f"A record with the specified key values does not exist in {table.name} entity"
    return DataverseError(404, "0x80060891", words)


def payload_error(table: Table, words: str) -> DataverseError:
    return DataverseError(
        400,
        "0x80048d19",
        f"Error identified in Payload provided by the user for Entity :'{table.set}', For more"
        " information on this error please follow this help link"
        " https://go.microsoft.com/fwlink/?linkid=2195293  ---->  InnerException :"
        f" Microsoft.OData.ODataException: {words}",
    )


def timestamp() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def clean_value(table: Table, column: Column, value: Any) -> Any:
    """Return a value as rows hold it, or refuse it."""
    if value is None:
        return None
    kind, numbers = column.kind, {"Integer", "Decimal", "Double", "Money"}
    edm = {"Integer": "Int32", "Boolean": "Boolean", "DateTime": "DateTimeOffset",
           "DateOnly": "Date"}.get(kind, "Decimal" if kind in numbers else "String")  # fmt: skip
    if column.options or kind == "Integer":
        edm, fits = "Int32", isinstance(value, int) and not isinstance(value, bool)
    elif kind in numbers:
        fits = isinstance(value, (int, float)) and not isinstance(value, bool)
    elif kind == "Boolean":
        fits = isinstance(value, bool)
    else:
        fits = isinstance(value, str)
    if kind in {"DateTime", "DateOnly"} and fits:
        try:
            value = (
                odata.moment(value) if kind == "DateTime" else date.fromisoformat(value).isoformat()
            )
        except ValueError:
            fits = False
    if not fits:
        raise payload_error(
            table, f"Cannot convert the literal '{value}' to the expected type 'Edm.{edm}'."
        )
    _check_bounds(table, column, value)
    return round(value, column.precision) if kind in numbers - {"Integer"} else value


def _check_bounds(table: Table, column: Column, value: Any) -> None:
    if column.options and value not in column.options:
        allowed = ",".join(str(key) for key in column.options)
        raise DataverseError(
            400,
            "0x8004431A",
            f"A validation error occurred.  The value {value} of '{column.name}' on record of type"
            f" '{table.name}' is outside the valid range. Accepted Values: {allowed}",
        )
    if column.kind in {"String", "Memo"} and len(value) > column.max_length:
        raise DataverseError(
            400,
            "0x80044331",
            f"A validation error occurred.  The length of the '{column.name}' attribute of the"
            f" '{table.name}' entity exceeded the maximum allowed length of '{column.max_length}'.",
        )
    is_number = column.kind in {"Integer", "Decimal", "Double", "Money"}
    if is_number and not column.low <= value <= column.high:
        raise DataverseError(
            400,
            "0x80044330",
            f"A validation error occurred.  The value of '{column.name}' on record of type"
            f" '{table.name}' is outside the valid range.",
        )
