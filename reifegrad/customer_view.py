"""All that is known of one customer, and why: what `reifegrad customer` shows."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from config import Settings
from config.language import _

if TYPE_CHECKING:
    import duckdb

Language = Literal["de", "en"]
NEAREST = 3


class CustomerNotFoundError(Exception):
    """No customer fits; the message names those with the most similar names."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class FoundCustomer(_Frozen):
    """A customer that fits what was asked for; `customer_no` is the ERP's number."""

    customer_id: str
    customer_no: str | None
    name: str
    city: str | None
    record_count: int


class GoldenValue(_Frozen):
    """The chosen value of an attribute, where it stands, and the other values with their rule."""

    attribute: str
    value: str
    record_id: str
    file: str
    row_number: int
    others: tuple[OtherValue, ...]


class OtherValue(_Frozen):
    """A value that was not chosen, and the rule that decided so."""

    value: str
    record_id: str
    beaten_by: str


class CustomerRecord(_Frozen):
    """A record of the customer, and what ties it to another one of them."""

    record_id: str
    name: str | None
    city: str | None
    file: str | None
    row_number: int | None
    probability: float
    linked_to: str | None
    evidence: str | None


class Decision(_Frozen):
    """What a person decided of two records, one of them of this customer."""

    record_a: str
    record_b: str
    decision: str
    decided_by: str
    decided_at: datetime


class IdChange(_Frozen):
    """What became of this customer's id, or of one that went into it."""

    night: date
    old_id: str
    new_id: str | None
    kind: str
    record_count: int


class Contact(_Frozen):
    """A person at the customer."""

    contact_id: str
    given_name: str | None
    family_name: str | None
    role: str | None
    email: str | None
    phone: str | None
    is_active: bool
    left_on: date | None
    record_count: int


class Events(_Frozen):
    """How many events of one kind there are, and the last one; `net_amount` of orders only."""

    kind: str
    count: int
    last_on: date | None
    net_amount: float | None = None
    last: str | None = None


class Lead(_Frozen):
    """A lead of the customer."""

    lead_id: str
    title: str | None
    stage: str | None
    outcome: str
    amount: float | None
    created_on: date | None
    closed_on: date | None


class Score(_Frozen):
    """A score in force; `entity_id` is the customer or one of its open leads.

    `told` are the reasons as people read them, `amount` the euros that the entity stands for,
    `expected_amount` that times the probability (rules have none).
    """

    score: str
    entity: str
    entity_id: str
    points: int
    band: str
    method: str
    night: date
    reasons: tuple[str, ...]
    told: str
    amount: float | None
    expected_amount: float | None


class CustomerView(_Frozen):
    """Everything that `reifegrad customer` shows of one customer."""

    customer_id: str
    customer_nos: str | None
    name: str
    record_count: int
    source_count: int
    has_objected_to_profiling: bool
    values: tuple[GoldenValue, ...]
    records: tuple[CustomerRecord, ...]
    decisions: tuple[Decision, ...]
    id_changes: tuple[IdChange, ...]
    contacts: tuple[Contact, ...]
    events: tuple[Events, ...]
    leads: tuple[Lead, ...]
    scores: tuple[Score, ...]


VALUES = """
select attribute, arg_min(value, rank) filter (is_chosen) as value,
    arg_min(record_id, rank) filter (is_chosen) as record_id,
    arg_min(file, rank) filter (is_chosen) as file,
    arg_min(row_number, rank) filter (is_chosen) as row_number,
    coalesce(list({'value': value, 'record_id': record_id, 'beaten_by': beaten_by} order by rank)
        filter (beaten_by is not null), []) as others
from marts.customer_attributes
where customer_id = $id
group by attribute
having bool_or(is_chosen)
order by list_position($attributes, attribute)
"""
RECORDS = """
select resolved.record_id, records.name, records.city, records.file, records.row_number,
    resolved.probability, resolved.linked_to, resolved.link_{language} as evidence
from intermediate.int_companies_resolved as resolved
inner join intermediate.int_company_records as records using (record_id)
where resolved.customer_id = $id
order by resolved.linked_to is not null, resolved.record_id
"""
DECISIONS = """
select record_a, record_b, decision, decided_by, decided_at
from ops.identity_decisions
where withdrawn_at is null and exists (
    from marts.customer_records
    where customer_id = $id and record_id in (record_a, record_b)
)
order by decided_at
"""
ID_CHANGES = """
select night, old_id, new_id, kind, record_count
from marts.customer_id_changes
where $id in (old_id, new_id)
order by all
"""
CONTACTS = """
select contact_id, given_name, family_name, role, email, phone, is_active, left_on, record_count
from marts.contacts
where customer_id = $id
order by is_active desc, family_name, given_name, contact_id
"""
EVENTS = """
select 'orders' as kind, count(*) as count, max(ordered_on) as last_on,
    sum(net_amount) as net_amount,
    arg_max(order_no, (ordered_on, order_id)) filter (ordered_on is not null) as last
from marts.orders
where customer_id = $id and not is_cancelled
union all
select if(is_complaint, 'complaints', 'tickets'), count(*), max(opened_at)::date, null,
    arg_max(subject, (opened_at, ticket_id)) filter (opened_at is not null)
from marts.tickets
where customer_id = $id
group by is_complaint
union all
(
    select kind, count(*), max(occurred_at)::date, null,
        arg_max(detail, (occurred_at, interaction_id)) filter (occurred_at is not null)
    from marts.interactions
    where customer_id = $id
    group by kind
    order by max(occurred_at) desc
)
"""
LEADS = """
select lead_id, title, stage, outcome, amount, created_on, closed_on
from marts.leads
where customer_id = $id
order by outcome = 'open' desc, coalesce(closed_on, created_on) desc nulls last, lead_id
"""
SCORES = """
select score, entity, entity_id, points, band, method, night, reasons_{language} as reasons,
    told_{language} as told, amount, expected_amount
from ops.scores
where entity_id = $id or (entity = 'lead' and entity_id in (
    select lead_id from marts.leads where customer_id = $id and outcome = 'open'
))
order by entity, points desc
"""
# As dbt's macro name_key has it: "Müller & Söhne" and "MUELLER und Soehne" are one name.
NAME_KEY = (
    "trim(regexp_replace(strip_accents(replace(replace(replace(replace(replace(lower({name}),"
    " 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'ß', 'ss'), '&', ' und ')), '[^a-z0-9]+', ' ', 'g'))"
)
FOUND = """
select customer_id, customers.customer_no, customers.name, customers.city, customers.record_count
from marts.customers
where customer_id in ({ids})
order by customers.record_count desc, customers.name, customer_id
"""
BY_ID = """
select $asked
union select new_id from marts.customer_id_changes where old_id = $asked and kind = 'merged'
union select customer_id from marts.customer_records
where record_id = $asked or split_part(record_id, ':', 2) = $asked
union select customer_id from marts.customers
where list_contains(string_split(customer_nos, ', '), $asked)
"""
NAMES = f"""
(
    select customer_id, {NAME_KEY.format(name="name")} as name
    from marts.customer_records where name is not null
    union select customer_id, {NAME_KEY.format(name="name")} from marts.customers
)
"""
BY_NAME = f"""
select customer_id from {NAMES} where list_aggregate(list_transform(
    string_split({NAME_KEY.format(name="$asked")}, ' '), word -> contains(name, word)), 'bool_and')
"""
NEAREST_NAMES = f"""
select any_value(customers.name)
from {NAMES} as names inner join marts.customers using (customer_id)
group by customer_id
order by max(jaro_winkler_similarity(names.name, {NAME_KEY.format(name="$asked")})) desc, 1
limit {NEAREST}
"""


def view_customer(settings: Settings, asked: str) -> CustomerView | list[FoundCustomer]:
    """Read all of the customer that is asked for.

    Args:
        settings: the installation.
        asked: an id, also a former one; a record id or its key; or words of the name as any
            record has it.

    Returns:
        The customer, or those to choose from where several fit.

    Raises:
        CustomerNotFoundError: none fits, or nothing is built yet.
        WarehouseLockedError: another process holds the warehouse; its message names it.

    """
    from warehouse import open_warehouse

    with open_warehouse(settings) as connection:
        return _view(connection, asked.strip(), settings.language)


def view_kept_customer(settings: Settings, asked: str) -> CustomerView | list[FoundCustomer]:
    """Read the same from what the last night kept, while another one holds the warehouse."""
    from report.customer_copy import open_copy

    with open_copy(settings) as connection:
        return _view(connection, asked.strip(), settings.language)


def _view(
    connection: duckdb.DuckDBPyConnection, asked: str, language: Language
) -> CustomerView | list[FoundCustomer]:
    if not _is_built(connection):
        raise CustomerNotFoundError(
            _(
                "No customers in the warehouse yet: `reifegrad start FOLDER` reads files,"
                " `reifegrad run` makes customers of them."
            )
        )
    found = find_customers(connection, asked)
    if not found:
        nearest = connection.execute(NEAREST_NAMES, {"asked": asked}).fetchall()
        names = "; ".join(name for (name,) in nearest) or "–"
        told = _('No customer fits "{asked}". The most similar: {nearest}.')
        raise CustomerNotFoundError(told.format(asked=asked, nearest=names))
    if len(found) > 1:
        return found
    return read_customer(connection, found[0].customer_id, language)


def find_customers(connection: duckdb.DuckDBPyConnection, asked: str) -> list[FoundCustomer]:
    """Find the customers with that id, record or key; else with that name, the largest first."""
    if not re.search(r"\w", asked):
        return []
    for query in (BY_ID, BY_NAME):
        rows = _rows(connection, FOUND.format(ids=query), {"asked": asked})
        if rows:
            return [FoundCustomer(**row) for row in rows]
    return []


def read_customer(
    connection: duckdb.DuckDBPyConnection, customer_id: str, language: Language
) -> CustomerView:
    """Read all of one customer; its evidence and reasons in the language."""
    from identity.golden_record import ATTRIBUTES

    def read(query: str, **values: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        return _rows(connection, query, {"id": customer_id, **values})

    (known,) = read(
        "select customer_nos, name, record_count, source_count, has_objected_to_profiling"
        " from marts.customers where customer_id = $id"
    )
    scores = [] if known["has_objected_to_profiling"] else read(SCORES.format(language=language))
    return CustomerView(
        customer_id=customer_id,
        **known,
        values=tuple(
            GoldenValue(**row) for row in read(VALUES, attributes=list(ATTRIBUTES["customers"]))
        ),
        records=tuple(CustomerRecord(**row) for row in read(RECORDS.format(language=language))),
        decisions=tuple(Decision(**row) for row in read(DECISIONS)),
        id_changes=tuple(IdChange(**row) for row in read(ID_CHANGES)),
        contacts=tuple(Contact(**row) for row in read(CONTACTS)),
        events=tuple(Events(**row) for row in read(EVENTS) if row["count"]),
        leads=tuple(Lead(**row) for row in read(LEADS)),
        scores=tuple(Score(**row) for row in scores),
    )


def _is_built(connection: duckdb.DuckDBPyConnection) -> bool:
    (tables,) = connection.execute(
        "select count(*) from duckdb_tables() where schema_name = 'marts'"
        " and table_name in ('customers', 'customer_attributes', 'contacts')"
    ).fetchone() or (0,)
    return bool(tables == 3)


def _rows(
    connection: duckdb.DuckDBPyConnection, query: str, values: dict[str, Any]
) -> list[dict[str, Any]]:
    cursor = connection.execute(query, values)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
