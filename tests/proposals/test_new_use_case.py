"""A further use case is one YAML, no code: that of the how-to page, and those that we ship."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import yaml

from config import PROJECT_ROOT
from proposals import hand_over, propose
from proposals.uses import UseCase, load_use
from tests.proposals.small_firm import NIGHT

PAGE = PROJECT_ROOT / "docs/how-to/new-proposal.md"
SHIPPED = sorted((PROJECT_ROOT / "proposals").glob("*.yml"))
MAILINGS = PROJECT_ROOT / "proposals/automated_mailings.yml"


def test_the_use_case_of_the_page_works_as_it_stands_there(firm):
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (firm.settings.proposals / "mails.yml").unlink()
    firm.use("email_automation", yaml.safe_load(text))
    firm.customer(*(f"c{n}" for n in range(10)), delivered=NIGHT - timedelta(days=200))
    firm.sql("insert into marts.order_lines select order_id, 'S1', false from marts.orders")
    firm.sql("insert into marts.products values ('S1', 'Filter 7', 'Filter')")
    firm.stage(1, "email_automation")
    assert [one.action for one in propose(firm.settings)] == [None], "below stage 2 nothing"
    firm.stage(2, "email_automation")
    (result,) = propose(firm.settings)
    assert result.new + result.control == 10
    assert firm.decide("Anna Berg")[0].endswith("jemand anderes muss es freigeben.")
    firm.decide("Ben", "Carl")
    assert len(hand_over(firm.settings).lists[0].proposals) == result.new
    (subject,) = firm.sql("select distinct subject from ops.proposals")[0]
    assert subject == "Ist Filter 7 wieder fällig?"


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_mailings_can_be_proposed_at_each_stage(firm, stage):
    """Every column that a text names is there, with and without what may be missing."""
    (firm.settings.proposals / "mails.yml").unlink()
    firm.use(MAILINGS.stem, yaml.safe_load(MAILINGS.read_text(encoding="utf-8")))
    firm.stage(stage, MAILINGS.stem)
    firm.customer("c1", "c2")
    firm.sql("update marts.customers set account_manager = null where customer_id = 'c2'")
    firm.sql("update marts.contacts set given_name = null, family_name = null"
             " where customer_id = 'c2'")  # fmt: skip
    firm.sql("update marts.customers set country_code = 'FR' where customer_id = 'c2'")
    results = propose(firm.settings)
    # a new customer whose first order is here: one mail for its mailbox, not two
    assert sum(one.new for one in results) >= 2
    bodies = dict(firm.sql("select customer_id, min(body) from ops.proposals group by 1"))
    assert all("None" not in body for body in bodies.values())
    assert bodies["c2"].startswith("Hello,\n"), "no name, no gap"
    assert bodies["c1"].startswith("Guten Tag Eva Adler,\n" if stage > 1 else "Guten Tag,\n")
    assert ("Ute Falk" in bodies["c1"]) == (stage > 1)


def test_its_name_is_that_of_a_use_case_with_stages():
    known = {path.stem for path in (PROJECT_ROOT / "expectations").glob("*.yml")}
    assert {path.stem for path in SHIPPED} <= known
    assert SHIPPED
    assert all(isinstance(load_use(path), UseCase) for path in SHIPPED)
