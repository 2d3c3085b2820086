"""What training and applying a model came to, of whatever kind it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from config.language import _
from ml.judging.gate import Finding
from ml.learning.validation import Metrics

Status = Literal["champion", "rejected", "waiting", "unchanged", "skipped", "failed"]


@dataclass(frozen=True)
class Training:
    """The outcome of training one model of `models/`.

    `status`: champion (a new model is in force), rejected (trained, but the one before or the rules
    stay), waiting (it passed, and a person decides), unchanged (same rows, same spec: nothing to
    do), skipped (the data are not there yet), failed (the message says what to mend). `findings`
    are the gate's; `replaces` is the version in force before, None: the rules.
    """

    score: str
    status: Status
    message: str
    version: str | None = None
    candidate: str | None = None
    metrics: Metrics = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    replaces: str | None = None


class TrainingError(Exception):
    """Some models could not be trained; the message names all, `results` holds the others too."""

    def __init__(self, results: list[Training]) -> None:
        """Keep what was done, for whoever tells it."""
        self.results = results
        failed = [f"{one.score}: {one.message}" for one in results if one.status == "failed"]
        super().__init__(_("Not trained: {failures}").format(failures="; ".join(failed)))


@dataclass(frozen=True)
class Applied:
    """What a model that is no score came to tonight.

    `stage` is that of its use case; `method` how the rows were made (the kind's own word, or `none`
    below stage 1); `rows` how many are in force.
    """

    name: str
    stage: int
    method: str
    rows: int
    message: str


class ApplyingError(Exception):
    """Some models failed and keep their rows of an earlier night; `results` holds the others."""

    def __init__(self, problems: dict[str, str], results: list[Applied]) -> None:
        """Keep what was done, for whoever tells it."""
        self.results = results
        told = "; ".join(f"{name}: {problem}".rstrip(".") for name, problem in problems.items())
        super().__init__(
            _("Not applied, what the last night made stays: {problems}.").format(problems=told)
        )
