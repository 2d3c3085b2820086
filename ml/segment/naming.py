"""Names of segments, made of what sets them apart; a person may give better ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from ml.segment.clusters import REST
from ml.segment.spec import Behaviour
from ml.specs.feature import Text

TELLING: Final = 0.4  # standard deviations from the mean of all: less is not worth a word
WORDS: Final = 2  # a name of more is none
AVERAGE: Final = Text(de="durchschnittliche Kunden", en="average customers")


def propose_names(
    means: Sequence[Mapping[str, float]],
    behaviour: Behaviour,
    shares: Sequence[Mapping[str, float]],
    overall: Mapping[str, float],
) -> list[Text]:
    """Name each cluster by its most telling traits and its main interest, no two alike.

    Args:
        means: per cluster the mean of each trait, in standard deviations from that of all.
        behaviour: with the words.
        shares: per cluster the mean share of each interest.
        overall: that of all customers.

    """
    names: list[Text] = []
    taken: set[str] = set()
    for mean, own in zip(means, shares, strict=True):
        words = _words(mean, behaviour)
        named = _interest(own, overall, behaviour)
        said = words[:WORDS] + ([named] if named else [])
        more = iter(words[WORDS:])
        while _joined(said, "de") in taken and (word := next(more, None)):
            said.append(word)
        name = Text(de=_joined(said, "de"), en=_joined(said, "en"))
        if name.de in taken:
            number = sum(one.de.startswith(name.de) for one in names) + 1
            name = Text(de=f"{name.de} ({number})", en=f"{name.en} ({number})")
        taken.add(name.de)
        names.append(name)
    return names


def _words(mean: Mapping[str, float], behaviour: Behaviour) -> list[Text]:
    """Words for the traits of a cluster, the most telling first."""
    told = []
    for place, (name, trait) in enumerate(behaviour.traits.items()):
        value = mean.get(name, 0.0)
        if abs(value) >= TELLING:
            told.append((-abs(value), place, trait.high if value > 0 else trait.low))
    return [word for _value, _place, word in sorted(told, key=lambda one: one[:2])]


def _interest(
    own: Mapping[str, float], overall: Mapping[str, float], behaviour: Behaviour
) -> Text | None:
    interests = behaviour.interests
    if interests is None or not own:
        return None
    name, share = max(own.items(), key=lambda one: one[1])
    if name == REST or share < interests.named_share:
        return None
    if share < interests.named_times * overall.get(name, 0):
        return None
    return Text(
        de=interests.name.de.replace("{interest}", name),
        en=interests.name.en.replace("{interest}", name),
    )


def _joined(words: Sequence[Text], language: Literal["de", "en"]) -> str:
    text = ", ".join(getattr(word, language) for word in words or [AVERAGE])
    return text[:1].upper() + text[1:]
