"""Write the Salvirt B2B data set as a CRM would export it: a workbook of deals.

The data set knows decided deals only. So that there is something to score, every eighth one is
written as open; its outcome goes to truth/ beside the inbox. Exact copies stay together.

Usage: prepare.py CSV INBOX
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

OPEN_EVERY = 8


def main() -> None:
    """Read the arguments and write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("csv", type=Path, help="Salvirt_B2B_ML_dataset.csv")
    parser.add_argument("inbox", type=Path, help="folder inbox/ of the installation's home")
    arguments = parser.parse_args()
    if not arguments.csv.is_file():
        parser.error(f"{arguments.csv} is not there")
    deals = pd.read_csv(arguments.csv, sep=";", dtype=str, keep_default_na=False)
    deals.insert(0, "Deal", [f"D{number:04d}" for number in range(1, len(deals) + 1)])
    group = deals.groupby(list(deals.columns[1:-1]), sort=False).ngroup()
    is_open = group % OPEN_EVERY == OPEN_EVERY - 1
    truth = arguments.inbox.parent / "truth"
    for folder in (arguments.inbox, truth):
        folder.mkdir(parents=True, exist_ok=True)
    deals[is_open].to_csv(truth / "deals.csv", index=False, columns=["Deal", "Status"])
    deals.loc[is_open, "Status"] = "Open"
    deals.to_excel(arguments.inbox / "deals.xlsx", sheet_name="Deals", index=False)
    print(f"{arguments.inbox / 'deals.xlsx'}: {len(deals)} deals, {is_open.sum()} of them open")


if __name__ == "__main__":
    main()
