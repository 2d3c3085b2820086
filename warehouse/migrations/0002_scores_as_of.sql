-- The day up to which the data reached that a score counts from: late files must not age anybody.
alter table ops.scores add column if not exists as_of date;   -- null: scored before this column
