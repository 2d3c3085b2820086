"""The model that is stored: the mean log-odds of one or more pipelines, recalibrated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

# The classes that a scikit-learn estimator must inherit from; the module is imported only to learn.
from sklearn.base import BaseEstimator, ClassifierMixin  # noqa: TID253

from ml.learning.estimators import log_odds_of

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline


class Blend(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """slope x mean of the members' log-odds + offset (Platt 1999): affine, so parts stay exact."""

    def __init__(self, members: list[Pipeline], slope: float = 1.0, offset: float = 0.0) -> None:
        import numpy as np

        self.members, self.slope, self.offset = members, slope, offset
        self.classes_ = np.array([0.0, 1.0])

    def decision_function(self, inputs: pandas.DataFrame) -> NDArray[Any]:
        """Log-odds per row of typed inputs (`ml.features.table`)."""
        import numpy as np

        every = [log_odds_of(member, inputs) for member in self.members]
        return np.asarray(self.slope * np.mean(every, axis=0) + self.offset)

    def predict_proba(self, inputs: pandas.DataFrame) -> NDArray[Any]:
        """Probability of 0 and of 1 per row."""
        import numpy as np
        from scipy.special import expit  # type: ignore[import-untyped]

        positive = expit(self.decision_function(inputs))
        return np.column_stack([1 - positive, positive])
