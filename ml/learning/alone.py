"""What one column alone tells of the outcome, on rows that were not looked at for it.

A column is read in several ways (its order, its values, its range, whether it is blank; a text also
by its words, its form and the number or day within); the best one counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ml.features.table import MISSING, days_of

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

FOLDS = 5
_SEED = 0
# A range is one of at most this many quantiles, none of fewer rows than the other figure: enough
# for an outcome hidden in the middle of a column, too few to learn noise.
_MOST_RANGES, _LEAST_ROWS = 32, 15
# Values are looked at one by one where they repeat: fewer distinct ones than this share of rows.
_REPEATED = 0.5
# A number that this share of rows has is a value of its own ("0"), beside all other numbers.
_ATOM = 0.01
_MOST_WORDS = 300
_WORD = r"[^\W\d_]+|\d+"  # letters or digits


@dataclass(frozen=True)
class Rows:
    """The rows that are looked at: their outcomes (0 or 1), and in which fold each lies."""

    y: NDArray[Any]
    fold: NDArray[Any]

    @classmethod
    def of(cls, y: NDArray[Any]) -> Rows:
        """Deal the rows out to folds, at random and both outcomes evenly (fixed seed)."""
        import numpy as np

        random, fold = np.random.default_rng(_SEED), np.zeros(len(y), dtype=np.int64)
        for outcome in (0, 1):
            rows = random.permutation(np.flatnonzero(y == outcome))
            fold[rows] = np.arange(len(rows)) % FOLDS
        return cls(y, fold)

    @property
    def rarer(self) -> int:
        """How many rows have the rarer outcome."""
        return int(min(self.y.sum(), len(self.y) - self.y.sum()))

    def unseen_counts(self, codes: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Per row: the rows of its cell in the other folds, and how many of them are positive."""
        import numpy as np

        cells = int(codes.max()) + 1
        place = codes * FOLDS + self.fold
        rows = np.bincount(place, minlength=cells * FOLDS).reshape(cells, FOLDS)
        positive = np.bincount(place, self.y, cells * FOLDS).reshape(cells, FOLDS)
        here = (codes, self.fold)
        return rows.sum(1)[codes] - rows[here], positive.sum(1)[codes] - positive[here]

    def unseen_share(self, codes: NDArray[Any]) -> NDArray[Any]:
        """Share of positives in the row's cell as the other folds show it, drawn to the mean."""
        import numpy as np

        rows, positive = self.unseen_counts(codes)
        return np.asarray((positive + self.y.mean()) / (rows + 1))

    def auc(self, score: NDArray[Any]) -> float:
        """Chance that a positive row has the higher score (Mann and Whitney); ties count half."""
        from scipy.stats import rankdata  # type: ignore[import-untyped]

        positives = self.y.sum()
        ranks = rankdata(score)[self.y == 1].sum()
        return float((ranks / positives - (positives + 1) / 2) / (len(self.y) - positives))


@dataclass(frozen=True)
class Column:
    """A column of typed inputs (`ml.features.table`): float64 with NaN, or text with `MISSING`."""

    name: str
    values: pandas.Series[Any]
    rows: Rows

    @cached_property
    def is_number(self) -> bool:
        """Whether it holds numbers, not text."""
        return self.values.dtype != object

    @cached_property
    def blank(self) -> NDArray[Any]:
        """Whether nothing is known, per row."""
        return (self.values.isna() if self.is_number else self.values == MISSING).to_numpy()

    @cached_property
    def codes(self) -> NDArray[Any]:
        """One code per distinct value; all blanks share one."""
        import pandas as pd

        return pd.factorize(self.values, use_na_sentinel=False)[0]

    @cached_property
    def is_repeated(self) -> bool:
        """Whether there are few enough distinct values to look at each of them."""
        return int(self.codes.max()) + 1 <= max(_REPEATED * len(self.codes), 2)

    @cached_property
    def numbers(self) -> NDArray[Any]:
        """The values as numbers: of a text the day that it is, or the first number within."""
        import numpy as np

        if self.is_number:
            return self.values.to_numpy(dtype=float)
        if self.is_repeated:
            return np.full(len(self.values), np.nan)
        text = self.values.where(~self.blank)
        days = days_of(text)
        if days.notna().sum() * 2 > text.notna().sum():
            return days.to_numpy(dtype=float)
        first = text.str.extract(r"(\d+(?:[.,]\d+)?)", expand=False).str.replace(",", ".")
        return first.to_numpy(dtype=float, na_value=np.nan)

    @cached_property
    def score(self) -> NDArray[Any]:
        """The reading that tells most, as a score that is higher for positive rows."""
        best, reached = self.rows.y * 0.0, 0.5
        for score in self._readings():
            auc = self.rows.auc(score)
            if auc > reached:
                best, reached = score, auc
        return best

    @cached_property
    def auc(self) -> float:
        """AUC of `score`, 0.5 to 1."""
        return self.rows.auc(self.score)

    def cells(self) -> Iterator[NDArray[Any]]:
        """Yield ways to sort the rows into cells: by value, blank or not, word by word."""
        yield self.blank.astype(int)
        if self.is_number:
            yield self._atoms()
        elif self.is_repeated:
            yield self.codes
        else:
            yield _coded(self._forms())
            yield from self._words.T

    def _readings(self) -> Iterator[NDArray[Any]]:
        """Yield scores; those by cell know which way is up, an order may go either way."""
        import numpy as np

        if self.blank.any():
            yield from _both_ways(self.blank.astype(float))
        if self.is_repeated:
            yield self.rows.unseen_share(self.codes)
        numbers = self.numbers
        if not np.isnan(numbers).all():
            yield from _both_ways(np.where(np.isnan(numbers), np.nanmedian(numbers), numbers))
            yield self.rows.unseen_share(ranges(numbers))
        if not (self.is_number or self.is_repeated):
            yield self.rows.unseen_share(_coded(self._forms()))
            yield self._word_score()

    def _atoms(self) -> NDArray[Any]:
        """Blank, each frequent number, and all other numbers as one."""
        import numpy as np

        frequent = np.bincount(self.codes) >= max(_ATOM * len(self.codes), 2)
        codes = np.where(frequent[self.codes], self.codes + 2, 1)
        return np.where(self.blank, 0, codes)

    def _forms(self) -> pandas.Series[Any]:
        """Reduce a text to its form: a for letters, 0 for digits, its other marks as they are."""
        return self.values.str.replace(r"[^\W\d_]+", "a", regex=True).str.replace(
            r"\d+", "0", regex=True
        )

    @cached_property
    def _words(self) -> NDArray[Any]:
        """One column of 0 and 1 per word that several texts hold: (rows, words)."""
        import numpy as np
        from sklearn.feature_extraction.text import CountVectorizer

        least = max(_LEAST_ROWS // 3, int(_ATOM * len(self.values)))
        words = CountVectorizer(
            binary=True, min_df=least, max_features=_MOST_WORDS, token_pattern=_WORD
        )
        text = self.values.where(~self.blank, "")
        try:
            return np.asarray(words.fit_transform(text).toarray(), dtype=int)
        except ValueError:  # scikit-learn's word for: no text shares a word with others
            return np.zeros((len(text), 0), dtype=int)

    def _word_score(self) -> NDArray[Any]:
        """Naive Bayes over the words, each fold judged by the others."""
        import numpy as np
        from sklearn.naive_bayes import BernoulliNB

        words, score = self._words, np.zeros(len(self.values))
        if not words.shape[1]:
            return score
        for fold in range(FOLDS):
            test = self.rows.fold == fold
            model = BernoulliNB().fit(words[~test], self.rows.y[~test])
            odds = model.predict_joint_log_proba(words[test])
            score[test] = odds[:, 1] - odds[:, 0]
        return score


def ranges(numbers: NDArray[Any], most: int = _MOST_RANGES) -> NDArray[Any]:
    """Code each number by the quantile range in which it lies; 0 is blank."""
    import numpy as np

    count = int(np.clip(len(numbers) // _LEAST_ROWS, 2, most))
    cuts = np.unique(np.nanquantile(numbers, np.linspace(0, 1, count + 1)[1:-1]))
    return np.where(np.isnan(numbers), 0, np.searchsorted(cuts, numbers, side="right") + 1)


def frequent(codes: NDArray[Any], most: int = 200) -> NDArray[Any]:
    """Codes of the most frequent values from 0 on; all others share one."""
    import numpy as np

    ranks = np.argsort(np.argsort(-np.bincount(codes), kind="stable"), kind="stable")
    return np.asarray(np.minimum(ranks[codes], most))


def _both_ways(score: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    return score, -score


def _coded(values: pandas.Series[Any]) -> NDArray[Any]:
    import pandas as pd

    return pd.factorize(values)[0]
