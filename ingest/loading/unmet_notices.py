"""What is told of references that meet no key, in German and English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ingest.mapping.references import NAMES
from ingest.reading.refusals import Reason

ROWS: Final[dict[str, Reason]] = {
    **NAMES,
    "lead_stage": Reason("Schritte von Verkaufschancen", "steps of leads"),
    "lead_contact": Reason("Beteiligte an Verkaufschancen", "people who take part in leads"),
}
RECORDS: Final[dict[str, Reason]] = {
    "company": Reason("einen Kunden, den", "a customer"),
    "lead": Reason("eine Verkaufschance, die", "a lead"),
    "contact": Reason("einen Ansprechpartner, den", "a contact"),
}
ALL_MEET = Reason("Alle Verweise haben ein Ziel.", "All references lead to a record.")


@dataclass(frozen=True, slots=True)
class Hint:
    """The form in which `met` rows would meet; `key` is a reference, `other` the key it meets."""

    form: str
    met: int
    key: str
    other: str


@dataclass(frozen=True, slots=True)
class Unmet:
    """How many rows of a source name a record that no file of another source holds.

    `keys`: of the records there; `example`: the reference that most rows have, and where its first
    row is.
    """

    source: str
    entity: str
    column: str
    file_columns: tuple[str, ...]
    ref: str
    target: str
    target_files: str
    filled: int
    unmet: int
    keys: int
    example: str | None
    place: tuple[str, int] | None
    is_told: bool
    hint: Hint | None


def found(unmet: Unmet) -> Reason:
    """Say how many rows name a record that is not there."""
    if not unmet.unmet or unmet.place is None:
        return ALL_MEET
    rows, record = ROWS[unmet.entity], RECORDS[unmet.ref]
    column = " + ".join(unmet.file_columns)
    file, row = unmet.place
    return Reason(
        f"{rows.de}: {_number(unmet.unmet, '.')} von {_number(unmet.filled, '.')} Zeilen nennen in"
        f" „{column}“ {record.de} keine Datei der Quelle {unmet.target} enthält, z. B."
        f" „{unmet.example}“ ({file}, Zeile {row}).",
        f"{rows.en.capitalize()}: {_number(unmet.unmet, ',')} of {_number(unmet.filled, ',')} rows"
        f" name in “{column}” {record.en} that no file of source {unmet.target} holds, e.g."
        f" “{unmet.example}” ({file}, row {row}).",
    )


def todo(unmet: Unmet) -> Reason:
    """Say what to do about it."""
    if not unmet.unmet:
        return Reason("", "")
    if not unmet.keys:
        return Reason(
            f"Von {unmet.target} ist noch nichts geladen: bitte die Datei ({unmet.target_files})"
            " in den Eingang legen.",
            f"Nothing of {unmet.target} is loaded yet: please put its file ({unmet.target_files})"
            " into the inbox.",
        )
    if hint := unmet.hint:
        place = f"{unmet.target}.maps.{unmet.ref}"
        return Reason(
            f'Dort heißt „{hint.key}“ wohl „{hint.other}“: mit `key_form: "{hint.form}"` in'
            f" sources.yml bei {place} finden {_number(hint.met, '.')} davon ihr Ziel.",
            f'“{hint.key}” seems to be “{hint.other}” there: with `key_form: "{hint.form}"` in'
            f" sources.yml, {place}, {_number(hint.met, ',')} of them meet.",
        )
    return Reason(
        f"Bitte prüfen, ob im Export von {unmet.target} Datensätze fehlen oder in sources.yml bei"
        f" {unmet.source} eine andere Spalte oder Quelle gemeint ist.",
        f"Please check whether the export of {unmet.target} lacks records, or another column or"
        f" source is meant in sources.yml, {unmet.source}.",
    )


def _number(count: int, mark: str) -> str:
    return f"{count:,}".replace(",", mark)
