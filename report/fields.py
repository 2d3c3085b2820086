"""What people can fill in: per mart a sheet, its columns and their valid values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from vocabulary.folding import fold
from vocabulary.job_titles import role_names, role_of_title

if TYPE_CHECKING:
    import duckdb

    from report.words import Language

Kind = Literal["text", "count", "amount", "date", "email", "postcode", "customer", "part"]
EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
POSTCODE: Final = re.compile(r"[A-Z0-9][A-Z0-9 -]{1,9}")
CUSTOMER_ID: Final = re.compile(r"\bC[0-9A-Z]{10}\b")
DAYS: Final = ("%d.%m.%Y", "%Y-%m-%d")
EARLIEST: Final = 1900  # year; before it Excel has no dates
LARGEST: Final = 1e9  # of a count or an amount
MAX_CUSTOMERS: Final = 10_000  # offered by name; of more the number must be known
CUSTOMERS: Final = ("customers", "customer_id")
PARTS: Final = ("contact_roles", "buying_role")
LONGEST: Final = 2000  # characters of a text; longer ones were pasted by mistake

# Width in characters of the columns by which people know a record; days and amounts take 14.
WIDTHS: Final = {"city": 24.0, "company": 40.0, "email": 46.0, "detail": 34.0, "phone": 22.0}


@dataclass(frozen=True, slots=True)
class Sheet:
    """The records of one mart that people can complete.

    `record` is the SQL of the record whose value is set: a customer is known by one of its records,
    so that what was filled in follows the record where customers merge or split. `name` and `shown`
    tell a person which record it is; `worth` breaks ties (number of orders). Records with the same
    `record` are one line; its worth is their sum, titled `counts`. `called` is the column whose
    heading is used for the names.
    """

    mart: str
    key: str
    record: str
    name: str
    shown: tuple[tuple[str, str], ...]
    worth: str
    fields: dict[str, Kind]
    counts: str = "orders_column"
    called: str = "name"


CUSTOMER: Final = (
    "(select min(record_id) from marts.customer_records as of_customer"
    " where of_customer.customer_id = {customer})"
)
ORDERS: Final = (
    "coalesce((select order_count from marts.customers where customer_id = m.customer_id), 0)"
)
CONTACT: Final = (
    "(select min(record_id) from marts.contact_records as of_contact"
    " where of_contact.contact_id = m.contact_id)"
)
PERSON: Final = (
    "(select concat_ws(' ', given_name, family_name) from marts.contacts"
    " where contact_id = m.contact_id)"
)
NAME: Final = "(select name from marts.customers where customer_id = m.customer_id)"
# One correction links all interactions of a domain; at a free mail service, of one address.
SENDER: Final = (
    "coalesce(case when split_part(m.email, '@', 2) in"
    " (select domain from intermediate.free_mail_domains) then lower(m.email)"
    " else '@' || nullif(lower(split_part(m.email, '@', 2)), '') end, m.interaction_id)"
)
SHEETS: Final[dict[str, Sheet]] = {
    sheet.mart: sheet
    for sheet in (
        Sheet(
            "customers",
            "customer_id",
            CUSTOMER.format(customer="m.customer_id"),
            "m.name",
            (("postcode", "m.postcode"), ("city", "m.city")),
            "m.order_count",
            {
                "industry": "text",
                "employees": "count",
                "postcode": "postcode",
                "city": "text",
                "country": "text",
                "street": "text",
                "email": "email",
                "phone": "text",
                "website": "text",
                "account_manager": "text",
            },
        ),
        Sheet(
            "leads",
            "lead_id",
            "m.lead_id",
            "m.title",
            (
                ("company", NAME),
                ("created_on", "m.created_on"),
            ),
            ORDERS,
            {
                "customer_id": "customer",
                "contact_email": "email",
                "lead_source": "text",
                "amount": "amount",
                "closed_on": "date",
            },
            called="title",
        ),
        Sheet(
            "tickets",
            "ticket_id",
            "m.ticket_id",
            "m.subject",
            (("opened_at", "cast(m.opened_at as date)"),),
            ORDERS,
            {"customer_id": "customer", "category": "text"},
            called="subject",
        ),
        Sheet(
            "interactions",
            "interaction_id",
            SENDER,
            "coalesce(ltrim(nullif(" + SENDER + ", m.interaction_id), '@'), m.kind)",
            (
                ("email", "m.email"),
                ("detail", "m.detail"),
                ("occurred_at", "cast(m.occurred_at as date)"),
            ),
            "1",
            {"customer_id": "customer"},
            "interactions_column",
            "sender",
        ),
        Sheet(
            "contacts",
            "contact_id",
            CONTACT,
            "concat_ws(' ', m.given_name, m.family_name)",
            (("company", NAME), ("email", "m.email"), ("phone", "m.phone")),
            ORDERS,
            {"email": "email", "role": "text", "given_name": "text", "family_name": "text"},
        ),
        Sheet(
            "contact_roles",
            "contact_id",
            CONTACT,
            PERSON,
            (
                ("company", NAME),
                ("role", "(select role from marts.contacts where contact_id = m.contact_id)"),
            ),
            ORDERS,
            {"buying_role": "part"},
        ),
        Sheet(
            "orders",
            "order_id",
            "m.order_id",
            "m.order_no",
            (("ordered_on", "m.ordered_on"), ("net_amount", "round(m.net_amount)::bigint")),
            "m.line_count",
            {"customer_id": "customer"},
            "lines_column",
            "order_no",
        ),
        Sheet(
            "products",
            "product_id",
            "m.product_id",
            "m.name",
            (("sku", "m.sku"),),
            "(select count(*) from marts.order_lines where sku = m.sku)",
            {"product_group": "text", "name": "text"},
        ),
    )
}


def read_cell(kind: Kind, value: Any) -> str | None:  # noqa: ANN401 - whatever a cell holds
    """Return a cell's value in the form that is stored; None where it is not of its kind."""
    if isinstance(value, bool):
        return None
    if kind == "date":
        return _day(value)
    if kind in ("count", "amount"):
        return _number(kind, value)
    text = f"{value:.15g}" if isinstance(value, float) else " ".join(str(value).split())
    if kind == "email":
        return text.lower() if EMAIL.fullmatch(text) else None
    if kind == "postcode":
        return text if POSTCODE.fullmatch(text.upper()) and re.search(r"\d", text) else None
    if kind == "part":
        return _part(text)
    if kind == "customer":  # the number, also as it is offered: "Bau Süd, Kiel (C…)"
        numbers = CUSTOMER_ID.findall(text.upper())
        return numbers[-1] if numbers else text.upper()
    return text if len(text) <= LONGEST else None


def _part(text: str) -> str | None:
    """Return the part in buying that a word or a job title names."""
    folded = fold(text)
    for role, names in role_names().items():
        if folded in {fold(name) for name in (role, *names.values())}:
            return role
    found = role_of_title(text).role
    return None if found == "unknown" else found


def _day(value: Any) -> str | None:  # noqa: ANN401
    if not isinstance(value, date):
        for form in DAYS:
            try:
                value = datetime.strptime(str(value).strip(), form)  # noqa: DTZ007
                break
            except ValueError:
                continue
    if not isinstance(value, date) or value.year < EARLIEST:
        return None
    return f"{value:%Y-%m-%d}"


def _number(kind: Kind, value: Any) -> str | None:  # noqa: ANN401
    if not isinstance(value, int | float):
        text = re.sub(r"[\s'’]", "", str(value))
        if kind == "count":  # has no decimals: a mark can only separate thousands
            text = re.sub(r"(?<=\d)[.,](?=\d{3}(?!\d))", "", text)
        elif re.fullmatch(r"\d{1,3}(,\d{3})+", text):  # no amount has three decimals
            text = text.replace(",", "")
        elif re.fullmatch(r"\d{1,3}(\.\d{3})+(,\d+)?|\d+,\d+", text):
            text = text.replace(".", "").replace(",", ".")
        text = text.replace(",", "") if "." in text else text
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
            return None
        value = float(text)
    if not 0 <= value <= LARGEST:
        return None
    if kind == "count":
        return f"{value:.0f}" if value == int(value) else None
    return f"{abs(value):.2f}"  # 0 has a sign too


def read_choices(
    connection: duckdb.DuckDBPyConnection, language: Language
) -> dict[tuple[str, str], list[str]]:
    """Read the values in use of columns with a common vocabulary."""
    wanted = (("customers", "industry"), ("leads", "lead_source"), ("products", "product_group"))
    customers = connection.execute(
        "select concat_ws(', ', name, city) || ' (' || customer_id || ')' from marts.customers"
        " order by 1 limit ?",
        [MAX_CUSTOMERS],
    ).fetchall()
    parts = [names[language] for names in role_names().values()]
    return {CUSTOMERS: [customer for (customer,) in customers], PARTS: parts} | {
        (mart, column): [
            value
            for (value,) in connection.execute(
                f"select {column} from marts.{mart} where {column} is not null"
                " group by 1 order by count(*) desc, 1 limit 200"
            ).fetchall()
        ]
        for mart, column in wanted
    }
