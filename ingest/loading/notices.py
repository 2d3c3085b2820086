"""Notices about a load or a source, in German and English; a line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple

from ingest.reading.refusals import Reason

MAX_KEYS_TOLD = 3
MAX_KINDS_TOLD = 6

GROWING = Reason(
    "Die Datei wird noch geschrieben; sie kommt in der nächsten Nacht an die Reihe.",
    "The file is still being written; its turn comes the next night.",
)


class NamedRow(NamedTuple):
    """A firm's name with its place in the file."""

    name: str
    file: str
    row_number: int


def disk_full(home: Path, language: Literal["de", "en"]) -> str:
    """Say that there is no space left."""
    if language == "de":
        return (
            f"Kein Speicherplatz mehr für {home}: bitte Platz schaffen und noch einmal starten."
            " Was geladen war, ist unversehrt."
        )
    return (
        f"No space left for {home}: please make room and start again. What was loaded is unharmed."
    )


def duplicate(other: str) -> Reason:
    """Say that another file has brought the same content already."""
    return Reason(
        f"Der Inhalt ist gleich wie in {other} und wurde nicht noch einmal geladen."
        " Eine der beiden Dateien kann weg.",
        f"The content is the same as in {other} and was not loaded again."
        " One of the two files can go.",
    )


def gone(rows: int) -> Reason:
    """Say that a loaded file is no longer in the inbox."""
    return Reason(
        f"Die Datei liegt nicht mehr im Eingang; was aus ihr geladen ist ({rows} Zeilen), bleibt.",
        f"The file is no longer in the inbox; what was loaded from it ({rows} rows) stays.",
    )


def repeated(source: str, names: dict[str, list[str]], *, is_mapped: bool) -> Reason:
    """Say that a header has a name more than once, and what follows."""
    of, in_ = (
        ", ".join(
            f"{open_}{name}{close} ({', '.join([name, *others])})" for name, others in names.items()
        )
        for open_, close in (("„", "“"), ("“", "”"))
    )
    if is_mapped:
        return Reason(
            f"Mehrere Spalten heißen gleich: {of}. Die Quelle {source} braucht eine davon, und"
            " welche, ist nicht zu erkennen. Bitte die Spalten in der Datei umbenennen.",
            f"Several columns have the same name: {in_}. Source {source} needs one of them, and"
            " which one cannot be told. Please rename the columns in the file.",
        )
    return Reason(
        f"Mehrere Spalten heißen gleich: {of}. Die Quelle {source} braucht keine davon.",
        f"Several columns have the same name: {in_}. Source {source} needs none of them.",
    )


def used_twice(source: str, columns: Mapping[str, Sequence[str]]) -> Reason:
    """Say that one column of a file fills several canonical columns."""
    of, in_ = (
        "; ".join(
            f"{open_}{column}{close} → {', '.join(names)}" for column, names in columns.items()
        )
        for open_, close in (("„", "“"), ("“", "”"))
    )
    return Reason(
        f"Die Quelle {source} füllt aus einer Spalte mehrere: {of}. Falls das nicht so gemeint ist,"
        " bitte in sources.yml ändern.",
        f"Source {source} fills several columns from one: {in_}. If it is not meant so, please"
        " change it in sources.yml.",
    )


def reused_keys(reused: Mapping[str, Sequence[NamedRow]]) -> Reason:
    """Say that one key stands for different firms; the last of its rows is the one that holds."""

    def tell(row: NamedRow, quotes: str, row_word: str) -> str:
        return f"{quotes[0]}{row.name}{quotes[1]} ({row.file}, {row_word} {row.row_number})"

    german, english = (
        "; ".join(
            f"{key}: {', '.join(tell(row, quotes, row_word) for row in rows)}"
            for key, rows in list(reused.items())[:MAX_KEYS_TOLD]
        )
        for quotes, row_word in (("„“", "Zeile"), ("“”", "row"))
    )
    more = len(reused) - MAX_KEYS_TOLD
    return Reason(
        f"Ein Schlüssel, verschiedene Firmen: {german}{f' und {more} weitere' if more > 0 else ''}."
        " Es gilt nur die zuletzt genannte. Bitte jeder Firma ihre eigene Nummer geben oder in"
        " sources.yml einen anderen `key` wählen.",
        f"One key, different firms: {english}{f' and {more} more' if more > 0 else ''}."
        " Only the one named last holds. Please give each firm a number of its own, or choose"
        " another `key` in sources.yml.",
    )


def left_out(columns: Sequence[str], counts: Mapping[str, int]) -> Reason:
    """Say how many rows feed nothing, by what stands in the columns of `where`, most first."""
    named = ", ".join(f"{kind}: {count}" for kind, count in list(counts.items())[:MAX_KINDS_TOLD])
    more = "" if len(counts) <= MAX_KINDS_TOLD else ", …"
    total, where = sum(counts.values()), ", ".join(columns)
    return Reason(
        f"{total} Zeilen zählen nicht, weil `where` in sources.yml sie nicht nennt"
        f" ({where} ist {named}{more}). Bitte dort ergänzen, was zählen soll.",
        f"{total} rows do not count, since `where` in sources.yml does not name them"
        f" ({where} is {named}{more}). Please add there what is to count.",
    )


def columns_changed(
    renamed: dict[str, tuple[str, float | None]], gone: list[str], new: list[str]
) -> Reason:
    """Say which columns are not as they were.

    Args:
        renamed: old name to the new one and the share of values in common, None if only the names
            are alike.
        gone: the others that are no longer there.
        new: the others that were not there before.

    """
    german, english = [], []
    for old, (name, share) in renamed.items():
        why_de = "ähnlicher Name" if share is None else f"{share * 100:.0f} % gleiche Werte"
        why_en = "similar name" if share is None else f"{share:.0%} same values"
        german.append(f"„{old}“ heißt jetzt wohl „{name}“ ({why_de})")
        english.append(f"“{old}” seems to be called “{name}” now ({why_en})")
    if gone:
        german.append(f"es fehlt {', '.join(f'„{name}“' for name in gone)}")
        english.append(f"gone: {', '.join(f'“{name}”' for name in gone)}")
    if new:
        german.append(f"neu ist {', '.join(f'„{name}“' for name in new)}")
        english.append(f"new: {', '.join(f'“{name}”' for name in new)}")
    return Reason(
        f"Die Spalten haben sich geändert: {'; '.join(german)}.",
        f"The columns have changed: {'; '.join(english)}.",
    )


def overdue(
    source: str, days: int | None, last_night: date | None, *, is_file_there: bool
) -> Reason:
    """Say that a source that usually comes did not."""
    every_de = {None: "", 1: "jede Nacht", 7: "jede Woche"}.get(days, f"etwa alle {days} Tage")
    every_en = {None: "", 1: "every night", 7: "every week"}.get(days, f"about every {days} days")
    last_de = f"zuletzt am {last_night:%d.%m.%Y}" if last_night else "noch nie"
    last_en = f"last on {last_night:%Y-%m-%d}" if last_night else "never yet"
    file_de = (
        "Die Datei im Eingang ist die alte." if is_file_there else "Im Eingang liegt keine Datei."
    )
    file_en = (
        "The file in the inbox is the old one." if is_file_there else "No file is in the inbox."
    )
    return Reason(
        f"Die Quelle {source} ist ausgeblieben: sie kommt sonst {every_de}, {last_de}. {file_de}"
        " Bitte den Export prüfen oder in sources.yml `expected` anpassen.",
        f"Source {source} did not come: it usually comes {every_en}, {last_en}. {file_en}"
        " Please check the export or adjust `expected` in sources.yml.",
    )
