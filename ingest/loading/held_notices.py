"""Why a file waits or does not count, in German and English; a line each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ingest.reading.refusals import Reason


def empty(file: str, total: int) -> Reason:
    """Say that a file without rows would replace some."""
    return _released(
        file,
        f"Sie hat keine Zeilen; die {_de(total)} Datensätze von bisher würden wegfallen.",
        f"It has no rows; the {_en(total)} records in force would go.",
    )


def all_keys_changed(file: str, total: int, records: int) -> Reason:
    """Say that a file has none of the keys in force."""
    return _released(
        file,
        f"Kein Schlüssel der {_de(total)} Datensätze von bisher kommt in ihr vor, dafür"
        f" {_de(records)} neue; alle bisherigen würden wegfallen. Stehen beide Dateien"
        " nebeneinander, legen Sie sie in derselben Nacht ab oder setzen Sie `kind: events`.",
        f"None of the keys of the {_en(total)} records in force is in it, but {_en(records)} new"
        " ones; all records in force would go. If both files stand side by side, drop them in"
        " the same night or set `kind: events`.",
    )


def shrunk(file: str, total: int, gone: int, records: int, limit: float) -> Reason:
    """Say that too many of the records in force are missing in a file."""
    return _released(
        file,
        f"Von {_de(total)} Datensätzen, die bisher gelten, fehlen in ihr {_de(gone)}"
        f" ({gone / total * 100:.0f} %; bis {limit * 100:.0f} % sind nach `max_share_gone` in"
        f" sources.yml üblich); sie hat {_de(records)}.",
        f"Of {_en(total)} records in force {_en(gone)} are missing in it ({gone / total:.0%};"
        f" up to {limit:.0%} are usual by `max_share_gone` in sources.yml); it has"
        f" {_en(records)}.",
    )


def older(other: str, shared: int, records: int) -> Reason:
    """Say that a newer file has some keys of this one, and that the others do not count."""
    return Reason(
        f"{other} ist neuer und hat {_de(shared)} der {_de(records)} Schlüssel dieser Datei; nur"
        f" jene gilt, {_de(records - shared)} fallen weg. Sollen beide nebeneinander gelten, bitte"
        " `kind: events` in sources.yml setzen.",
        f"{other} is newer and has {_en(shared)} of the {_en(records)} keys of this file; only that"
        f" one counts, {_en(records - shared)} are left out. If both are to count side by side,"
        " please set `kind: events` in sources.yml.",
    )


def beside(files: Sequence[str]) -> Reason:
    """Say that other files go on to count, having no key in common with this one."""
    names = ", ".join(files)
    return Reason(
        f"Gilt neben {names}: kein Schlüssel kommt in beiden vor. Soll diese Datei die andere"
        f" ersetzen, bitte {names} nur mit der Kopfzeile ablegen und freigeben.",
        f"Counts beside {names}: they have no key in common. If this file is to replace the other,"
        f" please drop {names} with the header only and release it.",
    )


def other_rows(total: int) -> Reason:
    """Say that an events file has nothing of what it held before."""
    return Reason(
        f"Von den {_de(total)} Zeilen, die diese Datei bisher hatte, ist keine mehr in ihr; sie"
        " zählen nicht mehr. Bringt sie immer nur Neues, bitte jede unter eigenem Namen ablegen.",
        f"None of the {_en(total)} rows that this file had so far is in it any more; they no longer"
        " count. If it always brings only what is new, please drop each under a name of its own.",
    )


def accepted(who: str, at: datetime | None) -> Reason:
    """Say who released a file."""
    german, english = _days(at)
    return Reason(f"Freigegeben von {who}{german}.", f"Released by {who}{english}.")


def rejected(who: str, at: datetime | None) -> Reason:
    """Say who turned a file down."""
    german, english = _days(at)
    return Reason(
        f"Abgelehnt von {who}{german}; der bisherige Stand gilt. Die Datei kann weg.",
        f"Turned down by {who}{english}; what was in force stays. The file can go.",
    )


def _days(at: datetime | None) -> tuple[str, str]:
    return (f" am {at:%d.%m.%Y}", f" on {at:%Y-%m-%d}") if at else ("", "")


def _released(file: str, german: str, english: str) -> Reason:
    command = f'reifegrad ingest --accept "{file}"' if " " in file else (
        f"reifegrad ingest --accept {file}"
    )  # fmt: skip
    return Reason(
        f"{german} Bis dahin gilt der bisherige Stand. Wenn es stimmt: `{command}` (nein:"
        " `--reject`); eine vollständige Datei erledigt es von selbst.",
        f"{english} Until then what was in force stays. If it is right: `{command}` (no:"
        " `--reject`); a complete file settles it by itself.",
    )


def _de(count: int) -> str:
    return f"{count:,}".replace(",", ".")


def _en(count: int) -> str:
    return f"{count:,}"
