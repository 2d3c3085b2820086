"""What is new for a customer, and whether its reason is true."""

import re

from ml.recommend.history import history_before
from ml.recommend.methods import Setting, learn
from ml.recommend.telling import new_rows
from tests.ml.recommend.shop import customers_with_tastes, facts_of


def recommend(connection, spec, rows, setting=None, **named):
    facts = facts_of(connection, spec, rows, **named)
    history = history_before(facts, spec, facts.last_day + 1)
    learnt = learn(history, spec, setting or Setting(20.0)) if setting is not False else None
    return list(new_rows(history, spec, learnt, "ease"))


def test_counts_in_the_reasons_are_true(connection, spec):
    rows = customers_with_tastes(60)
    bought = {}
    for customer, article, _day in rows:
        bought.setdefault(article, set()).add(customer)
    found = recommend(connection, spec, rows)
    assert found
    for row in found:
        together, of, other = re.fullmatch(
            r"(\d+) of (\d+) other firms that buy “Name (A\d+)” buy it too", row["reason_en"]
        ).groups()
        assert row["customer_id"] in bought[other]
        assert row["customer_id"] not in bought[row["sku"]]
        assert int(together) == len(bought[other] & bought[row["sku"]]) >= 3
        assert int(of) == len(bought[other]) - 1
        # it tells more than how many buy it anyway
        assert int(together) / int(of) > len(bought[row["sku"]]) / 60


def test_three_each_of_the_customers_own_taste(connection, spec):
    found = recommend(connection, spec, customers_with_tastes(80, share=0.97))
    ranks = {}
    for row in found:
        ranks.setdefault(row["customer_id"], []).append(row["rank"])
    assert all(seen == list(range(1, len(seen) + 1)) and len(seen) <= 3 for seen in ranks.values())
    own = [int(row["sku"][1:]) // 10 == int(row["customer_id"][1:]) % 4 for row in found]
    assert sum(own) / len(own) > 0.95


def test_rejected_not_offered_and_sent_back_articles_are_left_out(connection, spec):
    rows = customers_with_tastes(60)
    first = recommend(connection, spec, rows)
    mine = [row["sku"] for row in first if row["customer_id"] == "C000"]
    wrong, service, returned = mine
    goods = [(f"A{n:02d}", "", "", f"A{n:02d}" != service) for n in range(40)]
    again = recommend(
        connection, spec, [*rows, ("C000", returned, 1, -1.0)], goods=goods, wrong=[("C000", wrong)]
    )
    assert not {wrong, service, returned} & {
        row["sku"] for row in again if row["customer_id"] == "C000"
    }
    others = {row["sku"] for row in again if row["customer_id"] != "C000"}
    assert wrong in others and returned in others
    assert service not in others


def test_without_a_name_the_number_stands_for_an_article(connection, spec):
    goods = [(f"A{n:02d}", None, None, True) for n in range(40)]
    row = recommend(connection, spec, customers_with_tastes(60), goods=goods)[0]
    assert row["product_name"] == row["sku"]
    assert row["product_group"] is None


def test_without_a_model_what_is_popular_in_the_groups_is_said_so(connection, spec):
    rows = customers_with_tastes(60)
    goods = [(f"A{n:02d}", f"Name A{n:02d}", f"Taste {n // 10}", True) for n in range(40)]
    found = recommend(connection, spec, rows, setting=False, goods=goods)
    buyers = {}
    for customer, article, _day in rows:
        buyers.setdefault(int(article[1:]) // 10, set()).add(customer)
    for row in found[:40]:
        together, of, group = re.fullmatch(
            r"(\d+) of (\d+) other firms that buy from “Taste (\d)” buy it", row["reason_en"]
        ).groups()
        assert int(of) == len(buyers[int(group)]) - 1
        assert int(together) == len({c for c, a, _d in rows if a == row["sku"]})


def test_a_look_speaks_for_what_others_bought_who_looked(connection, spec):
    """Who bought nothing telling, but looked at the page of a taste, is shown its articles."""
    rows = customers_with_tastes(60, share=1.0)
    looks = [(f"C{n:03d}", f"/taste-{n % 4}", 500) for n in range(60)]
    rows += [("NEW", "A00", 500), ("NEW", "A10", 501)]
    looks += [("NEW", "/taste-3", 510)]
    found = recommend(connection, spec, rows, Setting(20.0, 1.0), looks=looks)
    mine = [row for row in found if row["customer_id"] == "NEW"]
    assert any("looked at “/taste-3”" in row["reason_en"] for row in mine)
    assert all(row["sku"].startswith("A3") for row in mine if "looked at" in row["reason_en"])


def test_nobody_who_bought_nothing_is_shown_anything(connection, spec):
    assert recommend(connection, spec, []) == []
