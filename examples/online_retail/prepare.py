"""Write the UCI data set 502 as a wholesaler's programs would: a file per month, in German form.

Usage: prepare.py PARQUET INBOX
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb
import pandas as pd

# One month comes as a workbook, because somebody always saves the export once in Excel.
WORKBOOK_MONTH = "2010-06"
LINES = """
select
    Invoice as "Rechnung",
    row_number() over (partition by Invoice order by StockCode, Quantity, Price) as "Pos",
    strftime(InvoiceDate::timestamp, '%d.%m.%Y %H:%M') as "Rechnungsdatum",
    "Customer ID"::varchar as "Kundennr",
    Country as "Land",
    StockCode as "Artikel",
    Description as "Bezeichnung",
    Quantity as "Menge",
    Price as "Einzelpreis",
    round(Quantity * Price, 2) as "Betrag",
    case when Invoice like 'C%' then 'ja' else 'nein' end as "Storno",
    strftime(InvoiceDate::timestamp, '%Y-%m') as month
from read_parquet($path)
order by InvoiceDate, Invoice, "Pos"
"""


def main() -> None:
    """Read the arguments and write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parquet", type=Path, help="online_retail_2009-12_2010-12.parquet")
    parser.add_argument("inbox", type=Path, help="folder inbox/ of the installation's home")
    arguments = parser.parse_args()
    if not arguments.parquet.is_file():
        parser.error(f"{arguments.parquet} is not there")
    arguments.inbox.mkdir(parents=True, exist_ok=True)
    lines = duckdb.execute(LINES, {"path": str(arguments.parquet)}).df()
    for month, rows in lines.groupby("month"):
        path = write_month(rows.drop(columns="month"), str(month), arguments.inbox)
        print(f"{path}: {len(rows)} Zeilen")


def write_month(rows: pd.DataFrame, month: str, folder: Path) -> Path:
    """Write one month's lines; returns the file."""
    if month == WORKBOOK_MONTH:
        path = folder / f"Rechnungen_{month}.xlsx"
        rows.to_excel(path, sheet_name="Rechnungen", index=False)
        return path
    path = folder / f"rechnungen_{month}.csv"
    rows.to_csv(path, sep=";", decimal=",", index=False, encoding="cp1252", lineterminator="\r\n")
    return path


if __name__ == "__main__":
    main()
