"""Purchases made by hand or by chance, as the kind `recommend` reads them."""

from datetime import date, timedelta

import numpy as np
import yaml

from ml.recommend.facts import read_facts
from ml.recommend.spec import load

FIRST = date(2024, 1, 1)
SPEC = {
    "kind": "recommend",
    "title": {"de": "Empfehlungen", "en": "Recommendations"},
    "use_case": "advice",
    "decision": {"de": "Was?", "en": "What?"},
    "purpose": {"de": "Zeigen", "en": "Showing"},
    "purchases": "select customer_id, article, bought_on, quantity from marts.bought",
    "articles": "select article, name, product_group, is_offered from marts.goods",
    "signals": "select customer_id, topic, seen_on from marts.looks",
    "rejected": "select customer_id, article from marts.wrong",
}


def day(number):
    """Return the date of a day of the tests, counted from 0."""
    return FIRST + timedelta(days=number)


def make_spec(folder, **changes):
    """Write a YAML and read it as the kind does."""
    path = folder / "advice.yml"
    path.write_text(yaml.safe_dump(SPEC | changes), encoding="utf-8")
    return load(path)


def fill(connection, bought, goods=(), looks=(), wrong=()):
    """Fill the tables. `bought`: customer, article, day[, quantity]; days are counted from 0."""
    connection.execute("create schema if not exists marts")
    for name, columns, rows in (
        ("bought", "customer_id varchar, article varchar, bought_on date, quantity double",
         [(c, a, day(int(d)), *(q or (1.0,))) for c, a, d, *q in bought]),
        ("goods", "article varchar, name varchar, product_group varchar, is_offered boolean",
         goods or sorted({(r[1], f"Name {r[1]}", "Group", True) for r in bought if r[1]})),
        ("looks", "customer_id varchar, topic varchar, seen_on date",
         [(c, t, day(int(d))) for c, t, d in looks]),
        ("wrong", "customer_id varchar, article varchar", list(wrong)),
    ):  # fmt: skip
        connection.execute(f"create or replace table marts.{name} ({columns})")
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"insert into marts.{name} values ({marks})", rows)


def facts_of(connection, spec, *tables, night=1000, **named):
    """Fill the tables and read them."""
    fill(connection, *tables, **named)
    return read_facts(connection, spec, day(night))


def customers_with_tastes(customers, days=540, seed=1, *, tastes=4, share=0.9):
    """Draw purchases: each customer has one of the tastes and buys its ten articles mostly."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        taste = number % tastes
        for bought_on in np.sort(rng.integers(0, days, 12)):
            own = rng.random() < share
            which = taste * 10 + rng.integers(10) if own else rng.integers(tastes * 10)
            rows.append((f"C{number:03d}", f"A{which:02d}", int(bought_on)))
    return rows
