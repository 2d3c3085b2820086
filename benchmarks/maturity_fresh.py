"""Damages of other kinds and columns than the first: placeholders, doubled files, several at once.

Declared before they were measured the first time, in the same way as the first ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from benchmarks.maturity_cases import (
    FALLS_BY_ORDER_DATES,
    Falls,
    Mutation,
    Records,
    blank,
    setting,
    some,
    to,
)
from benchmarks.maturity_damages import (
    BY_INTERACTIONS,
    BY_ORDERS,
    BY_TICKETS,
    LOST,
    first_mutations,
)
from config import PROJECT_ROOT
from config.settings import read_yaml

# fmt: off
MAILERS = ("email_automation", "automated_mailings")
INDUSTRY = ("content", "market_analysis", "visibility", "lead_scoring", "pricing",
            "presentations", "churn")
PURCHASES = ("content", "market_analysis", "email_automation", "chatbot", "pricing",
             "presentations", "automated_mailings", "service_bot")
DATED = (
    to(1, "interactions_dated", "content", "market_analysis", "email_automation",
       "lead_scoring", "churn")
    | to(2, "interactions_dated", "presentations")
    | to(0, "visits_dated", "visibility") | to(2, "visits_dated", "chatbot")
)
BY_NO_ADDRESS = to(0, "email_known", *MAILERS) | to(1, "email_known", "chatbot", "service_bot")
BY_DECISIONS = (
    to(0, "consent_known", "automated_mailings") | to(2, "consent_complete", "email_automation")
    | to(2, "readers_to_test", "content")
)


def all_mutations() -> list[Mutation]:
    """List every damage, in the order in which the table shows them."""
    parts = (saying_nothing, other_columns, wrong_values, moved_in_time, doubled, combined)
    return [*first_mutations(), *(mutation for part in parts for mutation in part())]


@cache
def _staging() -> object:
    import jinja2

    project = PROJECT_ROOT / "dbt_project"
    variables = read_yaml(project / "dbt_project.yml")["vars"]
    files = [project / "macros" / name for name in ("vocabulary.sql", "parse.sql")]
    macros = "".join(file.read_text(encoding="utf-8") for file in files)
    return jinja2.Environment().from_string(macros, globals={"var": variables.get}).module


def as_staged(column: str, cell: str) -> str:
    """Write what dbt's staging makes of a cell of a file."""
    parsed = _staging().parse_text(column)  # type: ignore[attr-defined]
    return f"(select {parsed} from (select '{cell}' as {column}))"


def _said(mart: str, id_column: str, column: str, cell: str, percent: float,
          falls: Falls | None = None, *lists: Records) -> Mutation:
    """Put a text that says nothing into so many of a hundred cells of the file."""
    sql = setting(mart, column, as_staged(column, cell), some(id_column, percent))
    return Mutation(f"{mart}.{column} '{cell}' in {percent:g} %", "placeholder", sql,
                    falls or {}, "data" if falls else None, lists)


def saying_nothing() -> Iterator[Mutation]:
    """Cells that are filled and say nothing."""
    lacking = "select customer_id from marts.customers where industry is null"
    yield _said("customers", "customer_id", "industry", "k. A.", 25,
                to(2, "industry_complete", *INDUSTRY),
                Records("market_analysis", "industry_complete", lacking))
    yield _said("customers", "customer_id", "industry", "keine Angabe", 12)
    yield _said("customers", "customer_id", "postcode", "00000", 60,
                to(0, "region_known", "market_analysis") | to(0, "location_known", "lead_scoring"))
    yield _said("customers", "customer_id", "account_manager", "?", 60,
                to(1, "account_manager_known", "automated_mailings"))
    yield _said("contacts", "contact_id", "email", "n/a", 55, BY_NO_ADDRESS)
    yield _said("contacts", "contact_id", "family_name", "xxx", 55,
                to(1, "names_complete", "automated_mailings")
                | to(0, "names_known", "presentations"))
    yield _said("contacts", "contact_id", "role", "unbekannt", 50,
                to(1, "role_known", "presentations", "automated_mailings"))
    yield _said("leads", "lead_id", "lead_source", "not specified", 25,
                to(2, "lead_source_complete", "lead_scoring"))
    yield _said("leads", "lead_id", "contact_email", "-", 55,
                to(1, "contact_email_known", "lead_scoring")
                | to(0, "participants_known", "meeting_assistant"))
    yield _said("tickets", "ticket_id", "category", "???", 60,
                to(1, "category_known", "sentiment") | to(0, "category_known", "service_bot"))
    yield _said("tickets", "ticket_id", "body", "siehe oben", 25,
                to(2, "text_complete", "sentiment"))
    yield _said("products", "product_id", "product_group", "NULL", 35,
                to(2, "purchases_complete", *PURCHASES))


def other_columns() -> Iterator[Mutation]:
    """Columns that the other damages leave alone."""
    yield blank("orders", "order_id", "promised_on", 55, to(1, "deliveries_dated", "churn"))
    yield blank("orders", "order_id", "promised_on", 25, to(2, "deliveries_complete", "churn"))
    yield blank("orders", "order_id", "promised_on", 12, {})
    yield blank("order_lines", "order_line_id", "sku", 35, to(2, "purchases_complete", *PURCHASES))
    yield blank("order_lines", "order_line_id", "sku", 10, {})
    yield Mutation("60 % of the lines with an article that no list has", "unlink",
        setting("order_lines", "sku", "'?' || sku", some("order_line_id", 60)),
        to(1, "purchases_grouped", "content", "market_analysis", "chatbot", "pricing",
           "presentations", "automated_mailings")
        | to(2, "purchases_complete", "email_automation", "service_bot"), "data")
    yield blank("customers", "customer_id", "country", 60, {})
    yield blank("contacts", "contact_id", "given_name", 60, {})
    yield blank("contacts", "contact_id", "phone", 80, {})
    yield blank("interactions", "interaction_id", "email", 40, {})
    yield blank("tickets", "ticket_id", "priority", 80, {})
    yield Mutation("nobody works there any more", "invalid",
        setting("contacts", "is_active", "false", "true"),
        BY_NO_ADDRESS | to(0, "names_known", "presentations"))
    yield Mutation("30 % of the decisions on the newsletter without an address", "unlink",
        setting("consents", "email", "null", f"purpose = 'newsletter' and {some('email', 30)}"),
        BY_DECISIONS, "data")
    yield Mutation("30 % of the decisions for a purpose that nobody knows", "invalid",
        setting("consents", "purpose", "'werbung'",
                f"purpose = 'newsletter' and {some('email', 30)}"), BY_DECISIONS, "data")
    yield Mutation("no ticket is a complaint", "cut",
        setting("tickets", "is_complaint", "false", "true"),
        to(0, "complaints_there", "sentiment"))
    yield Mutation("every ticket is a complaint", "cut",
        setting("tickets", "is_complaint", "true", "true"),
        to(0, "other_requests_there", "sentiment"))
    yield Mutation("mails of a kind that nobody knows", "invalid",
        setting("interactions", "kind", "'aktion'", "kind like 'email%'"),
        to(1, "own_campaigns", "content") | to(1, "consent_known", "email_automation")
        | to(0, "consent_known", "automated_mailings"))


def wrong_values() -> Iterator[Mutation]:
    """Values that cannot be, or stand in the wrong column."""
    regions = to(0, "postcodes_valid", "market_analysis", "lead_scoring")
    yield Mutation("30 % of the postcodes hold the town", "column",
        setting("customers", "postcode", "city", some("customer_id", 30)), regions, "data")
    yield Mutation("12 % of the postcodes are 99999", "invalid",
        setting("customers", "postcode", "'99999'", some("customer_id", 12)), regions, "data")
    yield Mutation("8 % of the sizes hold the turnover", "column",
        setting("customers", "employees", "employees * 150000", some("customer_id", 8)),
        to(0, "size_plausible", "market_analysis")
        | to(2, "size_plausible", "lead_scoring", "pricing", "presentations"), "data",
        (Records("market_analysis", "size_plausible",
                 "select customer_id from marts.customers where employees > 2500000"),))
    yield Mutation("60 % of the leads' addresses hold a name", "column",
        setting("leads", "contact_email", "split_part(contact_email, '@', 1)",
                some("lead_id", 60)),
        to(1, "contact_email_valid", "lead_scoring")
        | to(0, "participants_asked", "meeting_assistant"), "data",
        (Records("lead_scoring", "contact_email_valid",
                 "select lead_id from marts.leads where contact_email not like '%@%'"),))
    yield Mutation("2 % of the outcomes are words", "invalid",
        setting("leads", "outcome", "'gewonnen'", some("lead_id", 2)),
        to(0, "outcomes_valid", "lead_scoring"), "data",
        (Records("lead_scoring", "outcomes_valid",
                 "select lead_id from marts.leads where outcome = 'gewonnen'"),))
    for percent, falls in ((6, to(1, "offers_plausible", "pricing")), (0.4, {})):
        yield Mutation(f"{percent:g} % of the offers negative", "invalid",
            setting("leads", "amount", "-amount", some("lead_id", percent)), falls,
            "data" if falls else None)
    yield Mutation("3 % of the orders with VAT", "invalid",
        setting("orders", "net_amount", "net_amount * 1.19", some("order_id", 3)),
        audit=frozenset({"orders_reconcile"}))
    yield Mutation("three order lines twice", "duplicate",
        "insert into marts.order_lines from marts.order_lines where not is_cancelled"
        " and net_amount > 0 order by hash(order_line_id) limit 3;",
        audit=frozenset({"order_line_key", "orders_reconcile"}))


def moved_in_time() -> Iterator[Mutation]:
    """Dates that have not come yet, or are the day of an import."""
    late = "select order_id from marts.orders where delivered_on > date '{night}'"
    yield Mutation("5 % of the orders delivered in 2099", "invalid",
        setting("orders", "delivered_on", "date '2099-12-31'", some("order_id", 5)),
        FALLS_BY_ORDER_DATES, "data", (Records("churn", "orders_plausible", late),))
    yield Mutation("28 % of the interactions a year ahead", "invalid",
        setting("interactions", "occurred_at", "occurred_at + interval 2 year",
                some("interaction_id", 28)), DATED, "data")
    yield Mutation("10 % of the interactions a year ahead", "invalid",
        setting("interactions", "occurred_at", "occurred_at + interval 3 year",
                some("interaction_id", 10)))
    yield Mutation("28 % of the tickets ahead", "invalid",
        setting("tickets", "opened_at", "opened_at + interval 5 year", some("ticket_id", 28)),
        to(1, "tickets_dated", "churn", "sentiment") | to(2, "tickets_dated", "service_bot"),
        "data")
    yield Mutation("28 % of the leads ahead", "invalid",
        setting("leads", "created_on", "created_on + interval 5 year", some("lead_id", 28)),
        to(2, "creation_dates_known", "lead_scoring"), "data")
    yield Mutation("every lead closed on the day of the import", "age",
        setting("leads", "closed_on", "date '{night}' - 2", "outcome <> 'open'"),
        to(2, "months_with_closed_leads", "lead_scoring"))
    yield Mutation("every order of the day of the import", "age",
        "update marts.orders set ordered_on = date '{night}' - 3, promised_on = date '{night}' - 2,"
        " delivered_on = date '{night}' - 1;",
        to(0, "order_history", "churn", "pricing")
        | to(2, "months_with_orders", "market_analysis", "email_automation", "chatbot")
        | to(0, "deliveries_known", "automated_mailings")
        | to(1, "deliveries_known", "service_bot"))
    yield Mutation("interactions 40 days older but three of next year", "age",
        "update marts.interactions set occurred_at = occurred_at - interval 40 day;"
        + setting("interactions", "occurred_at", "timestamp '{night}' + interval 200 day",
                  "interaction_id in (select interaction_id from marts.interactions"
                  " where kind = 'web_visit' order by hash(interaction_id) limit 3)"),
        BY_INTERACTIONS)


def doubled() -> Iterator[Mutation]:
    """Files that came twice under other numbers."""
    twice = """
insert into marts.orders by name select * replace ('twice-' || order_id as order_id)
from marts.orders where {chosen};
insert into marts.order_lines by name select * replace ('twice-' || order_id as order_id,
    'twice-' || order_line_id as order_line_id) from marts.order_lines where {chosen};
"""
    there_twice = """
select order_id from marts.orders
where customer_id is not null and not is_cancelled and net_amount > 0
    and replace(order_id, 'twice-', '') in
        (select order_id[7:] from marts.orders where order_id like 'twice-%')
"""
    for percent, falls in ((30, to(2, "orders_once", "churn", "pricing")), (2, {})):
        yield Mutation(f"{percent} % of the orders twice under other numbers", "duplicate",
            twice.replace("{chosen}", some("order_id", percent)), falls,
            "data" if falls else None,
            (Records("churn", "orders_once", there_twice),) if falls else ())
    yield Mutation("30 % of the tickets twice under other numbers", "duplicate",
        "insert into marts.tickets by name select * replace ('twice-' || ticket_id as ticket_id)"
        f" from marts.tickets where {some('ticket_id', 30)};",
        to(2, "tickets_once", "sentiment", "service_bot"), "data")
    yield Mutation("30 % of the orders with one collective customer", "unnoticed",
        setting("orders", "customer_id", "(select min(customer_id) from marts.orders)",
                some("order_id", 30)), why_unnoticed="a large customer looks the same")


def lowest(*all_falls: Falls) -> Falls:
    """Say what falls by several damages at once: each use case as far as by the worst of them."""
    found: dict[str, tuple[int, str]] = {}
    for falls in all_falls:
        for use_case, (stage, expectation) in falls.items():
            if use_case not in found or stage < found[use_case][0]:
                found[use_case] = (stage, expectation)
    return found


def combined() -> Iterator[Mutation]:
    """Several sources or columns at once."""
    yield Mutation("no orders and no tickets", "drop",
        "delete from marts.orders; delete from marts.order_lines; delete from marts.tickets;",
        lowest(BY_ORDERS, to(1, "purchases_grouped", "content"), BY_TICKETS,
               to(1, "problems_titled", "visibility")), "source", audit=LOST)
    yield Mutation("no CRM: no leads, no contacts", "drop",
        "delete from marts.leads; delete from marts.lead_stages; delete from marts.contacts;",
        lowest(BY_NO_ADDRESS, to(0, "names_known", "presentations"),
               to(0, "leads_tracked", "lead_scoring"), to(1, "inquiries_titled", "visibility"),
               to(1, "offers_priced", "pricing"), to(0, "participants_known", "meeting_assistant")),
        "source", audit=LOST)
    blanks = (("customers", "customer_id", "industry"), ("customers", "customer_id", "employees"),
              ("customers", "customer_id", "postcode"), ("tickets", "ticket_id", "category"),
              ("orders", "order_id", "delivered_on"), ("leads", "lead_id", "lead_source"),
              ("products", "product_id", "product_group"))
    for percent, falls in (
        (8, {}),
        (25, lowest(
            to(2, "industry_complete", *INDUSTRY),
            to(2, "region_complete", "market_analysis"),
            to(2, "category_complete", "sentiment", "service_bot"),
            to(2, "deliveries_complete", "churn", "service_bot"))),
    ):
        chosen = blanks if not falls else blanks[:6]
        yield Mutation(f"{percent} % blank in {len(chosen)} columns at once", "blank", "".join(
            setting(mart, column, "null", some(id_column, percent, column))
            for mart, id_column, column in chosen), falls, "data" if falls else None)
    yield Mutation("tickets 100 days old and 60 % tied to nobody", "age",
        "update marts.tickets set opened_at = opened_at - interval 100 day,"
        " closed_at = closed_at - interval 100 day;"
        + setting("tickets", "customer_id", "null", some("ticket_id", 60)),
        to(0, "tickets_fresh", "chatbot", "sentiment", "service_bot")
        | to(1, "tickets_fresh", "churn", "automated_mailings"))
