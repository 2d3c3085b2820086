"""The use cases chatbot (recommendations) and e-mail automation, as we ship them."""

from __future__ import annotations

import csv
import random
from datetime import timedelta

import pytest
import yaml

from config import PROJECT_ROOT
from ml.recommend.spec import load
from proposals import hand_over, propose
from tests.proposals.small_firm import NIGHT

DDL = """
alter table marts.orders add column promised_on date;
alter table marts.order_lines add column customer_id varchar;
alter table marts.order_lines add column ordered_on date;
create table marts.recommendations (model varchar, customer_id varchar, kind varchar,
    rank integer, sku varchar, product_name varchar, product_group varchar, due_on date,
    strength double, reason_de varchar, reason_en varchar, method varchar, as_of date);
create table marts.interactions (interaction_id varchar, customer_id varchar, contact_id varchar,
    kind varchar, occurred_at timestamp, detail varchar, email varchar, topic varchar);
create view marts.proposals as select * from ops.proposal_states;
"""


@pytest.fixture
def shop(firm):
    """The firm with the two use cases and nothing else."""
    (firm.settings.proposals / "mails.yml").unlink()
    firm.sql(DDL)
    for name in ("chatbot", "email_automation"):
        text = (PROJECT_ROOT / f"proposals/{name}.yml").read_text(encoding="utf-8")
        firm.use(name, yaml.safe_load(text))
    return firm


def recommend(firm, customer, *, again=(), new=()):
    for kind, skus in (("again", again), ("new", new)):
        for rank, sku in enumerate(skus, 1):
            firm.sql(
                "insert into marts.recommendations values ('recommendation', ?, ?, ?, ?, ?,"
                " 'Lager', ?, 1, 'weil', 'because', 'ease', ?)",
                (customer, kind, rank, sku, f"Teil {sku}", NIGHT if kind == "again" else None,
                 NIGHT),
            )  # fmt: skip


def proposed(firm, action):
    return firm.sql(
        "select customer_id, title_de, reason_de, reason_en, state, body"
        " from ops.proposal_states where action = ? order by all",
        (action,),
    )


def order(firm, customer, number, *, promised, delivered=None):
    firm.sql(
        "insert into marts.orders (order_id, customer_id, order_no, ordered_on, delivered_on,"
        " net_amount, is_cancelled, promised_on) values (?, ?, ?, ?, ?, 100, false, ?)",
        (number, customer, number, promised - timedelta(days=10), delivered, promised),
    )


def click(firm, customer, topic, *, kind="email_click", days=10):
    firm.sql(
        "insert into marts.interactions values (uuid()::varchar, ?, null, ?, ?, null, ?, ?)",
        (customer, kind, NIGHT - timedelta(days=days), f"{customer}@firma.example", topic),
    )


def test_due_again_and_new_stand_apart_three_each_with_their_reason(shop):
    shop.customer("c1", "c2")
    recommend(shop, "c1", again=["A1", "A2", "A3"], new=["N1", "N2", "N3"])
    shop.stage(1, "chatbot")
    propose(shop.settings)
    assert proposed(shop, "again") == [], "below stage 2 nothing"
    shop.stage(2, "chatbot")
    propose(shop.settings)
    again, new = proposed(shop, "again"), proposed(shop, "new")
    assert [row[1] for row in again] == [f"Wieder fällig: Teil A{n} (A{n})" for n in (1, 2, 3)]
    assert again[0][2:5] == (
        "weil; fällig am 02.03.2026", "because; due on 02 Mar 2026", "shown",
    )  # fmt: skip
    assert [row[1] for row in new] == [f"Neu für den Kunden: Teil N{n} (N{n})" for n in (1, 2, 3)]
    propose(shop.settings)
    assert (proposed(shop, "again"), proposed(shop, "new")) == (again, new)


def test_who_objected_is_shown_none(shop):
    shop.customer("c1")
    shop.sql("update marts.customers set has_objected_to_profiling = true")
    recommend(shop, "c1", again=["A1"], new=["N1"])
    shop.stage(3, "chatbot")
    propose(shop.settings)
    assert proposed(shop, "again") + proposed(shop, "new") == []


def test_a_wrong_one_is_a_label_for_the_model(shop):
    """What a salesperson rejects as new is what the model's YAML leaves out the next night."""
    shop.customer("c1")
    recommend(shop, "c1", again=["A1"], new=["N1", "N2"])
    shop.stage(2, "chatbot")
    propose(shop.settings)
    shop.decide("Anna Berg", ids=shop.ids("shown"), is_released=False)
    spec = load(PROJECT_ROOT / "models/recommendation.yml")
    assert sorted(shop.sql(spec.rejected)) == [("c1", "N1"), ("c1", "N2")]
    propose(shop.on(1))
    assert {row[4] for row in proposed(shop, "new")} == {"rejected"}


def test_a_late_delivery_is_told_without_consent_but_not_where_the_file_is_late(shop):
    shop.customer("c1", "c2", consent=False, orders=0)
    order(shop, "c1", "A77", promised=NIGHT - timedelta(days=5))
    order(shop, "c1", "A79", promised=NIGHT + timedelta(days=5))
    shop.stage(1, "email_automation")
    propose(shop.settings)
    assert proposed(shop, "delivery_late") == [], "no delivery of a later day is on record"
    order(shop, "c2", "A78", promised=NIGHT - timedelta(days=2), delivered=NIGHT)
    propose(shop.settings)
    (row,) = proposed(shop, "delivery_late")
    assert row[1] == "Firma c1: Auftrag A77 ist überfällig"
    assert "war für den 25.02.2026 zugesagt" in row[5]
    assert "Nein danke?" not in row[5], "no advertising, no notice of objection"
    assert row[5].startswith("Guten Tag Eva Adler,\n")


def test_interest_is_a_click_or_what_the_firm_buys_never_an_opened_mail(shop):
    shop.customer("c1", "c2", "c4")
    shop.customer("c3", orders=2)
    for group in ("Getriebe", "Lager", "Riemen und Ketten", "Führungen"):
        shop.sql("insert into marts.products values (?, ?, ?)", (group, group, group))
    click(shop, "c1", "getriebe")
    click(shop, "c1", "lager", days=40)
    click(shop, "c1", "karriere", days=1)
    click(shop, "c2", "lager", kind="email_open")
    click(shop, "c2", "riemen ketten", days=20)
    click(shop, "c4", "lager", days=200)
    click(shop, "c4", "kontakt")
    shop.customer("c5")
    click(shop, "c5", "fuehrungen richtig auslegen")
    shop.sql("insert into marts.products values ('S1', 'Filter 7', 'Filter')")
    shop.sql("insert into marts.order_lines select order_id, 'S1', false, customer_id, ordered_on"
             " from marts.orders where customer_id = 'c3'")  # fmt: skip
    shop.stage(2, "email_automation")
    propose(shop.settings)
    assert [(row[0], row[2]) for row in proposed(shop, "interest")] == [
        ("c1", "hat am 20.02.2026 „getriebe“ angeklickt"),
        ("c2", "hat am 10.02.2026 „riemen ketten“ angeklickt"),
        ("c3", "bestellt am häufigsten aus „Filter“ (2 Aufträge in einem Jahr)"),
        ("c5", "hat am 20.02.2026 „fuehrungen richtig auslegen“ angeklickt"),
    ]
    titles = [row[1] for row in proposed(shop, "interest")]
    assert titles[1] == "Firma c2: Interesse an Riemen und Ketten"
    assert titles[3] == "Firma c5: Interesse an Führungen"


def test_what_is_due_and_what_goes_with_it_stand_in_one_mail(shop):
    shop.customer("c1", "c2")
    recommend(shop, "c1", again=["A1", "A2"], new=["N1"])
    recommend(shop, "c2", again=["A3"])
    shop.sql("update marts.customers set country_code = 'FR' where customer_id = 'c2'")
    free_of_control_group(shop)
    shop.stage(2, "email_automation")
    propose(shop.settings)
    assert proposed(shop, "reorder") == []
    shop.stage(3, "email_automation")
    propose(shop.settings)
    first, second = (row[5] for row in proposed(shop, "reorder"))
    assert (
        "bald wieder fällig sein:\n- Teil A1 (Artikel A1)\n- Teil A2 (Artikel A2)\n"
        "\nWas andere Firmen dazu oft mitbestellen:\n- Teil N1 (Artikel N1)\n\nEine Antwort"
    ) in first
    assert "Mit freundlichen Grüßen\nUte Falk" in first
    assert "you may soon need again:\n- Teil A3 (article A3)\n\nJust reply" in second
    assert "other firms" not in second


def free_of_control_group(firm):
    path = firm.settings.proposals / "email_automation.yml"
    use = yaml.safe_load(path.read_text(encoding="utf-8"))
    use["actions"]["reorder"]["control_share"] = 0
    firm.use("email_automation", use)


def test_no_mail_without_a_legal_basis_and_none_twice(shop):
    """30 customers in seeded states of consent and objection; the oracle reads what was said."""
    chance, allowed, late = random.Random(17), set(), set()
    shop.rules(mailbox_days=14)
    free_of_control_group(shop)
    shop.sql("insert into marts.products values ('G', 'G', 'Getriebe')")
    for number in range(30):
        name = f"c{number:02d}"
        mail = f"{name}@firma.example"
        shop.customer(name, consent=False, orders=0)
        recommend(shop, name, again=["A1"], new=["N1"])
        click(shop, name, "Getriebe")
        said = chance.choice(["nothing", "yes", "yes", "no", "yes, then no", "company no"])
        objects = chance.random() < 0.25
        if said.startswith("yes"):
            shop.consent(name, mail, is_granted=True, on=NIGHT - timedelta(days=300))
        if said in ("no", "yes, then no"):
            shop.consent(name, mail, is_granted=False, on=NIGHT - timedelta(days=3))
        if said == "company no":
            shop.consent(name, None, is_granted=False, on=NIGHT - timedelta(days=3))
        if objects:
            shop.sql("update marts.customers set has_objected_to_profiling = true"
                     " where customer_id = ?", (name,))  # fmt: skip
        if said == "yes" and not objects:
            allowed.add(mail)
        if chance.random() < 0.2:
            order(shop, name, f"L{number}", promised=NIGHT - timedelta(days=4))
            late.add(mail)
    order(shop, "c00", "DONE", promised=NIGHT - timedelta(days=9), delivered=NIGHT)
    shop.stage(3, "email_automation")
    sent = []
    for day in (0, 0, 1):
        shop.stage(3, "email_automation", night=NIGHT + timedelta(days=day))
        propose(shop.on(day))
        shop.decide("Anna Berg", "Ben Kurz")
        hand_over(shop.on(day))
    for path in sorted((shop.settings.home / "outbox/mailings").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter=";"))
        sent += [(path.name, mail_of(row)) for row in rows]
    told = dict(shop.sql("select email, count(*) from ops.proposal_states where state = 'sent'"
                         " group by email"))  # fmt: skip
    assert len(sent) == sum(told.values())
    assert {mail for _file, mail in sent} == allowed | late
    assert set(told.values()) == {1}, "one mail a fortnight, whatever the use"
    by_law = shop.sql("select distinct email from ops.proposal_states where state = 'sent'"
                      " and action <> 'delivery_late'")  # fmt: skip
    assert {mail for (mail,) in by_law} == allowed - late


def mail_of(row):
    return next(value for value in row.values() if value and "@firma.example" in value)
