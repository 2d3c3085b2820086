"""The state of the Salesforce fake: records, what a save checks, merges, who sees which field.

Words and codes of errors are those of "Status Codes and Error Responses" in the REST API guide and
of "API Fault Element" in the SOAP API guide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tests.crm.fakes import soql
from tests.crm.fakes.salesforce_schema import Field, SObject, standard_objects
from tests.crm.fakes.salesforce_values import (
    RequestError,
    RowError,
    clean_value,
    id18,
    timestamp,
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Rule:
    """A validation rule that an administrator made: what `breaks` it is refused with `message`."""

    object: str
    breaks: Callable[[Row], bool]
    message: str


class Org:
    """One company's Salesforce."""

    def __init__(self) -> None:
        self.objects: dict[str, SObject] = standard_objects()
        self.rows: dict[str, dict[str, Row]] = {name: {} for name in self.objects}
        self.short: dict[str, str] = {}  # 15 characters to 18
        self.index: dict[tuple[str, str], dict[str, list[str]]] = {}
        self.rules: list[Rule] = []
        self.locked: set[str] = set()
        self.granted: set[tuple[str, str]] = set()  # custom fields that our user sees
        self.last_number: dict[str, int] = defaultdict(int)
        profile = self.insert("Profile", Name="API only")
        self.user = self.insert("User", Username="api@firma.example", ProfileId=profile)
        self.rows["User"][self.user]["Name"] = "API"
        self.insert("PermissionSet", Name="X00e", Label="Profile", ProfileId=profile)

    # --- schema -----------------------------------------------------------------------------------

    def object(self, name: str) -> SObject:
        for known, found in self.objects.items():
            if known.lower() == name.lower():
                return found
        raise RequestError(404, "NOT_FOUND", "The requested resource does not exist")

    def add_field(self, name: str, field: Field, *, granted: bool = True) -> None:
        """Add a field; nobody sees it, administrators neither, until it is granted."""
        thing = self.object(name)
        thing.add(field)
        for row in self.rows[thing.name].values():
            row[field.name] = None
        if field.external_id or field.unique:
            self.index[thing.name, field.name] = {}
        if granted:
            self.granted.add((thing.name, field.name))

    def field(self, thing: SObject, name: str) -> Field | None:
        """Return the field if the object has it and our user sees it."""
        right = thing.names.get(name.lower())
        if right is None:
            return None
        field = thing.fields[right]
        return field if not field.is_custom or self._sees(thing.name, right) else None

    def fields(self, thing: SObject) -> Iterable[Field]:
        return (found for name in list(thing.fields) if (found := self.field(thing, name)))

    def _sees(self, thing: str, field: str) -> bool:
        if (thing, field) in self.granted:
            return True
        profile = self.rows["User"][self.user]["ProfileId"]
        sets = {
            key for key, row in self.rows["PermissionSet"].items() if row["ProfileId"] == profile
        } | {
            row["PermissionSetId"]
            for row in self.rows["PermissionSetAssignment"].values()
            if row["AssigneeId"] == self.user
        }
        return any(
            row["PermissionsRead"]
            and row["ParentId"] in sets
            and row["Field"] == f"{thing}.{field}"
            for row in self.rows["FieldPermissions"].values()
        )

    # --- records ----------------------------------------------------------------------------------

    def insert(self, name: str, **values: Any) -> str:
        """Put a record in as the org's people do: nothing is checked."""
        thing = self.object(name)
        self.last_number[name] += 1
        key = id18(thing.prefix, self.last_number[name])
        now = timestamp()
        row = {field.name: field.default for field in thing.fields.values()}
        row |= {"Id": key, "CreatedDate": now, "LastModifiedById": getattr(self, "user", None)}
        self.rows[name][key] = row
        self.short[key[:15]] = key
        self._put(thing, row, values)
        return key

    def edit(self, key: str, **values: Any) -> None:
        """Change a record as a person does."""
        thing, row = self.find(key)
        self._put(thing, row, values)

    def delete(self, key: str) -> None:
        """Put a record into the recycle bin."""
        thing, row = self.find(key)
        self._unindex(thing, row)
        row["IsDeleted"] = True
        row["LastModifiedDate"] = row["SystemModstamp"] = timestamp()

    def merge(self, master: str, loser: str) -> None:
        """Merge as a person does: what hangs on the loser moves, the loser is deleted."""
        thing, _ = self.find(master)
        for other in self.objects.values():
            references = [one.name for one in other.fields.values() if thing.name in one.refers_to]
            for row in self.rows[other.name].values():
                for name in references:
                    if row[name] == loser:
                        row[name] = master
        self.delete(loser)
        self.find(loser)[1]["MasterRecordId"] = master

    def find(self, key: str) -> tuple[SObject, Row]:
        """Return object and record of an id of 15 or 18 characters; deleted ones too.

        Raises:
            KeyError: there is no such record.

        """
        key = self.short[key[:15]] if len(key) in {15, 18} else key
        for thing in self.objects.values():
            if key.startswith(thing.prefix):
                return thing, self.rows[thing.name][key]
        raise KeyError(key)

    def with_value(self, thing: SObject, field: str, value: Any) -> list[Row]:
        """Return the records whose external id is this, without regard to case."""
        found = self.index.get((thing.name, field), {}).get(str(value).casefold(), [])
        return [self.rows[thing.name][key] for key in found]

    # --- saving through the API -------------------------------------------------------------------

    def create(self, thing: SObject, values: Row) -> str:
        clean = self._check(thing, values, None)
        if "OwnerId" in thing.fields:
            clean.setdefault("OwnerId", self.user)
        return self.insert(thing.name, **clean)

    def update(self, thing: SObject, key: Any, values: Row) -> str:
        row = self.own(thing, key)
        self._put(thing, row, self._check(thing, values, row))
        return str(row["Id"])

    def own(self, thing: SObject, key: Any) -> Row:
        """Return a record that can be changed."""
        if not isinstance(key, str) or len(key) not in {15, 18} or not key.startswith(thing.prefix):
            words = f"{thing.name} ID: id value of incorrect type: {key}"
            raise RowError("MALFORMED_ID", words, "Id")
        try:
            _, row = self.find(key)
        except KeyError:
            raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id") from None
        if row["IsDeleted"]:
            raise RowError("ENTITY_IS_DELETED", "entity is deleted")
        if row["Id"] in self.locked:
            raise RowError(
                "UNABLE_TO_LOCK_ROW",
                f"unable to obtain exclusive access to this record or 1 records: {row['Id']}",
            )
        return row

    def upsert(self, thing: SObject, field: Field, values: Row) -> tuple[str, bool]:
        """Return the id, and whether the record is new."""
        value = values.get(field.name)
        if value in (None, ""):
            raise RowError("MISSING_ARGUMENT", f"{field.name} not specified", field.name)
        if field.type == "id":
            return self.update(thing, value, without(values, field.name)), False
        rows = self.with_value(thing, field.name, value)
        if len(rows) > 1:
            raise RowError(
                "DUPLICATE_EXTERNAL_ID",
                f"{field.name}: more than one record found for external id field:"
                f" [{', '.join(row['Id'] for row in rows)}]",
            )
        if rows:
            return self.update(thing, rows[0]["Id"], without(values, field.name)), False
        return self.create(thing, values), True

    def require_readable(self, thing: SObject, values: Row) -> None:
        """Check names and JSON types, for which a whole request is refused."""
        relations = {field.relationship for field in thing.fields.values()}
        for name, value in values.items():
            if isinstance(value, dict) and name in relations:
                continue
            field = self.field(thing, name)
            if field is None:
                raise RequestError(
                    400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {thing.name}"
                )
            with suppress(RowError):
                self._value(field, value)

    def _check(self, thing: SObject, values: Row, row: Row | None) -> Row:
        self.require_readable(thing, values)
        clean: Row = {}
        for name, value in values.items():
            if isinstance(value, dict) and (relation := self.relation(thing, name)):
                clean[relation.name] = self._follow(relation, value)
                continue
            field = thing.fields[thing.names[name.lower()]]
            if not field.writable:
                raise RowError(
                    "INVALID_FIELD_FOR_INSERT_UPDATE",
                    f"Unable to create/update fields: {field.name}. Please check the security"
                    " settings of this field and verify that it is read/write for your profile or"
                    " permission set.",
                    field.name,
                )
            clean[field.name] = self._value(field, value)
        self._check_whole(thing, clean, row)
        return clean

    def _check_whole(self, thing: SObject, clean: Row, row: Row | None) -> None:
        after = (row or {}) | clean
        missing = [
            one.name
            for one in thing.fields.values()
            if one.required and after.get(one.name) is None and (row is None or one.name in clean)
        ]
        if missing:
            raise RowError(
                "REQUIRED_FIELD_MISSING",
                f"Required fields are missing: [{', '.join(missing)}]",
                *missing,
            )
        for field in thing.fields.values():
            if not field.unique or clean.get(field.name) is None:
                continue
            for other in self.with_value(thing, field.name, clean[field.name]):
                if other is not row:
                    raise RowError(
                        "DUPLICATE_VALUE",
                        f"duplicate value found: {field.name} duplicates value on record with id:"
                        f" {other['Id']}",
                        field.name,
                    )
        for rule in self.rules:
            if rule.object == thing.name and rule.breaks(after):
                raise RowError("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message)

    def _follow(self, field: Field, value: Row) -> str:
        ((name, wanted),) = ((k, v) for k, v in value.items() if k != "attributes")
        for target in field.refers_to:
            if found := self.with_value(self.object(target), name, wanted):
                return str(found[0]["Id"])
        raise RowError(
            "INVALID_FIELD",
            f"Foreign key external ID: {str(wanted).lower()} not found for field {name} in entity"
            f" {field.refers_to[0]}",
        )

    def _value(self, field: Field, value: Any) -> Any:
        clean = clean_value(field, value)
        return self._reference(field, clean) if clean and field.type == "reference" else clean

    def _reference(self, field: Field, key: str) -> str:
        prefixes = {self.objects[name].prefix for name in field.refers_to if name in self.objects}
        if len(key) not in {15, 18} or key[:3] not in prefixes:
            raise RowError(
                "MALFORMED_ID",
                f"{field.label or field.name}: id value of incorrect type: {key}",
                field.name,
            )
        try:
            _, row = self.find(key)
        except KeyError:
            row = {"IsDeleted": True}
        if row["IsDeleted"]:
            raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", field.name)
        return str(row["Id"])

    def _put(self, thing: SObject, row: Row, values: Row) -> None:
        self._unindex(thing, row)
        row |= values
        if thing.name == "Task":
            row["IsClosed"] = row["Status"] == "Completed"
            row["CompletedDateTime"] = timestamp() if row["IsClosed"] else None
        if "LastName" in values or "FirstName" in values:
            names = [row.get("FirstName"), row.get("LastName")]
            row["Name"] = " ".join(name for name in names if name)
        if thing.name == "Opportunity":
            row["IsWon"] = row["StageName"] == "Closed Won"
            row["IsClosed"] = row["IsWon"] or row["StageName"] == "Closed Lost"
        row["LastModifiedDate"] = row["SystemModstamp"] = timestamp()
        for (name, field), index in self.index.items():
            if name == thing.name and row.get(field) is not None:
                index.setdefault(str(row[field]).casefold(), []).append(row["Id"])

    def _unindex(self, thing: SObject, row: Row) -> None:
        for (name, field), index in self.index.items():
            if name == thing.name and row.get(field) is not None:
                keys = index.get(str(row[field]).casefold(), [])
                if row["Id"] in keys:
                    keys.remove(row["Id"])

    # --- reading ----------------------------------------------------------------------------------

    def select(self, query: soql.Query, *, deleted: bool) -> list[Row]:
        """Return the records that a query finds."""
        thing = self.object(query.object)
        rows = self._candidates(thing, query, deleted=deleted)
        found = [
            row
            for row in rows
            if (deleted or not row["IsDeleted"])
            and soql.matches(query.where, row, lambda row, path: self.value(thing, row, path))
        ]
        for path, descending in reversed(query.order):
            found.sort(
                key=lambda row, path=path: soql.sort_key(self.value(thing, row, path)),
                reverse=descending,
            )
        end = None if query.limit is None else query.offset + query.limit
        return found[query.offset : end]

    def _candidates(self, thing: SObject, query: soql.Query, *, deleted: bool) -> Iterable[Row]:
        """Return the rows that may match: by id or external id without a look at all rows."""
        rows = self.rows[thing.name]
        if (wanted := soql.equals(query.where, "Id")) is not None:
            keys = (self.short.get(str(key)[:15], "") for key in wanted)
            return [rows[key] for key in dict.fromkeys(keys) if key in rows]
        for name, field in self.index:
            wanted = soql.equals(query.where, field) if name == thing.name else None
            if wanted is not None and not deleted:
                values = {str(value).casefold() for value in wanted}
                return [row for value in values for row in self.with_value(thing, field, value)]
        return rows.values()

    def value(self, thing: SObject, row: Row, path: str) -> Any:
        """Follow a path such as `Owner.Email` to its value."""
        head, _, rest = path.partition(".")
        if not rest:
            return row.get(thing.names[head.lower()])
        field = self.relation(thing, head)
        key = row[field.name] if field else None
        if key is None:
            return None
        other, found = self.find(key)
        return self.value(other, found, rest)

    def relation(self, thing: SObject, name: str) -> Field | None:
        return next(
            (
                one
                for one in thing.fields.values()
                if one.relationship and one.relationship.lower() == name.lower()
            ),
            None,
        )


def without(values: Row, name: str) -> Row:
    return {key: value for key, value in values.items() if key != name}
