"""EASE: which articles go with which, learnt in closed form (Steck 2019, arXiv:1905.03375).

A linear model that tells each column of a table of zeros and ones from all others. Its weights
are −P / diag(P) off the diagonal, P being the inverse of the columns' Gram matrix plus a ridge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]


def fit(table: csr_matrix, ridge: float) -> NDArray[Any]:
    """Learn the weights.

    Args:
        table: customers × columns; articles bought, and what else is known of the customer.
        ridge: strength of the shrinkage, above 0.

    Returns:
        columns × columns, float32: what having the row's column says for the column's. Zeros on
        the diagonal: nothing speaks for itself.

    """
    import numpy as np

    gram = (table.T @ table).toarray().astype(np.float64)
    gram[np.diag_indices_from(gram)] += ridge
    inverse = np.linalg.inv(gram)
    weights: NDArray[Any] = (inverse / -np.diag(inverse)).astype(np.float32)
    np.fill_diagonal(weights, 0)
    return weights


def neighbours(table: csr_matrix) -> NDArray[Any]:
    """Return the cosines between columns: the weights of item-kNN, a peer in the benchmark."""
    import numpy as np

    gram = (table.T @ table).toarray().astype(np.float64)
    length = np.sqrt(np.maximum(np.diag(gram), 1e-12))
    weights: NDArray[Any] = (gram / np.outer(length, length)).astype(np.float32)
    np.fill_diagonal(weights, 0)
    return weights
