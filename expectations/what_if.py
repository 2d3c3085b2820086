"""Which stages would be reached if the data were better, worked out from the last measurement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from pydantic import BaseModel, ConfigDict

from config import Settings
from config.language import _
from config.settings import ConfigurationError
from expectations.checks import COUNT_CLASSES, effort, restated
from expectations.history import latest_results
from expectations.results import ExpectationResult
from expectations.specification import Expectation, UseCase, read_use_cases
from expectations.stages import reached_stage
from warehouse import open_warehouse

Kind = Literal["share", "count", "days"]
EXAMPLES = "customers.industry=90%, leads=500, orders.ordered_on=0d, won_leads=60"
KINDS: dict[str, Kind] = {"%": "share", "d": "days", "": "count"}
_FORM = re.compile(r"(?P<target>[a-z0-9_.]+)\s*=\s*(?P<value>\d+(?:\.\d+)?)\s*(?P<unit>%|d|)")


@dataclass(frozen=True)
class Assumption:
    """An assumption: a column, mart or expectation, and the value that would be measured."""

    said: str
    target: str
    kind: Kind
    value: float


class Outlook(BaseModel):
    """The stage of one use case's data now, and under the assumptions.

    `unmet`: the expectations of the stage after that which would still be unmet.
    """

    model_config = ConfigDict(frozen=True)

    use_case: str
    title_de: str
    title_en: str
    stage: int
    stage_then: int
    unmet: tuple[ExpectationResult, ...]


def parse(texts: Sequence[str]) -> list[Assumption]:
    """Read assumptions as they are typed.

    Args:
        texts: `<mart>.<column>=<n>%` (so many records have a good value), `<mart>=<n>` (so many
            records are there), `<mart>.<column>=<n>d` (the newest is so many days old), or the
            name of an expectation before the sign, in its unit.

    Raises:
        ConfigurationError: a text has another form, or a share is above 100 %.

    """
    found = []
    for text in texts:
        match = _FORM.fullmatch(text.strip())
        if match is None:
            raise ConfigurationError(
                _("--what-if {text!r}: write for instance {examples}.").format(
                    text=text, examples=EXAMPLES
                )
            )
        value = float(match["value"])
        kind = KINDS[match["unit"]]
        if kind == "share" and value > 100:
            raise ConfigurationError(
                _("--what-if {text!r}: there is no share above 100 %.").format(text=text)
            )
        if kind == "share":
            value /= 100
        found.append(Assumption(text.strip(), match["target"], kind, value))
    return found


def outlooks(
    cases: Sequence[UseCase],
    results: Sequence[ExpectationResult],
    assumptions: Sequence[Assumption],
) -> list[Outlook]:
    """Tell which stage each use case would reach.

    Args:
        cases: the use cases.
        results: what was measured last; use cases without results are left out.
        assumptions: from `parse`; a later one about the same thing wins.

    Raises:
        ConfigurationError: an assumption concerns nothing that is measured, or in another unit.

    """
    items = {(case.name, item.name): item for case in cases for _, item in case.checks}
    known = [r for r in results if (r.use_case, r.expectation) in items]
    for assumption in assumptions:
        _refuse_without_effect(assumption, list(items.values()))
    assumed = [_assumed(r, items[r.use_case, r.expectation], assumptions) for r in known]
    return [
        _outlook(
            case,
            [r for r in known if r.use_case == case.name],
            [r for r in assumed if r.use_case == case.name],
        )
        for case in cases
        if any(r.use_case == case.name for r in known)
    ]


def look_ahead(settings: Settings, texts: Sequence[str]) -> list[Outlook]:
    """Tell which stages the last measurement would reach under assumptions; writes nothing.

    Args:
        settings: where the warehouse and the YAML files are.
        texts: as `parse` reads them.

    Raises:
        ConfigurationError: an assumption is wrong, or nothing has been measured yet.

    """
    assumptions = parse(texts)
    cases = read_use_cases(settings.expectations).use_cases
    with open_warehouse(settings) as connection:
        results = latest_results(connection)
    if not results:
        raise ConfigurationError(_("Nothing has been measured yet: run `reifegrad assess` first."))
    return outlooks(cases, results, assumptions)


def _outlook(
    case: UseCase, now: Sequence[ExpectationResult], then: Sequence[ExpectationResult]
) -> Outlook:
    reached = reached_stage(then)
    following = min((r.stage for r in then if r.stage > reached), default=None)
    return Outlook(
        use_case=case.name,
        title_de=case.title_de,
        title_en=case.title_en,
        stage=reached_stage(now),
        stage_then=reached,
        unmet=tuple(sorted((r for r in then if r.stage == following and not r.is_met), key=effort)),
    )


def _assumed(
    result: ExpectationResult, item: Expectation, assumptions: Sequence[Assumption]
) -> ExpectationResult:
    for assumption in assumptions:
        if _concerns(assumption, item):
            result = restated(result, item, assumption.value)
    return result


def _concerns(assumption: Assumption, item: Expectation) -> bool:
    if assumption.kind != _kind(item):
        return False
    return assumption.target in _targets(item)


def _kind(item: Expectation) -> Kind:
    if item.type in COUNT_CLASSES:
        return "count"
    return "days" if item.type in ("fresh", "history") else "share"


def _targets(item: Expectation) -> set[str]:
    """Every name under which an assumption may speak of an expectation."""
    names = {item.name}
    if item.type == "rows" and item.mart:
        names.add(item.mart)
    # The age of the newest record says nothing about that of the oldest.
    if item.type not in ("rows", "history"):
        if item.mart and item.column:
            names.add(f"{item.mart}.{item.column}")
        names |= {".".join(item.target)} if item.target else set()
    return names


def _refuse_without_effect(assumption: Assumption, items: Sequence[Expectation]) -> None:
    named = [item for item in items if assumption.target in _targets(item)]
    if any(_concerns(assumption, item) for item in named):
        return
    if named:
        units = {
            "share": _("a share such as 90%"),
            "count": _("a number"),
            "days": _("days such as 0d"),
        }
        wanted = _(" or ").join(sorted({units[_kind(item)] for item in named}))
        raise ConfigurationError(
            _("--what-if {said!r}: {target} is measured as {wanted}.").format(
                said=assumption.said, target=assumption.target, wanted=wanted
            )
        )
    known = sorted(set().union(*map(_targets, items)))
    near = get_close_matches(assumption.target, known, n=3, cutoff=0.5)
    hint = (
        _("Did you mean {names}?").format(names=", ".join(near))
        if near
        else _("Write for instance {examples}.").format(examples=EXAMPLES)
    )
    raise ConfigurationError(
        _("--what-if {said!r}: no expectation measures {target}. {hint}").format(
            said=assumption.said, target=assumption.target, hint=hint
        )
    )
