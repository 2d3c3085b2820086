"""How near the corridors of prices come to prices paid later: `python -m benchmarks.pricing FILE`.

The project's own SQL (`int_prices_paid`, `price_corridors`) is rendered and run over the order
lines of a public data set as they were known on a night; then every line of the days after it is
compared with the median and the 10-90 % corridor of the narrowest group that has enough prices.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from config import PROJECT_ROOT, read_yaml

if TYPE_CHECKING:
    import duckdb

DBT: Final = PROJECT_ROOT / "dbt_project"
NEAR: Final = 0.05
# The lines of both data sets in the columns of marts.order_lines.
READ: Final = {
    ".parquet": """
        select row_number() over () as order_line_id, cast("Customer ID" as varchar) as customer_id,
          "StockCode" as sku, "Description" as product_name,
          cast("InvoiceDate" as date) as ordered_on,
          cast("Quantity" as double) as quantity, cast("Price" as double) as unit_price,
          round("Quantity" * "Price", 2) as net_amount, starts_with("Invoice", 'C') as is_cancelled
        from read_parquet(?)""",
    ".csv": """
        select row_number() over () as order_line_id, "Verk. an Deb.-Nr." as customer_id,
          "Artikelnr." as sku, "Beschreibung" as product_name,
          strptime("Auftragsdatum", '%d.%m.%Y')::date as ordered_on,
          replace("Menge", ',', '.')::double as quantity,
          null::double as unit_price,
          replace(replace("Zeilenbetrag", '.', ''), ',', '.')::double as net_amount,
          false as is_cancelled
        from read_csv(?, delim = ';', header = true, all_varchar = true, encoding = 'latin-1')""",
}
BASES: Final = ("segment", "bracket", "article", "group")

# What the models of prices read beside the lines.
KNOWN = """
create view products as select distinct sku, null::varchar as product_group,
    null::double as list_price from lines where sku is not null;
create view int_products_merged as select * from products;
create view int_customers_merged as select distinct customer_id, null::varchar as industry
    from lines where customer_id is not null;
create view int_consents_decided as
    select null::varchar as customer_id, true as has_objected_to_profiling where false;
"""


def main() -> None:
    """Print a table per data set: a row per night."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("file", type=Path, help="online_retail's parquet or northwind_erp's CSV")
    parser.add_argument(
        "--nights", type=int, default=4, help="how many, a span apart, from the end"
    )
    parser.add_argument("--days", type=int, default=30, help="span of days after a night")
    asked = parser.parse_args()
    for line in report(asked.file, asked.nights, asked.days):
        print(line)


def report(file: Path, nights: int, days: int) -> Iterator[str]:
    """Yield the table's lines."""
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"create table lines as {READ[file.suffix]}", [str(file)])
    connection.execute(KNOWN)
    found = connection.execute("select max(ordered_on) from lines").fetchone()
    assert found
    columns = ("night", "lines", "with a corridor", "within 5 % of its median", "of the article's",
               "in the corridor")  # fmt: skip
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for back in range(nights, 0, -1):
        night = found[0] - timedelta(days=days * back)
        yield _row(measure(connection, night, days))


def measure(connection: duckdb.DuckDBPyConnection, night: date, days: int) -> dict[str, Any]:
    """Compare the prices paid in the days after a night with what the night knew."""
    connection.execute(
        "create or replace view int_order_lines_linked as"
        f" select * from lines where ordered_on <= date '{night}'"
    )
    for model, folder in (("int_prices_paid", "intermediate"), ("price_corridors", "marts")):
        sql = render(DBT / f"models/{folder}/{model}.sql", night)
        connection.execute(f"create or replace table {model} as {sql}")
    relation = connection.execute(f"""
        with later as (
          select order_line_id, sku, quantity, net_amount / quantity as price from lines
          where customer_id is not null and not is_cancelled and quantity > 0 and net_amount > 0
            and ordered_on > date '{night}' and ordered_on <= date '{night}' + {days}),
        narrowest as (
          select later.order_line_id, corridors.* from later
          inner join price_corridors as corridors on later.sku = corridors.sku
            and coalesce(quantity >= quantity_from, true)
            and coalesce(quantity < quantity_below, true)
          qualify row_number() over (
            partition by later.order_line_id order by list_position({list(BASES)}, basis)) = 1)
        select '{night}' as night, count(*) as lines, count(narrowest.median) as known,
          avg(cast(abs(price / narrowest.median - 1) <= {NEAR} as int)) as near,
          avg(cast(abs(price / article.median - 1) <= {NEAR} as int)) as near_article,
          avg(cast(price between narrowest.low - 0.005 and narrowest.high + 0.005 as int)) as inside
        from later left join narrowest using (order_line_id)
        left join price_corridors as article
          on later.sku = article.sku and article.basis = 'article'
    """)
    (row,) = relation.fetchall()
    return dict(zip([column[0] for column in relation.description], row, strict=True))


def render(model: Path, night: date) -> str:
    """Render a model's Jinja as dbt would, its tables under their own names."""
    from jinja2 import Environment

    settings = read_yaml(DBT / "dbt_project.yml")["vars"]
    environment = Environment(autoescape=False)
    environment.globals |= {
        "ref": lambda name: name,
        "var": lambda name: settings[name],
        "night": lambda: f"date '{night}'",
    }
    macros = (DBT / "macros/prices.sql").read_text(encoding="utf-8")
    return environment.from_string(macros + model.read_text(encoding="utf-8")).render()


def _row(found: dict[str, Any]) -> str:
    known = found["known"] / max(1, found["lines"])
    shares = [f"{found[name]:.3f}" for name in ("near", "near_article", "inside")]
    return (
        " | ".join([f"| {found['night']}", f"{found['lines']:,}", f"{known:.3f}", *shares]) + " |"
    )


if __name__ == "__main__":
    main()
