"""Print how well the learning in `ml/` does beside plain peers, on the same folds of real tables.

Usage: models.py [telco|b2b|b2b_unique|online_retail ...]   (default: all whose data are there)
The data lie in shared/data beside the project; see the licences there.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import duckdb
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import ml
from config import PROJECT_ROOT
from ml.features.table import read_inputs, read_labels
from ml.learning.validation import make_folds

DATA = PROJECT_ROOT.parent / "shared" / "data"
Table = tuple[pd.DataFrame, ml.Spec]


def telco() -> Table:
    """IBM's telecommunication customers, one row each."""
    frame = pd.read_csv(DATA / "telco_ibm" / "Telco-Customer-Churn.csv")
    return frame, _spec_of(frame, "Churn", True, {"customerID"})


def b2b() -> Table:
    """Salvirt's deals; copies stay on one side of a split."""
    frame = pd.read_csv(DATA / "b2b_salvirt" / "Salvirt_B2B_ML_dataset.csv", sep=";")
    return frame, _spec_of(frame, "Status", "Won", set())


def b2b_unique() -> Table:
    """Salvirt's deals without the 83 copies, as published."""
    frame, spec = b2b()
    return frame.drop_duplicates().reset_index(drop=True), spec


def online_retail() -> Table:
    """Snapshots of a wholesaler's customers from the invoices alone, tested forward in time."""
    spec = ml.load_spec(PROJECT_ROOT / "examples/online_retail/models/churn.yml")
    path = DATA / "online_retail" / "online_retail_2009-12_2010-12.parquet"
    with duckdb.connect() as connection:
        connection.read_parquet(str(path)).create_view("invoices")
        connection.execute(_MARTS)
        connection.execute(f"create view marts.order_days as {_ORDER_DAYS}")
        night = pd.Timestamp("2010-12-10").date()
        return ml.training_frame(connection, spec, night), spec


# dbt's own definition of the usual gap
_ORDER_DAYS = (
    (PROJECT_ROOT / "dbt_project/models/intermediate/int_customer_order_days.sql")
    .read_text(encoding="utf-8")
    .replace("{{ ref('orders') }}", "marts.orders")
)
_MARTS = """
create schema marts;
create table marts.order_lines as
select "Customer ID"::varchar as customer_id, Invoice as order_id, StockCode as sku,
    InvoiceDate::timestamp::date as ordered_on, Quantity * Price as net_amount,
    Invoice like 'C%' as is_cancelled
from invoices;
create table marts.orders as
select order_id, customer_id, is_cancelled, min(ordered_on) as ordered_on,
    sum(net_amount) as net_amount
from marts.order_lines group by all;
create table marts.customers as
select distinct customer_id, false as has_objected_to_profiling
from marts.orders where customer_id is not null;
"""
TABLES: dict[str, Callable[[], Table]] = {
    "telco": telco,
    "b2b": b2b,
    "b2b_unique": b2b_unique,
    "online_retail": online_retail,
}


def main() -> None:
    """Measure the named tables and print one line per model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", choices=[*TABLES, []], help="which tables")
    names = parser.parse_args().tables or list(TABLES)
    print(f"{'table':14}{'model':34}{'AUC':>8}{'log loss':>10}{'rows':>8}{'seconds':>9}")
    for name in names:
        if not DATA.is_dir():
            parser.error(f"{DATA} is not there")
        for line in measure(*TABLES[name]()):
            model, auc, loss, rows, seconds = line
            print(f"{name:14}{model:34}{auc:8.3f}{loss:10.3f}{rows:8.0f}{seconds:9.1f}")


def measure(frame: pd.DataFrame, spec: ml.Spec) -> list[tuple[str, float, float, float, float]]:
    """AUC (mean over folds), log loss, rows and seconds of ours, its parts and plain peers."""
    started = time.perf_counter()
    candidate = ml.train(frame, spec)
    seconds = time.perf_counter() - started
    ours = candidate.metrics
    lines = [
        (f"ours, chosen: {candidate.name}", ours["auc"], ours["log_loss"], len(frame), seconds)
    ]
    for name, trial in candidate.trials.items():
        lines.append((f"  candidate {name}", trial["auc"], trial["log_loss"], len(frame), np.nan))
    for stage in (1, 2):
        if f"rules_{stage}_auc" in ours:
            rules = ours[f"rules_{stage}_auc"]
            lines.append((f"  rules of stage {stage}", rules, np.nan, len(frame), np.nan))
    alone = f"  {candidate.baseline} alone"
    lines.append((alone, ours["baseline_auc"], np.nan, len(frame), np.nan))
    return lines + [_peer(name, peer, frame, spec) for name, peer in _peers(spec).items()]


def _peer(
    name: str, peer: Pipeline, frame: pd.DataFrame, spec: ml.Spec
) -> tuple[str, float, float, float, float]:
    """Measure scikit-learn as one would use it at first, on our folds."""
    y = read_labels(frame, spec).to_numpy()
    inputs = read_inputs(frame, spec)
    started = time.perf_counter()
    aucs, losses, tested = [], 0.0, 0
    for fold in make_folds(frame, y, spec):
        peer.fit(inputs.iloc[fold.train], y[fold.train])
        p = np.clip(peer.predict_proba(inputs.iloc[fold.test])[:, 1], 1e-6, 1 - 1e-6)
        truth = y[fold.test]
        aucs.append(roc_auc_score(truth, p))
        losses -= float((truth * np.log(p) + (1 - truth) * np.log(1 - p)).sum())
        tested += len(p)
    seconds = time.perf_counter() - started
    return f"peer: {name}", float(np.mean(aucs)), losses / tested, len(frame), seconds


def _peers(spec: ml.Spec) -> dict[str, Pipeline]:
    numeric = [name for name, feature in spec.inputs.items() if feature.type == "numeric"]
    categorical = [name for name in spec.inputs if name not in numeric]
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), numeric),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), categorical),
    )
    forest = RandomForestClassifier(300, random_state=0, n_jobs=-1)
    return {
        "plain logistic regression": make_pipeline(columns, LogisticRegression(max_iter=2000)),
        "plain random forest": make_pipeline(columns, forest),
    }


def _spec_of(frame: pd.DataFrame, target: str, positive: str | bool, without: set[str]) -> ml.Spec:
    """Name the target and let every other column be a feature."""
    features = {}
    for column in frame.columns.difference([target, *without], sort=False):
        numbers = pd.to_numeric(frame[column], errors="coerce")
        is_number = numbers.notna().mean() > 0.9 and numbers.nunique() > 2
        features[column] = {"type": "numeric" if is_number else "categorical"}
    return ml.load_spec({"target": {"column": target, "positive": positive}, "features": features})


if __name__ == "__main__":
    main()
