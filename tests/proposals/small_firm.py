"""A small firm whose marts are made by hand: orders just delivered, contacts, consents."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import yaml

from config import Settings
from proposals import Decision, record_decisions
from proposals.rules import load_rules
from warehouse import open_warehouse

NIGHT = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 8)  # noqa: DTZ001 - UTC, as the warehouse keeps it
DDL = """
create schema if not exists marts;
create table marts.customers (customer_id varchar, name varchar, account_manager varchar,
    country_code varchar, first_order_on date, has_objected_to_profiling boolean,
    last_order_on date);
create table marts.contacts (contact_id varchar, customer_id varchar, given_name varchar,
    family_name varchar, email varchar, is_active boolean, record_count bigint, role varchar);
create table marts.orders (order_id varchar, customer_id varchar, order_no varchar,
    ordered_on date, delivered_on date, net_amount double, is_cancelled boolean);
create table marts.order_lines (order_id varchar, sku varchar, is_cancelled boolean);
create table marts.products (sku varchar, name varchar, product_group varchar);
create table marts.consents (consent_id varchar, customer_id varchar, email varchar,
    purpose varchar, is_granted boolean, decided_on date);
create table marts.leads (lead_id varchar, customer_id varchar, title varchar, outcome varchar,
    amount double);
create table marts.tickets (ticket_id varchar, customer_id varchar, opened_at timestamp,
    closed_at timestamp, is_complaint boolean);
create table marts.scores (score varchar, customer_id varchar, points integer,
    probability double, amount double, reasons_de varchar, reasons_en varchar);
create table marts.contact_roles (contact_id varchar, customer_id varchar, buying_role varchar,
    reason_de varchar, reason_en varchar, method varchar, won_leads bigint, lead_count bigint,
    interaction_count bigint, last_seen_at timestamp);
create table marts.buying_centres (lead_id varchar, customer_id varchar, roles_present varchar,
    missing_role varchar, won_leads bigint, won_with_role bigint, share_won_with double,
    share_won_without double, contact_id varchar);
create table marts.customer_id_changes (night date, old_id varchar, new_id varchar, kind varchar,
    record_count bigint);
"""
USE = {
    "purpose": {"de": "Danken", "en": "Thanking"},
    "actions": {
        "thanks": {
            "stage": 1,
            "title": {"de": "Dank an {{ company }}", "en": "Thanks to {{ company }}"},
            "audience": "select customer_id, email, name as company, order_no, delivered_on"
            " from marts.orders inner join marts.customers using (customer_id)"
            " inner join marts.contacts using (customer_id)"
            " where delivered_on between $night - 14 and $night order by order_no",
            "about": ["order_no"],
            "reason": {"de": "Geliefert {{ delivered_on }}", "en": "Delivered {{ delivered_on }}"},
            "subject": {"de": "Danke, {{ company }}", "en": "Thank you, {{ company }}"},
            "body": {"de": "Guten Tag, danke für {{ order_no }}.", "en": "Hello, {{ order_no }}."},
            "legal_basis": "advertising",
            "channel": "mailing_list",
            "releases": 2,
            "expires_days": 14,
            "pause_days": 0,
        }
    },
}


class Firm:
    """A home with marts, stages and one use case, and what people do in it."""

    def __init__(self, folder: Path) -> None:
        (folder / "proposals").mkdir(parents=True)
        self.settings = Settings(
            home=folder / "home", proposals=folder / "proposals", config=folder / "config",
            as_of=NIGHT,
        )  # fmt: skip
        (folder / "config").mkdir()
        self.settings.home.mkdir()
        self.rules(mailbox_days=0)
        self.use()
        with open_warehouse(self.settings) as connection:
            connection.execute(DDL)
        self.stage(1)

    def use(self, name="mails", use=None, **changes):
        """Write a use case's YAML; `changes` of its only action."""
        content = use or USE
        if changes:
            action = content["actions"]["thanks"] | changes
            content = content | {"actions": {"thanks": action}}
        path = self.settings.proposals / f"{name}.yml"
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")

    def rules(self, **changes):
        content = {
            "mailbox_days": 0, "may_release": [], "keep_days": 1095,
            "mark": {"de": "Von einem Programm.", "en": "By a program."},
            "objection": {"de": "Nein danke?", "en": "No, thanks?"},
        } | changes  # fmt: skip
        path = self.settings.config / "proposals.yml"
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")

    def on(self, day: int):
        """The settings of a night so many days later."""
        return self.settings.model_copy(update={"as_of": NIGHT + timedelta(days=day)})

    def sql(self, statement, values=()):
        with open_warehouse(self.settings) as connection:
            return connection.execute(statement, list(values)).fetchall()

    def stage(self, stage, use_case="mails", night=NIGHT):
        self.sql(
            "delete from ops.maturity_stages where (night, use_case) = (?, ?)", (night, use_case)
        )
        self.sql(
            "insert into ops.maturity_stages by name select ?::date as night, ? as use_case,"
            " ? as stage, now() as assessed_at",
            (night, use_case, stage),
        )  # fmt: skip

    def customer(self, *names, email=None, consent=True, delivered=NIGHT, orders=1):
        """Add customers with a contact each, who consented or not, and with delivered orders."""
        with open_warehouse(self.settings) as connection:
            for name in names:
                mail = email or f"{name}@firma.example"
                connection.execute(
                    "insert into marts.customers values (?, ?, 'Ute Falk', 'DE', ?, false, ?)",
                    [name, f"Firma {name}", delivered, delivered],
                )
                connection.execute(
                    "insert into marts.contacts"
                    " values (?, ?, 'Eva', 'Adler', ?, true, 1, 'Werkleiterin')",
                    [f"K{name}", name, mail],
                )
                for number in range(orders):
                    connection.execute(
                        "insert into marts.orders (order_id, customer_id, order_no, ordered_on,"
                        " delivered_on, net_amount, is_cancelled)"
                        " values (?, ?, ?, ?, ?, 100, false)",
                        [f"O{name}{number}", name, f"A{name}{number}", delivered, delivered],
                    )
                if consent:
                    connection.execute(
                        "insert into marts.consents values (uuid()::varchar, ?, ?, 'newsletter',"
                        " true, '2025-01-01')",
                        [name, mail.strip().lower()],
                    )

    def consent(self, name, email, *, is_granted, on, purpose="newsletter"):
        self.sql(
            "insert into marts.consents values (uuid()::varchar, ?, ?, ?, ?, ?)",
            (name, email, purpose, is_granted, on),
        )

    def states(self):
        """State by customer."""
        return dict(self.sql("select customer_id, state from ops.proposal_states"))

    def ids(self, state="open"):
        return [
            name for (name,) in self.sql(
                "select proposal_id from ops.proposal_states where state = ? order by customer_id,"
                " occasion", (state,),
            )
        ]  # fmt: skip

    def decide(self, *people, ids=None, is_released=True, at=NOW, sha256=None):
        """Let people decide; returns what was refused."""
        known = dict(self.sql("select proposal_id, sha256 from ops.proposals"))
        chosen = self.ids() if ids is None else ids
        with open_warehouse(self.settings) as connection:
            _new, refused = record_decisions(
                connection,
                [
                    Decision(
                        name, sha256 or known.get(name, ""), person, is_released, at, "command"
                    )
                    for person in people
                    for name in chosen
                ],
                load_rules(self.settings),
            )
        return [problem for _decision, problem in refused]
