"""On tables that nobody here made: as good as the figures that others reached on them."""

import subprocess
import sys

import duckdb
import pandas as pd
import pytest

import ingest
import ml
from config import PROJECT_ROOT

DATA = PROJECT_ROOT.parent / "shared" / "data"
EXAMPLES = PROJECT_ROOT / "models/examples"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the real data are not there ({DATA})"),
]


def test_telco_reaches_what_others_reach():
    frame = pd.read_csv(DATA / "telco_ibm" / "Telco-Customer-Churn.csv")
    candidate = ml.train(frame, EXAMPLES / "telco_ibm.yml")
    assert candidate.metrics["auc"] > 0.845  # plain logistic regression, five folds
    assert candidate.metrics["calibration_error"] < 0.02


def test_b2b_deals_reach_what_was_published():
    frame = pd.read_csv(DATA / "b2b_salvirt" / "Salvirt_B2B_ML_dataset.csv", sep=";")
    candidate = ml.train(frame.drop_duplicates(), EXAMPLES / "b2b_salvirt.yml")
    assert candidate.metrics["auc"] > 0.831  # published, copies removed


def test_the_deals_example_writes_a_workbook_that_ingest_reads(tmp_path):
    (table,) = prepared("b2b_deals", DATA / "b2b_salvirt" / "Salvirt_B2B_ML_dataset.csv", tmp_path)
    assert len(table.rows) == 448
    assert table.columns[0] == "Deal"
    assert not table.rejects


def test_the_invoices_example_writes_german_files_that_ingest_reads(tmp_path):
    whole = DATA / "online_retail" / "online_retail_2009-12_2010-12.parquet"
    part = tmp_path / "part.parquet"
    days = "InvoiceDate like '2010-06-01%' or InvoiceDate like '2010-05-28%'"
    invoices = duckdb.sql(f"from '{whole}' where {days}")
    invoices.write_parquet(str(part))
    tables = prepared("online_retail", part, tmp_path)
    assert len(tables) == 2
    assert sum(len(table.rows) for table in tables) == invoices.shape[0]
    assert all("Kundennr" in table.columns and not table.rejects for table in tables)


def prepared(example, source, folder):
    """Run an example's prepare.py and read what it wrote."""
    script = PROJECT_ROOT / "examples" / example / "prepare.py"
    inbox = folder / "inbox"
    subprocess.run([sys.executable, script, source, inbox], check=True)
    return [table for path in sorted(inbox.iterdir()) for table in ingest.read_file(path)]
