"""Which way is used, and whether it may judge texts: held against words and against no model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from config.language import _
from ml.judging.gate import Finding
from ml.text.learning import Method, Trial
from ml.text.spec import TextSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SEED: Final = 0


@dataclass(frozen=True)
class Choice:
    """The way that is used, and why."""

    method: Method
    tested: Trial
    says: str


def choose(words: Trial, vectors: Trial | None, labels: NDArray[Any]) -> Choice:
    """Take the vectors only where they promise surely better than the words: these cost nothing.

    Better is a smaller log loss, by more than the standard error of the difference over the texts.
    """
    if vectors is None:
        says = _("by words, AUC {auc:.3f}").format(auc=words.auc)
        return Choice("words", words, says)
    import numpy as np

    saved = _losses(words, labels) - _losses(vectors, labels)
    error = float(saved.std(ddof=1) / np.sqrt(len(saved)))
    better = float(saved.mean()) > error
    told = (
        _("by embedding, AUC {embedding:.3f} (by words {words:.3f})")
        if better
        else _("by words, AUC {words:.3f} (embedding {embedding:.3f}, not surely better)")
    )
    says = told.format(embedding=vectors.auc, words=words.auc)
    return Choice("embedding", vectors, says) if better else Choice("words", words, says)


def judge(choice: Choice, labels: NDArray[Any], spec: TextSpec) -> list[Finding]:
    """Hold a model against the gate: size, AUC, and whether it surely knows more than the share.

    The plain baseline is to call every text what most are: AUC 0.5, the log loss of the share.
    """
    import numpy as np

    gate, positives = spec.gate, int(labels.sum())
    least = min(positives, len(labels) - positives)
    size = _("{positives} of {count} texts are positive, the gate wants {least} of each").format(
        positives=positives, count=len(labels), least=gate.least_of_each
    )
    low, high = _interval(choice.tested, labels, spec)
    auc = _("AUC {auc:.3f} ({low:.3f} to {high:.3f}), the gate wants {wanted}").format(
        auc=choice.tested.auc, low=low, high=high, wanted=gate.min_auc
    )
    share = labels.mean()
    unknowing = -(share * np.log(share) + (1 - share) * np.log(1 - share))
    beyond = _("log loss {loss:.3f}, of calling all alike {plain:.3f}").format(
        loss=choice.tested.log_loss, plain=unknowing
    )
    return [
        Finding("size", least >= gate.least_of_each, size),
        Finding("rules", choice.tested.auc >= gate.min_auc and low > 0.5, auc),
        Finding("rules", choice.tested.log_loss < unknowing, beyond),
    ]


def figures(
    choice: Choice, words: Trial, vectors: Trial | None, labels: NDArray[Any], spec: TextSpec
) -> dict[str, float]:
    """Return what is kept of a test in MLflow."""
    low, high = _interval(choice.tested, labels, spec)
    found = {
        "auc": choice.tested.auc, "auc_low": low, "auc_high": high,
        "log_loss": choice.tested.log_loss, "texts": float(len(labels)),
        "positive_share": float(labels.mean()), "words_auc": words.auc,
        "words_log_loss": words.log_loss,
    }  # fmt: skip
    if vectors:
        found |= {"embedding_auc": vectors.auc, "embedding_log_loss": vectors.log_loss}
    return found


def _losses(tested: Trial, labels: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    chance = np.clip(tested.chance, 1e-6, 1 - 1e-6)
    losses: NDArray[Any] = -np.where(labels, np.log(chance), np.log(1 - chance))
    return losses


def _interval(tested: Trial, labels: NDArray[Any], spec: TextSpec) -> tuple[float, float]:
    from sklearn.metrics import roc_auc_score

    return resampled(
        lambda rows: float(roc_auc_score(labels[rows], tested.chance[rows])),
        labels, spec.learning.resamples, spec.gate.confidence,
    )  # fmt: skip


def resampled(
    figure: Callable[[NDArray[Any]], float], labels: NDArray[Any], draws: int, confidence: float
) -> tuple[float, float]:
    """Interval of a figure over texts drawn anew, both outcomes as often as there are."""
    import numpy as np

    rng = np.random.default_rng(_SEED)
    kinds = [np.flatnonzero(labels == kind) for kind in (0, 1)]
    drawn = [
        figure(np.concatenate([rng.choice(rows, len(rows)) for rows in kinds]))
        for _draw in range(draws)
    ]
    edge = (1 - confidence) / 2
    low, high = np.quantile(drawn, [edge, 1 - edge])
    return float(low), float(high)
