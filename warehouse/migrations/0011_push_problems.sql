-- Grain: connector. Why the last push failed; no row: it did not.
create table ops.push_problems (
    connector varchar primary key,
    problem varchar not null,          -- one line for people
    failing_since timestamp not null,  -- the first of the pushes that failed in a row, UTC
    failed_at timestamp not null       -- the last of them, UTC
);

-- Grain: connector, target, key. Records that the CRM refused when they were sent last: they are sent
-- again, and say nothing of the CRM when it refuses them once more.
create table ops.push_refusals (
    connector varchar not null,
    target varchar not null,           -- parties | opportunities
    key varchar not null,              -- customer_id or lead_id
    primary key (connector, target, key)
);
