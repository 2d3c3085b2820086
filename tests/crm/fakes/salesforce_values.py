"""Ids, times and errors of the Salesforce fake."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from tests.crm.fakes.salesforce_schema import Field, SObject

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


class RequestError(Exception):
    """The whole request is refused: HTTP status, code, message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code
        self.body: Any = [{"message": message, "errorCode": code}]


class RowError(Exception):
    """One record is refused."""

    def __init__(self, code: str, message: str, *fields: str) -> None:
        super().__init__(message)
        self.code, self.message, self.fields = code, message, list(fields)

    @property
    def shown(self) -> dict[str, Any]:
        """As it stands beside its record in the answer to many."""
        return {"statusCode": self.code, "message": self.message, "fields": self.fields}


def id18(prefix: str, number: int) -> str:
    """Return an id of 15 characters and the three that make it safe where case is lost."""
    text = ""
    for _ in range(12):
        number, rest = divmod(number, 62)
        text = DIGITS[rest] + text
    return prefix + text + check_letters(prefix + text)


def check_letters(text: str) -> str:
    parts = (text[start : start + 5] for start in (0, 5, 10))
    return "".join(
        CHECK[sum(1 << place for place, letter in enumerate(part) if letter.isupper())]
        for part in parts
    )


def timestamp() -> str:
    now = datetime.now(UTC)
    return f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}+0000"


def moment(field: Field, value: Any) -> str:
    """Return a date or time as records hold it."""
    try:
        if field.type == "date":
            return date.fromisoformat(value[:10]).isoformat()
        time = datetime.fromisoformat(value).astimezone(UTC)
    except (TypeError, ValueError):
        raise cannot_read(field.type, value) from None
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}+0000"


def clean_value(field: Field, value: Any) -> Any:
    """Return a value as records hold it; references are not followed.

    Raises:
        RequestError: it is not of the field's type, for which JSON as a whole is refused.
        RowError: the field refuses it.

    """
    if value is None or (value == "" and field.type != "boolean"):
        return None
    if field.type in {"double", "currency", "percent", "int"}:
        return _number(field, value)
    if field.type == "boolean":
        if str(value).lower() not in {"true", "false"}:
            raise cannot_read("boolean", value)
        return str(value).lower() == "true"
    if field.type in {"date", "datetime"}:
        return moment(field, value)
    if not isinstance(value, (str, int, float)):
        raise cannot_read("string", value)
    text = str(value)
    if field.type == "reference":
        return text
    if field.restricted and text not in field.options:
        raise RowError(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"{field.label or field.name}: bad value for restricted picklist field: {text}",
            field.name,
        )
    if field.length and len(text) > field.length:
        raise RowError(
            "STRING_TOO_LONG",
            f"{field.label or field.name}: data value too large: {text}"
            f" (max length={field.length})",
            field.name,
        )
    return text


def _number(field: Field, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise cannot_read("double", value) from None
    if isinstance(value, bool):
        raise cannot_read("double", value)
    number = round(number, field.scale)
    if abs(number) >= 10 ** (field.precision - field.scale):
        raise RowError(
            "NUMBER_OUTSIDE_VALID_RANGE",
            f"{field.label or field.name}: value outside of valid range on numeric field: {value}",
            field.name,
        )
    return number


def cannot_read(kind: str, value: Any) -> RequestError:
    return RequestError(
        400,
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {kind} from VALUE_STRING value {value} or request may be"
        " missing a required field at [line:1, column:1]",
    )


def read_json(body: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(body))
    except ValueError:
        raise RequestError(400, "JSON_PARSER_ERROR", "Unexpected character in the body") from None


def require_few(rows: Sequence[Any], limit: int) -> None:
    if len(rows) > limit:
        words = f"record limit reached. cannot submit more than {limit} records into this call"
        raise RequestError(400, "EXCEEDED_ID_LIMIT", words)


def url_of(thing: SObject, row: dict[str, Any]) -> str:
    return f"/services/data/v59.0/sobjects/{thing.name}/{row['Id']}"


def rolled_back() -> dict[str, Any]:
    """Return the answer for a good record of a call that is all or nothing, and was nothing."""
    words = "Record rolled back because not all records were valid and the request was using"
    error = RowError("ALL_OR_NONE_OPERATION_ROLLED_BACK", f"{words} AllOrNone header")
    return {"success": False, "errors": [error.shown]}
