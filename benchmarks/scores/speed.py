"""Time and memory of a score on a large company, step by step: features, train, evaluate, score.

`python -m benchmarks.scores.speed [--customers 100000] [--months 24] [--lines 5000000]
[--scored 1000000] [--folder FOLDER]` invents the marts of a company (order lines over three years,
tickets, contacts, mails and visits), and runs the churn score of `models/churn.yml` on it:

- `features`: a row per customer and month, for as many months;
- `train`: all candidates, on as many of those rows as a night takes (`snapshots.at_most_rows`);
- `evaluate`: the chosen model on rows of other customers;
- `features to score`: a row per customer as of the night;
- `score`: those rows, repeated until they are as many as `--scored`: probabilities, parts, reasons
  in both languages, written to `ops.scores` and `ops.score_reasons`. Each candidate that was tried
  is measured by itself, since which one is chosen depends on a company's data.

Each step runs in a process of its own. Memory is the largest sum of the resident sets of a step,
looked at ten times a second.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pandas
from rich.console import Console
from rich.table import Table

import ml
from benchmarks.measurement import measure
from config import PROJECT_ROOT, Settings
from ml import score_tables
from ml.features.frames import scoring_frame, training_frame
from ml.features.table import read_inputs
from ml.learning import estimators
from ml.scoring import by_model, rows_of
from ml.specs.files import load_spec
from warehouse import open_warehouse

NIGHT = date(2026, 1, 5)
DAYS = 3 * 365
MARTS = PROJECT_ROOT / "tests/ml/marts.sql"
ORDER_DAYS = PROJECT_ROOT / "dbt_project/models/intermediate/int_customer_order_days.sql"
# A customer orders in a rhythm of its own, between every ten days and twice a year; a third leaves.
COMPANY = """
select setseed(0.5);
insert into marts.customers by name
select 'C' || n as customer_id, 'Firma ' || n as name, 'Bau' as industry, 50 as employees,
    date '2018-01-01' + (random() * 2500)::integer as customer_since,
    false as has_objected_to_profiling
from range($customers) r(n);
create temp table habits as
select 'C' || n as customer_id, 10 * power(18, random()) as rhythm,
    case when random() < 0.33 then random() * $days else $days end as leaves
from range($customers) r(n);
create temp table order_list as
select customer_id, (random() * leaves)::integer as on_day, (random() * 6)::integer as late
from habits, range(greatest(1, ($lines / 4.0 / $customers * 45 / rhythm)::integer)) r(n);
insert into marts.orders by name
select 'O' || row_number() over () as order_id, customer_id,
    $night::date - $days + on_day as ordered_on, ordered_on + 12 as promised_on,
    ordered_on + 10 + late as delivered_on,
    greatest(delivered_on - promised_on, 0)::integer as days_late,
    exp(5 + 2 * random()) as net_amount, 4 as line_count, false as is_cancelled
from order_list;
insert into marts.tickets by name
select 'T' || row_number() over () as ticket_id, customer_id,
    $night::date - ($days * random())::integer - 1 as opened_at, random() < 0.4 as is_complaint
from habits, range(2);
insert into marts.contacts by name
select 'P' || row_number() over () as contact_id, customer_id, true as is_active,
    case when random() < 0.2 then $night::date - ($days * random())::integer - 1 end as left_on
from habits, range(3);
insert into marts.interactions by name
select 'I' || row_number() over () as interaction_id, customer_id, 'email_open' as kind,
    $night::date - (leaves * random())::integer - 1 as occurred_at
from habits, range(20);
"""


def make_company(folder: Path, options: argparse.Namespace) -> None:
    days = ORDER_DAYS.read_text(encoding="utf-8")
    for model in ("orders", "int_orders_totalled"):
        days = days.replace(f"{{{{ ref('{model}') }}}}", "marts.orders")
    values = {"customers": options.customers, "lines": options.lines, "days": DAYS,
              "night": f"'{NIGHT}'"}  # fmt: skip
    sql = COMPANY
    for name, value in values.items():
        sql = sql.replace(f"${name}", str(value))
    with open_warehouse(settings_of(folder)) as connection:
        connection.execute(MARTS.read_text(encoding="utf-8"))
        connection.execute(sql)
        # a table, as dbt makes one
        connection.execute(f"create table marts.order_days as {days}")


def features(folder: Path, options: argparse.Namespace) -> None:
    spec = spec_of()
    everyone = spec.snapshots.model_copy(update={"at_most_rows": 10**9, "at_most": options.months})
    with open_warehouse(settings_of(folder)) as connection:
        spec = spec.model_copy(update={"snapshots": everyone})
        frame = training_frame(connection, spec, NIGHT)
    frame.to_parquet(folder / "known.parquet")


def train(folder: Path, _options: argparse.Namespace) -> None:
    learnt, _rest = known(folder)
    candidate = ml.train(learnt, spec_of())
    (folder / "candidate.pickle").write_bytes(pickle.dumps(candidate))


def evaluate(folder: Path, _options: argparse.Namespace) -> None:
    learnt, rest = known(folder)
    ml.evaluate(candidate_of(folder), rest if len(rest) else learnt)


def features_to_score(folder: Path, _options: argparse.Namespace) -> None:
    with open_warehouse(settings_of(folder)) as connection:
        scoring_frame(connection, spec_of(), NIGHT).to_parquet(folder / "tonight.parquet")


def fit_each(folder: Path, _options: argparse.Namespace) -> None:
    """Fit every kind of model, for the steps that score by it (not measured)."""
    learnt, _rest = known(folder)
    spec, candidate = spec_of(), candidate_of(folder)
    inputs = read_inputs(learnt, spec)[list(candidate.features)]
    y = learnt[spec.target.column].to_numpy(dtype=float)
    for name, model in spec.candidates.items():
        if not model.members:
            fitted = estimators.fit(model, spec, inputs, y)
            (folder / f"{name}.pickle").write_bytes(pickle.dumps(fitted))


def score(folder: Path, options: argparse.Namespace) -> None:
    candidate, spec = candidate_of(folder), spec_of()
    model = candidate.model
    if options.model:
        model = pickle.loads((folder / f"{options.model}.pickle").read_bytes())
    tonight = pandas.read_parquet(folder / "tonight.parquet")
    frame = pandas.concat([tonight] * (options.scored // len(tonight) + 1)).head(options.scored)
    frame = frame.reset_index(drop=True)
    frame["entity_id"] = frame["entity_id"] + "-" + frame.index.astype(str)
    settings = settings_of(folder)
    with open_warehouse(settings) as connection:
        last = score_tables.said_last(connection, spec.name, frame["entity_id"])
    scored = by_model(model, candidate, spec, frame, last)
    rows = rows_of(settings, spec, 3, frame, scored)
    with open_warehouse(settings) as connection:
        score_tables.replace(connection, spec, rows, scored.said, scored.parts)


def known(folder: Path) -> tuple[pandas.DataFrame, ...]:
    """Rows to learn from, of as many customers as a night takes, and as many rows of others."""
    query = (
        "from read_parquet('{file}') where hash(entity_id) % 1000000 {part}"
        " 1000000 * least(1, {most} / (select count(*) from read_parquet('{file}')))"
        " order by cutoff, entity_id limit {most}"
    )
    most, file = spec_of().snapshots.at_most_rows, folder / "known.parquet"
    with duckdb.connect() as connection:
        return tuple(
            connection.execute(query.format(file=file, part=part, most=most)).df()
            for part in ("<", ">=")
        )


def candidate_of(folder: Path) -> ml.Candidate:
    return pickle.loads((folder / "candidate.pickle").read_bytes())


def spec_of() -> ml.Spec:
    return load_spec(PROJECT_ROOT / "models/churn.yml")


def settings_of(folder: Path) -> Settings:
    return Settings(home=folder / "home", as_of=NIGHT)


STEPS: dict[str, Callable[[Path, argparse.Namespace], None]] = {
    "features": features, "train": train, "evaluate": evaluate,
    "features to score": features_to_score, "score": score,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--lines", type=int, default=5_000_000)
    parser.add_argument("--scored", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--step")
    parser.add_argument("--model", default="")
    options = parser.parse_args()
    if options.step:
        made = {"company": make_company, "fit each": fit_each} | STEPS
        made[options.step](options.folder, options)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        table = Table("step", "seconds", "CPU seconds", "peak MB")
        run(folder, options, "company")
        for step in STEPS:
            if step == "score":
                run(folder, options, "fit each")
                kinds = [name for name, m in spec_of().candidates.items() if not m.members]
                for name in ["", *kinds]:
                    table.add_row(
                        f"score: {name or 'the chosen'}", *run(folder, options, step, name)
                    )
            else:
                table.add_row(step, *run(folder, options, step))
        print(f"chosen: {candidate_of(folder).name}")
        Console(width=120).print(table)


def run(folder: Path, options: argparse.Namespace, step: str, model: str = "") -> list[str]:
    sizes = [
        word
        for name in ("customers", "months", "lines", "scored")
        for word in (f"--{name}", str(getattr(options, name)))
    ]
    command = [sys.executable, "-m", "benchmarks.scores.speed", *sizes,
               "--folder", str(folder), "--step", step, "--model", model]  # fmt: skip
    found = measure(command)
    told = [f"{found.seconds:.1f}", f"{found.cpu_seconds:.1f}", f"{found.peak_bytes / 1e6:,.0f}"]
    print(step, model, *told, flush=True)
    return told


if __name__ == "__main__":
    main()
