"""The model card of a version, in German and English (after Mitchell et al. 2019)."""

from __future__ import annotations

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
    candidate: Candidate, frame: pandas.DataFrame, importance: pandas.DataFrame, night: str
) -> str:
    """Write the card as Markdown: first in German, then in English.

    Args:
        candidate: what was trained.
        frame: the rows that it learnt from.
        importance: `name` (of the feature), largest share first.
        night: of the training.

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
            _facts(candidate, frame, importance, night, language)
        )
        for language in LANGUAGES
    )


def auc_of(candidate: Candidate) -> tuple[float, float, float]:
    """AUC on unseen rows with its 95 % interval, by the standard error over folds if it is wider.

    Folds share training rows and an entity may have several test rows: the wider of the two
    intervals promises less.
    """
    auc = candidate.metrics["auc"]
    _auc, low, high = curves.auc_interval(curves.unseen(candidate.tested))
    half = max(1.96 * candidate.metrics.get("auc_error", 0.0), (high - low) / 2)
    return auc, max(0.0, auc - half), min(1.0, auc + half)


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
        "left_out": getattr(candidate, "left_out", {}),
        "fairness": "",
    }
