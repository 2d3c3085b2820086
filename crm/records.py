"""What passes between the push and a connector."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from config.language import _
from crm.config import Lookup
from crm.fields import SCORE_FIELDS, Score, Values

Target = Literal["parties", "opportunities"]
TARGETS: tuple[Target, ...] = ("parties", "opportunities")  # parents first
Action = Literal["create", "change", "clear", "skip", "conflict"]


def target_name(target: str) -> str:
    """Name what a push writes to in the language in use."""
    return _("customers") if target == "parties" else _("opportunities")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Row(_Frozen):
    """What the warehouse wants the CRM to show for one key (`customer_id` or `lead_id`).

    `crm_ids`: the records that the CRM's own export gives this customer or lead; `lookups`: what
    else it can be found by; `customer_no`: the ERP's number (parties only); `master` is written
    once, when the record is created; `parent` is the customer's key; `has_objected`: to profiling;
    `worth`: euros at stake, for the order of lists; `proposals`: what is proposed, a line each.
    """

    key: str
    score: Score | None
    crm_ids: tuple[str, ...] = ()
    lookups: dict[Lookup, str] = {}
    customer_no: str | None = None
    master: dict[str, Any] = {}
    parent: str | None = None
    has_objected: bool = False
    worth: float | None = None
    proposals: str | None = None

    @property
    def values(self) -> Values:
        """What changes with the nights, as the CRM's fields."""
        score = self.score.values if self.score else dict.fromkeys(SCORE_FIELDS)
        return score | {"proposals": None if self.has_objected else self.proposals}

    @property
    def name(self) -> str | None:
        """How people know the customer or opportunity."""
        return self.master.get("name") or self.master.get("title")


class Record(_Frozen):
    """What the CRM shows on one record now.

    `values`: our fields as in `crm.fields.FIELDS`; `name`: how people know the record;
    `is_active`: False for an archived party and a closed opportunity; `changed_on`: the day of
    its last change by anybody, where the CRM tells; `rivals`: the ids of others that were found
    by the same value of a field that is not the CRM's own id.
    """

    crm_id: str
    values: Values = {}
    name: str | None = None
    is_active: bool = True
    changed_on: date | None = None
    rivals: tuple[str, ...] = ()


RefusalKind = Literal[
    "too_long", "unknown_value", "missing_value", "no_permission", "rule_of_the_crm", "locked",
    "gone", "duplicate", "other",
]  # fmt: skip


class Change(_Frozen):
    """One record and what the push does with it.

    `name`: how people know the customer or opportunity;
    `new_values`: what the record then shows, None for nothing; `writes`: the fields that are sent;
    `kept`: fields of ours that a person changed since the last push, which stay as they are;
    `master`: of a new record; `refused`: the CRM's own words, `refusal` what they mean.
    """

    target: Target
    key: str
    action: Action
    name: str | None = None
    reason: str | None = None
    crm_id: str | None = None
    customer_no: str | None = None
    old_values: Values | None = None
    new_values: Values | None = None
    writes: Values = {}
    kept: tuple[str, ...] = ()
    master: dict[str, Any] | None = None
    has_objected: bool = False
    refused: str | None = None
    refusal: RefusalKind = "other"


class Outcome(NamedTuple):
    """What became of one row of a batch: the CRM's id, or why it was refused.

    `refused`: the CRM's own words; `kind`: what they mean, for a sentence that anybody understands.
    """

    crm_id: str | None = None
    refused: str | None = None
    kind: RefusalKind = "other"


Kind = Literal["task", "note"]
"""What a proposal can become beside a customer."""


class Task(_Frozen):
    """A row of the day's list, or a proposal, as a task in the CRM.

    `key` is the same every time the same task is meant, so that it is not created twice;
    `party_id`, `opportunity_id`: the records that it is about; `owner`: the account manager's name.
    """

    key: str
    subject: str
    note: str
    due_on: date
    party_id: str
    opportunity_id: str | None = None
    owner: str | None = None


class Note(_Frozen):
    """A note beside a customer or an opportunity in the CRM, once.

    `key` is the same every time the same note is meant, so that it is not created twice.
    """

    key: str
    title: str
    text: str
    party_id: str
    opportunity_id: str | None = None


class TaskState(_Frozen):
    """What became of a task in the CRM: `answer` is what a person wrote when closing it."""

    crm_id: str
    is_done: bool
    done_on: date | None = None
    answer: str | None = None
