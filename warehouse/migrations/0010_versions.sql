-- Of several rows with one key the newest version holds: by the name or the time of change with
-- which the content first came, whatever is copied or read anew later.
alter table ops.source_files add column written_at timestamp;    -- UTC
update ops.source_files set written_at = modified_at;
