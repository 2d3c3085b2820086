"""EASE in closed form is what its definition says."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from ml.recommend import ease


@pytest.mark.parametrize("ridge", [0.5, 20.0])
def test_each_column_is_a_ridge_regression_on_all_others(ridge):
    table = (np.random.default_rng(3).random((60, 9)) < 0.4).astype(float)
    weights = ease.fit(csr_matrix(table), ridge)
    for column in range(9):
        others = [other for other in range(9) if other != column]
        x = table[:, others]
        solved = np.linalg.solve(x.T @ x + ridge * np.eye(8), x.T @ table[:, column])
        assert weights[others, column] == pytest.approx(solved, abs=1e-5)
        assert weights[column, column] == 0
