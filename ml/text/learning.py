"""Learning from labelled texts: by their vectors, and by their words as the plain way beside it.

Both are logistic regressions whose weights are kept as plain numbers. The vectors are used only if
they are better than the words beyond the error of the comparison; a model is used at all only if it
is surely better than knowing nothing (`ml.text.gate`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from ml.text.cleaning import sentences
from ml.text.spec import Learning

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import Pipeline

Method = Literal["embedding", "words"]
_SEED: Final = 0
_LEAST_TEXTS: Final = 3  # a word of fewer texts is left out: names, mistakes
_MOST_WORDS: Final = 20_000
_WORD: Final = r"(?u)\b[^\W\d_]{2,}\b"


@dataclass(frozen=True)
class Trial:
    """How well one way does on texts that it had not learnt from: a chance per text, in order."""

    chance: NDArray[Any]
    auc: float
    log_loss: float


@dataclass(frozen=True)
class Judge:
    """A fitted model as plain numbers, made to be kept as JSON."""

    method: Method
    words: Mapping[str, Any]
    vectors: Mapping[str, Any] | None = None

    def by_vectors(self, vectors: NDArray[Any]) -> NDArray[Any]:
        """Chance that each text is positive, from its vector (n x length)."""
        import numpy as np

        held = self.vectors or {}
        scaled = (vectors - np.array(held["mean"])) / np.array(held["scale"])
        odds = scaled @ np.array(held["weights"]) + held["intercept"]
        chance: NDArray[Any] = 1 / (1 + np.exp(-odds))
        return chance

    def by_words(self, texts: Sequence[str]) -> NDArray[Any]:
        """Chance that each text is positive, from its words."""
        import numpy as np

        odds = self._vectorizer().transform(texts) @ np.array(self.words["weights"])
        chance: NDArray[Any] = 1 / (1 + np.exp(-(odds + self.words["intercept"])))
        return chance

    def heaviest(self, texts: Sequence[str]) -> list[str]:
        """Return of each text the sentence whose words speak most for positive."""
        import numpy as np

        vectorizer, weights = self._vectorizer(), np.array(self.words["weights"])
        vectorizer.set_params(norm=None)  # a long sentence may weigh more than a short one
        found = []
        for text in texts:
            parts = sentences(text) or [text]
            found.append(parts[int(np.argmax(vectorizer.transform(parts) @ weights))])
        return found

    def _vectorizer(self) -> TfidfVectorizer:
        import numpy as np

        vectorizer = _new_vectorizer()
        vectorizer.set_params(vocabulary={word: i for i, word in enumerate(self.words["terms"])})
        vectorizer.idf_ = np.array(self.words["idf"])
        return vectorizer


def try_words(texts: Sequence[str], labels: NDArray[Any], learning: Learning) -> Trial:
    """Test the words on folds that were not learnt from."""
    import numpy as np

    return _try(np.array(texts, dtype=object), labels, learning, "words")


def try_vectors(vectors: NDArray[Any], labels: NDArray[Any], learning: Learning) -> Trial:
    """Test the vectors on the same folds."""
    return _try(vectors, labels, learning, "embedding")


def fit(
    texts: Sequence[str],
    labels: NDArray[Any],
    vectors: NDArray[Any] | None,
    learning: Learning,
) -> Judge:
    """Learn from all; with vectors the judge goes by them, without by the words."""
    words = _pipeline("words", learning, len(texts)).fit(texts, labels)
    vectorizer, regression = words[0], words[-1]
    terms = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)
    by_words = {
        "terms": terms,
        "idf": vectorizer.idf_.round(5).tolist(),
        "weights": regression.coef_[0].round(5).tolist(),
        "intercept": float(regression.intercept_[0]),
    }
    if vectors is None:
        return Judge("words", by_words)
    scaler, regression = _pipeline("embedding", learning, len(texts)).fit(vectors, labels)
    by_vectors = {
        "mean": scaler.mean_.tolist(),
        "scale": scaler.scale_.tolist(),
        "weights": regression.coef_[0].tolist(),
        "intercept": float(regression.intercept_[0]),
    }
    return Judge("embedding", by_words, by_vectors)


def _try(rows: NDArray[Any], labels: NDArray[Any], learning: Learning, method: Method) -> Trial:
    import numpy as np
    from sklearn.metrics import log_loss, roc_auc_score
    from sklearn.model_selection import StratifiedKFold
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    chance = np.zeros(len(labels))
    folds = StratifiedKFold(learning.folds, shuffle=True, random_state=_SEED)
    with threadpool_limits(1):
        for known, unseen in folds.split(rows, labels):
            model = _pipeline(method, learning, len(known)).fit(rows[known], labels[known])
            chance[unseen] = model.predict_proba(rows[unseen])[:, 1]
    return Trial(chance, float(roc_auc_score(labels, chance)), float(log_loss(labels, chance)))


def _pipeline(method: Method, learning: Learning, count: int) -> Pipeline:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if method == "words":
        return make_pipeline(
            _new_vectorizer(2 if count < 100 else _LEAST_TEXTS),
            LogisticRegression(C=learning.words_c, max_iter=2000),
        )
    return make_pipeline(
        StandardScaler(), LogisticRegression(C=learning.embedding_c, max_iter=2000)
    )


def _new_vectorizer(least_texts: int = 1) -> TfidfVectorizer:
    """Make what counts words and pairs of words; numbers are none, they only name an order."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        ngram_range=(1, 2),
        min_df=least_texts,
        max_features=_MOST_WORDS,
        sublinear_tf=True,
        token_pattern=_WORD,
    )
