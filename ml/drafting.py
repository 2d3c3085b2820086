"""Rules and points of stages 1 and 2, drafted from the company's own history for a person."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import yaml

from config import Settings
from config.language import _
from ml.features.frames import training_frame
from ml.features.table import MISSING, NotEnoughDataError, read_inputs
from ml.learning.validation import Fold, make_folds
from ml.rules import hits
from ml.specs.feature import Feature, Text
from ml.specs.sections import Rule, Rules
from ml.specs.spec import Spec, SpecError
from warehouse import open_warehouse

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

LEAST_ROWS = 20  # the share of fewer rows is known to no better than ± 22 points (95 %, binomial)
Z = 1.96  # 95 %
MOST_NEW = 5  # what a person can judge in one sitting
Kind = Literal["learnt", "kept", "new"]


@dataclass(frozen=True)
class DraftRule:
    """One rule beside its present points.

    `rows` meet the condition, `share` of them (0 to 1) have the outcome. `gain` is the share of
    log loss that the rule saves on rows not learnt from, with its 95 % interval by entity. `kind`:
    learnt; kept (fewer than `LEAST_ROWS` rows: in proportion to the present points); new (not in
    the spec).
    """

    rule: Rule
    kind: Kind
    points: int
    rows: int
    share: float
    gain: float
    low: float
    high: float


@dataclass(frozen=True)
class Draft:
    """Drafted rules of both stages, and how present and drafted ones do on rows not learnt from.

    `measures[stage]` holds `present_auc, drafted_auc` and `present_precision, drafted_precision`
    (average precision).
    """

    spec: Spec
    rows: int
    positives: int
    base: int
    stages: dict[int, tuple[DraftRule, ...]]
    measures: dict[int, dict[str, float]]

    def text(self) -> str:
        """Write the section `rules:` as YAML, to be taken over into the score's file."""
        content: dict[str, Any] = {"base": self.base}
        for stage, drafted in self.stages.items():
            facts = [rule for rule in _rules(self.spec).of(stage) if not rule.points]
            content[f"stage_{stage}"] = [
                *(_as_yaml(draft.rule, draft.points) for draft in drafted),
                *(_as_yaml(rule, 0) for rule in facts),
            ]
        return yaml.safe_dump({"rules": content}, allow_unicode=True, sort_keys=False, width=1000)


@dataclass(frozen=True)
class _Sheet:
    """The conditions of one stage over all rows: `hits` is rows x rules, 0 or 1."""

    rules: tuple[Rule, ...]
    kinds: tuple[Kind, ...]
    hits: NDArray[Any]

    def only(self, kinds: set[Kind]) -> NDArray[Any]:
        """Positions of the rules of these kinds."""
        import numpy as np

        return np.array([i for i, kind in enumerate(self.kinds) if kind in kinds], dtype=int)

    def pairs(self) -> Iterator[tuple[Rule, Kind]]:
        """Each rule with its kind."""
        return zip(self.rules, self.kinds, strict=True)

    def at(self, positions: Sequence[int]) -> _Sheet:
        """Return the same with these rules only."""
        return _Sheet(
            tuple(self.rules[i] for i in positions),
            tuple(self.kinds[i] for i in positions),
            self.hits[:, list(positions)],
        )


@dataclass(frozen=True)
class _History:
    """Outcomes, who each row is about, and the splits into rows to learn from and to test on."""

    y: NDArray[Any]
    entities: NDArray[Any]
    folds: list[Fold]


def draft_rules(settings: Settings, spec: Spec) -> Draft:
    """Learn the points of a score's rules from the history, and propose rules it does not have.

    Logistic weights of the conditions are scaled so that points come as near as whole numbers can
    to the chance in percent (least squares), with one base for both stages. Proposed rules are
    quarters of a number and categories that no rule mentions yet and that save log loss on rows
    not learnt from. Nothing is written.

    Raises:
        NotEnoughDataError: the history is too short to test on rows not learnt from.
        SpecError: the spec or one of its SQL expressions is wrong.

    """
    with open_warehouse(settings) as connection:
        frame = training_frame(connection, spec, settings.night)
    return draft_frame(frame, spec)


def draft_frame(frame: pandas.DataFrame, spec: Spec) -> Draft:
    """Draft from a table with `entity_id`, the features and the target column."""
    y = frame[spec.target.column].to_numpy(dtype=float)
    if len(set(y)) < 2:
        told = _("{name}: all {count} rows have the same outcome: nothing to learn points from.")
        raise NotEnoughDataError(told.format(name=spec.name, count=len(y)))
    history = _History(y, frame["entity_id"].to_numpy(), make_folds(frame, y, spec))
    sheets, described = {}, {}
    for stage in (1, 2):
        sheet = _sheet(frame, spec, stage)
        gains = _gains(sheet, history)
        chosen = _chosen(sheet, gains)
        sheets[stage], described[stage] = sheet.at(chosen), [gains[index] for index in chosen]
    base, cards = _score_card(sheets, y)
    stages = {
        stage: tuple(_describe(sheet, cards[stage], described[stage], y))
        for stage, sheet in sheets.items()
    }
    return Draft(spec, len(y), int(y.sum()), base, stages, _measures(frame, spec, sheets, history))


def _sheet(frame: pandas.DataFrame, spec: Spec, stage: int) -> _Sheet:
    present = tuple(rule for rule in _rules(spec).of(stage) if rule.points)
    proposed = tuple(_proposals(frame, spec, stage)) if stage == 2 else ()
    listed = present + proposed
    rules = Rules(base=0, stage_1=listed, stage_2=listed)
    found = hits(frame, spec.model_copy(update={"rules": rules}), stage).astype(float)
    enough = found.sum(axis=0) >= LEAST_ROWS
    kinds: list[Kind] = ["learnt" if is_enough else "kept" for is_enough in enough]
    kinds[len(present) :] = ["new"] * len(proposed)
    used = [i for i, is_enough in enumerate(enough) if is_enough or kinds[i] == "kept"]
    return _Sheet(listed, tuple(kinds), found).at(used)


def _proposals(frame: pandas.DataFrame, spec: Spec, stage: int) -> Iterator[Rule]:
    """Quarters and categories of the features that no rule of the stage mentions."""
    words = {
        word for rule in _rules(spec).of(stage) for word in re.findall(r"\w+", rule.when)
        if rule.points
    }  # fmt: skip
    inputs = read_inputs(frame, spec)
    for feature in spec.inputs.values():
        if feature.name in words:
            continue
        values = inputs[feature.name]
        name = feature.name if feature.name.isidentifier() else f'"{feature.name}"'
        if feature.type == "categorical":
            common = [value for value in values.value_counts().index[:10] if value != MISSING]
            conditions = [
                f"\"{name}\" = '{value.replace(chr(39), chr(39) * 2)}'" for value in common
            ]
        elif values.notna().any() and values.nunique() > 1:
            low, high = values.quantile(0.25), values.quantile(0.75)
            conditions = [f"{name} <= {low:.4g}", f"{name} >= {high:.4g}"]
        else:
            conditions = []
        for condition in conditions:
            yield Rule(
                when=condition,
                points=1,  # any but 0, which marks a fact; the score card gives the real ones
                reason=(_reason(feature),),
                why="Drafted from the history; say why it may be so before taking it over.",
            )


def _reason(feature: Feature) -> Text:
    title = feature.title or Text(de=feature.name, en=feature.name)
    return Text(de=f"{title.de}: {{{feature.name}}}", en=f"{title.en}: {{{feature.name}}}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _gains(sheet: _Sheet, history: _History) -> list[tuple[float, float, float]]:
    """Share of log loss that each rule saves beside the others in force, with its 95 % interval."""
    import numpy as np

    in_force = list(sheet.only({"learnt", "kept"}))
    whole = _losses(sheet.at(in_force), history)
    who = np.concatenate([history.entities[fold.test] for fold in history.folds])
    gains = []
    for index in range(len(sheet.rules)):
        changed = [i for i in in_force if i != index] if index in in_force else [*in_force, index]
        other = _losses(sheet.at(changed), history)
        without, with_it = (other, whole) if index in in_force else (whole, other)
        gains.append(_interval(without - with_it, who, float(without.sum())))
    return gains


def _interval(saved: NDArray[Any], who: NDArray[Any], total: float) -> tuple[float, float, float]:
    """Sum with its 95 % interval, as shares of `total`.

    Rows of one entity are not independent, so the error is that of a sum over entities.
    """
    import numpy as np

    _names, groups = np.unique(who, return_inverse=True)
    sums = np.bincount(groups, weights=saved)
    error = float(np.sqrt(len(sums)) * sums.std(ddof=1)) if len(sums) > 1 else float("inf")
    gain = float(saved.sum())
    return gain / total, (gain - Z * error) / total, (gain + Z * error) / total


def _losses(sheet: _Sheet, history: _History) -> NDArray[Any]:
    """Log loss of each test row of each fold by weights learnt from that fold."""
    import numpy as np

    losses = []
    for fold in history.folds:
        weights, start = _weights(sheet, history.y, fold.train)
        odds = start + sheet.hits[fold.test] @ weights
        losses.append(np.logaddexp(0, np.where(history.y[fold.test] > 0, -odds, odds)))
    return np.concatenate(losses)


def _weights(sheet: _Sheet, y: NDArray[Any], rows: NDArray[Any]) -> tuple[NDArray[Any], float]:
    """Weight of each rule and the start, in log-odds, by logistic regression.

    Shrunk towards the present points, which hold what people know: one weight for all of them
    together, hardly shrunk, and for each rule with enough rows its own deviation.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    present = np.array([0 if kind == "new" else rule.points for rule, kind in sheet.pairs()])
    free = sheet.only({"learnt", "new"})
    found, outcomes = sheet.hits[rows], y[rows]
    if len(set(outcomes)) < 2:
        share = float(np.clip(outcomes.mean(), 1e-3, 1 - 1e-3))
        return np.zeros(len(present)), float(np.log(share / (1 - share)))
    columns = np.column_stack([found @ present / 10, found[:, free]])
    fitted = LogisticRegression(C=1.0, max_iter=1000).fit(columns, outcomes)
    weights = fitted.coef_[0, 0] * present / 10
    weights[free] += fitted.coef_[0, 1:]
    # A rule that the history turns round says nothing: people had a reason for its direction.
    return np.where(weights * present < 0, 0.0, weights), float(fitted.intercept_[0])


def _chosen(sheet: _Sheet, gains: list[tuple[float, float, float]]) -> list[int]:
    """All present rules, and the new ones whose gain is above zero beyond chance.

    Many are tried, so that each must pass at a share of the 5 % (Bonferroni).
    """
    from statistics import NormalDist

    tried = sheet.only({"new"})
    strict = NormalDist().inv_cdf(1 - 0.025 / max(len(tried), 1)) / Z
    new = [i for i in tried if gains[i][0] > strict * (gains[i][0] - gains[i][1])]
    new = sorted(new, key=lambda i: -gains[i][0])[:MOST_NEW]
    return [*sheet.only({"learnt", "kept"}), *sorted(new)]


def _score_card(
    sheets: dict[int, _Sheet], y: NDArray[Any], rows: NDArray[Any] | None = None
) -> tuple[int, dict[int, NDArray[Any]]]:
    """Points of all rules and the base, learnt from these rows."""
    import numpy as np

    rows = np.arange(len(y)) if rows is None else rows
    weights, columns, aims = {}, [], []
    for number, (stage, sheet) in enumerate(sheets.items()):
        weights[stage], start = _weights(sheet, y, rows)
        pushes = sheet.hits[rows] @ weights[stage]
        column = np.zeros((len(rows), 1 + len(sheets)))
        column[:, 0], column[:, 1 + number] = 1, pushes
        columns.append(column)
        aims.append(100 / (1 + np.exp(-(start + pushes))))
    solved, *_rest = np.linalg.lstsq(np.concatenate(columns), np.concatenate(aims), rcond=None)
    cards = {
        stage: np.clip(np.rint(weights[stage] * solved[1 + number]), -100, 100)
        for number, stage in enumerate(sheets)
    }
    return int(np.clip(round(solved[0]), 0, 100)), cards


def _measures(
    frame: pandas.DataFrame, spec: Spec, sheets: dict[int, _Sheet], history: _History
) -> dict[int, dict[str, float]]:
    import numpy as np
    from sklearn.metrics import average_precision_score, roc_auc_score

    from ml.rules import points

    tested = [_score_card(sheets, history.y, fold.train) for fold in history.folds]
    measures = {}
    for stage, sheet in sheets.items():
        now = points(frame, spec, stage)
        found: dict[str, list[float]] = {}
        for fold, (base, cards) in zip(history.folds, tested, strict=True):
            drafted = np.clip(base + sheet.hits[fold.test] @ cards[stage], 0, 100)
            for name, scored in (("present", now[fold.test]), ("drafted", drafted)):
                outcome = history.y[fold.test]
                found.setdefault(f"{name}_auc", []).append(roc_auc_score(outcome, scored))
                precision = average_precision_score(outcome, scored)
                found.setdefault(f"{name}_precision", []).append(precision)
        measures[stage] = {name: float(np.mean(values)) for name, values in found.items()}
    return measures


def _describe(
    sheet: _Sheet, card: NDArray[Any], gains: list[tuple[float, float, float]], y: NDArray[Any]
) -> Iterator[DraftRule]:
    for index, rule in enumerate(sheet.rules):
        met = y[sheet.hits[:, index] > 0]
        share = float(met.mean()) if len(met) else 0.0
        yield DraftRule(rule, sheet.kinds[index], int(card[index]), len(met), share, *gains[index])


def _as_yaml(rule: Rule, worth: int) -> dict[str, Any]:
    reasons = [{"de": text.de, "en": text.en} for text in rule.reason]
    return {
        "when": " ".join(rule.when.split()),
        "points": worth,
        "reason": reasons[0] if len(reasons) == 1 else reasons,
        "why": rule.why,
    }


def _rules(spec: Spec) -> Rules:
    if spec.rules is None:
        raise SpecError(_("{file}: rules are missing.").format(file=spec.file))
    return spec.rules
