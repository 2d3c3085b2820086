"""Why records are one customer: links that hold each customer together, the strongest first."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime

import pandas as pd
import pytest

from identity.decisions import Decision
from identity.links import ALIKE, SAYS
from identity.resolve import resolve_with_doubts

VAT = "DE136695976"
ROWS = [
    ("erp:1", "Nordwerk Zahnrad GmbH", "Hafenstraße 1", "24103", "Kiel", VAT),
    ("crm:1", "NW Antriebe", "Werftweg 9", "24105", "Kiel", "DE 136 695 976"),
    ("crm:2", "Südhang Pumpen AG", "Talweg 3", "88400", "Biberach", None),
    ("web:2", "Südhang Pumpen AG", "Talweg 3", "88400", "Biberach", None),
    ("fair:2", "Südhang Pumpen AG", "Talweg 3", "88400", "Biberach", None),
    ("crm:3", "Ostrach Blechbau KG", "Am Ried 5", "88356", "Ostrach", None),
    ("fair:3", "Blechbau Ostrach", None, None, None, None),
    *((f"erp:{n}", f"Firma {n}", f"Gasse {n}", f"7{n}", "Ulm", None) for n in range(1000, 1040)),
]
DECIDED = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)


@pytest.fixture(scope="module")
def resolved() -> pd.DataFrame:
    columns = ["record_id", "name", "street", "postcode", "city", "vat_id"]
    records = pd.DataFrame(ROWS, columns=columns, dtype=object)
    records["source"] = records["record_id"].str.split(":").str[0]
    decisions = [Decision("crm:3", "fair:3", "same", DECIDED)]
    found, _ = resolve_with_doubts(records, decisions, [], date(2026, 1, 2))
    return found.set_index("record_id")


def link(resolved: pd.DataFrame, record: str, other: str) -> pd.Series:
    """The link between two records, whichever of them has it."""
    for a, b in ((record, other), (other, record)):
        if resolved.loc[a, "linked_to"] == b:
            return resolved.loc[a]
    raise AssertionError(resolved.loc[[record, other]].to_string())


def test_an_exact_key_and_a_decision_are_named(resolved: pd.DataFrame) -> None:
    key = link(resolved, "crm:1", "erp:1")
    assert (key["link_de"], key["link_en"]) == (f"gleiche USt-IdNr. {VAT}", f"same VAT id {VAT}")
    assert link(resolved, "crm:3", "fair:3")["link_en"] == "decided by people"


def test_records_that_read_alike_say_so_however_many(resolved: pd.DataFrame) -> None:
    alike = resolved.loc[["crm:2", "web:2", "fair:2"]]
    assert alike["customer_id"].nunique() == 1
    assert list(alike["link_de"].dropna()) == [SAYS[ALIKE][0]] * 2


def test_links_hold_each_customer_together_with_one_less_than_it_has_records(
    resolved: pd.DataFrame,
) -> None:
    tied = resolved["linked_to"].dropna()
    assert len(tied) == len(resolved) - resolved["customer_id"].nunique()
    near: dict[str, set[str]] = defaultdict(set)
    for record, other in tied.items():
        assert resolved.loc[record, "customer_id"] == resolved.loc[other, "customer_id"]
        near[str(record)].add(other)
        near[other].add(str(record))
    for _, group in resolved.groupby("customer_id"):
        reached, todo = set(), [group.index[0]]
        while todo:
            record = todo.pop()
            reached.add(record)
            todo += near[record] - reached
        assert reached == set(group.index)
