-- Several records of one CRM may belong to one customer, and a person's change of a field of ours
-- must be told from our own.
alter table ops.push_ledger add column number integer;        -- position within the push
alter table ops.push_ledger add column writes json;           -- the fields that were sent
alter table ops.push_ledger add column confirmed_at timestamp; -- null: announced, outcome not known
update ops.push_ledger set confirmed_at = pushed_at, writes = new_values where crm_id is not null;
update ops.push_ledger set number = rowid, writes = new_values where crm_id is null;

-- Grain: connector, target, CRM record. What the confirmed pushes have left on a record: a field
-- that shows something else was changed by a person.
create table ops.crm_records (
    connector varchar not null,
    target varchar not null,           -- parties | opportunities
    crm_id varchar not null,
    key varchar not null,              -- customer_id or lead_id that it shows the score of
    "values" json not null,            -- our fields, by name
    written_at timestamp not null,
    primary key (connector, target, crm_id)
);
insert into ops.crm_records
select connector, target, crm_id, key, coalesce(new_values, '{}'), pushed_at
from ops.push_ledger
where crm_id is not null
qualify row_number() over (partition by connector, target, crm_id order by pushed_at desc) = 1;
