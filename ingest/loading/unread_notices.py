"""What is told of cells that cannot be read, in German and English."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ingest.reading.refusals import Reason

COLUMNS_TOLD: Final = 5
SLIPS_TOLD: Final = 6
UNITS_TOLD: Final = 4
EXAMPLE_CHARACTERS: Final = 40

# Of these the cell itself is not told, since it may be a person's name; its row is.
PERSONAL: Final = frozenset({"email", "contact_email", "phone"})
EMAIL = Reason("E-Mail-Adresse", "an e-mail address")
READ_AS: Final[dict[str, Reason]] = {
    "number": Reason("Zahl", "a number"),
    "date": Reason("Datum", "a date"),
    "timestamp": Reason("Zeitpunkt", "a point in time"),
    "boolean": Reason("ja oder nein", "yes or no"),
    "email": EMAIL,
    "contact_email": EMAIL,
    "phone": Reason("Telefonnummer", "a telephone number"),
    "website": Reason("Internetadresse", "a web address"),
}
MIXED = Reason(
    "Werte in zwei Schreibweisen stehen gemischt; bitte in der Datei einheitlich schreiben.",
    "Values are written in two ways; please write them alike in the file.",
)
DO: Final[dict[str, Reason]] = {
    "number": Reason(
        "Bitte als Zahl liefern (1.234,56 oder 1234.56)", "Please deliver numbers (1,234.56)"
    ),
    "date": Reason(
        "Bitte als Datum liefern (31.12.2025 oder 2025-12-31)",
        "Please deliver dates (2025-12-31 or 31.12.2025)",
    ),
    "timestamp": Reason(
        "Bitte als Datum mit Uhrzeit liefern (31.12.2025 14:05)",
        "Please deliver dates with a time of day (2025-12-31 14:05)",
    ),
}
OTHER_COLUMN = Reason(
    "Bitte in sources.yml bei {source} die richtige Spalte für {column} zuordnen.",
    "Please map the right column for {column} in sources.yml, {source}.",
)
OR_OTHER_COLUMN = Reason(
    " oder in sources.yml bei {source} eine andere Spalte für {column} zuordnen.",
    " or map another column for {column} in sources.yml, {source}.",
)
# The column that `changed` names, of which a row's version depends.
CHANGED: Final = "changed_at"
CHANGED_COLUMN = Reason(
    "Welche Fassung einer Zeile gilt, entscheidet darum das Datum der Datei. Bitte als Datum mit"
    " Uhrzeit liefern (31.12.2025 14:05) oder in sources.yml bei {source} unter changed eine andere"
    " Spalte nennen.",
    "So the file's date decides which version of a row holds. Please deliver dates with a time of"
    " day (2025-12-31 14:05) or name another column under changed in sources.yml, {source}.",
)
RECODE = Reason(
    "Bitte in sources.yml bei {source} sagen, was die Wörter bedeuten:"
    ' {column}: {{column: …, values: {{{word}: "true"}}}} (oder "false").',
    "Please say in sources.yml, in {source}, what the words mean:"
    ' {column}: {{column: …, values: {{{word}: "true"}}}} (or "false").',
)


@dataclass(frozen=True, slots=True)
class Unread:
    """What of one column in one load cannot be read.

    `kind`: of the canonical column, or the address that it should be. `format`: how numbers and
    dates of the column are written. `example`: the first unread cell after the number of its row.
    `units`: the first cell of each unit that stands behind numbers.
    """

    source: str
    entity: str
    column: str
    kind: str
    format: str | None
    file_columns: tuple[str, ...]
    load_id: str
    filled: int
    unread: int
    is_unread: bool
    example: tuple[int, str] | None
    units: tuple[str, ...] = ()


def told(found: Sequence[Unread]) -> list[Reason]:
    """Say what to look at in one load: whole columns a line each, single cells in one line."""
    columns = [unread for unread in found if unread.is_unread]
    said = [_line(unread) for unread in columns[:COLUMNS_TOLD]]
    if more := columns[COLUMNS_TOLD:]:
        said.append(_more_columns(more))
    if slips := [unread for unread in found if unread.unread and not unread.is_unread]:
        said.append(_slips(slips))
    return said + [_mixed_units(unread) for unread in found if len(unread.units) > 1]


def found(unread: Unread) -> Reason:
    """Say how many cells of a column cannot be read as what, with the first of them."""
    german, english = _name(unread)
    what, where = READ_AS[unread.kind], _example(unread)
    return Reason(
        f"{german}: {_number(unread.unread, '.')} von {_number(unread.filled, '.')} Zellen nicht"
        f" als {what.de} lesbar{where.de}.",
        f"{english}: {_number(unread.unread, ',')} of {_number(unread.filled, ',')} cells not"
        f" readable as {what.en}{where.en}.",
    )


def _line(unread: Unread) -> Reason:
    said, todo = found(unread), _todo(unread)
    return Reason(
        f"Spalte {said.de} Sie gelten als leer. {todo.de}",
        f"Column {said.en} They count as empty. {todo.en}",
    )


def _todo(unread: Unread) -> Reason:
    """Say what to do about a column; texts in curly brackets are filled in last."""
    values = {"source": unread.source, "column": unread.column}
    if unread.column == CHANGED:
        return _filled(CHANGED_COLUMN, source=unread.source)
    if unread.format == "mixed":
        return MIXED
    if unread.kind == "boolean" and unread.example:
        return _filled(RECODE, **values, word=unread.example[1].strip())
    if unread.kind not in DO:
        return _filled(OTHER_COLUMN, **values)
    do, other = DO[unread.kind], _filled(OR_OTHER_COLUMN, **values)
    return Reason(f"{do.de}{other.de}", f"{do.en}{other.en}")


def _more_columns(columns: Sequence[Unread]) -> Reason:
    names = [" + ".join(unread.file_columns) for unread in columns]
    return Reason(
        f"Auch diese Spalten sind nicht lesbar und gelten als leer: {_quoted(names, '„', '“')}.",
        f"These columns are not readable either and count as empty: {_quoted(names, '“', '”')}.",
    )


def _slips(slips: Sequence[Unread]) -> Reason:
    shown = [found(unread) for unread in slips[:SLIPS_TOLD]]
    more = len(slips) - SLIPS_TOLD
    german = " ".join(said.de for said in shown)
    english = " ".join(said.en for said in shown)
    return Reason(
        f"Einzelne Zellen gelten als leer: {german}"
        + (f" So auch in {more} weiteren Spalten." if more > 0 else "")
        + " Bitte in der Datei berichtigen.",
        f"Single cells count as empty: {english}"
        + (f" So also in {more} more columns." if more > 0 else "")
        + " Please correct them in the file.",
    )


def _mixed_units(unread: Unread) -> Reason:
    german, english = _name(unread)
    cells = [_short(cell) for cell in unread.units[:UNITS_TOLD]]
    return Reason(
        f"{german}: verschiedene Einheiten in einer Spalte ({_quoted(cells, '„', '“')}); gelesen"
        " werden die Zahlen ohne sie. Bitte in der Datei umrechnen.",
        f"{english}: different units in one column ({_quoted(cells, '“', '”')}); the numbers are"
        " read without them. Please convert them in the file.",
    )


def _name(unread: Unread) -> tuple[str, str]:
    joined = " + ".join(unread.file_columns)
    return f"„{joined}“", f"“{joined}”"


def _example(unread: Unread) -> Reason:
    if unread.example is None:
        return Reason("", "")
    row, cell = unread.example
    if unread.kind in PERSONAL:
        return Reason(f" (zuerst in Zeile {row})", f" (first in row {row})")
    told = _short(cell)
    return Reason(f", z. B. „{told}“ in Zeile {row}", f", e.g. “{told}” in row {row}")


def _quoted(texts: Iterable[str], before: str, after: str) -> str:
    return ", ".join(f"{before}{text}{after}" for text in texts)


def _short(cell: str) -> str:
    text = " ".join(cell.split())
    return text if len(text) <= EXAMPLE_CHARACTERS else f"{text[: EXAMPLE_CHARACTERS - 1]}…"


def _number(count: int, mark: str) -> str:
    return f"{count:,}".replace(",", mark)


def _filled(text: Reason, **values: str) -> Reason:
    return Reason(text.de.format(**values), text.en.format(**values))
