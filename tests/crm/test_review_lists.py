"""The lists that a push leaves for people: duplicates in the CRM, and refused records."""

from __future__ import annotations

from typing import Any

from openpyxl import load_workbook

from config.language import use_language
from crm import Outcome, Record, Row, prepare, push_through
from crm.duplicates import find_duplicates, read_cards, write_duplicates
from crm.refusals import FILE as REJECTED
from tests.crm.conftest import CRM
from tests.crm.memory_crm import MemoryCrm
from warehouse import open_warehouse

CARDS = {
    "7": {"name": "Müller GmbH", "city": "Köln", "vat_id": "DE1", "phone": "0221 1234567"},
    "8": {
        "name": "Müller Gmbh.",
        "city": "Köln",
        "vat_id": "DE 1",
        "phone": "+49 221 123-4567",
        "street": "A 1",
    },
    "9": {"name": "Mueller", "city": None, "vat_id": None, "phone": None},
}


def cells(path) -> list[list[Any]]:
    return [list(row) for row in load_workbook(path).worksheets[0].iter_rows(values_only=True)]


def test_a_customer_twice_in_the_crm_is_listed_with_why_and_which_to_keep(tmp_path):
    use_language("en")
    rows = [
        Row(key="C1", score=None, crm_ids=("7", "8"), worth=50.0, master={"name": "Müller"}),
        Row(key="C2", score=None, crm_ids=("9", "8"), worth=900.0),
        Row(key="C3", score=None, crm_ids=("9", "7")),
    ]
    live = {i: Record(crm_id=f"crm{i}") for i in ("7", "8", "9")}
    exported = live | {"9": live["8"]}  # merged meanwhile: the same record, no duplicate of it
    found = find_duplicates(rows, exported, CARDS)
    assert [(one.row.key, one.keep, one.other) for one in found] == [
        ("C1", "8", "7"),
        ("C3", "7", "9"),
    ]
    assert found[0].why_same == "The same: name, town, telephone, VAT id"
    path = tmp_path / "review" / "list.xlsx"
    write_duplicates(path, found)
    assert cells(path)[1][:3] == ["Müller", None, "8"]
    write_duplicates(path, [])
    assert not path.exists()


def test_the_cards_come_from_the_source_by_its_own_keys(settings):
    with open_warehouse(settings) as warehouse:
        warehouse.execute(
            "create schema intermediate; create table intermediate.int_company_records as select"
            " 'crm:7' as record_id, 'A' as name, null as street, null as postcode, 'B' as city,"
            " null as phone, null as email, null as website, null as vat_id"
        )
    assert read_cards(settings, "crm", ["7", "8"])["7"]["city"] == "B"
    assert list(read_cards(settings, "crm", ["7", "8"])) == ["7"]


def test_refused_records_are_listed_in_plain_words_until_they_go_through(settings, show, score):
    use_language("en")
    memory = MemoryCrm()
    memory.refuses = {"C2"}
    show({"C1": score(10), "C2": score(20)})
    (refused,) = [c for c in push_through(memory, settings) if c.refused]
    assert (refused.key, refused.refused) == ("C2", "no C2")
    _header, row = cells(settings.review / REJECTED)
    assert row[:4] == ["customer", "Müller & Söhne C2", "12", "(to be created)"]
    assert row[5] == "no C2"
    memory.refuses = set()
    push_through(memory, settings)
    assert not (settings.review / REJECTED).exists()


def test_one_bad_row_of_a_partial_success_is_told_and_the_others_are_confirmed(
    settings, show, score, read_ledger
):
    class Partial(MemoryCrm):
        def create(self, target, changes):
            good = [change for change in changes if change.key != "C2"]
            done = dict(zip([c.key for c in good], super().create(target, good), strict=True))
            bad = Outcome(refused="STRING_TOO_LONG", kind="too_long")
            return [done.get(change.key, bad) for change in changes]

    show({"C1": score(10), "C2": score(20), "C3": score(30)})
    changes = {c.key: c for c in push_through(Partial(), settings)}
    assert (changes["C2"].refused, changes["C2"].refusal) == ("STRING_TOO_LONG", "too_long")
    assert {key for (key,) in read_ledger("key")} == {"C1", "C3"}


def test_a_push_that_waits_for_a_person_clears_objections_and_shows_what_it_would_do(
    settings, show, score, monkeypatch
):
    memory = MemoryCrm()
    monkeypatch.setattr("crm.pushing.open_connector", lambda _settings, _config: memory)
    assert prepare(settings) is None  # no approval is wanted
    show({"C1": score(90), "C2": score(20)})
    push_through(memory, settings)
    (settings.config / "crm.yml").write_text(CRM + "approval: person\n", encoding="utf-8")
    assert prepare(settings) is None  # nothing to write
    show({"C1": None, "C2": score(60)})
    with open_warehouse(settings) as warehouse:
        warehouse.execute("update sync.sync_crm__parties set has_objected = true where key = 'C1'")
    preview = prepare(settings)
    assert preview is not None
    assert memory.records["parties"]["id-C1"].values["points"] is None
    assert memory.records["parties"]["id-C2"].values["points"] == 20
    (example,) = preview.examples
    assert (example["name"], example["before"], example["after"]) == (
        "Müller & Söhne C2",
        20,
        60,
    )
    assert preview.counts["parties"]["change"] == 1


def test_who_is_asked_reads_what_a_guard_finds_and_no_command_to_type(
    settings, show, score, monkeypatch
):
    memory = MemoryCrm()
    monkeypatch.setattr("crm.pushing.open_connector", lambda _settings, _config: memory)
    (settings.config / "crm.yml").write_text(CRM + "approval: person\n", encoding="utf-8")
    show({f"C{i:02}": score(90) for i in range(25)})
    push_through(memory, settings)
    show({f"C{i:02}": None for i in range(25)})
    preview = prepare(settings)
    assert preview is not None
    assert preview.warning == (
        "25 of 25 scores of customers would be cleared, more than the 20 % of config/crm.yml"
        " (25 × no score tonight)."
    )


def test_only_one_customer_is_written_where_a_person_says_so(settings, show, score):
    memory = MemoryCrm()
    show({"C1": score(10), "C2": score(20)}, {"L2": score(70)})
    done = push_through(memory, settings, only="söhne c2")
    assert sorted((c.target, c.key) for c in done) == [("opportunities", "L2"), ("parties", "C2")]
    assert set(memory.records["parties"]) == {"id-C2"}


def test_a_field_that_a_person_changed_is_kept_until_it_is_taken_back(settings, show, score):
    memory = MemoryCrm()
    show({"C1": score(10)})
    push_through(memory, settings)
    memory.edit("id-C1", band="high")
    show({"C1": score(30)})
    (change,) = push_through(memory, settings)
    assert (change.action, change.kept) == ("change", ("band",))
    shown = memory.records["parties"]["id-C1"].values
    assert (shown["points"], shown["band"]) == (30, "high")
    (change,) = push_through(memory, settings)
    assert (change.action, change.kept) == ("conflict", ("band",))
    push_through(memory, settings, overwrite=True)
    assert memory.records["parties"]["id-C1"].values["band"] == "low"
