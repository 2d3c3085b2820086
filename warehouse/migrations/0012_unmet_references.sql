-- Grain: source, entity, column. References into records that no file holds, as of the last night.
create table ops.unmet_references (
    source varchar not null,
    entity varchar not null,
    column_name varchar not null,      -- canonical
    target varchar not null,           -- the source that it points into
    counted_by varchar not null,       -- a digest of the loads and views that were compared
    filled bigint not null,            -- rows that name a record
    unmet bigint not null,             -- of these, rows whose record is not there
    is_told boolean not null,          -- more than sources.yml allows, or another writing would meet
    found_de varchar not null,         -- what was found, with an example
    found_en varchar not null,
    todo_de varchar not null,
    todo_en varchar not null
);
