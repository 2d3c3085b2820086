"""What a salesperson is told when a file or a row cannot be taken, in German and English."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence on what is wrong and what to do, in both languages."""

    de: str
    en: str


class UnreadableFile(Exception):  # noqa: N818 - the name is a contract with those who build on it
    """A file cannot be read; `reason_de` and `reason_en` say why and what to do."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.de)
        self.reason = reason

    @property
    def reason_de(self) -> str:
        """The reason in German."""
        return self.reason.de

    @property
    def reason_en(self) -> str:
        """The reason in English."""
        return self.reason.en


class OtherKindError(UnreadableFile):
    """A file is no table at all, such as a PDF; in an archive it may lie beside tables."""


EMPTY = Reason(
    "Die Datei enthält keine Daten. Bitte neu exportieren und noch einmal ablegen.",
    "The file holds no data. Please export it again and drop it anew.",
)
ENCRYPTED = Reason(
    "Die Datei ist mit einem Kennwort geschützt. Bitte ohne Kennwort speichern und neu ablegen.",
    "The file is protected by a password. Please save it without one and drop it anew.",
)
DAMAGED = Reason(
    "Die Datei ist beschädigt. Bitte im Ursprungsprogramm öffnen, neu speichern und neu ablegen.",
    "The file is damaged. Please open it in its program, save it again and drop it anew.",
)
HIDDEN_SHEETS = Reason(
    "Alle Blätter mit Daten sind ausgeblendet, und ausgeblendete Blätter werden nicht gelesen."
    " Bitte das Blatt in Excel einblenden und die Datei neu ablegen.",
    "All sheets with data are hidden, and hidden sheets are not read."
    " Please unhide the sheet in Excel and drop the file anew.",
)
FAULT = Reason(
    "Beim Lesen der Datei ist das Programm gescheitert. Bitte mit der Datei melden; neu gespeichert"
    " (als CSV oder Excel) lässt sie sich vielleicht lesen.",
    "The program failed while reading the file. Please report it with the file; saved anew"
    " (as CSV or Excel) it may be readable.",
)
TOO_DEMANDING = Reason(
    "Die Datei braucht zum Lesen mehr Speicher oder Zeit, als erlaubt ist. Bitte nur die Daten"
    " (ohne leere Bereiche und Formatierung) in eine neue Datei kopieren, große Mengen als CSV"
    " speichern, und neu ablegen.",
    "Reading the file takes more memory or time than allowed. Please copy just the data"
    " (no empty areas, no formatting) into a new file, save large amounts as CSV, and drop it"
    " anew.",
)
MARKUP = Reason(
    "Die Datei ist eine HTML- oder XML-Datei ohne lesbare Tabelle. Bitte in Excel öffnen, als xlsx"
    " speichern und neu ablegen.",
    "The file is an HTML or XML file without a readable table. Please open it in Excel, save it as"
    " xlsx and drop it anew.",
)
NOT_TEXT = Reason(
    "Die Datei ist weder eine Tabelle noch lesbarer Text. Bitte als CSV oder Excel speichern.",
    "The file is neither a table nor readable text. Please save it as CSV or Excel.",
)
NOT_JSON = Reason(
    "Die JSON-Datei enthält keine Liste von Datensätzen. Bitte neu exportieren.",
    "The JSON file holds no list of records. Please export it again.",
)
QUOTE = Reason(
    "Ein Anführungszeichen in dieser Zeile ist nicht geschlossen oder steht an falscher Stelle."
    " Bitte die Zeile in der Datei berichtigen.",
    "A quotation mark in this row is not closed or in the wrong place."
    " Please correct the row in the file.",
)
TWO_LINE_RECORDS = Reason(
    "In dieser Liste steht jeder Datensatz auf zwei oder mehr Zeilen. Bitte mit einem Layout"
    " ausgeben, das eine Zeile je Datensatz hat, oder als Tabelle (Excel) exportieren.",
    "In this list each record takes two or more lines. Please print it with a layout of one line"
    " per record, or export it as a spreadsheet (Excel).",
)
DELETED = Reason(
    "Dieser Datensatz ist in der dBase-Datei als gelöscht markiert. Es ist nichts zu tun.",
    "This record is marked as deleted in the dBase file. Nothing needs doing.",
)
MEMO_FIELDS = Reason(
    "Memofelder stehen in einer eigenen Datei (.dbt, .fpt) und wurden nicht gelesen. Werden sie"
    " gebraucht, bitte als Excel oder CSV exportieren.",
    "Memo fields lie in a file of their own (.dbt, .fpt) and were not read. If they are needed,"
    " please export as Excel or CSV.",
)
BROKEN_CARD = Reason(
    "Diese Visitenkarte (vCard) ist beschädigt. Bitte den Kontakt neu exportieren.",
    "This card (vCard) is damaged. Please export the contact again.",
)
CROSSED_BORDER = Reason(
    "Der Text dieser Zeile läuft über die Spaltengrenzen der Kopfzeile. Bitte die Zeile in der"
    " Datei berichtigen.",
    "The text of this row runs over the borders of the header's columns. Please correct the row in"
    " the file.",
)
BROKEN_JSON_LINE = Reason(
    "Diese Zeile ist kein JSON-Datensatz. Bitte die Zeile in der Datei berichtigen.",
    "This line is not a JSON record. Please correct the line in the file.",
)
UNSAFE_ARCHIVE = Reason(
    "Das Archiv enthält Verknüpfungen, doppelte Dateinamen oder Pfade, die aus ihm hinausführen."
    " Bitte die Dateien darin einzeln ablegen.",
    "The archive holds links, duplicate names or paths that lead out of it."
    " Please drop the files in it one by one.",
)
ARCHIVE_TOO_LARGE = Reason(
    "Das Archiv enthält ausgepackt ungewöhnlich viele Daten oder Dateien und wurde zur Sicherheit"
    " nicht gelesen. Bitte die Dateien darin einzeln ablegen.",
    "The archive unpacks to an unusual amount of data or files and was not read, to be safe."
    " Please drop the files in it one by one.",
)
NESTED_ARCHIVE = Reason(
    "Im Archiv stecken weitere Archive ineinander. Bitte auspacken und die Dateien darin ablegen.",
    "The archive holds archives within archives. Please unpack it and drop the files in it.",
)
UNKNOWN_PACKING = Reason(
    "Das Archiv ist mit einem Verfahren gepackt, das hier nicht gelesen wird."
    " Bitte auspacken und die Dateien darin ablegen.",
    "The archive is packed by a method that is not read here."
    " Please unpack it and drop the files in it.",
)
NO_ACCESS = Reason(
    "Die Datei lässt sich nicht öffnen. Bitte die Zugriffsrechte prüfen und die Datei in dem"
    " Programm schließen, das sie gerade benutzt.",
    "The file cannot be opened. Please check its permissions and close it in the program that"
    " is using it.",
)
LINK = Reason(
    "Das ist eine Verknüpfung, die aus dem Eingang hinausführt oder auf einen Ordner zeigt; solchen"
    " wird nicht gefolgt. Bitte die Dateien selbst ablegen.",
    "This is a link that leads out of the inbox or to a folder; such links are not followed."
    " Please drop the files themselves.",
)


NO_HEADER = Reason(
    "Die Tabelle hat keine Kopfzeile; die Spalten heißen column_1, column_2 und so weiter."
    " Bitte in sources.yml so zuordnen oder mit Kopfzeile exportieren.",
    "The table has no header; its columns are called column_1, column_2 and so on."
    " Please map them so in sources.yml or export with a header.",
)
UNCERTAIN_HEADER = Reason(
    "Die erste Zeile gilt als Kopfzeile, obwohl nur ihr Platz dafür spricht. Bitte prüfen.",
    "The first row is taken for the header, though only its place says so. Please check.",
)
MIXED_ENCODINGS = Reason(
    "Die Datei wechselt die Zeichenkodierung (UTF-8 und Windows-1252); beide wurden gelesen."
    " Bitte Umlaute stichprobenweise prüfen.",
    "The file changes its encoding (UTF-8 and Windows-1252); both were read."
    " Please spot-check accented letters.",
)
UNKNOWN_SCRIPT = Reason(
    "Die Buchstaben dieser Datei ergeben in keiner bekannten Zeichenkodierung Wörter und sind wohl"
    " falsch gelesen. Bitte die Datei als „CSV UTF-8“ oder als xlsx speichern und neu ablegen.",
    "The letters of this file make words in no known encoding and are probably read wrongly."
    " Please save the file as “CSV UTF-8” or as xlsx and drop it anew.",
)
CELLS_IN_XLS = Reason(
    "Fehlerzellen (#NV) dieser xls-Datei kommen leer an und Zahlen ohne die Nullen, die nur ihr"
    " Format zeigt (1067 statt 01067), denn das lässt sich aus ihr nicht lesen. Bitte als xlsx"
    " speichern und neu ablegen, wenn es darauf ankommt.",
    "Error cells (#N/A) of this xls file arrive empty and numbers without the zeros that only their"
    " format shows (1067 for 01067), since these cannot be read from it. Please save it as xlsx and"
    " drop it anew if that matters.",
)
CELLS_IN_XLSB = Reason(
    "Die Mappe enthält wohl Fehlerzellen (#NV), verbundene Zellen oder Text in mehreren Schriften,"
    " die aus einer xlsb-Datei leer ankommen, oder Zahlen, deren Nullen oder Vorsilben nur ihr"
    " Format zeigt (1067 statt 01067). Bitte als xlsx speichern und neu ablegen.",
    "The workbook probably holds error cells (#N/A), merged cells or text in several fonts, which"
    " arrive empty from an xlsb file, or numbers whose zeros or prefixes only their format shows"
    " (1067 for 01067). Please save it as xlsx and drop it anew.",
)
UNCALCULATED = Reason(
    "Eine Formel in dieser Zeile wurde nie berechnet. Bitte die Datei in Excel öffnen, speichern"
    " und neu ablegen.",
    "A formula in this row was never calculated. Please open the file in Excel, save it and drop it"
    " anew.",
)
HEADER_AGAIN = Reason(
    "Diese Zeile wiederholt die Kopfzeile und ist kein Datensatz. Es ist nichts zu tun.",
    "This row repeats the header and is no record. Nothing needs doing.",
)
TOTAL = Reason(
    "Diese Zeile ist eine Summe und kein Datensatz. Es ist nichts zu tun.",
    "This row is a total, not a record. Nothing needs doing.",
)
NUL = Reason(
    "In dieser Zeile stehen Nullzeichen, die kein Text sind. Bitte die Zelle neu eintippen.",
    "This row holds null characters, which are no text. Please type the cell anew.",
)
FOOTNOTE = Reason(
    "Diese Zeile steht als Anmerkung unter der Tabelle und gilt nicht als Datensatz."
    " Ist sie doch einer, bitte die Leerzeile darüber entfernen.",
    "This row stands below the table as a note and does not count as a record."
    " If it is one, please remove the blank row above it.",
)


def guessed_encoding(encoding: str) -> Reason:
    """Say that an uncommon encoding was chosen by the letters."""
    return Reason(
        f"Die Datei sagt nicht, in welcher Zeichenkodierung sie steht; nach ihren Buchstaben wurde"
        f" sie als {encoding} gelesen. Bitte einige Namen prüfen oder als „CSV UTF-8“ speichern.",
        f"The file does not say in which encoding it is; by its letters it was read as {encoding}."
        " Please check some names or save it as “CSV UTF-8”.",
    )


def damaged_header(row_number: int) -> Reason:
    """Say that the header cannot be split into names."""
    return Reason(
        f"Die Kopfzeile (Zeile {row_number}) ist beschädigt: Ein Anführungs- oder Trennzeichen"
        " fehlt oder steht an falscher Stelle. Die Spalten heißen deshalb column_1, column_2 und so"
        " weiter. Bitte die Zeile in der Datei berichtigen und neu ablegen.",
        f"The header (row {row_number}) is damaged: a quotation mark or delimiter is missing or in"
        " the wrong place. So the columns are called column_1, column_2 and so on. Please correct"
        " the row in the file and drop it anew.",
    )


def rows_above(count: int) -> Reason:
    """Say how many rows above the header were passed over."""
    return Reason(
        f"{_rows_de(count)} über der Kopfzeile: als Titel oder Vorspann nicht geladen.",
        f"{_rows_en(count)} above the header: not loaded, being a title or preamble.",
    )


MAX_SHEETS_TOLD = 5


def hidden_sheets(rows: dict[str, int]) -> Reason:
    """Say which hidden sheets hold data that were not read, by their names with their rows."""
    names = list(rows)[:MAX_SHEETS_TOLD]
    more = ", …" if len(rows) > len(names) else ""
    return Reason(
        "Ausgeblendet und deshalb nicht gelesen: "
        + ", ".join(f"Blatt „{name}“ ({_rows_de(rows[name])})" for name in names)
        + f"{more}. Gehört es dazu, bitte in Excel einblenden und die Datei neu ablegen.",
        "Hidden and therefore not read: "
        + ", ".join(f"sheet “{name}” ({_rows_en(rows[name])})" for name in names)
        + f"{more}. If it belongs to the data, please unhide it in Excel and drop the file anew.",
    )


def _rows_de(count: int) -> str:
    return "1 Zeile" if count == 1 else f"{count} Zeilen"


def _rows_en(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def lone_rows(count: int) -> Reason:
    """Say how many rows fill the first column only, as titles of groups do."""
    de = "1 Zeile füllt" if count == 1 else f"{count} Zeilen füllen"
    en = "1 row fills" if count == 1 else f"{count} rows fill"
    return Reason(
        f"{de} nur die erste Spalte. Sind es Zwischentitel, bitte ohne sie exportieren.",
        f"{en} the first column only. If they are titles of groups, please export without them.",
    )


def outside_records(names: list[str]) -> Reason:
    """Say which elements of an XML file are in no record, so that they were not loaded."""
    shown = ", ".join(names[:MAX_SHEETS_TOLD]) + (", …" if len(names) > MAX_SHEETS_TOLD else "")
    return Reason(
        f"Außerhalb der Datensätze steht noch: {shown}. Das wurde nicht geladen; gebraucht wird es"
        " wohl nur, wenn die Datei ein einzelner Beleg ist.",
        f"Outside of the records there is also: {shown}. It was not loaded; it is probably needed"
        " only where the file is a single document.",
    )


def filled_groups(count: int, columns: list[str]) -> Reason:
    """Say in how many rows blank cells were filled with the value of their group."""
    names = ", ".join(columns)
    return Reason(
        f"{_rows_de(count)} mit leeren Zellen ({names}) mit dem Wert darüber gefüllt, denn"
        " Zwischensummen nennen ihn als Gruppe. Bitte stichprobenweise prüfen.",
        f"{_rows_en(count)} with blank cells ({names}) filled with the value above, since subtotals"
        " name it as a group. Please spot-check them.",
    )


def sounds_like_total(row_number: int, name: str) -> Reason:
    """Say that a row is called like a total and is kept, being in a list of firms."""
    return Reason(
        f"Zeile {row_number} („{name}“) klingt wie eine Summe, steht aber in einer Liste von Firmen"
        " und ist als Firma geladen, ebenso weitere dieser Art. Ist sie eine Summe, bitte in der"
        " Datei „Summe“ davorschreiben.",
        f"Row {row_number} (“{name}”) sounds like a total, but stands in a list of firms and is"
        " loaded as one, as are others of the kind. If it is a total, please put “Sum:” in front"
        " of it in the file.",
    )


def blank_below(column: str) -> Reason:
    """Say that blank cells of the first column may mean the value above."""
    return Reason(
        f"In der Spalte {column} stehen unter jedem Wert leere Zellen. Heißt das „wie oben“, bitte"
        " mit ausgefüllten Zellen exportieren (in Excel: Elementnamen wiederholen).",
        f"In column {column} blank cells stand below each value. If that means “as above”, please"
        " export with the cells filled (in Excel: repeat all item labels).",
    )


def header_too_short(found: int, expected: int) -> Reason:
    """Say that the rows have more cells than the header, so that their names are unknown."""
    return Reason(
        f"Die Kopfzeile nennt {found} Spalten, die Zeilen darunter haben {expected} Felder; welche"
        " Spalte ohne Namen ist, lässt sich nicht sagen. Bitte die Kopfzeile ergänzen.",
        f"The header names {found} columns, the rows below have {expected} cells; which column has"
        " no name cannot be told. Please complete the header in the file.",
    )


def in_archive(member: str, reason: Reason) -> Reason:
    """Say which of an archive's files the reason is about."""
    return Reason(
        f"Im Archiv, Datei „{member}“: {reason.de}", f"In the archive, file “{member}”: {reason.en}"
    )


def is_a(
    kind_de: str,
    kind_en: str,
    to_do_de: str = "Bitte als CSV oder Excel ablegen.",
    to_do_en: str = "Please drop it as CSV or Excel.",
) -> Reason:
    """Say that a file is of a kind that is not read (`ein PDF`, `a PDF`), and what to do."""
    return Reason(
        f"Die Datei ist {kind_de} und wird nicht gelesen. {to_do_de}",
        f"The file is {kind_en}, which is not read. {to_do_en}",
    )


def cell_count(found: int, expected: int) -> Reason:
    """Say that a row has another number of cells than the header."""
    return Reason(
        f"Die Zeile hat {found} statt {expected} Felder."
        " Bitte fehlende oder überzählige Trennzeichen in der Datei berichtigen.",
        f"The row has {found} cells instead of {expected}."
        " Please correct missing or surplus delimiters in the file.",
    )


def missing_key(columns: str) -> Reason:
    """Say that a row's key columns are empty."""
    return Reason(
        f"Der Schlüssel ist leer (Spalte {columns}). Bitte in der Datei ausfüllen.",
        f"The key is empty (column {columns}). Please fill it in in the file.",
    )


def missing_columns(source: str, missing: list[str], found: list[str]) -> Reason:
    """Say which columns of the mapping a table lacks."""
    names, others = ", ".join(missing), ", ".join(found)
    return Reason(
        f"Für die Quelle {source} fehlen die Spalten {names}; gefunden: {others}."
        " Bitte den Export prüfen oder die Zuordnung in sources.yml anpassen.",
        f"Source {source} lacks the columns {names}; found: {others}."
        " Please check the export or adjust the mapping in sources.yml.",
    )


def other_sheet(source: str, row_count: int) -> Reason:
    """Say that a sheet has none of the mapping's columns, while another sheet has them."""
    return Reason(
        f"Das Blatt ({row_count} Zeilen) hat keine der Spalten der Quelle {source} und wurde nicht"
        " geladen. Gehört es dazu, bitte in sources.yml zuordnen.",
        f"The sheet ({row_count} rows) has none of the columns of source {source} and was not"
        " loaded. If it belongs there, please map it in sources.yml.",
    )


def missing_sheet(source: str, wanted: str, found: list[str]) -> Reason:
    """Say that a workbook lacks the sheet that the source names."""
    names = ", ".join(found)
    return Reason(
        f"Für die Quelle {source} fehlt das Blatt „{wanted}“; gefunden: {names}."
        " Bitte das Blatt in der Datei oder in sources.yml umbenennen.",
        f"Source {source} lacks the sheet “{wanted}”; found: {names}."
        " Please rename the sheet in the file or in sources.yml.",
    )


def load_fault(kind: str) -> Reason:
    """Say that the program failed at a file, by the kind of the fault (`ValueError`)."""
    return Reason(
        f"Beim Laden der Datei ist das Programm gescheitert ({kind}); von ihr wurde nichts geladen."
        " Bitte mit der Datei melden.",
        f"The program failed while loading the file ({kind}); nothing of it was loaded."
        " Please report it with the file.",
    )


def rows_lost(found: int, loaded: int, quarantined: int) -> Reason:
    """Say that a load lost rows: an error of the program, not of the file."""
    return Reason(
        f"Von {found} Zeilen kamen {loaded} an und {quarantined} in Quarantäne; deshalb wurde"
        " nichts geladen. Das ist ein Programmfehler: bitte mit der Datei melden.",
        f"Of {found} rows {loaded} arrived and {quarantined} went to quarantine; so nothing was"
        " loaded. This is a fault of the program: please report it with the file.",
    )
