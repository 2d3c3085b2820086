"""vCard 2.1 to 4: the contacts of telephones and mail programs, a row for each.

Formats: RFC 2426 (3.0), RFC 6350 (4.0), and the specification of versit (2.1).
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.reading import refusals
from ingest.reading.handover import Handover
from ingest.reading.json_files import column_names
from ingest.reading.refusals import UnreadableFile
from ingest.reading.text.encoding import doubt, find_encoding, read_utf8

_CARD = re.compile(r"^[ \t]*BEGIN:VCARD.*?^[ \t]*END:VCARD[^\r\n]*", re.DOTALL | re.I | re.M)
# Properties of one value, and the column that each becomes.
_PLAIN = {
    "fn": "full_name", "title": "job_title", "role": "role", "url": "website", "bday": "birthday",
    "note": "note", "uid": "card_id", "rev": "changed_at", "email": "email", "nickname": "nickname",
}  # fmt: skip
_NAME = {"given": "given_name", "family": "family_name", "prefix": "title", "suffix": "suffix"}
_ADDRESS = {
    "street": "street", "extended": "address_extra", "box": "po_box", "code": "postcode",
    "city": "city", "region": "region", "country": "country",
}  # fmt: skip
# What every table of cards has, filled or not: the next card may have what this one lacks, and one
# mapping is to take both.
COLUMNS = (
    "given_name", "family_name", "full_name", "organization", "job_title", "email", "phone",
    "mobile", "street", "postcode", "city", "country", "website", "note",
)  # fmt: skip
_LEFT_OUT = {"version", "photo", "logo", "sound", "key", "prodid"}  # pictures, and what wrote it


def read_vcards(path: Path, handover: Handover) -> None:
    """Read each card as a row; a second telephone or address has columns of its own (`phone_2`).

    Raises:
        UnreadableFile: there is no card in the file.

    """
    encoding = find_encoding(path)
    text = b"".join(read_utf8(path, encoding, path.stat().st_size)).decode()
    cards = [(number, card, _row(card)) for number, card in _cards(text)]
    if not cards:
        raise UnreadableFile(refusals.DAMAGED)
    found = column_names(row for *_, row in cards if row)
    columns = [*COLUMNS, *(name for name in found if name not in COLUMNS)]
    builder = handover.table(path.name, columns)
    for number, card, row in cards:
        if row is None:
            builder.reject(number, card, refusals.BROKEN_CARD)
        else:
            builder.add(number, [row.get(name or "") for name in columns])
    if note := doubt(encoding):
        handover.note(note)


def _cards(text: str) -> Iterator[tuple[int, str]]:
    """Yield each card with the number of its first line; what stands between is none."""
    number, position = 1, 0
    for card in _CARD.finditer(text):
        number += text.count("\n", position, card.start())
        position = card.start()
        yield number, card[0]


def _row(card: str) -> dict[str, str | None] | None:
    """Return a card's values by column; None if it cannot be read."""
    vobject = _vobject()
    try:
        (component,) = vobject.readComponents(card, allowQP=True, ignoreUnreadable=True)
    except (vobject.base.VObjectError, ValueError, LookupError, UnicodeError):
        return None
    row: dict[str, str | None] = {}
    for name, values in component.contents.items():
        for value in sorted(values, key=lambda value: "pref" not in _types(value)):
            for column, text in _cells(name, value):
                _add(row, column, text)
    return row


def _vobject() -> Any:  # noqa: ANN401 - it has no types
    """Import vobject, which needs what Arrow must not find (see `worker`)."""
    is_hidden = "dateutil" in sys.modules and sys.modules["dateutil"] is None
    if is_hidden:
        del sys.modules["dateutil"]
    module = importlib.import_module("vobject")
    if is_hidden:
        sys.modules["dateutil"] = None  # type: ignore[assignment]
    return module


def _types(value: Any) -> set[str]:  # noqa: ANN401
    """Return what a number or an address is for: version 2.1 has it without a name."""
    named = ",".join([*value.params.get("TYPE", []), *getattr(value, "singletonparams", [])])
    return set(named.lower().split(",")) | ({"pref"} if "PREF" in value.params else set())


def _cells(name: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    content = value.value
    if name in _LEFT_OUT:
        return
    if name in ("n", "adr") and not isinstance(content, str):
        for part, column in (_NAME if name == "n" else _ADDRESS).items():
            yield column, _text(getattr(content, part))
    elif name == "org" and isinstance(content, list):
        yield "organization", _text(content[0] if content else "")
        yield "department", _text(content[1:])
    elif name == "tel":
        types = _types(value)
        kind = "fax" if "fax" in types else "mobile" if "cell" in types else "phone"
        yield kind, _text(content).removeprefix("tel:")
    else:
        yield _PLAIN.get(name, name), _text(content)


def _text(content: object) -> str:
    if isinstance(content, (list, tuple)):
        return "; ".join(filter(None, map(_text, content)))
    return "" if content is None else str(content).strip()


def _add(row: dict[str, str | None], column: str, text: str) -> None:
    """Put a text into the first column of that name that is free."""
    name, count = column, 1
    while name in row:
        count += 1
        name = f"{column}_{count}"
    if text and text not in (row.get(column), row.get(name)):
        row[name] = text
