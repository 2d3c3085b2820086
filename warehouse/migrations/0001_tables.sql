-- Everything in warehouse.duckdb that dbt does not build, as of the first version that counted its
-- steps. A warehouse that was there before finds its tables and gets the columns that it lacks.
-- Schemas: raw (ingest), ops (what the nights did), staging, intermediate, marts, sync (dbt).
create schema if not exists raw;
create schema if not exists ops;
create schema if not exists marts;

-- One row per file, sheet and load attempt.
create table if not exists ops.loads (
    load_id varchar not null,
    source varchar,                    -- name in sources.yml; null: no source claims the file
    file varchar not null,             -- path below the inbox
    sheet varchar,
    sha256 varchar not null,
    loaded_at timestamp not null,      -- UTC
    rows_found bigint not null,        -- = rows_loaded + rows_quarantined, or the load fails whole
    rows_loaded bigint not null,
    rows_quarantined bigint not null,
    status varchar not null,           -- loaded | failed | growing (still being written)
                                       -- | skipped (a sheet of another kind) | duplicate
    reason_de varchar,                 -- why it was not loaded and what to do
    reason_en varchar
);
-- What a person should look at although the rows were loaded.
alter table ops.loads add column if not exists notes_de varchar[];
alter table ops.loads add column if not exists notes_en varchar[];

-- Rows that could not be loaded, until the file or the mapping is mended.
create table if not exists ops.quarantine (
    load_id varchar not null,
    source varchar,
    file varchar not null,
    sheet varchar,
    row_number bigint not null,        -- in the file, counted from 1
    raw_text varchar not null,
    reason_de varchar not null,
    reason_en varchar not null,
    quarantined_at timestamp not null
);

-- Grain: source, file. The version of each file that is in raw.<source>.
create table if not exists ops.source_files (
    source varchar not null,
    file varchar not null,             -- path below the inbox
    sha256 varchar not null,
    fingerprint varchar not null,      -- of the source's entry in sources.yml when it was loaded
    modified_at timestamp not null,    -- the file's, UTC: the newest is in force for a snapshot
    load_id varchar not null
);

-- Grain: source, file, sheet. The columns that were in raw when it was last loaded.
create table if not exists ops.source_columns (
    source varchar not null,
    file varchar not null,
    sheet varchar,
    columns varchar[] not null,        -- in the file's order
    load_id varchar not null,
    loaded_at timestamp not null
);

-- Grain: file. What was last seen of each file in the inbox.
create table if not exists ops.inbox_files (
    file varchar not null,             -- path below the inbox
    sha256 varchar not null,
    size bigint not null,              -- bytes
    modified_at timestamp not null,    -- the file's, UTC
    first_seen_on date not null,       -- nights
    renewed_on date not null,          -- the last night with another content or time of change
    changed_on date not null,          -- the last night with another content
    seen_on date not null,
    is_there boolean not null          -- in the inbox when it was last looked into
);

-- Grain: source, night. The nights in which a source brought a new, changed or renewed file.
create table if not exists ops.source_nights (
    source varchar not null,
    night date not null,
    primary key (source, night)
);

-- Grain: source. What did not come although it was expected, as of the last night.
create table if not exists ops.overdue_sources (
    source varchar not null,
    last_night date,                   -- in which it came; null: never
    reason_de varchar not null,
    reason_en varchar not null,
    entities varchar[]                 -- what the source brings, as in vocabulary/entities.yml
);
alter table ops.overdue_sources add column if not exists entities varchar[];

-- Grain: source, entity, column. How numbers and dates are written, settled from all values.
create table if not exists ops.column_formats (
    source varchar not null,
    entity varchar not null,
    column_name varchar not null,      -- canonical
    format varchar not null,           -- comma | point | dmy | mdy | ymd | mixed
    is_ambiguous boolean not null,     -- some values allow more than one; see `example`
    values_for bigint not null,        -- values that only this format explains
    values_against bigint not null     -- values that only another one explains
);
alter table ops.column_formats drop column if exists fingerprint;
alter table ops.column_formats add column if not exists example varchar;

-- Grain: source, entity, column, load. How many values of a load are written in which way.
create table if not exists ops.format_evidence (
    source varchar not null,
    entity varchar not null,
    column_name varchar not null,      -- canonical
    load_id varchar not null,
    expression varchar not null,       -- SQL of the values counted: another mapping, another count
    values_per_format map(varchar, bigint) not null,
    example varchar                    -- a value that allows more than one
);

-- One row per night, use case, stage and expectation. Use case `audit` guards the warehouse.
create table if not exists ops.expectation_results (
    night date not null,
    use_case varchar not null,
    stage integer not null,            -- 0 for the audit
    expectation varchar not null,      -- name in expectations/<use_case>.yml
    is_met boolean not null,
    observed double,                   -- in `unit`
    required double,
    unit varchar,                      -- share | rows | days | …
    records_total bigint,
    records_unmet bigint,              -- records that break it
    records_to_next bigint,            -- of these, how many must be mended to meet it
    todo_de varchar,
    todo_en varchar
);

-- Grain: night, use case.
create table if not exists ops.maturity_stages (
    night date not null,
    use_case varchar not null,
    stage integer not null,            -- in force: 0 (not even stage 1) to 3
    assessed_at timestamp not null,
    primary key (night, use_case)
);
alter table ops.maturity_stages add column if not exists measured_stage integer;
-- Why less is measured than was in force: source (data did not come) | data (they are worse);
-- or unmeasured (the YAML is wrong), where the last stage stands and measured_stage is null.
alter table ops.maturity_stages add column if not exists cause varchar;
alter table ops.maturity_stages add column if not exists cause_de varchar;
alter table ops.maturity_stages add column if not exists cause_en varchar;

-- Grain: score, entity. The scores in force; each night replaces those of a score whole.
create table if not exists ops.scores (
    score varchar not null,            -- name in models/<score>.yml
    entity varchar not null,           -- customer | lead
    entity_id varchar not null,
    customer_id varchar,
    night date not null,
    stage integer not null,
    method varchar not null,           -- rules | model
    model_version varchar,             -- MLflow's, null for rules
    probability double,                -- 0 to 1, null for rules
    points integer not null,           -- 0 to 100, what people see
    band varchar not null,             -- high | medium | low
    reasons_de varchar[] not null,
    reasons_en varchar[] not null,
    primary key (score, entity_id)
);

-- Grain: record, since. Which customer a company record belonged to, night after night: what a
-- customer's id is kept by. Written after a build that succeeded.
create table if not exists ops.customer_ids (
    record_id varchar not null,
    customer_id varchar not null,
    since date not null,               -- first night
    until date                         -- first night in which it no longer did; null: it still does
);

-- Grain: record, since. The same for contact records: which person they are, and which contact,
-- that is the person at one customer.
create table if not exists ops.person_ids (
    record_id varchar not null,
    person_id varchar not null,
    since date not null,
    until date
);
create table if not exists ops.contact_ids (
    record_id varchar not null,
    contact_id varchar not null,
    since date not null,
    until date
);

-- Grain: night, old_id, new_id. What became of a customer id; see identity/stable_ids.py.
create table if not exists ops.customer_id_changes (
    night date not null,
    old_id varchar not null,
    new_id varchar,
    kind varchar not null,             -- merged | split | moved | gone | returned
    record_count bigint not null
);

-- Grain: a decision of a person about two company records. Never changed but for being withdrawn.
create table if not exists ops.identity_decisions (
    record_a varchar not null,         -- the smaller of the two
    record_b varchar not null,
    decision varchar not null,         -- same | different
    decided_by varchar not null,
    decided_at timestamp not null,     -- UTC; the file's time of change for a list
    withdrawn_at timestamp             -- taken back, or decided anew; null: in force
);

-- Grain: record_a, record_b. What a person should look at, as of the last build.
create table if not exists ops.identity_review (
    night date not null,
    record_a varchar not null,
    record_b varchar not null,
    probability double,                -- that they are one customer; null: only `note` calls for it
    is_joined boolean not null,        -- they are one customer at present
    evidence_de varchar not null,      -- per field how much it speaks for (+) or against it
    evidence_en varchar not null,
    note_de varchar,                   -- decisions that contradict each other
    note_en varchar
);

-- Grain: night. The nights whose build succeeded: dbt's snapshots forget what others wrote.
create table if not exists ops.built_nights (
    night date primary key
);

-- Grain: mart, record, column. What people filled in in to-do lists; the newest word holds.
create table if not exists ops.corrections (
    mart varchar not null,
    record_id varchar not null,        -- a customer's: one of its company records, which it follows
    column_name varchar not null,
    value varchar not null,            -- numbers with a point, dates as year-month-day;
                                       -- customer_id: a company record of the customer
    file varchar not null,
    row_number bigint not null,
    said_at timestamp not null,        -- the file's time of change, UTC
    primary key (mart, record_id, column_name)
);

-- Grain: mart, record, column. Cells of to-do lists that could not be taken over: they come back in
-- the next list, with the reason beside them, until they are mended or emptied.
create table if not exists ops.refused_cells (
    mart varchar not null,
    record_id varchar not null,
    column_name varchar not null,
    value varchar not null,            -- as it was typed
    file varchar not null,
    reason_de varchar not null,
    reason_en varchar not null,
    primary key (mart, record_id, column_name)
);

-- Grain: night, file. What became of a filled to-do list; `refused` as it stood at the last reading.
create table if not exists ops.receipts (
    night date not null,
    file varchar not null,
    taken bigint not null,
    refused bigint not null,
    stages_before map(varchar, integer),  -- in force before the night read its first list
    primary key (night, file)
);

-- Grain: one row written into the CRM.
create table if not exists ops.push_ledger (
    push_id varchar not null,
    pushed_at timestamp not null,
    connector varchar not null,
    target varchar not null,           -- parties | opportunities
    key varchar not null,              -- customer_id or lead_id
    crm_id varchar,
    action varchar not null,           -- create | change | clear
    old_values json,
    new_values json
);
