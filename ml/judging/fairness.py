"""Whether a model treats groups of customers alike: selection, calibration and error compared.

The groups are no inputs of the model. Each is compared with all others on rows that the model had
not learnt from.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal

import duckdb

from config.language import _
from ml.features.known import MARTS
from ml.features.shares import difference
from ml.learning.resampling import Draws, auc
from ml.specs.spec import Spec, SpecError

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

UNKNOWN = "(unknown)"
Measure = Literal["selection", "calibration", "error"]


@dataclass(frozen=True)
class Comparison:
    """One group compared with all others by one measure.

    `selection`: share in the band "high"; `calibration`: observed minus promised share; `error`:
    AUC. `low` and `high` bound the difference `figure - others`; without them the group is too
    small, which is neither passed nor failed.
    """

    group: str
    value: str
    measure: Measure
    entities: int
    verdict: Literal["passed", "failed", "too small"]
    figure: float | None = None
    others: float | None = None
    low: float | None = None
    high: float | None = None

    def says(self, entity: str | None) -> str:
        """Say it in one sentence."""
        if self.figure is None or self.others is None:
            text = _("{group} {value}: {entities} {entity}s, too few to compare by {measure}")
            return text.format(
                group=self.group,
                value=self.value,
                entities=self.entities,
                entity=entity,
                measure=self.measure,
            )
        texts = {
            "selection": _(
                "{group} {value}: {figure:.0%} are called high, of the others {others:.0%}"
            ),
            "calibration": _(
                "{group} {value}: {figure:+.0%} came true beside the promise, for the others"
                " {others:+.0%}"
            ),
            "error": _("{group} {value}: AUC {figure:.3f}, for the others {others:.3f}"),
        }
        spread = _(" (difference {low:+.3f} to {high:+.3f}; {entities} {entity}s)")
        return (texts[self.measure] + spread).format(
            group=self.group,
            value=self.value,
            figure=self.figure,
            others=self.others,
            low=self.low,
            high=self.high,
            entities=self.entities,
            entity=entity,
        )


def read_groups(connection: duckdb.DuckDBPyConnection, spec: Spec) -> pandas.DataFrame:
    """Read to which groups each entity belongs today.

    Returns:
        `entity_id` and a text column per group of the spec; `(unknown)` where there is none.

    Raises:
        SpecError: an expression does not work on the marts.

    """
    key = f"{spec.entity}_id"
    own = f"from marts.{MARTS[str(spec.entity)]} entity"
    joined = " left join marts.customers customer on customer.customer_id = entity.customer_id"
    columns = []
    for name, sql in spec.fairness.groups.items():
        try:
            connection.execute(f"select ({sql})::varchar {own}{joined} limit 0")
        except duckdb.Error as error:
            where = f"{spec.file}: fairness.groups.{name}"
            raise SpecError(f"{where}: {str(error).splitlines()[0]}") from error
        columns.append(f", coalesce(({sql})::varchar, '{UNKNOWN}') as \"{name}\"")
    return connection.execute(
        f"select entity.{key} as entity_id{''.join(columns)} {own}{joined}"
    ).df()


def compare_groups(
    tested: pandas.DataFrame, groups: pandas.DataFrame, spec: Spec
) -> list[Comparison]:
    """Compare each group with all others by predictions for unseen rows.

    A comparison fails only where the whole interval of the difference lies beyond `tolerance`;
    intervals are widened for the number of comparisons (Bonferroni). Each entity counts once for
    their width.

    - selection fails where the outcome itself does not differ in the same direction: a group that
      truly leaves more often is rightly called more often (Newcombe 1998, method 10, for both);
    - calibration: the difference of observed shares (the same method), less that of the promised;
    - error: AUC, with the standard error of its bootstrap over entities.

    Args:
        tested: `entity_id, outcome, probability`, see `Candidate.tested`.
        groups: what `read_groups` returns.
        spec: whose `fairness` and `bands` hold.

    """
    rows = tested.merge(groups, on="entity_id")
    rows["selected"] = rows["probability"] * 100 >= spec.bands.high - 0.5  # points are rounded
    pairs = [
        (name, str(value), rows[name] == value)
        for name in spec.fairness.groups
        for value in sorted(rows[name].unique())
    ]
    parts = [(name, value, rows[member], rows[~member]) for name, value, member in pairs]
    measures: tuple[Measure, ...] = ("selection", "calibration", "error")
    asked = [
        (part, measure, _is_enough(part[2], part[3], measure, spec))
        for part in parts
        for measure in measures
    ]
    made = max(sum(enough for *_rest, enough in asked), 1)
    z = NormalDist().inv_cdf(1 - (1 - spec.fairness.confidence) / 2 / made)
    return [
        _compare(part, measure, spec, z)
        if enough
        else Comparison(part[0], part[1], measure, part[2]["entity_id"].nunique(), "too small")
        for part, measure, enough in asked
    ]


def _is_enough(
    inside: pandas.DataFrame, outside: pandas.DataFrame, measure: Measure, spec: Spec
) -> bool:
    rules = spec.fairness
    for part in (inside, outside):
        outcomes = part.groupby("entity_id")["outcome"]
        if outcomes.ngroups < rules.min_entities:
            return False
        rarer = min((outcomes.max() == 1).sum(), (outcomes.min() == 0).sum())
        if measure == "error" and rarer < rules.min_outcomes:
            return False
    return True


def _compare(
    part: tuple[str, str, pandas.DataFrame, pandas.DataFrame],
    measure: Measure,
    spec: Spec,
    z: float,
) -> Comparison:
    name, value, inside, outside = part
    tolerance = spec.fairness.tolerance
    entities = inside["entity_id"].nunique()
    is_explained = False
    if measure == "error":
        figure, others = (_auc(rows) for rows in (inside, outside))
        draws = [_auc_draws(rows, spec.gates.resamples) for rows in (inside, outside)]
        error = float((draws[0] - draws[1]).std())
        low, high = figure - others - z * error, figure - others + z * error
    else:
        happened = _difference(inside, outside, "outcome", z)
        if measure == "selection":
            figure, others = (float(rows["selected"].mean()) for rows in (inside, outside))
            low, high = _difference(inside, outside, "selected", z)
            is_explained = happened[0] > 0 if low > 0 else happened[1] < 0
        else:
            figure, others = (
                float((rows["outcome"] - rows["probability"]).mean()) for rows in (inside, outside)
            )
            promised = float(inside["probability"].mean() - outside["probability"].mean())
            low, high = happened[0] - promised, happened[1] - promised
    failed = (low > tolerance or high < -tolerance) and not is_explained
    verdict: Literal["passed", "failed"] = "failed" if failed else "passed"
    return Comparison(name, value, measure, entities, verdict, figure, others, low, high)


def _difference(
    inside: pandas.DataFrame, outside: pandas.DataFrame, column: str, z: float
) -> tuple[float, float]:
    (share, n), (other, m) = (
        (float(rows[column].mean()), int(rows["entity_id"].nunique())) for rows in (inside, outside)
    )
    return difference(share, n, other, m, z)


def _auc(rows: pandas.DataFrame) -> float:
    return auc(rows["outcome"].to_numpy(dtype=float), rows["probability"].to_numpy(dtype=float))


def _auc_draws(rows: pandas.DataFrame, count: int) -> NDArray[Any]:
    draws = Draws.of(rows["entity_id"].to_numpy(), count)
    y, p = (rows[name].to_numpy(dtype=float) for name in ("outcome", "probability"))
    return draws.of_auc(y, p)
