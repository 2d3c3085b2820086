"""How well records become customers, beside two peers on the same data in the same run.

`python -m benchmarks.identity [--only NAME …] [--customers N] [--restaurants FOLDER]` prints
pairwise precision, recall and F1 of the clusters against the truth, and seconds. One configuration
for all sets, no labels. FOLDER holds fodors.csv, zagats.csv and matches_fodors_zagats.csv of the
restaurant guides, as `datasets/end-to-end/restaurants` of py-entitymatching's source package does.
Firms as registers print them come from `benchmarks.registers`.

Peers: records with the same phone number (or, for persons, the same name and birth date) are one;
Splink with its own ready-made comparisons and training, its connected components at 0.5, and at
the threshold that the labels show to be best, which nobody knows without them.
"""

from __future__ import annotations

import argparse
import logging
import re
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

import identity
from benchmarks import registers
from config import PROJECT_ROOT, Settings
from identity.features import INPUT_COLUMNS

SHARED = PROJECT_ROOT.parent / "shared" / "data"
PUBLIC = ("childcare", "febrl_1", "febrl_2", "febrl_3", "febrl_4", "senzing")
GUIDES = ("fodors", "zagats")
THRESHOLDS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
Data = tuple[pd.DataFrame, pd.Series]


def childcare() -> Data:
    path = SHARED / "er_childcare_sites" / "csv_example_input_with_true_ids.csv"
    rows = pd.read_csv(path, dtype=str)
    columns = {
        "Id": "record_id", "Source": "source", "Site name": "name", "Address": "street",
        "Zip": "postcode", "Phone": "phone", "Website": "website", "Email Address": "email",
    }  # fmt: skip
    return rows[list(columns)].rename(columns=columns).assign(country="US"), rows["True Id"]


def febrl(*names: str) -> Data:
    parts = [
        pd.read_csv(SHARED / "er_febrl" / f"dataset{name}.csv", dtype=str, skipinitialspace=True)
        .rename(columns=str.strip)
        .assign(source=name)
        for name in names
    ]
    rows = pd.concat(parts, ignore_index=True)
    records = pd.DataFrame(
        {
            "record_id": rows["source"] + ":" + rows["rec_id"],
            "source": rows["source"],
            "given_name": rows["given_name"],
            "family_name": rows["surname"],
            "street": rows["street_number"].fillna("") + " " + rows["address_1"].fillna(""),
            "postcode": rows["postcode"],
            "city": rows["suburb"],
            "country": "AU",
            "birth_date": rows["date_of_birth"],
        }
    )
    return records, rows["rec_id"].str.extract(r"rec-(\d+)")[0]


def senzing() -> Data:
    folder = SHARED / "er_senzing_truthset"
    rows = pd.concat(
        [
            pd.read_csv(folder / f"{name}.csv", dtype=str)
            for name in ("customers", "reference", "watchlist")
        ]
    )
    key = pd.read_csv(folder / "actual_truthset_key.csv", dtype=str)
    rows = rows.merge(key, on=["DATA_SOURCE", "RECORD_ID"])
    name = rows["PRIMARY_NAME_ORG"].fillna(rows["PRIMARY_NAME_FULL"])
    given = rows["PRIMARY_NAME_FIRST"]
    numbers = ("NATIONAL_ID", "SSN", "PASSPORT", "DRIVERS_LICENSE", "TAX_ID", "LEI")
    typed = [f"{kind}: " + rows[f"{kind}_NUMBER"] for kind in numbers]
    records = pd.DataFrame(
        {
            "record_id": rows["DATA_SOURCE"] + ":" + rows["RECORD_ID"],
            "source": rows["DATA_SOURCE"],
            "name": name.fillna(rows["NATIVE_NAME_FULL"]),
            "given_name": (given + " " + rows["PRIMARY_NAME_MIDDLE"]).fillna(given),
            "family_name": rows["PRIMARY_NAME_LAST"],
            "street": rows["ADDR_LINE1"].fillna(rows["ADDR_FULL"]),
            "postcode": rows["ADDR_POSTAL_CODE"],
            "city": rows["ADDR_CITY"],
            "country": rows["ADDR_COUNTRY"],
            "phone": rows["PHONE_NUMBER"],
            "email": rows["EMAIL_ADDRESS"],
            "birth_date": rows["DATE_OF_BIRTH"],
            "other_ids": pd.concat(typed, axis=1).apply(
                lambda row: "; ".join(row.dropna()), axis=1
            ),
        }
    )
    return records, rows["CLUSTER_ID"]


def restaurants(folder: Path, *without: str) -> Data:
    """Two restaurant guides; `without` some of their columns."""
    rows = pd.concat(
        [pd.read_csv(folder / f"{name}.csv", dtype=str).assign(source=name) for name in GUIDES]
    )
    rows = rows.rename(columns={"addr": "street", "id": "record_id"}).reset_index(drop=True)
    same = pd.read_csv(folder / "matches_fodors_zagats.csv", dtype=str)
    number = dict(zip(same["zagats_id"], same["fodors_id"], strict=True))
    columns = ["record_id", "source", "name", "street", "city", "phone"]
    truth = rows["record_id"].map(lambda record: number.get(record, record))
    return rows[[column for column in columns if column not in without]], truth


def sample_company(customers: int, seed: int) -> Data:
    """Make the sample company, load it and take its company records as the night would."""
    from ingest import ingest_inbox
    from sample import make_company

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        truth_folder = settings.home / "truth"
        make_company(settings.inbox, truth_folder, customers, 30, seed, date(2026, 1, 31))
        ingest_inbox(settings)
        with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
            records = connection.execute(
                "select * from raw.companies qualify row_number() over"
                " (partition by record_id order by loaded_at desc, row_number desc) = 1"
                " order by record_id"
            ).df()
        known = pd.read_csv(truth_folder / "identities.csv", dtype=str)
    customer = (known["source"] + ":" + known["key"]).map(str)
    truth = records["record_id"].map(dict(zip(customer, known["customer"], strict=True)))
    is_known = truth.notna()  # a row that the generator broke on purpose has no key
    return records[is_known].reset_index(drop=True), truth[is_known].reset_index(drop=True)


def ours(records: pd.DataFrame) -> pd.Series:
    customers = identity.resolve(records).set_index("record_id")["customer_id"]
    return records["record_id"].map(customers)


def exact_columns(records: pd.DataFrame) -> list[str]:
    """Name what plainly tells customers apart: the phone, name and birth date, or the name."""
    for columns in (["phone"], ["given_name", "family_name", "birth_date"]):
        if set(columns) <= set(records):
            return columns
    return ["name"]


def exact(records: pd.DataFrame) -> pd.Series:
    """Make one customer of the records that have all `exact_columns` alike; alone without."""
    columns = [records[c].str.replace(r"\W", "", regex=True) for c in exact_columns(records)]
    key = columns[0].str.cat(columns[1:], sep="|")
    return key.where(key.notna() & (key != ""), records["record_id"])


def plain_splink(records: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Score pairs as the tutorial does: ready-made comparisons on lower-case text."""
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    known = [c for c in INPUT_COLUMNS if c in records and records[c].nunique() > 1]
    text = records[["record_id", *known]].astype(object)
    for column in known:
        plain = [re.sub(r"\W+", " ", str(v).lower()).strip() or None for v in text[column]]
        text[column] = pd.Series(plain, dtype=object).where(text[column].notna(), None)
    ready: dict[str, Callable[[str], Any]] = {
        "name": cl.NameComparison, "given_name": cl.NameComparison,
        "family_name": cl.NameComparison, "street": lambda c: cl.JaroWinklerAtThresholds(c),
        "postcode": cl.ExactMatch, "city": cl.ExactMatch, "phone": cl.ExactMatch,
        "email": cl.ExactMatch, "vat_id": cl.ExactMatch,
        "birth_date": lambda c: cl.LevenshteinAtThresholds(c, [1, 2]),
    }  # fmt: skip
    used = [column for column in ready if column in known]
    if "name" in used and "given_name" in used:
        parts = text["given_name"].fillna("") + " " + text["family_name"].fillna("")
        text["name"] = text["name"].fillna(parts.str.strip().replace("", None))
        used = [column for column in used if column not in ("given_name", "family_name")]
    api = DuckDBAPI()
    linker = Linker(
        api.register(text),
        SettingsCreator(
            link_type="dedupe_only",
            unique_id_column_name="record_id",
            comparisons=[ready[column](column) for column in used],
            blocking_rules_to_generate_predictions=[block_on(column) for column in used],
        ),
        log_level="ERROR",
    )
    rules = [block_on(c) for c in ("phone", "email", "birth_date") if c in used]
    linker.training.estimate_probability_two_random_records_match(rules, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    blocking = ("name", "given_name", "phone", "birth_date", "postcode")
    trainings = [c for c in blocking if c in used and text[c].duplicated().sum() > 20]
    for column in trainings:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(column))
    pairs = linker.inference.predict(threshold_match_probability=min(THRESHOLDS))
    return pairs.as_pandas_dataframe(), records["record_id"]


def components(pairs: pd.DataFrame, ids: pd.Series, threshold: float) -> pd.Series:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    position = {record: number for number, record in enumerate(ids)}
    linked = pairs[pairs["match_probability"] >= threshold]
    left, right = (linked[f"record_id_{side}"].map(position).to_numpy(int) for side in "lr")
    size = len(ids)
    graph = coo_matrix((np.ones(len(linked)), (left, right)), shape=(size, size))
    return pd.Series(connected_components(graph, directed=False)[1])


def pairwise(found: pd.Series, truth: pd.Series) -> tuple[float, float, float]:
    """Precision, recall and F1 over all pairs of records."""
    table = pd.DataFrame({"found": found.to_numpy(), "truth": truth.to_numpy()})

    def pairs(columns: list[str]) -> float:
        size = table.groupby(columns).size()
        return float((size * (size - 1) // 2).sum())

    right, claimed, true = pairs(["found", "truth"]), pairs(["found"]), pairs(["truth"])
    precision, recall = right / claimed if claimed else 1.0, right / true
    return precision, recall, 2 * right / (claimed + true)


def report(name: str, method: str, found: pd.Series, truth: pd.Series, seconds: float) -> float:
    precision, recall, f1 = pairwise(found, truth)
    print(
        f"{name:<14}{len(truth):>7}  {method:<34}{precision:>9.3f}{recall:>9.3f}{f1:>8.3f}"
        f"{seconds:>9.1f}",
        flush=True,
    )
    return f1


def compare(name: str, records: pd.DataFrame, truth: pd.Series) -> None:
    start = time.perf_counter()
    report(name, "identity.resolve", ours(records), truth, time.perf_counter() - start)
    start = time.perf_counter()
    label = f"same {' and '.join(exact_columns(records))}"
    report(name, label, exact(records), truth, time.perf_counter() - start)
    start = time.perf_counter()
    try:
        pairs, ids = plain_splink(records)
    except ValueError as error:  # Splink's training can collapse on so few records
        print(f"{name:<14}{len(truth):>7}  plain Splink cannot be trained: {str(error)[:60]}")
        return
    seconds = time.perf_counter() - start
    found = {threshold: components(pairs, ids, threshold) for threshold in THRESHOLDS}
    report(name, "plain Splink at 0.5", found[0.5], truth, seconds)
    best = max(THRESHOLDS, key=lambda threshold: pairwise(found[threshold], truth)[2])
    report(name, f"plain Splink, best threshold {best}", found[best], truth, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], help="names of data sets")
    parser.add_argument("--customers", type=int, default=300, help="of the sample company")
    parser.add_argument("--restaurants", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    sets: dict[str, Callable[[], Data]] = {
        "childcare": childcare,
        "febrl_1": lambda: febrl("1"),
        "febrl_2": lambda: febrl("2"),
        "febrl_3": lambda: febrl("3"),
        "febrl_4": lambda: febrl("4a", "4b"),
        "senzing": senzing,
        "sample_seed_1": lambda: sample_company(arguments.customers, 1),
        "sample_seed_2": lambda: sample_company(arguments.customers, 2),
    }
    sets |= registers.sets()
    if guides := arguments.restaurants:
        sets |= {
            "restaurants": lambda: restaurants(guides),
            "no_phone": lambda: restaurants(guides, "phone"),
            "name_city": lambda: restaurants(guides, "phone", "street"),
            "name_street": lambda: restaurants(guides, "phone", "city"),
            "name_phone": lambda: restaurants(guides, "street", "city"),
        }
    print(
        f"{'data':<14}{'records':>7}  {'method':<34}{'precision':>9}{'recall':>9}{'F1':>8}{'s':>9}"
    )
    for name in arguments.only or sets:
        if name in PUBLIC and not SHARED.is_dir():
            print(f"{name}: skipped, {SHARED} is absent")
            continue
        compare(name, *sets[name]())


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    main()
