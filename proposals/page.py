"""The page on proposals: per use case what was proposed, what became of it, and what it brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from config import ConfigurationError, Settings
from expectations.specification import read_use_cases
from ml.features.shares import difference
from ml.maturity import stages
from proposals.outcomes import Effect, read_effect
from proposals.rules import Rules, load_rules
from proposals.uses import Action, Text, UseCase, Uses, read_uses
from report import languages, replace_page, template_named
from report.words import Language, Words
from warehouse import open_warehouse

if TYPE_CHECKING:
    import duckdb

NAME: Final = "proposals.html"
TEMPLATE: Final = "proposals.html.j2"
DAYS: Final = 92  # a quarter, as on the page on scores
LATEST: Final = 5  # of what went out: enough to see what it is like, few enough to be read
FEWEST: Final = 20  # customers of a group: below, one moves its share by five points or more


class Counts(NamedTuple):
    """What became of the proposals of an action that were made in the last quarter."""

    proposed: int = 0
    waiting: int = 0
    sent: int = 0
    shown: int = 0
    rejected: int = 0
    ended: int = 0
    control: int = 0


@dataclass(frozen=True, slots=True)
class ActionFacts:
    """An action of a use case; `reasons` counts why people rejected."""

    name: str
    label: Text | None
    counts: Counts
    reasons: Mapping[str, int]
    latest: tuple[tuple[date, str, str, str | None], ...]  # day, title de, title en, customer
    effect: Effect | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class UseFacts:
    """A use case that proposes, or would at a higher stage; `problem`: its YAML cannot be read."""

    name: str
    titles: Mapping[Language, str]
    stage: int
    purpose: Text | None
    actions: tuple[ActionFacts, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A group of customers and the share of whom it happened."""

    name: str
    said: str
    length: int  # percent


@dataclass(frozen=True, slots=True)
class ActionView:
    """An action in one language."""

    label: str
    counts: tuple[tuple[str, str], ...]
    reasons: str
    latest: tuple[str, ...]
    effect_title: str
    bars: tuple[Bar, ...]
    effect: str
    problem: str


@dataclass(frozen=True, slots=True)
class UseView:
    """A use case in one language."""

    name: str
    title: str
    stage: str
    purpose: str
    none: str
    actions: tuple[ActionView, ...]
    problem: str


@dataclass(frozen=True, slots=True)
class PageView:
    """The page in one language."""

    language: Language
    words: Words
    company: str
    night: str
    uses: tuple[UseView, ...]


def page_path(settings: Settings) -> Path:
    """Return where the page lies."""
    return settings.reports / NAME


def write_page(settings: Settings) -> Path:
    """Write the page in one atomic step; the set language comes first.

    It names customers, so only its owner can read it.

    Raises:
        ConfigurationError: `config/proposals.yml` is wrong; the page of before stays.
        warehouse.WarehouseLockedError: another process holds the warehouse.

    """
    rules, uses = load_rules(settings), read_uses(settings)
    with open_warehouse(settings) as connection:
        facts = read_facts(connection, settings, uses)
    views = [view(facts, settings, rules, language) for language in languages(settings)]
    template = template_named(TEMPLATE, Path(__file__).parent)
    return replace_page(page_path(settings), template.render(views=views))


def read_facts(
    connection: duckdb.DuckDBPyConnection, settings: Settings, uses: Uses
) -> list[UseFacts]:
    """Read what became of the proposals of each use case."""
    reached = stages(settings)
    titles: dict[str, Mapping[Language, str]] = {
        use.name: {"de": use.title_de, "en": use.title_en}
        for use in read_use_cases(settings.expectations).use_cases
    }
    found = []
    for use in uses.readable:
        stage = reached.get(use.name, 0)
        actions = tuple(
            _read_action(connection, settings, use, name, action)
            for name, action in use.actions_at(stage).items()
        )
        found.append(UseFacts(use.name, titles.get(use.name, {}), stage, use.purpose, actions))
    found += [
        UseFacts(name, titles.get(name, {}), reached.get(name, 0), None, (), str(error))
        for name, error in uses.broken.items()
    ]
    return sorted(found, key=lambda use: (not use.actions, use.name))


def _read_action(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    use: UseCase,
    name: str,
    action: Action,
) -> ActionFacts:
    since = settings.night - timedelta(days=DAYS)
    counts = connection.execute(
        "select count(*) filter (not is_control), count(*) filter (state in ('open', 'released')),"
        " count(*) filter (state = 'sent'), count(*) filter (state = 'shown'),"
        " count(*) filter (state = 'rejected'), count(*) filter (state = 'ended' and"
        " not is_control), count(*) filter (is_control)"
        " from ops.proposal_states where use_case = ? and action = ? and night > ?",
        [use.name, name, since],
    ).fetchone()
    reasons = connection.execute(
        "select reject_reason, count(*) from ops.proposal_states where use_case = ? and action = ?"
        " and night > ? and state = 'rejected' and reject_reason is not null"
        " group by reject_reason order by 2 desc, 1",
        [use.name, name, since],
    ).fetchall()
    latest = connection.execute(
        "select coalesce(delivered_on, night), title_de, title_en, customers.name"
        " from ops.proposal_states inner join marts.customers using (customer_id)"
        " where use_case = ? and action = ? and state in ('sent', 'shown')"
        " and not has_objected_to_profiling order by 1 desc, proposal_id limit ?",
        [use.name, name, LATEST],
    ).fetchall()
    effect, problem = None, ""
    try:
        effect = read_effect(connection, use.name, name, action, settings.night)
    except ConfigurationError as error:
        problem = str(error)
    told = Counts(*counts) if counts else Counts()
    return ActionFacts(name, action.label, told, dict(reasons), tuple(latest), effect, problem)


def view(
    facts: Sequence[UseFacts], settings: Settings, rules: Rules, language: Language
) -> PageView:
    """Say the facts in one language."""
    words = Words(language)
    told = tuple(_view_use(use, rules, words) for use in facts)
    return PageView(language, words, settings.company, words.day(settings.night), told)


def _view_use(use: UseFacts, rules: Rules, words: Words) -> UseView:
    if use.problem:
        none = ""
    elif not use.stage:
        none = words("proposals_stage_0")
    else:
        none = words("proposals_stage_too_low", stage=use.stage)
    return UseView(
        use.name,
        use.titles.get(words.language, use.name),
        words("score_of_stage", stage=use.stage) if use.stage else "",
        _said(use.purpose, "", words),
        "" if use.actions else none,
        tuple(_view_action(action, rules, words) for action in use.actions),
        use.problem,
    )


def _view_action(action: ActionFacts, rules: Rules, words: Words) -> ActionView:
    counts = tuple(
        (words(f"proposals_{name}"), words.number(count))
        for name, count in action.counts._asdict().items()
        if count or name == "proposed"
    )
    reasons = ", ".join(
        f"{_said(rules.reject_reasons.get(name), name, words)} ({words.number(count)})"
        for name, count in action.reasons.items()
    )
    latest = tuple(
        f"{words.day(on)}: {_naming(de if words.language == 'de' else en, customer)}"
        for on, de, en, customer in action.latest
    )
    effect = action.effect
    return ActionView(
        _said(action.label, action.name, words),
        counts,
        words("proposals_why_rejected", reasons=reasons) if reasons else "",
        latest,
        _said(effect.outcome.label, "", words) if effect else "",
        _bars(effect, words) if effect else (),
        say_effect(effect, words) if effect else "",
        action.problem,
    )


def _bars(effect: Effect, words: Words) -> tuple[Bar, ...]:
    groups = ((words("proposals_addressed"), effect.proposed),
              (words("proposals_left_alone"), effect.control))  # fmt: skip
    return tuple(
        Bar(
            name,
            words(
                "proposals_share",
                share=words.share(group.share),
                happened=words.number(group.happened),
                customers=words.number(group.customers),
            ),
            round(100 * group.share),
        )
        for name, group in groups
        if group.customers
    )


def say_effect(effect: Effect, words: Words) -> str:
    """Say whether the action brought something, or why that cannot be told yet.

    The interval of the difference is Newcombe's (1998, method 10) at 95 %.
    """
    days, proposed, control = effect.outcome.days, effect.proposed, effect.control
    if not proposed.customers:
        return words("proposals_effect_pending", days=days, count=words.number(effect.pending))
    if not control.customers:
        return words("proposals_effect_no_control", days=days)
    if min(proposed.customers, control.customers) < FEWEST:
        return words("proposals_effect_few", days=days, fewest=FEWEST)
    low, high = difference(proposed.share, proposed.customers, control.share, control.customers)
    values = {
        "days": days,
        "points": _points(proposed.share - control.share, words),
        "low": _points(low, words),
        "high": _points(high, words),
    }
    if low > 0:
        return words("proposals_effect_more", **values)
    if high < 0:
        return words("proposals_effect_less", **values)
    return words("proposals_effect_open", **values)


def _naming(title: str, customer: str | None) -> str:
    return title if not customer or customer in title else f"{customer}: {title}"


def _points(difference_of_shares: float, words: Words) -> str:
    """Write a difference of shares in percentage points."""
    text = f"{100 * difference_of_shares:+.1f}".replace("-", "−")
    return text.replace(".", ",") if words.language == "de" else text


def _said(text: Text | None, other: str, words: Words) -> str:
    return getattr(text, words.language) if text else other
