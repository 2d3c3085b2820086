"""No sentence contradicts the facts: whatever a model says, of whomever it says it.

Customers, leads and all that happened to them are drawn at random, and so are the parts of their
scores: every sentence gets its turn. What is said is held against the marts, not the features.
"""

import re
from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd
import pytest

from config import PROJECT_ROOT
from ml.features.frames import scoring_frame
from ml.reasons.explanation import model_reasons, rule_reasons
from ml.specs.files import load_spec

NIGHT = date(2025, 7, 1)
FIRST = date(2023, 1, 1)
SPECS = {name: load_spec(PROJECT_ROOT / f"models/{name}.yml") for name in ("churn", "lead")}

CHURN_FACTS = """
with days as (
    select distinct customer_id, ordered_on from marts.orders where not is_cancelled
),
gaps as (
    select customer_id, ordered_on - lag(ordered_on) over (partition by customer_id
        order by ordered_on) as gap from days
),
rhythms as (select customer_id, median(gap) as usual, max(gap) as longest from gaps group by all)
select
    c.customer_id as entity_id,
    date_diff('day', max(o.ordered_on), $night) as silent,
    any_value(r.usual) as usual,
    any_value(r.longest) as longest,
    count(*) filter (o.ordered_on >= $night - 365) as year,
    count(*) filter (o.ordered_on >= $night - 90) as quarter,
    sum(o.net_amount) filter (o.ordered_on >= $night - 365) as amount,
    coalesce(sum(o.net_amount) filter (o.ordered_on >= $night - 180), 0) / amount as half,
    date_diff('day', min(o.ordered_on), $night) as first,
    date_diff('day', (select min(ordered_on) from marts.orders), $night) as file,
    case when any_value(c.customer_since) < $night  -- a day to come is a slip of the pen
        then date_diff('day', any_value(c.customer_since), $night) end as since,
    count(*) filter (o.delivered_on >= $night - 120 and o.delivered_on < $night) as deliveries,
    coalesce(sum(greatest(o.days_late, 0)) filter (o.delivered_on >= $night - 120
        and o.delivered_on < $night), 0) as late,
    (select count(*) from marts.tickets t where t.customer_id = c.customer_id and t.is_complaint
        and t.opened_at >= $night - 120) as complaints,
    (select count(*) from marts.contacts t where t.customer_id = c.customer_id
        and t.left_on >= $night - 180 and t.left_on < $night) as lost,
    (select count(*) from marts.interactions i where i.customer_id = c.customer_id
        and i.occurred_at >= $night - 90) as read_quarter,
    (select count(*) from marts.interactions i where i.customer_id = c.customer_id
        and i.occurred_at >= $night - 365) as read_year
from marts.customers c join marts.orders o using (customer_id) left join rhythms r
    using (customer_id)
where not o.is_cancelled and o.ordered_on < $night group by all
"""
LEAD_FACTS = """
select
    l.lead_id as entity_id, l.amount, l.employees, l.industry, l.lead_source,
    date_diff('day', l.created_on, $night) as age,
    (select count(distinct stage) from marts.lead_stages s where s.lead_id = l.lead_id) as moves,
    (select arg_max(stage, step) from marts.lead_stages s where s.lead_id = l.lead_id) as stage,
    (select count(distinct ordered_on) from marts.orders o where o.customer_id = l.customer_id
        and not is_cancelled and ordered_on >= $night - 730 and ordered_on < $night) as orders,
    (select count(*) from marts.leads e where e.customer_id = l.customer_id
        and e.outcome <> 'open' and e.closed_on < $night) as closed,
    (select count(*) from marts.leads e where e.customer_id = l.customer_id
        and e.outcome = 'won' and e.closed_on < $night) as won,
    (select count(*) from marts.interactions i where i.customer_id = l.customer_id
        and kind = 'web_visit' and occurred_at < l.created_on
        and occurred_at >= l.created_on - 60) as visits,
    (select count(*) from marts.interactions i where i.customer_id = l.customer_id
        and kind in ('email_open', 'email_click') and occurred_at < l.created_on
        and occurred_at >= l.created_on - 60) as mails,
    (select count(*) from marts.interactions i where i.customer_id = l.customer_id
        and kind <> 'fair_visit' and occurred_at >= $night - 30) as recent,
    (select count(*) from marts.interactions i where i.customer_id = l.customer_id
        and kind = 'fair_visit' and occurred_at >= $night - 180) as fairs,
    (select count(*) from marts.tickets t where t.customer_id = l.customer_id and t.is_complaint
        and t.opened_at >= $night - 120) as complaints
from marts.leads l where outcome = 'open'
"""
# For each sentence (feature and side): when it is true of the facts, and which of them it names.
# `median` is that of all customers, for "than most".
TRUE = {
    "churn": {
        ("silence_ratio", "raises"): ("silent > usual", "silent usual"),
        ("silence_ratio", "lowers"): ("silent < usual or usual < 1", "silent usual"),
        ("days_silent", "raises"): ("usual is null or silent > usual", "silent"),
        ("days_silent", "lowers"): ("usual is null or silent <= usual", "silent"),
        ("usual_gap_days", "raises"): ("usual > median_usual", "usual"),
        ("usual_gap_days", "lowers"): ("usual < median_usual", "usual"),
        ("longest_gap_days", "raises"): ("true", "longest"),
        ("longest_gap_days", "lowers"): ("true", "longest"),
        ("orders_year", "raises"): ("year <= 6 and year < median_year", "year 12"),
        ("orders_year", "lowers"): ("year >= 2 and year > median_year", "year 12"),
        ("orders_quarter", "raises"): ("usual is null or silent > usual", "quarter 90"),
        ("orders_quarter", "lowers"): ("quarter >= 1", "quarter 90"),
        ("order_trend", "raises"): (
            "quarter < year / 4 and first > 365 and (quarter > 0 or silent > usual)",
            "quarter year 90 12",
        ),
        ("order_trend", "lowers"): ("quarter > year / 4 and first > 365", "quarter year 90 12"),
        ("amount_year", "raises"): ("amount < median_amount", "amount 12"),
        ("amount_year", "lowers"): ("amount > median_amount", "amount 12"),
        ("amount_trend", "raises"): ("half <= 0.4 and first > 365", "half 6"),
        ("amount_trend", "lowers"): ("half >= 0.6 and first > 365", "half 6"),
        ("customer_days", "raises"): (
            "first < median_first and (abs(since - first) <= 31"
            " or (since is null and file - first > 365))",
            "first",
        ),
        ("customer_days", "lowers"): (
            "first > median_first and (since >= 365 or since is null)", "first years"
        ),
        ("days_late", "raises"): ("late > 0", "late 4"),
        ("days_late", "lowers"): ("late = 0 and deliveries > 0", "deliveries 4"),
        ("complaints", "raises"): ("complaints > 0", "complaints 4"),
        ("complaints", "lowers"): ("complaints = 0", "4"),
        ("contacts_lost", "raises"): ("lost > 0", "lost 6"),
        ("engagement_quarter", "raises"): ("read_quarter <= 2", "read_quarter 90"),
        ("engagement_quarter", "lowers"): ("read_quarter >= 3", "read_quarter 90"),
        ("engagement_trend", "raises"): (
            "read_quarter < read_year / 4", "read_quarter read_year 90 12"
        ),
        ("engagement_trend", "lowers"): (
            "read_quarter > read_year / 4", "read_quarter read_year 90 12"
        ),
    },
    "lead": {
        ("industry", "raises"): ("industry is not null", ""),
        ("industry", "lowers"): ("industry is not null", ""),
        ("employees", "raises"): ("employees > 0", "employees"),
        ("employees", "lowers"): ("employees > 0", "employees"),
        ("lead_source", "raises"): ("lead_source not in ('', 'unbekannt', 'k.A.')", ""),
        ("lead_source", "lowers"): ("lead_source not in ('', 'unbekannt', 'k.A.')", ""),
        ("amount", "raises"): ("amount > 0", "amount"),
        ("amount", "lowers"): ("amount > 0", "amount"),
        ("lead_days", "raises"): ("true", "age"),
        ("lead_days", "lowers"): ("true", "age"),
        ("stage_now", "raises"): ("stage is not null", ""),
        ("stage_now", "lowers"): ("stage is not null", ""),
        ("stage_moves", "raises"): ("moves >= 2", "moves"),
        ("stage_moves", "lowers"): ("moves = 1 and age > 30", "age"),
        ("past_orders", "raises"): ("orders > 0", "orders 2"),
        ("past_orders", "lowers"): ("orders = 0", "2"),
        ("past_wins", "raises"): ("won > closed / 2", "won closed"),
        ("past_wins", "lowers"): ("won < closed / 2", "won closed"),
        ("visits_before", "raises"): ("visits >= 2", "visits"),
        ("visits_before", "lowers"): ("visits <= 1", "visits"),
        ("mails_before", "raises"): ("mails >= 1", "mails"),
        ("mails_before", "lowers"): ("mails = 0", ""),
        ("recent_interest", "raises"): ("recent >= 1", "recent 30"),
        ("recent_interest", "lowers"): ("recent = 0", "30"),
        ("fair_visits", "raises"): ("fairs >= 1", "6"),
        ("fair_visits", "lowers"): ("fairs = 0", "6"),
        ("complaints", "raises"): ("complaints = 0", "4"),
        ("complaints", "lowers"): ("complaints >= 1", "complaints 4"),
    },
}  # fmt: skip


def day(number):
    return FIRST + timedelta(days=int(number))


@pytest.fixture(scope="module")
def firm(ddl):
    """Loyal, lost, new and rare customers, late deliveries, all sorts of leads; at random."""
    random = np.random.default_rng(3)
    rows = {name: [] for name in ("customers", "orders", "tickets", "contacts", "interactions",
                                  "leads", "lead_stages")}  # fmt: skip
    for number in range(250):
        add_customer(rows, f"C{number:03d}", random)
    with duckdb.connect() as connection:
        connection.execute(ddl)
        for mart, listed in rows.items():
            connection.register("listed", pd.DataFrame(listed))
            connection.execute(f"insert into marts.{mart} by name from listed")
        yield connection


def add_customer(rows, key, random):
    days = (NIGHT - FIRST).days
    start = 0 if random.random() < 0.4 else random.uniform(0, days - 5)
    end = days if random.random() < 0.6 else random.uniform(start, days)
    since = random.choice([None, start, start - 2000, start + 10, days + 5])
    since = None if since is None else day(since)
    rows["customers"].append({"customer_id": key, "name": key, "customer_since": since})
    rhythm, at = random.choice([3, 10, 30, 90, 250]), start
    while at < end:
        late = int(random.choice([-2, 0, 0, 0, 6]))
        arrived = day(at + 10 + late)
        rows["orders"].append({
            "order_id": f"{key}{at}", "customer_id": key, "ordered_on": day(at),
            "delivered_on": arrived if arrived < NIGHT else None, "days_late": late,
            "net_amount": random.uniform(5, 9000), "is_cancelled": random.random() < 0.05,
        })  # fmt: skip
        at += max(1, rhythm * random.gamma(4, 1 / 4))
    for _ in range(random.integers(0, 4)):
        ago = int(random.uniform(0, 700))
        rows["tickets"].append({
            "ticket_id": f"T{key}{ago}", "customer_id": key,
            "opened_at": pd.Timestamp(NIGHT - timedelta(ago + 1)),
            "is_complaint": random.random() < 0.7,
        })  # fmt: skip
        rows["contacts"].append({
            "contact_id": f"P{key}{ago}", "customer_id": key,
            "left_on": None if ago % 2 else NIGHT - timedelta(ago + 1),
        })  # fmt: skip
    kinds = ["email_open", "email_click", "web_visit", "fair_visit"]
    for index in range(random.choice([0, 0, 2, 5, 20, 60])):
        rows["interactions"].append({
            "interaction_id": f"I{key}{index}", "customer_id": key, "kind": random.choice(kinds),
            "occurred_at": pd.Timestamp(day(random.uniform(0, days - 1))),
        })  # fmt: skip
    for index in range(random.integers(0, 4)):
        add_lead(rows, f"L{key}{index}", key, random)


def add_lead(rows, key, customer, random):
    days = (NIGHT - FIRST).days
    # Half of them of the last year: older ones that nobody touches count as lost, without a score.
    created = (
        random.uniform(0, days - 1) if random.random() < 0.5 else days - random.uniform(2, 360)
    )
    outcome = str(random.choice(["open", "open", "won", "lost"]))
    rows["leads"].append({
        "lead_id": key, "customer_id": customer, "outcome": outcome,
        "amount": random.choice([None, 0.0, 900.0]),
        "lead_source": random.choice(["Messe", "Kaltakquise", "unbekannt", "k.A.", "", None]),
        "created_on": day(created),
        "closed_on": None if outcome == "open" else day(min(created + 30, days - 1)),
        "industry": random.choice([None, "Bau"]), "employees": random.choice([None, 0, 12]),
    })  # fmt: skip
    for step in range(random.integers(0, 3)):
        rows["lead_stages"].append({
            "lead_stage_id": f"S{key}{step}", "lead_id": key, "customer_id": customer,
            "stage": ["Anfrage", "Angebot"][step], "step": step + 1,
            "entered_on": day(min(created + step, days - 1)),
        })  # fmt: skip


def typical_of(frame, spec, more=0.0):
    """The usual value of each feature, or one above it: then others are below the usual."""
    return {
        name: float(frame[name].median()) + more if feature.type == "numeric" else "x"
        for name, feature in spec.inputs.items()
    }


def numbers(sentence):
    """All numbers of a German sentence."""
    found = re.findall(r"(?<![\w.])\d+(?:\.\d{3})*(?:,\d+)?", sentence)
    return [float(text.replace(".", "").replace(",", ".")) for text in found]


@pytest.mark.parametrize("score", SPECS)
def test_whatever_the_model_says_no_sentence_contradicts_the_facts(firm, score):
    spec, facts_sql = SPECS[score], {"churn": CHURN_FACTS, "lead": LEAD_FACTS}[score]
    frame = scoring_frame(firm, spec, NIGHT)
    firm.execute(f"create or replace temp table facts as {facts_sql}", {"night": NIGHT})
    if score == "churn":
        firm.execute(
            "alter table facts add column years double; update facts set years = since / 365.25"
        )
    medians = {"median_usual": "usual_gap_days", "median_year": "orders_year",
               "median_amount": "amount_year", "median_first": "customer_days"}  # fmt: skip
    random, seen = np.random.default_rng(0), set()
    for turn in range(16):
        typical = typical_of(frame, spec, more=(0, 3, -3)[turn % 3])
        parts = random.normal(size=(len(frame), len(typical)))
        said = model_reasons(frame, parts, typical, spec, {}).to_pandas()
        said = said[said["direction"] != "fact"]
        said["entity_id"] = frame["entity_id"].to_numpy()[said["row"]]
        for (key, direction), rows in said.groupby(["key", "direction"]):
            condition, names = TRUE[score][key, direction]
            seen.add((key, direction))
            for name, feature in medians.items():
                condition = condition.replace(name, str(typical.get(feature)))
            firm.register("rows", rows)
            wrong = firm.execute(
                f"select de, facts.* from rows join facts using (entity_id)"
                f" where not coalesce(({condition}), false)"
            ).df()
            assert wrong.empty, f"{key} {direction}: {wrong.iloc[0].to_dict()}"
            told = firm.execute("select de, facts.* from rows join facts using (entity_id)").df()
            assert len(told) == len(rows)
            for row in told.to_dict("records"):
                allowed = [float(name) if name.isdigit() else row[name] for name in names.split()]
                for number in numbers(row["de"]):
                    near = [abs(number - value) <= 0.5 or round(value * 100) == number
                            for value in allowed if value == value]  # fmt: skip
                    assert any(near), (row["de"], allowed)
    assert seen == set(TRUE[score]), set(TRUE[score]) - seen


@pytest.mark.parametrize("score", SPECS)
def test_a_reason_is_no_blank_and_nothing_is_said_twice(firm, score):
    frame = scoring_frame(firm, SPECS[score], NIGHT)
    random, typical = np.random.default_rng(1), typical_of(frame, SPECS[score])
    tables = [rule_reasons(frame, SPECS[score], stage) for stage in (1, 2)]
    for _ in range(4):
        parts = random.normal(size=(len(frame), len(typical)))
        tables.append(model_reasons(frame, parts, typical, SPECS[score], {}))
    for table in tables:
        said = table.to_pandas()
        texts = said["de"] + " " + said["en"]
        assert not texts.str.contains(r"nan|None|\(missing\)|unbekannt:|\bk\.A\.|\{|  ").any()
        assert not said.duplicated(["row", "de"]).any()
        sides = said.groupby(["row", "direction"]).size()
        assert sides.max() <= 3
        assert (said.groupby("row").size().reindex(range(len(frame)), fill_value=0) >= 1).all()
        order = said.sort_values(["row", "place"]).groupby("row")["direction"].agg(list)
        ranks = {"raises": 0, "lowers": 1, "fact": 2}
        assert all([ranks[d] for d in row] == sorted(ranks[d] for d in row) for row in order)
