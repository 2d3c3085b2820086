"""Segments in the warehouse: fitted once, assigned nightly, refitted when a person says so."""

from datetime import date, timedelta

import numpy as np
import pytest

from config import PROJECT_ROOT, ConfigurationError, Settings
from ml import registry
from ml.judging.decisions import approve
from ml.segment import apply, load, train, why_learn
from ml.segment.applying import months_before
from warehouse import open_warehouse

NIGHT = date(2025, 7, 1)
MARTS = """
create schema if not exists marts;
create or replace table marts.customers (customer_id varchar, industry varchar, employees integer,
    postcode varchar, country_code varchar, first_order_on date, has_objected_to_profiling boolean);
create or replace table marts.orders (order_id varchar, customer_id varchar, ordered_on date,
    net_amount double, is_cancelled boolean);
create or replace table marts.order_lines (order_line_id varchar, customer_id varchar, sku varchar,
    ordered_on date, net_amount double, is_cancelled boolean);
create or replace table marts.products (sku varchar, product_group varchar);
insert into marts.products values ('r', 'Riemen'), ('g', 'Getriebe');
"""
# Kind of customer -> days between two orders, amount, the article.
KINDS = {"large": (8, 9_000, "g"), "small": (120, 300, "r"), "middle": (25, 2_000, "g")}


def fill(connection, each=50, since=date(2023, 6, 1)):
    """Three kinds of customers, a tenth of whom fell silent in winter, and some prospects."""
    random = np.random.default_rng(0)
    connection.execute(MARTS)
    customers, orders = [], []
    for kind, (gap, amount, sku) in KINDS.items():
        for number in range(each):
            customer = f"{kind}{number}"
            until = NIGHT if number % 5 else NIGHT - timedelta(days=200)
            day = since + timedelta(days=float(random.uniform(0, gap)))
            first = day
            while day < until:
                orders.append((customer, day, amount * float(random.lognormal(0, 0.3)), sku))
                day += timedelta(days=float(gap * random.gamma(9, 1 / 9)) + 1)
            customers.append((customer, "Bau", 60, "70173", "DE", first, number == 0))
    customers += [(f"prospect{n}", "Chemie", 8, "80331", "DE", None, False) for n in range(20)]
    connection.begin()
    connection.executemany("insert into marts.customers values (?, ?, ?, ?, ?, ?, ?)", customers)
    connection.executemany(
        "insert into marts.orders values (uuid(), ?, ?, ?, false)", [one[:3] for one in orders]
    )
    connection.executemany(
        "insert into marts.order_lines values (uuid(), ?, ?, ?, ?, false)",
        [(who, sku, day, amount) for who, day, amount, sku in orders],
    )
    connection.commit()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    settings = Settings(home=tmp_path_factory.mktemp("segments"), as_of=NIGHT)
    with open_warehouse(settings) as connection:
        fill(connection)
    return settings


@pytest.fixture(scope="module")
def fitted(home):
    """The home after its first fit."""
    spec = load(PROJECT_ROOT / "models" / "segments.yml")
    return home, spec, train(home, spec)


def segments(settings):
    with open_warehouse(settings) as connection:
        rows = connection.execute(
            "select customer_id, segment, method from ops.segments"
        ).fetchall()
    return {customer: (segment, method) for customer, segment, method in rows}


def test_stage_1_divides_by_attributes_and_leaves_objectors_out(home):
    applied = apply(home, load(PROJECT_ROOT / "models" / "segments.yml"), 1)
    found = segments(home)
    assert applied.method == "groups"
    assert found["prospect1"] == ("Chemie · 1–9 · PLZ 8", "groups")
    assert found["large1"] == ("Bau · 50–249 · PLZ 7", "groups")
    assert not {"large0", "small0", "middle0"} & set(found)


def test_the_first_fit_comes_into_force_with_scaler_and_figures(fitted):
    home, spec, training = fitted
    assert training.status == "champion", training.message
    stability, worth = training.findings
    assert "4 segments, stability" in stability.says
    assert "spent in the next 90 days" in worth.says
    with registry.tracking(home) as client:
        kept = registry.kept(client, spec.name)
        assert [name for name, _step in kept.load().steps] == ["scaler", "clusters"]


def test_each_customer_is_in_a_segment_who_has_not_bought_in_their_own(fitted):
    home, spec, _training = fitted
    apply(home, spec, 2)
    found = segments(home)
    assert found["prospect1"] == ("without", "clusters")
    assert found["large1"][0] != found["small1"][0]
    assert len(found) == 3 * 49 + 20


def test_without_new_data_nobody_moves_whatever_the_night(fitted):
    home, spec, _training = fitted
    apply(home, spec, 3)
    before = segments(home)
    later = home.model_copy(update={"as_of": NIGHT + timedelta(days=9)})
    applied = apply(later, spec, 3)
    assert segments(home) == before
    assert "0 changed theirs" in applied.message


def test_stage_3_draws_the_way_of_the_last_months_lower_stages_do_not(fitted):
    home, spec, _training = fitted
    apply(home, spec, 3)
    with open_warehouse(home) as connection:
        months = connection.execute(
            "select month, count(*) from ops.segment_months group by 1 order by 1"
        ).fetchall()
    assert [month for month, _count in months] == months_before(NIGHT, 13)
    assert months[-1][0] == date(2025, 6, 1)
    apply(home, spec, 2)
    with open_warehouse(home) as connection:
        assert connection.execute("select count(*) from ops.segment_months").fetchone() == (0,)


def test_who_objects_leaves_the_months_before_too(fitted):
    home, spec, _training = fitted
    apply(home, spec, 3)
    sql = "select count(*) from ops.segment_months where customer_id = 'large7'"
    with open_warehouse(home) as connection:
        assert connection.execute(sql).fetchone() == (13,)
        connection.execute(
            "update marts.customers set has_objected_to_profiling = true"
            " where customer_id = 'large7'"
        )
    apply(home, spec, 3)
    with open_warehouse(home) as connection:
        assert connection.execute(sql).fetchone() == (0,)
        connection.execute(
            "update marts.customers set has_objected_to_profiling = false"
            " where customer_id = 'large7'"
        )
    assert "large7" not in segments(home)


def test_segments_that_still_fit_are_not_fitted_again(fitted):
    home, spec, _training = fitted
    apply(home, spec, 2)
    assert why_learn(home, spec) == ""
    again = train(home, spec)
    assert again.status == "unchanged"
    assert "still fits" in again.message


def test_customers_who_move_far_away_bring_a_proposal_not_a_swap(fitted):
    home, spec, _training = fitted
    apply(home, spec, 2)
    with open_warehouse(home) as connection:
        connection.execute("update ops.segments set is_far = true where method = 'clusters'")
    assert why_learn(home, spec) == ""  # the last training is too short ago
    later = home.model_copy(update={"as_of": NIGHT + timedelta(days=40)})
    assert "far from all segments" in why_learn(later, spec)
    apply(home, spec, 2)


def test_a_person_asks_for_a_new_fit_sees_what_changes_and_decides(fitted):
    home, spec, training = fitted
    apply(home, spec, 2)
    before = segments(home)
    asked = spec.model_copy(update={"fitted_from": NIGHT + timedelta(days=1)})
    later = home.model_copy(update={"as_of": NIGHT + timedelta(days=60)})
    with open_warehouse(home) as connection:
        connection.execute(
            "update marts.orders set net_amount = 3 * net_amount where customer_id like 'small1%'"
        )
    waiting = train(later, asked)
    assert waiting.status == "waiting", waiting.message
    assert "would change their segment" in waiting.message
    apply(later, asked, 2)
    with open_warehouse(home) as connection:
        (version,) = connection.execute(
            "select distinct model_version from ops.segments where segment <> 'without'"
        ).fetchone()
    assert version == training.version  # nobody has decided yet
    approve(later, "segments", "Anna Berg", waiting.version)
    apply(later, asked, 2)
    after = segments(home)
    same = [one for one in before if before[one][0] == after[one][0]]
    assert len(same) > 0.8 * len(before)  # the letters go on
    assert train(later, asked).status == "unchanged"


def test_a_name_that_a_person_gives_holds(fitted):
    from ml.specs.feature import Text

    home, spec, _training = fitted
    named = spec.model_copy(update={"names": {"A": Text(de="Stammkunden", en="Regulars")}})
    apply(home, named, 2)
    with open_warehouse(home) as connection:
        found = connection.execute(
            "select distinct name_de, name_en from ops.segments where segment = 'A'"
        ).fetchall()
    assert found == [("Stammkunden", "Regulars")]


def test_of_too_few_customers_nothing_is_learnt(fitted):
    home, spec, _training = fitted
    gate = spec.behaviour.gate.model_copy(update={"customers": 800})
    large = spec.model_copy(update={"behaviour": spec.behaviour.model_copy(update={"gate": gate})})
    training = train(home, large)
    assert training.status == "skipped"
    assert "147 customers have bought lately, 800 are needed" in training.message


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("min(first_order_on)", "min(first_order)", "behaviour.customers"),
        ("as silent_months", "as quiet", "no column silent_months"),
        (
            "group by customer_id\n  # Rec",
            "group by customer_id, order_id\n  # Rec",
            "more than one row",
        ),
        ("clusters: 4 ", "clusters: 9 ", "between fewest and most"),
        ("clock: [orders.ordered_on]", "clock: [orders.day]", "clock"),
    ],
)
def test_a_mistake_in_the_yaml_is_named_and_segments_stay(fitted, tmp_path, old, new, told):
    home, _spec, _training = fitted
    before = segments(home)
    text = (PROJECT_ROOT / "models" / "segments.yml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "segments.yml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=told) as found:
        train(home, load(path).model_copy(update={"fitted_from": date(2030, 1, 1)}))
    assert "\n" not in str(found.value)
    assert segments(home) == before
