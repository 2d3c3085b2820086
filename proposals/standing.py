"""What is on record of addressees, read from the marts as of now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Final

from proposals.legal_gate import Standing

if TYPE_CHECKING:
    import duckdb

# A yes counts for the mailbox alone that gave it, and not before its day. A no counts whenever it
# was said unless a later yes came; of two decisions on one day it is the no that holds. Whoever
# says no for the company says it for all its mailboxes.
QUERY: Final = """
with asked as (
    select unnest($customers) as customer_id, unnest($emails) as email
),
latest as (
    select coalesce(email, customer_id) as decider, email is null as is_company, purpose,
        bool_and(is_granted) as is_granted, max(decided_on) as decided_on
    from (
        from marts.consents
        where purpose in ('newsletter', 'existing_customer')
            and (not is_granted or decided_on <= $night)
        qualify rank() over (
            partition by purpose, email is null, coalesce(email, customer_id)
            order by decided_on desc
        ) = 1
    )
    group by all
),
deciders as (
    select decider, is_company,
        bool_and(is_granted) filter (where purpose = 'newsletter') as newsletter,
        max(decided_on) filter (where purpose = 'newsletter') as decided_on,
        bool_and(is_granted) filter (where purpose = 'existing_customer') as existing_customer,
        bool_or(not is_granted) as has_refused
    from latest group by decider, is_company
)
select asked.customer_id, asked.email,
    coalesce(customers.has_objected_to_profiling, true),
    coalesce(mailboxes.newsletter, false),
    coalesce(mailboxes.has_refused, false) or coalesce(companies.has_refused, false),
    coalesce(mailboxes.existing_customer, false),
    if(mailboxes.newsletter, mailboxes.decided_on, null)
from asked
left join marts.customers as customers on asked.customer_id = customers.customer_id
left join deciders as mailboxes on asked.email = mailboxes.decider and not mailboxes.is_company
left join deciders as companies on asked.customer_id = companies.decider and companies.is_company
"""


def read_standings(
    connection: duckdb.DuckDBPyConnection,
    addressees: Iterable[tuple[str, str | None]],
    night: date,
) -> dict[tuple[str, str | None], Standing]:
    """Return what is on record of each (customer_id, email in lower case).

    A customer that the marts do not know (any more) counts as one who objected.
    """
    asked = sorted(set(addressees), key=lambda one: (one[0], one[1] or ""))
    rows = connection.execute(
        QUERY,
        {
            "customers": [one[0] for one in asked],
            "emails": [one[1] for one in asked],
            "night": night,
        },
    ).fetchall()
    return {(row[0], row[1]): Standing(row[1], *row[2:]) for row in rows}
