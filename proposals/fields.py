"""What the CRM's field of proposals says of a customer or lead, as long as it is due.

The push writes it beside the score, by the same rules: what a person changed there stays theirs,
and what is taken back, expired or refused by the law by now disappears.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import groupby
from typing import Final, NamedTuple

from config import Settings
from config.language import _
from proposals import deliveries
from proposals.channels import Released
from proposals.choosing import choose
from proposals.rules import load_rules
from warehouse import open_warehouse

CHANNEL: Final = "crm_field"
LENGTH: Final = 1900
"""Characters of a field: more nobody reads beside a customer. Every CRM holds more."""


class FieldText(NamedTuple):
    """The text of a field and the proposals that it names, a line or more each."""

    text: str
    proposals: tuple[str, ...]


def read_fields(settings: Settings) -> dict[str, FieldText]:
    """Return what is proposed and allowed tonight, by lead_id, or else by customer_id.

    Raises:
        ConfigurationError: `config/proposals.yml` is wrong.
        warehouse.WarehouseLockedError: another process holds the warehouse.

    """
    rules = load_rules(settings)
    with open_warehouse(settings) as connection:
        waiting = deliveries.read_released(connection, settings, [CHANNEL])
        if not waiting:  # perhaps there are no marts yet
            return {}
        allowed = choose(connection, settings, rules, waiting).allowed
    allowed.sort(key=lambda one: (_key(one), one.use_case, one.action, one.expires_on, one.title))
    return {key: _say(list(group)) for key, group in groupby(allowed, key=_key)}


def keep_fields(settings: Settings, connector: str, ids: Collection[str]) -> None:
    """Note that the CRM shows these; of the others that it no longer does."""
    with open_warehouse(settings) as connection:
        deliveries.keep_standing(connection, ids, f"{connector}:field", settings.night)


def _key(one: Released) -> str:
    return one.lead_id or one.customer_id


def _say(proposals: list[Released]) -> FieldText:
    """Put them below each other; what does not fit is counted."""
    lines: list[str] = []
    for place, one in enumerate(proposals):
        line = f"• {' – '.join(part for part in (one.title, *one.reason.splitlines()) if part)}"
        if sum(map(len, lines)) + len(lines) + len(line) > LENGTH - 60:
            told = _("… and {count} more proposals").format(count=len(proposals) - place)
            return FieldText("\n".join([*lines, told]), tuple(_ids(proposals[:place])))
        lines.append(line)
    return FieldText("\n".join(lines), tuple(_ids(proposals)))


def _ids(proposals: list[Released]) -> list[str]:
    return [one.proposal_id for one in proposals]
