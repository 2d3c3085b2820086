"""From the facts on scores to the page in one language; pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from report import charts
from report.calls.outcomes import Hints, HintsView, view_hints
from report.score_facts import Broken, Figure, Mistake, ScoreFacts
from report.view import Figure as Picture
from report.words import Language, Words

FEATURES_SHOWN = 6  # what a person remembers; the rest is in MLflow


@dataclass(frozen=True, slots=True)
class Key:
    """A figure that everybody should know: what it counts, the figure, how sure it is."""

    title: str
    count: str
    said: str
    sure: str


@dataclass(frozen=True, slots=True)
class Weight:
    """A feature as people call it, its bar (percent of the longest) and its share of pushes."""

    feature: str
    length: int
    share: str


@dataclass(frozen=True, slots=True)
class State:
    """A sentence on how the score does, and whether it is good news, an alarm or neither."""

    said: str
    kind: Literal["good", "alarm", "plain"]


@dataclass(frozen=True, slots=True)
class ScoreView:
    """One score in one language; empty parts are not shown."""

    name: str
    title: str
    decision: str
    stage: str
    method: str
    as_of: str  # up to which day the data reached; empty where nothing is scored
    predicts: str
    is_scored: bool
    keys: tuple[Key, ...]  # none where there is nothing to say yet
    few: str
    weights: tuple[Weight, ...]
    curve: Picture | None
    states: tuple[State, ...]
    wrong_note: str
    too_high: tuple[str, ...]
    too_low: tuple[str, ...]
    is_judged: bool
    left_out: tuple[str, ...]
    problem: str


@dataclass(frozen=True, slots=True)
class ScoresView:
    """The page in one language."""

    language: Language
    words: Words
    company: str
    night: str
    scores: tuple[ScoreView, ...]
    broken: tuple[str, ...] = ()
    hints: HintsView | None = None


def make_scores_view(
    found: Sequence[ScoreFacts],
    company: str,
    night: date,
    language: Language,
    broken: Sequence[Broken] = (),
    hints: Hints | None = None,
) -> ScoresView:
    """Say the facts in one language."""
    words = Words(language)
    scores = tuple(_score(one, words) for one in found)
    told = tuple(_broken(one, words) for one in broken)
    seen = view_hints(hints, {score.name: score.title for score in scores}, words)
    return ScoresView(language, words, company, words.day(night), scores, told, seen)


def _broken(one: Broken, words: Words) -> str:
    title = one.title[words.language]
    if one.night is None:
        return words("spec_broken", title=title, problem=one.problem)
    return words("spec_broken_kept", title=title, problem=one.problem, night=words.day(one.night))


def _score(facts: ScoreFacts, words: Words) -> ScoreView:
    spec = facts.spec
    horizon = spec.snapshots.horizon_days if spec.snapshots else 0
    return ScoreView(
        name=spec.name,
        title=_text(spec.title, spec.name, words),
        decision=_text(spec.decision, "", words),
        stage=words("score_of_stage", stage=facts.stage) if facts.scored else "",
        method=_method(facts, words),
        as_of=_as_of(facts, words),
        predicts=words("predicts", target=_target(facts, words)),
        is_scored=facts.scored > 0,
        keys=tuple(_keys(facts, words)) if facts.scored else (),
        few=words("few_at_all"),
        weights=tuple(_weights(facts, words)),
        curve=_curve(facts, words),
        states=tuple(_states(facts, words)) if facts.scored else (),
        wrong_note=words("wrong_note", count=words.number(facts.judged))
        if facts.judged
        else words("wrong_none_known", horizon=horizon),
        too_high=tuple(_mistakes(facts.too_high, words)),
        too_low=tuple(_mistakes(facts.too_low, words)),
        is_judged=facts.judged > 0,
        left_out=tuple(
            words("left_line", feature=_feature(facts, name, words), why=why)
            for name, why in facts.model.get("left_out", {}).items()
        ),
        problem=words("store_problem", problem=facts.problem) if facts.problem else "",
    )


def _text(text: object, otherwise: str, words: Words) -> str:
    return str(getattr(text, words.language, otherwise))


def _target(facts: ScoreFacts, words: Words) -> str:
    return _text(facts.spec.target.title, facts.spec.target.column, words)


def _feature(facts: ScoreFacts, name: str, words: Words) -> str:
    if name == "score":
        return words("score_itself")
    feature = facts.spec.features.get(name)
    return _text(feature.title, name, words) if feature else name


def _method(facts: ScoreFacts, words: Words) -> str:
    if not facts.scored:
        return words("score_not_scored")
    if facts.method == "model":
        since = words.day(facts.since) if facts.since else "–"
        kind = words.kind(facts.candidate)
        return words("score_by_model", version=facts.version, kind=kind, since=since)
    if facts.stage >= 3:
        return words("score_rules_at_3")
    return words("score_by_rules", stage=facts.stage)


def _as_of(facts: ScoreFacts, words: Words) -> str:
    if facts.as_of is None or facts.night is None:
        return ""
    allowed = facts.spec.snapshots.stale_days if facts.spec.snapshots else 0
    days = (facts.night - facts.as_of).days
    name = "data_reach_old" if days > allowed else "data_reach"
    return words(name, day=words.day(facts.as_of), days=words.number(days))


def _keys(facts: ScoreFacts, words: Words) -> Iterable[Key]:
    """Observed figures; those of the test before the model came into use until there are any."""
    keys = [*_bands(facts, words), _auc(facts, words)]
    return keys if any(key.sure for key in keys) else []


def _bands(facts: ScoreFacts, words: Words) -> Iterable[Key]:
    bands = facts.model.get("bands", {})
    for band in ("high", "low"):
        seen, tested = facts.shown.get(f"share_{band}"), bands.get(band)
        if seen is not None and seen.value is not None:
            yield _share(f"figure_{band}", seen, _seen(seen), facts, words)
        elif tested:
            low, high, n = tested["low"], tested["high"], tested["n"]
            figure = Figure(tested["share"], low, high, None, n, is_alarm=False)
            yield _share(f"figure_{band}", figure, "tested_on", facts, words)
        else:
            yield Key(words(f"figure_{band}"), "–", words("few_yet"), "")


def _share(title: str, figure: Figure, basis: str, facts: ScoreFacts, words: Words) -> Key:
    count = _of_100(figure.value)
    said = words("came_true", count=count, target=_target(facts, words))
    return Key(words(title), count, said, _sure(figure, basis, words))


def _auc(facts: ScoreFacts, words: Words) -> Key:
    seen, metrics = facts.shown.get("auc"), facts.model.get("metrics", {})
    title, tested = words("figure_auc"), None
    if "auc_low" in metrics:
        tested = Figure(
            metrics["auc"], metrics["auc_low"], metrics["auc_high"], None, int(metrics["n"]), False
        )
    if seen is not None and seen.value is not None:
        count, sure = _of_100(seen.value), _sure(seen, _seen(seen), words)
        if tested:
            low, high = _of_100(tested.low), _of_100(tested.high)
            sure += "; " + words("promised_auc", count=_of_100(tested.value), low=low, high=high)
    elif tested:
        count, sure = _of_100(tested.value), _sure(tested, "tested_on", words)
    else:
        return Key(title, "–", words("few_yet"), "")
    return Key(title, count, words("pairs_right", count=count), sure)


def _sure(figure: Figure, basis: str, words: Words) -> str:
    between = words("between", low=_of_100(figure.low), high=_of_100(figure.high))
    return f"{between}; {words(basis, count=words.number(figure.n))}"


def _seen(figure: Figure) -> str:
    return "seen_on" if figure.is_own else "seen_before"


def _of_100(share: float | None) -> str:
    return "–" if share is None else str(round(100 * share))


def _weights(facts: ScoreFacts, words: Words) -> Iterable[Weight]:
    shown = facts.model.get("importance", [])[:FEATURES_SHOWN]
    for line in shown:
        share = float(line["share"])
        length = round(100 * share / max(float(shown[0]["share"]), 1e-9))
        yield Weight(_feature(facts, line["name"], words), length, words.share(share))


def _curve(facts: ScoreFacts, words: Words) -> Picture | None:
    bins = facts.model.get("calibration", [])
    if not bins:
        return None
    lines = tuple(
        words(
            "promise_line",
            promised=words.share(one["promised"]),
            observed=words.share(one["observed"]),
        )
        for one in bins
    )
    svg = charts.calibration(bins, words)
    return Picture(words("keeps_promise"), words("promise_note"), svg, lines)


def _states(facts: ScoreFacts, words: Words) -> Iterable[State]:
    for measure in ("auc", "calibration"):
        figure = facts.shown.get(measure)
        if figure is not None and figure.is_alarm:
            yield State(words(f"alarm_{measure}"), "alarm")
    calibration = facts.shown.get("calibration")
    if calibration and calibration.value is not None and not calibration.is_alarm:
        kind = "gap_more" if calibration.value >= 0 else "gap_fewer"
        gap = words(kind, points=_of_100(abs(calibration.value)))
        yield State(words("calibration_good", gap=gap), "good")
    if facts.drift:
        names = ", ".join(_feature(facts, name, words) for name in facts.drift)
        yield State(words("alarm_drift", names=names), "alarm")
    elif facts.watched:
        yield State(words("no_drift", count=facts.watched), "good")
    else:
        yield State(words("drift_not_tested"), "plain")
    if facts.unfair:
        groups = ", ".join(f"{one.group} {one.value}" for one in facts.unfair)
        yield State(words("unfair", groups=groups), "alarm")
    elif facts.compared:
        yield State(words.counted("fair", facts.compared), "good")
    if facts.challenger is not None and facts.challenger.value is not None:
        yield State(words("challenger_said", count=_of_100(facts.challenger.value)), "plain")


def _mistakes(found: Iterable[Mistake], words: Words) -> Iterable[str]:
    for one in found:
        yield words("mistake_line", who=one.name, points=one.points, day=words.day(one.said_on))
