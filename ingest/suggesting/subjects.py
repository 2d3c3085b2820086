"""What a table is about: the entities that its columns make up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ingest.mapping.entities import load_entities
from ingest.mapping.sources import Where
from ingest.reading.header_words import KEY, load_header_words, names_delivery, normalised
from ingest.reading.refusals import Reason
from ingest.suggesting.evidence import (
    SURE,
    Guess,
    KnownHeaders,
    assign,
    entities_naming,
    guess,
    header_evidence,
)
from ingest.suggesting.keys import Reference, TableSample, find_key
from ingest.suggesting.names import decision_said, entities_said, implied_values
from ingest.suggesting.shapes import FileColumn, is_boolean, otherwise, recode

# Columns that an entity needs: at least the given number of each group.
CORE: dict[str, tuple[tuple[frozenset[str], int], ...]] = {
    "company": ((frozenset({"name"}), 1),),
    "contact": ((frozenset({"given_name", "family_name"}), 1),),
    "lead": (
        (frozenset({"title", "stage", "outcome"}), 1),
        (frozenset({"title", "stage", "outcome", "amount", "closed_on", "owner"}), 2),
    ),
    "lead_stage": ((frozenset({"stage"}), 1), (frozenset({"entered_on"}), 1)),
    "order_line": (
        (frozenset({"order_no", "sku", "quantity", "unit_price", "net_amount", "ordered_on"}), 2),
        (frozenset({"order_no", "ordered_on"}), 1),
    ),
    "product": ((frozenset({"sku"}), 1), (frozenset({"name"}), 1)),
    "ticket": (
        (frozenset({"subject", "body", "category", "priority"}), 1),
        (frozenset({"subject", "body", "category", "opened_at", "closed_at"}), 2),
    ),
    "interaction": (
        (frozenset({"occurred_at"}), 1),
        (frozenset({"kind", "detail", "email", "website", "company_name"}), 1),
    ),
    "consent": (
        (frozenset({"is_granted", "purpose", "decided_on"}), 1),
        (frozenset({"email", "company_name"}), 1),
    ),
}
# What one list may hold beside its main entity, and how many columns of its own that needs.


BESIDE: dict[str, tuple[str, ...]] = {
    "company": ("contact", "interaction"),
    "contact": ("company", "interaction"),
    "order_line": ("company",),
    "lead": ("company",),
}


OWN_COLUMNS = {
    "contact": frozenset({"given_name", "family_name"}),
    "company": frozenset({"street", "postcode", "city", "country", "vat_id", "industry"}),
    "interaction": frozenset({"occurred_at"}),
}


# Headers of a number that do not say of what.
BARE_NUMBER = frozenset({"nr", "id", "code", "nummer", "number"})
OUTCOME_IN_STAGE = Reason("die Phase sagt gewonnen und verloren", "the stage says won and lost")
NUMBER_OF_LIST = Reason("Nummer in einer Artikelliste", "number in a list of articles")

TIME_OF_DECISION = Reason(
    "nennt die Zeit der Entscheidung, von der die Datei handelt",
    "says when the decision was taken that the file is about",
)

TIME_OF_EITHER_DECISION = Reason(
    "gilt für Zu- und Absagen; die Liste enthält beides",
    "holds for consent and objection; the list has both",
)
TIME_OF_ONE_DECISION = Reason(
    "Die Liste enthält Zu- und Absagen, die Spalte „{column}“ nennt aber nur die Zeit der einen."
    " Bitte eine Spalte zuordnen, die bei jeder Änderung neu gesetzt wird, oder zwei Dateien"
    " exportieren.",
    "The list holds consents and objections, but the column “{column}” has the time of one kind"
    " only. Please map a column that is set at each change, or export two files.",
)
DELIVERY_ADDRESS = Reason(
    "Als Anschrift des Kunden gilt die Lieferadresse ({columns}): eine andere hat die Datei nicht.",
    "The delivery address ({columns}) is taken for the customer's: the file has no other.",
)
ADDRESS = frozenset({"street", "postcode", "city", "country"})

FILE_NAME_SAYS, KEY_SAYS, REF_SAYS = 2.0, 1.5, 1.0


@dataclass(frozen=True, slots=True)
class EntityProposal:
    """How a source would feed one entity; `implied` are values that the file's name says."""

    entity: str
    key: tuple[str, ...]
    guesses: tuple[Guess, ...]
    implied: Mapping[str, str] = field(default_factory=dict)
    joined: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    attributes: tuple[str, ...] = ()
    doubtful: tuple[Guess, ...] = ()
    notes: tuple[Reason, ...] = ()
    where: Where | None = None


Kind = Literal["events", "snapshot"]
Locale = Literal["de", "en", "auto"]


@dataclass(frozen=True, slots=True)
class SourceProposal:
    """A proposed entry of `sources.yml`."""

    name: str
    files: str
    sheet: str | None
    kind: Kind
    locale: Locale
    entities: tuple[EntityProposal, ...]
    undecided: tuple[tuple[FileColumn, Reason], ...] = ()
    notes: tuple[Reason, ...] = ()


def find_entities(
    title: str, table: TableSample, headers: KnownHeaders
) -> Iterator[EntityProposal]:
    """Find what the table is about, best first, and what it holds beside that."""
    if "nothing" in entities_said(title):
        return
    guesses = {name: assign(_guesses(name, table, headers)) for name in load_entities()}
    guesses["product"] = _with_bare_number(guesses["product"], title, table)
    guesses["lead"] = _with_outcome_in_stage(guesses["lead"])
    guesses["consent"] = _with_time_of_decision(guesses["consent"], title, table, headers)
    ratings = {
        name: _rating(name, title, table, found)
        for name, found in guesses.items()
        if _has_core(name, found, title)
    }
    if not ratings:
        return
    main = max(ratings, key=lambda name: ratings[name])
    key, notes = find_key(table, main, guesses[main])
    yield _propose_entity(main, title, table, guesses[main], key, notes)
    for name in BESIDE.get(main, ()):
        if found := _beside(name, main, title, table, guesses):
            own = _named_key(name, table)
            yield _propose_entity(name, title, table, found, (own.name,) if own else key)


def _with_bare_number(guesses: list[Guess], title: str, table: TableSample) -> list[Guess]:
    """Take the column "No." of a list of articles for the article's number."""
    if "product" not in entities_said(title) or any(g.canonical == "sku" for g in guesses):
        return guesses
    taken = {g.column.name for g in guesses}
    for column in table.columns:
        is_unique = len(column.distinct) == column.row_count > 0
        if normalised(column.name) in BARE_NUMBER and is_unique and column.name not in taken:
            return [*guesses, Guess("sku", column, SURE, (NUMBER_OF_LIST,))]
    return guesses


def _with_outcome_in_stage(guesses: list[Guess]) -> list[Guess]:
    """Read won and lost from the stage where no column of its own says it: "Closed Won"."""
    found = {g.canonical: g for g in guesses}
    stage = found.get("stage")
    if stage is None or "outcome" in found:
        return guesses
    if set(recode("outcome", stage.column.distinct).values()) != {"won", "lost"}:
        return guesses
    return [*guesses, Guess("outcome", stage.column, stage.confidence, (OUTCOME_IN_STAGE,))]


def _with_time_of_decision(
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
    canonical = load_entities()["consent"].columns["decided_on"]
    taken = {g.column.name for g in guesses if g.canonical != "decided_on"}
    candidates = [
        sure
        for column in table.columns
        if column.values and column.name not in taken
        if (sure := guess("consent", canonical, column, headers)).confidence >= SURE
    ]

    def rank(one: Guess) -> tuple[bool, bool]:
        said = decision_said(one.column.name)
        return said == told, said is None  # of a list with both, the two are the same

    chosen = found["decided_on"]
    best = max([chosen, *candidates], key=rank)
    if rank(best) == rank(chosen):
        return guesses
    why = TIME_OF_EITHER_DECISION if told is None else TIME_OF_DECISION
    best = replace(best, why=(*best.why, why))
    return [best if g is chosen else g for g in guesses]


def _decision_told(title: str, found: Mapping[str, Guess]) -> str | None:
    """Return "true" or "false" where all rows of a list tell the same decision."""
    if granted := found.get("is_granted"):
        codes = recode("is_granted", granted.column.distinct)
        rest = otherwise("is_granted") or ""
        told = {codes.get(value, rest) for value in granted.column.distinct}
        is_yes_or_no = all(map(is_boolean, granted.column.distinct))
        return told.pop() if len(told) == 1 and not is_yes_or_no else None
    return implied_values("consent", title, set(found)).get("is_granted")


def _beside(
    name: str,
    main: str,
    title: str,
    table: TableSample,
    guesses: Mapping[str, Sequence[Guess]],
) -> list[Guess]:
    """Return the columns of an entity that the rows hold beside their main one; [] if none."""
    joined = {column for pair in _joined(table, guesses[main]).values() for column in pair}
    found = [g for g in guesses[name] if g.column.name not in joined or g.canonical == "name"]
    explained = joined | {g.column.name for g in guesses[main]}
    own = {g.column.name for g in found if g.canonical in OWN_COLUMNS[name] and g.column.values}
    if own <= explained:
        return []
    if name == "company" and main != "contact":
        return found if _named_key(name, table) else []
    if name == "interaction" and name not in entities_said(title):
        return []
    return found if _has_core(name, found, title) else []


def _named_key(name: str, table: TableSample) -> FileColumn | None:
    """Return the column that is called like the entity's key, even where a value comes twice."""
    words = load_header_words().columns[name][KEY]
    filled = (column for column in table.columns if column.values)
    return next((c for c in filled if header_evidence(c.name, words).weight >= SURE), None)


def _guesses(name: str, table: TableSample, headers: KnownHeaders) -> list[list[Guess]]:
    wanted = [column for column in load_entities()[name].columns.values() if column.is_plain]
    return [[guess(name, one, column, headers) for one in wanted] for column in table.columns]


def _rating(name: str, title: str, table: TableSample, guesses: Sequence[Guess]) -> float:
    """Rate an entity by its columns: a name that few entities have counts more."""
    rating = sum(g.confidence / max(1, entities_naming(g.column.name)) for g in guesses)
    words = load_header_words().columns[name][KEY]
    for column in table.columns:
        if header_evidence(column.name, words).weight >= SURE:
            is_unique = len(column.distinct) == len(column.values) == column.row_count
            rating += KEY_SAYS if is_unique else 0
    for reference in {c.ref for c in load_entities()[name].columns.values() if c.ref}:
        words = load_header_words().columns[reference][KEY]
        named = [c for c in table.columns if header_evidence(c.name, words).weight >= SURE]
        if any(len(c.distinct) < len(c.values) for c in named):
            rating += REF_SAYS
    # "unsubscribed" in the name says what each row is, however many columns describe the person.
    says_consent = "is_granted" in implied_values(name, title, {g.canonical for g in guesses})
    return rating + FILE_NAME_SAYS * ((name in entities_said(title)) + says_consent)


def _has_core(name: str, guesses: Sequence[Guess], title: str) -> bool:
    found = {g.canonical for g in guesses} | set(
        implied_values(name, title, {g.canonical for g in guesses})
    )
    return all(len(group & found) >= least for group, least in CORE[name])


def _propose_entity(
    name: str,
    title: str,
    table: TableSample,
    guesses: Sequence[Guess],
    key: tuple[str, ...],
    notes: tuple[Reason, ...] = (),
) -> EntityProposal:
    implied = implied_values(name, title, {g.canonical for g in guesses})
    notes = (*notes, *_to_check(name, title, guesses))
    return EntityProposal(name, key, tuple(guesses), implied, _joined(table, guesses), notes=notes)


def _to_check(name: str, title: str, guesses: Sequence[Guess]) -> Iterator[Reason]:
    """Give what a person should know of columns that say nearly, but not quite, what is wanted."""
    found = {g.canonical: g for g in guesses}
    delivered_to = [g.column.name for g in guesses if g.canonical in ADDRESS]
    delivered_to = [column for column in delivered_to if names_delivery(column)]
    if name == "company" and delivered_to:
        yield _filled(DELIVERY_ADDRESS, columns=", ".join(delivered_to))
    if name == "consent" and {"is_granted", "decided_on"} <= set(found):
        column = found["decided_on"].column.name
        if _decision_told(title, found) is None and decision_said(column):
            yield _filled(TIME_OF_ONE_DECISION, column=column)


def _filled(reason: Reason, **values: str) -> Reason:
    return Reason(reason.de.format(**values), reason.en.format(**values))


def _joined(table: TableSample, guesses: Sequence[Guess]) -> dict[str, tuple[str, ...]]:
    """Find names that run over into a second column: Name1, Name2."""
    free = {c.name for c in table.columns if c.values} - {g.column.name for g in guesses}
    joined: dict[str, tuple[str, ...]] = {}
    for found in guesses:
        first = found.column.name
        second = f"{first[:-1]}2"
        if found.canonical in {"name", "product_name"} and first.endswith("1") and second in free:
            joined[found.canonical] = (first, second)
    return joined
