"""Whether a year of real order lines comes out of German CSV and Excel as it went in.

`python -m benchmarks.ingest_equality [PARQUET] [--rows N]` writes the Parquet file as CSV
(semicolon, decimal comma, cp1252) and as xlsx, reads all three by `ingest.read_file` and compares
every cell with the Parquet's values. Exit code 1 if any cell differs or any row is missing.

Text must be the same text, numbers the same number, times the same time; CSV holds them as a
German program writes them (`1234,5`, `01.12.2009 07:45:00`).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from config import PROJECT_ROOT
from ingest import read_file

ORDERS = "shared/data/online_retail/online_retail_2009-12_2010-12.parquet"
NUMBERS = ("Quantity", "Price", "Customer ID")
TIME = "InvoiceDate"
GERMAN_TIME = "%d.%m.%Y %H:%M:%S"

Write = Callable[[pd.DataFrame, Path], None]


def write_csv(orders: pd.DataFrame, path: Path) -> None:
    """Write as a German program does."""
    times = orders[TIME].dt.strftime(GERMAN_TIME)
    orders.assign(**{TIME: times}).to_csv(
        path, sep=";", decimal=",", encoding="cp1252", index=False, lineterminator="\r\n"
    )


def write_xlsx(orders: pd.DataFrame, path: Path) -> None:
    """Write with numbers and times as Excel has them."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Bestellungen")
    sheet.append(list(orders.columns))
    for row in orders.astype(object).where(orders.notna(), None).itertuples(index=False):
        sheet.append(list(row))
    book.save(path)


def write_parquet(orders: pd.DataFrame, path: Path) -> None:
    """Write as it came."""
    orders.to_parquet(path)


FORMS: dict[str, Write] = {
    "orders.csv": write_csv, "orders.xlsx": write_xlsx, "orders.parquet": write_parquet,
}  # fmt: skip


def differing_cells(orders: pd.DataFrame, path: Path) -> tuple[int, int]:
    """Return how many rows were read and how many cells differ; a missing row's cells all do."""
    (table,) = read_file(path)
    if table.columns != list(orders.columns) or table.row_count != len(orders):
        return table.row_count, orders.size
    read = pd.DataFrame(table.rows, columns=table.columns, dtype=object)
    is_german = path.suffix == ".csv"
    differing = 0
    for name in orders.columns:
        expected = orders[name].tolist()
        found = [_value(text, name, is_german) for text in read[name]]
        differing += sum(
            not (a == b or (pd.isna(a) and b is None)) for a, b in zip(expected, found, strict=True)
        )
    return table.row_count, differing


def _value(text: str | None, column: str, is_german: bool) -> str | float | datetime | None:
    if text is None:
        return None
    if column in NUMBERS:
        return float(text.replace(",", ".") if is_german else text)
    if column == TIME:
        return datetime.strptime(text, GERMAN_TIME) if is_german else datetime.fromisoformat(text)  # noqa: DTZ007 - the file has no zone
    return text


def main() -> None:
    """Print per form of file how many cells differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parquet", type=Path, nargs="?", default=PROJECT_ROOT.parent / ORDERS)
    parser.add_argument("--rows", type=int, help="just the first")
    arguments = parser.parse_args()
    orders = pd.read_parquet(arguments.parquet).head(arguments.rows)
    orders[TIME] = pd.to_datetime(orders[TIME])
    table = Table("file", "rows", "cells", "cells that differ", title="online_retail")
    total = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, write in FORMS.items():
            write(orders, Path(folder) / name)
            rows, differing = differing_cells(orders, Path(folder) / name)
            table.add_row(name, f"{rows:,}", f"{orders.size:,}", f"{differing:,}")
            total += differing
    Console().print(table)
    sys.exit(total > 0)


if __name__ == "__main__":
    main()
