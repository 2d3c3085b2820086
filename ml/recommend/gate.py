"""Whether EASE may recommend: only where it surely hits more than the plain ways do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from config.language import _
from ml.judging.gate import Finding
from ml.learning.resampling import Draws, interval
from ml.recommend.forward import BASELINES

if TYPE_CHECKING:
    import pandas

    from ml.recommend.forward import Tested
    from ml.recommend.spec import Gate

_DRAWS: Final = 2000


def judge(tested: Tested, gate: Gate) -> list[Finding]:
    """Hold EASE against the better one of the plain ways, on customers it had not learnt from."""
    rows = tested.new
    cases = int(rows["customer"].nunique()) if len(rows) else 0
    size = Finding(
        "size",
        cases >= gate.test_cases,
        _(
            "{cases} customers bought something new in the test; at least {needed} are needed"
        ).format(cases=cases, needed=gate.test_cases),
        {"cases": float(cases)},
    )
    if not cases:
        return [size]
    plain = max(BASELINES, key=rows[list(BASELINES)].mean().to_dict().__getitem__)
    low, high = difference(rows, "ease", plain, gate.confidence)
    told = _(
        "one of the first {hit_at} was bought by {ease:.1%} of the customers; by what is popular it"
        " is {plain:.1%} (difference {low:+.1%} to {high:+.1%})"
    ).format(
        hit_at=gate.hit_at, ease=rows["ease"].mean(), plain=rows[plain].mean(), low=low, high=high
    )
    return [size, Finding("rules", low > 0, told, {"low": low, "high": high})]


def difference(
    rows: pandas.DataFrame, one: str, other: str, confidence: float
) -> tuple[float, float]:
    """Return the interval of the difference of two hit rates, over draws of customers."""
    gained = (rows[one] - rows[other]).to_numpy()
    return interval(Draws.of(rows["customer"].to_numpy(), _DRAWS).of_mean(gained), confidence)


def figures(tested: Tested) -> dict[str, float]:
    """Return the hit rates by name, as MLflow keeps them."""
    found: dict[str, Any] = {}
    for kind, rows in (("new", tested.new), ("again", tested.again)):
        if len(rows):
            means = rows.drop(columns=["customer", "cutoff"]).mean()
            found |= {f"{kind}_{name}": float(value) for name, value in means.items()}
            found[f"{kind}_cases"] = float(rows["customer"].nunique())
    return found
