"""What columns tell of the outcome together: two by their difference or match, all as a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from ml.learning.alone import FOLDS, Column, Rows, frequent, ranges
from ml.learning.giveaways import chance_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SEED = 0
# As many pairs are looked at, on as many rows; both keep it to a second of work.
_MOST_PAIRS, _MOST_ROWS = 1500, 4000
_RANGES, _VALUES = 8, 24
_LEAST_PARTS = 3


def together(columns: list[Column]) -> NDArray[Any]:
    """Score each row by boosted trees over the columns that learnt from the other folds."""
    import numpy as np
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    rows = columns[0].rows
    inputs = np.column_stack(
        [column.numbers if column.is_number else frequent(column.codes) for column in columns]
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


def parts(columns: list[Column]) -> tuple[float, dict[str, float]]:
    """Add the numbers up by a logistic regression: its AUC on unseen rows, and their weights.

    The weights are those of standardised numbers, as shares of the largest.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    numbers = [column for column in columns if column.is_number]
    if len(numbers) < _LEAST_PARTS:
        return 0.5, {}
    inputs = np.column_stack([column.numbers for column in numbers])
    inputs = np.nan_to_num((inputs - np.nanmean(inputs, 0)) / (np.nanstd(inputs, 0) + 1e-12))
    rows, score = columns[0].rows, np.zeros(len(inputs))
    for fold in range(FOLDS):
        test = rows.fold == fold
        model = LogisticRegression(C=100, max_iter=200).fit(inputs[~test], rows.y[~test])
        score[test] = model.decision_function(inputs[test])
    weights = np.abs(model.coef_[0]) / np.abs(model.coef_[0]).max()
    named = zip((column.name for column in numbers), map(float, weights), strict=True)
    return rows.auc(score), dict(named)


@dataclass(frozen=True)
class Pair:
    """Two columns, what they reach together (AUC, cross-fitted) and that as a score."""

    one: Column
    two: Column
    auc: float


def telling_pairs(
    columns: list[Column], suspects: set[str], least: float, chance: float
) -> list[Pair]:
    """Find the pairs that together reach at least that AUC, one of them a suspect; best first.

    One of so many pairs reaches it by chance with at most the probability given.

    Two numbers are held together by difference, sum and ratio, a number and a text by the number's
    distance from its mean for that text, and all by the cell in which they meet.
    """
    import numpy as np

    if not columns:
        return []
    random = np.random.default_rng(_SEED)
    pairs = [pair for pair in combinations(columns, 2) if suspects & {pair[0].name, pair[1].name}]
    if len(pairs) > _MOST_PAIRS:
        pairs = [pairs[at] for at in sorted(random.permutation(len(pairs))[:_MOST_PAIRS])]
    positions = random.permutation(len(columns[0].values))[:_MOST_ROWS]
    rows = Rows.of(columns[0].rows.y[positions])
    views = {column.name: _View.of(column, positions) for column in columns}
    found = []
    for one, two in pairs:
        aucs = [rows.auc(score) for score in _scores(views[one.name], views[two.name], rows)]
        reached = max(max(auc, 1 - auc) for auc in aucs)
        if reached >= least and chance_of(reached, rows) * len(pairs) <= chance:
            found.append(Pair(one, two, reached))
    return sorted(found, key=lambda pair: -pair.auc)


@dataclass(frozen=True)
class _View:
    """A column on fewer rows: the cell and the group (each value) of a row, and its number."""

    cells: NDArray[Any]
    groups: NDArray[Any]
    numbers: NDArray[Any] | None

    @classmethod
    def of(cls, column: Column, positions: NDArray[Any]) -> _View:
        import numpy as np

        if not column.is_number:
            groups = column.codes if column.is_repeated else column.codes * 0
            return cls(frequent(column.codes, _VALUES)[positions], groups[positions], None)
        numbers = column.numbers
        filled = np.where(np.isnan(numbers), np.nanmedian(numbers), numbers)
        cells = ranges(numbers, _RANGES)[positions]
        return cls(cells, cells, filled[positions])


def _scores(one: _View, two: _View, rows: Rows) -> Iterator[NDArray[Any]]:
    import numpy as np

    yield rows.unseen_share(one.cells * (int(two.cells.max()) + 1) + two.cells)
    a, b = one.numbers, two.numbers
    if a is not None and b is not None:
        yield a - b
        yield a + b
        yield np.divide(a, b, out=np.zeros_like(a), where=b != 0)
    for numbers, groups in ((a, two.groups), (b, one.groups)):
        if numbers is not None:
            means = np.bincount(groups, numbers) / np.maximum(np.bincount(groups), 1)
            yield numbers - means[groups]
