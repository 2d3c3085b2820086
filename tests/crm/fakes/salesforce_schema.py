"""Objects and fields of the Salesforce fake, as the Object Reference describes them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

WORD = {
    "string": "string",
    "textarea": "string",
    "url": "string",
    "email": "string",
    "phone": "string",
    "picklist": "string",
    "date": "date",
    "datetime": "dateTime",
    "double": "double",
    "currency": "double",
    "percent": "double",
    "int": "int",
    "boolean": "boolean",
    "id": "id",
    "reference": "id",
}
"""The SOAP type of each field type."""


@dataclass(frozen=True)
class Field:
    """One field. `length` in characters; `precision` counts all digits, `scale` those after the
    point; `options` of a picklist, which refuses others if it is `restricted`."""

    name: str
    type: str = "string"
    label: str = ""
    length: int = 0
    precision: int = 0
    scale: int = 0
    options: tuple[str, ...] = ()
    restricted: bool = False
    required: bool = False
    writable: bool = True
    external_id: bool = False
    unique: bool = False
    refers_to: tuple[str, ...] = ()
    default: Any = None

    @property
    def is_custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def relationship(self) -> str | None:
        """The name by which a query follows this reference: AccountId is followed by Account."""
        if self.type != "reference":
            return None
        return self.name[:-1] + "r" if self.is_custom else self.name.removesuffix("Id")

    def describe(self) -> dict[str, Any]:
        """Return what `describe` says of it."""
        values = [
            {"value": option, "label": option, "active": True, "defaultValue": False}
            for option in self.options
        ]
        return {
            "name": self.name,
            "label": self.label or self.name,
            "type": self.type,
            "soapType": ("tns:" if self.type in {"id", "reference"} else "xsd:")
            + WORD[self.type].replace("id", "ID"),
            "length": self.length,
            "precision": self.precision,
            "scale": self.scale,
            "picklistValues": values,
            "restrictedPicklist": self.restricted,
            "nillable": not self.required,
            "createable": self.writable,
            "updateable": self.writable,
            "externalId": self.external_id,
            "idLookup": self.external_id or self.type == "id",
            "unique": self.unique,
            "custom": self.is_custom,
            "referenceTo": list(self.refers_to),
            "relationshipName": self.relationship,
        }


@dataclass
class SObject:
    """One object: its three letters that start each id, and its fields by name."""

    name: str
    prefix: str
    fields: dict[str, Field]
    label: str = ""
    names: dict[str, str] = field(default_factory=dict)  # lower case to right case

    def __post_init__(self) -> None:
        self.names = {name.lower(): name for name in self.fields}

    def add(self, new: Field) -> None:
        self.fields[new.name] = new
        self.names[new.name.lower()] = new.name


def _text(name: str, length: int = 255, **more: Any) -> Field:
    return Field(name, "string", length=length, **more)


def _ref(name: str, *objects: str, **more: Any) -> Field:
    return Field(name, "reference", length=18, refers_to=objects, **more)


SYSTEM = (
    Field("Id", "id", length=18, writable=False),
    Field("IsDeleted", "boolean", writable=False, default=False),
    Field("CreatedDate", "datetime", writable=False),
    Field("LastModifiedDate", "datetime", writable=False),
    Field("SystemModstamp", "datetime", writable=False),
    _ref("LastModifiedById", "User", writable=False),
)
TASK_STATES = ("Not Started", "Completed")
ADDRESS = ("Street", "City", "State", "PostalCode", "Country")


def _address(kind: str = "") -> tuple[Field, ...]:
    lengths = {"Street": 255, "City": 40, "PostalCode": 20}
    return tuple(_text(f"{kind}{part}", lengths.get(part, 80)) for part in ADDRESS)


def _object(name: str, prefix: str, *own: Field) -> SObject:
    return SObject(name, prefix, {one.name: one for one in (*SYSTEM, *own)})


def standard_objects() -> dict[str, SObject]:
    """Return the objects that an org has from the start, by name."""
    owner = _ref("OwnerId", "User")
    master = replace(_ref("MasterRecordId", "Account"), writable=False)
    stages = ("Prospecting", "Proposal/Price Quote", "Closed Won", "Closed Lost")
    objects = [
        _object(
            "Account",
            "001",
            _text("Name", required=True, label="Account Name"),
            master,
            owner,
            *_address("Billing"),
            Field("Phone", "phone", length=40),
            Field("Website", "url", length=255),
            _text("AccountNumber", 40, label="Account Number"),
            Field("Industry", "picklist", length=255, options=("Machinery", "Chemicals")),
            Field("Description", "textarea", length=32000),
        ),
        _object(
            "Contact",
            "003",
            _text("LastName", 80, required=True, label="Last Name"),
            _text("FirstName", 40),
            replace(_text("Name", 121, label="Full Name"), writable=False),
            Field("Email", "email", length=80),
            Field("Phone", "phone", length=40),
            _ref("AccountId", "Account"),
            _ref("MasterRecordId", "Contact", writable=False),
            owner,
        ),
        _object(
            "Opportunity",
            "006",
            _text("Name", 120, required=True),
            _ref("AccountId", "Account", label="Account ID"),
            Field("StageName", "picklist", length=255, options=stages, required=True),
            Field("CloseDate", "date", required=True),
            Field("Amount", "currency", precision=18, scale=2),
            Field("Probability", "percent", precision=3, scale=0),
            Field("IsClosed", "boolean", writable=False, default=False),
            Field("IsWon", "boolean", writable=False, default=False),
            owner,
        ),
        _object(
            "Lead",
            "00Q",
            _text("LastName", 80, required=True, label="Last Name"),
            _text("FirstName", 40),
            replace(_text("Name", 121, label="Full Name"), writable=False),
            _text("Company", required=True),
            Field("Email", "email", length=80),
            Field("Phone", "phone", length=40),
            Field("Website", "url", length=255),
            *_address(),
            Field("Status", "picklist", length=255, options=("Open - Not Contacted", "Working")),
            Field("IsConverted", "boolean", writable=False, default=False),
            _ref("MasterRecordId", "Lead", writable=False),
            owner,
        ),
        _object(
            "Task",
            "00T",
            _text("Subject"),
            Field("ActivityDate", "date", label="Due Date Only"),
            Field("CompletedDateTime", "datetime", writable=False),
            Field("Description", "textarea", length=32000),
            Field(
                "Status", "picklist", options=("Not Started", "Completed"), default="Not Started"
            ),
            Field("Priority", "picklist", options=("High", "Normal", "Low"), default="Normal"),
            Field("IsClosed", "boolean", writable=False, default=False),
            _ref("WhatId", "Account", "Opportunity"),
            _ref("WhoId", "Contact", "Lead"),
            owner,
        ),
        _object(
            "User",
            "005",
            _text("Name", 121, writable=False),
            _text("Username", 80),
            Field("Email", "email", length=128),
            Field("IsActive", "boolean", default=True),
            _ref("ProfileId", "Profile"),
        ),
        _object("Profile", "00e", _text("Name")),
        _object(
            "PermissionSet",
            "0PS",
            _text("Name", 80, required=True),
            _text("Label", 80, required=True),
            _ref("ProfileId", "Profile", writable=False),
            Field("IsOwnedByProfile", "boolean", writable=False, default=False),
        ),
        _object(
            "PermissionSetAssignment",
            "0Pa",
            _ref("PermissionSetId", "PermissionSet", required=True),
            _ref("AssigneeId", "User", required=True),
        ),
        _object(
            "FieldPermissions",
            "01k",
            _ref("ParentId", "PermissionSet", required=True),
            _text("SobjectType", required=True),
            _text("Field", required=True),
            Field("PermissionsRead", "boolean", default=False),
            Field("PermissionsEdit", "boolean", default=False),
        ),
    ]
    return {one.name: one for one in objects}
