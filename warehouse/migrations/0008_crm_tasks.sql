-- Grain: connector, task. Rows of the day's list that became tasks in the CRM. Who was asked to call
-- stands in the CRM only.
create table ops.crm_tasks (
    connector varchar not null,
    crm_id varchar not null,           -- the CRM's id of the task
    key varchar not null,              -- the row of the list
    score varchar not null,            -- name in models/<score>.yml
    entity varchar not null,           -- customer | lead
    entity_id varchar not null,
    about date not null,               -- night of the list
    created_at timestamp not null,     -- UTC
    closed_at timestamp,               -- done or deleted in the CRM, UTC; null: still open
    primary key (connector, crm_id)
);
