"""The model card of a version, in German and English (after Mitchell et al. 2019)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.learning.candidates import Candidate
from ml.reasons.wording import LANGUAGES, Language
from ml.registry import curves

if TYPE_CHECKING:
    import pandas

_RIVALS = {
    "baseline_auc": {"de": "bestes einzelnes Merkmal", "en": "best single feature"},
    "rules_1_auc": {"de": "Regeln der Stufe 1", "en": "rules of stage 1"},
    "rules_2_auc": {"de": "Regeln der Stufe 2", "en": "rules of stage 2"},
}
FEATURES_SHOWN = 8


def write_card(
    candidate: Candidate,
    frame: pandas.DataFrame,
    importance: pandas.DataFrame,
    night: str,
    compared: Sequence[Mapping[str, Any]],
) -> str:
    """Write the card as Markdown: first in German, then in English.

    Args:
        candidate: what was trained.
        frame: the rows that it learnt from.
        importance: `name` (of the feature), largest share first.
        night: of the training.
        compared: groups of customers with their `verdict` (`ml.judging.fairness.Comparison`).

    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # The text is Markdown; MLflow's page cleans what it renders.
    environment = Environment(  # noqa: S701
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return "\n".join(
        environment.get_template(f"card.{language}.md.j2").render(
            _facts(candidate, frame, importance, night, language) | _fairness(compared)
        )
        for language in LANGUAGES
    )


def auc_of(candidate: Candidate) -> tuple[float, float, float]:
    """AUC on unseen rows with its 95 % interval over the folds; with one fold that of its rows."""
    metrics = candidate.metrics
    if "auc_low" in metrics:
        return metrics["auc"], metrics["auc_low"], metrics["auc_high"]
    return curves.auc_interval(curves.unseen(candidate.tested))


def _facts(
    candidate: Candidate,
    frame: pandas.DataFrame,
    importance: pandas.DataFrame,
    night: str,
    language: Language,
) -> dict[str, Any]:
    spec, metrics = candidate.spec, candidate.metrics

    def said(value: float, digits: int = 3) -> str:
        text = f"{value:.{digits}f}"
        return text.replace(".", ",") if language == "de" else text

    def text(value: object, otherwise: str) -> str:
        return str(getattr(value, language, otherwise))

    auc, low, high = auc_of(candidate)
    target = frame[spec.target.column]
    has_days = "cutoff" in frame
    return {
        "title": text(spec.title, spec.name),
        "decision": text(spec.decision, ""),
        "purpose": text(spec.purpose, "–"),
        "target": text(spec.target.title, spec.target.column),
        "rows": len(frame),
        "entities": frame["entity_id"].nunique() if "entity_id" in frame else len(target),
        "first": f"{frame['cutoff'].min():%Y-%m-%d}" if has_days else "",
        "last": f"{frame['cutoff'].max():%Y-%m-%d}" if has_days else "",
        "base_rate": f"{said(100 * metrics['base_rate'], 0)} %",
        "night": night,
        "is_forward": "cutoff" in candidate.tested,
        "auc": said(auc),
        "auc_low": said(low),
        "auc_high": said(high),
        "log_loss": said(metrics["log_loss"]),
        "calibration_error": said(metrics["calibration_error"]),
        "rivals": [
            {"name": names[language], "auc": said(metrics[key])}
            for key, names in _RIVALS.items()
            if key in metrics
        ],
        "candidate": candidate.name.replace("_", " "),
        "kind": spec.candidates[candidate.name].kind,
        "features": [
            text(spec.features[name].title, name)
            for name in importance["name"].head(FEATURES_SHOWN)
        ],
        "left_out": candidate.left_out,
    }


def _fairness(compared: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    counts = Counter(str(one["verdict"]) for one in compared)
    failed = [f"{one['group']} {one['value']}" for one in compared if one["verdict"] == "failed"]
    return {"passed": counts["passed"], "small": counts["too small"], "failed": failed}
