"""Made-up companies whose truth is known: leads of a small one, customers of a larger one.

Frames are made as `ml.training_frame` makes them. With `noise` the outcomes belong to others than
the features do, so that nothing can be learnt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

import ml

DAYS = 3 * 365


@dataclass(frozen=True)
class Company:
    """What decides its deals: weights of standardised features in log-odds, drawn once."""

    weights: dict[str, float]
    base: float

    @classmethod
    def draw(cls, random: np.random.Generator) -> Company:
        """Draw a company in which some of the columns tell much, some nothing."""
        names = ["employees", "amount", "past_wins", "visits_before", "mails_before", "fair_visits"]
        weights = {
            name: float(random.normal(0, 0.6)) if random.random() < 0.6 else 0.0 for name in names
        }
        return cls(weights | {"lead_source": float(abs(random.normal(0, 0.8)))}, -0.4)


SOURCES = {"Empfehlung": 1.2, "Messe": 0.6, "Website": 0.0, "Kaltakquise": -1.2}


def make_leads(
    spec: ml.Spec, company: Company, leads: int, random: np.random.Generator, *, noise: bool
) -> pd.DataFrame:
    """Make a frame as `ml.training_frame` does: a row per lead and cut-off at which it was open.

    Columns of the spec that the company knows nothing of are missing, as in a young warehouse.
    """
    own = pd.DataFrame({
        "lead_source": random.choice(list(SOURCES), leads),
        "employees": np.exp(random.normal(4, 1, leads)).round(),
        "amount": np.exp(random.normal(9, 1, leads)).round(),
        "past_wins": random.choice([0.2, 0.33, 0.5, 0.6], leads),
        "visits_before": random.poisson(1.5, leads).astype(float),
        "mails_before": random.poisson(0.7, leads).astype(float),
        "fair_visits": (random.random(leads) < 0.2).astype(float),
        "industry": random.choice(["Maschinenbau", "Chemie", "Handel", "Bau"], leads),
    })  # fmt: skip
    pushes = company.base + company.weights["lead_source"] * own["lead_source"].map(SOURCES)
    for name in ("employees", "amount", "past_wins", "visits_before", "mails_before"):
        values = np.log1p(own[name])
        pushes += company.weights[name] * (values - values.mean()) / values.std()
    pushes += company.weights["fair_visits"] * 2 * (own["fair_visits"] - 0.2)
    won = random.random(leads) < 1 / (1 + np.exp(-pushes))
    own["won"] = random.permutation(won) if noise else won
    own["created"] = random.integers(0, DAYS, leads)
    own["closed"] = own["created"] + random.integers(20, 150, leads)
    own["entity_id"] = [f"L{number}" for number in range(leads)]
    return _snapshots(spec, own)


def _snapshots(spec: ml.Spec, own: pd.DataFrame) -> pd.DataFrame:
    assert spec.snapshots is not None
    horizon, step = spec.snapshots.horizon_days, spec.snapshots.every_days or 14
    parts = []
    for cutoff in range(DAYS - horizon, spec.snapshots.history_days, -step)[
        : spec.snapshots.at_most
    ]:
        is_open = (own["created"] < cutoff) & (own["closed"] >= cutoff)
        part = own[is_open].assign(
            cutoff=pd.Timestamp("2023-01-01") + pd.Timedelta(days=cutoff),
            lead_days=cutoff - own["created"],
        )
        part[spec.target.column] = (part["won"] & (part["closed"] < cutoff + horizon)).astype(int)
        parts.append(part)
    frame = pd.concat(parts).sort_values(["cutoff", "entity_id"], ignore_index=True)
    frame["customer_id"] = frame["entity_id"]
    return _complete(spec, frame.drop(columns=["won", "created", "closed"]))


def _complete(spec: ml.Spec, frame: pd.DataFrame) -> pd.DataFrame:
    """Add the features that nobody there records: missing, or what the spec says of no rows."""
    for name, feature in spec.features.items():
        if name not in frame:
            empty = np.nan if feature.type == "numeric" else None
            frame[name] = empty if feature.missing is None else feature.missing
    return frame


MONTHS, STEP, HORIZON = 24, 30, 90  # as in models/churn.yml


def make_customers(
    spec: ml.Spec,
    weights: pd.Series[float],
    customers: int,
    random: np.random.Generator,
    *,
    noise: bool,
) -> pd.DataFrame:
    """Make a row per customer and month, of those who had ordered within a year.

    Each has a rhythm of its own and a chance to leave each month, by what the rules know of
    (complaints, lost contacts, late deliveries) and what they do not (age, amount). Who leaves
    orders half as often for 90 days before. With noise a customer has the outcomes of others.
    """
    own = pd.DataFrame({
        "gap": np.exp(random.normal(3.6, 0.7, customers)),
        "complaints": random.poisson(0.3, customers).astype(float),
        "contacts_lost": random.poisson(0.15, customers).astype(float),
        "days_late": random.poisson(4, customers).astype(float),
        "age": random.uniform(0, 3000, customers),
        "amount": np.exp(random.normal(8, 1, customers)),
    })  # fmt: skip
    pushes = (own[weights.index] - own[weights.index].mean()) / own[weights.index].std() @ weights
    leaves = random.exponential(30 / np.clip(0.02 * np.exp(pushes), 1e-4, 0.5))
    lasts = (MONTHS - 1) * STEP + HORIZON
    rows = []
    for number, (gap, left) in enumerate(zip(own["gap"], leaves, strict=True)):
        days = np.cumsum(random.gamma(2, gap / 2, int(4 * (lasts + 365) / gap) + 20)) - 365
        slow = (days > left - 90) & (np.arange(len(days)) % 2 == 1)
        rows += _months(number, days[(days < min(left, lasts)) & ~slow])
    frame = pd.DataFrame(rows).merge(
        own.drop(columns=["gap"]), left_on="entity_id", right_index=True
    )
    frame["customer_days"] = frame.pop("age") + frame["month"] * STEP
    frame["amount_year"] = frame.pop("amount") * frame["orders_year"]
    if noise:
        # Of another one in each quarter: else a model that knows its customers again by their
        # amounts would be right to say what became of them before.
        others = np.array([random.permutation(customers) for _ in range(MONTHS // 3)])
        other = others[frame["month"] // 3, frame["entity_id"]]
        outcomes = frame.set_index(["entity_id", "month"])["outcome"]
        pairs = pd.MultiIndex.from_arrays([other, frame["month"]])
        frame["outcome"] = outcomes.reindex(pairs).to_numpy()
        frame = frame.dropna(subset=["outcome"])
    frame["cutoff"] = pd.Timestamp("2023-01-01") + pd.to_timedelta(frame["month"] * STEP, "D")
    frame[spec.target.column] = frame.pop("outcome").astype(int)
    frame = frame.sort_values(["cutoff", "entity_id"], ignore_index=True)
    return _complete(spec, frame.assign(customer_id=frame["entity_id"]))


def _months(number: int, days: np.ndarray) -> list[dict[str, float]]:
    """Features and outcome of one customer's order days at each cut-off."""
    rows = []
    for month in range(MONTHS):
        ago = month * STEP - days[days < month * STEP]
        ago = ago[ago <= 730]
        if not len(ago) or ago[-1] > 365:
            continue
        gaps = -np.diff(ago)
        usual = float(np.median(gaps)) if len(gaps) > 1 else np.nan
        ahead = days[(days >= month * STEP) & (days < month * STEP + HORIZON)]
        rows.append({
            "entity_id": number, "month": month, "outcome": float(not len(ahead)),
            "days_silent": ago[-1], "usual_gap_days": usual,
            "silence_ratio": ago[-1] / max(usual, 1),
            "longest_gap_days": gaps.max() if len(gaps) else np.nan,
            "orders_year": float((ago <= 365).sum()), "orders_quarter": float((ago <= 90).sum()),
            "order_trend": (ago <= 90).sum() / max((ago <= 365).sum() / 4, 0.25),
        })  # fmt: skip
    return rows
