"""What is known before a day: purchases, returns, which articles are alive."""

from ml.recommend.facts import read_facts
from ml.recommend.history import history_before
from tests.ml.recommend.shop import customers_with_tastes, day, facts_of, make_spec


def known(facts, spec, cutoff=None):
    return history_before(facts, spec, facts.last_day + 1 if cutoff is None else cutoff)


def pool(history):
    return {history.facts.articles[place] for place in history.pool}


def test_what_was_sent_back_is_neither_bought_nor_new(connection, spec):
    facts = facts_of(
        connection, spec, [("C1", "A", 1, 5.0), ("C1", "A", 9, -5.0), ("C1", "B", 3, 5.0)]
    )
    pairs = known(facts, spec).pairs.set_index("article")
    assert pairs["is_kept"].tolist() == [False, True]
    assert list(facts.articles) == ["A", "B"]


def test_a_part_sent_back_leaves_a_purchase(connection, spec):
    facts = facts_of(connection, spec, [("C1", "A", 1, 5.0), ("C1", "A", 9, -2.0)])
    (one,) = known(facts, spec).pairs.itertuples()
    assert one.is_kept and one.orders == 1


def test_several_lines_of_one_day_are_one_order(connection, spec):
    facts = facts_of(connection, spec, [("C1", "A", d) for d in (1, 1, 11, 31)])
    (one,) = known(facts, spec).pairs.itertuples()
    assert (one.orders, one.gap) == (3, 15)


def test_rows_without_customer_article_or_day_and_those_of_later_are_left_out(connection, spec):
    rows = [("C1", "A", 1), (None, "A", 1), ("C1", None, 1), ("C1", " ", 1), ("C1", "A", 50)]
    facts = facts_of(connection, spec, rows, night=20)
    assert len(facts.bought) == 1


def test_purchases_older_than_the_history_do_not_count(connection, tmp_path):
    spec = make_spec(tmp_path, history_days=100)
    facts = facts_of(connection, spec, [("C1", "A", 1), ("C1", "B", 150)], night=200)
    assert list(facts.articles) == ["B"]


def test_few_buyers_keep_an_article_out_of_the_model(connection, spec):
    rows = [(f"C{n}", "A", n) for n in range(3)] + [(f"C{n}", "B", n) for n in range(2)]
    assert pool(known(facts_of(connection, spec, rows), spec)) == {"A"}


def test_the_most_bought_articles_stay_where_there_are_too_many(connection, tmp_path):
    spec = make_spec(tmp_path, new={"most_articles": 10})
    rows = [(f"C{n}", f"A{a:02d}", n) for a in range(14) for n in range(20 - a)]
    history = known(facts_of(connection, spec, rows), spec)
    assert pool(history) == {f"A{a:02d}" for a in range(10)}
    assert history.too_many == 4


def test_an_article_that_nobody_orders_any_more_is_not_recommended(connection, spec):
    old = [(f"C{n}", "OLD", 10 * n) for n in range(5)]
    rare = [(f"C{n}", "RARE", 150 * n) for n in range(5)]  # every 150 days, last 200 days ago
    history = known(facts_of(connection, spec, [*old, *rare, ("C9", "NOW", 800)]), spec)
    alive = dict(zip(history.facts.articles, history.is_alive, strict=True))
    assert alive == {"OLD": False, "RARE": True, "NOW": True}


def test_a_cutoff_sees_nothing_of_later(connection, spec):
    rows = customers_with_tastes(20)
    facts = facts_of(connection, spec, rows)
    cutoff = facts.last_day - 100
    early = known(facts, spec, cutoff)
    connection.execute(
        "delete from marts.bought where bought_on - date '1970-01-01' >= ?", [cutoff]
    )
    only = read_facts(connection, spec, day(1000))
    alone = history_before(only, spec, cutoff)
    named = {(early.facts.customers[p.customer], early.facts.articles[p.article], p.orders, p.last)
             for p in early.pairs.itertuples()}  # fmt: skip
    assert named == {
        (alone.facts.customers[p.customer], alone.facts.articles[p.article], p.orders, p.last)
        for p in alone.pairs.itertuples()
    }
