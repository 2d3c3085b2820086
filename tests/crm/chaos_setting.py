"""What a run of `tests.crm.chaos` begins with: `crm.yml`, what goes wrong how often, customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from crm import Score
from crm.records import Target
from tests.crm.fakes.serving import Fault

RATES: Final[Mapping[Fault, float]] = {
    "409": 0.02, "429": 0.04, "500": 0.03, "502": 0.02, "503": 0.02, "timeout": 0.03,
    "lost_answer": 0.05, "cut": 0.04,
}  # fmt: skip
CONFIG: Final = """
connector: {name}
create: {{parties: true, opportunities: true}}
find_by: []
batch_size: 4
parallel: 3
attempts: 3
records:
  parties: {{source: crm_companies}}
  opportunities: {{source: crm_deals}}
"""


@dataclass
class Customer:
    """What the warehouse says of one customer or lead."""

    key: str
    target: Target
    crm_ids: list[str] = field(default_factory=list)
    score: Score | None = None
    has_objected: bool = False
    is_listed: bool = True
    parent: str | None = None
