"""Columns that are nearly the outcome: found by what they tell, left out and named.

A value that was written after the outcome tells too much of it. What too much is, no single figure
says: an honest column may be good, and a copy of the outcome may be blurred. So a column is held
against four rules, with limits in `ml/specs/defaults.yml` (`leaks`, `gates.suspicious_auc`):

1. alone it tells the outcome nearly for certain (as Driverless AI of H2O looks for leaks: a model
   on each column, named from an AUC of .95, dropped from .999);
2. alone it makes clearly fewer errors than all weaker columns together;
3. it has values (or is filled) nearly only where the outcome is one of the two;
4. it was calculated from the outcomes: a share of positives, or a number dealt out in their order.

One row of an entity is looked at, so that rows are independent, and each is judged by the others.
A feature whose source has a day on which its rows were known (`sources.known_on`) is held against
rule 1 only: its date already keeps out what came later.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from config.language import _
from ml.learning.alone import FOLDS, Column, Rows

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

    from ml.specs.spec import Leaks, Spec

_SEED = 0
# Weaker columns than this many are no measure of what is possible without a column.
_LEAST_REST = 3


def find_leaks(
    frame: pandas.DataFrame, inputs: pandas.DataFrame, y: NDArray[Any], spec: Spec
) -> dict[str, str]:
    """Name the columns that no model may learn from, each with what gives it away.

    Args:
        frame: the table with known outcomes. Its `attrs["left_out"]` may name columns that whoever
            built it found to be later than the cut-off.
        inputs: its typed inputs (`ml.features.table.read_inputs`).
        y: its outcomes, 0 or 1.
        spec: the columns of `leaks.cleared` are never named.

    """
    looked_at = _independent_rows(frame, inputs, y, spec)
    rows = Rows.of(y[looked_at])
    columns = [
        Column(str(name), inputs[name].iloc[looked_at].reset_index(drop=True), rows)
        for name in inputs
        if inputs[name].nunique(dropna=False) > 1 and name not in spec.leaks.cleared
    ]
    undated = _undated(spec)
    found: dict[str, str] = {}
    for column in columns:
        reason = _alone(column, spec)
        if column.name in undated:
            reason = reason or _by_itself(column, spec.leaks)
        if reason:
            found[column.name] = reason
    rest = [column for column in columns if column.name not in found]
    found |= _beyond_the_rest(rest, undated, spec.leaks)
    known_late = frame.attrs.get("left_out", {}).items()
    return found | {name: why for name, why in known_late if name not in spec.leaks.cleared}


def _undated(spec: Spec) -> set[str]:
    """Features that no date keeps from being later than the cut-off, and what is made of them."""
    found = {name for name, feature in spec.features.items() if feature.source == "entity"}
    for name, feature in spec.features.items():
        if feature.source == "features" and found & set(re.findall(r"\w+", feature.sql or "")):
            found.add(name)
    return found


def _independent_rows(
    frame: pandas.DataFrame, inputs: pandas.DataFrame, y: NDArray[Any], spec: Spec
) -> NDArray[Any]:
    """One row per entity (or per set of copies), at most as many as the spec allows."""
    import numpy as np
    import pandas as pd

    order = np.random.default_rng(_SEED).permutation(len(frame))
    key = spec.validation.group or "entity_id"
    if key in frame:
        again = frame[key].iloc[order].duplicated()
    else:
        rows = pd.util.hash_pandas_object(inputs.assign(_y=y), index=False).iloc[order]
        again = rows.duplicated()
        if again.mean() > spec.validation.copies_at_most:  # a coarse table, no copies
            again = again & False
    return np.sort(order[~again.to_numpy()][: spec.leaks.most_rows])


def _alone(column: Column, spec: Spec) -> str | None:
    limit = spec.gates.suspicious_auc
    if column.auc < limit or _chance(column.auc, column.rows) > spec.leaks.chance:
        return None
    return _("alone it tells the outcome with an AUC of {auc:.3f} (limit {limit})").format(
        auc=column.auc, limit=limit
    )


def _by_itself(column: Column, rules: Leaks) -> str | None:
    return _pure(column, rules) or _averages(column, rules) or _counts_rows(column, rules)


def _pure(column: Column, rules: Leaks) -> str | None:
    """Rule 3: values (or being filled) that one outcome has far more often than the other."""
    import numpy as np

    y = column.rows.y
    for cells in column.cells():
        rows, positive = column.rows.unseen_counts(cells)
        for outcome in (1, 0):
            own, mine = y == outcome, positive if outcome else rows - positive
            often = (mine + 0.5) / (own.sum() + 1)
            seldom = (rows - mine + 0.5) / ((~own).sum() + 1)
            chosen = often >= rules.pure_ratio * seldom
            share, other = chosen[own].mean(), chosen[~own].mean()
            if share < rules.pure_share or share < rules.pure_ratio * other:
                continue
            # With few rows none of the other outcome may be chance: what share could it still be?
            if share < rules.pure_ratio / 3 * _at_most(chosen[~own]):
                continue
            text = _(
                "has values that {share:.1%} of the rows with outcome {outcome} have, and"
                " {other:.1%} of the others"
            )
            if np.array_equal(chosen, ~column.blank):
                text = _(
                    "is filled in {share:.1%} of the rows with outcome {outcome}, and in"
                    " {other:.1%} of the others"
                )
            return text.format(share=share, outcome=outcome, other=other)
    return None


def _at_most(hits: NDArray[Any]) -> float:
    """Upper 99 % bound of a share (Clopper and Pearson 1934)."""
    from scipy.stats import beta  # type: ignore[import-untyped]

    found = int(hits.sum())
    return float(beta.ppf(0.99, found + 1, max(len(hits) - found, 1)))


def _averages(column: Column, rules: Leaks) -> str | None:
    """Rule 4a: the share of positives per value follows the value more closely than chance can.

    A mean of the outcome (per group, over all rows) is that share itself. Of an honest number the
    shares scatter around any line like a binomial, so their chi-square is about its degrees of
    freedom; far below is no honest column.
    """
    import numpy as np
    from scipy.stats import chi2

    if not column.is_number or not column.is_repeated:
        return None
    y, codes = column.rows.y, column.codes
    codes, y = codes[~column.blank], y[~column.blank]
    if not len(codes) or len(set(y)) < 2:
        return None
    count = np.bincount(codes)
    keep = count > 0
    value = np.bincount(codes, column.numbers[~column.blank])[keep] / count[keep]
    share = np.bincount(codes, y)[keep] / count[keep]
    count = count[keep]
    if len(value) < 4:
        return None
    line = np.polyval(np.polyfit(value, share, 1, w=np.sqrt(count)), value)
    spread = np.clip(line, 0.01, 0.99) * (1 - np.clip(line, 0.01, 0.99)) / count
    if chi2.cdf(((share - line) ** 2 / spread).sum(), len(value) - 2) > rules.chance / 1000:
        return None
    return _(
        "its {count} values follow the share of positives more closely than chance can"
    ).format(count=len(value))


def _counts_rows(column: Column, rules: Leaks) -> str | None:
    """Rule 4b: a running number, each only once, that goes with the outcome."""
    import numpy as np

    if column.is_repeated:
        return None
    numbers = column.numbers[~np.isnan(column.numbers)]
    reach = numbers.max() - numbers.min() if len(numbers) else 0
    if (
        len(numbers) < len(column.values) * 0.9
        or len(np.unique(numbers)) < len(numbers)
        or (numbers % 1).any()
        # Drawn at random from so many, some would have come twice (the birthday problem).
        or len(numbers) ** 2 / (2 * reach + 1) < -np.log(rules.chance)
    ):
        return None
    if _chance(column.auc, column.rows) > rules.chance:
        return None
    return _("a running number (each only once) with an AUC of {auc:.3f}").format(auc=column.auc)


def _beyond_the_rest(columns: list[Column], undated: set[str], rules: Leaks) -> dict[str, str]:
    """Rule 2, from the weakest of the strong columns upwards; stronger ones than a leak are leaks.

    In this order a leak is never held against other leaks, unless they are weaker than it.
    """
    strong = sorted(
        (
            column
            for column in columns
            if column.auc >= rules.beyond_auc
            and column.name in undated
            and _chance(column.auc, column.rows) <= rules.chance
        ),
        key=lambda column: column.auc,
    )
    rest = [column for column in columns if column not in strong]
    while strong:
        if len(rest) >= _LEAST_REST:
            others = _together(rest)
            reached = strong[0].rows.auc(others)
            if (1 - strong[-1].auc) > rules.beyond_error * (1 - reached):
                return {}
            if (1 - strong[0].auc) <= rules.beyond_error * (1 - reached):
                return {
                    column.name: _(
                        "alone it reaches an AUC of {auc:.3f}, all weaker columns together"
                        " {reached:.3f}"
                    ).format(auc=column.auc, reached=reached)
                    for column in strong
                }
        rest.append(strong.pop(0))
    return {}


def _together(columns: list[Column]) -> NDArray[Any]:
    """Score of boosted trees over the columns, each fold judged by the others."""
    import numpy as np
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    rows = columns[0].rows
    inputs = np.column_stack(
        [column.numbers if column.is_number else _frequent(column.codes) for column in columns]
    )
    score = np.zeros(len(rows.y))
    with threadpool_limits(limits=1):
        for fold in range(FOLDS):
            test = rows.fold == fold
            model = HistGradientBoostingClassifier(
                max_iter=100, learning_rate=0.08, max_leaf_nodes=8, random_state=_SEED,
                categorical_features=[not column.is_number for column in columns],
            )  # fmt: skip
            model.fit(inputs[~test], rows.y[~test])
            score[test] = model.decision_function(inputs[test])
    return score


def _frequent(codes: NDArray[Any], most: int = 200) -> NDArray[Any]:
    """Codes of the most frequent values; all others share one."""
    import numpy as np

    ranks = np.argsort(np.argsort(-np.bincount(codes), kind="stable"), kind="stable")
    return np.asarray(np.minimum(ranks[codes], most))


def _chance(auc: float, rows: Rows) -> float:
    """How probable an AUC this good is for an unrelated column (Mann and Whitney 1947, normal)."""
    from math import sqrt

    from scipy.stats import norm

    positive = float(rows.y.sum())
    negative = len(rows.y) - positive
    error = sqrt((len(rows.y) + 1) / (12 * positive * negative))
    return float(2 * norm.sf((auc - 0.5) / error))
