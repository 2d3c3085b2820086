-- Grain: source, file. Files that were not taken over as they came, and what became of them.
create table ops.held_files (
    source varchar not null,
    file varchar not null,             -- path below the inbox
    sha256 varchar not null,
    modified_at timestamp not null,    -- the file's, UTC
    judged_by varchar not null,        -- what in sources.yml decided
    version_at timestamp not null,     -- from when the file is, UTC
    replaces varchar[] not null,       -- files in force whose rows it would replace
    verdict varchar not null,          -- waiting (for a person) | accepted | rejected
                                       -- | older (a newer file has its keys) | replaced (by a newer file)
    reason_de varchar not null,
    reason_en varchar not null,
    decided_by varchar,
    decided_at timestamp,              -- UTC
    primary key (source, file)
);
