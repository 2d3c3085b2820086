"""Plant leaks into four tables and count what the guard finds, and the honest columns it costs.

Usage: python -m benchmarks.scores.leaks [--seeds N] [--tables NAME ...] [--price]

Each way is planted alone, into a table that is otherwise as it was. Found means: every planted
column is left out (a `partner` that stands for nothing by itself may go or stay). Lost is every
other column left out. `--price`: what is lost of tables without a leak, small ones and such with
very good columns. The guard sees values only, no names.
"""

from __future__ import annotations

# ruff: noqa: E501 - one line per way of leaking reads best
import argparse
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import ml
from config import PROJECT_ROOT
from ml.features.table import read_inputs, read_labels
from ml.learning.leaks import find_leaks

DATA = PROJECT_ROOT.parent / "shared" / "data"
Random = np.random.Generator
Outcomes = NDArray[np.int64]
Columns = dict[str, object]
Table = tuple[pd.DataFrame, str, str]


def telco() -> Table:
    """IBM's telecommunication customers: 7,043 rows, a quarter left."""
    frame = pd.read_csv(DATA / "telco_ibm" / "Telco-Customer-Churn.csv")
    return frame.drop(columns="customerID"), "Churn", "Yes"


def b2b() -> Table:
    """Salvirt's deals: 448 rows, half won, 83 of them copies."""
    frame = pd.read_csv(DATA / "b2b_salvirt" / "Salvirt_B2B_ML_dataset.csv", sep=";")
    return frame, "Status", "Won"


def small_firms() -> Table:
    """14,606 small firms of which a tenth leaves, for reasons that show weakly (AUC about .7)."""
    random, count = np.random.default_rng(11), 14_606
    size = random.normal(size=count)
    loyal = random.normal(size=count)
    use = np.exp(8 + size + 0.5 * random.normal(size=count)).round()
    frame = pd.DataFrame(
        {
            "use_12m": use,
            "use_last_month": (use / 12 * random.gamma(3, 1 / 3, count)).round(),
            "forecast": (use * random.gamma(8, 1 / 8, count)).round(2),
            "gas_use": np.where(random.random(count) < 0.8, 0, use * 0.3).round(),
            "margin": (20 + 5 * size - 4 * loyal + 8 * random.normal(size=count)).round(2),
            "price_peak": (0.15 - 0.01 * size + 0.01 * random.normal(size=count)).round(4),
            "price_off_peak": np.where(random.random(count) < 0.4, 0, 0.1).round(2),
            "years": np.clip(5 + 2 * loyal + random.normal(size=count), 1, 13).round(),
            "products": 1 + random.poisson(np.exp(0.2 * loyal)),
            "power": np.exp(3 + 0.5 * size).round(1),
            "channel": random.choice(
                [*"fkelu", None], count, p=[0.46, 0.1, 0.13, 0.06, 0.01, 0.24]
            ),
            "origin": np.where(loyal + random.normal(size=count) > 0, "lxid", "kamk"),
            "has_gas": np.where(random.random(count) < 0.2, "t", "f"),
        }
    )
    frame.loc[random.random(count) < 0.1, "forecast"] = np.nan
    odds = (
        -2.4 - 0.5 * loyal + 0.02 * frame["margin"] + 0.5 * (frame["channel"] == "f")
        + 0.5 * (size > 1) * (loyal < 0) - 0.3 * (frame["origin"] == "kamk")
    )  # fmt: skip
    frame["left"] = (random.random(count) < 1 / (1 + np.exp(-odds))).astype(int)
    return frame, "left", "1"


def leads() -> Table:
    """1,500 leads in stages, a third won; what is known of them goes together (AUC about .8)."""
    random, count = np.random.default_rng(12), 1500
    fit, interest = random.normal(size=count), random.normal(size=count)
    source = np.select(
        [interest > 0.8, interest + random.normal(size=count) > 0.5, fit > 0.3],
        ["referral", "fair", "web"],
        "cold call",
    )
    frame = pd.DataFrame(
        {
            "employees": np.exp(3.5 + fit + 0.4 * random.normal(size=count)).round(),
            "industry": np.where(fit + random.normal(size=count) > 0.4, "machines",
                                 random.choice(["food", "metal", "plastics", "trade"], count)),
            "source": source,
            "stage": np.clip(2 + interest + random.normal(size=count), 1, 5).round().astype(int).astype(str),
            "age_days": random.gamma(2, 30, count).round(),
            "visits": random.poisson(np.exp(0.8 * interest)),
            "mails": random.poisson(np.exp(0.5 * interest)),
            "amount": np.exp(9 + 0.6 * fit + random.normal(size=count)).round(-1),
            "region": random.choice([f"region {number}" for number in range(12)], count),
            "seller": random.choice([f"seller {number}" for number in range(8)], count),
        }
    )  # fmt: skip
    frame.loc[random.random(count) < 0.15, "employees"] = np.nan
    frame.loc[random.random(count) < 0.2, "industry"] = None
    odds = -1 + 1.1 * interest + 0.7 * fit + 0.6 * (source == "referral")
    frame["won"] = np.where(random.random(count) < 1 / (1 + np.exp(-odds)), "yes", "no")
    return frame, "won", "yes"


TABLES: dict[str, Callable[[], Table]] = {
    "telco": telco,
    "b2b": b2b,
    "small_firms": small_firms,
    "leads": leads,
}


def _flipped(y: Outcomes, share: float, random: Random) -> Outcomes:
    return np.where(random.random(len(y)) < share, 1 - y, y)


def _group_means(y: Outcomes, size: int, random: Random) -> NDArray[np.float64]:
    group = random.permutation(len(y)) // size
    return (np.bincount(group, y) / np.bincount(group))[group]


def _others_mean(y: Outcomes, random: Random) -> Columns:
    group = random.permutation(len(y)) // 60
    count = np.bincount(group)[group]
    mean = (np.bincount(group, y)[group] - y) / np.maximum(count - 1, 1)
    return {"partner": [f"area {number}" for number in group], "planted": mean.round(4)}


def _day(days: NDArray[np.float64]) -> list[str]:
    return [f"{pd.Timestamp('2025-01-01') + pd.Timedelta(days=int(day)):%d.%m.%Y}" for day in days]


def _sorted_number(y: Outcomes, blur: float, random: Random) -> NDArray[np.int64]:
    return np.argsort(np.argsort(y + blur * random.normal(size=len(y)))) + 1000


def _pair(y: Outcomes, random: Random) -> Columns:
    first = random.normal(100, 30, len(y)).round(1)
    return {"planted_1": first, "planted_2": (first + y * 2 + 0.3 * random.random(len(y))).round(2)}


def _parts(y: Outcomes, random: Random) -> Columns:
    one, two = random.normal(0, 10, len(y)), random.normal(0, 10, len(y))
    return {"planted_1": one, "planted_2": two, "planted_3": 6 * y - one - two}


def _either(y: Outcomes, random: Random) -> Columns:
    first = random.integers(0, 2, len(y))
    return {
        "planted_1": [*np.array(["a", "b"])[first]],
        "planted_2": [*np.array(["c", "d"])[first ^ y]],
    }


def _one(values: Callable[[Outcomes, Random], object]) -> Callable[[Outcomes, Random], Columns]:
    return lambda y, random: {"planted": values(y, random)}


def _where(y: Outcomes, share: float, values: list[str], random: Random) -> list[str | None]:
    """Give the values to that share of the positives only."""
    known = (y == 1) & (random.random(len(y)) < share)
    return [value if is_known else None for value, is_known in zip(values, known, strict=True)]


_WORDS = [
    "offer",
    "sent",
    "called",
    "again",
    "asked",
    "price",
    "waiting",
    "visit",
    "planned",
    "sample",
]


def _note(y: Outcomes, random: Random) -> list[str]:
    told = [" ".join(random.choice(_WORDS, 4)) + f" {random.integers(1, 99)}" for _ in y]
    return [f"{text} cancelled" if tells else text
            for text, tells in zip(told, (y == 1) & (random.random(len(y)) < 0.8), strict=True)]  # fmt: skip


PLANTS: dict[str, Callable[[Outcomes, Random], Columns]] = {
    "copy": _one(lambda y, _r: np.where(y == 1, "ja", "nein")),
    "copy, inverted, as a number": _one(lambda y, _r: 1 - y),
    "recoded: seven codes of each outcome": _one(lambda y, r: [f"c{7 * v + r.integers(7)}" for v in y]),
    "copy with 5 % wrong": _one(lambda y, r: _flipped(y, 0.05, r)),
    "copy with 15 % wrong": _one(lambda y, r: np.where(_flipped(y, 0.15, r), "on", "off")),
    "copy with 25 % wrong": _one(lambda y, r: _flipped(y, 0.25, r)),
    "outcome plus normal noise (.35)": _one(lambda y, r: y + 0.35 * r.normal(size=len(y))),
    "outcome plus normal noise (.7)": _one(lambda y, r: y + 0.7 * r.normal(size=len(y))),
    "day filled after closing": _one(lambda y, r: _where(y, 0.7, _day(r.uniform(0, 300, len(y))), r)),
    "closing reason, for the others only": _one(
        lambda y, r: _where(1 - y, 0.6, [f"reason {n}" for n in r.integers(0, 9, len(y))], r)),
    "number filled for a third of them": _one(
        lambda y, r: [float(r.integers(50, 900)) if v and r.random() < 0.35 else np.nan for v in y]),
    "text: won: 12.3.": _one(
        lambda y, r: [f"{'won' if v else 'open'}: {r.integers(1, 29)}.{r.integers(1, 13)}. {r.integers(1e6)}" for v in y]),
    "a word in a note": _one(_note),
    "sixty categories one-to-one": _one(
        lambda y, r: [f"k{n % 30 + 30 * v}" for n, v in zip(r.integers(0, 30, len(y)), _flipped(y, 0.02, r), strict=True)]),
    "running number of sorted rows": _one(lambda y, r: _sorted_number(y, 0.01, r)),
    "order number of half sorted rows": _one(lambda y, r: [f"AB-{n:06d}" for n in _sorted_number(y, 0.8, r)]),
    "duration until the end": _one(lambda y, r: np.where(y == 1, r.gamma(4, 8, len(y)), r.gamma(9, 20, len(y))).round()),
    "day of the end, as text": _one(lambda y, r: _day(np.where(y == 1, r.uniform(0, 100, len(y)), r.uniform(90, 400, len(y))))),
    "mean of the outcome per group of 12": _one(lambda y, r: _group_means(y, 12, r)),
    "an area, and the mean of its other rows": _others_mean,
    "amount set to 0 at the end": _one(
        lambda y, r: np.where((y == 0) & (r.random(len(y)) < 0.8), 0, np.exp(r.normal(8, 1, len(y)))).round(2)),
    "constant within one outcome": _one(lambda y, r: np.where(y == 1, 12.5, r.integers(0, 40, len(y)) / 2)),
    "blank six times as often": _one(
        lambda y, r: np.where(r.random(len(y)) < np.where(y == 1, 0.9, 0.15), "x", None)),
    "in the middle of the others": _one(
        lambda y, r: np.where(y == 1, r.normal(50, 2, len(y)), r.uniform(0, 100, len(y)))),
    "a score given afterwards": _one(lambda y, r: 3 * y + r.normal(size=len(y))),
    "deciles of a blurred outcome": _one(
        lambda y, r: pd.qcut(y + 0.5 * r.normal(size=len(y)), 10, labels=False)),
    "two numbers whose difference tells": _pair,
    "two texts that agree or not": _either,
    "three parts of a sum": _parts,
}  # fmt: skip


def guard(frame: pd.DataFrame, target: str, positive: str) -> dict[str, str]:
    """Run the guard on every column but the target."""
    features = {
        str(column): {"type": "numeric" if frame[column].dtype.kind in "biuf" else "categorical"}
        for column in frame.columns.drop(target)
    }
    spec = ml.load_spec({"target": {"column": target, "positive": positive}, "features": features})
    return find_leaks(frame, read_inputs(frame, spec), read_labels(frame, spec).to_numpy(), spec)


def strong(share: float, others: int, seed: int) -> Table:
    """2,000 rows whose first column honestly decides, blurred; others go with it, or say little."""
    random, count = np.random.default_rng(seed), 2000
    cause = random.normal(size=count)
    frame = pd.DataFrame({f"weak {at}": random.normal(size=count) for at in range(6)})
    frame["weak 0"] += 0.3 * cause
    for at in range(others):
        frame[f"strong {at}"] = cause + 0.25 * random.normal(size=count)
    frame["cause"] = cause
    odds = share * cause + 0.4 * frame["weak 1"]
    frame["left"] = (random.random(count) < 1 / (1 + np.exp(-odds))).astype(int)
    return frame, "left", "1"


def tumours() -> Table:
    """Wisconsin's breast tumours (in scikit-learn): thirty honest measures."""
    from sklearn.datasets import load_breast_cancer

    return load_breast_cancer(as_frame=True).frame, "target", "0"


def price() -> None:
    """Print what the guard takes from tables without a leak: honest ones that are very good."""
    tables = {
        "one honest column of AUC .86, six weak ones": strong(2.2, 0, 0),
        "one honest column of AUC .95, six weak ones": strong(5, 0, 1),
        "the same, three others as good": strong(5, 3, 2),
        "one honest column of AUC .99, six weak ones": strong(14, 0, 3),
        "breast tumours": tumours(),
    }
    for name, table in tables.items():
        found = guard(*table)
        print(f"{name}: {len(found)} of {table[0].shape[1] - 1} columns lost")
        for column, why in found.items():
            print(f"  {column}: {why}")


def small(draws: int) -> None:
    """Print what is lost of samples of the four tables, a table of its own for each draw."""
    for rows in (60, 150, 300, 600, 1200):
        drawn = lost = 0
        for table in TABLES.values():
            frame, target, positive = table()
            for seed in range(draws if rows <= len(frame) else 0):
                sample = frame.sample(rows, random_state=seed).reset_index(drop=True)
                if sample[target].nunique() == 2:
                    drawn += sample.shape[1] - 1
                    lost += len(guard(sample, target, positive))
        print(f"{rows} rows: {lost} of {drawn} honest columns lost")


def main() -> None:
    """Print per way on how many of the seeds it was found, per table; then what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tables", nargs="*", default=list(TABLES), choices=TABLES)
    parser.add_argument("--ways", default="", help="only those whose name holds this")
    parser.add_argument("--price", action="store_true", help="tables without leaks only")
    arguments = parser.parse_args()
    if arguments.price:
        price()
        small(draws=10)
        return
    started = time.process_time()
    lost: list[str] = []
    tables = {name: TABLES[name]() for name in arguments.tables}
    print(
        f"{'found in seeds of ' + str(arguments.seeds):42}"
        + "".join(f"{name:>13}" for name in tables)
    )
    for name, table in tables.items():
        lost += [
            f"{name}, nothing planted: {column}: {why}" for column, why in guard(*table).items()
        ]
    for way, plant in PLANTS.items():
        if arguments.ways not in way:
            continue
        line = ""
        for name, (frame, target, positive) in tables.items():
            y = (frame[target].astype(str) == positive).to_numpy().astype(int)
            hits = 0
            for seed in range(arguments.seeds):
                planted = plant(y, np.random.default_rng([seed, len(way)]))
                found = guard(frame.assign(**planted), target, positive)
                hits += {name for name in planted if name != "partner"} <= set(found)
                lost += [
                    f"{name}, {way}: {column}: {why}"
                    for column, why in found.items()
                    if column not in planted
                ]
            line += f"{hits:>13}"
        print(f"{way:42}{line}", flush=True)
    print(f"honest columns lost: {len(lost)}", *lost, sep="\n  ")
    print(f"{time.process_time() - started:.0f} CPU seconds")


if __name__ == "__main__":
    main()
