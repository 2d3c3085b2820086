"""How many calls a push takes: as many as the CRM's batches are full, and no more."""

from __future__ import annotations

import pytest

from crm.records import Row
from tests.crm.kit.hubspot import HubSpotUnderTest


@pytest.mark.parametrize("crm_name", ["hubspot"], indirect=True)
def test_calls_grow_with_the_batches_and_a_night_without_news_writes_nothing(
    nights, crm: HubSpotUnderTest, settings, score, monkeypatch
):
    ids = [crm.add("parties", f"Firma {number}") for number in range(250)]

    def night(changed: int) -> list[str]:
        rows = [
            Row(
                key=f"C{place:03}",
                score=score(60 if place < changed else 50),
                crm_ids=(crm_id,),
                customer_no="1",
            )
            for place, crm_id in enumerate(ids)
        ]
        wanted = {"parties": rows, "opportunities": []}
        monkeypatch.setattr("crm.pushing.read_rows", lambda *_: wanted)
        monkeypatch.setattr("crm.pushing._list_duplicates", lambda *_: None)
        crm.server.log.clear()
        nights.push(force=True)
        return [call.path.rsplit("/", 1)[-1] for call in crm.server.log.calls]

    writes = [night(changed).count("update") for changed in (0, 0, 101, 100)]
    assert writes == [3, 0, 2, 1]  # ⌈k / 100⌉; the last one changes one back
    calls = night(100)
    # What shows a score is searched, 200 a call, and read, 100 a call; nothing is read twice.
    assert (calls.count("search"), calls.count("read"), calls.count("update")) == (2 + 1, 3, 0)
