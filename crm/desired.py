"""What the warehouse wants the CRM to show: the views `sync.sync_crm__*` as rows.

The fields that are ours are the same in every CRM, so one pair of views serves them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

import duckdb

from config import Settings
from config.language import _
from crm.config import CrmConfig, Lookup
from crm.errors import CrmError
from crm.fields import TEXT_LENGTH, Score
from crm.records import TARGETS, Row, Target, target_name
from warehouse import open_warehouse

MASTER: Final[dict[Target, tuple[str, ...]]] = {
    "parties": (
        "name", "street", "postcode", "city", "country_code", "email", "phone", "website",
        "vat_id", "customer_no",
    ),
    "opportunities": (
        "title", "amount", "created_on", "lead_stage", "owner", "contact_email", "contact_name",
    ),
}  # fmt: skip
"""What a record gets when the push creates it; never written again."""
LOOKUPS: Final[tuple[Lookup, ...]] = ("vat_id", "customer_no", "website", "email")


def read_rows(
    settings: Settings,
    config: CrmConfig,
    next_steps: Mapping[str, str],
    proposals: Mapping[str, str] | None = None,
) -> dict[Target, list[Row]]:
    """Return the rows to show, ordered by key; `next_steps` and `proposals` by key.

    Raises:
        CrmError: the views are not built yet, or a key comes twice.

    """
    found: dict[Target, list[Row]] = {}
    with open_warehouse(settings) as warehouse:
        for target in TARGETS:
            try:
                cursor = warehouse.execute(f"select * from sync.sync_crm__{target} order by key")
            except duckdb.CatalogException as error:
                raise CrmError(
                    _("The warehouse has no scores to show yet: run `reifegrad build` first.")
                ) from error
            names = [column[0] for column in cursor.description or []]
            found[target] = [
                to_row(config, target, dict(zip(names, values, strict=True)), next_steps, proposals)
                for values in cursor.fetchall()
            ]
            require_unique(target, found[target])
    return found


def to_row(
    config: CrmConfig,
    target: Target,
    values: dict[str, Any],
    next_steps: Mapping[str, str],
    proposals: Mapping[str, str] | None = None,
) -> Row:
    """Return one row of the view as what should be shown."""
    score = to_score(config, values)
    if score and (step := next_steps.get(values["key"])):
        score = score.model_copy(update={"next_step": _fitting(step)})
    return Row(
        key=values["key"],
        score=score,
        crm_ids=_own_ids(config, target, values["record_ids"] or []),
        # An opportunity has none of its own: its customer's number would find others of theirs.
        lookups={by: values[by] for by in LOOKUPS if target == "parties" and values.get(by)},
        customer_no=values["customer_no"] if target == "parties" else None,
        master={name: values[name] for name in MASTER[target]},
        parent=values.get("customer_key"),
        has_objected=values["has_objected"],
        worth=values["expected_amount"],
        proposals=(proposals or {}).get(values["key"]),
    )


def _fitting(text: str) -> str:
    """Cut a text to what a text field of every CRM holds."""
    return text if len(text) <= TEXT_LENGTH else f"{text[: TEXT_LENGTH - 1].rstrip()}…"


def to_score(config: CrmConfig, values: dict[str, Any]) -> Score | None:
    """Return the score of a row, if it has one."""
    if values["points"] is None:
        return None
    valid_until = values["scored_on"] + timedelta(days=config.valid_days)
    own = {name: values.get(name) for name in Score.model_fields}
    # The CRM trims texts; untrimmed they would look changed every night.
    own |= {"reasons": (values["reasons"] or "").strip(), "valid_until": valid_until}
    return Score(**own)


def require_unique(target: Target, rows: list[Row]) -> None:
    """Make sure that no key comes twice.

    Raises:
        CrmError: one does; names it.

    """
    for first, second in pairwise(rows):
        if first.key == second.key:
            raise CrmError(
                _(
                    "The key {key} comes twice among the {target} to show: run `reifegrad"
                    " build`, its tests name the cause."
                ).format(key=first.key, target=target_name(target))
            )


def _own_ids(config: CrmConfig, target: Target, record_ids: list[str]) -> tuple[str, ...]:
    """Return the CRM's ids among the source records, which are named `<source>:<id>`."""
    source = getattr(config.records, target)
    if source is None:
        return ()
    prefix = f"{source.source}:"
    return tuple(
        sorted(record.removeprefix(prefix) for record in record_ids if record.startswith(prefix))
    )
