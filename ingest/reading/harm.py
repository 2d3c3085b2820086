"""What cells have lost or what was repaired in them, as a note of the load tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ingest.reading.refusals import Reason

Harm = Literal["written_twice", "lost", "question_mark", "rounded"]
# What has happened to cells, and what to do; {} stands for the columns with an example each.
HARM: dict[Harm, Reason] = {
    "written_twice": Reason(
        "Umlaute und Sonderzeichen waren zweimal als UTF-8 geschrieben und sind berichtigt: {}."
        " Bitte stichprobenweise prüfen.",
        "Accented letters and signs were written as UTF-8 twice and have been repaired: {}."
        " Please spot-check them.",
    ),
    "lost": Reason(
        "Zeichen sind verloren gegangen (�): {}. Werte, die sich nur darin unterscheiden, fallen"
        " zusammen. Bitte als „CSV UTF-8“ oder xlsx neu exportieren.",
        "Characters have been lost (�): {}. Values that differ in nothing else become one."
        " Please export again as “CSV UTF-8” or xlsx.",
    ),
    "question_mark": Reason(
        "Fragezeichen stehen in Wörtern, wohl statt verlorener Buchstaben: {}. Werte, die sich nur"
        " darin unterscheiden, fallen zusammen. Bitte als „CSV UTF-8“ oder xlsx neu exportieren.",
        "Question marks stand within words, probably for lost letters: {}. Values that differ in"
        " nothing else become one. Please export again as “CSV UTF-8” or xlsx.",
    ),
    "rounded": Reason(
        "Lange Zahlen stehen gerundet da, wie Excel sie anzeigt: {}. Sind es Nummern, fallen"
        " verschiedene zusammen. Bitte die Spalte in Excel als Zahl ohne Nachkommastellen"
        " formatieren und neu exportieren.",
        "Long numbers are rounded, as Excel shows them: {}. If they identify something, different"
        " ones become one. Please format the column in Excel as a number without decimals and"
        " export again.",
    ),
}
MAX_COLUMNS_TOLD = 5
MAX_EXAMPLE = 60


@dataclass(slots=True)
class Place:
    """A column with harmed cells: their count, and the first of them as an example."""

    column: str
    row_number: int
    example: str
    repaired: str = ""
    count: int = 0

    def told(self, quotes: str, words: tuple[str, str, str]) -> str:
        """Return the column with its example; `words` are those for a row, one cell and cells."""
        row, cell, cells = words
        shown = [
            f"{quotes[0]}{' '.join(text.split())[:MAX_EXAMPLE]}{quotes[1]}"
            for text in (self.example, self.repaired)
            if text
        ]
        number = f"{self.count} {cell if self.count == 1 else cells}"
        return f"{self.column} ({number}, {row} {self.row_number}: {' → '.join(shown)})"


def damaged_cells(kind: Harm, places: Sequence[Place]) -> Reason:
    """Say in which columns cells are harmed in one way, with an example of each."""
    more = ", …" if len(places) > MAX_COLUMNS_TOLD else ""
    german, english = (
        ", ".join(place.told(quotes, words) for place in places[:MAX_COLUMNS_TOLD]) + more
        for quotes, words in (
            ("„“", ("Zeile", "Zelle", "Zellen")),
            ("“”", ("row", "cell", "cells")),
        )
    )
    reason = HARM[kind]
    return Reason(reason.de.replace("{}", german), reason.en.replace("{}", english))
