"""EntityDefinitions of the Dataverse fake: tables, columns, alternate keys."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.crm.fakes import odata
from tests.crm.fakes.dynamics_org import DataverseError, Org, Row
from tests.crm.fakes.dynamics_schema import Column, Key, Table, guid_of

if TYPE_CHECKING:
    from tests.crm.fakes.dynamics import Ask

PATH = re.compile(
    r"EntityDefinitions(?:\((?P<table>[^)]*)\))?"
    r"(?:/(?P<part>Attributes|Keys)(?:\((?P<one>[^)]*)\))?)?"
    r"(?:/Microsoft\.Dynamics\.CRM\.(?P<kind>\w+)AttributeMetadata)?"
)
KEYS_PER_TABLE = 10
Told = tuple[int, Any, str | None]  # status, body, address of what is new


class Metadata:
    """Answers about the schema. What is read of a key that is being built moves it on."""

    def __init__(self, org: Org) -> None:
        self.org = org

    def answer(self, ask: Ask) -> Told:
        if ask.path.startswith("RetrieveMetadataChanges"):
            return 200, self._changes(json.loads(ask.query["@p1"])), None
        found = PATH.fullmatch(ask.path)
        if not found:
            raise DataverseError(404, "0x80060888", f"Resource not found: {ask.path}")
        if found["table"] is None:
            tables = [table.describe() for table in self.org.tables.values()]
            return 200, {"value": _filtered(ask, tables)}, None
        table = self._table(found["table"])
        if found["part"] is None:
            return 200, table.describe(), None
        if ask.method == "POST":
            self._require_customizer()
            add = self._add_column if found["part"] == "Attributes" else self._add_key
            ask.wrote_rows(1)
            return 204, None, f"EntityDefinitions({table.metadata_id})/{add(table, ask.json)}"
        if found["part"] == "Keys":
            return 200, {"value": self._keys(table)}, None
        columns = [column.describe(table.name) for column in table.columns.values()]
        if found["kind"] and not found["one"]:
            kind = f"#Microsoft.Dynamics.CRM.{found['kind']}AttributeMetadata"
            columns = [column for column in columns if column["@odata.type"] == kind]
        if not found["one"]:
            return 200, {"value": _filtered(ask, columns)}, None
        name = re.sub(r"LogicalName='(.*)'", r"\1", found["one"])
        for column in columns:
            if name in {column["LogicalName"], column["MetadataId"]}:
                return 200, column, None
        words = f"Could not find an attribute with specified name: {name}"
        raise DataverseError(404, "0x80040217", words)

    def _table(self, key: str) -> Table:
        name = re.sub(r"LogicalName='(.*)'", r"\1", key)
        for table in self.org.tables.values():
            if name in {table.name, table.metadata_id}:
                return table
        words = f"Could not find an entity with specified entity name: {name}"
        raise DataverseError(404, "0x80040217", words)

    def _require_customizer(self) -> None:
        for name in ("prvCreateAttribute", "prvCreateEntityKey"):
            if name in self.org.missing_privileges:
                words = f"Principal user (Id={self.org.user}, type=8) is missing {name} privilege"
                raise DataverseError(403, "0x80040220", words)

    def _changes(self, query: Row) -> Row:
        def conditions(part: Row | None) -> Row:
            found = ((part or {}).get("Criteria") or {}).get("Conditions", [])
            return {one["PropertyName"]: one["Value"]["Value"] for one in found}

        wanted = conditions(query)
        attributes = query.get("AttributeQuery")
        only = conditions(attributes)

        def fits(told: Row, only: Row) -> bool:
            return all(told.get(name) == value for name, value in only.items())

        found = []
        for table in self.org.tables.values():
            if fits(table.describe(), wanted):
                columns = [column.describe(table.name) for column in table.columns.values()]
                columns = [column for column in columns if fits(column, only)]
                found.append({"LogicalName": table.name, "Attributes": columns})
        return {"EntityMetadata": found}

    def _add_column(self, table: Table, told: Row) -> str:
        schema_name = str(told.get("SchemaName", ""))
        name = schema_name.lower()
        if not re.fullmatch(r"[a-z][a-z0-9]{1,7}_\w+", name):
            words = f"The name {schema_name} does not start with the publisher's prefix"
            raise DataverseError(400, "0x8004702C", words)
        if name in table.columns:
            words = f"An attribute with the specified name {name} already exists"
            raise DataverseError(400, "0x80047013", words)
        kind = re.sub(r".*\.(\w+)AttributeMetadata$", r"\1", str(told.get("@odata.type", "")))
        if kind == "DateTime" and told.get("Format") == "DateOnly":
            kind = "DateOnly"
        options = (told.get("OptionSet") or {}).get("Options") or []
        default = -(2**31) if kind == "Integer" else -100_000_000_000
        column = Column(
            name,
            kind,
            label=_text(told.get("DisplayName")),
            max_length=told.get("MaxLength") or 100,
            low=told.get("MinValue", default),
            high=told.get("MaxValue", -default),
            precision=told.get("Precision", 2),
            options={option["Value"]: _text(option["Label"]) for option in options},
            schema_name=schema_name,
        )
        self.org.add_column(table.name, column)
        return f"Attributes({guid_of(f'{table.name}.{name}')})"

    def _add_key(self, table: Table, told: Row) -> str:
        name, columns = str(told["SchemaName"]).lower(), tuple(told["KeyAttributes"])
        if name in table.keys:
            raise DataverseError(400, "0x80060893", f"Entity key {name} already exists.")
        if len(table.keys) >= KEYS_PER_TABLE:
            words = f"The maximum number of {KEYS_PER_TABLE} keys is reached"
            raise DataverseError(400, "0x80060894", words)
        unknown = [one for one in columns if one not in table.columns]
        if unknown:
            words = f"Attribute {unknown[0]} does not exist on entity {table.name}"
            raise DataverseError(400, "0x80060895", words)
        self.org.add_key(table.name, Key(name, columns, pending=self.org.polls_until_active))
        return f"Keys({guid_of(f'{table.name}.key.{name}')})"

    def _keys(self, table: Table) -> list[Row]:
        told = [
            {
                "MetadataId": guid_of(f"{table.name}.key.{key.name}"),
                "SchemaName": key.name,
                "LogicalName": key.name,
                "KeyAttributes": list(key.columns),
                "EntityKeyIndexStatus": key.status,
            }
            for key in table.keys.values()
        ]
        for key in table.keys.values():
            key.pending -= 1
        return told


def _filtered(ask: Ask, rows: list[Row]) -> list[Row]:
    """Metadata is filtered and selected by its own names, in their own case."""
    if text := ask.query.get("$filter"):
        condition = odata.parse_filter(text)
        rows = [row for row in rows if odata.matches(condition, lambda name, row=row: row[name])]
    if not ask.query.get("$select"):
        return rows
    names = {*ask.query["$select"].split(","), "MetadataId", "@odata.type"}
    names |= {name.partition("(")[0] for name in ask.query.get("$expand", "").split(",")}
    return [{name: value for name, value in row.items() if name in names} for row in rows]


def _text(told: Row | None) -> str:
    labels = (told or {}).get("LocalizedLabels") or []
    return str(labels[0]["Label"]) if labels else ""
