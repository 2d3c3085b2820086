-- Grain: score, decided_at. Which model was put in force, by whom and why; never changed.
create table if not exists ops.score_decisions (
    score varchar not null,            -- name in models/<score>.yml
    decided_at timestamp not null,     -- UTC
    decision varchar not null,         -- champion | rejected | waiting | approved | turned_down | rolled_back
    version varchar,                   -- MLflow's; null: the rules, after a rollback
    replaced varchar,                  -- the version in force before, null: the rules
    decided_by varchar not null,       -- gate, or the person
    why varchar not null
);

-- Grain: score, version, group, value, measure. How a trained model treats groups of customers.
create table if not exists ops.score_fairness (
    score varchar not null,
    version varchar not null,          -- MLflow's
    night date not null,               -- on which it was trained
    group_name varchar not null,       -- name in fairness.groups of the YAML
    group_value varchar not null,
    measure varchar not null,          -- selection | calibration | error
    entities bigint not null,          -- customers or leads of the group
    figure double,                     -- share called high; observed less promised share; AUC
    others double,                     -- the same of all others
    low double,                        -- interval of the difference, widened for all comparisons
    high double,
    verdict varchar not null,          -- passed | failed | too small
    primary key (score, version, group_name, group_value, measure)
);
