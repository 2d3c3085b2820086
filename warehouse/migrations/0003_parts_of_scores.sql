-- What a score is made of, what it is worth, and the text that people read.
alter table ops.scores add column told_de varchar;           -- reasons for and against, with headings
alter table ops.scores add column told_en varchar;
alter table ops.scores add column amount double;             -- euros that the entity stands for
alter table ops.scores add column expected_amount double;    -- amount x probability, null for rules
update ops.scores set
    told_de = array_to_string(reasons_de, chr(10)),
    told_en = array_to_string(reasons_en, chr(10));

-- Grain: score, entity, feature; one row '(base)' each. What each feature, or rule, adds to a score
-- in force: base and parts together are the log-odds of its probability, for rules its points.
create table if not exists ops.score_reasons (
    score varchar not null,            -- name in models/<score>.yml
    entity varchar not null,           -- customer | lead
    entity_id varchar not null,
    night date not null,
    feature varchar not null,          -- name in the YAML, a rule's condition, or (base)
    value varchar,                     -- the feature's value of that night
    part double not null,              -- log-odds (model) or points (rules)
    unit varchar not null,             -- log-odds | points
    direction varchar not null,        -- raises | lowers | fact: what its part does
    rank integer not null,             -- 1: the largest part of the entity, whichever way
    is_shown boolean not null,         -- a person reads its sentence
    sentence_de varchar,               -- null where it is not shown
    sentence_en varchar
);
