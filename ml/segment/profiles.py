"""What segments look like: their customers' traits and interests beside those of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ml.segment.clusters import scaled_trait
from ml.segment.spec import Behaviour

if TYPE_CHECKING:
    import pandas

INTERESTS_SHOWN: Final = 2


@dataclass(frozen=True)
class Described:
    """Per segment: mean trait in standard deviations from all, medians, mean interests."""

    deviations: list[dict[str, float]]
    medians: list[dict[str, float]]
    shares: list[dict[str, float]]
    overall: dict[str, float]
    overall_medians: dict[str, float]


def describe(
    table: pandas.DataFrame,
    shares: pandas.DataFrame,
    labels: Any,  # noqa: ANN401
    segments: int,
    behaviour: Behaviour,
) -> Described:
    """Describe segments; of an empty one there is nothing to say.

    Args:
        table: traits per customer.
        shares: interests per customer.
        labels: the segment (0 …) of each row of the table.
        segments: how many there are.
        behaviour: with the traits.

    """
    import numpy as np

    deviations: list[dict[str, float]] = [{} for _one in range(segments)]
    for name in behaviour.traits:
        median = table[name].median()
        values = scaled_trait(table, name, behaviour, 0.0 if np.isnan(median) else float(median))
        spread = float(values.std()) or 1.0
        for segment in range(segments):
            if (own := values[labels == segment]).size:
                deviations[segment][name] = float((own.mean() - values.mean()) / spread)
    known = shares.reindex(table.index)
    return Described(
        deviations,
        [_medians(table[labels == segment], behaviour) for segment in range(segments)],
        [_means(known[labels == segment]) for segment in range(segments)],
        _means(known),
        _medians(table, behaviour),
    )


def _medians(table: pandas.DataFrame, behaviour: Behaviour) -> dict[str, float]:
    return {
        name: float(table[name].median()) for name in behaviour.traits if table[name].notna().any()
    }


def _means(shares: pandas.DataFrame) -> dict[str, float]:
    means = shares.dropna(how="all").fillna(0.0).mean()
    return {str(name): float(value) for name, value in means.items() if value == value}


def lines(described: Described, segment: int, behaviour: Behaviour) -> dict[str, list[str]]:
    """Say a segment's traits beside those of all customers, a line each, by language."""
    said: dict[str, list[str]] = {"de": [], "en": []}
    own, overall = described.medians[segment], described.overall_medians
    for name, trait in behaviour.traits.items():
        if name not in own:
            continue
        for language, all_of_them in (("de", "alle"), ("en", "all")):
            one, usual = (_number(values[name], language) for values in (own, overall))
            said[language].append(
                f"{getattr(trait.title, language)}: {one} ({all_of_them}: {usual})"
            )
    largest = sorted(described.shares[segment].items(), key=lambda one: -one[1])
    for name, share in largest[:INTERESTS_SHOWN]:
        mean = described.overall.get(name, 0.0)
        said["de"].append(f"{name}: {100 * share:.0f} % (alle: {100 * mean:.0f} %)")
        said["en"].append(f"{name}: {share:.0%} (all: {mean:.0%})")
    return said


def attribute_lines(
    attributes: Mapping[str, Sequence[str | None]], customers: Collection[str]
) -> dict[str, list[str]]:
    """Say which value of each attribute is most frequent in a segment, beside its share of all."""
    said: dict[str, list[str]] = {"de": [], "en": []}
    for column in range(max((len(row) for row in attributes.values()), default=0)):
        of_all = Counter(row[column] for row in attributes.values() if row[column])
        own = Counter(attributes[one][column] for one in customers if attributes[one][column])
        if not own:
            continue
        value, count = min(own.items(), key=lambda one: (-one[1], str(one[0])))
        share, mean = count / own.total(), of_all[value] / of_all.total()
        said["de"].append(f"{value}: {100 * share:.0f} % (alle: {100 * mean:.0f} %)")
        said["en"].append(f"{value}: {share:.0%} (all: {mean:.0%})")
    return said


def _number(value: float, language: str) -> str:
    text = f"{value:,.0f}" if abs(value) >= 10 else f"{value:,.1f}".removesuffix(".0")
    return text.translate(str.maketrans(",.", ".,")) if language == "de" else text
