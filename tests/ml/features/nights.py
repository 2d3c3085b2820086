"""Nights that keep the marts' versions, by dbt's own definition of what was known when."""

import re

import jinja2

from config import PROJECT_ROOT

DBT = PROJECT_ROOT / "dbt_project"
# What a night found of the days that were still to come then: nothing.
AS_OF = {
    "orders": "select * replace (case when delivered_on < {night} then delivered_on end as"
    " delivered_on, case when delivered_on < {night} then days_late end as days_late)"
    " from marts.orders where ordered_on < {night}",
    "tickets": "from marts.tickets where opened_at < {night}",
    "contacts": "select * replace (case when left_on < {night} then left_on end as left_on)"
    " from marts.contacts",
    "interactions": "from marts.interactions where occurred_at < {night}",
    "lead_stages": "from marts.lead_stages where entered_on < {night}",
    "leads": "select * replace (case when closed_on < {night} then outcome else 'open' end as"
    " outcome, case when closed_on < {night} then closed_on end as closed_on)"
    " from marts.leads where created_on < {night}",
    "customers": "from marts.customers",
}


def keep_night(connection, night):
    """Do what dbt's snapshots do: close versions that changed, open new ones."""
    connection.execute("create schema if not exists snapshots")
    for mart, tonight in AS_OF.items():
        key, columns = _columns(mart)
        names = ", ".join(columns)
        there = tonight.format(night=f"date '{night}'")
        rows = f"(select {names} from ({there}))"
        connection.execute(
            f"create table if not exists snapshots.snap_{mart} as select {names},"
            f" null as dbt_scd_id, null as dbt_updated_at, null::date as dbt_valid_from,"
            f" null::date as dbt_valid_to"
            f" from marts.{mart} limit 0;"
            f"update snapshots.snap_{mart} k set dbt_valid_to = date '{night}' where dbt_valid_to"
            f" is null and not exists (from {rows} r where row({_of('r', columns)})"
            f" is not distinct from row({_of('k', columns)}));"
            f"insert into snapshots.snap_{mart} select {names}, null, null, date '{night}', null"
            f" from {rows} r where r.{key} not in"
            f" (select {key} from snapshots.snap_{mart} where dbt_valid_to is null)"
        )


def make_views(connection):
    """Lay dbt's views over the snapshots, as a build does, and the history of the entities."""
    connection.execute("create schema if not exists intermediate")
    macros = (DBT / "macros/history.sql").read_text(encoding="utf-8")
    for mart in AS_OF:
        view = (DBT / f"models/intermediate/int_{mart}_known.sql").read_text(encoding="utf-8")
        body = view.replace("{{ config(materialized='view') }}", "")
        sql = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False).from_string(
            macros + body, globals={"ref": lambda name: f"snapshots.{name}"}
        )
        connection.execute(
            f"create or replace view intermediate.int_{mart}_known as {sql.render()}"
        )
    for entity in ("customer", "lead"):
        connection.execute(
            f"create or replace view marts.{entity}_history as select *,"
            f" dbt_valid_from as valid_from from snapshots.snap_{entity}s"
        )


def _columns(mart):
    if mart == "customers":
        return "customer_id", ["customer_id", "industry", "employees", "customer_since"]
    text = (DBT / f"snapshots/snap_{mart}.sql").read_text(encoding="utf-8")
    columns = re.search(r"select\n(.*?)\nfrom", text, flags=re.DOTALL)[1]
    key = re.search(r"unique_key='(\w+)'", text)[1]
    return key, [name.strip() for name in columns.split(",")]


def _of(alias, columns):
    return ", ".join(f"{alias}.{name}" for name in columns)
