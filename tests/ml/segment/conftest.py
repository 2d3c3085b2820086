"""Customers of three plain kinds, and the delivered YAML."""

import numpy as np
import pandas as pd
import pytest

from config import PROJECT_ROOT
from ml.segment.spec import load


@pytest.fixture(scope="session")
def spec():
    return load(PROJECT_ROOT / "models" / "segments.yml")


def make_customers(seed=0, each=60):
    """Large and regular ones, small ones, and ones that fell silent; with interests."""
    random = np.random.default_rng(seed)
    parts = []
    for kind, (silent, orders, amount) in {
        "large": (0.3, 40, 400_000),
        "small": (0.5, 5, 2_000),
        "silent": (14.0, 12, 30_000),
        "middle": (0.8, 15, 40_000),
    }.items():
        parts.append(
            pd.DataFrame(
                {
                    "customer_id": [f"{kind}{number:03d}" for number in range(each)],
                    "silent_months": silent * np.exp(random.normal(0, 0.2, each)),
                    "order_days": np.round(orders * np.exp(random.normal(0, 0.2, each))),
                    "amount": amount * np.exp(random.normal(0, 0.3, each)),
                    "customer_days": random.uniform(300, 1500, each),
                    "belts": 0.9 if kind == "small" else 0.2,
                }
            )
        )
    table = pd.concat(parts).set_index("customer_id")
    table["amount_a_day"] = table["amount"] / table["order_days"]
    belts = table.pop("belts")
    return table, pd.DataFrame({"belts": belts, "gears": 1 - belts})


@pytest.fixture
def customers():
    return make_customers()
