"""Who agreed to what and when: a consent is never proposed without the value that says yes or no.

Lists of recipients say it by a status, by a mark of those who left, or only by the day on which
they left: who has none is still there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ingest.mapping.entities import load_entities
from ingest.reading.header_words import load_header_words, readings
from ingest.reading.refusals import Reason
from ingest.suggesting.evidence import SURE, Guess, KnownHeaders, guess
from ingest.suggesting.keys import TableSample
from ingest.suggesting.names import decision_said, implied_values, is_confirmation
from ingest.suggesting.questions import Question
from ingest.suggesting.shapes import FileColumn, is_boolean, is_yes, otherwise, recode

# Share of dates, or of yes and no, from which a column holds them.
MOST = 0.7

TIME_OF_DECISION = Reason(
    "nennt die Zeit der Entscheidung, von der die Datei handelt",
    "says when the decision was taken that the file is about",
)
TIME_OF_EITHER_DECISION = Reason(
    "gilt für Zu- und Absagen; die Liste enthält beides",
    "holds for consent and objection; the list has both",
)
TIME_OF_ONE_DECISION = Question(
    "Die Liste enthält Zu- und Absagen, die Spalte „{column}“ nennt aber nur die Zeit der einen."
    " Bitte eine Spalte zuordnen, die bei jeder Änderung neu gesetzt wird, oder zwei Dateien"
    " exportieren.",
    "The list holds consents and objections, but the column “{column}” has the time of one kind"
    " only. Please map a column that is set at each change, or export two files.",
)
STILL_THERE = Reason(
    "leer heißt: noch dabei; ein Datum: abgemeldet",
    "empty means still there, a date that they left",
)
MARKED_AS_LEFT = Reason("kreuzt an, wer nicht will", "marks those who do not want it")
FIRST_LEFT_THEN_CAME = Reason(
    "Tag der Abmeldung, sonst der Anmeldung", "the day they left, else the day they came"
)
NO_PURPOSE = Question(
    "Wofür gilt die Zustimmung? Bitte ergänzen: purpose: {value: newsletter} oder"
    " {value: profiling}.",
    "What is the consent for? Please add purpose: {value: newsletter} or {value: profiling}.",
)
NO_VALUE = Question(
    "Der Dateiname klingt nach Einwilligungen, aber keine Spalte sagt, wer zugestimmt hat: so wird"
    " niemand als einverstanden geführt. Welche Spalte sagt es, und welcher Wert heißt ja?",
    "The file's name sounds like consents, but no column says who agreed: like this nobody counts"
    " as having agreed. Which column says so, and which value means yes?",
)


def with_decisions(
    guesses: list[Guess], title: str, table: TableSample, headers: KnownHeaders
) -> list[Guess]:
    """Find the column that says yes or no, and the time that fits it."""
    guesses = _with_value(guesses, title, table)
    granted = next((g for g in guesses if g.canonical == "is_granted"), None)
    if granted is not None and granted.codes:
        return _with_both_times(guesses, granted, table, headers)
    return _with_time(guesses, title, table, headers)


def says_consent(guesses: Sequence[Guess]) -> bool:
    """Whether a table's columns say by themselves that it is about consents.

    "Active" and a mere yes may be said of other things.
    """
    granted = next((g for g in guesses if g.canonical == "is_granted"), None)
    if granted is None or MARKED_AS_LEFT in granted.why:
        return False  # a mark may stand in any list of people
    if granted.codes:
        return True
    known = set(recode("is_granted", granted.column.distinct).values())
    is_status = set(readings(granted.column.name)) & load_header_words().columns["lead"]["outcome"]
    return (known == {"true", "false"} and not all(map(is_boolean, granted.column.distinct))) or (
        not is_status and granted.column.share("boolean") >= MOST
    )


def to_check(title: str, guesses: Sequence[Guess]) -> Iterator[Reason]:
    """Tell if the time is that of one decision while the list has both."""
    found = {g.canonical: g for g in guesses}
    if not {"is_granted", "decided_on"} <= set(found) or found["decided_on"].others:
        return
    column = found["decided_on"].column.name
    if _decision_told(title, found) is None and decision_said(column):
        told = TIME_OF_ONE_DECISION
        yield Question(told.de.format(column=column), told.en.format(column=column))


def _with_value(guesses: list[Guess], title: str, table: TableSample) -> list[Guess]:
    """Take those who left for a no, where no column says yes or no and the file's name does not."""
    found = {g.canonical: g for g in guesses}
    if "is_granted" in found or "is_granted" in implied_values("consent", title, set(found)):
        return guesses
    for column in table.columns:
        if decision_said(column.name) != "false":
            continue
        if left := _says_who_left(column):
            kept = [g for g in guesses if g.column.name != column.name]
            return [*kept, left]
    return guesses


def _says_who_left(column: FileColumn) -> Guess | None:
    words = load_header_words().columns["consent"]["decided_on"]
    is_time = column.share("date") >= MOST
    if not column.values:  # nobody left yet
        is_time = any(reading in words for reading in readings(column.name))
    if is_time and column.filled < 1:
        codes = (("", "true"),)
        return Guess("is_granted", column, SURE, (STILL_THERE,), codes, rest="false")
    if column.values and column.share("boolean") >= MOST:
        yes = tuple((value, "false") for value in column.distinct if is_yes(value))
        return Guess("is_granted", column, SURE, (MARKED_AS_LEFT,), yes, rest="true")
    return None


def _with_both_times(
    guesses: list[Guess], granted: Guess, table: TableSample, headers: KnownHeaders
) -> list[Guess]:
    """Take the day they left, else the day they came; of those the confirmed one."""
    came = [
        one
        for one in _times(guesses, table, headers)
        if one.column.name != granted.column.name and decision_said(one.column.name) == "true"
    ]
    is_time = not granted.column.values or granted.column.share("date") >= MOST
    if not came or not is_time:
        return guesses
    best = max(came, key=lambda one: is_confirmation(one.column.name))
    rest = [g for g in guesses if g.canonical != "decided_on"]
    why = (FIRST_LEFT_THEN_CAME,)
    chosen = Guess("decided_on", granted.column, best.confidence, why, others=(best.column,))
    return [*rest, chosen]


def _times(guesses: list[Guess], table: TableSample, headers: KnownHeaders) -> list[Guess]:
    canonical = load_entities()["consent"].columns["decided_on"]
    taken = {g.column.name for g in guesses if g.canonical != "decided_on"}
    return [
        sure
        for column in table.columns
        if column.values and column.name not in taken
        if (sure := guess("consent", canonical, column, headers)).confidence >= SURE
    ]


def _with_time(
    guesses: list[Guess], title: str, table: TableSample, headers: KnownHeaders
) -> list[Guess]:
    """Use the date column of the decision that the rows record: who left has a joining date too.

    Where all rows tell the same decision, by the file's name or a column of its own, that is the
    time of this decision; where a column tells both, one that speaks of neither.
    """
    found = {g.canonical: g for g in guesses}
    told = _decision_told(title, found)
    if "decided_on" not in found or (told is None and "is_granted" not in found):
        return guesses

    def rank(one: Guess) -> tuple[bool, bool, bool]:
        said = decision_said(one.column.name)  # of a list with both, the first two are the same
        return said == told, said is None, is_confirmation(one.column.name)

    chosen = found["decided_on"]
    best = max([chosen, *_times(guesses, table, headers)], key=rank)
    if rank(best) == rank(chosen):
        return guesses
    why = TIME_OF_EITHER_DECISION if told is None else TIME_OF_DECISION
    best = replace(best, why=(*best.why, why))
    return [best if g is chosen else g for g in guesses]


def _decision_told(title: str, found: Mapping[str, Guess]) -> str | None:
    """Return "true" or "false" where all rows of a list tell the same decision."""
    if granted := found.get("is_granted"):
        if granted.codes:
            return None
        codes = recode("is_granted", granted.column.distinct)
        rest = otherwise("is_granted") or ""
        told = {codes.get(value, rest) for value in granted.column.distinct}
        is_yes_or_no = all(map(is_boolean, granted.column.distinct))
        return told.pop() if len(told) == 1 and not is_yes_or_no else None
    return implied_values("consent", title, set(found)).get("is_granted")
