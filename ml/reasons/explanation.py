"""The reasons that people read: which parts of a score are told, and in which sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from ml import rules
from ml.features.expressions import holds
from ml.learning.telling import Telling, effects
from ml.reasons.choice import places, strong_enough
from ml.reasons.wording import can_be_said, word
from ml.specs.feature import Feature, ReasonText, Text
from ml.specs.sections import Rule
from ml.specs.spec import Spec

if TYPE_CHECKING:
    import pandas
    import pyarrow
    from numpy.typing import NDArray

Direction = Literal["raises", "lowers", "fact"]
SIDES: Final[dict[Direction, int]] = {"raises": 1, "lowers": -1}
# Facts fill up to so many lines: a score with one line beside it looks unexplained.
LEAST_LINES: Final = 2


@dataclass(frozen=True)
class _Option:
    """A sentence that may be said: by which column of the parts, for which side.

    `when` names its condition by its place in the YAML, if it has one.
    """

    key: str
    column: int
    direction: Direction
    text: Text
    about: Feature | None = None
    when: str | None = None


def model_reasons(
    frame: pandas.DataFrame,
    parts: NDArray[Any],
    typical: Mapping[str, float | str],
    spec: Spec,
    telling: Telling,
    kept: pandas.DataFrame | None = None,
) -> pyarrow.Table:
    """Word at most three reasons for and three against per row; facts of the rules fill up to two.

    Features of one theme give one reason, worded by the first of them in the spec that pushes the
    same way as the theme and has a sentence that is true of the row.

    Args:
        frame: the rows with all features of the spec, also those that only serve texts.
        parts: rows x features in the order of `typical`'s keys, in log-odds
            (`ml.learning.estimators.parts`).
        typical: per feature the median or most frequent value in training.
        spec: the texts.
        telling: which effects are more than chance (`ml.learning.telling`); others are not worded.
        kept: what was said last (`row`, `key`, `direction`): it stays while no other reason is
            stronger by `explanation.keep`.

    Returns:
        `row` (position in the frame), `key` (feature, or the rule of a fact), `direction`, `place`
        (1 is read first), `de`, `en`.

    """
    import numpy as np

    names = [name for name in spec.features if name in typical]
    parts = parts[:, [list(typical).index(name) for name in names]]
    themes: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        themes.setdefault(spec.features[name].theme or name, []).append(index)
    sums = np.column_stack([parts[:, members].sum(axis=1) for members in themes.values()])
    theme_of = {index: t for t, members in enumerate(themes.values()) for index in members}
    options = _feature_options(spec, names)
    true = _true_options(frame, options, typical, spec, telling)
    was_said = _was_said(kept, names, parts)
    chosen = _choose_options(options, true, parts, sums, theme_of, was_said)
    stays = np.column_stack([was_said[:, members].any(axis=1) for members in themes.values()])
    strength = np.abs(sums) * np.where(stays, spec.explanation.keep, 1.0)
    at_least = 0 if spec.rules else LEAST_LINES
    is_strong = strong_enough(strength, spec.explanation.least_share, at_least)
    strength = np.where(is_strong & (chosen >= 0), strength, 0.0)
    place = places(strength, np.sign(sums), spec.explanation.most_reasons)
    said = _worded(frame, options, chosen, place, spec)
    return _with_facts(said, frame, spec, 2)


def _choose_options(
    options: Sequence[_Option],
    true: Sequence[NDArray[Any]],
    parts: NDArray[Any],
    sums: NDArray[Any],
    theme_of: Mapping[int, int],
    was_said: NDArray[Any],
) -> NDArray[Any]:
    """Choose each theme's sentence: rows x themes, -1 where none is true and pushes its way."""
    import numpy as np

    chosen = np.full(sums.shape, -1, dtype=np.int16)
    for is_kept in (False, True):  # what was said last overwrites, else the first one that is true
        for number in reversed(range(len(options))):
            option = options[number]
            side, theme = SIDES[option.direction], theme_of[option.column]
            may = (np.sign(parts[:, option.column]) == side) & (np.sign(sums[:, theme]) == side)
            if is_kept:
                may &= was_said[:, option.column]
            chosen[true[number] & may, theme] = number
    return chosen


def rule_reasons(frame: pandas.DataFrame, spec: Spec, stage: int) -> pyarrow.Table:
    """Word the rules that hold, by points, as `model_reasons` does; facts fill up to two."""
    import numpy as np

    listed = spec.rules.of(stage) if spec.rules else ()
    scoring = [index for index, rule in enumerate(listed) if rule.points]
    if not scoring:
        return _with_facts(_empty(), frame, spec, stage)
    hits = rules.hits(frame, spec, stage)[:, scoring]
    points = np.array([listed[index].points for index in scoring])
    chosen, options = _rule_options(frame, [listed[index] for index in scoring], spec)
    strength = np.where(hits & (chosen >= 0), np.abs(points), 0.0)
    sides = np.broadcast_to(np.sign(points), hits.shape)
    place = places(strength, sides, spec.explanation.most_reasons)
    return _with_facts(_worded(frame, options, chosen, place, spec), frame, spec, stage)


def _feature_options(spec: Spec, names: Sequence[str]) -> list[_Option]:
    """List the sentences of each feature, in the order of the spec."""
    options = []
    for column, name in enumerate(names):
        feature = spec.features[name]
        has_own = bool(feature.reasons.up or feature.reasons.down)
        sides: tuple[tuple[Direction, str, ReasonText], ...] = (
            ("raises", "up", spec.explanation.up),
            ("lowers", "down", spec.explanation.down),
        )
        for direction, side, general in sides:
            texts = getattr(feature.reasons, side) if has_own else (general,)
            for index, text in enumerate(texts):
                place = f"features.{name}.reasons.{side}.{index}.when" if text.when else None
                options.append(_Option(name, column, direction, text, feature, place))
    return options


def conditions_of_texts(spec: Spec) -> dict[str, str]:
    """Return each sentence's condition by its place in the YAML."""
    return {
        f"features.{name}.reasons.{side}.{index}.when": text.when
        for name, feature in spec.features.items()
        for side in ("up", "down")
        for index, text in enumerate(getattr(feature.reasons, side))
        if text.when
    }


def _true_options(
    frame: pandas.DataFrame,
    options: Sequence[_Option],
    typical: Mapping[str, float | str],
    spec: Spec,
    telling: Telling,
) -> list[NDArray[Any]]:
    """Tell for each sentence of which rows it is true: all it names is known and fits."""
    met = holds(frame, spec, conditions_of_texts(spec))
    found = []
    for option in options:
        feature, side = option.about, SIDES[option.direction]
        said = can_be_said(option.text, frame, spec.features, feature)
        if option.when:
            said = said & met[option.when]
        if feature and feature.type == "numeric" and feature.direction:
            usual = typical[feature.name] if feature.neutral is None else feature.neutral
            above = side if feature.direction == "rising" else -side
            values = frame[feature.name].astype("float64").to_numpy()
            said = said & ((values - float(usual)) * above > 0)
        effect = effects(telling, option.key, frame[option.key])
        found.append(said if effect is None else said & (effect == side))
    return found


def _rule_options(
    frame: pandas.DataFrame, listed: Sequence[Rule], spec: Spec
) -> tuple[NDArray[Any], list[_Option]]:
    """Choose each rule's first text that can be said; rows x rules, -1 where none can."""
    import numpy as np

    options: list[_Option] = []
    chosen = np.full((len(frame), len(listed)), -1, dtype=np.int16)
    for column, rule in enumerate(listed):
        direction: Direction = (
            "raises" if rule.points > 0 else "lowers" if rule.points < 0 else "fact"
        )
        for text in rule.reason:
            can = can_be_said(text, frame, spec.features) & (chosen[:, column] < 0)
            chosen[can, column] = len(options)
            options.append(_Option(rule.when, column, direction, text))
    return chosen, options


def _was_said(
    kept: pandas.DataFrame | None, names: Sequence[str], parts: NDArray[Any]
) -> NDArray[Any]:
    """Tell which features gave a reason on the same side before: booleans, rows x features."""
    import numpy as np

    found = np.zeros(parts.shape, dtype=bool)
    if kept is not None and len(kept):
        known = kept[kept["key"].isin(names)]
        rows, columns = known["row"].to_numpy(), [names.index(key) for key in known["key"]]
        sides = np.where(known["direction"] == "raises", 1, -1)
        found[rows, columns] = np.sign(parts[rows, columns]) == sides
    return found


def _worded(
    frame: pandas.DataFrame,
    options: Sequence[_Option],
    chosen: NDArray[Any],
    place: NDArray[Any],
    spec: Spec,
) -> pyarrow.Table:
    """Word what has a place, one sentence for all its rows at a time."""
    import numpy as np
    import pyarrow

    tables = [_empty()]
    shown = np.where(place > 0, chosen, -1)
    for number, option in enumerate(options):
        rows, columns = np.nonzero(shown == number)
        if len(rows):
            german, english = word(option.text, frame.iloc[rows], spec.features, option.about)
            tables.append(
                _table(rows, option.key, option.direction, place[rows, columns], german, english)
            )
    return pyarrow.concat_tables(tables)


def _with_facts(
    said: pyarrow.Table, frame: pandas.DataFrame, spec: Spec, stage: int
) -> pyarrow.Table:
    """Fill short lists with facts (rules of 0 points) whose text is new."""
    import numpy as np
    import pyarrow

    facts = [rule for rule in spec.rules.of(stage) if not rule.points] if spec.rules else []
    lines = np.bincount(said["row"].to_numpy(), minlength=len(frame))
    short = np.flatnonzero(lines < LEAST_LINES)
    if not facts or not len(short):
        return said
    some = frame.iloc[short]
    chosen, options = _rule_options(some, facts, spec)
    hits = rules.hits(some, spec, stage)
    listed = spec.rules.of(stage) if spec.rules else ()
    hits = hits[:, [index for index, rule in enumerate(listed) if not rule.points]]
    place = np.where(hits & (chosen >= 0), np.arange(1, len(facts) + 1), 0)
    found = _worded(some, options, chosen, place, spec).to_pandas()
    found["row"] = short[found["row"].to_numpy()]
    told = said.select(["row", "de"]).to_pandas().assign(is_told=True)
    found = found.merge(told, on=["row", "de"], how="left")
    found = found[found["is_told"].isna()].drop(columns="is_told").sort_values(["row", "place"])
    found["place"] = lines[found["row"]] + found.groupby("row").cumcount() + 1
    found = found[found["place"] <= LEAST_LINES]
    return pyarrow.concat_tables(
        [said, pyarrow.Table.from_pandas(found, said.schema, preserve_index=False)]
    )


def _table(
    rows: NDArray[Any],
    key: str,
    direction: Direction,
    place: NDArray[Any],
    german: pyarrow.StringArray,
    english: pyarrow.StringArray,
) -> pyarrow.Table:
    import pyarrow

    return pyarrow.table(
        {
            "row": pyarrow.array(rows, pyarrow.int64()),
            "key": pyarrow.array([key] * len(rows), pyarrow.string()),
            "direction": pyarrow.array([direction] * len(rows), pyarrow.string()),
            "place": pyarrow.array(place, pyarrow.int64()),
            "de": german,
            "en": english,
        }
    )


def _empty() -> pyarrow.Table:
    import numpy as np
    import pyarrow

    none = pyarrow.array([], pyarrow.string())
    return _table(np.zeros(0, dtype=int), "", "fact", np.zeros(0, dtype=int), none, none)
