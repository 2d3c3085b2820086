"""Explains a score: contributions per feature in log-odds, and the reasons people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from ml import rules
from ml.learning.telling import Telling, is_telling
from ml.reasons.wording import word
from ml.specs.feature import Feature, Text
from ml.specs.spec import Explanation, Spec

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

Reason = tuple[str, str]  # German, English
Push = Literal["raises", "lowers", "fact"]
# How a reason begins: what raises the score, what lowers it; a fact does neither.
SIGNS: dict[Push, str] = {"raises": "+ ", "lowers": "− ", "fact": ""}


def model_reasons(
    frame: pandas.DataFrame,
    pushes: NDArray[Any],
    typical: Mapping[str, float | str],
    spec: Spec,
    telling: Telling,
) -> list[list[Reason]]:
    """Word two to four reasons per row; facts of the rules fill up to two.

    First what raises the score ("+ …"), then what lowers it ("− …"), each strongest first.
    Features of one theme give one reason, worded by the first of them in the spec that pushes the
    same way. A reason is worded only where its text is true: "silent for long" needs a push up and
    a value above the typical one.

    Args:
        frame: the rows with all features of the spec, also those that only serve texts.
        pushes: rows x features in the order of `typical`'s keys (`ml.learning.estimators.parts`).
        typical: per feature the median or most frequent value in training.
        spec: the texts.
        telling: which effects are more than chance (`ml.learning.telling`); others are not worded.

    """
    names = [name for name in spec.features if name in typical]
    columns = [list(typical).index(name) for name in names]
    features = [spec.features[name] for name in names]
    reasons = [
        _reasons_of_row(values, row[columns], features, typical, spec, telling)
        for values, row in zip(_rows(frame), pushes, strict=True)
    ]
    short = [row for row, found in enumerate(reasons) if len(found) < 2]
    facts = rule_reasons(frame.iloc[short], spec, 2, facts_only=True)
    for row, more in zip(short, facts, strict=True):
        reasons[row] = _without_repetition(reasons[row], more)[:2]
    return reasons


def rule_reasons(
    frame: pandas.DataFrame, spec: Spec, stage: int, *, facts_only: bool = False
) -> list[list[Reason]]:
    """Word the rules that hold, by points; facts (rules of 0 points) fill up to two.

    First what raises the score ("+ …"), then what lowers it ("− …"), then facts.
    """
    if spec.rules is None:
        return [[] for _ in range(len(frame))]
    listed = spec.rules.of(stage)
    order = sorted(range(len(listed)), key=lambda index: -abs(listed[index].points))
    found = rules.hits(frame, spec, stage)
    limit = spec.explanation.most_reasons
    result = []
    for values, hit in zip(_rows(frame), found, strict=True):
        reasons: list[Reason] = []
        for index in order:
            points = listed[index].points
            if facts_only and points:
                continue
            if hit[index] and len(reasons) < (limit if points else 2):
                reason = word(listed[index].reason, values, spec.features)
                marked = [_marked(reason, points)] if reason else []
                reasons = _without_repetition(reasons, marked)
        result.append(_grouped(reasons))
    return result


def _marked(reason: Reason, push: float) -> Reason:
    sign = SIGNS["raises" if push > 0 else "lowers" if push < 0 else "fact"]
    return sign + reason[0], sign + reason[1]


def _grouped(reasons: Sequence[Reason]) -> list[Reason]:
    """Put first what raises the score, then what lowers it, then facts; else keep the order."""
    signs = (SIGNS["raises"], SIGNS["lowers"])
    return sorted(reasons, key=lambda reason: [not reason[0].startswith(sign) for sign in signs])


def _without_repetition(reasons: Sequence[Reason], more: Sequence[Reason]) -> list[Reason]:
    """Append reasons whose text is new, signs aside."""
    said: dict[str, Reason] = {}
    for reason in [*reasons, *more]:
        bare = reason[0].removeprefix(SIGNS["raises"]).removeprefix(SIGNS["lowers"])
        said.setdefault(bare, reason)
    return list(said.values())


def _reasons_of_row(
    values: Mapping[str, Any],
    pushes: NDArray[Any],
    features: Sequence[Feature],
    typical: Mapping[str, float | str],
    spec: Spec,
    telling: Telling,
) -> list[Reason]:
    themes: dict[str, list[int]] = {}
    for index, feature in enumerate(features):
        themes.setdefault(feature.theme or feature.name, []).append(index)
    sums = {theme: float(pushes[members].sum()) for theme, members in themes.items()}
    total = sum(map(abs, sums.values()))
    reasons: list[Reason] = []
    for theme in sorted(sums, key=lambda theme: -abs(sums[theme])):
        weak = abs(sums[theme]) < spec.explanation.least_share * total
        # facts of the rules say more than features that hardly move the score
        limit = spec.explanation.most_reasons if not weak else 0 if spec.rules else 2
        if sums[theme] == 0 or len(reasons) >= limit:
            break
        is_up = sums[theme] > 0
        for index in themes[theme]:
            feature = features[index]
            if pushes[index] == 0 or (pushes[index] > 0) != is_up:
                continue
            usual = typical[feature.name] if feature.neutral is None else feature.neutral
            if feature.direction and not _is_true(
                feature, values[feature.name], float(usual), is_up
            ):
                continue
            other = spec.features.get(feature.agrees_with or "")
            if other and _says_the_opposite(other, values[other.name], is_up):
                continue
            if not is_telling(telling, feature.name, values[feature.name], is_up=is_up):
                continue
            reason = word(_texts(feature, is_up, spec.explanation), values, spec.features, feature)
            if reason:
                reasons.append(_marked(reason, sums[theme]))
                break
    return _grouped(reasons)


def _is_true(feature: Feature, value: float | None, typical: float, is_up: bool) -> bool:
    """Whether the value lies on the side that the text speaks of."""
    if feature.direction is None or feature.type == "categorical":
        return True
    if value is None or value != value:
        return False
    return bool(
        value != typical and (value > typical) == (is_up == (feature.direction == "rising"))
    )


def _says_the_opposite(feature: Feature, value: float | None, is_up: bool) -> bool:
    if value is None or value != value or feature.neutral is None:
        return False
    return not _is_true(feature, value, feature.neutral, is_up)


def _texts(feature: Feature, is_up: bool, general: Explanation) -> Sequence[Text]:
    given = feature.reasons.up if is_up else feature.reasons.down
    if given or feature.reasons.up or feature.reasons.down:
        return given
    return [general.up if is_up else general.down]


def _rows(frame: pandas.DataFrame) -> list[dict[str, Any]]:
    return frame.to_dict("records")  # type: ignore[return-value]
