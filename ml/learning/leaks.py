"""Columns that are nearly the outcome: found by what they tell, left out and named.

A value that was written after the outcome tells too much of it. What too much is, no single figure
says: an honest column may be good, and a copy of the outcome may be blurred. So a column is held
against seven rules; their limits stand in `ml/specs/defaults.yml` (`leaks`, and
`gates.suspicious_auc`):

1. alone it tells the outcome nearly for certain (as Driverless AI of H2O looks for leaks: a model
   on each column, named from an AUC of .95, dropped from .999);
2. it has values (or is filled) nearly only where the outcome is one of the two;
3. it was calculated from the outcomes: a share of positives, or a number dealt out in their order;
4. alone it makes clearly fewer errors than all weaker columns together;
5. it is strong, yet related to no other column once the outcome is known: a blurred copy;
6. with one other column it makes clearly fewer errors than all others together;
7. with other numbers it adds up to the outcome.

Rules 1 to 3 look at one column (`ml.learning.giveaways`), the others at its company.
One row of an entity is looked at, so that rows are independent, and each is judged by the others.
A feature whose source has a day on which its rows were known (`sources.known_on`) is held against
rule 1 only: its date already keeps out what came later.
"""

from __future__ import annotations

import re
from math import sqrt
from typing import TYPE_CHECKING, Any

from config.language import _
from ml.learning.alone import FOLDS, Column, Rows, frequent, ranges
from ml.learning.giveaways import alone, by_itself, chance_of, errors_of, least_auc
from ml.learning.several import parts, telling_pairs, together

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

    from ml.specs.sections import Leaks
    from ml.specs.spec import Spec

_SEED = 0
# Weaker columns than this many are no measure of what is possible without a column.
_LEAST_REST = 3
# Of the rarer outcome: fewer show nothing (and no model is trained on them).
_LEAST_CASES = 10
# At least and at most so many rows of an outcome show whether two columns go together.
_LEAST_COMPANY, _MOST_COMPANY = 50, 3000
_HINT = 0.01
# A number is a part of a sum that tells if its weight is at least this share of the largest.
_LEAST_PART = 0.2


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
    cleared = spec.leaks.cleared
    late = {
        name: why for name, why in frame.attrs.get("left_out", {}).items() if name not in cleared
    }
    rows = Rows.of(y[looked_at])
    if rows.rarer < _LEAST_CASES:
        return late
    columns = [
        Column(str(name), inputs[name].iloc[looked_at].reset_index(drop=True), rows)
        for name in inputs
        if inputs[name].nunique(dropna=False) > 1 and name not in cleared
    ]
    undated = _undated(spec)
    found: dict[str, str] = {}
    for column in columns:
        reason = alone(column, spec.gates.suspicious_auc, spec.leaks)
        if column.name in undated:
            reason = reason or by_itself(column, spec.leaks)
        if reason:
            found[column.name] = reason
    found |= _beyond_the_rest(_kept(columns, found), undated, spec.leaks)
    found |= _without_company(_kept(columns, found), undated, spec.leaks)
    found |= _in_pairs(_kept(columns, found), undated, spec.leaks)
    found |= _in_parts(_kept(columns, found), undated, spec)
    return found | late


def _kept(columns: list[Column], found: dict[str, str]) -> list[Column]:
    return [column for column in columns if column.name not in found]


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


def _beyond_the_rest(columns: list[Column], undated: set[str], rules: Leaks) -> dict[str, str]:
    """Rule 4, from the weakest of the strong columns upwards; stronger ones than a leak are leaks.

    In this order a leak is never held against other leaks, unless they are weaker than it.
    """
    strong = sorted(
        (
            column
            for column in columns
            if column.auc >= rules.beyond_auc
            and column.name in undated
            and chance_of(column.auc, column.rows) <= rules.chance
        ),
        key=lambda column: column.auc,
    )
    rest = [column for column in columns if column not in strong]
    while strong:
        if len(rest) >= _LEAST_REST:
            others = together(rest)
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


def _without_company(columns: list[Column], undated: set[str], rules: Leaks) -> dict[str, str]:
    """Rule 5: strong, and related to no other column once the outcome is known.

    What is known of a customer goes together; a blurred copy of the outcome goes with nothing but
    the outcome. Said only where most of the other columns do go together.
    """
    others = [column for column in columns if column.auc < rules.lonely_auc]
    suspects = [
        column
        for column in columns
        if column.name in undated and least_auc(column.auc, column.rows) >= rules.lonely_auc
    ]
    if not suspects or len(others) < _LEAST_REST or suspects[0].rows.rarer < _LEAST_COMPANY:
        return {}
    # Of a suspect already a hint of company counts, of the others only what is beyond doubt.
    lonely = [column for column in suspects if not _company(column, others, _HINT)]
    related = [
        _company(column, [other for other in others if other is not column], rules.chance)
        for column in (others if lonely else [])
    ]
    if sum(related) < rules.related_share * len(others):
        return {}
    return {
        column.name: _(
            "it reaches an AUC of {auc:.3f}, but once the outcome is known it is related to no"
            " other column"
        ).format(auc=column.auc)
        for column in lonely
    }


def _company(column: Column, others: list[Column], chance: float) -> bool:
    """Whether, among rows of the same outcome, any other column goes with this one beyond chance.

    Both outcomes are looked at apart and taken together as Stouffer (1949) does.
    """
    from scipy.stats import norm  # type: ignore[import-untyped]

    halves = [halved for outcome in (0, 1) if (halved := _halved(column, outcome))]
    count = sum(len(rows) for rows, _ in halves)
    for other in others:
        beyond = 0.0
        for rows, outcome in halves:
            seen = Column(other.name, other.values.iloc[rows].reset_index(drop=True), outcome)
            beyond += errors_of(seen.auc, outcome) * sqrt(len(rows) / count)
        if 2 * norm.sf(beyond) <= chance / len(others):
            return True
    return False


def _halved(column: Column, outcome: int) -> tuple[NDArray[Any], Rows] | None:
    """Rows of one outcome, and which lie in the column's upper half (or have its main value)."""
    import numpy as np

    rows = np.flatnonzero(column.rows.y == outcome)[:_MOST_COMPANY]
    codes = (ranges(column.numbers, 8) if column.is_number else frequent(column.codes, 24))[rows]
    high = codes > np.median(codes) if column.is_number else codes < 0
    if high.all() or not high.any():
        high = codes == np.bincount(codes).argmax()
    if min(high.sum(), (~high).sum()) < 2 * FOLDS:
        return None
    return rows, Rows.of(high.astype(float))


def _in_pairs(columns: list[Column], undated: set[str], rules: Leaks) -> dict[str, str]:
    """Rule 6: two that together make far fewer errors than all others together."""
    found: dict[str, str] = {}
    for pair in telling_pairs(columns, undated, rules.beyond_auc, rules.chance):
        one, two = pair.one, pair.two
        if {one.name, two.name} & set(found):
            continue
        others = [column for column in columns if column not in (one, two)]
        if len(others) < _LEAST_REST:
            continue
        reached = one.rows.auc(together(others))
        if (1 - pair.auc) > rules.beyond_error * (1 - reached):
            break
        text = _("with {other} it reaches an AUC of {auc:.3f}, all others together {reached:.3f}")
        for column, other in _to_leave_out(one, two, others, undated, rules):
            found[column.name] = text.format(other=other.name, auc=pair.auc, reached=reached)
    return found


def _in_parts(columns: list[Column], undated: set[str], spec: Spec) -> dict[str, str]:
    """Rule 7: numbers that tell little each, and as a sum nearly everything."""
    found: dict[str, str] = {}
    limit = spec.gates.suspicious_auc
    while True:
        left = _kept(columns, found)
        reached, weights = parts(left)
        strong = [column for column in left if column.auc >= spec.leaks.beyond_auc]
        open_ones = [name for name in weights if name in undated]
        if reached < limit or strong or not open_ones:
            return found
        heaviest = max(open_ones, key=lambda name: weights[name])
        summed = [name for name in open_ones if weights[name] >= _LEAST_PART]
        text = _("with {others} it adds up to an AUC of {auc:.3f} (limit {limit})")
        outside = [column for column in left if column.name not in summed]
        for column in left:
            if column.name == heaviest or (
                column.name in summed and _is_lonely(column, outside, spec.leaks)
            ):
                others = ", ".join(name for name in summed if name != column.name)
                found[column.name] = text.format(others=others, auc=reached, limit=limit)


def _is_lonely(column: Column, columns: list[Column], rules: Leaks) -> bool:
    """Whether a column stands for nothing itself: related to neither the outcome nor those."""
    return chance_of(column.auc, column.rows) > rules.chance and not _company(
        column, columns, rules.chance
    )


def _to_leave_out(
    one: Column, two: Column, others: list[Column], undated: set[str], rules: Leaks
) -> list[tuple[Column, Column]]:
    """Of a pair leave out both if one of them stands for nothing by itself, else the made one.

    That is the number where the other is a text (its mean is in the number), else the later column.
    """
    both = [pair for pair in ((one, two), (two, one)) if pair[0].name in undated]
    if len(both) == 1 or any(_is_lonely(column, others, rules) for column, _other in both):
        return both
    return [both[0] if one.is_number and not two.is_number else both[1]]
