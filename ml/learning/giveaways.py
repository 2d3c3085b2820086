"""What gives a single column away as nearly the outcome (rules 1 to 3 of `ml.learning.leaks`)."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

from config.language import _
from ml.learning.alone import Column, Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ml.specs.sections import Leaks


def alone(column: Column, limit: float, rules: Leaks) -> str | None:
    """Rule 1: nearly certain by itself."""
    if column.auc < limit or chance_of(column.auc, column.rows) > rules.chance:
        return None
    return _("alone it tells the outcome with an AUC of {auc:.3f} (limit {limit})").format(
        auc=column.auc, limit=limit
    )


def by_itself(column: Column, rules: Leaks) -> str | None:
    """Rules 2 and 3: the first that holds."""
    return _pure(column, rules) or _averages(column, rules) or _counts_rows(column, rules)


def _pure(column: Column, rules: Leaks) -> str | None:
    """Rule 2: values (or being filled) that one outcome has far more often than the other."""
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
    """Rule 3: the share of positives per value follows the value more closely than chance can.

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
    if chi2.cdf(((share - line) ** 2 / spread).sum(), len(value) - 2) > rules.chance / 10:
        return None
    return _(
        "its {count} values follow the share of positives more closely than chance can"
    ).format(count=len(value))


def _counts_rows(column: Column, rules: Leaks) -> str | None:
    """Rule 3: a running number, each only once, that goes with the outcome."""
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
    if chance_of(column.auc, column.rows) > rules.chance:
        return None
    return _("a running number (each only once) with an AUC of {auc:.3f}").format(auc=column.auc)


def chance_of(auc: float, rows: Rows) -> float:
    """How probable an AUC this good is for an unrelated column (Mann and Whitney 1947, normal)."""
    from scipy.stats import norm

    return float(2 * norm.sf(errors_of(auc, rows)))


def errors_of(auc: float, rows: Rows) -> float:
    """By how many standard errors of an unrelated column an AUC exceeds a half.

    The error is taken 1.4 times as large: scores of cells scatter more, since each row is judged by
    rows that it judges too (2,000 columns of noise: the best in a thousand lay at 4.3 errors, not
    3.1).
    """
    positive = float(rows.y.sum())
    negative = len(rows.y) - positive
    error = 1.4 * sqrt((len(rows.y) + 1) / (12 * positive * negative))
    return (auc - 0.5) / error


def least_auc(auc: float, rows: Rows) -> float:
    """Lower 99 % bound of an AUC (Hanley and McNeil 1982)."""
    one, other = float(rows.y.sum()), float(len(rows.y) - rows.y.sum())
    spread = auc * (1 - auc) + (one - 1) * (auc / (2 - auc) - auc**2)
    spread += (other - 1) * (2 * auc**2 / (1 + auc) - auc**2)
    return auc - 2.576 * sqrt(max(spread, 0) / (one * other))
