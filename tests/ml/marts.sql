-- The marts as docs/explanation/architecture.md lists them, those columns that scores may read, all empty.
create schema if not exists marts;
create table marts.customers (customer_id varchar, name varchar, industry varchar,
    employees integer, customer_since date, has_objected_to_profiling boolean);
create table marts.contacts (contact_id varchar, customer_id varchar, is_active boolean,
    left_on date);
create table marts.leads (lead_id varchar, customer_id varchar, title varchar, stage varchar,
    outcome varchar, amount double, lead_source varchar, created_on date, closed_on date,
    owner varchar, contact_email varchar, industry varchar, employees integer,
    attributes map(varchar, varchar));
create table marts.lead_stages (lead_stage_id varchar, lead_id varchar, customer_id varchar,
    stage varchar, step bigint, entered_on date, left_on date);
create table marts.orders (order_id varchar, customer_id varchar, order_no varchar,
    ordered_on date, promised_on date, delivered_on date, days_late integer, net_amount double,
    line_count integer, is_cancelled boolean);
create table marts.tickets (ticket_id varchar, customer_id varchar, opened_at timestamp,
    closed_at timestamp, is_complaint boolean);
create table marts.interactions (interaction_id varchar, customer_id varchar,
    contact_id varchar, kind varchar, occurred_at timestamp);
