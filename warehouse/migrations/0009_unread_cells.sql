-- Grain: source, entity, column, load. How many cells of a load are not what the column should hold.
create table ops.unread_cells (
    source varchar not null,
    entity varchar not null,
    column_name varchar not null,      -- canonical
    load_id varchar not null,
    counted_by varchar not null,       -- a digest of the mapping, format, code and share allowed
    filled bigint not null,            -- cells that hold something, placeholders aside
    unread bigint not null,            -- of these, what is read as nothing
    is_unread boolean not null,        -- more of them than sources.yml allows
    file_columns varchar[] not null,
    found_de varchar not null,         -- what was found, with an example
    found_en varchar not null
);
