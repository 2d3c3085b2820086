"""The phases of the customer journey, in their order, as people read them."""

from __future__ import annotations

from typing import Final, Literal

Phase = Literal["awareness", "consideration", "negotiation", "after_purchase", "all"]
# Source: Fili et al. 2024, doi 10.1365/s40702-024-01132-w.
PHASES: Final[dict[Phase, dict[Literal["de", "en"], str]]] = {
    "awareness": {"de": "Aufmerksamkeit", "en": "Awareness"},
    "consideration": {"de": "Erwägung", "en": "Consideration"},
    "negotiation": {"de": "Verhandlung", "en": "Negotiation"},
    "after_purchase": {"de": "Nach dem Kauf", "en": "After the purchase"},
    "all": {"de": "Alle Phasen", "en": "All phases"},
}


def order(phase: Phase) -> int:
    """Tell how early in the journey a phase comes, from 0."""
    return list(PHASES).index(phase)
