"""Damages to the sample company's marts, and what each must lower: a person's judgement.

What falls is said from the meaning of the use cases (which method needs which data), not read from
`expectations/*.yml`. All damages are SQL and the same each time: rows are chosen by their hash.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

# fmt: off
Kind = Literal["drop", "blank", "age", "duplicate", "unlink", "shuffle", "swap", "cut", "invalid",
               "revoke", "add", "placeholder", "column", "unnoticed"]
Falls = Mapping[str, tuple[int, str]]  # use case -> stage that is left, expectation that says why

# What the sample lacks for the highest stage: more readers, search terms, consent to recordings.
COMPLETED = """
insert into marts.consents
select 'added-' || contact_id, customer_id, email, 'newsletter', true, date '{night}' - 30
from marts.contacts where is_active
    and email not in (select email from marts.consents where purpose = 'newsletter')
qualify row_number() over (partition by email) = 1 limit 150;
insert into marts.consents
select 'recording-' || contact_email, any_value(customer_id), contact_email, 'recording', true,
    date '{night}' - 30
from marts.leads where outcome = 'open' and contact_email is not null group by contact_email;
insert into marts.interactions
select 'search-' || n, null, null, 'web_search',
    timestamp '{night} 09:00' - to_hours((20 * n + 20)::int), 'Antrieb ' || n % 40, null
from range(200) t(n);
"""
# What the marts derive from each other, so that a damage reaches what dbt would make of it.
DERIVED = """
update marts.orders set days_late = delivered_on - promised_on;
update marts.order_lines l set customer_id = o.customer_id, ordered_on = o.ordered_on
from marts.orders o where o.order_id = l.order_id;
update marts.customers set order_count = 0, first_order_on = null, last_order_on = null;
update marts.customers c
set order_count = o.n, first_order_on = o.first_on, last_order_on = o.last_on
from (select customer_id, count(*) n, min(ordered_on) first_on, max(ordered_on) last_on
    from marts.orders where not is_cancelled group by customer_id) o
where o.customer_id = c.customer_id;
update marts.leads set industry = null, employees = null;
update marts.leads l set industry = c.industry, employees = c.employees
from marts.customers c where c.customer_id = l.customer_id;
"""


@dataclass(frozen=True)
class Records:
    """The records that the to-do of one expectation must list, by hand-written SQL."""

    use_case: str
    expectation: str
    sql: str


@dataclass(frozen=True)
class Mutation:
    """One damage, the stages that it must lower (no others), and what must be said of it."""

    name: str
    kind: Kind
    sql: str
    falls: Falls = field(default_factory=dict)
    cause: Literal["source", "data"] | None = None  # None: either may be said
    records: tuple[Records, ...] = ()
    audit: frozenset[str] = frozenset()  # what of the audit must fail
    why_unnoticed: str = ""


def to(stage: int, expectation: str, *use_cases: str) -> dict[str, tuple[int, str]]:
    """Say that these use cases fall to a stage because of an expectation."""
    return dict.fromkeys(use_cases, (stage, expectation))


def some(id_column: str, percent: float, seed: str = "") -> str:
    """Write the condition that chooses so many of a hundred rows by the hash of their id."""
    return f"hash({id_column} || '{seed}') % 1000 < {round(percent * 10)}"


def setting(mart: str, column: str, value: str, condition: str) -> str:
    return f"update marts.{mart} set {column} = {value} where {condition};"


def blank(
    mart: str, id_column: str, column: str, percent: float, falls: Falls, *lists: Records,
    among: str = "true",
) -> Mutation:
    """Blank a column in so many of a hundred rows."""
    where = "" if among == "true" else f" where {among}"
    return Mutation(
        f"{mart}.{column} blank in {percent:g} %{where}",
        "blank",
        setting(mart, column, "null", f"{among} and {some(id_column, percent)}"),
        falls,
        "data" if falls else None,
        lists,
    )


def shuffled(mart: str, id_column: str, column: str) -> str:
    return f"""
create temp table places as select {id_column} as id, {column} as old,
    row_number() over (order by hash({id_column})) as place from marts.{mart};
create temp table others as select old,
    row_number() over (order by hash(id || 'shuffled')) as place from places;
update marts.{mart} m set {column} = o.old
from places p join others o using (place) where p.id = m.{id_column};
"""


def swapped(column: str) -> str:
    """Write the date that a day read as a month gives; null where there is no such month."""
    time = f"{column}::timestamp - date_trunc('day', {column}::timestamp)"
    swapped = f"try_cast(strftime({column}, '%Y-%d-%m') as timestamp)"
    return f"{swapped} + ({time})"


ALL_INTERACTIONS = "kind not in ('web_visit', 'web_search')"
FALLS_BY_ORDER_DATES = (
    to(0, "orders_plausible", "churn", "pricing", "automated_mailings", "email_automation")
    | to(1, "orders_plausible", "service_bot")
    | to(2, "orders_plausible", "market_analysis")
)


def blanked() -> Iterator[Mutation]:
    """Columns blank for a share of rows, with controls of half as many."""
    yield from _blanked_customers()
    yield from _blanked_contacts()
    yield from _blanked_products_and_orders()
    yield from _blanked_leads()
    yield from _blanked_tickets_and_interactions()


def _blanked_customers() -> Iterator[Mutation]:
    industry = ("content", "market_analysis", "visibility", "lead_scoring", "pricing",
                "presentations", "churn")
    lacking = "select customer_id from marts.customers where industry is null"
    yield blank("customers", "customer_id", "industry", 25,
        to(2, "industry_complete", *industry),
        Records("market_analysis", "industry_complete", lacking),
        Records("churn", "industry_complete", lacking + " and order_count > 0"))
    yield blank("customers", "customer_id", "industry", 12, {})
    yield blank("customers", "customer_id", "industry", 60,
        to(1, "industry_known", "content", "visibility", "email_automation", "pricing",
           "presentations", "churn")
        | to(0, "industry_known", "market_analysis", "lead_scoring"),
        Records("pricing", "industry_known", lacking))
    yield blank("customers", "customer_id", "employees", 25,
        to(2, "size_complete", "market_analysis", "pricing", "presentations")
        | to(2, "employees_complete", "lead_scoring"),
        Records("pricing", "size_complete",
                "select customer_id from marts.customers where employees is null"))
    yield blank("customers", "customer_id", "employees", 12, {})
    yield blank("customers", "customer_id", "postcode", 25,
        to(2, "region_complete", "market_analysis"),
        Records("market_analysis", "region_complete",
                "select customer_id from marts.customers where postcode is null"))
    yield blank("customers", "customer_id", "postcode", 12, {})
    yield blank("customers", "customer_id", "postcode", 60,
        to(0, "region_known", "market_analysis") | to(0, "location_known", "lead_scoring"),
        Records("lead_scoring", "location_known", "select distinct customer_id from marts.leads"
                " join marts.customers using (customer_id) where postcode is null"))
    yield blank("customers", "customer_id", "account_manager", 60,
        to(1, "account_manager_known", "automated_mailings"),
        Records("automated_mailings", "account_manager_known", "select customer_id from"
                " marts.customers where account_manager is null and order_count > 0"))
    yield blank("customers", "customer_id", "account_manager", 30, {})


def _blanked_contacts() -> Iterator[Mutation]:
    unreachable = "select contact_id from marts.contacts where is_active and email is null"
    yield blank("contacts", "contact_id", "email", 20,
        to(2, "email_complete", "chatbot", "automated_mailings"),
        Records("chatbot", "email_complete", unreachable))
    yield blank("contacts", "contact_id", "email", 8, {})
    yield blank("contacts", "contact_id", "email", 55,
        to(0, "email_known", "email_automation", "automated_mailings")
        | to(1, "email_known", "chatbot", "service_bot"),
        Records("service_bot", "email_known", unreachable))
    yield blank("contacts", "contact_id", "role", 50,
        to(1, "role_known", "presentations", "automated_mailings"),
        Records("presentations", "role_known",
                "select contact_id from marts.contacts where is_active and role is null")
        )
    yield blank("contacts", "contact_id", "role", 25, {})
    nameless = "select contact_id from marts.contacts where is_active and family_name is null"
    yield blank("contacts", "contact_id", "family_name", 25,
        to(1, "names_complete", "automated_mailings"),
        Records("automated_mailings", "names_complete", nameless))
    yield blank("contacts", "contact_id", "family_name", 12, {})
    yield blank("contacts", "contact_id", "family_name", 55,
        to(1, "names_complete", "automated_mailings") | to(0, "names_known", "presentations"),
        Records("presentations", "names_known", nameless))


def _blanked_products_and_orders() -> Iterator[Mutation]:
    yield blank("products", "product_id", "product_group", 35,
        to(2, "purchases_complete", "content", "market_analysis", "email_automation", "chatbot",
           "pricing", "presentations", "automated_mailings", "service_bot"),
        Records("chatbot", "purchases_complete", "select distinct product_id from marts.products"
                " join marts.order_lines using (sku)"
                " where not is_cancelled and product_group is null"))
    yield blank("products", "product_id", "product_group", 10, {})
    yield blank("products", "product_id", "product_group", 75,
        to(0, "products_grouped", "content")
        | to(1, "purchases_grouped", "market_analysis", "chatbot", "pricing", "presentations",
             "automated_mailings")
        | to(2, "purchases_complete", "email_automation", "service_bot"),
        Records("content", "products_grouped",
                "select product_id from marts.products where product_group is null"))
    yield blank("products", "product_id", "name", 60,
        to(0, "products_named", "content", "chatbot", "presentations")
        | to(1, "products_named", "visibility", "service_bot"),
        Records("content", "products_named",
                "select product_id from marts.products where name is null"))
    yield blank("products", "product_id", "name", 30, {})
    late = "select order_id from marts.orders where not is_cancelled and delivered_on is null" \
        " and ordered_on < date '{night}' - 180"
    yield blank("orders", "order_id", "delivered_on", 25,
        to(2, "deliveries_complete", "churn", "service_bot"),
        Records("churn", "deliveries_complete", late))
    yield blank("orders", "order_id", "delivered_on", 12, {})
    yield blank("orders", "order_id", "delivered_on", 55,
        to(1, "deliveries_dated", "churn") | to(1, "deliveries_known", "service_bot")
        | to(0, "deliveries_known", "automated_mailings"),
        Records("automated_mailings", "deliveries_known", late))
    yield blank("orders", "order_id", "ordered_on", 5, FALLS_BY_ORDER_DATES,
        Records("churn", "orders_plausible",
                "select order_id from marts.orders where ordered_on is null"))
    yield blank("orders", "order_id", "ordered_on", 0.5, {})
    priceless = "select order_line_id from marts.order_lines" \
        " where not is_cancelled and unit_price is null"
    yield blank("order_lines", "order_line_id", "unit_price", 25,
        to(2, "prices_complete", "pricing"),
        Records("pricing", "prices_complete", priceless))
    yield blank("order_lines", "order_line_id", "unit_price", 12, {})
    yield blank("order_lines", "order_line_id", "unit_price", 55,
        to(0, "prices_known", "pricing"), Records("pricing", "prices_known", priceless))
    yield blank("order_lines", "order_line_id", "quantity", 55,
        to(0, "quantities_known", "pricing"),
        Records("pricing", "quantities_known", "select order_line_id from marts.order_lines"
                " where not is_cancelled and quantity is null"))


def _blanked_leads() -> Iterator[Mutation]:
    yield blank("leads", "lead_id", "contact_email", 55,
        to(1, "contact_email_known", "lead_scoring") | to(0, "participants_known",
                                                          "meeting_assistant"),
        Records("lead_scoring", "contact_email_known",
                "select lead_id from marts.leads where contact_email is null"))
    yield blank("leads", "lead_id", "contact_email", 20, {})
    yield blank("leads", "lead_id", "lead_source", 25,
        to(2, "lead_source_complete", "lead_scoring"),
        Records("lead_scoring", "lead_source_complete",
                "select lead_id from marts.leads where lead_source is null"))
    yield blank("leads", "lead_id", "lead_source", 12, {})
    yield blank("leads", "lead_id", "amount", 25, to(2, "offers_complete", "pricing"),
        Records("pricing", "offers_complete",
                "select lead_id from marts.leads where amount is null"))
    yield blank("leads", "lead_id", "amount", 12, {})
    yield blank("leads", "lead_id", "amount", 60, to(1, "offers_priced", "pricing"))
    yield blank("leads", "lead_id", "closed_on", 28,
        to(2, "closing_dates_known", "lead_scoring"),
        Records("lead_scoring", "closing_dates_known", "select lead_id from marts.leads"
                " where outcome in ('won', 'lost') and closed_on is null"))
    yield blank("leads", "lead_id", "closed_on", 14, {})
    yield blank("leads", "lead_id", "created_on", 28,
        to(2, "creation_dates_known", "lead_scoring"),
        Records("lead_scoring", "creation_dates_known",
                "select lead_id from marts.leads where created_on is null"))
    yield blank("leads", "lead_id", "created_on", 14, {})
    yield blank("leads", "lead_id", "title", 60, to(1, "inquiries_titled", "visibility"),
        Records("visibility", "inquiries_titled",
                "select lead_id from marts.leads where title is null"))


def _blanked_tickets_and_interactions() -> Iterator[Mutation]:
    unsorted = "select ticket_id from marts.tickets where category is null"
    yield blank("tickets", "ticket_id", "category", 25,
        to(2, "category_complete", "sentiment", "service_bot"),
        Records("sentiment", "category_complete", unsorted))
    yield blank("tickets", "ticket_id", "category", 8, {})
    yield blank("tickets", "ticket_id", "category", 60,
        to(1, "category_known", "sentiment") | to(0, "category_known", "service_bot"),
        Records("service_bot", "category_known", unsorted))
    textless = "select ticket_id from marts.tickets where body is null"
    yield blank("tickets", "ticket_id", "body", 25, to(2, "text_complete", "sentiment"),
        Records("sentiment", "text_complete", textless))
    yield blank("tickets", "ticket_id", "body", 12, {})
    yield blank("tickets", "ticket_id", "body", 60,
        to(0, "text_known", "chatbot", "sentiment", "service_bot"),
        Records("chatbot", "text_known", textless))
    yield blank("tickets", "ticket_id", "subject", 60, to(1, "problems_titled", "visibility"))
    yield blank("tickets", "ticket_id", "closed_at", 28, to(2, "settling_known", "service_bot"),
        Records("service_bot", "settling_known", "select ticket_id from marts.tickets where"
                " closed_at is null and opened_at < date '{night}' - 90"))
    yield blank("tickets", "ticket_id", "closed_at", 12, {})
    yield blank("tickets", "ticket_id", "opened_at", 28,
        to(1, "tickets_dated", "churn", "sentiment") | to(2, "tickets_dated", "service_bot"),
        Records("sentiment", "tickets_dated",
                "select ticket_id from marts.tickets where opened_at is null"))
    yield blank("tickets", "ticket_id", "opened_at", 12, {})
    vague = "select interaction_id from marts.interactions" \
        " where detail is null and occurred_at >= date '{night}' - 365"
    yield blank("interactions", "interaction_id", "detail", 25,
        to(2, "interest_complete", "market_analysis", "presentations")
        | to(2, "pages_complete", "chatbot"),
        Records("presentations", "interest_complete", vague))
    yield blank("interactions", "interaction_id", "detail", 12, {})
    yield blank("interactions", "interaction_id", "detail", 60,
        to(1, "interest_known", "market_analysis", "email_automation")
        | to(2, "interest_complete", "presentations") | to(2, "pages_complete", "chatbot")
        | to(0, "pages_known", "visibility"),
        Records("email_automation", "interest_known", vague))
    undated = "select interaction_id from marts.interactions where occurred_at is null"
    yield blank("interactions", "interaction_id", "occurred_at", 28,
        to(1, "interactions_dated", "content", "market_analysis", "email_automation",
           "lead_scoring", "churn")
        | to(2, "interactions_dated", "presentations")
        | to(0, "visits_dated", "visibility") | to(2, "visits_dated", "chatbot"),
        Records("lead_scoring", "interactions_dated", undated))
    yield blank("interactions", "interaction_id", "occurred_at", 12, {})


def unlinked() -> Iterator[Mutation]:
    """Links to customers broken."""
    yield from _unlinked_orders_and_tickets()
    yield from _unlinked_interactions()
    yield from _unlinked_leads()


def _unlinked_orders_and_tickets() -> Iterator[Mutation]:
    orders = "select order_id from marts.orders where customer_id is null"
    yield blank("orders", "order_id", "customer_id", 23,
        to(0, "orders_linked", "churn", "email_automation", "automated_mailings")
        | to(1, "orders_linked", "chatbot", "pricing", "presentations", "service_bot")
        | to(2, "orders_linked", "sentiment"),
        Records("churn", "orders_linked", orders))
    yield blank("orders", "order_id", "customer_id", 12, {})
    tickets = "select ticket_id from marts.tickets where customer_id is null"
    yield blank("tickets", "ticket_id", "customer_id", 25,
        to(2, "tickets_complete", "churn", "sentiment", "service_bot"),
        Records("churn", "tickets_complete", tickets))
    yield blank("tickets", "ticket_id", "customer_id", 12, {})
    yield blank("tickets", "ticket_id", "customer_id", 60,
        to(1, "tickets_linked", "churn", "sentiment", "service_bot", "automated_mailings"),
        Records("automated_mailings", "tickets_linked", tickets))


def _unlinked_interactions() -> Iterator[Mutation]:
    loose = "select interaction_id from marts.interactions where customer_id is null and" \
        f" occurred_at >= date '{{night}}' - 365 and {ALL_INTERACTIONS}"
    yield blank("interactions", "interaction_id", "customer_id", 25,
        to(2, "interactions_complete", "content", "market_analysis", "email_automation",
           "lead_scoring", "presentations", "automated_mailings", "churn"),
        Records("content", "interactions_complete", loose), among=ALL_INTERACTIONS)
    yield blank("interactions", "interaction_id", "customer_id", 12, {}, among=ALL_INTERACTIONS)
    yield blank("interactions", "interaction_id", "customer_id", 60,
        to(2, "interactions_complete", "content", "presentations", "automated_mailings")
        | to(1, "interactions_linked", "market_analysis", "email_automation", "lead_scoring",
             "churn"),
        Records("churn", "interactions_linked", loose), among=ALL_INTERACTIONS)
    yield blank("interactions", "interaction_id", "customer_id", 50,
        to(2, "visitors_known", "visibility", "chatbot"),
        Records("chatbot", "visitors_known", "select interaction_id from marts.interactions where"
                " customer_id is null and kind = 'web_visit'"
                " and occurred_at >= date '{night}' - 365"),
        among="kind = 'web_visit'")
    yield blank("interactions", "interaction_id", "customer_id", 25, {},
                 among="kind = 'web_visit'")


def _unlinked_leads() -> Iterator[Mutation]:
    yield blank("leads", "lead_id", "customer_id", 25,
        to(2, "offers_linked", "pricing") | to(2, "industry_complete", "lead_scoring"),
        Records("pricing", "offers_linked",
                "select lead_id from marts.leads where customer_id is null"))
    yield blank("leads", "lead_id", "customer_id", 12, {})
    yield blank("leads", "lead_id", "customer_id", 60,
        to(2, "offers_linked", "pricing") | to(0, "leads_linked", "lead_scoring")
        | to(0, "visits_linked", "presentations"))
    for mart, id_column, check in (
        ("orders", "order_id", "orders_of_known_customers"),
        ("tickets", "ticket_id", "records_of_known_customers"),
        ("interactions", "interaction_id", "records_of_known_customers"),
        ("leads", "lead_id", "records_of_known_customers"),
    ):
        yield Mutation(
            f"{mart}.customer_id unknown in 1 %",
            "unlink",
            setting(mart, "customer_id", "'C0000000000'", some(id_column, 1)),
            audit=frozenset({check}),
        )
