"""Damages that are no blanks: sources, dates, duplicates, columns, labels, values, consents."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.maturity_cases import (
    FALLS_BY_ORDER_DATES,
    Mutation,
    Records,
    blanked,
    setting,
    shuffled,
    some,
    swapped,
    to,
    unlinked,
)

# fmt: off
LOST = frozenset({"marts_kept"})
BY_ORDERS = (
    to(0, "orders_fresh", "churn", "pricing", "email_automation", "automated_mailings")
    | to(1, "orders_fresh", "market_analysis", "chatbot", "presentations", "service_bot")
    | to(2, "orders_fresh", "sentiment")
)
BY_TICKETS = to(0, "tickets_fresh", "chatbot", "sentiment", "service_bot") | to(
    1, "tickets_fresh", "churn", "automated_mailings"
)
BY_INTERACTIONS = to(
    1, "interactions_fresh", "content", "market_analysis", "email_automation", "lead_scoring",
    "churn",
) | to(2, "interactions_fresh", "chatbot", "presentations") | to(
    0, "visits_fresh", "visibility"
)
EARLY = "select order_id from marts.orders where ordered_on is null" \
    " or ordered_on > date '{night}' or delivered_on < ordered_on"
LEARN = ("lead_scoring", "pricing", "presentations")


def first_mutations() -> list[Mutation]:
    """List the damages that were thought of first."""
    parts = (blanked, unlinked, dropped, aged, duplicated, moved, cut, invalid, decided, unnoticed)
    return [mutation for part in parts for mutation in part()]


def _emptied(name: str, marts: str, falls: dict[str, tuple[int, str]]) -> Mutation:
    sql = "".join(f"delete from marts.{mart};" for mart in marts.split())
    return Mutation(f"no {name}", "drop", sql, falls, "source", audit=LOST)


def dropped() -> Iterator[Mutation]:
    """Yield sources that did not come: what they feed is empty."""
    yield _emptied("orders", "orders order_lines",
        BY_ORDERS | to(1, "purchases_grouped", "content"))
    yield _emptied("tickets", "tickets", BY_TICKETS | to(1, "problems_titled", "visibility"))
    yield _emptied("interactions", "interactions",
        BY_INTERACTIONS | to(0, "consent_known", "automated_mailings"))
    yield _emptied("leads", "leads lead_stages",
        to(0, "leads_tracked", "lead_scoring") | to(1, "inquiries_titled", "visibility")
        | to(1, "offers_priced", "pricing") | to(0, "visits_linked", "presentations")
        | to(0, "participants_known", "meeting_assistant"))
    yield _emptied("articles", "products",
        to(0, "products_named", "content", "chatbot", "presentations")
        | to(1, "products_named", "visibility", "service_bot")
        | to(1, "purchases_grouped", "market_analysis", "pricing", "automated_mailings")
        | to(2, "purchases_complete", "email_automation"))
    yield _emptied("contacts", "contacts",
        to(0, "email_known", "email_automation", "automated_mailings")
        | to(1, "email_known", "chatbot", "service_bot")
        | to(0, "names_known", "presentations"))
    yield _emptied("consents", "consents",
        to(2, "readers_to_test", "content") | to(1, "consent_known", "email_automation")
        | to(0, "consent_known", "automated_mailings")
        | to(0, "participants_asked", "meeting_assistant"))
    yield Mutation("no web statistics", "drop",
        "delete from marts.interactions where kind like 'web%';",
        to(0, "visits_counted", "visibility") | to(2, "visitors_known", "chatbot"),
        audit=LOST)
    yield Mutation("no newsletter export", "drop",
        "delete from marts.interactions where kind like 'email%';",
        to(1, "own_campaigns", "content") | to(1, "consent_known", "email_automation")
        | to(0, "consent_known", "automated_mailings"))


def _older(name: str, mart: str, columns: str, days: int, falls: dict[str, tuple[int, str]],
           among: str = "true") -> Mutation:
    moved = ", ".join(f"{column} = {column} - interval {days} day" for column in columns.split())
    sql = f"update marts.{mart} set {moved} where {among};"
    return Mutation(f"{name} {days} days older", "age", sql, falls, "source" if falls else None)


def _since(name: str, what: str, column: str, days: int, falls: dict[str, tuple[int, str]],
           audit: frozenset[str] = frozenset()) -> Mutation:
    mart, _, among = what.partition(" where ")
    sql = f"delete from marts.{mart} where {column} < date '{{night}}' - {days}"
    return Mutation(f"{name} of the last {days} days only", "age",
                    sql + (f" and {among};" if among else ";"), falls, audit=audit)


def aged() -> Iterator[Mutation]:
    """Dates aged, and histories cut."""
    dates = "ordered_on promised_on delivered_on"
    yield _older("orders", "orders", dates, 5, {})
    yield _older("orders", "orders", dates, 20,
        to(0, "orders_fresh", "email_automation", "automated_mailings")
        | to(1, "orders_fresh", "service_bot"))
    yield _older("orders", "orders", dates, 40, BY_ORDERS)
    yield _older("interactions", "interactions", "occurred_at", 20, {})
    yield _older("interactions", "interactions", "occurred_at", 40, BY_INTERACTIONS)
    yield _older("visits", "interactions", "occurred_at", 40, to(0, "visits_fresh", "visibility"),
                 "kind = 'web_visit'")
    yield _older("tickets", "tickets", "opened_at closed_at", 50, {})
    yield _older("tickets", "tickets", "opened_at closed_at", 100, BY_TICKETS)
    yield _older("leads", "leads", "created_on closed_on", 45, {})
    yield _older("leads", "leads", "created_on closed_on", 100,
                 to(0, "leads_fresh", "lead_scoring"))
    years = ("churn", "email_automation", "market_analysis", "pricing", "automated_mailings")
    yield _since("orders", "orders", "ordered_on", 800, {})
    yield _since("orders", "orders", "ordered_on", 600, to(2, "months_with_orders", *years))
    yield _since("orders", "orders", "ordered_on", 300,
        to(2, "months_with_orders", *years, "chatbot") | to(0, "order_history", "pricing"), LOST)
    yield _since("orders", "orders", "ordered_on", 150,
        to(2, "months_with_orders", "email_automation", "market_analysis", "chatbot")
        | to(0, "order_history", "churn", "pricing")
        | to(0, "deliveries_known", "automated_mailings")
        | to(1, "deliveries_known", "service_bot"), LOST)
    yield _since("clicks", "interactions where kind = 'email_click'", "occurred_at", 600,
                 to(2, "months_with_clicks", "content"))
    yield _since("visits", "interactions where kind = 'web_visit'", "occurred_at", 600,
                 to(2, "months_with_visits", "visibility"))
    yield _since("openings", "interactions where kind = 'email_open'", "occurred_at", 60,
                 to(2, "opening_history", "email_automation"))
    yield _since("tickets", "tickets", "opened_at", 600,
                 to(2, "months_with_tickets", "sentiment", "service_bot"))
    yield _since("decided leads", "leads where outcome <> 'open'", "closed_on", 250,
                 to(2, "months_with_closed_leads", "lead_scoring"), LOST)


def duplicated() -> Iterator[Mutation]:
    """Yield customers twice under the same name, each with half of the orders."""
    learn = ("churn", "market_analysis", "chatbot", "pricing", "automated_mailings",
             "email_automation")
    double = """
insert into marts.customers by name
select * replace ('D' || customer_id[2:] as customer_id) from marts.customers
where customer_id in (select customer_id from marts.orders group by customer_id having count(*) > 3
    order by hash(customer_id) limit {count});
update marts.orders set customer_id = 'D' || customer_id[2:]
where hash(order_id) % 2 = 0
    and 'D' || customer_id[2:] in (select customer_id from marts.customers);
"""
    twice = ("select customer_id from marts.customers where customer_id like 'D%' union all"
             " select 'C' || customer_id[2:] from marts.customers where customer_id like 'D%'")
    yield Mutation("15 customers twice", "duplicate", double.replace("{count}", "15"),
        to(2, "customers_once", *learn), "data",
        (Records("churn", "customers_once", twice),))
    yield Mutation("5 customers twice", "duplicate", double.replace("{count}", "5"))


def moved() -> Iterator[Mutation]:
    """Columns shuffled among the rows, day and month swapped."""
    yield Mutation("orders.delivered_on", "shuffle",
        shuffled("orders", "order_id", "delivered_on"), FALLS_BY_ORDER_DATES, "data",
        (Records("churn", "orders_plausible", EARLY),))
    yield Mutation("orders.promised_on", "shuffle",
        shuffled("orders", "order_id", "promised_on"), to(1, "promises_plausible", "churn"),
        "data", (Records("churn", "promises_plausible",
                         "select order_id from marts.orders where promised_on < ordered_on"),)
        )
    yield Mutation("tickets.opened_at", "shuffle", shuffled("tickets", "ticket_id", "opened_at"),
        to(1, "times_in_order", "churn", "sentiment") | to(2, "times_in_order", "service_bot"),
        "data", (Records("service_bot", "times_in_order",
                         "select ticket_id from marts.tickets where closed_at < opened_at"),)
        )
    yield Mutation("leads.closed_on", "shuffle", shuffled("leads", "lead_id", "closed_on"),
        to(2, "dates_in_order", "lead_scoring") | to(2, "outcomes_consistent", *LEARN), "data",
        (Records("lead_scoring", "dates_in_order", "select lead_id from marts.leads"
                 " where outcome <> 'open' and closed_on < created_on"),))
    yield Mutation("leads.outcome", "shuffle", shuffled("leads", "lead_id", "outcome"),
        to(2, "outcomes_consistent", *LEARN)
        | to(0, "participants_asked", "meeting_assistant"), "data",
        (Records("pricing", "outcomes_consistent", "select lead_id from marts.leads"
                 " where outcome = 'open' and closed_on is not null"),))
    yield Mutation("order_lines.unit_price", "shuffle",
        shuffled("order_lines", "order_line_id", "unit_price"),
        to(0, "prices_plausible", "pricing"), "data")
    yield Mutation("order_lines.quantity", "shuffle",
        shuffled("order_lines", "order_line_id", "quantity"),
        to(0, "prices_plausible", "pricing"), "data")
    yield Mutation("contacts.email", "shuffle", shuffled("contacts", "contact_id", "email"),
        to(0, "email_fits_company", "email_automation", "automated_mailings")
        | to(1, "email_fits_company", "chatbot", "service_bot"), "data")
    yield from _swapped()


def _swapped() -> Iterator[Mutation]:
    yield Mutation("orders.ordered_on", "swap",
        setting("orders", "ordered_on", swapped("ordered_on"), "true"), FALLS_BY_ORDER_DATES
        | to(1, "orders_fresh", "email_automation") | FALLS_BY_ORDER_DATES, "data",
        (Records("pricing", "orders_plausible", EARLY),))
    yield Mutation("orders.promised_on where there is such a month", "swap",
        setting("orders", "promised_on", swapped("promised_on"), "day(promised_on) <= 12"),
        to(1, "promises_plausible", "churn"), "data")
    yield Mutation("tickets.opened_at where there is such a month", "swap",
        setting("tickets", "opened_at", swapped("opened_at"), "day(opened_at) <= 12"),
        to(1, "times_in_order", "churn", "sentiment") | to(2, "times_in_order", "service_bot"),
        "data")
    yield Mutation("leads.created_on where there is such a month", "swap",
        setting("leads", "created_on", swapped("created_on"), "day(created_on) <= 12"),
        to(2, "dates_in_order", "lead_scoring"), "data",
        (Records("lead_scoring", "dates_in_order", "select lead_id from marts.leads"
                 " where outcome <> 'open' and closed_on < created_on"),))


def _fewer(mart: str, id_column: str, among: str, kept: int) -> str:
    return f"""delete from marts.{mart} where {among} and {id_column} not in (
        select {id_column} from marts.{mart} where {among} order by hash({id_column}) limit {kept});
    """


def cut() -> Iterator[Mutation]:
    """Labels cut: too few examples of an outcome, too few kinds."""
    recent = "closed_on > date '{night}' - 730"
    for outcome in ("won", "lost"):
        for kept, falls in ((39, to(2, f"{outcome}_leads", *LEARN)), (48, {})):
            # Who objected to profiling is no example; with 48 there are enough without them.
            chosen = f"outcome = '{outcome}' and {recent}"
            other = "lost" if outcome == "won" else "won"
            yield Mutation(f"{kept} {outcome} leads of two years", "cut",
                setting("leads", "outcome", f"'{other}'", f"{chosen} and lead_id not in (select"
                        f" lead_id from marts.leads where {chosen} order by hash(lead_id)"
                        f" limit {kept})"), falls, "data" if falls else None)
    for kept, falls in (
        (9, to(0, "complaints_there", "sentiment")),
        (99, to(1, "complaints_enough", "sentiment")),
        (120, {}),
    ):
        yield Mutation(f"{kept} complaints", "cut",
            _fewer("tickets", "ticket_id", "is_complaint", kept), falls)
    yield Mutation("two categories of tickets", "cut",
        setting("tickets", "category", "'Technik'", "category not in ('Technik', 'Lieferung')"),
        to(0, "recurring_questions", "chatbot", "service_bot"))
    yield Mutation("two industries", "cut",
        setting("customers", "industry", "'Metallbau'",
                "industry not in ('Metallbau', 'Verpackung')"),
        to(1, "segments_to_price", "pricing"))
    yield Mutation("only mails", "cut",
        "delete from marts.interactions where kind not like 'email%' and kind <> 'web_search';"
        "update marts.interactions set customer_id = null where kind = 'web_search';",
        to(1, "channels", "lead_scoring") | to(0, "visits_counted", "visibility")
        | to(2, "visitors_known", "chatbot"), audit=LOST)
    yield Mutation("one campaign", "cut",
        setting("interactions", "detail", "'Aktion'", "kind like 'email%'"),
        to(1, "own_campaigns", "content"))
    yield Mutation("99 search terms", "cut",
        _fewer("interactions", "interaction_id", "kind = 'web_search'", 99),
        to(2, "search_terms", "visibility"))


def invalid() -> Iterator[Mutation]:
    """Values that cannot be."""
    mailing = to(0, "email_valid", "email_automation", "automated_mailings")
    broken = "replace(email, '@', '(at)')"
    yield Mutation("10 % of the addresses without @", "invalid",
        setting("contacts", "email", broken, some("contact_id", 10)), mailing, "data",
        (Records("email_automation", "email_valid", "select contact_id from marts.contacts"
                 " where is_active and email like '%(at)%'"),))
    yield Mutation("2 % of the addresses without @", "invalid",
        setting("contacts", "email", broken, some("contact_id", 2)))
    for name, value in (
        ("a hundredth", "unit_price / 100"), ("a hundredfold", "unit_price * 100"),
        ("negative", "-unit_price"),
    ):
        yield Mutation(f"5 % of the prices {name}", "invalid",
            setting("order_lines", "unit_price", value, some("order_line_id", 5)),
            to(0, "prices_plausible", "pricing"), "data",
            (Records("pricing", "prices_plausible", "select order_line_id from marts.order_lines"
                     " where not is_cancelled and " + some("order_line_id", 5)),))
    yield Mutation("0.5 % of the prices negative", "invalid",
        setting("order_lines", "unit_price", "-unit_price", some("order_line_id", 0.5)))
    yield Mutation("5 % of the orders in the future", "invalid",
        setting("orders", "ordered_on", "date '{night}' + 200", some("order_id", 5)),
        FALLS_BY_ORDER_DATES, "data",
        (Records("email_automation", "orders_plausible",
                 "select order_id from marts.orders where ordered_on > date '{night}'"),)
        )
    for percent, falls in (
        (8, to(0, "size_plausible", "market_analysis")
         | to(2, "size_plausible", "lead_scoring", "pricing", "presentations")),
        (2, {}),
    ):
        yield Mutation(f"{percent} % of the companies with -1 employees", "invalid",
            setting("customers", "employees", "-1", some("customer_id", percent)), falls,
            "data" if falls else None,
            (Records("market_analysis", "size_plausible",
                     "select customer_id from marts.customers where employees < 1"),)
            if falls else ())
    for percent, falls in (
        (10, to(0, "postcodes_valid", "market_analysis", "lead_scoring")), (2, {}),
    ):
        yield Mutation(f"{percent} % of the postcodes without their first digit", "invalid",
            setting("customers", "postcode", "postcode[2:]", some("customer_id", percent)), falls,
            "data" if falls else None,
            (Records("market_analysis", "postcodes_valid", "select customer_id"
                     " from marts.customers where length(postcode) < 5 and country is not null"),)
            if falls else ())


def decided() -> Iterator[Mutation]:
    """Consents revoked or gone, objections to profiling, and what must not disturb."""
    newsletter = "purpose = 'newsletter'"
    yield Mutation("half of the readers unsubscribe", "revoke",
        setting("consents", "is_granted", "false", f"{newsletter} and {some('consent_id', 50)}"),
        to(2, "readers_to_test", "content"), "data")
    yield Mutation("all readers unsubscribe", "revoke",
        setting("consents", "is_granted", "false", newsletter),
        to(2, "readers_to_test", "content") | to(1, "readers_agreeing", "email_automation")
        | to(0, "readers_agreeing", "automated_mailings"), "data")
    undecided = """select email from marts.interactions
        where kind in ('email_open', 'email_click') and occurred_at >= date '{night}' - 365
            and email not in (select email from marts.consents where purpose = 'newsletter')
        group by email"""
    yield Mutation("8 % of the decisions on the newsletter lost", "revoke",
        f"delete from marts.consents where {newsletter} and {some('email', 8)};",
        to(0, "consent_known", "automated_mailings"), "data",
        (Records("automated_mailings", "consent_known", undecided),))
    yield Mutation("30 % of the decisions on the newsletter lost", "revoke",
        f"delete from marts.consents where {newsletter} and {some('email', 30)};",
        to(0, "consent_known", "automated_mailings") | to(2, "consent_complete",
            "email_automation") | to(2, "readers_to_test", "content"), "data",
        (Records("email_automation", "consent_complete", undecided),))
    yield from _recording()
    yield Mutation("every company objects to profiling", "revoke",
        setting("customers", "has_objected_to_profiling", "true", "true"),
        to(2, "won_leads", *LEARN)
        | to(2, "customers_with_history", "market_analysis", "email_automation", "chatbot")
        | to(2, "customers_returned", "automated_mailings")
        | to(2, "dissatisfied_customers", "sentiment")
        | to(2, "customers_gone_silent", "churn"), "data")
    yield from _mails()


def _recording() -> Iterator[Mutation]:
    recording = "purpose = 'recording'"
    yield Mutation("60 % refuse to be recorded", "revoke",
        setting("consents", "is_granted", "false", f"{recording} and {some('email', 60)}"),
        to(0, "participants_agreeing", "meeting_assistant"), "data",
        (Records("meeting_assistant", "participants_agreeing",
                 f"select email from marts.consents where {recording} and not is_granted"),)
        )
    yield Mutation("20 % refuse to be recorded", "revoke",
        setting("consents", "is_granted", "false", f"{recording} and {some('email', 20)}"))
    yield Mutation("one participant not asked", "revoke",
        f"delete from marts.consents where consent_id = (select min(consent_id) from"
        f" marts.consents where {recording});",
        to(0, "participants_asked", "meeting_assistant"), "data")


def _mails() -> Iterator[Mutation]:
    yield Mutation("5,000 anonymous search terms more", "add",
        "insert into marts.interactions select 'more-' || n, null, null, 'web_search',"
        " timestamp '{night} 08:00' - to_minutes((n * 50)::int), 'Welle', null"
        " from range(5000) t(n);")
    yield Mutation("mails without a time of day", "cut",
        setting("interactions", "occurred_at", "date_trunc('day', occurred_at)",
                "kind = 'email_open'"),
        to(2, "opening_times", "email_automation"), "data")
    yield Mutation("6 % of the mails bounce", "invalid",
        setting("interactions", "kind", "'email_bounce'",
                f"kind = 'email_open' and {some('interaction_id', 6)}"),
        to(1, "mails_arriving", "email_automation"), "data")


def unnoticed() -> Iterator[Mutation]:
    """Damages that leave each row possible and each share as it was."""
    for mart, id_column, column, why in (
        ("customers", "customer_id", "industry", "every industry is one that exists"),
        ("tickets", "ticket_id", "customer_id", "every customer is one who exists"),
        ("order_lines", "order_line_id", "sku", "every article is one that exists"),
        ("leads", "lead_id", "amount", "every amount is one that was offered"),
    ):
        yield Mutation(f"{mart}.{column}", "unnoticed", shuffled(mart, id_column, column),
                       why_unnoticed=why)
