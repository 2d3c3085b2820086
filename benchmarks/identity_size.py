"""How long `identity.resolve` takes as records grow, beside plain Splink on the same comparisons.

`python -m benchmarks.identity_size [--records N ...] [--seed N]` prints a row per size. Each
method runs in a process of its own that reads the same Parquet file; memory is the peak over that
process and its children.

Plain Splink gets the columns that this project normalised, with the same degrees of agreement and
the same bounded blocks, and uses its own training, prediction and connected components. What that
preparation took is a column of its own, since somebody who uses Splink must prepare records too:
the first ratio is against Splink alone, the second against Splink with it. CPU seconds are those
of all processes; on a machine with other work they say more than the clock.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import psutil

from benchmarks.identity import pairwise
from config import PROJECT_ROOT, read_yaml
from sample import spelling
from sample.chance import pick, source
from sample.firms import Firm, Place, make_firms

if TYPE_CHECKING:
    import duckdb
    from splink import SettingsCreator

SIZES = (10_000, 100_000, 1_000_000)
DUPLICATES = 0.3
THRESHOLD = 0.95  # of plain Splink, for its links
# Per kind of file: how people write there, and the share of its rows that give each column.
COLUMNS = ("address", "phone", "email", "website", "vat")
KINDS = {
    "erp": (spelling.ERP, (1.0, 0.95, 0.6, 0.0, 0.8)),
    "crm": (spelling.CRM, (0.9, 0.88, 0.7, 0.86, 0.3)),
    "fair": (spelling.FAIR, (0.5, 0.5, 0.9, 0.3, 0.0)),
    "sales": (spelling.SALES, (0.6, 0.7, 0.3, 0.0, 0.0)),
}
FIRST_SOURCES = ("erp", "erp", "erp", "crm", "crm")
FURTHER_SOURCES = ("crm", "crm", "fair", "fair", "sales")


def make_records(count: int, seed: int) -> pd.DataFrame:
    """Make records of invented firms with their `truth`; 30 % are further records of a firm.

    The sample company's vocabulary has 369,600 names and a postcode per town: here the middle
    parts of names are also used in twos, and a town has up to a hundred postcodes, one a street
    and house number.
    """
    words = larger_vocabulary()
    rng = source(seed, "identity_size")
    firms = make_firms(count - int(count * DUPLICATES), words, rng)
    again = rng.integers(0, len(firms), count - len(firms)).tolist()
    rows = [
        *(_record(firm, pick(FIRST_SOURCES, rng), rng) for firm in firms),
        *(_record(firms[number], pick(FURTHER_SOURCES, rng), rng) for number in again),
    ]
    records = pd.DataFrame(rows).iloc[rng.permutation(len(rows))].reset_index(drop=True)
    records.insert(0, "record_id", [f"r{n:07d}" for n in range(len(records))])
    return records


def larger_vocabulary() -> Mapping[str, Any]:
    """Read the sample company's words; the middle parts of names are also used in twos."""
    words = read_yaml(PROJECT_ROOT / "sample" / "vocabulary.yml")
    middle = words["stems"]["middle"]
    twos = [a + b for a, b in product(middle, middle)]
    return words | {"stems": words["stems"] | {"middle": [*middle, *twos]}}


def _record(firm: Firm, kind: str, rng: np.random.Generator) -> dict[str, str | None]:
    habit, shares = KINDS[kind]
    known = dict(zip(COLUMNS, rng.random(len(COLUMNS)) < shares, strict=True))
    place = firm.old_place if firm.old_place and rng.random() < 0.3 else firm.place
    return {
        "source": kind,
        "name": spelling.spell(firm, habit, rng),
        "street": spelling.street(place, rng) if known["address"] else None,
        "postcode": _postcode(place) if known["address"] else None,
        "city": place.town,
        "country": "DE",
        "phone": spelling.phone(firm, "0", rng) if known["phone"] else None,
        "email": firm.mailbox if known["email"] else None,
        "website": f"www.{firm.domain}" if known["website"] else None,
        "vat_id": firm.vat_id if known["vat"] else None,
        "truth": firm.true_id,
    }


def _postcode(place: Place) -> str:
    return f"{place.postcode[:3]}{sum(place.street.encode()) % 100:02d}"


def ours(records: pd.DataFrame) -> tuple[pd.Series, dict[str, float]]:
    import identity

    start = time.perf_counter()
    found = identity.resolve(records.drop(columns="truth"))
    seconds = time.perf_counter() - start
    return found.set_index("record_id")["customer_id"], {"seconds": seconds}


def prepare(records: pd.DataFrame, path: Path) -> dict[str, float]:
    """Write the columns that Splink gets: normalised, with a column per key for its block."""
    from identity.blocking import find_candidates
    from identity.features import build_features, read_records
    from identity.pairs import load, open_database

    start = time.perf_counter()
    features = build_features(read_records(records.drop(columns="truth")))
    with open_database() as connection:
        load(connection, features)
        candidates = find_candidates(connection)
        connection.execute(
            "create table prepared as from records left join"
            " (pivot (select position, 'block_' || key as key, block from blocks)"
            " on key using any_value(block) group by position) using (position)"
        )
        seconds = time.perf_counter() - start
        connection.execute(f"copy prepared to '{path}' (format parquet)")
    return {"seconds": seconds, "candidates": candidates}


def plain_splink(path: Path, ids: list[str]) -> tuple[pd.Series, dict[str, float]]:
    """Run Splink as its tutorial does: u by sampling, m by EM, predict, connected components."""
    import duckdb
    from splink import DuckDBAPI, Linker, block_on

    from identity.comparisons import MACROS

    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(f"set temp_directory = '{path.with_suffix('.spill')}'")
        connection.execute("set memory_limit = '6GB'")
        connection.execute("set enable_progress_bar = false")
        connection.execute(MACROS)
        connection.execute(f"create table records as from '{path}'")
        start = time.perf_counter()
        api = DuckDBAPI(connection)
        linker = Linker(api.register("records"), _settings(connection), log_level="ERROR")
        same = [block_on("vat_key"), block_on("email"), block_on("name", "phone")]
        linker.training.estimate_probability_two_random_records_match(same, recall=0.7)
        linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
        for column in ("name", "phone"):
            linker.training.estimate_parameters_using_expectation_maximisation(block_on(column))
        pairs = linker.inference.predict(threshold_match_probability=THRESHOLD)
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
            pairs, threshold_match_probability=THRESHOLD
        )
        table = connection.execute(
            f"select cluster_id from {clusters.physical_name} order by position"
        ).df()
        seconds = time.perf_counter() - start
    return pd.Series(table["cluster_id"].to_numpy(), index=sorted(ids)), {"seconds": seconds}


def _settings(connection: duckdb.DuckDBPyConnection) -> SettingsCreator:
    """Tell Splink the same degrees of agreement, values and blocks."""
    import splink.comparison_level_library as levels
    from splink import SettingsCreator, block_on
    from splink.comparison_library import CustomComparison

    from identity.comparisons import COMPARISONS

    columns = connection.execute("select * from records limit 0").df().columns
    created = []
    for comparison in COMPARISONS:
        row = connection.execute(f"select count(distinct {comparison.column}) from records")
        if (row.fetchone() or (0,))[0] < 2:
            continue
        chosen = [levels.NullLevel(comparison.column)]
        for level in comparison.levels:
            chosen.append(levels.CustomLevel(level.sql))
            if level.value:
                chosen[-1].configure(
                    tf_adjustment_column=level.value, disable_tf_exact_match_detection=True
                )
        chosen.append(levels.ElseLevel())
        created.append(CustomComparison(chosen, output_column_name=comparison.name))
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="position",
        comparisons=created,
        retain_matching_columns=False,
        blocking_rules_to_generate_predictions=[
            block_on(column) for column in columns if column.startswith("block_")
        ],
    )


def run(method: str, folder: Path) -> dict[str, float]:
    """Run one method on the records of a folder, in this process."""
    records = pd.read_parquet(folder / "records.parquet")
    if method == "prepare":
        return prepare(records, folder / "prepared.parquet")
    if method == "ours":
        found, figures = ours(records)
    else:
        found, figures = plain_splink(folder / "prepared.parquet", list(records["record_id"]))
    truth = records.set_index("record_id")["truth"]
    return figures | {"f1": pairwise(found[truth.index], truth)[2]}


def measure(method: str, folder: Path) -> dict[str, float]:
    """Run one method in a process of its own; adds `cpu` seconds and the `peak` memory in GiB."""
    command = [sys.executable, "-m", "benchmarks.identity_size", "--run", method, str(folder)]
    process = subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True)
    tree, peak = psutil.Process(process.pid), 0
    while process.poll() is None:
        peak = max(peak, _resident_bytes(tree))
        time.sleep(0.2)
    output = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise SystemExit(f"{method} failed with exit code {process.returncode}")
    return json.loads(output.splitlines()[-1]) | {"peak": peak / 2**30}


def _resident_bytes(tree: psutil.Process) -> int:
    """Memory of a process and its children, what they share counted once."""
    try:
        own = tree.memory_info().rss
        children = [child.memory_full_info().uss for child in tree.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    return int(own + sum(children))


def _cpu_seconds() -> float:
    """Processor seconds of this process and the children that it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, nargs="+", default=SIZES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--run", nargs=2, metavar=("METHOD", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        logging.disable(logging.WARNING)
        method, folder = arguments.run
        start = _cpu_seconds()
        figures = run(method, Path(folder))
        print(json.dumps(figures | {"cpu": _cpu_seconds() - start}))
        return
    print("| records | candidates | ours s (CPU) | preparing alone s (CPU) | plain Splink s (CPU)"
          " | ours / Splink (CPU) | ours / preparing and Splink (CPU)"
          " | peak GiB: ours | Splink | F1: ours | Splink |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|---|", flush=True)
    for count in arguments.records:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder)
            make_records(count, arguments.seed).to_parquet(path / "records.parquet")
            own, prepared, splink = (measure(m, path) for m in ("ours", "prepare", "splink"))
        cells = [f"{count:,}", f"{prepared['candidates']:,}"]
        cells += [f"{f['seconds']:.0f} ({f['cpu']:.0f})" for f in (own, prepared, splink)]
        for others in ((splink,), (prepared, splink)):
            clock, cpu = (own[key] / sum(f[key] for f in others) for key in ("seconds", "cpu"))
            cells.append(f"{clock:.2f} ({cpu:.2f})")
        cells += [f"{own['peak']:.1f}", f"{splink['peak']:.1f}"]
        cells += [f"{own['f1']:.3f}", f"{splink['f1']:.3f}"]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
