"""Is a stage at the edge: would chance alone change it? Pure functions.

Data are a sample of what the company does: had other customers written or bought, a share of n
records would vary by sqrt(n p (1 - p)) records (binomial), a count of n by sqrt(n) (Poisson). A
result is at the edge if no more records than two such standard errors decide whether it is met.
Days and different values (months, channels) come by time, not by chance: one of them must decide.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from expectations.checks import DATE_CLASSES, to_mend
from expectations.results import ExpectationResult
from expectations.specification import Expectation

STANDARD_ERRORS = 2


def is_at_edge(result: ExpectationResult, expectation: Expectation) -> bool:
    """Tell whether chance decides if this result is met; nothing measured is not at the edge."""
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
    """Name the expectations by which chance would change the stage of one use case.

    It would fall with any that is met and at the edge, and rise if all that the next stage lacks
    are unmet and at the edge.

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
    """How much must come or go until the answer is another."""
    return observed - required + 1 if observed >= required else required - observed
