"""How well `reifegrad sources suggest` maps files whose mapping is known.

`python -m benchmarks.suggest` prints per file the precision and recall of (entity, canonical
column, file column), once knowing no other source and once knowing all others and their rows.

Truths: config/sources.yml for the sample company, the examples' own sources.yml, and
benchmarks/suggest_truth.yml for public files. The dictionary was written before the first run;
after it, rules were mended where these files showed them wrong, so the figures are no forecast.
"""

from __future__ import annotations

import argparse
import runpy
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import yaml

from config import PROJECT_ROOT, Settings
from ingest import Sources, ingest_inbox, load_sources
from ingest.mapping.sources import Source
from ingest.suggesting.one_file import suggest
from sample import make_company

SHARED = PROJECT_ROOT.parent / "shared" / "data"
EXAMPLES = PROJECT_ROOT / "examples"
PUBLIC = {
    "northwind": "customers orders order-details products suppliers employees shippers categories",
    "er_childcare_sites": "csv_example_input_with_true_ids",
    "er_febrl": "dataset1",
    "telco_ibm": "Telco-Customer-Churn",
    "messy_datev": "EXTF_Stammdaten",
}
RETAIL_LINES = 20_000
Pair = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True)
class Outcome:
    """What was right for one file."""

    proposed: int
    true: int
    right: int
    keys_right: int
    keys: int
    kinds_right: bool
    seconds: float
    wrong: frozenset[Pair]
    missed: frozenset[Pair]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--wrong", action="store_true", help="list every wrong and missed pair")
    arguments = parser.parse_args()
    print("| file | columns | P, R alone | P, R with known sources | keys | kind | seconds |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        totals: dict[str, list[tuple[Outcome, Outcome]]] = {}
        for group, settings, truth in companies(Path(folder)):
            for path in sorted(settings.inbox.iterdir()):
                alone, knowing = (_measure(settings, truth, path, k) for k in (False, True))
                totals.setdefault(group, []).append((alone, knowing))
                print(_line(f"{group}: {path.name}", [(alone, knowing)]))
                if arguments.wrong:
                    print("\n".join(_differences(alone, knowing)))
        for group, outcomes in totals.items():
            print(_line(f"**{group}**", outcomes))
        print(_line("**all**", [pair for outcomes in totals.values() for pair in outcomes]))


def companies(folder: Path) -> Iterator[tuple[str, Settings, Sources]]:
    """Give the companies, each with its files in an inbox and loaded by their true mapping."""
    for name, fill in (
        ("sample", _sample), ("deals", _deals), ("retail", _retail), ("public", _public),
    ):  # fmt: skip
        home = folder / name
        (home / "inbox").mkdir(parents=True)
        (home / "config").mkdir()
        if name != "sample" and not SHARED.is_dir():
            continue
        truth = fill(home / "inbox")
        (home / "config" / "sources.yml").write_bytes(truth.read_bytes())
        settings = Settings(home=home, config=home / "config")
        ingest_inbox(settings)
        yield name, settings, load_sources(settings)


def _sample(inbox: Path) -> Path:
    make_company(inbox, inbox.parent / "truth", 120, 14, 1, until=date(2026, 6, 30))
    return PROJECT_ROOT / "config" / "sources.yml"


def _deals(inbox: Path) -> Path:
    deals = pd.read_csv(
        next((SHARED / "b2b_salvirt").glob("*.csv")), sep=";", dtype=str, keep_default_na=False
    )
    deals.insert(0, "Deal", [f"D{number:04d}" for number in range(1, len(deals) + 1)])
    deals.to_excel(inbox / "deals.xlsx", sheet_name="Deals", index=False)
    return EXAMPLES / "b2b_deals" / "sources.yml"


def _retail(inbox: Path) -> Path:
    lines = runpy.run_path(str(EXAMPLES / "online_retail" / "prepare.py"))["LINES"]
    parquet = next((SHARED / "online_retail").glob("*.parquet"))
    rows = duckdb.execute(
        f"select * exclude (month) from ({lines}) limit {RETAIL_LINES}", {"path": str(parquet)}
    ).df()
    rows.to_csv(
        inbox / "rechnungen_2009-12.csv", sep=";", decimal=",", index=False,
        encoding="cp1252", errors="replace",
    )  # fmt: skip
    return EXAMPLES / "online_retail" / "sources.yml"


def _public(inbox: Path) -> Path:
    for folder, names in PUBLIC.items():
        for name in names.split():
            (inbox / f"{name}.csv").write_bytes((SHARED / folder / f"{name}.csv").read_bytes())
    return PROJECT_ROOT / "benchmarks" / "suggest_truth.yml"


def _measure(settings: Settings, truth: Sources, path: Path, is_knowing: bool) -> Outcome:
    expected = truth.claiming(path.name)
    names = {source.name for source in expected}
    others = {n: _entry(s, names) for n, s in truth.sources.items() if n not in names}
    home = settings.home / ("known" if is_knowing else "unknown")
    config = home / "config"
    config.mkdir(parents=True, exist_ok=True)
    known = {"sources": others if is_knowing else {}}
    (config / "sources.yml").write_text(yaml.safe_dump(known, allow_unicode=True))
    update = {"config": config} | ({} if is_knowing else {"home": home})
    started = time.perf_counter()
    text = suggest(settings.model_copy(update=update), path, "en").text
    seconds = time.perf_counter() - started
    found = Sources.model_validate(yaml.load(f"sources:\n{text}", Loader=yaml.BaseLoader))
    proposed, true = set(_pairs(found.sources.values())), set(_pairs(expected))
    keys = _keys(expected)
    return Outcome(
        proposed=len(proposed),
        true=len(true),
        right=len(proposed & true),
        keys_right=len(keys & _keys(found.sources.values())),
        keys=len(keys),
        kinds_right={s.kind for s in expected} == {s.kind for s in found.sources.values()},
        seconds=seconds,
        wrong=frozenset(proposed - true),
        missed=frozenset(true - proposed),
    )


def _entry(source: Source, gone: set[str]) -> dict[str, object]:
    """Return a source's entry without references into sources that are not known."""
    entry = source.model_dump(exclude={"name"}, exclude_defaults=True, mode="json")
    for mapping in entry["maps"].values():
        mapping["columns"] = {
            name: column
            for name, column in mapping["columns"].items()
            if column.get("source") not in gone
        }
    return entry


def _pairs(sources: Iterable[Source]) -> Iterator[Pair]:
    for source in sources:
        for entity, mapping in source.maps.items():
            for canonical, origin in mapping.columns.items():
                if origin.file_columns:
                    yield entity, canonical, origin.file_columns


def _keys(sources: Iterable[Source]) -> set[tuple[str, frozenset[str]]]:
    return {(e, frozenset(m.key)) for source in sources for e, m in source.maps.items()}


def _line(name: str, outcomes: list[tuple[Outcome, Outcome]]) -> str:
    alone, knowing = zip(*outcomes, strict=True)
    true = sum(o.true for o in knowing)
    keys = f"{sum(o.keys_right for o in knowing)}/{sum(o.keys for o in knowing)}"
    kinds = f"{sum(o.kinds_right for o in knowing)}/{len(knowing)}"
    seconds = max(o.seconds for o in knowing)
    rates = f"{_rates(alone)} | {_rates(knowing)}"
    return f"| {name} | {true} | {rates} | {keys} | {kinds} | {seconds:.1f} |"


def _rates(outcomes: Iterable[Outcome]) -> str:
    outcomes = list(outcomes)
    right = sum(o.right for o in outcomes)
    proposed, true = sum(o.proposed for o in outcomes), sum(o.true for o in outcomes)
    precision = f"{right / proposed:.2f}" if proposed else "–"
    return f"{precision}, {right / true:.2f}" if true else f"{precision}, –"


def _differences(alone: Outcome, knowing: Outcome) -> Iterator[str]:
    for title, outcome in (("alone", alone), ("knowing", knowing)):
        for label, pairs in (("wrong", outcome.wrong), ("missed", outcome.missed)):
            for entity, canonical, columns in sorted(pairs):
                yield f"    {title}, {label}: {entity}.{canonical} = {' + '.join(columns)}"


if __name__ == "__main__":
    main()
