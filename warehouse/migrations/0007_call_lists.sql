-- Whom sales is asked to call, what people say of it, and what came of it. Nowhere in here stands
-- who was asked or who answered: hints are judged, never colleagues.

-- One row: what config/lists.yml says of the day's list, as of the last build or list.
create table ops.call_list_limits (
    rows_per_person integer not null,
    scores varchar[] not null,         -- names in models/ whose hints are listed
    bands varchar[] not null           -- high | medium | low
);

-- Grain: written. Other ways in which files write an account manager's name.
create table ops.call_list_names (
    written varchar not null,          -- lower case
    name varchar not null
);

-- Grain: kind. The kinds of feedback, what each says and for how long it pauses a customer.
create table ops.feedback_kinds (
    kind varchar primary key,          -- see ml/feedback.py
    is_followed boolean not null,      -- somebody turned to the customer
    pause_days integer not null
);

-- Grain: score, entity, about, source. What people said of a score; the newest word holds.
create table ops.score_feedback (
    score varchar not null,            -- name in models/<score>.yml
    entity varchar not null,           -- customer | lead
    entity_id varchar not null,
    company_record_id varchar,         -- a company record of the customer, which it follows
    kind varchar not null,             -- as in ops.feedback_kinds
    note varchar,                      -- in people's own words, such as why a hint is wrong
    about date not null,               -- night of the list; from elsewhere the day it was said
    said_at timestamp not null,        -- UTC; of a list the file's time of change
    source varchar not null,           -- list, or the name of the CRM
    primary key (score, entity_id, about, source)
);

-- Grain: night, score, entity. The hints that stood on a list.
create table ops.shown_hints (
    night date not null,
    score varchar not null,
    entity varchar not null,
    entity_id varchar not null,
    customer_id varchar not null,
    points integer not null,
    band varchar not null,
    method varchar not null,           -- rules | model
    model_version varchar,
    probability double,
    amount double,                     -- euros
    expected_amount double,
    horizon_days integer,              -- within so many days the score speaks of; null: it says none
    primary key (night, score, entity_id)
);

-- Grain: night, list. The mails sent, so that no second try sends one twice.
create table ops.list_mails (
    night date not null,
    list varchar not null,             -- account manager; '' for customers without one
    sent_at timestamp not null,        -- UTC
    primary key (night, list)
);
