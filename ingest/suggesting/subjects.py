"""What a table is about: the entities that its columns make up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ingest.mapping.entities import load_entities
from ingest.mapping.sources import Where
from ingest.reading.header_words import KEY, load_header_words, names_delivery, normalised
from ingest.reading.refusals import Reason
from ingest.suggesting.consents import NO_PURPOSE, says_consent, to_check, with_decisions
from ingest.suggesting.evidence import (
    SURE,
    Guess,
    KnownHeaders,
    assign,
    entities_naming,
    guess,
    header_evidence,
)
from ingest.suggesting.keys import ALL_CODES, FIRST_COLUMNS, TableSample, find_key
from ingest.suggesting.names import entities_said, implied_values
from ingest.suggesting.pointing import Reference
from ingest.suggesting.shapes import FileColumn, recode

# Columns that an entity needs: at least the given number of each group. A reference counts where a
# header names such a key.
CORE: dict[str, tuple[tuple[frozenset[str], int], ...]] = {
    "company": ((frozenset({"name"}), 1),),
    "contact": ((frozenset({"given_name", "family_name"}), 1),),
    "lead": (
        (frozenset({"title", "stage", "outcome"}), 1),
        (frozenset({"title", "stage", "outcome", "amount", "closed_on", "owner"}), 2),
    ),
    "lead_stage": ((frozenset({"stage"}), 1), (frozenset({"entered_on"}), 1)),
    "lead_contact": ((frozenset({"lead"}), 1), (frozenset({"contact", "email"}), 1)),
    "offer_line": (
        (frozenset({"offer_no", "offered_on"}), 1),
        (frozenset({"sku", "product_name"}), 1),
        (frozenset({"quantity", "unit_price"}), 1),
    ),
    "order_line": (
        (frozenset({"order_no", "sku", "quantity", "unit_price", "net_amount", "ordered_on"}), 2),
        (frozenset({"order_no", "ordered_on"}), 1),
    ),
    "product": ((frozenset({"sku"}), 1), (frozenset({"name"}), 1)),
    "competitor_price": (
        (frozenset({"competitor"}), 1),
        (frozenset({"price"}), 1),
        (frozenset({"sku", "product_name"}), 1),
    ),
    "ticket": (
        (frozenset({"subject", "body", "category", "priority"}), 1),
        (frozenset({"subject", "body", "category", "opened_at", "closed_at"}), 2),
    ),
    "interaction": (
        (frozenset({"occurred_at"}), 1),
        (
            frozenset({"kind", "detail", "campaign", "topic", "email", "website", "company_name"}),
            1,
        ),
    ),
    "consent": (
        (frozenset({"is_granted"}), 1),
        (frozenset({"email", "company_name"}), 1),
    ),
}
# What one list may hold beside its main entity, and how many columns of its own that needs.


BESIDE: dict[str, tuple[str, ...]] = {
    "company": ("contact", "interaction"),
    "contact": ("company", "interaction", "consent"),
    "order_line": ("company",),
    "lead": ("company",),
}


OWN_COLUMNS = {
    "contact": frozenset({"given_name", "family_name"}),
    "company": frozenset({"street", "postcode", "city", "country", "vat_id", "industry"}),
    "interaction": frozenset({"occurred_at"}),
    "consent": frozenset({"is_granted"}),
}


# Headers of a number that do not say of what.
BARE_NUMBER = frozenset({"nr", "no", "id", "code", "nummer", "number"})
# What a line of an order has; so many of them, and it is one.
LINES_HAVE = frozenset({"sku", "product_name", "quantity", "unit_price", "net_amount"})
LEAST_OF_A_LINE = 3
SHARED_NUMBER = Reason(
    "eine Nummer, die mehrere Zeilen gemeinsam haben", "a number that several rows share"
)
OUTCOME_IN_STAGE = Reason("die Phase sagt gewonnen und verloren", "the stage says won and lost")
NUMBER_OF_LIST = Reason("Nummer in einer Artikelliste", "number in a list of articles")

DELIVERY_ADDRESS = Reason(
    "Als Anschrift des Kunden gilt die Lieferadresse ({columns}): eine andere hat die Datei nicht.",
    "The delivery address ({columns}) is taken for the customer's: the file has no other.",
)
ADDRESS = frozenset({"street", "postcode", "city", "country"})

FILE_NAME_SAYS, KEY_SAYS, REF_SAYS = 2.0, 1.5, 1.0
MOST_ARE_DATES = 0.7
DAY_CANCELLED = Reason("leer heißt: nicht storniert", "empty means not cancelled")


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

    @property
    def all_notes(self) -> tuple[Reason, ...]:
        """What is to be told of the file, then of each entity."""
        return (*self.notes, *(note for part in self.entities for note in part.notes))


def find_entities(
    title: str, table: TableSample, headers: KnownHeaders
) -> Iterator[EntityProposal]:
    """Find what the table is about, best first, and what it holds beside that."""
    if is_not_about_customers(title):
        return
    guesses = {name: assign(_guesses(name, table, headers)) for name in load_entities()}
    guesses["product"] = _with_bare_number(guesses["product"], title, table)
    guesses["lead"] = _with_outcome_in_stage(guesses["lead"])
    guesses["consent"] = with_decisions(guesses["consent"], title, table, headers)
    lines = _with_repeated_number(guesses["order_line"], table)
    guesses["order_line"] = [_of_day_cancelled(guess) for guess in lines]
    ratings = {
        name: _rating(name, title, table, found)
        for name, found in guesses.items()
        if _has_core(name, table, found, title)
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


def is_not_about_customers(title: str) -> bool:
    """Whether a file's name speaks of suppliers or staff, and not of customers as well."""
    said = entities_said(title)
    return "nothing" in said and "company" not in said


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


def _with_repeated_number(guesses: list[Guess], table: TableSample) -> list[Guess]:
    """Take a number that the lines of an order share for the order's, whatever its header says."""
    found = {g.canonical for g in guesses}
    if "order_no" in found or len(found & LINES_HAVE) < LEAST_OF_A_LINE:
        return guesses
    taken = {g.column.name for g in guesses}
    for column in table.columns[:FIRST_COLUMNS]:
        is_shared = 1 < len(column.distinct) < len(column.values) == column.row_count
        if is_shared and column.name not in taken and column.share("code") >= ALL_CODES:
            return [*guesses, Guess("order_no", column, SURE, (SHARED_NUMBER,))]
    return guesses


def _of_day_cancelled(guess: Guess) -> Guess:
    """Read the day of a cancellation as a yes: empty means that the order stands."""
    is_day = guess.canonical == "is_cancelled" and guess.column.share("date") >= MOST_ARE_DATES
    if not is_day:
        return guess
    why = (*guess.why, DAY_CANCELLED)
    return replace(guess, why=why, codes=(("", "false"),), rest="true")


def _with_outcome_in_stage(guesses: list[Guess]) -> list[Guess]:
    """Read won and lost from the stage where no column of its own says it: "Closed Won"."""
    found = {g.canonical: g for g in guesses}
    stage = found.get("stage")
    if stage is None or "outcome" in found:
        return guesses
    if set(recode("outcome", stage.column.distinct).values()) != {"won", "lost"}:
        return guesses
    return [*guesses, Guess("outcome", stage.column, stage.confidence, (OUTCOME_IN_STAGE,))]


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
    if name == "consent" and "purpose" not in _implied(name, title, found):
        return []
    return found if _has_core(name, table, found, title) else []


def _implied(name: str, title: str, guesses: Sequence[Guess]) -> dict[str, str]:
    """Return what the file's name implies, or that of the column which says yes or no."""
    said = " ".join([title, *(g.column.name for g in guesses if g.canonical == "is_granted")])
    return implied_values(name, said, {g.canonical for g in guesses})


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
    if any(
        len(column.distinct) == len(column.values) == column.row_count
        for column in table.columns
        if header_evidence(column.name, words).weight >= SURE
    ):
        rating += KEY_SAYS
    for reference in {c.ref for c in load_entities()[name].columns.values() if c.ref}:
        words = load_header_words().columns[reference][KEY]
        named = [c for c in table.columns if header_evidence(c.name, words).weight >= SURE]
        if any(len(c.distinct) < len(c.values) for c in named):
            rating += REF_SAYS
    # "unsubscribed" in the name says what each row is, however many columns describe the person.
    implied = "is_granted" in implied_values(name, title, {g.canonical for g in guesses})
    is_said = name == "consent" and (implied or says_consent(guesses))
    return rating + FILE_NAME_SAYS * ((name in entities_said(title)) + is_said)


def _has_core(name: str, table: TableSample, guesses: Sequence[Guess], title: str) -> bool:
    found = {g.canonical for g in guesses} | set(
        implied_values(name, title, {g.canonical for g in guesses})
    )
    found |= _named_references(name, table)
    return all(len(group & found) >= least for group, least in CORE[name])


def _named_references(name: str, table: TableSample) -> set[str]:
    """Return the columns of an entity that point to records whose key a header names."""
    words = load_header_words().columns
    return {
        column.name
        for column in load_entities()[name].columns.values()
        if column.ref
        and any(
            header_evidence(c.name, words[column.ref][KEY]).weight >= SURE
            for c in table.columns
            if c.values
        )
    }


def _propose_entity(
    name: str,
    title: str,
    table: TableSample,
    guesses: Sequence[Guess],
    key: tuple[str, ...],
    notes: tuple[Reason, ...] = (),
) -> EntityProposal:
    implied = _implied(name, title, guesses)
    notes = (*notes, *_to_check(name, title, guesses))
    return EntityProposal(name, key, tuple(guesses), implied, _joined(table, guesses), notes=notes)


def _to_check(name: str, title: str, guesses: Sequence[Guess]) -> Iterator[Reason]:
    """Give what a person should know of columns that say nearly, but not quite, what is wanted."""
    delivered_to = [g.column.name for g in guesses if g.canonical in ADDRESS]
    delivered_to = [column for column in delivered_to if names_delivery(column)]
    if name == "company" and delivered_to:
        yield _filled(DELIVERY_ADDRESS, columns=", ".join(delivered_to))
    if name == "consent":
        yield from to_check(title, guesses)
        if "purpose" not in {*(g.canonical for g in guesses), *_implied(name, title, guesses)}:
            yield NO_PURPOSE


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
