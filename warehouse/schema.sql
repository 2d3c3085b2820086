-- Everything in warehouse.duckdb that dbt does not build, created when the file is opened.
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
    status varchar not null,           -- loaded | failed | skipped (a sheet of another kind)
    reason_de varchar,                 -- why it failed and what to do
    reason_en varchar
);

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

-- Grain: source, entity, column. How numbers and dates are written, settled from all values.
create table if not exists ops.column_formats (
    source varchar not null,
    entity varchar not null,
    column_name varchar not null,      -- canonical
    format varchar not null,           -- comma | point | dmy | mdy | ymd
    is_ambiguous boolean not null,     -- the values allow more than one; the locale hint decided
    values_for bigint not null,        -- values that only this format explains
    values_against bigint not null,    -- values that only another one explains
    fingerprint varchar not null       -- of the files and the mapping that it was settled from
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
    stage integer not null,            -- 0 (not even stage 1) to 3
    assessed_at timestamp not null,
    primary key (night, use_case)
);

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
