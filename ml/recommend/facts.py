"""Who bought what and when, and what else is known of it: read from the marts, as plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from config import ConfigurationError
from config.language import _

if TYPE_CHECKING:
    import duckdb
    import pandas
    from numpy.typing import NDArray

    from ml.recommend.spec import RecommendSpec

# Section of the YAML -> the columns that its SQL must give, and what they must be.
COLUMNS: Final = {
    "purchases": {
        "customer_id": "varchar", "article": "varchar", "bought_on": "date", "quantity": "double",
    },
    "articles": {
        "article": "varchar", "name": "varchar", "product_group": "varchar",
        "is_offered": "boolean",
    },
    "signals": {"customer_id": "varchar", "topic": "varchar", "seen_on": "date"},
    "rejected": {"customer_id": "varchar", "article": "varchar"},
}  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """All that a recommendation knows; customers, articles, topics are positions in their lists.

    `bought`: `customer, article, day, quantity`, a row per customer, article and day, sorted so;
    days count from 1970. `looked`: `customer, topic, day`. `rejected`: `customer, article`.
    `last_day`: the latest purchase, up to which the data reach.
    """

    customers: NDArray[Any]
    articles: NDArray[Any]
    names: NDArray[Any]
    groups: NDArray[Any]  # "" where unknown
    is_offered: NDArray[Any]
    bought: pandas.DataFrame
    topics: NDArray[Any]
    looked: pandas.DataFrame
    rejected: pandas.DataFrame
    last_day: int


def read_facts(connection: duckdb.DuckDBPyConnection, spec: RecommendSpec, night: date) -> Facts:
    """Read the spec's tables from the marts, up to the night.

    Names become numbers inside the database: a hundred thousand customers with millions of lines
    stay small.

    Raises:
        ConfigurationError: an SQL of the YAML fails or lacks a column.

    """
    import numpy as np

    for section, columns in COLUMNS.items():
        _stage(connection, spec, section, columns, night)
    connection.execute(_BOUGHT, {"night": night, "days": spec.history_days})
    connection.execute(_NUMBERED)
    bought = connection.execute(_COUNTED).df()
    looked = connection.execute(_LOOKED, {"night": night}).df()
    articles = connection.execute(
        "select numbered.name as article, coalesce(nullif(trim(told.name), ''), numbered.name),"
        " coalesce(trim(told.product_group), ''), coalesce(told.is_offered, false)"
        " from recommend_numbered as numbered left join (select distinct on (article) * from"
        " recommend_articles order by all) as told on told.article = numbered.name"
        " where numbered.kind = 'article' order by numbered.number"
    ).fetchnumpy()
    rejected = connection.execute(
        "select distinct customers.number as customer, articles.number as article"
        " from recommend_rejected as said"
        " join recommend_numbered as customers"
        "  on customers.kind = 'customer' and customers.name = said.customer_id"
        " join recommend_numbered as articles"
        "  on articles.kind = 'article' and articles.name = said.article"
    ).df()
    sku, names, groups, offered = articles.values()
    facts = Facts(
        customers=_names(connection, "customer"),
        articles=_text(sku),
        names=_text(names),
        groups=_text(groups),
        is_offered=np.asarray(offered, dtype=bool),
        bought=bought,
        topics=_names(connection, "topic"),
        looked=looked,
        rejected=rejected,
        last_day=int(bought["day"].max()) if len(bought) else 0,
    )
    for name in ("numbered", "bought", *COLUMNS):
        connection.execute(f"drop table if exists temp.recommend_{name}")
    return facts


def _stage(
    connection: duckdb.DuckDBPyConnection,
    spec: RecommendSpec,
    section: str,
    columns: Mapping[str, str],
    night: date,
) -> None:
    """Run one SQL of the YAML into a temporary table; an empty one where the YAML has none."""
    import duckdb

    query = getattr(spec, section)
    if query is None:
        query = f"select {', '.join(f'null as {column}' for column in columns)} limit 0"
    told = _("{file}: {section}: {problem}.")
    try:
        given = {"night": night} if "$night" in query else None
        typed = ", ".join(f"{column}::{kind} as {column}" for column, kind in columns.items())
        connection.execute(
            f"create or replace temp table recommend_{section} as select {typed}"
            f" from ({query.strip().rstrip(';')})",
            given,
        )
    except duckdb.Error as error:
        problem = str(error).splitlines()[0].rstrip(".")
        raise ConfigurationError(
            told.format(file=spec.file, section=section, problem=problem)
        ) from error


_BOUGHT: Final = """
create or replace temp table recommend_bought as
select customer_id, article, bought_on,
    sum(coalesce(quantity, 1)) as quantity
from recommend_purchases
where customer_id is not null and nullif(trim(article), '') is not null
    and bought_on between $night::date - $days::integer and $night
group by all
"""
# By name, so that the same data give the same numbers, and with them the same order of equals.
_NUMBERED: Final = """
create or replace temp table recommend_numbered as
select kind, name, (row_number() over (partition by kind order by name) - 1)::integer as number
from (
    select distinct 'customer' as kind, customer_id as name from recommend_bought
    union all
    select distinct 'article', article from recommend_bought
    union all
    select distinct 'topic', trim(topic) from recommend_signals
    where nullif(trim(topic), '') is not null
)
"""
_COUNTED: Final = """
select customers.number as customer, articles.number as article,
    (bought_on - date '1970-01-01')::integer as day, quantity
from recommend_bought
join recommend_numbered as customers on customers.kind = 'customer' and customers.name = customer_id
join recommend_numbered as articles on articles.kind = 'article' and articles.name = article
order by all
"""
_LOOKED: Final = """
select distinct customers.number as customer, topics.number as topic,
    (seen_on - date '1970-01-01')::integer as day
from recommend_signals
join recommend_numbered as customers on customers.kind = 'customer' and customers.name = customer_id
join recommend_numbered as topics on topics.kind = 'topic' and topics.name = trim(topic)
where seen_on <= $night
order by all
"""


def _names(connection: duckdb.DuckDBPyConnection, kind: str) -> NDArray[Any]:
    found = connection.execute(
        "select name from recommend_numbered where kind = ? order by number", [kind]
    ).fetchnumpy()["name"]
    return _text(found)


def _text(values: Any) -> NDArray[Any]:  # noqa: ANN401 - numpy, masked or not
    import numpy as np

    return np.asarray(values, dtype=object)
