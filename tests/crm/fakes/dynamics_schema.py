"""Tables and columns of the Dataverse fake, as Microsoft's table reference describes them."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from typing import Any

OPEN = {0: "Active", 1: "Inactive"}
SPACE = uuid.UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")


def guid_of(text: str) -> str:
    """Return the same GUID for the same text."""
    return str(uuid.uuid5(SPACE, text))


@dataclass(frozen=True)
class Column:
    """One column. `binds` are the names by which a lookup is set: navigation property to table."""

    name: str
    kind: str = "String"
    label: str = ""
    max_length: int = 100
    low: float = -(2**31)
    high: float = 2**31 - 1
    precision: int = 2
    options: dict[int, str] = field(default_factory=dict)
    binds: dict[str, str] = field(default_factory=dict)
    writable: bool = True
    required: bool = False
    default: Any = None
    schema_name: str = ""

    @property
    def shown_as(self) -> str:
        """The property that a row shows: lookups stand there as `_name_value`."""
        return f"_{self.name}_value" if self.kind in {"Lookup", "Customer", "Owner"} else self.name

    def describe(self, table: str) -> dict[str, Any]:
        """Return its AttributeMetadata."""
        told: dict[str, Any] = {
            "@odata.type": f"#Microsoft.Dynamics.CRM.{self.kind}AttributeMetadata",
            "MetadataId": guid_of(f"{table}.{self.name}"),
            "LogicalName": self.name,
            "SchemaName": self.schema_name or self.name,
            "AttributeType": self.kind,
            "AttributeTypeName": {"Value": f"{self.kind}Type"},
            "IsValidForUpdate": self.writable,
            "IsCustomAttribute": "_" in self.name,
            "DisplayName": label(self.label or self.name),
            "RequiredLevel": {"Value": "ApplicationRequired" if self.required else "None"},
        }
        if self.kind in {"String", "Memo"}:
            told["MaxLength"] = self.max_length
        if self.kind in {"Integer", "Decimal", "Double", "Money"}:
            told |= {"MinValue": self.low, "MaxValue": self.high}
        if self.options:
            options = [{"Value": key, "Label": label(text)} for key, text in self.options.items()]
            told["OptionSet"] = {"Options": options, "IsGlobal": False}
        return told


@dataclass
class Key:
    """An alternate key. It can be used once its index is built: `pending` polls from now."""

    name: str
    columns: tuple[str, ...]
    pending: int = 0
    failed: bool = False

    @property
    def status(self) -> str:
        if self.failed:
            return "Failed"
        return "Active" if self.pending <= 0 else "Pending" if self.pending > 1 else "InProgress"


@dataclass
class Table:
    """One table: logical name, entity set, columns by logical name, alternate keys by name."""

    name: str
    set: str
    number: int
    columns: dict[str, Column]
    primary: str = ""
    title: str = "name"
    keys: dict[str, Key] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.primary = self.primary or f"{self.name}id"

    @property
    def metadata_id(self) -> str:
        return guid_of(self.name)

    def shown(self, name: str) -> Column | None:
        """Return the column that a row shows under this name."""
        found = re.fullmatch(r"_(\w+)_value", name)
        column = self.columns.get(found[1] if found else name)
        return column if column and column.shown_as == name else None

    def describe(self) -> dict[str, Any]:
        """Return its EntityMetadata."""
        return {
            "MetadataId": self.metadata_id,
            "LogicalName": self.name,
            "SchemaName": self.name.capitalize(),
            "EntitySetName": self.set,
            "PrimaryIdAttribute": self.primary,
            "PrimaryNameAttribute": self.title,
            "ObjectTypeCode": self.number,
            "IsPrivate": False,
        }


def label(text: str) -> dict[str, Any]:
    """Return a Label as metadata shows it."""
    one = {"Label": text, "LanguageCode": 1031}
    return {"LocalizedLabels": [one], "UserLocalizedLabel": one}


def _owner(bind: str = "ownerid") -> Column:
    return Column("ownerid", "Owner", binds={bind: "systemuser"})


def _states(**of: str) -> tuple[Column, ...]:
    states = dict(enumerate(of.values())) if of else OPEN
    return (
        Column("statecode", "State", options=states, default=0),
        Column("statuscode", "Status", options={key + 1: text for key, text in states.items()},
               default=1),
    )  # fmt: skip


def _table(name: str, plural: str, number: int, *own: Column, **more: Any) -> Table:
    primary = more.get("primary", f"{name}id")
    base = (
        Column(primary, "Uniqueidentifier", writable=False),
        Column("createdon", "DateTime", writable=False),
        Column("modifiedon", "DateTime", writable=False),
        Column("modifiedby", "Lookup", writable=False, binds={"modifiedby": "systemuser"}),
        Column("versionnumber", "BigInt", writable=False),
    )
    return Table(name, plural, number, {one.name: one for one in (*base, *own)}, **more)


def _merged(table: str) -> tuple[Column, ...]:
    return (
        Column("merged", "Boolean", writable=False, default=False),
        Column("masterid", "Lookup", writable=False, binds={"masterid": table}),
    )


def _address() -> tuple[Column, ...]:
    lengths = {"line1": 250, "postalcode": 20, "city": 80, "country": 80}
    return tuple(Column(f"address1_{part}", max_length=size) for part, size in lengths.items())


def standard_tables() -> dict[str, Table]:
    """Return the tables that a Sales environment has from the start, by logical name."""
    tables = [
        _table(
            "account", "accounts", 1,
            Column("name", max_length=160, required=True),
            Column("accountnumber", max_length=20),
            Column("emailaddress1"),
            Column("telephone1", max_length=50),
            Column("websiteurl", max_length=200),
            Column("description", "Memo", max_length=2000),
            Column("parentaccountid", "Lookup", binds={"parentaccountid": "account"}),
            Column("primarycontactid", "Lookup", binds={"primarycontactid": "contact"}),
            *_address(), *_states(), *_merged("account"), _owner(),
        ),
        _table(
            "contact", "contacts", 2,
            Column("lastname", max_length=50, required=True),
            Column("firstname", max_length=50),
            Column("fullname", max_length=160, writable=False),
            Column("emailaddress1"),
            Column("telephone1", max_length=50),
            Column(
                "parentcustomerid", "Customer", binds={"parentcustomerid_account": "account"}
            ),
            *_states(), *_merged("contact"), _owner(), title="fullname",
        ),
        _table(
            "opportunity", "opportunities", 3,
            Column("name", max_length=300, required=True),
            Column("estimatedvalue", "Money", low=0, high=922337203685477),
            Column("estimatedclosedate", "DateOnly"),
            Column("closeprobability", "Integer", low=0, high=100),
            Column("parentaccountid", "Lookup", binds={"parentaccountid": "account"}),
            Column(
                "customerid", "Customer",
                binds={"customerid_account": "account", "customerid_contact": "contact"},
            ),
            *_states(a="Open", b="Won", c="Lost"), _owner(),
        ),
        _table(
            "lead", "leads", 4,
            Column("subject", max_length=300),
            Column("lastname", max_length=50, required=True),
            Column("fullname", max_length=160, writable=False),
            Column("firstname", max_length=50),
            Column("companyname", max_length=100),
            Column("emailaddress1"),
            Column("telephone1", max_length=50),
            *_address(), *_states(a="Open", b="Qualified", c="Disqualified"), *_merged("lead"),
            _owner(), title="fullname",
        ),
        _table(
            "task", "tasks", 4212,
            Column("subject", max_length=200, required=True),
            Column("description", "Memo", max_length=2000),
            Column("scheduledend", "DateTime"),
            Column("actualend", "DateTime"),
            Column(
                "regardingobjectid", "Lookup",
                binds={
                    f"regardingobjectid_{one}_task": one
                    for one in ("account", "contact", "opportunity", "lead")
                },
            ),
            *_states(a="Open", b="Completed", c="Canceled"), _owner("ownerid_task"),
            primary="activityid", title="subject",
        ),
        _table(
            "systemuser", "systemusers", 8,
            Column("fullname", max_length=200, writable=False),
            Column("domainname", max_length=1024),
            Column("internalemailaddress"),
            Column("isdisabled", "Boolean", default=False),
            title="fullname",
        ),
    ]  # fmt: skip
    return {table.name: table for table in tables}
