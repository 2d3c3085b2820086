"""The customers of each segment as an Excel list in the outbox."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from config import Settings
from report.market.facts import is_built
from report.words import Words
from warehouse import open_warehouse
from workbooks.style import DAY_FORMATS, dress, new_book, save, writable

# More rows take minutes to write and nobody scrolls through them; analysts have the mart.
MOST_ROWS: Final = 20_000
COLUMNS: Final = (
    ("segments_segment", 11.0),
    ("segments_name", 34.0),
    ("segments_no", 14.0),
    ("segments_customer", 36.0),
    ("segments_city", 20.0),
    ("segments_industry", 22.0),
    ("segments_manager", 20.0),
    ("segments_amount", 16.0),
    ("segments_last", 14.0),
)


def list_path(settings: Settings) -> Path:
    """Return where the list lies."""
    return settings.home / "outbox" / Words(settings.language)("segments_file")


def write_segment_list(settings: Settings) -> Path | None:
    """Write the customers of each segment, the highest sales first, in the set language.

    Returns:
        The file; None where nobody is in a segment: then there is none.

    Raises:
        OSError: the file cannot be written; the old one stays.
        warehouse.WarehouseLockedError: another process holds the warehouse.

    """
    words, path = Words(settings.language), list_path(settings)
    with open_warehouse(settings) as connection:
        if not is_built(connection):
            return None
        rows = connection.execute(
            "select segments.segment,"
            f" {'segments.name' if settings.language == 'de' else 'segments.name_en'},"
            " customers.customer_no, customers.name, customers.city, customers.industry,"
            " customers.account_manager, round(orders.net_amount)::bigint, customers.last_order_on"
            " from marts.segments as segments"
            " inner join marts.customers as customers using (customer_id)"
            " left join ops.segment_names as names using (model, segment)"
            " left join (select orders.customer_id, sum(orders.net_amount) as net_amount"
            "  from marts.orders as orders where not orders.is_cancelled and orders.ordered_on >="
            "  (select max(as_of) from marts.segments) - interval 1 year"
            "  group by orders.customer_id) as orders using (customer_id)"
            " order by names.place, orders.net_amount desc nulls last, customers.name"
            f" limit {MOST_ROWS + 1}"
        ).fetchall()
    if not rows:
        path.unlink(missing_ok=True)
        return None
    book = new_book()
    sheet = book.active
    sheet.title = words("segments_sheet")
    sheet.append([words(name) for name, _width in COLUMNS])
    for row in rows[:MOST_ROWS]:
        sheet.append(writable(row))
    dress(sheet, [width for _name, width in COLUMNS], "E2")
    for cells in sheet.iter_rows(min_row=2):
        cells[-2].number_format = "#,##0"
        cells[-1].number_format = DAY_FORMATS[settings.language]
    if len(rows) > MOST_ROWS:
        sheet.append([words("segments_cut", count=words.number(MOST_ROWS))])
    save(book, path)
    return path
