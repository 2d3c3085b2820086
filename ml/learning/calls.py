"""How good the top of the list is: as many entities as the team can call in a week."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml.specs.spec import Spec

if TYPE_CHECKING:
    import pandas

    from ml.learning.validation import Metrics


def precision_at_calls(tested: pandas.DataFrame, spec: Spec) -> Metrics:
    """Share of positives among the highest probabilities of each list.

    A list is what sales would have had before it: the test rows of one cut-off, or of one fold
    where the table has no dates. Lists no longer than `calls.per_week` are left out: whoever calls
    all needs no order.

    Args:
        tested: predictions for rows not learnt from (`ml.learning.candidates.Candidate.tested`).
        spec: how many are called.

    Returns:
        `precision_at_calls`, the mean over the lists (0 to 1); nothing where all are too short.

    """
    lists = tested.groupby("cutoff" if "cutoff" in tested else "fold")
    most = spec.calls.per_week
    shares = [
        rows.nlargest(most, "probability")["outcome"].mean()
        for _key, rows in lists
        if len(rows) > most
    ]
    return {"precision_at_calls": float(sum(shares) / len(shares))} if shares else {}
