"""Who put which model in force: the gate, or a person who approves, turns down or rolls back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from config import Settings
from config.language import _
from ml import registry
from ml.judging.gate import Finding
from ml.specs.files import model_files
from warehouse import open_warehouse

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

GATE = "gate"
RULES = "rules"
NOBODY = "nobody"
Decision = Literal[
    "champion", "rejected", "waiting", "approved", "turned_down", "unanswered", "rolled_back"
]


class DecisionError(Exception):
    """What was asked for can't be decided; the message says what can."""


@dataclass(frozen=True)
class Version:
    """A trained model as a person compares it with others."""

    score: str
    version: str
    night: str
    candidate: str
    decision: str
    is_champion: bool
    says: str


def record(
    settings: Settings,
    score: str,
    decision: Decision,
    version: str | None,
    replaced: str | None,
    who: str,
    why: str,
) -> None:
    """Write the decision down in `ops.score_decisions`."""
    now = datetime.now(UTC).replace(tzinfo=None)
    with open_warehouse(settings) as connection:
        connection.execute(
            "insert into ops.score_decisions (score, decided_at, decision, version, replaced,"
            " decided_by, why) values (?, ?, ?, ?, ?, ?, ?)",
            [score, now, decision, version, replaced, who, why],
        )


def settle(
    client: MlflowClient,
    settings: Settings,
    name: str,
    version: str,
    findings: Sequence[Finding],
    approval: Literal["automatic", "person"],
    message: str,
) -> tuple[registry.Verdict, str, str | None]:
    """Let the gate's findings decide on a new version, and keep why, in MLflow and the warehouse.

    Returns:
        The verdict; the message and what was decided; the version in force before (None: rules).

    """
    held_by = registry.held_by(client, name)
    stopped = [finding.says for finding in findings if not finding.passed]
    compared_with = "; ".join(f.says for f in findings if f.passed and f.check != "size")
    verdict: registry.Verdict = "champion"
    found = message + _("; passed: {reasons}").format(reasons=compared_with)
    if stopped:
        verdict = "rejected"
        found = message = message + _("; not used: {reasons}").format(reasons="; ".join(stopped))
    elif held_by or approval == "person":
        verdict = "waiting"
        if held_by:
            compared_with += _("; {who} rolled back before").format(who=held_by)
        asked = _("; waits for `reifegrad models approve {score} --version {version}`: {reasons}")
        found = message = message + asked.format(score=name, version=version, reasons=compared_with)
    before = registry.version_in_force(client, name)
    registry.decide(client, name, version, verdict, found)
    record(settings, name, verdict, version, before, GATE, found)
    return verdict, message, before


def approve(
    settings: Settings, score: str, who: str, version: str | None = None, why: str = ""
) -> str:
    """Put the version that waits (or the named one) in force; the next night scores by it.

    A named version may be one that the gate rejected: then say why. Who approves ends what a
    rollback began: later candidates that pass come into force by themselves again.

    Returns:
        A sentence that says what was done.

    Raises:
        DecisionError: nothing waits, there is no such version, or the reason is missing.
        StoreError: MLflow's store can't be used.

    """
    with _open(settings, score) as client:
        chosen = _chosen(client, score, version)
        if chosen.tags.get("decision") == "rejected" and not why:
            raise DecisionError(
                _(
                    "Version {version} did not pass: {says}. Say --why it is used all the same."
                ).format(version=chosen.version, says=registry.says(chosen))
            )
        before = registry.version_in_force(client, score)
        registry.put_in_force(client, score, str(chosen.version))
        registry.release(client, score)
    record(settings, score, "approved", str(chosen.version), before, who, why)
    return _("{score}: version {version} is in force from the next scoring on.").format(
        score=score, version=chosen.version
    )


def turn_down(
    settings: Settings, score: str, who: str, version: str | None = None, why: str = ""
) -> str:
    """Refuse the version that waits; what was in force stays.

    Raises:
        DecisionError: nothing waits, or there is no such version.
        StoreError: MLflow's store can't be used.

    """
    with _open(settings, score) as client:
        chosen = _chosen(client, score, version)
        before = registry.version_in_force(client, score)
        if str(chosen.version) == before:
            raise DecisionError(
                _("Version {version} is in force: `reifegrad models rollback {score}`.").format(
                    version=before, score=score
                )
            )
        registry.mark(client, score, str(chosen.version), "rejected")
    record(settings, score, "turned_down", str(chosen.version), before, who, why)
    return _("{score}: version {version} is turned down.").format(
        score=score, version=chosen.version
    )


def leave_waiting(settings: Settings, score: str, version: str, days: int) -> str:
    """Write down that nobody answered within so many days; the version goes on waiting.

    Raises:
        StoreError: MLflow's store can't be used.

    """
    with _open(settings, score) as client:
        before = registry.version_in_force(client, score)
    told = _("nobody answered within {days} days").format(days=days)
    record(settings, score, "unanswered", version, before, NOBODY, told)
    return _("{score}: {told}; version {version} goes on waiting.").format(
        score=score, told=told, version=version
    )


def roll_back(
    settings: Settings, score: str, who: str, to: str | None = None, why: str = ""
) -> str:
    """Put an earlier version in force again, or the rules; the next night scores by it.

    From then on a candidate that passes waits for `approve`: else the next training would put in
    again what a person took out.

    Args:
        settings: say where everything is.
        score: name in `models/`.
        who: the person.
        to: a version, or `rules`; default: the champion before the present one.
        why: the reason, for the record.

    Raises:
        DecisionError: there is no such version, or it is in force already.
        StoreError: MLflow's store can't be used.

    """
    with _open(settings, score) as client:
        before = registry.version_in_force(client, score)
        target = _earlier(client, score, before) if to is None else to
        if target == (before or RULES):
            told = _("{score}: {version} is in force already.")
            raise DecisionError(told.format(score=score, version=target))
        registry.hold(client, score, who)
        if target == RULES:
            registry.put_in_force(client, score, None)
        else:
            registry.put_in_force(client, score, str(_chosen(client, score, target).version))
        if before:
            registry.mark(client, score, before, "rejected")
    record(settings, score, "rolled_back", None if target == RULES else target, before, who, why)
    told = _(
        "{score}: {what} from the next scoring on, instead of {before}. New candidates wait for"
        " `reifegrad models approve {score}`."
    )
    return told.format(score=score, what=_named(target), before=_named(before or RULES))


def _named(version: str) -> str:
    if version == RULES:
        return _("the rules of stage 2")
    return _("version {version}").format(version=version)


def list_versions(settings: Settings, score: str | None = None) -> list[Version]:
    """List the trained models of a score, or of all, the newest first.

    Raises:
        SpecError: there is no such score.
        StoreError: MLflow's store can't be used.

    """
    names = [path.stem for path, _kind in model_files(settings, [score] if score else None)]
    if not registry.is_used(settings):
        return []
    found = []
    with registry.tracking(settings) as client:
        for name in names:
            before = registry.version_in_force(client, name)
            found += [
                Version(
                    name,
                    str(version.version),
                    version.tags.get("night", ""),
                    version.tags.get("candidate", ""),
                    version.tags.get("decision", ""),
                    str(version.version) == before,
                    registry.says(version),
                )
                for version in registry.versions(client, name)
            ]
    return found


@contextmanager
def _open(settings: Settings, score: str) -> Iterator[MlflowClient]:
    model_files(settings, [score])
    if not registry.is_used(settings):
        raise DecisionError(
            _("{score}: no model has been trained yet: `reifegrad train {score}`.").format(
                score=score
            )
        )
    with registry.tracking(settings) as client:
        yield client


def _chosen(client: MlflowClient, score: str, version: str | None) -> ModelVersion:
    """Find the named version, or the newest that waits."""
    there = registry.versions(client, score)
    for found in there:
        waits = found.tags.get("decision") == "waiting"
        if version == str(found.version) or (version is None and waits):
            return found
    if version is None:
        raise DecisionError(
            _(
                "{score}: no version waits; name one with --version, `reifegrad models list` shows"
                " them."
            ).format(score=score)
        )
    names = ", ".join(str(found.version) for found in reversed(there)) or _("none")
    raise DecisionError(
        _("{score}: there is no version {version}; there are {names}.").format(
            score=score, version=version, names=names
        )
    )


def _earlier(client: MlflowClient, score: str, before: str | None) -> str:
    """Find the champion before the present one."""
    for found in registry.versions(client, score):
        is_older = before is None or int(found.version) < int(before)
        if is_older and found.tags.get("decision") == "champion":
            return str(found.version)
    raise DecisionError(
        _(
            "{score}: there was no champion before; `--to rules` scores by the rules of stage 2"
            " again."
        ).format(score=score)
    )
