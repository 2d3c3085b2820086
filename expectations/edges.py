"""Whether a stage is at the edge, i.e. could change by chance alone. Pure functions.

Data are a sample of what the company does: had other customers written or bought, a share of n
records would vary by sqrt(n p (1 - p)) records (binomial), a count of n by sqrt(n) (Poisson). A
result is at the edge if it lies within two such standard errors of its threshold. Days and distinct
values (months, channels) grow with time, not by chance: there the margin is one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from expectations.checks import DATE_CLASSES, to_mend
from expectations.results import ExpectationResult
from expectations.specification import Expectation

STANDARD_ERRORS = 2


def is_at_edge(result: ExpectationResult, expectation: Expectation) -> bool:
    """Tell whether chance could change if this result is met; never where nothing was measured."""
    if result.observed is None or result.required is None:
        return False
    if expectation.type == "rows":
        return _deciding(result.observed, result.required) <= STANDARD_ERRORS * math.sqrt(
            result.observed
        )
    if expectation.type == "distinct" or expectation.type in DATE_CLASSES:
        sign = -1 if expectation.type == "fresh" else 1
        return _deciding(sign * result.observed, sign * result.required) <= 1
    total, unmet = result.records_total or 0, result.records_unmet or 0
    good, needed = total - unmet, to_mend(total, total, expectation.mostly)
    error = math.sqrt(good * unmet / total) if total else 0
    return _deciding(good, needed) <= STANDARD_ERRORS * error


def deciding(
    reached: int, results: Iterable[ExpectationResult], items: Mapping[str, Expectation]
) -> tuple[str, ...]:
    """Name the expectations through which chance could change the stage of a use case.

    It would fall with any met one at the edge, and rise if all unmet ones of the next stage are at
    the edge.

    Args:
        reached: the stage that was measured.
        results: the use case's results of that night.
        items: its expectations by name.

    """
    known = [r for r in results if r.expectation in items]
    edge = {r.expectation for r in known if is_at_edge(r, items[r.expectation])}
    falling = [
        r.expectation for r in known if r.is_met and r.stage <= reached and r.expectation in edge
    ]
    above = min((r.stage for r in known if r.stage > reached), default=None)
    lacking = [r.expectation for r in known if r.stage == above and not r.is_met]
    rising = lacking if set(lacking) <= edge else []
    return tuple(falling + rising)


def _deciding(observed: float, required: float) -> float:
    """Return the change in records, days or values after which the result would flip."""
    return observed - required + 1 if observed >= required else required - observed
