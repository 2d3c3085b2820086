"""How well contact records become persons, on the sample company, beside two simple peers.

`python -m benchmarks.persons [--customers N] [--seeds S …]` makes the sample company, runs ingest
and build, and prints pairwise precision, recall and F1 against the truth: the night's own
persons; records with the same customer and the same full name; records with the same e-mail.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd

from benchmarks.identity import pairwise
from config import Settings

CONTACTS = """
select linked.record_id, linked.customer_id, linked.given_name, linked.family_name, linked.email,
    resolved.person_id
from intermediate.int_contacts_linked as linked
inner join intermediate.int_persons_resolved as resolved using (record_id)
order by linked.record_id
"""


def measure(customers: int, seed: int) -> None:
    from ingest import ingest_inbox
    from sample import make_company
    from warehouse import build

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        truth_folder = settings.home / "truth"
        make_company(settings.inbox, truth_folder, customers, 30, seed, date(2026, 1, 31))
        ingest_inbox(settings)
        build(settings)
        with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
            records = connection.execute(CONTACTS).df()
        known = pd.read_csv(truth_folder / "identities.csv", dtype=str).dropna(subset="person")
    person = dict(zip(known["source"] + ":" + known["key"], known["person"], strict=True))
    truth = records["record_id"].map(person)
    records, truth = records[truth.notna()], truth.dropna()
    name = records["customer_id"] + "|" + records["given_name"] + "|" + records["family_name"]
    methods = {
        "identity.persons": records["person_id"],
        "same customer and full name": name.where(name.notna(), records["record_id"]),
        "same e-mail": records["email"]
        .str.lower()
        .where(records["email"].notna(), records["record_id"]),
    }
    for method, found in methods.items():
        precision, recall, f1 = pairwise(found, truth)
        print(
            f"seed {seed:<3}{len(truth):>7}  {method:<30}{precision:>9.3f}{recall:>9.3f}{f1:>8.3f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=300)
    parser.add_argument("--seeds", nargs="*", type=int, default=[1, 2])
    arguments = parser.parse_args()
    print(f"{'data':<8}{'records':>7}  {'method':<30}{'precision':>9}{'recall':>9}{'F1':>8}")
    for seed in arguments.seeds:
        measure(arguments.customers, seed)


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    main()
