"""The gate: whether a candidate may replace rules and champion, each check in one sentence.

All of it is computed from predictions for rows that the predicting model had not learnt from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal

from config.language import _
from ml.features.shares import share_interval
from ml.learning.resampling import Draws, average_precision, interval

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

    from ml.learning.candidates import Candidate
    from ml.specs.sections import Gates
    from ml.specs.spec import Spec

_BINS = 5  # of the probabilities: with some hundred rows ten would be nearly empty
Check = Literal["size", "rules", "champion", "calibration", "fairness", "stability"]


@dataclass(frozen=True)
class Finding:
    """What one check found: whether it lets the candidate pass, in one sentence with figures."""

    check: Check
    passed: bool
    says: str
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Present:
    """The champion as the gate sees it.

    `bar`: the AUC that a candidate is held to until both can be measured on the same rows;
    `age_days`: since its training; `predicted`: `entity_id`, `cutoff` and its probability
    `champion` for rows newer than its training, whose outcome it cannot have learnt; `leaks`:
    features it learnt from that know the outcome, as today's rows show.
    """

    version: str
    bar: float
    age_days: int
    predicted: pandas.DataFrame | None = None
    leaks: tuple[str, ...] = ()


def judge(
    candidate: Candidate, frame: pandas.DataFrame, spec: Spec, present: Present | None
) -> list[Finding]:
    """Check a candidate; it may come into force if every finding passed.

    Args:
        candidate: with its predictions for unseen rows, `tested`.
        frame: what it was trained on, with `entity_id` and the target.
        spec: whose `gates` hold.
        present: the champion, if there is one.

    """
    gates, tested = spec.gates, candidate.tested
    findings = [*_enough(frame, spec), _able(candidate, gates)]
    if "rules_2" in tested:
        findings += beats_rules(tested, gates)
    findings.append(is_calibrated(tested, gates))
    if present is not None:
        findings.append(keeps(candidate, present, gates))
    return findings


def next_bar(auc: float, findings: list[Finding], present: Present | None) -> float:
    """Return the AUC that candidates after this one are held to.

    Its own, unless it was only held to the champion's bar: then the higher one goes on. Else three
    retrainings, each a little worse, would all pass.
    """
    held = any("bar" in finding.figures for finding in findings)
    return max(auc, present.bar) if present and held else auc


def _enough(frame: pandas.DataFrame, spec: Spec) -> list[Finding]:
    """Entities are counted, not their snapshots: one lead seen ten times is one example."""
    gates, entities = spec.gates, frame.groupby("entity_id")[spec.target.column]
    needed = [
        (_("{seen} {entity}s with a known outcome"), entities.ngroups, gates.min_rows),
        (
            _("{seen} {entity}s with a positive outcome"),
            int((entities.max() == 1).sum()),
            gates.min_positives,
        ),
        (
            _("{seen} {entity}s with a negative outcome"),
            int((entities.min() == 0).sum()),
            gates.min_negatives,
        ),
    ]
    says = _("{what}, {least} are needed")
    return [
        Finding(
            "size",
            seen >= least,
            says.format(what=what.format(seen=seen, entity=spec.entity), least=least),
        )
        for what, seen, least in needed
    ]


def _able(candidate: Candidate, gates: Gates) -> Finding:
    auc = candidate.metrics["auc"]
    says = _("AUC {auc:.3f}, {least} is needed").format(auc=auc, least=gates.min_auc)
    return Finding("size", auc >= gates.min_auc, says)


def beats_rules(tested: pandas.DataFrame, gates: Gates) -> list[Finding]:
    """Compare with the rules of stage 2 on rows that neither has learnt from.

    1. The model surely knows something that the rules do not: the whole interval of its weight
       beside them (`_weights`) lies above zero. This holds back noise; at the same error it finds
       three times as many useful models on a hundred tested leads as the interval of the gain of
       log loss does (`benchmarks/scores/gate.py`).
    2. It is better than they are by average precision and by log loss, and stays so by both
       together in `better_draws` of the draws.
    """
    y = tested["outcome"].to_numpy(dtype=float)
    ours, points, rules = (
        tested[name].to_numpy(dtype=float)
        for name in ("probability", "rules_2", "rules_2_probability")
    )
    draws = Draws.of(tested["entity_id"].to_numpy(), gates.resamples)
    return [
        _adds_to_rules(_weights(y, ours, rules, draws), gates),
        _is_better(y, (ours, points), (_losses(y, ours), _losses(y, rules)), draws, gates),
    ]


def _weights(
    y: NDArray[Any], ours: NDArray[Any], rules: NDArray[Any], draws: Draws
) -> NDArray[Any]:
    """Weight of the model's log-odds beside the rules' in a logistic regression, in each draw.

    Whether one forecast holds all that another knows (Harvey, Leybourne and Newbold 1998, Journal
    of Business & Economic Statistics 16:254-259) is found out with fewer rows than which of the
    two is better. The rules' own promise is first mended by these very outcomes, to their
    advantage; then one step of Newton's from weight 0 (Rao's efficient score over its information).
    """
    import numpy as np
    from sklearn.linear_model import LinearRegression, LogisticRegression

    odds, known = (np.log(p / (1 - p)) for p in (_inside(ours), _inside(rules)[:, None]))
    mended = LogisticRegression(C=1e6).fit(known, y).predict_proba(known)[:, 1]
    weight = mended * (1 - mended)
    new = odds - LinearRegression().fit(known, odds, weight).predict(known)
    information = draws.of_mean(weight * new**2)
    if information.min() < 1e-9:  # the model says the same as the rules
        return np.zeros(draws.count)
    return np.asarray(draws.of_mean(new * (y - mended)) / information)


def _adds_to_rules(weights: NDArray[Any], gates: Gates) -> Finding:
    low, high = interval(weights, gates.confidence)
    passed = low > 0
    says = (
        _("it knows what the rules of stage 2 do not")
        if passed
        else _("it does not surely know more than the rules of stage 2")
    )
    spread = _(": weight beside them {low:.2f} to {high:.2f} ({confidence:.1%} interval, 0: none)")
    return Finding(
        "rules",
        passed,
        says + spread.format(low=low, high=high, confidence=gates.confidence),
        {"weight_low": low, "weight_high": high},
    )


def _is_better(
    y: NDArray[Any],
    scores: tuple[NDArray[Any], NDArray[Any]],
    losses: tuple[NDArray[Any], NDArray[Any]],
    draws: Draws,
    gates: Gates,
) -> Finding:
    """Compare order and promise: of the model and of the rules `scores` and `losses` per row."""
    import numpy as np

    order = np.subtract(*(draws.of_precision(y, score) for score in scores))
    promise = draws.of_mean(losses[1] - losses[0])
    precisions = [average_precision(y, score) for score in scores]
    means = [float(loss.mean()) for loss in losses]
    share = float(np.mean((order > 0) & (promise > 0)))
    passed = share >= gates.better_draws and precisions[0] > precisions[1] and means[0] < means[1]
    says = (
        _("better than the rules of stage 2")
        if passed
        else _("not surely better than the rules of stage 2")
    )
    figures = _(
        ": average precision {ours:.3f} against {rules:.3f} (gain {low:+.3f} to {high:+.3f}),"
        " log loss {our_loss:.3f} against {rules_loss:.3f} (gain {less:+.3f} to {more:+.3f},"
        " {confidence:.1%} intervals); by both in {share:.0%} of the bootstrap draws,"
        " {least:.0%} are needed"
    )
    gains = [*interval(order, gates.confidence), *interval(promise, gates.confidence)]
    told = dict(zip(("low", "high", "less", "more"), gains, strict=True)) | {
        "ours": precisions[0],
        "rules": precisions[1],
        "our_loss": means[0],
        "rules_loss": means[1],
        "share": share,
    }
    says += figures.format(**told, confidence=gates.confidence, least=gates.better_draws)
    return Finding("rules", passed, says, told)


def is_calibrated(tested: pandas.DataFrame, gates: Gates) -> Finding:
    """Look for a fifth of the rows for which more or less than promised came true.

    A fifth fails only where the interval of what came true, corrected for looking five times and
    counting each entity once, lies further from the promise than `calibration_error`: noise alone
    does not fail a small table.
    """
    import numpy as np

    z = NormalDist().inv_cdf(1 - (1 - gates.confidence) / 2 / _BINS)
    order = np.argsort(tested["probability"].to_numpy(), kind="stable")
    gaps = []
    for rows in np.array_split(order, min(_BINS, len(order))):
        part = tested.iloc[rows]
        promised, observed = float(part["probability"].mean()), float(part["outcome"].mean())
        low, high = share_interval(observed, part["entity_id"].nunique(), z)
        surely_off = max(low - promised, promised - high, 0.0)
        gaps.append((surely_off, abs(promised - observed), promised, observed, low, high))
    off, _gap, promised, observed, low, high = max(gaps)
    passed = off <= gates.calibration_error
    says = _(
        "where it promises {promised:.0%} on average, {observed:.0%} came true ({low:.0%} to"
        " {high:.0%}; {most:.0%} more or less are allowed)"
    )
    return Finding(
        "calibration",
        passed,
        says.format(
            promised=promised, observed=observed, low=low, high=high, most=gates.calibration_error
        ),
        {"promised": promised, "observed": observed, "low": low, "high": high},
    )


def keeps(candidate: Candidate, present: Present, gates: Gates) -> Finding:
    """Compare with the champion.

    1. It learnt from a column that knows the outcome: its figures are no measure.
    2. There are enough rows newer than its training: both are measured on these, which neither has
       seen, and the candidate must keep `keep_share` of the champion's average precision.
    3. Else, for `promise_days` after its training: the candidate must keep that share of what the
       champion's AUC promised above chance. Data that got worse overnight (half of the orders tied
       to a wrong customer) stop here, as both would be as bad on the same spoilt rows.
    4. After that nothing can be said of it, and only the other checks hold: data that changed for
       good do not keep an old model in force for ever.
    """
    if present.leaks:
        says = _("the champion (version {version}) is no measure: it learnt from {names}")
        names = ", ".join(present.leaks)
        return Finding("champion", True, says.format(version=present.version, names=names))
    shared = _shared(candidate.tested, present)
    entities = shared.groupby("entity_id")["outcome"]
    if min((entities.max() == 1).sum(), (entities.min() == 0).sum()) >= gates.min_shared:
        return _on_same_rows(shared, present, gates)
    auc = candidate.metrics["auc"]
    if present.age_days > gates.promise_days:
        says = _(
            "the champion (version {version}) is {days} days old and can't be measured any more"
        )
        return Finding(
            "champion", True, says.format(version=present.version, days=present.age_days)
        )
    passed = auc - 0.5 >= gates.keep_share * (present.bar - 0.5)
    says = (
        _("AUC {auc:.3f} keeps up with {bar:.3f} of the champion (version {version})")
        if passed
        else _(
            "AUC {auc:.3f} is less than {bar:.3f}, which the champion (version {version}) promised"
            " {days} days ago: the data got worse, or other"
        )
    )
    return Finding(
        "champion",
        passed,
        says.format(auc=auc, bar=present.bar, version=present.version, days=present.age_days),
        {"ours": auc, "bar": present.bar},
    )


def _shared(tested: pandas.DataFrame, present: Present) -> pandas.DataFrame:
    if present.predicted is None or "cutoff" not in tested:
        return tested.iloc[:0]
    return tested.merge(present.predicted, on=["entity_id", "cutoff"])


def _on_same_rows(shared: pandas.DataFrame, present: Present, gates: Gates) -> Finding:
    y = shared["outcome"].to_numpy(dtype=float)
    ours, theirs = (
        average_precision(y, shared[name].to_numpy(dtype=float))
        for name in ("probability", "champion")
    )
    passed = ours >= gates.keep_share * theirs
    says = (
        _("keeps up with the champion (version {version})")
        if passed
        else _("is worse than the champion (version {version})")
    )
    figures = _(
        ": average precision {ours:.3f} against {theirs:.3f} on {rows} rows that neither has seen"
    )
    return Finding(
        "champion",
        passed,
        says.format(version=present.version)
        + figures.format(ours=ours, theirs=theirs, rows=len(shared)),
        {"ours": ours, "theirs": theirs, "rows": float(len(shared))},
    )


def _losses(y: NDArray[Any], probability: NDArray[Any]) -> NDArray[Any]:
    """Log loss (nats) per row."""
    import numpy as np

    p = _inside(probability)
    return np.asarray(-(y * np.log(p) + (1 - y) * np.log(1 - p)))


def _inside(probability: NDArray[Any]) -> NDArray[Any]:
    """Keep probabilities a millionth away from 0 and 1."""
    import numpy as np

    return np.asarray(np.clip(probability, 1e-6, 1 - 1e-6))
