"""A tiny company's marts, made by hand: all that stage 3 of churn and lead scoring needs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from config import PROJECT_ROOT, Settings
from warehouse import open_warehouse

NIGHT = date(2026, 3, 2)
# 60 customers over 30 months: each orders every 60 days, and three of four once rest for 240 days.
MARTS = f"""
create table marts.customers as
select 'C' || lpad(n::varchar, 10, '0') as customer_id, 'Firma ' || n as name,
    'Weg ' || n as street, (10000 + n)::varchar as postcode, 'Ort' as city, 'DE' as country,
    null::varchar as phone, null::varchar as email, null::varchar as website,
    null::varchar as vat_id, null::varchar as registration_no,
    case when n % 10 > 0 then 'Maschinenbau' end as industry, 50 as employees,
    'Berg' as account_manager, date '2020-01-01' as customer_since, 1 as record_count,
    1 as source_count, null::date as first_order_on, null::date as last_order_on,
    14 as order_count, n = 60 as has_objected_to_profiling, true as has_newsletter_opt_in
from range(1, 61) t(n);

create table marts.orders as
select 'O' || n || '-' || k as order_id, 'C' || lpad(n::varchar, 10, '0') as customer_id,
    'O' || n || '-' || k as order_no, date '{NIGHT}' - (n % 20 + 60 * k)::int as ordered_on,
    ordered_on + 14 as promised_on, case when k > 0 then ordered_on + 15 end as delivered_on,
    delivered_on - promised_on as days_late, 30.0::double as net_amount, 2 as line_count,
    false as is_cancelled
from range(1, 61) t(n), range(0, 16) u(k) where not (n % 4 > 0 and k between 4 and 7);

create table marts.order_lines as
select order_id || '-' || line as order_line_id, order_id, customer_id, 'SKU' as sku,
    'Welle' as product_name, ordered_on, 1.0::double as quantity, 15.0::double as unit_price,
    15.0::double as net_amount, false as is_cancelled
from marts.orders, range(1, 3) t(line);

create table marts.leads as
select 'L' || n as lead_id, 'C' || lpad((n % 60 + 1)::varchar, 10, '0') as customer_id,
    'Anfrage' as title, 'Angebot' as stage, case n % 3 when 0 then 'open' when 1 then 'won'
    else 'lost' end as outcome, 1000.0::double as amount, 'Messe' as lead_source,
    date '{NIGHT}' - (3 * n)::int - 20 as created_on,
    case when n % 3 > 0 then created_on + 20 end as closed_on, 'Berg' as owner,
    'info@firma' || n || '.example' as contact_email,
    case when n % 10 > 0 then 'Maschinenbau' end as industry, 50 as employees
from range(0, 180) t(n);

create table marts.interactions as
select 'I' || n as interaction_id, 'C' || lpad((n % 60 + 1)::varchar, 10, '0') as customer_id,
    null::varchar as contact_id,
    case when n % 2 = 0 then 'email_open' else 'fair_visit' end as kind,
    timestamp '{NIGHT} 09:00' - to_days((n % 300)::int + 1) as occurred_at
from range(0, 600) t(n);

create table marts.tickets as
select 'T' || n as ticket_id, 'C' || lpad((n % 60 + 1)::varchar, 10, '0') as customer_id,
    timestamp '{NIGHT} 09:00' - to_days((n * 5)::int + 1) as opened_at,
    opened_at + interval 3 hour as closed_at, 'Lieferung' as category
from range(0, 100) t(n);
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home with the tiny company's marts; each use case more would cost a second a test."""
    folder = tmp_path / "expectations"
    folder.mkdir()
    for name in ("audit", "shared", "churn", "lead_scoring"):
        shutil.copy(PROJECT_ROOT / "expectations" / f"{name}.yml", folder)
    settings = Settings(home=tmp_path / "home", as_of=NIGHT, expectations=folder)
    with open_warehouse(settings) as connection:
        connection.execute(MARTS)
    return settings


@pytest.fixture
def damage(settings: Settings) -> Callable[[str], None]:
    """Run SQL on the marts."""

    def run(sql: str) -> None:
        with open_warehouse(settings) as connection:
            connection.execute(sql)

    return run
