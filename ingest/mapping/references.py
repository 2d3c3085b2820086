"""Mapped entities without a reference to a customer: a silent fault that empties later pages."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from ingest.mapping.entities import load_entities
from ingest.mapping.sources import SOURCES_FILE, EntityMapping, Source, Sources
from ingest.reading.refusals import Reason

COLUMNS_TOLD: Final = 12
NAMES: Final[dict[str, Reason]] = {
    "contact": Reason("Ansprechpartner", "contacts"),
    "lead": Reason("Verkaufschancen", "leads"),
    "offer_line": Reason("Angebotspositionen", "lines of offers"),
    "order_line": Reason("Aufträge", "orders"),
    "ticket": Reason("Tickets", "tickets"),
    "interaction": Reason("Kontakte und Besuche", "interactions"),
    "consent": Reason("Einwilligungen und Widersprüche", "consents"),
}


@dataclass(frozen=True, slots=True)
class MissingReference:
    """That a source maps an entity without any column that ties it to its customer.

    `columns` are the canonical columns of which one would do (`company`, `email` …).
    """

    source: str
    entity: str
    columns: tuple[str, ...]

    def reason(self, unmapped: Collection[str] = ()) -> Reason:
        """Word the finding; `unmapped` are the file's columns, one of which may be right."""
        name = NAMES[self.entity]
        wanted = ", ".join(self.columns)
        place = f"{SOURCES_FILE}, {self.source}.maps.{self.entity}.columns"
        told = ", ".join([*unmapped][:COLUMNS_TOLD])
        told += ", …" if len(unmapped) > COLUMNS_TOLD else ""
        return Reason(
            f"Keine Spalte sagt, zu welchem Kunden diese {name.de} gehören, also gehört keiner"
            f" Zeile ein Kunde. Bitte in {place} eine zuordnen ({wanted})"
            + (f"; nicht zugeordnet sind: {told}." if told else "."),
            f"No column says which customer these {name.en} belong to, so no row has one."
            f" Map one in {place} ({wanted})" + (f"; not mapped: {told}." if told else "."),
        )


def missing_references(sources: Sources) -> list[MissingReference]:
    """Return every mapped entity that no column ties to a customer.

    This includes an entity whose customer is in the same row (the source maps `company` too): the
    warehouse follows references only.
    """
    return [found for source in sources.sources.values() for found in untied(source)]


def untied(source: Source) -> Iterator[MissingReference]:
    """Give the entities of one source that no column ties to a customer."""
    for name, mapping in source.maps.items():
        if is_untied(name, mapping):
            yield MissingReference(source.name, name, load_entities()[name].ties)


def is_untied(entity: str, mapping: EntityMapping) -> bool:
    """Whether the entity needs a customer and no mapped column leads to one."""
    ties = load_entities()[entity].ties
    return bool(ties) and not any(column in mapping.columns for column in ties)
